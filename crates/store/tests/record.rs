//! What is told of a record: its errors, its history; and how far each stream and run has come.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{at, entry, error, id, link, main, store};
use model::{Side, Value};
use store::{ErrorFilter, ErrorRow, HistoryFilter, Outcome, Store, SyncError};

fn keep(store: &Store, error: &SyncError) {
    store.transaction(|tx| tx.set_error(&main(), error)).unwrap();
}

fn errors(store: &Store) -> Vec<ErrorRow> {
    store.errors(&main(), &ErrorFilter::default()).unwrap()
}

fn resolve(store: &Store, record: &str, keep: &[&str], second: i64) {
    let keep: Vec<String> = keep.iter().map(|field| (*field).to_owned()).collect();
    store
        .transaction(|tx| tx.resolve_errors(&main(), Side::HubSpot, "contacts", record, &keep, at(second)))
        .unwrap();
}

fn fields(store: &Store) -> Vec<Option<String>> {
    errors(store).into_iter().map(|row| row.error.field).collect()
}

#[test]
fn an_error_met_again_is_counted_and_not_repeated() {
    let store = store();
    for second in [10, 20, 30] {
        keep(&store, &error("1", Some("a"), "misfit", second));
    }
    let row = ErrorRow { error: error("1", Some("a"), "misfit", 30), first_seen: at(10), tries: 3 };
    assert_eq!(errors(&store), [row]);
}

#[test]
fn an_error_is_of_one_field_or_of_the_whole_record() {
    let store = store();
    for field in [None, Some("a"), Some("b")] {
        keep(&store, &error("1", field, "misfit", 10));
    }
    assert_eq!(fields(&store), [None, Some("a".to_owned()), Some("b".to_owned())]);
    // Of another side or another connection, it is another error.
    keep(&store, &SyncError { side: Side::Salesforce, ..error("1", Some("a"), "misfit", 10) });
    store.transaction(|tx| tx.set_error(&id("other"), &error("1", None, "misfit", 10))).unwrap();
    assert_eq!(errors(&store).len(), 4);
}

#[test]
fn a_record_in_step_again_keeps_only_the_errors_of_the_fields_named() {
    let store = store();
    for field in [None, Some("a"), Some("b")] {
        keep(&store, &error("1", field, "misfit", 10));
    }
    keep(&store, &error("2", Some("a"), "misfit", 10));
    resolve(&store, "1", &["b"], 20);
    let left = errors(&store);
    assert_eq!(left.len(), 2);
    assert_eq!((left[0].error.record.as_str(), left[0].error.field.as_deref()), ("1", Some("b")));
    assert_eq!(left[1].error.record, "2");
    resolve(&store, "1", &[], 30);
    assert_eq!(errors(&store).len(), 1);
}

#[test]
fn an_empty_name_keeps_the_error_of_the_whole_record() {
    let store = store();
    keep(&store, &error("1", None, "rejected", 10));
    keep(&store, &error("1", Some("a"), "misfit", 10));
    resolve(&store, "1", &[""], 20);
    assert_eq!(fields(&store), [None]);
}

#[test]
fn an_error_that_comes_back_is_counted_from_one() {
    let store = store();
    keep(&store, &error("1", Some("a"), "misfit", 10));
    keep(&store, &error("1", Some("a"), "misfit", 11));
    resolve(&store, "1", &[], 20);
    assert_eq!(errors(&store), []);
    keep(&store, &error("1", Some("a"), "misfit", 30));
    let row = ErrorRow { error: error("1", Some("a"), "misfit", 30), first_seen: at(30), tries: 1 };
    assert_eq!(errors(&store), [row]);
}

#[test]
fn errors_are_filtered_and_counted_by_category() {
    let store = store();
    keep(&store, &error("1", Some("a"), "misfit", 10));
    keep(&store, &error("1", Some("b"), "misfit", 20));
    keep(&store, &error("2", Some("a"), "misfit", 30));
    keep(&store, &error("2", None, "rejected", 40));
    let filter = |category: Option<&str>, record: Option<&str>| {
        let filter = ErrorFilter {
            category: category.map(Into::into),
            record: record.map(Into::into),
            ..ErrorFilter::default()
        };
        store.errors(&main(), &filter).unwrap().len()
    };
    assert_eq!(
        (filter(Some("misfit"), None), filter(None, Some("2")), filter(Some("rejected"), Some("1"))),
        (3, 2, 0)
    );
    let summary = store.error_summary(&main()).unwrap();
    assert_eq!(summary.len(), 2);
    assert_eq!((summary[0].category.as_str(), summary[0].errors, summary[0].records), ("misfit", 3, 2));
    assert_eq!((summary[0].first_seen, summary[0].last_seen), (at(10), at(30)));
    resolve(&store, "2", &[], 50);
    let summary = store.error_summary(&main()).unwrap();
    assert_eq!(summary.len(), 1);
    assert_eq!((summary[0].errors, summary[0].last_seen), (2, at(20)));
}

fn tell(store: &Store, entry: &store::HistoryEntry) {
    store.transaction(|tx| tx.add_history(&main(), entry)).unwrap();
}

