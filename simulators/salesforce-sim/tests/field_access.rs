//! Field-level security: what profiles and permission sets grant decides what the connected user sees and changes.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use common::{Org, encoded};
use http::Request;
use serde_json::{Value, json};

async fn set(org: &Org, settings: Value) {
    let request = Request::post("/_sim/settings").header("Content-Type", "application/json");
    let reply = org.send(request.body(settings.to_string().into()).unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// The grant of the administrators' profile for a field.
async fn grant(org: &Org, field: &str) -> String {
    let soql =
        format!("SELECT Id FROM FieldPermissions WHERE Field = '{field}' AND Parent.IsOwnedByProfile = true");
    let found = org.query(&soql).await;
    assert_eq!(found["totalSize"], 1, "{found}");
    format!("/sobjects/FieldPermissions/{}", found["records"][0]["Id"].as_str().unwrap())
}

/// The id of the administrators' permission set.
async fn profile_set(org: &Org) -> String {
    let found = org.query("SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true").await;
    found["records"][0]["Id"].as_str().unwrap().to_owned()
}

async fn described(org: &Org, field: &str) -> Option<Value> {
    let fields = org.get("/sobjects/Contact/describe").await.json()["fields"].take();
    fields.as_array().unwrap().iter().find(|own| own["name"] == field).cloned()
}

async fn asks(org: &Org, field: &str) -> u16 {
    org.get(&format!("/query?q={}", encoded(&format!("SELECT {field} FROM Contact")))).await.status
}

async fn tooling_field(org: &Org, name: &str) {
    let body = json!({"FullName": format!("Contact.{name}"), "Metadata": {"label": "Key", "type": "Text", "length": 20}});
    let made = org.post("/tooling/sobjects/CustomField", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

#[tokio::test]
async fn a_grant_makes_a_field_read_only_or_hides_it() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A", "Phone": "1"})).await;
    let path = format!("/sobjects/Contact/{id}");
    let row = grant(&org, "Contact.Phone").await;
    assert_eq!(described(&org, "Phone").await.unwrap()["updateable"], true);

    assert_eq!(org.patch(&row, json!({"PermissionsEdit": false})).await.status, 204);
    assert_eq!(described(&org, "Phone").await.unwrap()["updateable"], false);
    assert_eq!(org.patch(&path, json!({"Phone": "2"})).await.code(), "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(org.get(&path).await.json()["Phone"], "1");

    org.patch(&row, json!({"PermissionsRead": false})).await;
    assert!(described(&org, "Phone").await.is_none());
    assert_eq!((asks(&org, "Phone").await, asks(&org, "LastName").await), (400, 200));
    assert!(org.get(&path).await.json().get("Phone").is_none());
    assert_eq!(org.patch(&path, json!({"Phone": "2"})).await.code(), "INVALID_FIELD");

    org.call("DELETE", &row, Value::Null, &[]).await;
    assert!(described(&org, "Phone").await.is_none());
    let again = json!({"ParentId": profile_set(&org).await, "SobjectType": "Contact", "Field": "Contact.Phone",
                       "PermissionsRead": true, "PermissionsEdit": true});
    org.make("FieldPermissions", again).await;
    assert_eq!(org.patch(&path, json!({"Phone": "2"})).await.status, 204);
}

#[tokio::test]
async fn parts_of_an_address_follow_the_address() {
    let org = Org::new();
    let row = grant(&org, "Contact.MailingAddress").await;
    org.patch(&row, json!({"PermissionsEdit": false, "PermissionsRead": false})).await;
    assert_eq!((asks(&org, "MailingCity").await, asks(&org, "MailingAddress").await), (400, 400));
    assert_eq!(asks(&org, "OtherCity").await, 200);
}

#[tokio::test]
async fn a_field_made_through_the_api_is_seen_once_it_is_granted() {
    let org = Org::new();
    tooling_field(&org, "Key__c").await;
    assert_eq!(asks(&org, "Key__c").await, 400);
    let refused = org.post("/sobjects/Contact", json!({"LastName": "A", "Key__c": "k"})).await;
    assert_eq!(refused.code(), "INVALID_FIELD");
    // A permission set grants it to those who have it.
    let set = org.make("PermissionSet", json!({"Name": "Sync", "Label": "Sync"})).await;
    let mut row = json!({"ParentId": set, "SobjectType": "Contact", "Field": "Contact.Key__c", "PermissionsRead": true,
                         "PermissionsEdit": true});
    org.make("FieldPermissions", row.clone()).await;
    assert_eq!(asks(&org, "Key__c").await, 400);
    let assigned = json!({"PermissionSetId": set, "AssigneeId": org.sim.access().user_id});
    let assignment = org.make("PermissionSetAssignment", assigned).await;
    org.make("Contact", json!({"LastName": "A", "Key__c": "k"})).await;
    assert_eq!(asks(&org, "Key__c").await, 200);
    let twin = org.post("/sobjects/FieldPermissions", row.clone()).await;
    assert_eq!(twin.code(), "DUPLICATE_VALUE");
    org.call("DELETE", &format!("/sobjects/PermissionSetAssignment/{assignment}"), Value::Null, &[]).await;
    assert_eq!(asks(&org, "Key__c").await, 400);
    // What everybody sees, and what is not there, cannot be granted.
    for field in ["Contact.LastName", "Contact.Nope__c"] {
        row["Field"] = json!(field);
        let refused = org.post("/sobjects/FieldPermissions", row.clone()).await;
        assert_eq!(refused.code(), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "{field}");
    }
}

#[tokio::test]
async fn fields_made_on_the_setup_pages_are_granted_and_an_org_can_do_so_for_all() {
    let org = Org::new();
    set(&org, json!({"custom_fields": [{"object": "Contact", "fullName": "Score__c", "type": "Number", "label": "Score"}]}))
        .await;
    assert_eq!(asks(&org, "Score__c").await, 200);
    grant(&org, "Contact.Score__c").await;
    set(&org, json!({"grant_new_fields": true})).await;
    tooling_field(&org, "Key__c").await;
    assert_eq!(asks(&org, "Key__c").await, 200);
    // Somebody else's profile of their own keeps the grants.
    set(&org, json!({"user_permissions": {"ViewSetup": true}})).await;
    assert_eq!((asks(&org, "Key__c").await, asks(&org, "Phone").await), (200, 200));
}

#[tokio::test]
async fn what_is_taken_back_takes_its_grant_along() {
    let org = Org::new();
    tooling_field(&org, "Key__c").await;
    let grant = json!({"attributes": {"type": "FieldPermissions"}, "ParentId": profile_set(&org).await,
                       "SobjectType": "Contact", "Field": "Contact.Key__c", "PermissionsRead": true, "PermissionsEdit": true});
    let bad = json!({"attributes": {"type": "Contact"}, "FirstName": "Nobody"});
    let both = json!({"allOrNone": true, "records": [grant, bad]});
    let done = org.post("/composite/sobjects", both).await.json();
    assert_eq!(done[0]["success"], false, "{done}");
    assert_eq!(asks(&org, "Key__c").await, 400);
}
