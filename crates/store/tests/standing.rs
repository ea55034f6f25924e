//! What stands once it was said: choices, settings, positions, numbers; and looking at one part of the whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use std::time::{Duration, Instant};

use common::{at, entry, error, id, intent, link, main, new_link, store, store_at};
use model::{Side, Sides};
use store::{Cause, Durability, HistoryFilter, HistoryScope, Mark, Store, StoreError};

fn mark(store: &Store, side: Side, object: &str, record: &str, second: i64) {
    store.mark_many(&main(), side, object, &[record.to_owned()], Cause::Poll, at(second)).unwrap();
}

fn due(store: &Store, second: i64) -> Vec<Mark> {
    store.due_marks(&main(), Side::HubSpot, "contacts", at(second), 100).unwrap()
}

#[test]
fn a_mark_set_after_the_old_one_was_cleared_is_not_taken_for_it() {
    let store = store();
    mark(&store, Side::HubSpot, "contacts", "1", 10);
    let read = due(&store, 10).remove(0);
    assert!(store.transaction(|tx| tx.clear_mark(&read)).unwrap());
    mark(&store, Side::HubSpot, "contacts", "1", 10);
    // Whoever still holds the old one says nothing about the new one.
    assert!(!store.transaction(|tx| tx.postpone_mark(&read, at(99), 1)).unwrap());
    assert!(!store.transaction(|tx| tx.clear_mark(&read)).unwrap());
    assert_eq!(due(&store, 10).len(), 1);
}

#[test]
fn a_record_met_again_goes_on_waiting_and_is_not_lost() {
    let store = store();
    let one = ["1".to_owned()];
    let again = |second| {
        store.remark_many(&main(), Side::HubSpot, "contacts", &one, Cause::Poll, at(second)).unwrap();
    };
    again(10);
    let read = due(&store, 10).remove(0);
    store.transaction(|tx| tx.postpone_mark(&read, at(60), 3)).unwrap();
    again(20);
    assert_eq!(due(&store, 59), []);
    let waiting = due(&store, 60).remove(0);
    assert_eq!((waiting.not_before, waiting.tries, waiting.first_marked_at), (at(60), 3, at(10)));
    assert!(!store.transaction(|tx| tx.clear_mark(&read)).unwrap(), "it has been met since it was read");
    // A change that is known to be one does not wait.
    mark(&store, Side::HubSpot, "contacts", "1", 30);
    assert_eq!((due(&store, 30)[0].not_before, due(&store, 30)[0].tries), (at(30), 0));
}

#[test]
fn a_record_that_is_marked_over_and_over_keeps_its_turn() {
    let store = store();
    mark(&store, Side::HubSpot, "contacts", "busy", 10);
    mark(&store, Side::HubSpot, "contacts", "calm", 11);
    mark(&store, Side::HubSpot, "contacts", "busy", 12);
    let order: Vec<String> = due(&store, 12).into_iter().map(|mark| mark.record).collect();
    assert_eq!(order, ["busy", "calm"]);
}

#[test]
fn a_record_is_tried_again_when_it_or_the_one_across_is_due() {
    let store = store();
    let next = || store.next_try(&main(), Side::HubSpot, "contacts", "1").unwrap();
    link(&store, "1", "003A");
    store.transaction(|tx| tx.set_error(&main(), &error("1", Some("a"), "misfit", 5))).unwrap();
    assert_eq!(next(), None);
    mark(&store, Side::Salesforce, "Contact", "003A", 30);
    assert_eq!(next(), Some(at(30)));
    mark(&store, Side::HubSpot, "contacts", "1", 20);
    assert_eq!(next(), Some(at(20)));
    assert_eq!(store.next_try(&main(), Side::Salesforce, "Contact", "003A").unwrap(), Some(at(20)));
    assert_eq!(store.next_try(&id("other"), Side::HubSpot, "contacts", "1").unwrap(), None);
}

#[test]
fn a_choice_never_flips_until_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    let choose = |store: &Store, record: &str| {
        store
            .transaction(|tx| tx.choose(&main(), Side::Salesforce, "Contact", "a@example.com", record, at(1)))
            .unwrap()
    };
    let first = common::filled(store_at(&path));
    assert_eq!(choose(&first, "003A"), "003A");
    assert_eq!(choose(&first, "003B"), "003A");
    drop(first);
    let again = store_at(&path);
    assert_eq!(choose(&again, "003B"), "003A");
    let chosen = |side, key: &str| again.choice(&main(), side, "Contact", key).unwrap();
    assert_eq!(chosen(Side::Salesforce, "a@example.com").as_deref(), Some("003A"));
    assert_eq!(chosen(Side::HubSpot, "a@example.com"), None);
    assert_eq!(chosen(Side::Salesforce, "b@example.com"), None);
    again.transaction(|tx| tx.forget_choice(&main(), Side::Salesforce, "Contact", "a@example.com")).unwrap();
    assert_eq!(choose(&again, "003B"), "003B");
}

