//! Many records in one call, and answers in pages.

mod common;

use common::{Org, contact, encoded};
use serde_json::{Value, json};
use sim_base::FaultKind;

#[tokio::test]
async fn a_bad_row_of_a_collection_leaves_the_others_alone() {
    let org = Org::new();
    let rows = json!({"records": [contact(json!({"LastName": "A"})), contact(json!({"FirstName": "B"}))]});
    let reply = org.post("/composite/sobjects", rows).await;
    let results = reply.json();
    assert_eq!(
        (reply.status, &results[0]["success"], &results[1]["success"]),
        (200, &json!(true), &json!(false))
    );
    assert_eq!(results[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(org.count("Contact"), 1);
}

#[tokio::test]
async fn all_or_none_takes_creates_updates_and_counts_back() {
    let org = Org::new();
    org.key_field(true);
    let old = org.make("Contact", json!({"LastName": "A", "Key__c": "a"})).await;
    let before = org.sim.record("Contact", &old).unwrap();
    let rows = json!({"allOrNone": true, "records": [
        contact(json!({"Key__c": "a", "LastName": "changed"})),
        contact(json!({"Key__c": "b", "LastName": "new"})),
        contact(json!({"Key__c": "c", "Email": "bad", "LastName": "x"})),
    ]});
    org.pass(60);
    let results = org.patch("/composite/sobjects/Contact/Key__c", rows).await.json();
    let code = |at: usize| results[at]["errors"][0]["statusCode"].as_str().unwrap().to_owned();
    assert_eq!(code(0), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(code(1), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(code(2), "INVALID_EMAIL_ADDRESS");
    assert_eq!((org.count("Contact"), org.sim.record("Contact", &old).unwrap()), (1, before));
    let writes = org.sim.stats().writes["Contact"];
    assert_eq!((writes.created, writes.updated), (1, 0));
    // Nothing is left behind: neither in the indexes nor among the rows by time of change.
    assert_eq!(org.get("/sobjects/Contact/Key__c/b").await.status, 404);
    let after = org.now().checked_sub(jiff::SignedDuration::from_secs(1)).unwrap();
    let found = org.query(&format!("SELECT Id FROM Contact WHERE SystemModstamp > {after}")).await;
    assert_eq!(found["totalSize"], 0);
}

#[tokio::test]
async fn more_than_200_rows_are_refused_as_a_whole() {
    let org = Org::new();
    let rows: Vec<Value> = (0..201).map(|_| contact(json!({"LastName": "A"}))).collect();
    let reply = org.post("/composite/sobjects", json!({"records": rows})).await;
    assert_eq!((reply.status, org.count("Contact")), (400, 0));
}

#[tokio::test]
async fn a_half_batch_fails_rows_one_by_one() {
    let org = Org::new();
    org.break_with(FaultKind::HalfBatch, "/composite/sobjects", 0.5, None);
    let rows: Vec<Value> = (0..100).map(|_| contact(json!({"LastName": "A"}))).collect();
    let results = org.post("/composite/sobjects", json!({"records": rows})).await.json();
    let failed = results.as_array().unwrap().iter().filter(|r| r["success"] == false).count();
    assert!((20..80).contains(&failed), "{failed}");
    assert_eq!(org.count("Contact"), 100 - failed);
}

#[tokio::test]
async fn references_reach_back_to_earlier_answers() {
    let org = Org::new();
    let body = json!({"allOrNone": true, "compositeRequest": [
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "referenceId": "a", "body": {"Name": "Acme"}},
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c",
         "body": {"LastName": "Z", "AccountId": "@{a.id}"}},
        {"method": "GET", "url": "/services/data/v66.0/sobjects/Contact/@{c.id}?fields=AccountId", "referenceId": "g"},
    ]});
    let answers = org.post("/composite", body).await.json()["compositeResponse"].clone();
    assert_eq!(answers[2]["body"]["AccountId"], answers[0]["body"]["id"]);
    assert_eq!(answers[0]["httpStatusCode"], 201);
    assert!(answers[0]["httpHeaders"]["Location"].as_str().unwrap().contains("/sobjects/Account/001"));
}

#[tokio::test]
async fn a_composite_is_all_or_none_only_when_asked() {
    for (all, left) in [(true, 0), (false, 1)] {
        let org = Org::new();
        let body = json!({"allOrNone": all, "compositeRequest": [
            {"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
            {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c", "body": {}},
            {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "d",
             "body": {"LastName": "@{c.id}"}},
        ]});
        let reply = org.post("/composite", body).await;
        let answers = reply.json()["compositeResponse"].clone();
        assert_eq!((reply.status, org.count("Account")), (200, left));
        assert_eq!(answers[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
        assert_eq!(answers[2]["body"][0]["errorCode"], "PROCESSING_HALTED");
        assert_eq!(answers[0]["httpStatusCode"], if all { 400 } else { 201 });
    }
}

#[tokio::test]
async fn a_batch_goes_on_after_an_error_unless_told_to_halt() {
    let org = Org::new();
    let parts = json!([
        {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {}},
        {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {"LastName": "A"}},
    ]);
    let halted =
        org.post("/composite/batch", json!({"haltOnError": true, "batchRequests": parts})).await.json();
    assert_eq!(halted["results"][1]["statusCode"], 412);
    let reply = org.post("/composite/batch", json!({"batchRequests": parts})).await.json();
    assert_eq!(reply["hasErrors"], true);
    assert_eq!(reply["results"][1]["statusCode"], 201);
    assert_eq!(org.count("Contact"), 1);
}

#[tokio::test]
async fn a_dead_locator_is_refused() {
    let org = Org::new();
    let reply = org.get("/query/01g5g0000000009AAA-2000").await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "INVALID_QUERY_LOCATOR"));
}

#[tokio::test]
async fn query_all_shows_what_was_deleted() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    org.call("DELETE", &format!("/composite/sobjects?ids={id}"), Value::Null, &[]).await;
    let text = encoded("SELECT Id, IsDeleted FROM Contact");
    assert_eq!(org.get(&format!("/query?q={text}")).await.json()["totalSize"], 0);
    let all = org.get(&format!("/queryAll?q={text}")).await.json();
    assert_eq!(all["records"][0]["IsDeleted"], true);
}

#[tokio::test]
async fn twenty_thousand_contacts_come_in_pages_by_time_of_change() {
    let org = Org::new();
    for batch in 0..100 {
        let rows: Vec<Value> =
            (0..200).map(|at| contact(json!({"LastName": format!("L{}", batch * 200 + at)}))).collect();
        let reply = org.post("/composite/sobjects", json!({"records": rows, "allOrNone": true})).await;
        assert!(reply.json().as_array().unwrap().iter().all(|row| row["success"] == true));
        org.pass(1);
    }
    let since = org.now().checked_sub(jiff::SignedDuration::from_secs(50)).unwrap();
    let soql = format!(
        "SELECT Id, LastName, SystemModstamp FROM Contact WHERE SystemModstamp >= {since} ORDER BY SystemModstamp, Id"
    );
    let mut page = org.query(&soql).await;
    // What happens between two pages does not move them.
    let first = page["records"][0]["Id"].as_str().unwrap().to_owned();
    org.pass(100);
    org.patch(&format!("/sobjects/Contact/{first}"), json!({"FirstName": "late"})).await;
    let (mut ids, mut stamps, mut pages) = (Vec::new(), Vec::new(), 1);
    loop {
        for record in page["records"].as_array().unwrap() {
            ids.push(record["Id"].as_str().unwrap().to_owned());
            stamps.push(record["SystemModstamp"].as_str().unwrap().to_owned());
        }
        assert_eq!(page["totalSize"], 10_000);
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        assert_eq!(page["done"], false);
        page = org.get(next).await.json();
        pages += 1;
    }
    assert_eq!((ids.len(), pages), (10_000, 5));
    assert!(stamps.is_sorted());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10_000);
}
