//! Validation rules and record types as components of the org.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use axum::body::Body;
use common::{Org, Reply};
use http::Request;
use serde_json::{Value, json};

/// A call of the Metadata API.
async fn call(org: &Org, name: &str, arguments: &str) -> Reply {
    let envelope = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <e:Header xmlns=\"http://soap.sforce.com/2006/04/metadata\"><SessionHeader><sessionId>{}</sessionId></SessionHeader>\
         </e:Header><e:Body xmlns=\"http://soap.sforce.com/2006/04/metadata\"><{name}>{arguments}</{name}></e:Body></e:Envelope>",
        org.token
    );
    let request = Request::post("/services/Soap/m/66.0").header("Content-Type", "text/xml");
    org.send(request.body(Body::from(envelope)).unwrap()).await
}

fn rule(formula: &str, active: bool) -> Value {
    json!({"FullName": "Contact.Phone_Form", "Metadata": {
        "active": active, "errorConditionFormula": formula, "errorMessage": "A phone has ten digits.",
        "errorDisplayField": "Phone",
    }})
}

#[tokio::test]
async fn a_validation_rule_made_by_the_tooling_api_is_kept() {
    let org = Org::new();
    let formula = "AND(NOT(ISBLANK(Phone)), NOT(REGEX(Phone, \"(?=.*[0-9])\\\\d{10}\")))";
    let made = org.post("/tooling/sobjects/ValidationRule", rule(formula, true)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/tooling/sobjects/ValidationRule/{}", made.json()["id"].as_str().unwrap());
    let contact = |phone: &str| json!({"LastName": "A", "Phone": phone});
    let refused = org.post("/sobjects/Contact", contact("12")).await;
    assert_eq!(refused.code(), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    assert_eq!(refused.json()[0]["fields"], json!(["Phone"]));
    org.make("Contact", contact("0123456789")).await;
    // Rules of the settings stand beside it, and it can be switched off.
    assert_eq!(org.patch(&path, rule(formula, false)).await.status, 204);
    org.make("Contact", contact("12")).await;
    assert_eq!(org.patch(&path, rule(formula, true)).await.status, 204);
    org.sim.set_rules(&json!({"validation_rules": []})).unwrap();
    assert_eq!(org.post("/sobjects/Contact", contact("12")).await.status, 400);
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
    org.make("Contact", contact("12")).await;
}

#[tokio::test]
async fn a_formula_that_makes_no_sense_is_refused_when_it_is_saved() {
    let org = Org::new();
    for (formula, said) in [
        ("ISBLANK(Nope__c)", "Field Nope__c does not exist"),
        ("ISBLANK(Account.Name", "Missing ')'"),
        ("NOSUCH(Phone)", "Unknown function NOSUCH"),
        ("REGEX(Phone, \"(\")", "Invalid regular expression"),
    ] {
        let refused = org.post("/tooling/sobjects/ValidationRule", rule(formula, true)).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "FIELD_INTEGRITY_EXCEPTION"),
            "{formula}"
        );
        assert!(refused.text.contains(said), "{}", refused.text);
    }
    org.make("Contact", json!({"LastName": "A", "Phone": "1"})).await;
}

#[tokio::test]
async fn rules_know_who_writes_and_which_record_type() {
    let org = Org::new();
    let rules = json!([
        {"object": "Account", "condition": "$User.Username <> 'ida.field@lantern.example' && ISPICKVAL(Rating, 'Hot')",
         "message": "Only Ida says what is hot."},
        {"object": "Account", "condition": "$RecordType.DeveloperName = 'Partner' && ISBLANK(Website)", "message": "Partners have one."},
    ]);
    org.sim.set_rules(&json!({"validation_rules": rules})).unwrap();
    let refused = org.post("/sobjects/Account", json!({"Name": "A", "Rating": "Hot"})).await;
    assert_eq!(refused.json()[0]["message"], "Only Ida says what is hot.");
    let fields = json!({"Name": "A", "Rating": "Hot"}).as_object().unwrap().clone();
    org.sim.create_record("Account", fields).unwrap();
    let partner = org.sim.ensure_record_type("Account", "Partner", "Partner").unwrap();
    let refused = org.post("/sobjects/Account", json!({"Name": "B", "RecordTypeId": partner})).await;
    assert_eq!(refused.json()[0]["message"], "Partners have one.");
}

#[tokio::test]
async fn a_record_type_can_be_chosen_once_a_profile_shows_it() {
    let org = Org::new();
    let made = call(
        &org,
        "createMetadata",
        "<metadata xsi:type=\"RecordType\"><fullName>Account.Partner</fullName><active>true</active><label>Partner account</label></metadata>",
    )
    .await;
    assert!(made.text.contains("<success>true</success>"), "{}", made.text);
    let found = org.query("SELECT Id, Name, IsActive FROM RecordType WHERE SobjectType = 'Account'").await;
    let (id, name) = (&found["records"][0]["Id"], &found["records"][0]["Name"]);
    assert_eq!(name, "Partner account");
    let account = json!({"Name": "A", "RecordTypeId": id});
    assert_eq!(org.post("/sobjects/Account", account.clone()).await.code(), "INVALID_CROSS_REFERENCE_KEY");
    let shown = call(
        &org,
        "updateMetadata",
        "<metadata xsi:type=\"Profile\"><fullName>Admin</fullName><recordTypeVisibilities><default>true</default>\
         <recordType>Account.Partner</recordType><visible>true</visible></recordTypeVisibilities></metadata>",
    )
    .await;
    assert!(shown.text.contains("<success>true</success>"), "{}", shown.text);
    org.make("Account", account).await;
    let default = org.make("Account", json!({"Name": "B"})).await;
    assert_eq!(&org.get(&format!("/sobjects/Account/{default}")).await.json()["RecordTypeId"], id);
    let gone =
        call(&org, "deleteMetadata", "<type>RecordType</type><fullNames>Account.Partner</fullNames>").await;
    assert!(gone.text.contains("<success>true</success>"), "{}", gone.text);
    assert_eq!(org.query("SELECT Id FROM RecordType WHERE SobjectType = 'Account'").await["totalSize"], 0);
    org.make("Account", json!({"Name": "C"})).await;
}
