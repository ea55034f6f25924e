//! Deploying packages and retrieving them.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;
#[path = "common/zip.rs"]
mod zips;

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{Org, V};
use http::Request;
use serde_json::{Value, json};
use zips::{manifest, unzip, zip};

const OBJECT: &str = "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fields><fullName>Tandem__c</fullName>\
    <label>Tandem</label><type>Text</type><length>20</length></fields></CustomObject>";
const SET: &str = "<PermissionSet xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>Tandem</label><fieldPermissions>\
    <editable>true</editable><field>Contact.Tandem__c</field><readable>true</readable></fieldPermissions></PermissionSet>";

/// Starts a deployment and answers its id.
async fn start(org: &Org, zip: &[u8], options: Value) -> String {
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"p.zip\"\r\nContent-Type: application/zip\r\n\r\n",
        json!({"deployOptions": options})
    );
    let body = [head.as_bytes(), zip, b"\r\n--b--\r\n"].concat();
    let request = Request::post(format!("{V}/metadata/deployRequest"))
        .header("Authorization", format!("Bearer {}", org.token))
        .header("Content-Type", "multipart/form-data; boundary=b");
    let reply = org.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json()["deployResult"]["status"], "Pending");
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn status(org: &Org, id: &str) -> Value {
    let reply = org.get(&format!("/metadata/deployRequest/{id}?includeDetails=true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["deployResult"].clone()
}

/// Deploys and answers the end.
async fn deploy(org: &Org, zip: &[u8], options: Value) -> Value {
    let id = start(org, zip, options).await;
    assert_eq!(status(org, &id).await["status"], "InProgress");
    status(org, &id).await
}

async fn has_field(org: &Org) -> bool {
    let soql = "SELECT Id FROM CustomField WHERE DeveloperName = 'Tandem'";
    org.get(&format!("/tooling/query?q={}", common::encoded(soql))).await.json()["size"] == 1
}

fn package() -> Vec<u8> {
    let named = manifest(&[("CustomField", &["Contact.Tandem__c"]), ("PermissionSet", &["Tandem"])]);
    zip(&[
        ("package.xml", &named),
        ("objects/Contact.object", OBJECT),
        ("permissionsets/Tandem.permissionset", SET),
    ])
}

#[tokio::test]
async fn what_is_deployed_is_in_the_org() {
    let org = Org::new();
    let result = deploy(&org, &package(), json!({"singlePackage": true})).await;
    assert_eq!((&result["status"], &result["success"]), (&json!("Succeeded"), &json!(true)), "{result}");
    let names: Vec<&str> = result["details"]["componentSuccesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["fullName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["package.xml", "Contact.Tandem__c", "Tandem"]);
    assert!(has_field(&org).await);
    let set = org.query("SELECT Id FROM FieldPermissions WHERE Field = 'Contact.Tandem__c'").await;
    assert_eq!(set["totalSize"], 1);
}

#[tokio::test]
async fn a_check_changes_nothing_and_can_be_deployed_later() {
    let org = Org::new();
    let id = start(&org, &package(), json!({"checkOnly": true})).await;
    status(&org, &id).await;
    assert_eq!(status(&org, &id).await["status"], "Succeeded");
    assert!(!has_field(&org).await);
    let quick = org.post("/metadata/deployRequest", json!({"validatedDeployRequestId": id})).await;
    assert_eq!(quick.status, 201, "{}", quick.text);
    org.pass(10);
    assert!(has_field(&org).await, "it is carried out even if nobody asks");
}

#[tokio::test]
async fn one_failure_takes_everything_back_unless_told_otherwise() {
    let org = Org::new();
    let bad = SET.replace("Contact.Tandem__c", "Contact.Other__c");
    let named = manifest(&[("CustomField", &["Contact.Tandem__c"]), ("PermissionSet", &["Tandem"])]);
    let files = zip(&[
        ("package.xml", &named),
        ("objects/Contact.object", OBJECT),
        ("permissionsets/Tandem.permissionset", &bad),
    ]);
    let result = deploy(&org, &files, json!({"rollbackOnError": true})).await;
    assert_eq!(
        (&result["status"], &result["numberComponentErrors"]),
        (&json!("Failed"), &json!(1)),
        "{result}"
    );
    let failure = &result["details"]["componentFailures"][0];
    assert_eq!(
        (&failure["componentType"], &failure["problemType"]),
        (&json!("PermissionSet"), &json!("Error"))
    );
    assert!(!has_field(&org).await);
    let partial = deploy(&org, &files, json!({"rollbackOnError": false})).await;
    assert_eq!(partial["status"], "SucceededPartial");
    assert!(has_field(&org).await);
}

#[tokio::test]
async fn destructive_changes_delete() {
    let org = Org::new();
    deploy(&org, &package(), json!({})).await;
    let gone = manifest(&[("PermissionSet", &["Tandem"]), ("CustomField", &["Contact.Tandem__c"])]);
    let files = zip(&[("p/package.xml", &manifest(&[])), ("p/destructiveChanges.xml", &gone)]);
    let result = deploy(&org, &files, json!({})).await;
    assert_eq!(result["status"], "Succeeded", "{result}");
    assert_eq!(result["details"]["componentSuccesses"][1]["deleted"], true);
    assert!(!has_field(&org).await);
    let again = deploy(&org, &files, json!({})).await;
    assert_eq!((&again["status"], &again["numberComponentErrors"]), (&json!("Failed"), &json!(2)));
    let ignoring = deploy(&org, &files, json!({"ignoreWarnings": true})).await;
    assert_eq!(ignoring["status"], "Succeeded");
}

#[tokio::test]
async fn a_deployment_can_be_cancelled_before_it_ends() {
    let org = Org::new();
    let id = start(&org, &package(), json!({})).await;
    let cancel = org
        .patch(&format!("/metadata/deployRequest/{id}"), json!({"deployResult": {"status": "Canceling"}}))
        .await;
    assert_eq!((cancel.status, &cancel.json()["deployResult"]["status"]), (202, &json!("Canceling")));
    let result = status(&org, &id).await;
    assert_eq!((&result["status"], &result["done"]), (&json!("Canceled"), &json!(true)));
    assert!(!has_field(&org).await);
}

#[tokio::test]
async fn what_is_no_package_fails_with_its_reason() {
    let org = Org::new();
    let result = deploy(&org, b"no zip", json!({})).await;
    assert_eq!(result["status"], "Failed");
    let result = deploy(&org, &zip(&[("readme.txt", "x")]), json!({})).await;
    assert_eq!(result["errorMessage"], "No package.xml found");
    let unnamed = zip(&[("package.xml", &manifest(&[])), ("permissionsets/Tandem.permissionset", SET)]);
    let result = deploy(&org, &unnamed, json!({})).await;
    assert_eq!(result["details"]["componentFailures"][0]["problem"], "Not in package.xml");
    let absent = zip(&[("package.xml", &manifest(&[("ApexClass", &["Gone"])]))]);
    let result = deploy(&org, &absent, json!({})).await;
    assert!(
        result["details"]["componentFailures"][0]["problem"]
            .as_str()
            .unwrap()
            .contains("was not found in zipped")
    );
}

#[tokio::test]
async fn a_page_with_a_component_is_retrieved_as_it_was_deployed() {
    let org = Org::new();
    let meta = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LightningComponentBundle xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
                <isExposed>true</isExposed>\n</LightningComponentBundle>\n";
    let page = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FlexiPage xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
                <flexiPageRegions>\n        <itemInstances>\n            <componentInstance>\n                \
                <componentName>tandemEmbed</componentName>\n            </componentInstance>\n        </itemInstances>\n        \
                <name>sidebar</name>\n        <type>Region</type>\n    </flexiPageRegions>\n    \
                <masterLabel>Contact with Tandem</masterLabel>\n    <sobjectType>Contact</sobjectType>\n    \
                <type>RecordPage</type>\n</FlexiPage>\n";
    let named =
        manifest(&[("LightningComponentBundle", &["tandemEmbed"]), ("FlexiPage", &["Contact_Record_Page"])]);
    let files = zip(&[
        ("package.xml", &named),
        ("flexipages/Contact_Record_Page.flexipage", page),
        ("lwc/tandemEmbed/tandemEmbed.js", "export default class {}"),
        ("lwc/tandemEmbed/tandemEmbed.html", "<template></template>"),
        ("lwc/tandemEmbed/tandemEmbed.js-meta.xml", meta),
    ]);
    let result = deploy(&org, &files, json!({})).await;
    assert_eq!(result["status"], "Succeeded", "{result}");
    let envelope = |inside: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
             <SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
             {inside}</e:Body></e:Envelope>",
            org.token
        )
    };
    let ask = async |inside: String| {
        org.send(Request::post("/services/Soap/m/66.0").body(Body::from(envelope(&inside))).unwrap())
            .await
            .text
    };
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap();
        rest.split_once(&format!("</{tag}>")).unwrap().0.to_owned()
    };
    let wanted = "<types><members>*</members><name>LightningComponentBundle</name></types><types>\
                  <members>Contact_Record_Page</members><members>Nope</members><name>FlexiPage</name></types><version>66.0</version>";
    let started = ask(format!(
        "<retrieve><retrieveRequest><apiVersion>66.0</apiVersion><unpackaged>{wanted}</unpackaged></retrieveRequest></retrieve>"
    ))
    .await;
    let id = between(&started, "id");
    let check = format!("<checkRetrieveStatus><asyncProcessId>{id}</asyncProcessId></checkRetrieveStatus>");
    assert!(ask(check.clone()).await.contains("<done>false</done>"));
    let done = ask(check).await;
    assert!(done.contains("named &apos;Nope&apos; cannot be found"), "{done}");
    let got = unzip(&BASE64_STANDARD.decode(between(&done, "zipFile")).unwrap());
    assert_eq!(got["unpackaged/flexipages/Contact_Record_Page.flexipage"], page);
    assert_eq!(got["unpackaged/lwc/tandemEmbed/tandemEmbed.js-meta.xml"], meta);
    assert_eq!(got["unpackaged/lwc/tandemEmbed/tandemEmbed.js"], "export default class {}");
    assert!(got["unpackaged/package.xml"].contains("<members>tandemEmbed</members>"));
}
