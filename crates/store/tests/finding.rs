//! Finding records among many: by name, address or id; errors and history page by page; what was done, by the minute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{at, entry, error, main, new_link, store, values};
use model::{Side, Sides, Values};
use store::{
    Cause, ErrorFilter, ErrorPlace, Found, HistoryFilter, HistoryScope, LinkState, NewLink, Outcome, Resting,
    Store,
};

fn person(hubspot: &str, salesforce: &str, first: &str, last: &str, email: &str) -> NewLink {
    let hubspot_holds = values(&[("firstname", first), ("lastname", last), ("email", email)]);
    let salesforce_holds = values(&[("FirstName", first), ("LastName", last), ("Email", email)]);
    NewLink {
        shadows: Sides { hubspot: hubspot_holds, salesforce: salesforce_holds },
        ..new_link(hubspot, salesforce)
    }
}

fn people() -> Store {
    let store = store();
    for new in [
        person("101", "003000000000101AAA", "Ada", "Lovell", "ada@basalt.example"),
        person("102", "003000000000102AAA", "Grace", "Ada-Moor", "grace@chalk.example"),
        person("103", "003000000000103AAA", "小明", "王", "ming@chalk.example"),
    ] {
        store.transaction(|tx| tx.insert_link(&new)).unwrap();
    }
    store
}

/// What is found, as ids of HubSpot, or of the record where it is in no pair.
fn found(store: &Store, question: &str) -> Vec<String> {
    let found = store.search(question, 10).unwrap();
    let mut ids: Vec<String> = found
        .into_iter()
        .map(|found| match found {
            Found::Pair(link) => link.record(Side::HubSpot).to_owned(),
            Found::Single { side, object, record, .. } => format!("{side} {object} {record}"),
        })
        .collect();
    ids.sort();
    ids
}

#[test]
fn a_pair_is_found_by_name_address_and_either_id() {
    let store = people();
    assert_eq!(found(&store, "ada"), ["101", "102"]);
    assert_eq!(found(&store, "LOV ada"), ["101"]);
    assert_eq!(found(&store, "ada grace"), ["102"]);
    assert_eq!(found(&store, "chalk"), ["102", "103"], "by the domain of an address");
    assert_eq!(found(&store, "grace@chalk.example"), ["102"]);
    assert_eq!(found(&store, "小明"), ["103"]);
    assert_eq!(found(&store, "明"), ["103"]);
    assert_eq!(found(&store, " 101 "), ["101"]);
    assert_eq!(found(&store, "003000000000102"), ["102"], "the short form of a Salesforce id");
    assert_eq!(found(&store, "nobody"), Vec::<String>::new());
    assert_eq!(found(&store, "% _ '"), Vec::<String>::new());
    assert_eq!(found(&store, ""), Vec::<String>::new());
}

