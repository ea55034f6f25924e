//! What waits for what, what a day has cost, copies, and links that move.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{at, main, store, values};
use model::{Side, Sides};
use store::{HistoryFilter, LinkState, Resting};

#[test]
fn those_who_wait_are_found_by_whom_they_wait_for_until_they_wait_for_others() {
    let store = store();
    let wait = |awaited: &[&str]| {
        let awaited: Vec<String> = awaited.iter().map(|id| (*id).to_owned()).collect();
        store
            .transaction(|tx| tx.set_waiting(&main(), Side::Salesforce, "Contact", "003A", &awaited))
            .unwrap();
    };
    wait(&["001A", "001B", "001A"]);
    let waiting = |id: &str| store.waiting_for(&main(), Side::Salesforce, id).unwrap();
    assert_eq!(waiting("001A"), [("Contact".to_owned(), "003A".to_owned())]);
    assert_eq!(store.waiting_for(&main(), Side::HubSpot, "001A").unwrap(), []);
    wait(&["001C"]);
    assert_eq!(waiting("001A"), []);
    assert_eq!(waiting("001C").len(), 1);
    wait(&[]);
    assert_eq!(waiting("001C"), []);
}

#[test]
fn a_day_of_calls_rolls_by_the_minute() {
    let store = store();
    let add = |second, calls| store.add_calls(&main(), Side::Salesforce, calls, at(second)).unwrap();
    add(0, 3);
    add(1, 4);
    add(3600, 5);
    add(3600, 0);
    let used = |second| store.calls_of_last_day(&main(), Side::Salesforce, at(second)).unwrap();
    assert_eq!(used(3600), 12);
    assert_eq!(used(24 * 3600 + 120), 5, "the first ones are more than a day ago");
    assert_eq!(store.calls_of_last_day(&main(), Side::HubSpot, at(3600)).unwrap(), 0);
    let by_minute = store.calls_since(&main(), Side::Salesforce, at(0)).unwrap();
    assert_eq!(by_minute.iter().map(|(_, calls)| *calls).collect::<Vec<_>>(), [7, 5]);
    add(9 * 24 * 3600, 1);
    assert_eq!(store.calls_since(&main(), Side::Salesforce, at(0)).unwrap().len(), 1, "a week is kept");
}

#[test]
fn what_is_done_in_a_copy_is_done_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = common::filled(common::store_at(&folder.path().join("tandem.db")));
    let link = store.transaction(|tx| tx.insert_link(&common::new_link("1", "003A"))).unwrap();
    let copy = store.fork().unwrap();
    assert_eq!(copy.link(link.id).unwrap().unwrap(), link);
    copy.transaction(|tx| tx.set_link_state(link.id, LinkState::Resting(Resting::Outside), at(1))).unwrap();
    assert!(store.link(link.id).unwrap().unwrap().is_active());
    let there = copy.link(link.id).unwrap().unwrap();
    assert_eq!(there.state, LinkState::Resting(Resting::Outside));
}

#[test]
fn a_link_moves_to_the_record_that_lives_on_unless_that_has_one() {
    let store = store();
    let (first, second) = store
        .transaction(|tx| {
            Ok((
                tx.insert_link(&common::new_link("1", "003A"))?,
                tx.insert_link(&common::new_link("2", "003B"))?,
            ))
        })
        .unwrap();
    let shadows = Sides { hubspot: values(&[("a", "x")]), salesforce: values(&[("A", "x")]) };
    let moved = |id: &str| {
        store.transaction(|tx| tx.move_link(first.id, Side::Salesforce, "Contact", id, &shadows, at(5)))
    };
    assert!(moved("003B").is_err(), "{second:?} names it");
    moved("003C").unwrap();
    let link = store.link(first.id).unwrap().unwrap();
    assert_eq!((link.record(Side::Salesforce), &link.shadows), ("003C", &shadows));
}

#[test]
fn history_that_is_undone_says_by_what_and_erased_history_keeps_that_it_was() {
    let store = store();
    let entry = common::entry(Side::Salesforce, "003A", None, 1);
    store.transaction(|tx| tx.add_history(&main(), &entry)).unwrap();
    let rows = || store.history(&main(), &HistoryFilter::default()).unwrap();
    let line = rows()[0].id;
    store.transaction(|tx| tx.mark_undone(line, "run-2")).unwrap();
    assert_eq!(rows()[0].undone_by.as_deref(), Some("run-2"));
    store.transaction(|tx| tx.erase_history(&main(), entry.side, "003A")).unwrap();
    let row = rows().remove(0);
    assert_eq!((row.entry.before, row.entry.after), (None, None));
    assert_eq!(row.entry.field.as_deref(), Some("a"));
}