#[test]
fn settings_are_kept_whatever_their_form() {
    let store = store();
    assert_eq!(store.setting::<u32>("batch").unwrap(), None);
    store.put_setting("batch", &100_u32).unwrap();
    store.put_setting("batch", &200_u32).unwrap();
    store.put_setting("names", &["a", "b"]).unwrap();
    assert_eq!(store.setting::<u32>("batch").unwrap(), Some(200));
    assert_eq!(store.setting::<Vec<String>>("names").unwrap(), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert!(matches!(store.setting::<u32>("names"), Err(StoreError::Corrupt { .. })));
}

#[test]
fn a_position_is_in_the_streams_own_words() {
    let store = store();
    assert_eq!(store.position(&main(), "events").unwrap(), None);
    store.set_position(&main(), "events", "AAAAAAABfe0AAA==", at(1)).unwrap();
    assert_eq!(store.position(&main(), "events").unwrap().as_deref(), Some("AAAAAAABfe0AAA=="));
    assert!(matches!(store.cursor(&main(), "events"), Err(StoreError::Corrupt { .. })));
    store.set_cursor(&main(), "events", at(2), at(2)).unwrap();
    assert_eq!(store.cursor(&main(), "events").unwrap(), Some(at(2)));
}

#[test]
fn a_salesforce_record_is_in_one_link_whatever_its_object_is_called() {
    let store = store();
    link(&store, "1", "003A");
    let mut other = new_link("2", "003A");
    other.salesforce_object = "Lead".to_owned();
    assert!(store.transaction(|tx| tx.insert_link(&other)).is_err());
}

#[test]
fn a_link_is_found_by_its_number_and_its_number_is_its_own_for_ever() {
    let store = store();
    let one = link(&store, "1", "003A");
    assert_eq!(store.link(one.id).unwrap(), Some(one.clone()));
    store.transaction(|tx| tx.delete_link(one.id)).unwrap();
    assert_eq!(store.link(one.id).unwrap(), None);
    assert_ne!(link(&store, "1", "003A").id, one.id);
}

#[test]
fn all_open_intents_are_listed_with_what_they_came_from() {
    let store = store();
    let made = link(&store, "1", "003A");
    for put in [intent(Some(made.id), "1", "update"), intent(None, "2", "create")] {
        store.transaction(|tx| tx.put_intent(&put)).unwrap();
    }
    let open = store.intents(&main()).unwrap();
    let told: Vec<_> =
        open.iter().map(|one| (one.link, one.source_object.as_str(), one.source_record.as_str())).collect();
    assert_eq!(told, [(Some(made.id), "contacts", "1"), (None, "contacts", "2")]);
    assert_eq!(store.intents(&id("other")).unwrap(), []);
}

#[test]
fn the_history_is_looked_at_by_side_run_and_time() {
    let store = store();
    let made = link(&store, "1", "003A");
    for (side, record, run, second) in [
        (Side::HubSpot, "1", "r1", 10),
        (Side::Salesforce, "003A", "r1", 20),
        (Side::HubSpot, "1", "r2", 30),
        (Side::HubSpot, "9", "r2", 40),
    ] {
        let mut line = entry(side, record, (record != "9").then_some(made.id), second);
        line.run = run.to_owned();
        store.transaction(|tx| tx.add_history(&main(), &line)).unwrap();
    }
    let told = |scope: HistoryScope, record: Option<&str>, limit: Option<u32>| -> Vec<i64> {
        let filter = HistoryFilter { record: record.map(Into::into), limit };
        let rows = store.history_within(&main(), &scope, &filter).unwrap();
        rows.iter().map(|row| row.entry.at.as_second() - at(0).as_second()).collect()
    };
    let all = HistoryScope::default;
    assert_eq!(told(all(), None, None), [10, 20, 30, 40]);
    assert_eq!(told(HistoryScope { side: Some(Side::HubSpot), ..all() }, None, None), [10, 30, 40]);
    assert_eq!(told(HistoryScope { run: Some("r2".to_owned()), ..all() }, None, None), [30, 40]);
    assert_eq!(told(HistoryScope { since: Some(at(20)), ..all() }, None, Some(2)), [30, 40]);
    let scope =
        HistoryScope { side: Some(Side::HubSpot), run: Some("r2".to_owned()), since: Some(at(30)), ..all() };
    assert_eq!(told(scope, Some("003A"), Some(9)), [30]);
}

#[test]
fn a_key_file_that_is_made_leaves_nothing_else_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.key");
    store::SecretKey::from_file_or_create(&path).unwrap();
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["tandem.key"]);
}

/// Links, shadows, history and marks of ten thousand records, settled in batches as the engine does.
#[test]
#[ignore = "measures time; run it in a release build"]
fn ten_thousand_records_are_settled_well_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let store = common::filled(Store::open(&folder.path().join("t.db"), Durability::Normal).unwrap());
    let records: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
    let began = Instant::now();
    store.mark_many(&main(), Side::HubSpot, "contacts", &records, Cause::Poll, at(0)).unwrap();
    loop {
        let marks = store.due_marks(&main(), Side::HubSpot, "contacts", at(0), 200).unwrap();
        if marks.is_empty() {
            break;
        }
        store
            .transaction(|tx| {
                marks.iter().try_for_each(|mark| {
                    let made = tx.insert_link(&new_link(&mark.record, &format!("003{}", mark.record)))?;
                    tx.update_shadows(made.id, &Sides::default(), at(1))?;
                    tx.add_history(&main(), &entry(Side::HubSpot, &mark.record, Some(made.id), 1))?;
                    tx.clear_mark(mark).map(|_| ())
                })
            })
            .unwrap();
    }
    let took = began.elapsed();
    assert_eq!(store.link_counts(&main()).unwrap()[0].2, 10_000);
    println!("{took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}
