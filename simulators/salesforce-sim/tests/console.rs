//! The org's own pages: records with all that belongs to them, the recycle bin, the embed window.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;
#[path = "common/zip.rs"]
mod zips;

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use common::Org;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use serde_json::{Value, json};
use sha2::Sha256;
use zips::{manifest, zip};

#[tokio::test]
async fn a_record_shows_what_belongs_to_it() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "Acme"})).await;
    let contact = org.make("Contact", json!({"LastName": "Byron", "AccountId": account})).await;
    org.make("Task", json!({"Subject": "Call back", "WhoId": contact, "ActivityDate": "2026-10-01"})).await;
    let page = org.page(&format!("/_sim/console/Contact/{contact}")).await;
    assert!(
        page.text.contains(&format!("<a href=\"/_sim/console/Account/{account}\">Acme</a>")),
        "{}",
        page.text
    );
    assert!(page.text.contains("Call back") && page.text.contains("2026-10-01"));
    let page = org.page(&format!("/_sim/console/Account/{account}")).await;
    assert!(page.text.contains("Contacts (1)") && page.text.contains(">Byron</a>"), "{}", page.text);
    assert!(!page.text.contains("<iframe"));
}

#[tokio::test]
async fn a_record_is_edited_as_whoever_is_chosen() {
    let org = Org::new();
    let contact = org.make("Contact", json!({"LastName": "Byron"})).await;
    let path = format!("/_sim/console/Contact/{contact}");
    let user = org.sim.access().user_id;
    org.form(&path, &[("Title", "Analyst")]).await;
    assert_ne!(org.sim.record("Contact", &contact).unwrap().last_modified_by, user);
    org.form(&path, &[("Title", "Countess"), ("as_user", &user)]).await;
    let record = org.sim.record("Contact", &contact).unwrap();
    assert_eq!((record.last_modified_by, &record.fields["Title"]), (user, &json!("Countess")));
}

#[tokio::test]
async fn what_is_deleted_can_be_taken_out_of_the_bin() {
    let org = Org::new();
    let contact = org.make("Contact", json!({"LastName": "Byron"})).await;
    assert!(org.page("/_sim/console/bin").await.text.contains("Nothing is in it"));
    org.form(&format!("/_sim/console/Contact/{contact}/delete"), &[]).await;
    assert!(org.page("/_sim/console/bin").await.text.contains("Byron"));
    let back = org.form(&format!("/_sim/console/bin/{contact}"), &[]).await;
    assert_eq!(back.headers["location"], format!("/_sim/console/Contact/{contact}"));
    assert_eq!(org.count("Contact"), 1);
    assert_eq!(org.form(&format!("/_sim/console/bin/{contact}"), &[]).await.status, 404);
}

async fn deploy(org: &Org, files: &[(&str, &str)]) {
    let zip = BASE64_STANDARD.encode(zip(files));
    let envelope = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
         <SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
         <deploy><ZipFile>{zip}</ZipFile><DeployOptions><singlePackage>true</singlePackage></DeployOptions></deploy></e:Body></e:Envelope>",
        org.token
    );
    let started = org.send(Request::post("/services/Soap/m/66.0").body(Body::from(envelope)).unwrap()).await;
    assert_eq!(started.status, 200, "{}", started.text);
    org.pass(10);
    let id = started.text.split_once("<id>").unwrap().1.split_once("</id>").unwrap().0;
    let result = org.get(&format!("/metadata/deployRequest/{id}?includeDetails=true")).await;
    assert_eq!(result.json()["deployResult"]["status"], "Succeeded", "{}", result.text);
}

