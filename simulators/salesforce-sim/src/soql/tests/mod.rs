//! A small org to put queries to.

mod aggregates;
mod dates;
mod filters;
mod mutations;
mod refusals;
mod selects;
mod writes;

use std::{borrow::Cow, cell::RefCell};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Answer, ChildRelationship, Data, FieldInfo, FieldKind, Hint, ObjectInfo, Record, Row, Scope, SoqlError,
    execute, parse,
};

pub(super) const ANN: &str = "003000000000001AAA";
pub(super) const BOB: &str = "003000000000002AAA";
pub(super) const CARL: &str = "003000000000003AAA";
pub(super) const GONE: &str = "003000000000004AAA";
pub(super) const ACME: &str = "001000000000001AAA";
pub(super) const BETA: &str = "001000000000002AAA";
pub(super) const USER: &str = "005000000000001AAA";

struct Stored(Value);

impl Record for Stored {
    fn value(&self, field: &str) -> Cow<'_, Value> {
        self.0.get(field).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
    }

    fn is_deleted(&self) -> bool {
        self.0["IsDeleted"] == true
    }
}

struct Table {
    name: &'static str,
    fields: Vec<FieldInfo>,
    rows: Vec<Stored>,
}

pub(super) struct Org {
    tables: Vec<Table>,
    pub hints: RefCell<Vec<Hint>>,
}

fn common() -> Vec<FieldInfo> {
    vec![
        FieldInfo::new("Id", FieldKind::Id),
        FieldInfo::new("IsDeleted", FieldKind::Boolean),
        FieldInfo::new("Name", FieldKind::Text),
        FieldInfo::new("CreatedDate", FieldKind::DateTime),
        FieldInfo::new("SystemModstamp", FieldKind::DateTime),
        FieldInfo::reference("OwnerId", "Owner", ["User"]),
    ]
}

fn with(more: Vec<FieldInfo>) -> Vec<FieldInfo> {
    common().into_iter().chain(more).collect()
}

fn table(name: &'static str, fields: Vec<FieldInfo>, rows: Vec<Value>) -> Table {
    Table { name, fields, rows: rows.into_iter().map(Stored).collect() }
}

