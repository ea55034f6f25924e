//! Links: one per record on each side, with what each side held.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{at, connection, id, intent, link, main, new_link, store, values};
use model::{Side, Sides, Value};
use store::{ConnectionState, LinkState, Resting, Store, StoreError};

fn of(store: &Store, side: Side, record: &str) -> Option<store::Link> {
    let object = if side == Side::HubSpot { "contacts" } else { "Contact" };
    store.link_of(&main(), side, object, record).unwrap()
}

#[test]
fn a_link_is_found_from_either_side_as_it_was_made() {
    let store = store();
    let made = link(&store, "1", "003A");
    assert_eq!(of(&store, Side::HubSpot, "1"), Some(made.clone()));
    assert_eq!(of(&store, Side::Salesforce, "003A"), Some(made.clone()));
    assert_eq!((made.record(Side::HubSpot), made.object(Side::HubSpot)), ("1", "contacts"));
    assert_eq!((made.record(Side::Salesforce), made.object(Side::Salesforce)), ("003A", "Contact"));
    assert!(made.is_active());
    assert_eq!(of(&store, Side::HubSpot, "003A"), None);
    assert_eq!(store.link_of(&id("other"), Side::HubSpot, "contacts", "1").unwrap(), None);
    assert_eq!(store.link_of(&main(), Side::HubSpot, "companies", "1").unwrap(), None);
}

#[test]
fn a_record_is_in_one_link_at_most() {
    let store = store();
    link(&store, "1", "003A");
    for (hubspot, salesforce) in [("1", "003B"), ("2", "003A"), ("1", "003A")] {
        let refused = store.transaction(|tx| tx.insert_link(&new_link(hubspot, salesforce)));
        assert!(refused.is_err(), "{hubspot} {salesforce}");
    }
    assert_eq!(store.links_after(&main(), None, 10).unwrap().len(), 1);
    // Another object, or another connection, may use the same id.
    let mut other = new_link("1", "00QA");
    other.hubspot_object = "companies".to_owned();
    store.transaction(|tx| tx.insert_link(&other)).unwrap();
    let mut other = new_link("1", "003A");
    other.connection = id("other");
    store.transaction(|tx| tx.insert_link(&other)).unwrap();
}

#[test]
fn a_record_may_be_linked_again_once_its_link_is_forgotten() {
    let store = store();
    let made = link(&store, "1", "003A");
    store.transaction(|tx| tx.delete_link(made.id)).unwrap();
    assert_eq!(of(&store, Side::HubSpot, "1"), None);
    link(&store, "1", "003B");
}

#[test]
fn shadows_are_kept_as_they_were_noted() {
    let store = store();
    let made = link(&store, "1", "003A");
    let mut shadows = Sides { hubspot: values(&[("a", " kept ")]), salesforce: values(&[]) };
    shadows.salesforce.insert("N".to_owned(), Value::number("12345678901234567.89".parse().unwrap()));
    shadows.salesforce.insert("B".to_owned(), Value::Blank);
    shadows.salesforce.insert("T".to_owned(), Value::DateTime(at(3)));
    store.transaction(|tx| tx.update_shadows(made.id, &shadows, at(7))).unwrap();
    let found = of(&store, Side::HubSpot, "1").unwrap();
    assert_eq!(found.shadows, shadows);
    assert_eq!((found.created_at, found.updated_at), (at(1), at(7)));
}

#[test]
fn a_link_rests_and_wakes() {
    let store = store();
    let made = link(&store, "1", "003A");
    for why in [Resting::DeletedInHubSpot, Resting::DeletedInSalesforce] {
        store.transaction(|tx| tx.set_link_state(made.id, LinkState::Resting(why), at(8))).unwrap();
        let found = of(&store, Side::HubSpot, "1").unwrap();
        assert_eq!(found.state, LinkState::Resting(why));
        assert!(!found.is_active());
        assert_eq!(found.shadows, made.shadows);
        // A resting link still holds its records.
        assert!(store.transaction(|tx| tx.insert_link(&new_link("1", "003B"))).is_err());
    }
    store.transaction(|tx| tx.set_link_state(made.id, LinkState::Active, at(9))).unwrap();
    assert!(of(&store, Side::HubSpot, "1").unwrap().is_active());
}

#[test]
fn all_links_are_gone_through_in_order_page_by_page() {
    let store = store();
    for number in 1..=5 {
        link(&store, &number.to_string(), &format!("003{number}"));
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.links_after(&main(), after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|link| link.record(Side::HubSpot).to_owned()));
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
    assert_eq!(store.links_after(&id("other"), None, 10).unwrap(), []);
    let asked = ["4", "none", "2"].map(ToOwned::to_owned);
    let found = store.links_by_ids(&main(), Side::HubSpot, "contacts", &asked).unwrap();
    assert_eq!(found.iter().map(|link| link.record(Side::HubSpot)).collect::<Vec<_>>(), ["4", "2"]);
    assert_eq!(store.link_counts(&main()).unwrap(), [("contacts".to_owned(), "Contact".to_owned(), 5)]);
}

