//! Webhooks: subscriptions, what is sent, and what happens when the receiver fails.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::World;
use hubspot_sim::{DeliveryOutcome, WebhookDelivery, WebhookFaults};
use serde_json::{Value, json};

const URL: &str = "https://receiver.example/hubspot?a=%3Ab";

async fn subscribed(world: &World, wishes: &[Value]) {
    let access = world.sim.access();
    let base = format!("/webhooks/v3/{}", access.app_id);
    let key = format!("hapikey={}", access.developer_key);
    let set = json!({ "targetUrl": URL, "throttling": { "maxConcurrentRequests": 10 } });
    let path = format!("{base}/settings?{key}");
    let set = world.call_as("", "PUT", &path, "application/json", set.to_string()).await;
    assert_eq!(set.status, 200);
    for wish in wishes {
        let mut wish = wish.clone();
        wish["active"] = json!(true);
        let path = format!("{base}/subscriptions?{key}");
        let made = world.call_as("", "POST", &path, "application/json", wish.to_string()).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
}

fn events(deliveries: &[WebhookDelivery]) -> Vec<Value> {
    let all = deliveries.iter().map(|one| serde_json::from_str::<Value>(&one.body).expect("an array"));
    all.flat_map(|body| body.as_array().cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn settings_and_subscriptions_are_kept_as_documented() {
    let world = World::new();
    let app = world.sim.access().app_id;
    let path = format!("/webhooks/v3/{app}/subscriptions");
    assert_eq!(world.call_as("", "GET", &path, "", String::new()).await.status, 401);
    assert_eq!(world.get("/webhooks/v3/1/subscriptions").await.status, 404);
    assert_eq!(world.get(&format!("/webhooks/v3/{app}/settings")).await.status, 404);
    let few = json!({ "targetUrl": URL, "throttling": { "maxConcurrentRequests": 5 } });
    assert_eq!(world.call("PUT", &format!("/webhooks/v3/{app}/settings"), few).await.status, 400);
    let paused = world.post(&path, json!({ "eventType": "contact.creation" })).await;
    assert_eq!((paused.status, &paused.body["active"]), (201, &json!(false)), "{}", paused.text);
    assert!(paused.body["id"].is_string());
    assert_eq!(world.post(&path, json!({ "eventType": "contact.creation" })).await.status, 409);
    assert_eq!(world.post(&path, json!({ "eventType": "contact.propertyChange" })).await.status, 400);
    assert_eq!(world.post(&path, json!({ "eventType": "contact.vanished" })).await.status, 400);
    assert_eq!(world.post(&path, json!({ "eventType": "object.creation" })).await.status, 400);
    let number: u64 = paused.body["id"].as_str().unwrap_or_default().parse().expect("a number");
    let batch = json!({ "inputs": [{ "id": number, "active": true }, { "id": 1, "active": true }] });
    let batch = world.post(&format!("/app-webhooks/2026-09/{app}/subscriptions/batch/update"), batch).await;
    assert_eq!((batch.status, &batch.body["numErrors"]), (207, &json!(1)), "{}", batch.text);
    assert_eq!(batch.body["results"][0]["active"], true);
    let list = world.get(&format!("/webhooks/2026-03/{app}/subscriptions")).await;
    assert_eq!(list.body["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.call("DELETE", &format!("{path}/{number}"), Value::Null).await.status, 204);
}

#[tokio::test]
async fn changes_are_sent_signed_and_say_who_made_them() {
    let world = World::new();
    subscribed(
        &world,
        &[
            json!({ "eventType": "contact.creation" }),
            json!({ "eventType": "contact.deletion" }),
            json!({ "eventType": "contact.propertyChange", "propertyName": "email" }),
            json!({ "eventType": "object.propertyChange", "objectTypeId": "0-1", "propertyName": "jobtitle" }),
            json!({ "eventType": "contact.associationChange" }),
            json!({ "eventType": "company.associationChange" }),
        ],
    )
    .await;
    let contact = world.contact("a@b.example").await;
    let sent = world.sim.due_deliveries();
    assert_eq!(sent.len(), 1);
    let told = events(&sent);
    assert_eq!(told.len(), 2);
    let app = world.sim.access().app_id;
    assert_eq!(told[0]["subscriptionType"], "contact.creation");
    assert_eq!(told[0]["changeFlag"], "CREATED");
    assert_eq!(told[0]["attemptNumber"], 0);
    assert_eq!(told[0]["objectId"].to_string(), contact);
    assert_eq!(
        (&told[0]["changeSource"], &told[0]["sourceId"]),
        (&json!("INTEGRATION"), &json!(app.to_string()))
    );
    assert_eq!(
        (&told[1]["propertyName"], &told[1]["propertyValue"]),
        (&json!("email"), &json!("a@b.example"))
    );
    let header = |name: &str| {
        let found = sent[0].headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!(header("X-HubSpot-Signature-Version"), "v1");
    assert_eq!(header("X-HubSpot-Signature").len(), 64);
    assert_eq!(header("X-HubSpot-Signature-v3").len(), 44);
    world.sim.delivered(sent[0].id, DeliveryOutcome::Answered(200));

    world
        .sim
        .edit_record("contacts", &contact, [("jobtitle", "Glazier"), ("firstname", "Ida")])
        .expect("an edit");
    let company = world.company("Tundra").await;
    world.sim.associate(("contacts", &contact), ("companies", &company), true).expect("an association");
    world.sim.archive_record("contacts", &contact).expect("archived");
    let told = events(&world.sim.due_deliveries());
    let title = told.iter().find(|one| one["subscriptionType"] == "object.propertyChange").expect("told");
    assert_eq!((&title["objectTypeId"], &title["propertyValue"]), (&json!("0-1"), &json!("Glazier")));
    assert_eq!(title["changeSource"], "CRM_UI");
    assert_eq!(title["isSensitive"], false);
    let links: Vec<(&Value, &Value)> = told
        .iter()
        .filter(|one| one["associationRemoved"] == false)
        .map(|one| (&one["associationType"], &one["isPrimaryAssociation"]))
        .collect();
    let (there, back) = (json!("CONTACT_TO_COMPANY"), json!("COMPANY_TO_CONTACT"));
    for wanted in
        [(&there, &json!(true)), (&there, &json!(false)), (&back, &json!(true)), (&back, &json!(false))]
    {
        assert!(links.contains(&wanted), "{links:?}");
    }
    let gone = told.iter().find(|one| one["subscriptionType"] == "contact.deletion").expect("told");
    assert!(gone["sourceId"].as_str().is_some_and(|id| id.starts_with("userId:")));
}

#[tokio::test]
async fn what_fails_is_sent_again_up_to_ten_times_in_a_day() {
    let world = World::new();
    subscribed(&world, &[json!({ "eventType": "contact.creation" })]).await;
    for n in 0..150 {
        world.contact(&format!("p{n}@b.example")).await;
    }
    let first = world.sim.due_deliveries();
    assert_eq!(
        first.iter().map(|one| events(std::slice::from_ref(one)).len()).collect::<Vec<_>>(),
        [100, 50]
    );
    world.sim.delivered(first[0].id, DeliveryOutcome::Answered(204));
    world.sim.delivered(first[1].id, DeliveryOutcome::Answered(404));
    assert!(world.sim.due_deliveries().is_empty());
    let mut attempts = Vec::new();
    for _ in 0..24 * 60 {
        world.pass(60_000);
        for again in world.sim.due_deliveries() {
            let told = events(&[again]);
            // It is not reported, so it counts as timed out.
            attempts.extend(told.iter().filter_map(|one| one["attemptNumber"].as_u64()));
        }
    }
    assert_eq!(attempts.iter().max(), Some(&10));
    assert_eq!(attempts.iter().filter(|attempt| **attempt == 1).count(), 50);
    world.pass(86_400_000);
    assert!(world.sim.due_deliveries().is_empty());
    assert_eq!(world.sim.next_delivery_at(), None);
}

#[tokio::test]
async fn faults_follow_the_seed() {
    let run = || async {
        let world = World::new();
        subscribed(&world, &[json!({ "eventType": "contact.creation" })]).await;
        let faults = json!({ "webhooks": { "seed": 5, "loss": 0.2, "duplication": 0.2, "reordering": 0.5,
            "reorder_ms": 60_000, "delay_ms": [1000, 5000] } });
        assert_eq!(world.post("/_sim/settings", faults).await.status, 200);
        for n in 0..60 {
            world.contact(&format!("p{n}@b.example")).await;
            world.pass(100);
        }
        assert!(world.sim.due_deliveries().len() <= 1);
        world.pass(70_000);
        events(&world.sim.due_deliveries()).iter().map(|one| one["objectId"].to_string()).collect::<Vec<_>>()
    };
    let first = run().await;
    assert_eq!(first, run().await);
    let mut distinct = first.clone();
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() < 60, "some are lost");
    assert!(distinct.len() < first.len(), "some come twice");
    assert!(!first.is_sorted(), "some are overtaken");
    let world = World::new();
    world.sim.set_webhook_faults(WebhookFaults { loss: 1.0, ..WebhookFaults::default() });
    subscribed(&world, &[json!({ "eventType": "contact.creation" })]).await;
    world.contact("a@b.example").await;
    assert!(world.sim.due_deliveries().is_empty());
}

#[tokio::test]
async fn merging_and_deleting_for_good_are_told() {
    let world = World::new();
    subscribed(
        &world,
        &[
            json!({ "eventType": "contact.merge" }),
            json!({ "eventType": "contact.privacyDeletion" }),
            json!({ "eventType": "contact.deletion" }),
        ],
    )
    .await;
    let list = json!({ "name": "By hand", "objectTypeId": "0-1", "processingType": "MANUAL" });
    let list = world.post("/crm/v3/lists", list).await.body["list"]["listId"].as_str().map(str::to_owned);
    let list = format!("/crm/v3/lists/{}/memberships", list.expect("an id"));
    let (one, other) = (world.contact("a@b.example").await, world.contact("c@b.example").await);
    assert_eq!(world.call("PUT", &format!("{list}/add"), json!([other])).await.status, 200);
    let wish = json!({ "primaryObjectId": one, "objectIdToMerge": other });
    let merged = world.post("/crm/v3/objects/contacts/merge", wish).await;
    let id = merged.body["id"].as_str().expect("an id").to_owned();
    let told = events(&world.sim.due_deliveries());
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["primaryObjectId"].to_string(), one);
    assert_eq!(told[0]["newObjectId"].to_string(), id);
    assert_eq!(told[0]["mergedObjectIds"].as_array().map(Vec::len), Some(2));
    let inside = world.get(&list).await;
    assert_eq!(inside.body["results"][0]["recordId"], id, "{}", inside.text);
    assert_eq!(inside.body["total"], 1);
    let gone = world.post("/crm/v3/objects/contacts/gdpr-delete", json!({ "objectId": id })).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    let told = events(&world.sim.due_deliveries());
    let mut kinds: Vec<&Value> = told.iter().map(|one| &one["subscriptionType"]).collect();
    kinds.sort_by_key(|kind| kind.to_string());
    assert_eq!(kinds, ["contact.deletion", "contact.privacyDeletion"]);
    assert_eq!(world.get(&list).await.body["total"], 0);
}
