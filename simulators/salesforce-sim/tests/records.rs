//! Single records: what is refused, what is stored, upserts, duplicate rules.

mod common;

use common::Org;
use salesforce_sim::DuplicateRule;
use serde_json::{Value, json};

#[tokio::test]
async fn a_missing_required_field_is_named() {
    let org = Org::new();
    let reply = org.post("/sobjects/Lead", json!({"FirstName": "A"})).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json(),
        json!([{
            "message": "Required fields are missing: [LastName, Company]",
            "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["LastName", "Company"],
        }])
    );
}

#[tokio::test]
async fn a_required_field_cannot_be_cleared() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    let reply = org.patch(&format!("/sobjects/Contact/{id}"), json!({"LastName": null})).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "REQUIRED_FIELD_MISSING"));
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_with_field_and_limit() {
    let org = Org::new();
    let reply = org.post("/sobjects/Contact", json!({"LastName": "x".repeat(81)})).await;
    let error = &reply.json()[0];
    assert_eq!(error["errorCode"], "STRING_TOO_LONG");
    assert_eq!(error["fields"], json!(["LastName"]));
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("(max length=80)"), "{message}");
}

#[tokio::test]
async fn an_unknown_field_is_refused() {
    let org = Org::new();
    let reply = org.post("/sobjects/Contact", json!({"LastName": "A", "Nope__c": 1})).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "INVALID_FIELD"));
    let reply = org.get("/query?q=SELECT+Nope__c+FROM+Contact").await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "INVALID_FIELD"));
    assert!(reply.text.contains("ERROR at Row:1:Column:8"), "{}", reply.text);
}

#[tokio::test]
async fn a_second_holder_of_a_unique_value_is_told_of_the_first() {
    let org = Org::new();
    org.key_field(true);
    let first = org.make("Contact", json!({"LastName": "A", "Key__c": "k1"})).await;
    let reply = org.post("/sobjects/Contact", json!({"LastName": "B", "Key__c": "K1"})).await;
    assert_eq!(reply.code(), "DUPLICATE_VALUE");
    let named = reply.json()[0]["message"].as_str().unwrap().ends_with(&first[..15]);
    assert!(named, "{}", reply.text);
    // A deleted holder is in nobody's way.
    org.call("DELETE", &format!("/sobjects/Contact/{first}"), Value::Null, &[]).await;
    org.make("Contact", json!({"LastName": "B", "Key__c": "K1"})).await;
}

#[tokio::test]
async fn a_field_that_tells_cases_apart_takes_both() {
    let org = Org::new();
    let metadata = json!({"label": "K", "type": "Text", "length": 9, "unique": true, "caseSensitive": true, "externalId": true});
    org.sim.ensure_custom_field("Contact", "Case__c", &metadata).unwrap();
    org.make("Contact", json!({"LastName": "A", "Case__c": "k"})).await;
    org.make("Contact", json!({"LastName": "B", "Case__c": "K"})).await;
    let found = org.get("/sobjects/Contact/Case__c/K").await.json();
    assert_eq!(found["LastName"], "B");
}

#[tokio::test]
async fn upsert_creates_then_updates_and_says_so() {
    let org = Org::new();
    org.key_field(true);
    let made = org.patch("/sobjects/Contact/Key__c/a%2F1", json!({"LastName": "A"})).await;
    assert_eq!((made.status, &made.json()["created"]), (201, &json!(true)));
    let changed = org.patch("/sobjects/Contact/Key__c/A%2F1", json!({"FirstName": "B"})).await;
    assert_eq!((changed.status, &changed.json()["created"]), (200, &json!(false)));
    assert_eq!(changed.json()["id"], made.json()["id"]);
    assert_eq!(org.sim.records("Contact")[0].fields["Key__c"], "a/1");
    let none = org.patch("/sobjects/Contact/Key__c/zz?updateOnly=true", json!({"LastName": "A"})).await;
    assert_eq!((none.status, org.count("Contact")), (404, 1));
    let key = org.patch("/sobjects/Contact/Key__c/zz", json!({"LastName": "A", "Key__c": "zz"})).await;
    assert_eq!((key.status, key.code().as_str()), (400, "INVALID_FIELD"));
}

#[tokio::test]
async fn upsert_with_several_holders_writes_nothing_and_lists_them() {
    let org = Org::new();
    org.key_field(false);
    let one = org.make("Contact", json!({"LastName": "A", "Key__c": "k"})).await;
    org.make("Contact", json!({"LastName": "B", "Key__c": "k"})).await;
    let reply = org.patch("/sobjects/Contact/Key__c/k", json!({"LastName": "C"})).await;
    assert_eq!((reply.status, reply.json().as_array().unwrap().len()), (300, 2));
    assert_eq!(reply.json()[0], format!("/services/data/v66.0/sobjects/Contact/{one}"));
    assert!(org.sim.records("Contact").iter().all(|record| record.fields["LastName"] != "C"));
}

#[tokio::test]
async fn emails_are_stored_in_lower_case_and_texts_without_outer_blanks() {
    let org = Org::new();
    let fields = json!({"LastName": "  A b ", "Email": " Ada@X.Example", "Title": "   "});
    let id = org.make("Contact", fields).await;
    let record = org.get(&format!("/sobjects/Contact/{id}")).await.json();
    assert_eq!(record["LastName"], "A b");
    assert_eq!(record["Email"], "ada@x.example");
    assert_eq!(record["Title"], Value::Null);
}

