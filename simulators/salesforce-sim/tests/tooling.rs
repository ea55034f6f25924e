//! The Tooling API.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use common::{Org, encoded};
use serde_json::{Value, json};

async fn ask(org: &Org, soql: &str) -> Value {
    let reply = org.get(&format!("/tooling/query?q={}", encoded(soql))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

fn key(name: &str) -> Value {
    let metadata = json!({"label": "Key", "type": "Text", "length": 40, "externalId": true, "unique": true});
    json!({"FullName": name, "Metadata": metadata})
}

#[tokio::test]
async fn a_field_is_made_found_read_changed_and_deleted() {
    let org = Org::new();
    let made = org.post("/tooling/sobjects/CustomField", key("Account.Key__c")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let other = org.post("/tooling/sobjects/CustomField", key("Contact.Key__c")).await.json();
    assert_ne!(made.json()["id"], other["id"]);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let found = ask(
        &org,
        "SELECT Id, DeveloperName, TableEnumOrId, Metadata, EntityDefinition.QualifiedApiName FROM \
                           CustomField WHERE DeveloperName = 'Key' AND TableEnumOrId = 'Account'",
    )
    .await;
    assert_eq!((&found["size"], &found["entityTypeName"]), (&json!(1), &json!("CustomField")));
    let row = &found["records"][0];
    assert_eq!((row["Id"].as_str(), &row["Metadata"]["externalId"]), (Some(id.as_str()), &json!(true)));
    assert_eq!(row["EntityDefinition"]["QualifiedApiName"], "Account");
    assert!(row["attributes"]["url"].as_str().unwrap().contains("/tooling/sobjects/CustomField/"));
    let path = format!("/tooling/sobjects/CustomField/{id}");
    assert_eq!(org.get(&path).await.json()["FullName"], "Account.Key__c");
    let changed = org
        .patch(&path, json!({"Metadata": {"label": "Key two", "type": "Text", "length": 50}, "FullName": "Account.Key__c"}))
        .await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(org.get(&path).await.json()["Metadata"]["label"], "Key two");
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
    assert_eq!(org.get(&path).await.status, 404);
    assert_eq!(ask(&org, "SELECT Id FROM CustomField WHERE TableEnumOrId = 'Account'").await["size"], 0);
}

#[tokio::test]
async fn objects_and_fields_are_described_as_rows_on_both_sides() {
    let org = Org::new();
    let soql = "SELECT QualifiedApiName, (SELECT QualifiedApiName, DataType FROM Fields WHERE QualifiedApiName = 'Email') \
                FROM EntityDefinition WHERE QualifiedApiName = 'Contact'";
    let found = ask(&org, soql).await;
    assert_eq!(found["records"][0]["Fields"]["records"][0]["DataType"], "Email");
    let fields = org
        .query("SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Lead' AND QualifiedApiName = 'Company'")
        .await;
    assert_eq!(fields["totalSize"], 1);
}

#[tokio::test]
async fn a_page_can_be_read_and_changed() {
    let org = Org::new();
    let found = ask(&org, "SELECT Id, Metadata FROM FlexiPage WHERE EntityDefinitionId = 'Contact'").await;
    let row = found["records"][0].clone();
    let mut metadata = row["Metadata"].clone();
    metadata["masterLabel"] = json!("Another label");
    let path = format!("/tooling/sobjects/FlexiPage/{}", row["Id"].as_str().unwrap());
    assert_eq!(org.patch(&path, json!({"Metadata": metadata})).await.status, 204);
    let again = ask(&org, "SELECT MasterLabel FROM FlexiPage WHERE EntityDefinitionId = 'Contact'").await;
    assert_eq!((&again["size"], &again["records"][0]["MasterLabel"]), (&json!(1), &json!("Another label")));
    let mut missing = metadata.clone();
    missing["flexiPageRegions"][0]["itemInstances"][0]["componentInstance"]["componentName"] =
        json!("c:nothing");
    let refused = org.patch(&path, json!({"Metadata": missing})).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let layout = ask(&org, "SELECT Name, EntityDefinitionId FROM Layout WHERE Name = 'Lead Layout'").await;
    assert_eq!(layout["records"][0]["EntityDefinitionId"], "Lead");
}

#[tokio::test]
async fn an_object_of_the_orgs_own_takes_records() {
    let org = Org::new();
    let metadata = json!({
        "label": "Invoice", "pluralLabel": "Invoices", "deploymentStatus": "Deployed", "sharingModel": "ReadWrite",
        "nameField": {"label": "Invoice Name", "type": "Text"},
    });
    let made = org
        .post("/tooling/sobjects/CustomObject", json!({"FullName": "Invoice__c", "Metadata": metadata}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let lookup = json!({"label": "Account", "type": "Lookup", "referenceTo": "Account", "relationshipName": "Invoices"});
    let field = org
        .post(
            "/tooling/sobjects/CustomField",
            json!({"FullName": "Invoice__c.Account__c", "Metadata": lookup}),
        )
        .await;
    assert_eq!(field.status, 201, "{}", field.text);
    let account = org.make("Account", json!({"Name": "Acme"})).await;
    let profile = org.query("SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true").await;
    let grant = json!({
        "ParentId": profile["records"][0]["Id"], "SobjectType": "Invoice__c", "Field": "Invoice__c.Account__c",
        "PermissionsRead": true, "PermissionsEdit": true,
    });
    org.make("FieldPermissions", grant).await;
    let id = org.make("Invoice__c", json!({"Name": "I 1", "Account__c": account})).await;
    assert!(id.starts_with("a0"));
    let found = org.query("SELECT Name, Account__r.Name FROM Invoice__c").await;
    assert_eq!(found["records"][0]["Account__r"]["Name"], "Acme");
    let children = org.query("SELECT Id, (SELECT Name FROM Invoices__r) FROM Account").await;
    assert_eq!(children["records"][0]["Invoices__r"]["totalSize"], 1);
    let own = ask(&org, "SELECT DeveloperName FROM CustomObject").await;
    assert_eq!(own["records"][0]["DeveloperName"], "Invoice");
}

#[tokio::test]
async fn classes_sites_and_unknown_things() {
    let org = Org::new();
    let class = org.post("/tooling/sobjects/ApexClass", json!({"Body": "public class Greeter { }"})).await;
    assert_eq!(class.status, 201, "{}", class.text);
    let found = ask(&org, "SELECT Name, Body FROM ApexClass").await;
    assert_eq!(found["records"][0]["Name"], "Greeter");
    let site = json!({"DeveloperName": "Tandem", "EndpointUrl": "https://tandem.example", "IsActive": true, "IsApplicableToFrameSrc": true});
    assert_eq!(org.post("/tooling/sobjects/CspTrustedSite", site).await.status, 201);
    let found = ask(&org, "SELECT EndpointUrl FROM CspTrustedSite WHERE IsApplicableToFrameSrc = true").await;
    assert_eq!(found["size"], 1);
    let unknown = org.get(&format!("/tooling/query?q={}", encoded("SELECT Id FROM Nothing"))).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "INVALID_TYPE"));
    assert_eq!(org.get("/tooling/sobjects/CustomField/describe").await.json()["name"], "CustomField");
    assert_eq!(ask(&org, "SELECT Name FROM Profile").await["size"], 1, "tables are reached as well");
}
