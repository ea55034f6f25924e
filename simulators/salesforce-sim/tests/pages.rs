//! Answers in pages, children that come in pages of their own, and lists of changes.

mod common;

use common::{Org, encoded};
use serde_json::{Value, json};

const SMALL: [(&str, &str); 1] = [("Sforce-Query-Options", "batchSize=200")];

async fn family(org: &Org, name: &str, children: usize) -> String {
    let id = org.make("Account", json!({"Name": name})).await;
    for at in 0..children {
        let fields = [("LastName", format!("{name}{at:03}")), ("AccountId", id.clone())];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        assert!(org.sim.create_record("Contact", fields).is_ok());
    }
    id
}

#[tokio::test]
async fn children_come_in_pages_of_their_own() {
    let org = Org::new();
    family(&org, "Large", 450).await;
    let text = encoded("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account");
    let page = org.call("GET", &format!("/query?q={text}"), Value::Null, &SMALL).await.json();
    let mut list = page["records"][0]["Contacts"].clone();
    assert_eq!(
        (&page["done"], &list["totalSize"], &list["done"]),
        (&json!(true), &json!(450), &json!(false))
    );
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        pages += 1;
        let records = list["records"].as_array().unwrap();
        names.extend(records.iter().map(|record| record["LastName"].as_str().unwrap().to_owned()));
        let Some(next) = list["nextRecordsUrl"].as_str() else { break };
        list = org.call("GET", next, Value::Null, &SMALL).await.json();
    }
    let expected: Vec<String> = (0..450).map(|at| format!("Large{at:03}")).collect();
    assert_eq!((pages, names), (3, expected));
}

#[tokio::test]
async fn children_count_toward_a_page() {
    let org = Org::new();
    for name in ["A", "B", "C", "D", "E"] {
        family(&org, name, 90).await;
    }
    let text = encoded("SELECT Name, (SELECT Id FROM Contacts) FROM Account ORDER BY Name");
    let mut page = org.call("GET", &format!("/query?q={text}"), Value::Null, &SMALL).await.json();
    let mut sizes = Vec::new();
    let mut names = String::new();
    loop {
        let records = page["records"].as_array().unwrap();
        sizes.push(records.len());
        names.extend(records.iter().map(|record| record["Name"].as_str().unwrap()));
        assert!(records.iter().all(|record| record["Contacts"]["totalSize"] == 90));
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        assert_eq!((&page["done"], &page["totalSize"]), (&json!(false), &json!(5)));
        page = org.call("GET", next, Value::Null, &SMALL).await.json();
    }
    assert_eq!((sizes, names.as_str()), (vec![2, 2, 1], "ABCDE"));
}

#[tokio::test]
async fn a_page_shows_rows_as_they_were_when_the_query_ran() {
    let org = Org::new();
    let account = family(&org, "A", 250).await;
    let text = encoded("SELECT LastName FROM Contact");
    let page = org.call("GET", &format!("/query?q={text}"), Value::Null, &SMALL).await.json();
    assert_eq!((&page["totalSize"], page["records"].as_array().unwrap().len()), (&json!(250), 200));
    let last = org.query("SELECT Id FROM Contact ORDER BY Id DESC LIMIT 1").await["records"][0]["Id"].clone();
    org.patch(&format!("/sobjects/Contact/{}", last.as_str().unwrap()), json!({"LastName": "Changed"})).await;
    org.make("Contact", json!({"LastName": "Later", "AccountId": account})).await;
    let next = org.get(page["nextRecordsUrl"].as_str().unwrap()).await.json();
    let records = next["records"].as_array().unwrap();
    assert_eq!((records.len(), &records[49]["LastName"], &next["done"]), (50, &json!("A249"), &json!(true)));
    let gone = org.get("/query/01gxx0000000000AAA-200").await;
    assert_eq!((gone.status, gone.code().as_str()), (400, "INVALID_QUERY_LOCATOR"));
}

#[tokio::test]
async fn keyset_pages_and_own_rows() {
    let org = Org::new();
    family(&org, "A", 5).await;
    let ids = org.query("SELECT Id FROM Contact ORDER BY Id").await;
    let second = ids["records"][1]["Id"].as_str().unwrap();
    let after = org.query(&format!("SELECT Id FROM Contact WHERE Id > '{second}' ORDER BY Id LIMIT 2")).await;
    assert_eq!(after["records"][0]["Id"], ids["records"][2]["Id"]);
    assert_eq!(after["totalSize"], 2);
    // The contacts were made by a person, the account by the caller.
    assert_eq!(org.query("SELECT Id FROM Contact USING SCOPE mine").await["totalSize"], 0);
    assert_eq!(org.query("SELECT Id FROM Account USING SCOPE mine").await["totalSize"], 1);
    assert_eq!(org.query("SELECT COUNT() FROM Contact USING SCOPE everything").await["totalSize"], 5);
}

#[tokio::test]
async fn lists_of_changes_cover_a_span() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    let gone = org.make("Contact", json!({"LastName": "B"})).await;
    org.call("DELETE", &format!("/sobjects/Contact/{gone}"), Value::Null, &[]).await;
    let start = org.now().checked_sub(jiff::SignedDuration::from_mins(5)).unwrap();
    org.pass(120);
    let end = org.now();
    let updated = org.get(&format!("/sobjects/Contact/updated/?start={start}&end={end}")).await.json();
    assert_eq!(updated["ids"], json!([id]));
    let deleted = org.get(&format!("/sobjects/Contact/deleted?start={start}&end={end}")).await.json();
    assert_eq!(deleted["deletedRecords"][0]["id"], json!(gone));
    let keys: Vec<&str> = deleted.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["deletedRecords", "earliestDateAvailable", "latestDateCovered"]);
    let old = org.now().checked_sub(jiff::SignedDuration::from_hours(20 * 24)).unwrap();
    for (path, code) in [
        (format!("updated?start={end}&end={start}"), "INVALID_REPLICATION_DATE"),
        (format!("deleted?start={old}&end={end}"), "INVALID_REPLICATION_DATE"),
        (format!("updated?start={start}"), "MALFORMED_QUERY"),
    ] {
        let refused = org.get(&format!("/sobjects/Contact/{path}")).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{path}");
    }
    assert_eq!(org.get(&format!("/sobjects/Contact/updated?start={old}&end={end}")).await.status, 200);
}
