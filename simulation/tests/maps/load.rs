use engine::{Chosen, Import};
use model::Side;
use serde_json::{Map, Value, json};

use crate::place::{Place, of, play, settings};

fn people(place: &Place, from: usize, to: usize) {
    for number in from..to {
        let values: Map<String, Value> = [
            ("Email", json!(format!("p{number}@load.example"))),
            ("LastName", json!(format!("Person {number}"))),
            ("Title", json!(if number % 2 == 0 { "even" } else { "odd" })),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        place.world.salesforce.create_record("Contact", values).unwrap();
    }
}

fn calls(place: &Place) -> u64 {
    place.world.salesforce.stats().counted_calls
}

#[test]
fn a_large_first_load_costs_few_calls_and_sees_what_changes_meanwhile() {
    const PEOPLE: usize = 11_000;
    play(settings(), async |place| {
        people(&place, 0, PEOPLE);
        // One of them is in HubSpot already: the two are compared as they are at that moment.
        let there = place.hubspot("contacts", &[("email", "p7@load.example"), ("jobtitle", "There")]);
        let before = calls(&place);
        place.pass().await;
        let cost = calls(&place) - before;
        println!("{cost} Salesforce calls for a first load of {PEOPLE} contacts");
        assert_eq!(place.world.hubspot.records("contacts").len(), PEOPLE);
        let links = place.world.store().unwrap().link_counts(&simulation::world::connection_id()).unwrap();
        assert_eq!(links.iter().map(|(_, _, links)| links).sum::<u64>(), PEOPLE as u64);
        assert!(place.salesforce_calls("/jobs/query") > 0, "by a bulk query");
        assert!(cost <= 70, "{cost}");
        let s = place.counterpart_of("contacts", &there);
        assert_eq!(place.in_hubspot("contacts", &there, "lastname"), "Person 7");
        place.edit_salesforce("Contact", &s, "Title", "Later");
        place.pass().await;
        assert_eq!(place.in_hubspot("contacts", &there, "jobtitle"), "Later");
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote);
    });
}

#[test]
fn an_import_takes_a_condition_a_list_view_or_ids_and_says_how_far_it_has_come() {
    let mut wanted = settings().making_nothing_in_hubspot();
    of(&mut wanted, "contacts", "Contact").create_in_salesforce = false;
    play(wanted, async |place| {
        people(&place, 0, 40);
        place.pass().await;
        assert_eq!(place.world.hubspot.records("contacts").len(), 0);
        let import = |chosen: Chosen| Import { from: Side::Salesforce, object: "Contact".into(), chosen };
        let condition = Chosen { condition: Some("Title = 'even'".into()), ..Chosen::default() };
        let plan = place.open().plan_import(import(condition.clone())).await.unwrap();
        let creates: u64 = plan
            .counts
            .iter()
            .filter(|count| count.action == engine::Action::Create)
            .map(|count| count.records)
            .sum();
        assert_eq!(creates, 20);
        assert_eq!(place.world.hubspot.records("contacts").len(), 0, "a plan makes nothing");
        let done = place.open().import(Some(import(condition))).await.unwrap();
        assert_eq!((done.chosen, done.imported, done.refused), (20, 20, 0), "{done:?}");
        assert_eq!(place.open().import_progress().unwrap(), None, "nothing is left to do");

        let bad = Chosen { condition: Some("Titel = 'even'".into()), ..Chosen::default() };
        let error = place.open().import(Some(import(bad))).await.unwrap_err();
        assert!(error.to_string().contains("Titel"), "{error}");
        assert_eq!(place.world.hubspot.records("contacts").len(), 20);

        let view = Chosen { condition: Some(list_view(&place).await), ..Chosen::default() };
        let done = place.open().import(Some(import(view))).await.unwrap();
        assert_eq!((done.chosen, done.imported + done.in_step), (40, 40), "{done:?}");
        assert_eq!(place.world.hubspot.records("contacts").len(), 40);
    });
}

/// The list view of all contacts.
async fn list_view(place: &Place) -> String {
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    let request = http::Request::builder()
        .uri("/services/data/v66.0/sobjects/Contact/listviews")
        .header("authorization", format!("Bearer {}", place.world.salesforce.access().access_token))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = place.world.salesforce.router().oneshot(request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    let views = answer["listviews"].as_array().unwrap();
    let all = views.iter().find(|view| view["developerName"].as_str().unwrap_or_default().starts_with("All"));
    all.unwrap()["id"].as_str().unwrap().to_owned()
}
