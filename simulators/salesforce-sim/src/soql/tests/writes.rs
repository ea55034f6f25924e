//! What is written as JSON at once is what it would be as values.

use super::super::{Request, execute_first, parse, write_first};
use super::{Org, Scope, now};

fn written(text: &str) -> Option<String> {
    let (org, query) = (Org::new(), parse(text).unwrap());
    let request =
        Request { text: text.to_owned(), now: now(), scope: Scope::All, version: "66.0".to_owned() };
    let page = write_first(&query, &request, &org, 3).unwrap()?;
    let (answer, more) = execute_first(&query, &request, &org, 3).unwrap();
    assert_eq!((page.total_size, page.rows, page.more), (answer.total_size, answer.records.len(), more));
    let records = String::from_utf8(page.records).unwrap();
    assert_eq!(records, serde_json::to_string(&answer.records).unwrap(), "{text}");
    Some(records)
}

#[test]
fn rows_are_written_as_they_would_be_from_values() {
    let rows = written(
        "SELECT Id, Name, Score__c, Optin__c, Birthdate, Account.Owner.Name, Account.Name FROM Contact",
    );
    assert!(rows.is_some_and(|rows| rows.contains(r#""Name":"Acme""#) && rows.contains(r#""Account":null"#)));
    let of_types = "SELECT Id, What.Name, TYPEOF Who WHEN Contact THEN LastName, Email WHEN Lead THEN Company END FROM Task";
    assert!(written(of_types).is_some_and(|rows| rows.contains("Leaves") && rows.contains("O'Neil")));
    assert_eq!(written("SELECT Id FROM Account WHERE Name = 'None'").as_deref(), Some("[]"));
    assert!(written("SELECT FIELDS(STANDARD) FROM Contact ORDER BY Name DESC").is_some());
}

#[test]
fn groups_and_children_are_not_written_at_once() {
    assert_eq!(written("SELECT COUNT() FROM Contact"), None);
    assert_eq!(written("SELECT AccountId, COUNT(Id) n FROM Contact GROUP BY AccountId"), None);
    assert_eq!(written("SELECT Id, (SELECT Id FROM Contacts) FROM Account"), None);
}
