use model::{OnDelete, Side};
use simulation::world::connection_id;
use store::ConnectionState;

use crate::place::{Place, of, play, settings};

async fn twenty(place: &Place) -> Vec<(String, String)> {
    let mut made = Vec::new();
    for number in 0..20 {
        let (email, last) = (format!("p{number}@brake.example"), format!("Person {number}"));
        made.push(
            place.hubspot("contacts", &[("email", &email), ("lastname", &last), ("jobtitle", "Buyer")]),
        );
    }
    place.pass().await;
    made.into_iter().map(|h| (h.clone(), place.across(Side::HubSpot, &h))).collect()
}

#[test]
fn clearing_many_fields_stops_before_the_first_and_waits_for_a_person() {
    play(settings(), async |place| {
        let pairs = twenty(&place).await;
        for (_, s) in &pairs[..8] {
            place.edit_salesforce("Contact", s, "Title", "");
        }
        place.edit_salesforce("Contact", &pairs[9].1, "Title", "Seller");
        let connection = place.world.connect(engine::Options::default()).unwrap();
        let plan = connection.plan(None).await.unwrap();
        assert_eq!(plan.brake.len(), 1);
        assert_eq!((plan.brake[0].blanks, plan.brake[0].allowed, plan.brake[0].linked), (8, 3, 20));
        drop(connection);
        let stopped = place.world.pass().await.unwrap_err().to_string();
        assert!(stopped.contains("8 would have fields cleared"), "{stopped}");
        let held = |place: &Place| {
            let of = |(h, _): &&(String, String)| place.in_hubspot("contacts", h, "jobtitle") == "Buyer";
            pairs[..8].iter().filter(of).count()
        };
        assert_eq!(held(&place), 8, "nothing was cleared");
        assert_eq!(place.in_hubspot("contacts", &pairs[9].0, "jobtitle"), "Seller", "the rest goes on");
        let store = place.world.store().unwrap();
        let row = store.connection(&connection_id()).unwrap().unwrap();
        assert_eq!(row.state, ConnectionState::Stopped);
        // Going on without a word to the brake finds the same.
        let now = transport::Clock::now(&place.world.clock);
        engine::resume_after_brake(&store, &connection_id(), false, now).unwrap();
        assert!(place.world.pass().await.is_err());
        assert_eq!(held(&place), 8);
        // Released, what it saw is done, and no more than that.
        engine::resume_after_brake(&store, &connection_id(), true, now).unwrap();
        for (_, s) in &pairs[10..16] {
            place.edit_salesforce("Contact", s, "Title", "");
        }
        assert!(place.world.pass().await.is_err(), "six more were never shown to anybody");
        assert_eq!(held(&place), 8);
        for (_, s) in &pairs[10..16] {
            place.edit_salesforce("Contact", s, "Title", "Buyer");
        }
        engine::resume_after_brake(&store, &connection_id(), false, now).unwrap();
        place.pass().await;
        assert_eq!(held(&place), 0);
    });
}

#[test]
fn deleting_many_stops_and_a_few_go_on() {
    let mut wanted = settings();
    of(&mut wanted, "contacts", "Contact").on_delete.salesforce = Some(OnDelete::Delete);
    play(wanted, async |place| {
        let pairs = twenty(&place).await;
        for (_, s) in &pairs[..3] {
            place.world.salesforce.delete_record("Contact", s).unwrap();
        }
        place.pass().await;
        assert_eq!(place.world.hubspot.records("contacts").len(), 17);
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        for (_, s) in &pairs[3..10] {
            place.world.salesforce.delete_record("Contact", s).unwrap();
        }
        assert!(place.world.pass().await.unwrap_err().to_string().contains("7 would be deleted"));
        assert_eq!(place.world.hubspot.records("contacts").len(), 17);
        // Put right at its source, it goes on by itself.
        for (_, s) in &pairs[3..10] {
            place.world.salesforce.undelete_record(s).unwrap();
        }
        let now = transport::Clock::now(&place.world.clock);
        engine::resume_after_brake(&place.world.store().unwrap(), &connection_id(), false, now).unwrap();
        place.pass().await;
        assert_eq!(place.world.hubspot.records("contacts").len(), 17);
        assert!(place.link_of(Side::Salesforce, &pairs[4].1).is_active());
    });
}