#[tokio::test]
async fn the_embed_window_opens_with_a_token_for_user_and_record() {
    let org = Org::new();
    let contact = org.make("Contact", json!({"LastName": "Byron"})).await;
    let path = format!("/_sim/console/Contact/{contact}");
    let page = "<FlexiPage xmlns=\"http://soap.sforce.com/2006/04/metadata\"><flexiPageRegions><itemInstances><componentInstance>\
                <componentName>c:tandemEmbed</componentName></componentInstance></itemInstances><name>sidebar</name>\
                <type>Region</type></flexiPageRegions><masterLabel>Contact</masterLabel><sobjectType>Contact</sobjectType>\
                <type>RecordPage</type></FlexiPage>";
    let record = "<CustomMetadata xmlns=\"http://soap.sforce.com/2006/04/metadata\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                  xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><label>Default</label><protected>true</protected><values>\
                  <field>Secret__c</field><value xsi:type=\"xsd:string\">s3cret</value></values><values><field>Url__c</field>\
                  <value xsi:type=\"xsd:string\">https://tandem.example/embed?o={object}</value></values></CustomMetadata>";
    let meta = "<LightningComponentBundle xmlns=\"http://soap.sforce.com/2006/04/metadata\"><isExposed>true</isExposed></LightningComponentBundle>";
    let named = manifest(&[
        ("LightningComponentBundle", &["tandemEmbed"]),
        ("FlexiPage", &["Contact_Record_Page"]),
        ("CustomMetadata", &["Tandem_Embed.Default"]),
    ]);
    deploy(
        &org,
        &[
            ("package.xml", &named),
            ("flexipages/Contact_Record_Page.flexipage", page),
            ("customMetadata/Tandem_Embed.Default.md", record),
            ("lwc/tandemEmbed/tandemEmbed.js", "x"),
            ("lwc/tandemEmbed/tandemEmbed.js-meta.xml", meta),
        ],
    )
    .await;
    let blocked = org.page(&path).await;
    assert!(
        blocked.text.contains("CSP Trusted Sites") && !blocked.text.contains("<iframe"),
        "{}",
        blocked.text
    );
    let site = json!({"DeveloperName": "Tandem", "EndpointUrl": "https://tandem.example", "IsActive": true, "IsApplicableToFrameSrc": true});
    assert_eq!(org.post("/tooling/sobjects/CspTrustedSite", site).await.status, 201);
    let shown = org.page(&path).await;
    let address = shown.text.split_once("src=\"https://tandem.example/embed?o=Contact&amp;token=").unwrap().1;
    let token = address.split_once('"').unwrap().0;
    let (payload, signature) = token.split_once('.').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
    mac.update(payload.as_bytes());
    mac.verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!((&claims["record"], &claims["object"]), (&json!(contact), &json!("Contact")));
    assert_eq!(claims["org"], org.sim.access().org_id);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
}

#[tokio::test]
async fn a_lead_is_converted() {
    let org = Org::new();
    let lead = org.make("Lead", json!({"LastName": "Byron", "Company": "Engines"})).await;
    let path = format!("/_sim/console/Lead/{lead}/convert");
    let page = org.page(&path).await;
    assert!(
        page.text.contains("Closed - Converted") && page.text.contains("New account: Engines"),
        "{}",
        page.text
    );
    let wrong = org.form(&path, &[("status", "Nonsense")]).await;
    assert!(wrong.text.contains("role=alert"), "{}", wrong.text);
    let done = org.form(&path, &[("status", "Closed - Converted"), ("without", "yes")]).await;
    assert!(done.headers["location"].to_str().unwrap().starts_with("/_sim/console/Contact/003"));
    assert_eq!((org.count("Account"), org.count("Opportunity")), (1, 0));
    assert_eq!(org.query("SELECT IsConverted FROM Lead").await["records"][0]["IsConverted"], true);
}

#[tokio::test]
async fn two_contacts_become_one_that_keeps_the_chosen_values() {
    let org = Org::new();
    let one = org.make("Contact", json!({"LastName": "Byron", "Title": "Analyst"})).await;
    let two = org.make("Contact", json!({"LastName": "Byron", "Title": "Countess", "Phone": "1"})).await;
    let path = format!("/_sim/console/Contact/{one}/merge");
    let page = org.page(&format!("{path}?with={two}")).await;
    assert!(page.text.contains("Countess") && page.text.contains("Analyst"), "{}", page.text);
    org.form(&path, &[("with", &two), ("master", &one), ("Title", &two), ("Phone", &one)]).await;
    let left = org.query("SELECT Id, Title, Phone FROM Contact").await;
    assert_eq!(left["totalSize"], 1);
    assert_eq!(left["records"][0]["Title"], "Countess");
    assert_eq!(left["records"][0]["Phone"], Value::Null);
}