#[test]
fn a_pair_is_found_by_what_it_holds_now_and_no_more() {
    let store = people();
    let link = store.link_of(&main(), Side::HubSpot, "contacts", "101").unwrap().unwrap();
    let renamed = Sides { hubspot: values(&[("firstname", "Augusta")]), salesforce: Values::new() };
    store.transaction(|tx| tx.update_shadows(link.id, &renamed, at(2))).unwrap();
    assert_eq!(found(&store, "augusta"), ["101"]);
    assert_eq!(found(&store, "lovell"), Vec::<String>::new());
    assert_eq!(store.link(link.id).unwrap().unwrap().title(), "Augusta");
    store.transaction(|tx| tx.delete_link(link.id)).unwrap();
    assert_eq!(found(&store, "augusta"), Vec::<String>::new());
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_failed_transaction_leaves_the_words_as_they_were() {
    let store = people();
    let link = store.link_of(&main(), Side::HubSpot, "contacts", "101").unwrap().unwrap();
    let failed = store.transaction(|tx| {
        tx.update_shadows(link.id, &Sides::default(), at(2))?;
        tx.insert_link(&new_link("101", "003B"))
    });
    assert!(failed.is_err());
    assert_eq!(found(&store, "lovell"), ["101"]);
}

#[test]
fn a_record_without_a_counterpart_is_found_by_its_id() {
    let store = people();
    store.transaction(|tx| tx.set_error(&main(), &error("777", None, "required_field", 5))).unwrap();
    store.transaction(|tx| tx.add_history(&main(), &entry(Side::Salesforce, "003Z", None, 6))).unwrap();
    assert_eq!(found(&store, "777"), ["HubSpot contacts 777"]);
    assert_eq!(found(&store, "003Z"), ["Salesforce Contact 003Z"]);
    // What is in a pair is told once.
    store.transaction(|tx| tx.set_error(&main(), &error("101", None, "picklist", 5))).unwrap();
    assert_eq!(found(&store, "101"), ["101"]);
}

#[test]
fn the_rarer_word_is_looked_up_whatever_its_place() {
    let store = store();
    store
        .transaction(|tx| {
            for number in 0..3_000 {
                let email = format!("p{number}@basalt.example");
                let new = person(
                    &number.to_string(),
                    &format!("003S{number}"),
                    "Person",
                    &format!("N{number}x"),
                    &email,
                );
                tx.insert_link(&new)?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(found(&store, "person n2999x"), ["2999"]);
    assert_eq!(found(&store, "n2999x person"), ["2999"]);
    assert_eq!(store.search("person", 10).unwrap().len(), 10);
}

#[test]
fn errors_are_gone_through_page_by_page() {
    let store = store();
    store
        .transaction(|tx| {
            for record in ["1", "2", "3"] {
                tx.set_error(&main(), &error(record, Some("a"), "picklist", 5))?;
                tx.set_error(&main(), &error(record, None, "duplicate", 6))?;
            }
            Ok(())
        })
        .unwrap();
    let page = |filter: &ErrorFilter, after: Option<&ErrorPlace>| {
        let rows = store.errors_after(&main(), filter, after, 2).unwrap();
        let told: Vec<(String, String)> = rows
            .iter()
            .map(|row| (row.error.record.clone(), row.error.field.clone().unwrap_or_default()))
            .collect();
        (told, rows.last().map(ErrorPlace::of))
    };
    let (mut told, mut after) = page(&ErrorFilter::default(), None);
    while let Some(place) = after {
        let (more, next) = page(&ErrorFilter::default(), Some(&place));
        told.extend(more);
        after = next;
    }
    let told: Vec<(&str, &str)> =
        told.iter().map(|(record, field)| (record.as_str(), field.as_str())).collect();
    assert_eq!(told, [("1", ""), ("1", "a"), ("2", ""), ("2", "a"), ("3", ""), ("3", "a")]);
    let groups = store.error_groups(&main(), &ErrorFilter::default(), 2).unwrap();
    assert_eq!(groups.len(), 2);
    let of_group = ErrorFilter::of(&groups[0]);
    assert_eq!(page(&of_group, None).0.len(), 2);
    assert_eq!(store.errors(&main(), &of_group).unwrap().len(), 3);
    assert_eq!(groups[0].examples, ["1", "2"]);
}

#[test]
fn history_is_gone_through_page_by_page() {
    let store = store();
    for second in 1..=5 {
        store.transaction(|tx| tx.add_history(&main(), &entry(Side::HubSpot, "1", None, second))).unwrap();
    }
    let page = |before: Option<i64>| {
        let scope = HistoryScope { before, object: Some("contacts".to_owned()), ..HistoryScope::default() };
        let limit = HistoryFilter { limit: Some(2), ..HistoryFilter::default() };
        store.history_within(&main(), &scope, &limit).unwrap()
    };
    let first = page(None);
    assert_eq!(first.iter().map(|row| row.entry.at).collect::<Vec<_>>(), [at(4), at(5)]);
    let second = page(Some(first[0].id));
    assert_eq!(second.iter().map(|row| row.entry.at).collect::<Vec<_>>(), [at(2), at(3)]);
    let other = HistoryScope { object: Some("companies".to_owned()), ..HistoryScope::default() };
    assert!(store.history_within(&main(), &other, &HistoryFilter::default()).unwrap().is_empty());
}

#[test]
fn what_was_done_is_counted_by_the_minute() {
    let store = store();
    let done = |side, outcome, second| {
        let entry = store::HistoryEntry { outcome, ..entry(side, "1", None, second) };
        store.transaction(|tx| tx.add_history(&main(), &entry)).unwrap();
    };
    done(Side::HubSpot, Outcome::Created, 0);
    done(Side::HubSpot, Outcome::Written, 1);
    done(Side::HubSpot, Outcome::Declined, 2);
    done(Side::Salesforce, Outcome::Written, 3);
    done(Side::HubSpot, Outcome::Written, 120);
    let told = |minutes| {
        let rows = store.throughput(&main(), at(0), minutes).unwrap();
        rows.into_iter().map(|row| (row.side, row.created, row.written)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(1),
        [(Side::HubSpot, 1, 1), (Side::Salesforce, 0, 1), (Side::HubSpot, 0, 1)],
        "a minute in which nothing was done is left out"
    );
    assert_eq!(told(60), [(Side::HubSpot, 1, 2), (Side::Salesforce, 0, 1)]);
    assert!(store.throughput(&main(), at(600), 1).unwrap().is_empty());
}

#[test]
fn a_stream_says_when_it_was_last_read() {
    let store = store();
    store.set_cursor(&main(), "hubspot:contacts", at(1), at(9)).unwrap();
    let streams = store.streams(&main()).unwrap();
    assert_eq!((streams[0].stream.as_str(), streams[0].read_at), ("hubspot:contacts", at(9)));
    assert_eq!(streams.len(), 1);
}

#[test]
fn links_are_counted_at_work_and_at_rest() {
    let store = people();
    let link = store.link_of(&main(), Side::HubSpot, "contacts", "101").unwrap().unwrap();
    let rests = LinkState::Resting(Resting::Outside);
    store.transaction(|tx| tx.set_link_state(link.id, rests, at(2))).unwrap();
    let kinds = store.link_kinds(&main()).unwrap();
    assert_eq!(kinds.len(), 1);
    assert_eq!((kinds[0].salesforce_object.as_str(), kinds[0].active, kinds[0].resting), ("Contact", 2, 1));
}

#[test]
fn the_mark_that_has_been_due_longest_is_told_for_each_side() {
    let store = store();
    assert_eq!(store.oldest_due(&main(), at(99)).unwrap(), Sides::default());
    for (object, second) in [("contacts", 30), ("companies", 20)] {
        let one = ["1".to_owned()];
        store.mark_many(&main(), Side::HubSpot, object, &one, Cause::Poll, at(second)).unwrap();
    }
    let told = store.oldest_due(&main(), at(40)).unwrap();
    assert_eq!((told.hubspot, told.salesforce), (Some(at(20)), None));
    assert_eq!(store.oldest_due(&main(), at(10)).unwrap().hubspot, None, "not due yet");
}

#[test]
fn a_line_of_another_object_with_the_same_id_is_not_about_the_record() {
    let store = people();
    let link = store.link_of(&main(), Side::HubSpot, "contacts", "101").unwrap().unwrap();
    let company =
        store::HistoryEntry { object: "companies".to_owned(), ..entry(Side::HubSpot, "101", None, 1) };
    let lines = [
        company,
        entry(Side::HubSpot, "101", None, 2),
        entry(Side::Salesforce, "003000000000101AAA", Some(link.id), 3),
        entry(Side::Salesforce, "003000000000999AAA", Some(link.id), 4),
    ];
    store.transaction(|tx| lines.iter().try_for_each(|line| tx.add_history(&main(), line))).unwrap();
    let filter = HistoryFilter { record: Some("101".to_owned()), limit: None };
    let mut rows = store.history(&main(), &filter).unwrap();
    assert_eq!(rows.len(), 4);
    rows.retain(|row| row.is_about(Side::HubSpot, "contacts", "101", Some(&link)));
    assert_eq!(rows.iter().map(|row| row.entry.at).collect::<Vec<_>>(), [at(2), at(3), at(4)]);
}