impl Org {
    pub(super) fn new() -> Self {
        let accounts = vec![
            json!({"Id": ACME, "Name": "Acme", "OwnerId": USER, "AnnualRevenue": 0.1, "Industry": "Energy",
                "CreatedDate": "2026-01-10T00:00:00.000+0000", "SystemModstamp": "2026-11-20T00:00:00.000+0000"}),
            json!({"Id": BETA, "Name": "Beta", "OwnerId": USER, "AnnualRevenue": 0.2, "Industry": "energy",
                "ParentId": ACME, "CreatedDate": "2026-02-10T00:00:00.000+0000",
                "SystemModstamp": "2026-11-21T00:00:00.000+0000"}),
            json!({"Id": "001000000000003AAA", "Name": "Gamma", "AnnualRevenue": null,
                "CreatedDate": "2025-02-10T23:30:00.000+0000", "SystemModstamp": "2026-11-22T00:00:00.000+0000"}),
        ];
        let contacts = vec![
            json!({"Id": ANN, "Name": "Ann O'Neil", "LastName": "O'Neil", "Email": "Ann@Example.com",
                "AccountId": ACME, "OwnerId": USER, "Score__c": 10, "Topics__c": "Red;Green", "Optin__c": true,
                "Birthdate": "1990-05-01", "Key__c": "aB", "CreatedDate": "2026-11-24T12:00:00.000+0000",
                "SystemModstamp": "2026-11-24T12:00:00.000+0000"}),
            json!({"Id": BOB, "Name": "Bob 100%", "LastName": "Bee", "Email": "bob@example.com",
                "AccountId": ACME, "OwnerId": USER, "Score__c": 5.5, "Topics__c": "Blue", "Optin__c": false,
                "Birthdate": null, "Key__c": "AB", "CreatedDate": "2026-11-23T23:59:59.000+0000",
                "SystemModstamp": "2026-11-24T12:00:01.000+0000"}),
            json!({"Id": CARL, "Name": "Çarl", "LastName": "Sea", "Email": null, "AccountId": null,
                "OwnerId": USER, "Score__c": null, "Topics__c": null, "Optin__c": false,
                "Birthdate": "2026-11-24", "Key__c": null, "CreatedDate": "2026-11-01T00:00:00.000+0000",
                "SystemModstamp": "2026-11-24T12:00:02.000+0000"}),
            json!({"Id": GONE, "Name": "Gone", "LastName": "Gone", "AccountId": BETA, "IsDeleted": true,
                "CreatedDate": "2026-11-01T00:00:00.000+0000", "SystemModstamp": "2026-11-24T12:00:03.000+0000"}),
        ];
        let tasks = vec![
            json!({"Id": "00T000000000001AAA", "Name": "Call", "WhoId": ANN, "WhatId": ACME}),
            json!({"Id": "00T000000000002AAA", "Name": "Mail", "WhoId": "00Q000000000001AAA"}),
        ];
        let mut key = FieldInfo::new("Key__c", FieldKind::Text);
        key.case_sensitive = true;
        Self {
            hints: RefCell::default(),
            tables: vec![
                table(
                    "Account",
                    with(vec![
                        FieldInfo::new("AnnualRevenue", FieldKind::Number),
                        FieldInfo::new("Industry", FieldKind::Text),
                        FieldInfo::new("Description", FieldKind::LongText),
                        FieldInfo::reference("ParentId", "Parent", ["Account"]),
                    ]),
                    accounts,
                ),
                table(
                    "Contact",
                    with(vec![
                        FieldInfo::new("LastName", FieldKind::Text),
                        FieldInfo::new("Email", FieldKind::Text),
                        FieldInfo::reference("AccountId", "Account", ["Account"]),
                        FieldInfo::new("Birthdate", FieldKind::Date),
                        FieldInfo::new("Description", FieldKind::LongText),
                        FieldInfo::new("Score__c", FieldKind::Number),
                        FieldInfo::new("Topics__c", FieldKind::Multipicklist),
                        FieldInfo::new("Optin__c", FieldKind::Boolean),
                        key,
                    ]),
                    contacts,
                ),
                table("User", with(vec![]), vec![json!({"Id": USER, "Name": "Uma"})]),
                table(
                    "Lead",
                    with(vec![FieldInfo::new("Company", FieldKind::Text)]),
                    vec![json!({"Id": "00Q000000000001AAA", "Name": "Lea", "Company": "Leaves"})],
                ),
                table(
                    "Task",
                    with(vec![
                        FieldInfo::reference("WhoId", "Who", ["Contact", "Lead"]),
                        FieldInfo::reference("WhatId", "What", ["Account", "Lead"]),
                    ]),
                    tasks,
                ),
            ],
        }
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

impl Data for Org {
    fn object(&self, name: &str) -> Option<ObjectInfo> {
        self.table(name).map(|table| ObjectInfo { name: table.name.to_owned(), queryable: true })
    }

    fn fields(&self, object: &str) -> Vec<FieldInfo> {
        self.table(object).map(|table| table.fields.clone()).unwrap_or_default()
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
        let all = [
            ("Account", "Contacts", "Contact", "AccountId"),
            ("Account", "ChildAccounts", "Account", "ParentId"),
            ("Contact", "Tasks", "Task", "WhoId"),
        ];
        all.into_iter().find(|(of, own, ..)| *of == object && own.eq_ignore_ascii_case(name)).map(
            |(_, own, child, field)| ChildRelationship {
                name: own.to_owned(),
                object: child.to_owned(),
                field: field.to_owned(),
            },
        )
    }

    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
        let row = self.table(object)?.rows.iter().find(|row| row.0["Id"] == id)?;
        Some(Row::Borrowed(row))
    }

    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        self.hints.borrow_mut().push(hint.clone());
        let rows = self.table(object).map(|table| table.rows.as_slice()).unwrap_or_default();
        Box::new(rows.iter().map(|row| Row::Borrowed(row)))
    }
}

pub(super) fn now() -> Timestamp {
    "2026-11-24T15:00:00Z".parse().unwrap()
}

pub(super) fn run(text: &str) -> Result<Answer, SoqlError> {
    let query = parse(text)?;
    execute(&query, text, &Org::new(), now(), Scope::Live, "v66.0")
}

pub(super) fn answer(text: &str) -> Answer {
    run(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The names of the contacts that meet a condition.
pub(super) fn names(condition: &str) -> Vec<String> {
    column(&format!("SELECT LastName FROM Contact WHERE {condition}"), "LastName")
}

/// One column of an answer.
pub(super) fn column(text: &str, field: &str) -> Vec<String> {
    answer(text)
        .records
        .iter()
        .map(|record| record[field].as_str().map_or_else(|| record[field].to_string(), str::to_owned))
        .collect()
}

pub(super) fn refusal(text: &str) -> SoqlError {
    run(text).expect_err(text)
}
