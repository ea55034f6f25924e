//! The Metadata API: components one by one over SOAP.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use axum::body::Body;
use common::{Org, Reply};
use http::Request;
use serde_json::json;

/// A call of the Metadata API with a session.
async fn call(org: &Org, name: &str, arguments: &str) -> Reply {
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <soapenv:Header xmlns=\"http://soap.sforce.com/2006/04/metadata\"><SessionHeader><sessionId>{}</sessionId>\
         </SessionHeader></soapenv:Header><soapenv:Body xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
         <{name}>{arguments}</{name}></soapenv:Body></soapenv:Envelope>",
        org.token
    );
    let request = Request::post("/services/Soap/m/66.0").header("Content-Type", "text/xml");
    org.send(request.body(Body::from(envelope)).unwrap()).await
}

fn field(name: &str, more: &str) -> String {
    format!(
        "<metadata xsi:type=\"CustomField\"><fullName>{name}</fullName><label>Key</label><type>Text</type>\
         <length>40</length>{more}</metadata>"
    )
}

#[tokio::test]
async fn a_field_is_made_read_changed_and_deleted() {
    let org = Org::new();
    let made = call(&org, "createMetadata", &field("Contact.Key__c", "<externalId>true</externalId>")).await;
    assert!(made.text.contains("<success>true</success>"), "{}", made.text);
    let unseen = org.post("/sobjects/Contact", json!({"LastName": "A", "Key__c": "k1"})).await;
    assert_eq!(unseen.code(), "INVALID_FIELD");
    let profile = "<metadata xsi:type=\"Profile\"><fullName>Admin</fullName><fieldPermissions><editable>true</editable>\
                   <field>Contact.Key__c</field><readable>true</readable></fieldPermissions></metadata>";
    let granted = call(&org, "updateMetadata", profile).await;
    assert!(granted.text.contains("<success>true</success>"), "{}", granted.text);
    org.make("Contact", json!({"LastName": "A", "Key__c": "k1"})).await;
    let again = call(&org, "createMetadata", &field("Contact.Key__c", "")).await;
    assert!(again.text.contains("DUPLICATE_DEVELOPER_NAME"), "{}", again.text);
    let read =
        call(&org, "readMetadata", "<type>CustomField</type><fullNames>Contact.Key__c</fullNames>").await;
    assert!(
        read.text.contains("<records xsi:type=\"CustomField\"><fullName>Contact.Key__c</fullName>"),
        "{}",
        read.text
    );
    assert!(read.text.contains("<externalId>true</externalId>") && read.text.contains("<length>40</length>"));
    let longer = field("Contact.Key__c", "").replace("40", "80");
    let changed = call(&org, "updateMetadata", &longer).await;
    assert!(changed.text.contains("<success>true</success>"), "{}", changed.text);
    let fields = org.get("/sobjects/Contact/describe").await.json();
    let fields = fields["fields"].as_array().unwrap().clone();
    assert_eq!(fields.iter().find(|field| field["name"] == "Key__c").unwrap()["length"], 80);
    let gone =
        call(&org, "deleteMetadata", "<type>CustomField</type><fullNames>Contact.Key__c</fullNames>").await;
    assert!(gone.text.contains("<success>true</success>"), "{}", gone.text);
    let nothing =
        call(&org, "readMetadata", "<type>CustomField</type><fullNames>Contact.Key__c</fullNames>").await;
    assert!(nothing.text.contains("<records xsi:nil=\"true\"/>"), "{}", nothing.text);
    let found = org.query("SELECT LastName FROM Contact").await;
    assert_eq!(found["records"][0]["LastName"], "A", "other fields keep what they hold");
}

