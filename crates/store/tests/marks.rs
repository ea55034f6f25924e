//! Marks: none is lost while its record is worked on, and they are worked in one order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{at, id, main, store};
use model::Side;
use store::{Cause, Mark, MarkCounts, Store};

fn mark(store: &Store, record: &str, cause: Cause, second: i64) {
    store.mark_many(&main(), Side::HubSpot, "contacts", &[record.to_owned()], cause, at(second)).unwrap();
}

fn due(store: &Store, second: i64) -> Vec<Mark> {
    store.due_marks(&main(), Side::HubSpot, "contacts", at(second), 100).unwrap()
}

fn records(marks: &[Mark]) -> Vec<&str> {
    marks.iter().map(|mark| mark.record.as_str()).collect()
}

#[test]
fn a_mark_says_what_led_to_it_and_since_when() {
    let store = store();
    mark(&store, "1", Cause::Hint, 10);
    assert_eq!(
        due(&store, 10),
        [Mark {
            connection: main(),
            side: Side::HubSpot,
            object: "contacts".to_owned(),
            record: "1".to_owned(),
            generation: 1,
            cause: Cause::Hint,
            first_marked_at: at(10),
            not_before: at(10),
            tries: 0,
        }]
    );
    for cause in [Cause::Poll, Cause::Link, Cause::Person] {
        mark(&store, "1", cause, 11);
        assert_eq!(due(&store, 11)[0].cause, cause);
    }
    // Marked again, it still says since when.
    assert_eq!((due(&store, 11)[0].first_marked_at, due(&store, 11)[0].generation), (at(10), 4));
}

#[test]
fn a_mark_set_while_its_record_is_worked_on_is_not_lost() {
    let store = store();
    mark(&store, "1", Cause::Poll, 10);
    let read = due(&store, 10).remove(0);
    mark(&store, "1", Cause::Hint, 11);
    assert!(!store.transaction(|tx| tx.clear_mark(&read)).unwrap());
    let again = due(&store, 11);
    assert_eq!((again.len(), again[0].generation, again[0].cause), (1, 2, Cause::Hint));
    assert!(store.transaction(|tx| tx.clear_mark(&again[0])).unwrap());
    assert_eq!(due(&store, 100), []);
    // What is gone cannot be cleared once more.
    assert!(!store.transaction(|tx| tx.clear_mark(&again[0])).unwrap());
}

#[test]
fn a_mark_set_while_its_record_is_worked_on_is_not_postponed() {
    let store = store();
    mark(&store, "1", Cause::Poll, 10);
    let read = due(&store, 10).remove(0);
    mark(&store, "1", Cause::Hint, 11);
    assert!(!store.transaction(|tx| tx.postpone_mark(&read, at(1000), 1)).unwrap());
    assert_eq!(due(&store, 11)[0].tries, 0);
}

#[test]
fn a_postponed_mark_waits_and_remembers_its_tries_until_it_is_set_again() {
    let store = store();
    mark(&store, "1", Cause::Poll, 10);
    let read = due(&store, 10).remove(0);
    assert!(store.transaction(|tx| tx.postpone_mark(&read, at(60), 3)).unwrap());
    assert_eq!(due(&store, 59), []);
    assert_eq!(store.next_due(&main()).unwrap(), Some(at(60)));
    assert_eq!((due(&store, 60)[0].tries, due(&store, 60)[0].generation), (3, read.generation));
    mark(&store, "1", Cause::Person, 20);
    assert_eq!((due(&store, 20)[0].tries, due(&store, 20)[0].not_before), (0, at(20)));
}

#[test]
fn a_mark_that_is_cleared_and_set_anew_begins_anew() {
    let store = store();
    mark(&store, "1", Cause::Poll, 10);
    let read = due(&store, 10).remove(0);
    store.transaction(|tx| tx.clear_mark(&read)).unwrap();
    mark(&store, "1", Cause::Poll, 20);
    assert_eq!(due(&store, 20)[0].first_marked_at, at(20));
}

#[test]
fn due_marks_come_longest_waiting_first_and_then_by_record() {
    let store = store();
    for record in ["3", "1", "2"] {
        mark(&store, record, Cause::Poll, 20);
    }
    mark(&store, "9", Cause::Poll, 10);
    mark(&store, "0", Cause::Poll, 30);
    assert_eq!(records(&due(&store, 30)), ["9", "1", "2", "3", "0"]);
    assert_eq!(records(&due(&store, 29)), ["9", "1", "2", "3"]);
    let first = store.due_marks(&main(), Side::HubSpot, "contacts", at(30), 2).unwrap();
    assert_eq!(records(&first), ["9", "1"]);
}

#[test]
fn marks_are_of_one_connection_side_and_object() {
    let store = store();
    let one = ["1".to_owned()];
    for (connection, side, object) in [
        (main(), Side::HubSpot, "contacts"),
        (main(), Side::HubSpot, "companies"),
        (main(), Side::Salesforce, "contacts"),
        (id("other"), Side::HubSpot, "contacts"),
    ] {
        store.mark_many(&connection, side, object, &one, Cause::Poll, at(10)).unwrap();
    }
    let mine = due(&store, 10).remove(0);
    assert_eq!(mine.generation, 1);
    store.transaction(|tx| tx.clear_mark(&mine)).unwrap();
    let counts = store.mark_counts(&main(), at(10)).unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [
            ((Side::HubSpot, "companies".to_owned()), MarkCounts { due: 1, waiting: 0 }),
            ((Side::Salesforce, "contacts".to_owned()), MarkCounts { due: 1, waiting: 0 }),
        ]
    );
    assert_eq!(store.due_marks(&id("other"), Side::HubSpot, "contacts", at(10), 9).unwrap().len(), 1);
}

#[test]
fn marks_are_counted_as_due_or_waiting() {
    let store = store();
    for record in ["1", "2", "3"] {
        mark(&store, record, Cause::Poll, 10);
    }
    let read = due(&store, 10).remove(0);
    store.transaction(|tx| tx.postpone_mark(&read, at(60), 1)).unwrap();
    let counts = store.mark_counts(&main(), at(10)).unwrap();
    let key = (Side::HubSpot, "contacts".to_owned());
    assert_eq!(counts.get(&key), Some(&MarkCounts { due: 2, waiting: 1 }));
    let counts = store.mark_counts(&main(), at(60)).unwrap();
    assert_eq!(counts.get(&key), Some(&MarkCounts { due: 3, waiting: 0 }));
}

#[test]
fn the_marks_of_given_records_are_found_due_or_not() {
    let store = store();
    mark(&store, "1", Cause::Poll, 10);
    mark(&store, "2", Cause::Poll, 1000);
    let asked = ["2", "none", "1"].map(ToOwned::to_owned);
    let found = store.marks_of(&main(), Side::HubSpot, "contacts", &asked).unwrap();
    assert_eq!(records(&found), ["2", "1"]);
}

#[test]
fn nothing_marked_is_nothing_due() {
    let store = store();
    store.mark_many(&main(), Side::HubSpot, "contacts", &[], Cause::Poll, at(0)).unwrap();
    assert_eq!(store.next_due(&main()).unwrap(), None);
    assert_eq!(due(&store, 100), []);
}

#[test]
fn a_record_of_no_known_connection_cannot_be_marked() {
    let store = store();
    let marked =
        store.mark_many(&id("nobody"), Side::HubSpot, "contacts", &["1".to_owned()], Cause::Poll, at(0));
    assert!(marked.is_err());
}