fn told(store: &Store, record: Option<&str>, limit: Option<u32>) -> Vec<i64> {
    let filter = HistoryFilter { record: record.map(Into::into), limit };
    let rows = store.history(&main(), &filter).unwrap();
    rows.iter().map(|row| row.entry.at.as_second() - at(0).as_second()).collect()
}

#[test]
fn the_history_of_a_record_holds_both_sides_of_its_link_in_order() {
    let store = store();
    let one = link(&store, "1", "003A");
    let two = link(&store, "2", "003B");
    // Before it was linked, the record was created; then both sides are written.
    tell(&store, &entry(Side::Salesforce, "003A", None, 10));
    tell(&store, &entry(Side::HubSpot, "1", Some(one.id), 20));
    tell(&store, &entry(Side::HubSpot, "2", Some(two.id), 30));
    tell(&store, &entry(Side::Salesforce, "003A", Some(one.id), 40));
    // The order is that of the writing, not that of the clock.
    tell(&store, &entry(Side::HubSpot, "1", Some(one.id), 35));
    assert_eq!(told(&store, Some("003A"), None), [10, 20, 40, 35]);
    assert_eq!(told(&store, Some("1"), None), [20, 40, 35]);
    assert_eq!(told(&store, Some("2"), None), [30]);
    assert_eq!(told(&store, None, None), [10, 20, 30, 40, 35]);
    assert_eq!(told(&store, None, Some(2)), [40, 35]);
    assert_eq!(told(&store, Some("nobody"), None), Vec::<i64>::new());
    assert_eq!(store.history(&id("other"), &HistoryFilter::default()).unwrap(), []);
}

#[test]
fn a_line_of_history_is_read_as_it_was_written() {
    let store = store();
    let one = link(&store, "1", "003A");
    let mut lines = Vec::new();
    for outcome in [Outcome::Created, Outcome::Written, Outcome::Declined, Outcome::Unlinked] {
        let mut line = entry(Side::HubSpot, "1", Some(one.id), 10);
        line.outcome = outcome;
        line.after = Some(Value::number("1.50".parse().unwrap()));
        lines.push(line);
    }
    let bare = store::HistoryEntry { field: None, before: None, after: None, call: None, ..lines[0].clone() };
    lines.push(bare);
    for line in &lines {
        tell(&store, line);
    }
    let rows = store.history(&main(), &HistoryFilter::default()).unwrap();
    assert!(rows.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(rows.into_iter().map(|row| row.entry).collect::<Vec<_>>(), lines);
}

#[test]
fn the_lines_of_a_forgotten_link_do_not_pass_to_a_new_one() {
    let store = store();
    let one = link(&store, "1", "003A");
    tell(&store, &entry(Side::HubSpot, "1", Some(one.id), 10));
    store.transaction(|tx| tx.delete_link(one.id)).unwrap();
    let two = link(&store, "2", "003B");
    tell(&store, &entry(Side::HubSpot, "2", Some(two.id), 20));
    assert_eq!(told(&store, Some("2"), None), [20]);
    assert_eq!(told(&store, Some("003B"), None), [20]);
    assert_eq!(told(&store, Some("1"), None), [10]);
}

#[test]
fn each_stream_has_its_own_cursor() {
    let store = store();
    let cursor = |connection: &str, stream: &str| store.cursor(&id(connection), stream).unwrap();
    assert_eq!(cursor("main", "hubspot/contacts"), None);
    store.set_cursor(&main(), "hubspot/contacts", at(10), at(11)).unwrap();
    store.set_cursor(&main(), "hubspot/companies", at(20), at(21)).unwrap();
    store.set_cursor(&id("other"), "hubspot/contacts", at(30), at(31)).unwrap();
    assert_eq!(cursor("main", "hubspot/contacts"), Some(at(10)));
    assert_eq!(cursor("main", "hubspot/companies"), Some(at(20)));
    assert_eq!(cursor("other", "hubspot/contacts"), Some(at(30)));
    // It goes where it is set, backwards too: a stream may have to be read again.
    store.set_cursor(&main(), "hubspot/contacts", at(5), at(40)).unwrap();
    assert_eq!(cursor("main", "hubspot/contacts"), Some(at(5)));
}

#[test]
fn the_latest_runs_come_first_with_how_they_ended() {
    let store = store();
    for (name, second) in [("r1", 10), ("r2", 20), ("r3", 30)] {
        store.begin_run(&main(), name, "once", at(second)).unwrap();
    }
    store.finish_run("r2", "done", &serde_json::json!({"written": 3}), at(25)).unwrap();
    let runs = store.runs(&main(), 2).unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["r3", "r2"]);
    assert_eq!((runs[0].finished_at, &runs[0].figures), (None, &None));
    assert_eq!((runs[1].finished_at, runs[1].outcome.as_deref()), (Some(at(25)), Some("done")));
    assert_eq!(runs[1].figures, Some(serde_json::json!({"written": 3})));
    assert!(store.begin_run(&main(), "r1", "once", at(40)).is_err(), "a run's name is its own");
}