#[tokio::test]
async fn the_parts_of_an_address_are_answered_in_one_too() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A", "MailingCity": "Cork"})).await;
    let record = org.query("SELECT MailingAddress, OtherAddress FROM Contact").await["records"][0].clone();
    assert_eq!(record["MailingAddress"]["city"], "Cork");
    assert_eq!(record["MailingAddress"]["postalCode"], Value::Null);
    assert_eq!(record["OtherAddress"], Value::Null);
    let record = org.get(&format!("/sobjects/Contact/{id}")).await.json();
    assert_eq!(record["MailingAddress"]["city"], "Cork");
}

#[tokio::test]
async fn a_record_changed_since_is_not_overwritten() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    let path = format!("/sobjects/Contact/{id}");
    let seen = org.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let header = [("If-Unmodified-Since", seen.as_str())];
    org.pass(5);
    assert_eq!(org.call("PATCH", &path, json!({"LastName": "B"}), &header).await.status, 204);
    let late = org.call("PATCH", &path, json!({"LastName": "C"}), &header).await;
    assert_eq!(late.status, 412, "{}", late.text);
    assert_eq!(org.sim.records("Contact")[0].fields["LastName"], "B");
}

#[tokio::test]
async fn a_duplicate_rule_that_warns_can_be_overruled_and_one_that_blocks_cannot() {
    let org = Org::new();
    org.make("Contact", json!({"LastName": "A", "Email": "a@x.example"})).await;
    let again = json!({"LastName": "B", "Email": "A@x.example"});
    let insist = [("Sforce-Duplicate-Rule-Header", "allowSave=true")];
    org.sim.set_duplicate_rule(DuplicateRule::Alert);
    let warned = org.post("/sobjects/Contact", again.clone()).await;
    assert_eq!((warned.status, warned.code().as_str()), (400, "DUPLICATES_DETECTED"));
    assert_eq!(warned.json()[0]["duplicateResult"]["allowSave"], true);
    assert_eq!(org.call("POST", "/sobjects/Contact", again.clone(), &insist).await.status, 201);
    org.sim.set_duplicate_rule(DuplicateRule::Block);
    let blocked = org.call("POST", "/sobjects/Contact", again, &insist).await;
    assert_eq!(blocked.json()[0]["duplicateResult"]["allowSave"], false);
    assert_eq!(org.count("Contact"), 2);
}

#[tokio::test]
async fn a_deleted_record_is_gone_for_reads_and_writes() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    let path = format!("/sobjects/Contact/{id}");
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
    assert_eq!(
        (org.get(&path).await.status, org.get(&path).await.code().as_str()),
        (404, "ENTITY_IS_DELETED")
    );
    assert_eq!(org.patch(&path, json!({"LastName": "B"})).await.status, 404);
    org.sim.undelete_record(&id).unwrap();
    assert_eq!(org.get(&path).await.status, 200);
}

#[tokio::test]
async fn describe_tells_what_a_client_needs_to_know_of_a_field() {
    let org = Org::new();
    org.key_field(true);
    let described = org.get("/sobjects/Contact/describe").await.json();
    let field = |name: &str| {
        described["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).cloned().unwrap()
    };
    let last = field("LastName");
    assert_eq!(
        (&last["nillable"], &last["createable"], &last["length"]),
        (&json!(false), &json!(true), &json!(80))
    );
    assert_eq!(field("AccountId")["referenceTo"], json!(["Account"]));
    assert_eq!(field("AccountId")["relationshipName"], "Account");
    assert_eq!(field("SystemModstamp")["updateable"], false);
    let key = field("Key__c");
    assert_eq!(
        (&key["custom"], &key["externalId"], &key["unique"]),
        (&json!(true), &json!(true), &json!(true))
    );
}

#[tokio::test]
async fn a_description_is_sent_again_only_when_it_changed() {
    let org = Org::new();
    org.pass(10);
    let seen = org.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let header = [("If-Modified-Since", seen.as_str())];
    assert_eq!(org.call("GET", "/sobjects/Contact/describe", Value::Null, &header).await.status, 304);
    org.pass(10);
    org.key_field(true);
    assert_eq!(org.call("GET", "/sobjects/Contact/describe", Value::Null, &header).await.status, 200);
}

#[tokio::test]
async fn what_changed_and_what_went_is_listed_by_minute() {
    let org = Org::new();
    let kept = org.make("Contact", json!({"LastName": "A"})).await;
    let gone = org.make("Contact", json!({"LastName": "B"})).await;
    org.call("DELETE", &format!("/sobjects/Contact/{gone}"), Value::Null, &[]).await;
    let start = org.now().checked_sub(jiff::SignedDuration::from_mins(2)).unwrap();
    org.pass(120);
    let span = format!("start={start}&end={}", org.now());
    let updated = org.get(&format!("/sobjects/Contact/updated/?{span}")).await.json();
    assert_eq!(updated["ids"], json!([kept]));
    let deleted = org.get(&format!("/sobjects/Contact/deleted/?{span}")).await.json();
    assert_eq!(deleted["deletedRecords"][0]["id"], gone);
}
