//! A store in which very many records are linked, as a large company's is.

#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use engine::Settings;
use jiff::Timestamp;
use model::{ConnectionId, Side, Sides, Value, Values};
use store::{
    Cause, ConnectionRow, ConnectionState, HistoryEntry, LinkId, NewLink, Outcome, Store, SyncError,
};

/// When all of it was done.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() - 3_600 + second % 3_600).unwrap()
}

pub fn id() -> ConnectionId {
    ConnectionId::new("many")
}

/// The Salesforce id of a record.
pub fn salesforce_id(number: usize) -> String {
    model::salesforce_id_18(&format!("003D0000{number:07}")).unwrap()
}

fn values(side: Side, number: usize) -> Values {
    let names: [&str; 14] = match side {
        Side::HubSpot => [
            "email",
            "firstname",
            "lastname",
            "salutation",
            "jobtitle",
            "phone",
            "mobilephone",
            "fax",
            "address",
            "city",
            "state",
            "zip",
            "country",
            "hubspot_owner_id",
        ],
        Side::Salesforce => [
            "Email",
            "FirstName",
            "LastName",
            "Salutation",
            "Title",
            "Phone",
            "MobilePhone",
            "Fax",
            "MailingStreet",
            "MailingCity",
            "MailingState",
            "MailingPostalCode",
            "MailingCountry",
            "OwnerId",
        ],
    };
    let texts = [
        format!("person.{number}@company-{}.example", number % 5_000),
        ["Ada", "Grace", "Edsger", "Barbara", "小明"][number % 5].to_owned(),
        format!("Lovell-{number}"),
        "Dr.".to_owned(),
        "Keeper of the lamp".to_owned(),
        format!("+31 6 {number:08}"),
        format!("+31 7 {number:08}"),
        String::new(),
        format!("{} Harbour Street", number % 300),
        "Oostende".to_owned(),
        "West".to_owned(),
        format!("{:04}", number % 10_000),
        "Belgium".to_owned(),
        format!("{}", number % 40),
    ];
    names.iter().zip(texts).map(|(name, text)| ((*name).to_owned(), Value::text(&text))).collect()
}

/// A store with so many linked contacts, three lines of history of each, and trouble with one in twenty.
pub fn store_with(links: usize) -> Arc<Store> {
    let store = Store::open_in_memory().unwrap();
    let settings = Settings::recommended();
    store
        .create_connection(&ConnectionRow {
            id: id(),
            name: "Very many".into(),
            hubspot_account: "77".into(),
            salesforce_org: "00D000000000001AAA".into(),
            state: ConnectionState::Active,
            state_reason: None,
            settings: serde_json::to_value(settings).unwrap(),
            created_at: at(0),
        })
        .unwrap();
    store.begin_run(&id(), "run", "serve", at(0)).unwrap();
    for start in (0..links).step_by(5_000) {
        store
            .transaction(|tx| {
                for number in start..(start + 5_000).min(links) {
                    let shadows = Sides {
                        hubspot: values(Side::HubSpot, number),
                        salesforce: values(Side::Salesforce, number),
                    };
                    let link = tx.insert_link(&NewLink {
                        connection: id(),
                        hubspot_object: "contacts".into(),
                        hubspot_id: number.to_string(),
                        salesforce_object: "Contact".into(),
                        salesforce_id: salesforce_id(number),
                        shadows,
                        at: at(0),
                    })?;
                    for (line, field) in ["Title", "MailingCity", "Phone"].iter().enumerate() {
                        tx.add_history(&id(), &line_of(number, link.id, field, line))?;
                    }
                    if number % 20 == 0 {
                        tx.set_error(&id(), &error_of(number))?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    let due: Vec<String> = (0..links / 100).map(|number| number.to_string()).collect();
    store.mark_many(&id(), Side::HubSpot, "contacts", &due, Cause::Poll, at(0)).unwrap();
    for minute in 0..1_440 {
        let at = Timestamp::from_second(Timestamp::now().as_second() - 60 * minute).unwrap();
        store.add_calls(&id(), Side::Salesforce, 7, at).unwrap();
    }
    Arc::new(store)
}

fn line_of(number: usize, link: LinkId, field: &str, line: usize) -> HistoryEntry {
    HistoryEntry {
        run: "run".into(),
        at: at(i64::try_from(number + line).unwrap()),
        side: Side::Salesforce,
        object: "Contact".into(),
        record: salesforce_id(number),
        link: Some(link),
        field: Some(field.to_owned()),
        before: Some(Value::text("what it held before, which may be a sentence or two")),
        after: Some(Value::text("what it holds since, which may be a sentence or two")),
        cause: "poll".into(),
        reason: "only_hubspot_changed".into(),
        outcome: Outcome::Written,
        call: None,
    }
}

fn error_of(number: usize) -> SyncError {
    let (field, category, code) = match number % 3 {
        0 => (Some("Title".to_owned()), "property_value", "STRING_TOO_LONG"),
        1 => (None, "duplicate", "DUPLICATES_DETECTED"),
        _ => (Some("MailingState".to_owned()), "picklist", "FIELD_INTEGRITY_EXCEPTION"),
    };
    SyncError {
        side: Side::Salesforce,
        object: "Contact".into(),
        record: salesforce_id(number),
        field,
        category: category.into(),
        code: code.into(),
        message: "Title: data value too large: Keeper of the lamp (max length=128)".into(),
        remedy: engine::remedy_for(code).fix.to_owned(),
        at: at(0),
    }
}

/// Every page that depends on how much there is.
pub fn pages() -> Vec<String> {
    let record = format!("/c/many/record/salesforce/Contact/{}", salesforce_id(40));
    let of = |rest: &str| format!("/c/many/{rest}");
    let mut pages: Vec<String> =
        ["/", "/search?q=ada", "/search?q=lovell-77%20person.77", "/search?q=nobody"].map(Into::into).into();
    pages.extend([format!("/search?q={}", salesforce_id(77)), record]);
    pages.extend(
        [
            "health",
            "errors",
            "errors?category=picklist",
            "errors?code=STRING_TOO_LONG&object=Contact&field=Title",
            "history",
            "history?run=run",
            "history?object=salesforce:Contact",
            "history?before=1000",
            "history?record=77",
            "contacts",
            "companies",
            "deals",
            "tickets",
            "activities",
            "custom",
            "features",
            "import",
            "connection",
        ]
        .map(of),
    );
    pages.push(of(&format!("history?since={}", at(1_800).strftime("%Y-%m-%dT%H:%M"))));
    pages
}
