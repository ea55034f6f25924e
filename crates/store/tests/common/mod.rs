//! What the tests of this crate share: a store with a connection, and rows in few words.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

use std::path::Path;

use jiff::Timestamp;
use model::{ConnectionId, Side, Sides, Value, Values};
use store::{
    ConnectionRow, ConnectionState, Durability, HistoryEntry, Link, LinkId, NewIntent, NewLink, Outcome,
    Store, SyncError,
};

/// So many seconds after some start.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub fn id(text: &str) -> ConnectionId {
    ConnectionId::new(text)
}

pub fn main() -> ConnectionId {
    id("main")
}

pub fn connection(name: &str, account: &str) -> ConnectionRow {
    ConnectionRow {
        id: id(name),
        name: format!("{name} connection"),
        hubspot_account: account.to_owned(),
        salesforce_org: "00D000000000001EAA".to_owned(),
        state: ConnectionState::Active,
        state_reason: None,
        settings: serde_json::json!({"objects": []}),
        created_at: at(0),
    }
}

/// A store in memory with the connections `main` and `other`.
pub fn store() -> Store {
    filled(Store::open_in_memory().unwrap())
}

/// A store in a file, made where it is not there yet.
pub fn store_at(path: &Path) -> Store {
    Store::open(path, Durability::Normal).unwrap()
}

pub fn filled(store: Store) -> Store {
    store.create_connection(&connection("main", "1001")).unwrap();
    store.create_connection(&connection("other", "1002")).unwrap();
    store
}

pub fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::text(value))).collect()
}

pub fn new_link(hubspot: &str, salesforce: &str) -> NewLink {
    NewLink {
        connection: main(),
        hubspot_object: "contacts".to_owned(),
        hubspot_id: hubspot.to_owned(),
        salesforce_object: "Contact".to_owned(),
        salesforce_id: salesforce.to_owned(),
        shadows: Sides { hubspot: values(&[("a", hubspot)]), salesforce: values(&[("A", salesforce)]) },
        at: at(1),
    }
}

pub fn link(store: &Store, hubspot: &str, salesforce: &str) -> Link {
    store.transaction(|tx| tx.insert_link(&new_link(hubspot, salesforce))).unwrap()
}

pub fn intent(link: Option<LinkId>, record: &str, sent: &str) -> NewIntent {
    NewIntent {
        connection: main(),
        link,
        target: Side::Salesforce,
        target_object: "Contact".to_owned(),
        source_object: "contacts".to_owned(),
        source_record: record.to_owned(),
        source: values(&[("a", sent)]),
        sent: values(&[("A", sent)]),
        held: values(&[("A", "before")]),
        reasons: [("A".to_owned(), "only_hubspot_changed".to_owned())].into(),
        created_at: at(5),
    }
}

pub fn entry(side: Side, record: &str, link: Option<LinkId>, second: i64) -> HistoryEntry {
    HistoryEntry {
        run: "run".to_owned(),
        at: at(second),
        side,
        object: if side == Side::HubSpot { "contacts" } else { "Contact" }.to_owned(),
        record: record.to_owned(),
        link,
        field: Some("a".to_owned()),
        before: Some(Value::Blank),
        after: Some(Value::text("after")),
        cause: "poll".to_owned(),
        reason: "only_hubspot_changed".to_owned(),
        outcome: Outcome::Written,
        call: Some("call-1".to_owned()),
    }
}

pub fn error(record: &str, field: Option<&str>, category: &str, second: i64) -> SyncError {
    SyncError {
        side: Side::HubSpot,
        object: "contacts".to_owned(),
        record: record.to_owned(),
        field: field.map(ToOwned::to_owned),
        category: category.to_owned(),
        code: "CODE".to_owned(),
        message: format!("{category} at {second}"),
        remedy: "Correct it.".to_owned(),
        at: at(second),
    }
}