#[test]
fn an_update_is_told_from_a_create_and_closed_for_its_side_only() {
    let store = store();
    let made = link(&store, "1", "003A");
    store.transaction(|tx| tx.put_intent(&intent(Some(made.id), "1", "update"))).unwrap();
    store.transaction(|tx| tx.put_intent(&intent(None, "2", "create"))).unwrap();
    let open = store.intents_of_link(made.id).unwrap();
    assert_eq!(open.len(), 1);
    let put = intent(Some(made.id), "1", "update");
    assert_eq!((&open[0].sent, &open[0].source, &open[0].reasons), (&put.sent, &put.source, &put.reasons));
    assert_eq!((open[0].target, open[0].created_at), (Side::Salesforce, at(5)));
    let source = |record: &str| store.intent_for_source(&main(), Side::HubSpot, "contacts", record).unwrap();
    assert_eq!(source("1"), None);
    assert_eq!(source("2").unwrap().sent, values(&[("A", "create")]));
    store.transaction(|tx| tx.close_intents_of_link(made.id, Side::HubSpot)).unwrap();
    assert_eq!(store.open_intents(&main()).unwrap(), 2);
    store.transaction(|tx| tx.close_intents_of_link(made.id, Side::Salesforce)).unwrap();
    assert_eq!(store.intents_of_link(made.id).unwrap(), []);
    store.transaction(|tx| tx.close_intents_of_source(&main(), Side::HubSpot, "contacts", "2")).unwrap();
    assert_eq!(store.open_intents(&main()).unwrap(), 0);
}

#[test]
fn a_newer_intent_takes_the_place_of_the_older_for_the_same_record_and_target() {
    let store = store();
    let made = link(&store, "1", "003A");
    for sent in ["first", "second"] {
        store.transaction(|tx| tx.put_intent(&intent(Some(made.id), "1", sent))).unwrap();
    }
    let open = store.intents_of_link(made.id).unwrap();
    assert_eq!((open.len(), &open[0].sent), (1, &values(&[("A", "second")])));
    // The other way is another write.
    let mut back = intent(Some(made.id), "003A", "back");
    back.target = Side::HubSpot;
    back.source_object = "Contact".to_owned();
    store.transaction(|tx| tx.put_intent(&back)).unwrap();
    assert_eq!(store.intents_of_link(made.id).unwrap().len(), 2);
    assert_eq!(store.open_intents(&id("other")).unwrap(), 0);
}

#[test]
fn a_create_that_became_a_link_is_no_longer_open() {
    let store = store();
    store.transaction(|tx| tx.put_intent(&intent(None, "1", "create"))).unwrap();
    store
        .transaction(|tx| {
            tx.insert_link(&new_link("1", "003A"))?;
            tx.close_intents_of_source(&main(), Side::HubSpot, "contacts", "1")
        })
        .unwrap();
    assert_eq!(store.open_intents(&main()).unwrap(), 0);
}

#[test]
fn the_intents_of_a_forgotten_link_go_with_it() {
    let store = store();
    let made = link(&store, "1", "003A");
    store.transaction(|tx| tx.put_intent(&intent(Some(made.id), "1", "update"))).unwrap();
    store.transaction(|tx| tx.delete_link(made.id)).unwrap();
    assert_eq!(store.open_intents(&main()).unwrap(), 0);
}

#[test]
fn a_hubspot_account_has_one_connection_at_most() {
    let store = store();
    let refused = store.create_connection(&connection("third", "1001")).unwrap_err();
    assert!(matches!(&refused, StoreError::AlreadyConnected(account) if account == "1001"), "{refused}");
    assert!(refused.to_string().contains("1001"), "{refused}");
    assert!(store.create_connection(&connection("main", "1003")).is_err(), "the id is taken");
    assert_eq!(store.connections().unwrap(), [connection("main", "1001"), connection("other", "1002")]);
    assert_eq!(store.connection(&id("third")).unwrap(), None);
}

#[test]
fn a_connection_is_paused_stopped_resumed_and_set_up_anew() {
    let store = store();
    for (state, reason) in [
        (ConnectionState::Paused, None),
        (ConnectionState::Stopped, Some("the brake")),
        (ConnectionState::Active, None),
    ] {
        store.set_connection_state(&main(), state, reason).unwrap();
        let found = store.connection(&main()).unwrap().unwrap();
        assert_eq!((found.state, found.state_reason.as_deref()), (state, reason));
    }
    let settings = serde_json::json!({"objects": [{"b": 1, "a": 2}]});
    store.update_settings(&main(), &settings).unwrap();
    assert_eq!(store.connection(&main()).unwrap().unwrap().settings, settings);
    assert_eq!(store.connection(&id("other")).unwrap(), Some(connection("other", "1002")));
}