#[tokio::test]
async fn an_upsert_says_whether_it_made_something() {
    let org = Org::new();
    let made = call(&org, "upsertMetadata", &field("Lead.Key__c", "")).await;
    assert!(made.text.contains("<created>true</created>"), "{}", made.text);
    let kept = call(&org, "upsertMetadata", &field("Lead.Key__c", "")).await;
    assert!(kept.text.contains("<created>false</created>"), "{}", kept.text);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_reason() {
    let org = Org::new();
    let no_object = call(&org, "createMetadata", &field("Nothing__c.Key__c", "")).await;
    assert!(
        no_object.text.contains("<success>false</success>") && no_object.text.contains("Cannot Be Found")
    );
    let bad_kind = call(&org, "listMetadata", "<queries><type>Nonsense</type></queries>").await;
    assert_eq!(bad_kind.status, 500);
    assert!(bad_kind.text.contains("<faultcode>sf:INVALID_TYPE</faultcode>"), "{}", bad_kind.text);
    let eleven: String = (0..11).map(|at| field(&format!("Contact.K{at}__c"), "")).collect();
    let many = call(&org, "createMetadata", &eleven).await;
    assert!(many.text.contains("EXCEEDED_ID_LIMIT"), "{}", many.text);
    let mut stranger = Org::new();
    stranger.token = "00Dnobody!x".to_owned();
    let refused = call(&stranger, "describeMetadata", "").await;
    assert!(refused.text.contains("<faultcode>sf:INVALID_SESSION_ID</faultcode>"), "{}", refused.text);
}

#[tokio::test]
async fn a_permission_set_and_its_rows_say_the_same() {
    let org = Org::new();
    let set = "<metadata xsi:type=\"PermissionSet\"><fullName>Tandem</fullName><label>Tandem</label>\
               <fieldPermissions><editable>true</editable><field>Contact.Title</field><readable>true</readable></fieldPermissions>\
               <userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions></metadata>";
    let made = call(&org, "createMetadata", set).await;
    assert!(made.text.contains("<success>true</success>"), "{}", made.text);
    let rows = org
        .query(
            "SELECT Id, PermissionsApiEnabled, PermissionsViewSetup FROM PermissionSet WHERE Name = 'Tandem'",
        )
        .await;
    let row = rows["records"][0].clone();
    assert_eq!((&row["PermissionsApiEnabled"], &row["PermissionsViewSetup"]), (&json!(true), &json!(false)));
    let id = row["Id"].as_str().unwrap();
    let fields = org
        .query(&format!("SELECT Field, PermissionsEdit FROM FieldPermissions WHERE ParentId = '{id}'"))
        .await;
    assert_eq!(fields["records"][0]["Field"], "Contact.Title");
    org.patch(&format!("/sobjects/PermissionSet/{id}"), json!({"PermissionsViewSetup": true})).await;
    let read = call(&org, "readMetadata", "<type>PermissionSet</type><fullNames>Tandem</fullNames>").await;
    assert!(
        read.text.contains("<name>ViewSetup</name>") && read.text.contains("<field>Contact.Title</field>")
    );
    let bad = set.replace("Contact.Title", "Contact.Nothing__c");
    let refused = call(&org, "updateMetadata", &bad).await;
    assert!(refused.text.contains("no CustomField named Contact.Nothing__c found"), "{}", refused.text);
}

#[tokio::test]
async fn an_org_lists_the_pages_it_has_from_the_start() {
    let org = Org::new();
    let layouts = call(
        &org,
        "listMetadata",
        "<queries><type>Layout</type></queries><queries><type>FlexiPage</type></queries>",
    )
    .await;
    for name in ["Contact-Contact Layout", "Lead-Lead Layout", "Opportunity_Record_Page"] {
        assert!(layouts.text.contains(&format!("<fullName>{name}</fullName>")), "{name}: {}", layouts.text);
    }
    let layout =
        call(&org, "readMetadata", "<type>Layout</type><fullNames>Contact-Contact Layout</fullNames>").await;
    assert!(layout.text.contains("<behavior>Required</behavior><field>LastName</field>"), "{}", layout.text);
    let described = call(&org, "describeMetadata", "<asOfVersion>66.0</asOfVersion>").await;
    assert!(described.text.contains("<xmlName>LightningComponentBundle</xmlName>"));
}
