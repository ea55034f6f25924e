//! Several connections at work.

use store::ConnectionState;

use crate::place::{contacts, play, wait};

#[test]
fn kept_access_is_renewed_and_sealed_again_and_a_new_process_goes_on_with_it() {
    play(1, async |place| {
        let id = place.keep(0);
        let supervisor = place.supervisor();
        let (hubspot, salesforce) = place.access(0);
        supervisor.change_access(&id, Some(&hubspot), Some(&salesforce)).await.unwrap();
        place.pairs[0].meet("ada@engine.example");
        wait(120).await;
        assert_eq!(place.pairs[0].in_salesforce(), 1);
        let first = place.sealed("c0", "hubspot").unwrap();
        assert!(!first.contains("expired"), "the renewed token is sealed in place of the former");
        assert!(!place.sealed("c0", "salesforce").unwrap().contains("\"expired\""));
        // HubSpot's tokens are good for half an hour.
        wait(3_600).await;
        assert_ne!(place.sealed("c0", "hubspot").unwrap(), first);
        supervisor.stop().await;
        drop(supervisor);
        let again = place.supervisor();
        again.start_all().await.unwrap();
        place.pairs[0].meet("charles@engine.example");
        wait(120).await;
        assert_eq!(place.pairs[0].in_salesforce(), 2);
        again.stop().await;
    });
}

#[test]
fn a_connection_in_trouble_does_not_slow_another() {
    play(2, async |place| {
        let (first, second) = (place.keep(0), place.keep(1));
        let supervisor = place.supervisor();
        for (at, id) in [&first, &second].into_iter().enumerate() {
            let (hubspot, salesforce) = place.access(at);
            supervisor.change_access(id, Some(&hubspot), Some(&salesforce)).await.unwrap();
        }
        wait(60).await;
        place.take_down(0);
        wait(60).await;
        place.pairs[0].meet("ada@engine.example");
        place.pairs[1].meet("ada@engine.example");
        wait(60).await;
        assert_eq!(place.pairs[1].in_salesforce(), 1, "the other goes on at its own pace");
        wait(600).await;
        assert_eq!(place.pairs[0].in_salesforce(), 0);
        let told = |id| place.store.connection(id).unwrap().unwrap().state_reason;
        assert!(told(&first).is_some_and(|told| told.contains("org1.test")), "{:?}", told(&first));
        assert_eq!(told(&second), None);
    });
}

#[test]
fn a_connection_without_access_says_so_and_the_others_start() {
    play(2, async |place| {
        let (bare, other) = (place.keep(0), place.keep(1));
        let supervisor = place.supervisor();
        let (hubspot, salesforce) = place.access(1);
        supervisor.change_access(&other, Some(&hubspot), Some(&salesforce)).await.unwrap();
        supervisor.start_all().await.unwrap();
        place.pairs[1].meet("ada@engine.example");
        wait(120).await;
        assert_eq!(place.pairs[1].in_salesforce(), 1);
        let told = place.store.connection(&bare).unwrap().unwrap().state_reason.unwrap();
        assert!(told.contains("Pair 0") && told.contains("connect HubSpot again"), "{told}");
        assert!(supervisor.connection(&bare).is_none());
    });
}

#[test]
fn pause_resume_other_settings_and_the_end() {
    play(1, async |place| {
        let id = place.keep(0);
        let supervisor = place.supervisor();
        let (hubspot, salesforce) = place.access(0);
        supervisor.change_access(&id, Some(&hubspot), Some(&salesforce)).await.unwrap();
        wait(60).await;
        supervisor.pause(&id, "lunch").unwrap();
        place.pairs[0].meet("ada@engine.example");
        wait(300).await;
        assert_eq!(place.pairs[0].in_salesforce(), 0);
        assert_eq!(place.store.connection(&id).unwrap().unwrap().state, ConnectionState::Paused);
        supervisor.resume(&id, false).unwrap();
        wait(60).await;
        assert_eq!(place.pairs[0].in_salesforce(), 1);

        let mut settings = contacts();
        settings.objects[0].fields.truncate(1);
        supervisor.change_settings(&id, &settings).await.unwrap();
        assert_eq!(supervisor.connection(&id).unwrap().settings(), &settings);
        place.pairs[0].hubspot.create_record("contacts", [("email", "c@engine.example")]).unwrap();
        wait(60).await;

        supervisor.disconnect(&id).await.unwrap();
        assert!(supervisor.connection(&id).is_none());
        assert!(place.store.connections().unwrap().is_empty());
        assert_eq!(place.sealed("c0", "hubspot"), None);
        assert!(place.store.integrity_check().unwrap().is_empty());
        assert_eq!(place.pairs[0].in_salesforce(), 1, "no record is touched");
        assert!(supervisor.start(&id).await.is_err());
    });
}
