//! What an org's administrator has decided, as a client meets it.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use common::{Org, Reply};
use serde_json::{Value, json};

async fn set(org: &Org, settings: Value) {
    let reply = try_set(org, settings).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

async fn try_set(org: &Org, settings: Value) -> Reply {
    let request = http::Request::post("/_sim/settings").header("Content-Type", "application/json");
    org.send(request.body(axum::body::Body::from(settings.to_string())).unwrap()).await
}

/// Code, message and fields of the only error.
fn error(reply: &Reply) -> (String, String, Value) {
    let errors = reply.json();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{}", reply.text);
    let text = |key: &str| errors[0][key].as_str().unwrap_or_default().to_owned();
    (text("errorCode"), text("message"), errors[0]["fields"].clone())
}

fn says(code: &str, message: &str, fields: Value) -> (String, String, Value) {
    (code.to_owned(), message.to_owned(), fields)
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_in_the_platform_s_words() {
    let org = Org::new();
    let contact = |fields: Value| org.post("/sobjects/Contact", fields);
    assert_eq!(
        error(&contact(json!({"FirstName": "A"})).await),
        says("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", json!(["LastName"]))
    );
    let long = "x".repeat(41);
    assert_eq!(
        error(&contact(json!({"LastName": "A", "FirstName": long})).await),
        says(
            "STRING_TOO_LONG",
            &format!("First Name: data value too large: {long} (max length=40)"),
            json!(["FirstName"])
        )
    );
    let bad = org.post("/sobjects/Account", json!({"Name": "A", "CleanStatus": "Shiny"})).await;
    assert_eq!(
        error(&bad),
        says(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Clean Status: bad value for restricted picklist field: Shiny",
            json!(["CleanStatus"])
        )
    );
    let bad = org.post("/sobjects/Account", json!({"Name": "A", "NumberOfEmployees": 1_000_000_000})).await;
    assert_eq!(error(&bad).0, "NUMBER_OUTSIDE_VALID_RANGE");
    let account = org.make("Account", json!({"Name": "A"})).await;
    let bad = contact(json!({"LastName": "A", "ReportsToId": account})).await;
    assert_eq!(
        error(&bad),
        says(
            "FIELD_INTEGRITY_EXCEPTION",
            &format!("Reports To ID: id value of incorrect type: {account}"),
            json!(["ReportsToId"])
        )
    );
    let bad = contact(json!({"LastName": "A", "AccountId": "nonsense"})).await;
    assert_eq!(error(&bad).0, "MALFORMED_ID");
}

#[tokio::test]
async fn validation_rules_are_formulas() {
    let org = Org::new();
    set(
        &org,
        json!({"validation_rules": [
            {"object": "Contact", "name": "Email", "condition": "ISBLANK(Email) && ISBLANK(Phone)",
             "message": "Give an email or a phone.", "field": "Email"},
            {"object": "Contact", "condition": "NOT(ISNEW()) && ISCHANGED(LastName)", "message": "Names stay."},
            {"object": "Contact", "condition": "TRUE", "message": "Never.", "active": false},
        ]}),
    )
    .await;
    let bad = org.post("/sobjects/Contact", json!({"LastName": "A"})).await;
    assert_eq!(
        error(&bad),
        says("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Give an email or a phone.", json!(["Email"]))
    );
    let id = org.make("Contact", json!({"LastName": "A", "Phone": "1"})).await;
    let bad = org.patch(&format!("/sobjects/Contact/{id}"), json!({"LastName": "B"})).await;
    assert_eq!(error(&bad), says("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Names stay.", json!([])));
    let bad = org.patch(&format!("/sobjects/Contact/{id}"), json!({"LastName": "B", "Phone": null})).await;
    assert_eq!(bad.json().as_array().unwrap().len(), 2);
    let refused = try_set(
        &org,
        json!({"validation_rules": [{"object": "Contact", "condition": "FOO(1)", "message": "x"}]}),
    );
    assert_eq!(refused.await.status, 400);
    assert_eq!(try_set(&org, json!({"validation_rule": []})).await.status, 400);
}

#[tokio::test]
async fn duplicate_rules_compare_objects() {
    let org = Org::new();
    set(
        &org,
        json!({"duplicate_rules": [
            {"object": "Lead", "matches": "Contact", "fields": ["Email"], "action": "alert", "on_update": true},
            {"object": "Account", "fields": ["Name", "BillingCity"], "action": "block", "name": "Accounts"},
        ]}),
    )
    .await;
    let contact = org.make("Contact", json!({"LastName": "A", "Email": "a@x.example"})).await;
    let lead = json!({"LastName": "L", "Company": "C", "Email": "A@x.example"});
    let warned = org.post("/sobjects/Lead", lead.clone()).await;
    assert_eq!(warned.code(), "DUPLICATES_DETECTED");
    let result = &warned.json()[0]["duplicateResult"];
    assert_eq!(
        (&result["allowSave"], &result["matchResults"][0]["entityType"]),
        (&json!(true), &json!("Contact"))
    );
    assert_eq!(result["matchResults"][0]["matchRecords"][0]["record"]["Id"], contact);
    let insist = [("Sforce-Duplicate-Rule-Header", "allowSave=true")];
    assert_eq!(org.call("POST", "/sobjects/Lead", lead, &insist).await.status, 201);
    let other = org.make("Lead", json!({"LastName": "M", "Company": "C"})).await;
    let update = org.patch(&format!("/sobjects/Lead/{other}"), json!({"Email": "a@x.example"})).await;
    assert_eq!(update.code(), "DUPLICATES_DETECTED");
    org.make("Account", json!({"Name": "Lantern", "BillingCity": "Cork"})).await;
    org.make("Account", json!({"Name": "Lantern", "BillingCity": "Rome"})).await;
    let again = json!({"Name": "LANTERN", "BillingCity": "cork"});
    let blocked = org.call("POST", "/sobjects/Account", again, &insist).await;
    assert_eq!(blocked.json()[0]["duplicateResult"]["allowSave"], false);
}

#[tokio::test]
async fn locked_rows_refuse_for_so_many_writes_or_so_long() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    set(&org, json!({"locks": [{"ids": [account], "times": 2}]})).await;
    let path = format!("/sobjects/Account/{account}");
    let refused = org.patch(&path, json!({"Name": "B"})).await;
    assert_eq!(refused.code(), "UNABLE_TO_LOCK_ROW");
    // A new child locks its parent.
    let child = org.post("/sobjects/Contact", json!({"LastName": "A", "AccountId": account})).await;
    assert_eq!(child.code(), "UNABLE_TO_LOCK_ROW");
    assert_eq!(org.patch(&path, json!({"Name": "B"})).await.status, 204);
    set(&org, json!({"locks": [{"ids": [account], "seconds": 30}]})).await;
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.code(), "UNABLE_TO_LOCK_ROW");
    org.pass(31);
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
}

#[tokio::test]
async fn fields_without_access_are_not_there() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A", "Phone": "1", "Birthdate": "1990-01-01"})).await;
    set(
        &org,
        json!({"field_permissions": {"Contact": {
            "Birthdate": {"read": false, "edit": false}, "Phone": {"read": true, "edit": false},
        }}}),
    )
    .await;
    let described = org.get("/sobjects/Contact/describe").await.json();
    let field = |name: &str| {
        described["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned()
    };
    assert_eq!(field("Birthdate"), None);
    assert_eq!(field("Phone").unwrap()["updateable"], false);
    let query = org.get("/query?q=SELECT+Birthdate+FROM+Contact").await;
    assert_eq!((query.status, query.code().as_str()), (400, "INVALID_FIELD"));
    let record = org.get(&format!("/sobjects/Contact/{id}")).await.json();
    assert!(record.get("Birthdate").is_none());
    assert_eq!(record["Phone"], "1");
    let write = org.patch(&format!("/sobjects/Contact/{id}"), json!({"Birthdate": "2000-01-01"})).await;
    assert_eq!(error(&write).1, "No such column 'Birthdate' on sobject of type Contact");
    let write = org.patch(&format!("/sobjects/Contact/{id}"), json!({"Phone": "2"})).await;
    assert_eq!(
        (error(&write).0.as_str(), error(&write).2),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", json!(["Phone"]))
    );
    // A person is not bound.
    org.sim.edit_record("Contact", &id, json!({"Phone": "3"}).as_object().unwrap().clone()).unwrap();
}

#[tokio::test]
async fn objects_without_permission_are_closed() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    set(
        &org,
        json!({"object_permissions": {
            "Account": {"create": false, "edit": false, "delete": false}, "Lead": {"read": false},
        }}),
    )
    .await;
    let create = org.post("/sobjects/Account", json!({"Name": "B"})).await;
    assert_eq!(
        error(&create),
        says("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: Account", json!([]))
    );
    let path = format!("/sobjects/Account/{account}");
    assert_eq!(org.patch(&path, json!({"Name": "B"})).await.code(), "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.code(), "INSUFFICIENT_ACCESS_OR_READONLY");
    assert_eq!(org.get("/sobjects/Account/describe").await.json()["createable"], false);
    let all = org.get("/sobjects").await.json();
    assert!(!all["sobjects"].as_array().unwrap().iter().any(|object| object["name"] == "Lead"));
    assert_eq!(org.get("/sobjects/Lead/describe").await.status, 404);
    let query = org.get("/query?q=SELECT+Id+FROM+Lead").await;
    assert_eq!(query.code(), "INVALID_TYPE");
    assert_eq!(org.post("/sobjects/Lead", json!({"LastName": "A", "Company": "B"})).await.status, 404);
}

#[tokio::test]
async fn records_that_are_not_shared_are_not_seen() {
    let org = Org::new();
    let hidden = org.make("Contact", json!({"LastName": "Hidden"})).await;
    let cold = org.make("Account", json!({"Name": "Cold", "Rating": "Cold"})).await;
    org.make("Account", json!({"Name": "Hot", "Rating": "Hot"})).await;
    let read_only = org.make("Contact", json!({"LastName": "Fixed", "AccountId": cold})).await;
    set(
        &org,
        json!({
            "hidden_records": [{"object": "Contact", "ids": [hidden]}, {"object": "Account", "condition": "ISPICKVAL(Rating, 'Cold')"}],
            "read_only_records": [{"object": "Contact", "ids": [read_only]}],
        }),
    )
    .await;
    assert_eq!(org.query("SELECT Name FROM Account").await["totalSize"], 1);
    assert_eq!(org.query("SELECT COUNT() FROM Account").await["totalSize"], 1);
    let contacts = org.query("SELECT Name, Account.Name FROM Contact").await;
    assert_eq!((&contacts["totalSize"], &contacts["records"][0]["Account"]), (&json!(1), &Value::Null));
    let path = format!("/sobjects/Contact/{hidden}");
    assert_eq!(org.get(&path).await.status, 404);
    let write = org.patch(&path, json!({"LastName": "B"})).await;
    assert_eq!(write.code(), "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    let write = org.patch(&format!("/sobjects/Contact/{read_only}"), json!({"LastName": "B"})).await;
    assert_eq!(write.code(), "INSUFFICIENT_ACCESS_OR_READONLY");
    let link = org.post("/sobjects/Contact", json!({"LastName": "C", "AccountId": cold})).await;
    assert_eq!(
        error(&link),
        says(
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "insufficient access rights on cross-reference id",
            json!(["AccountId"])
        )
    );
}

#[tokio::test]
async fn record_types_are_for_their_object() {
    let org = Org::new();
    set(
        &org,
        json!({"record_types": [
            {"object": "Contact", "developer_name": "Partner", "default": true},
            {"object": "Contact", "developer_name": "Closed", "available": false},
            {"object": "Account", "developer_name": "Other"},
        ]}),
    )
    .await;
    let types = org.query("SELECT Id, DeveloperName FROM RecordType ORDER BY Id").await;
    let id = |at: usize| types["records"][at]["Id"].as_str().unwrap().to_owned();
    let made = org.make("Contact", json!({"LastName": "A"})).await;
    let seen = org.query("SELECT RecordType.DeveloperName FROM Contact").await;
    assert_eq!(seen["records"][0]["RecordType"]["DeveloperName"], "Partner");
    for wrong in [id(1), id(2)] {
        let refused = org.patch(&format!("/sobjects/Contact/{made}"), json!({"RecordTypeId": wrong})).await;
        let message = format!("Record Type ID: this ID value isn't valid for the user: {wrong}");
        assert_eq!(error(&refused), says("INVALID_CROSS_REFERENCE_KEY", &message, json!(["RecordTypeId"])));
    }
    let infos = org.get("/sobjects/Contact/describe").await.json()["recordTypeInfos"].clone();
    let told: Vec<(&str, bool, bool)> = infos
        .as_array()
        .unwrap()
        .iter()
        .map(|info| {
            let flag = |key: &str| info[key].as_bool().unwrap();
            (info["developerName"].as_str().unwrap(), flag("available"), flag("defaultRecordTypeMapping"))
        })
        .collect();
    assert_eq!(told, [("Partner", true, true), ("Closed", false, false), ("Master", true, false)]);
}

#[tokio::test]
async fn custom_objects_have_lookups_formulas_and_numbers() {
    let org = Org::new();
    set(
        &org,
        json!({"custom_objects": [{
            "fullName": "Site__c", "label": "Site", "pluralLabel": "Sites",
            "nameField": {"type": "AutoNumber", "displayFormat": "S-{0000}", "label": "Site Number"},
            "fields": [
                {"fullName": "Account__c", "label": "Account", "type": "MasterDetail", "referenceTo": "Account",
                 "relationshipName": "Sites"},
                {"fullName": "Key__c", "label": "Key", "type": "Text", "length": 20, "externalId": true, "unique": true},
                {"fullName": "Size__c", "label": "Size", "type": "Number", "precision": 6, "scale": 1},
                {"fullName": "Kind__c", "label": "Kind", "type": "Picklist", "valueSet": {"restricted": true,
                 "valueSetDefinition": {"value": [{"fullName": "Shop", "default": true}, {"fullName": "Store"}]}}},
                {"fullName": "Title__c", "label": "Title", "type": "Text", "formula": "Account__r.Name & ' ' & TEXT(Size__c * 2)"},
            ],
        }]}),
    )
    .await;
    let account = org.make("Account", json!({"Name": "Lantern"})).await;
    let site = org.make("Site__c", json!({"Account__c": account, "Key__c": "K", "Size__c": 1.26})).await;
    let seen = org.query("SELECT Name, Kind__c, Size__c, Title__c FROM Site__c").await["records"][0].clone();
    assert_eq!((&seen["Name"], &seen["Kind__c"]), (&json!("S-0001"), &json!("Shop")));
    assert_eq!((&seen["Size__c"], &seen["Title__c"]), (&json!(1.3), &json!("Lantern 2.6")));
    // A formula follows its parent, and the record is not changed by that.
    let stamp = org.query("SELECT SystemModstamp FROM Site__c").await["records"][0]["SystemModstamp"].clone();
    org.pass(60);
    org.patch(&format!("/sobjects/Account/{account}"), json!({"Name": "Lamp"})).await;
    let seen = org.query("SELECT Title__c, SystemModstamp FROM Site__c").await["records"][0].clone();
    assert_eq!((&seen["Title__c"], &seen["SystemModstamp"]), (&json!("Lamp 2.6"), &stamp));
    let write = org.patch(&format!("/sobjects/Site__c/{site}"), json!({"Title__c": "x"})).await;
    assert_eq!(error(&write).0, "INVALID_FIELD_FOR_INSERT_UPDATE");
    let twin = org.post("/sobjects/Site__c", json!({"Account__c": account, "Key__c": "K"})).await;
    assert_eq!(error(&twin).0, "DUPLICATE_VALUE");
    let children = org.query("SELECT (SELECT Name FROM Sites__r) FROM Account").await;
    assert_eq!(children["records"][0]["Sites__r"]["totalSize"], 1);
    org.call("DELETE", &format!("/sobjects/Account/{account}"), Value::Null, &[]).await;
    assert_eq!(org.count("Site__c"), 0);
    let described = org.get("/sobjects/Site__c/describe").await.json();
    assert_eq!((&described["custom"], described["keyPrefix"].as_str().unwrap().len()), (&json!(true), 3));
}

#[tokio::test]
async fn an_assignment_rule_gives_new_leads_to_a_queue() {
    let org = Org::new();
    let queue = org.sim.add_queue("Incoming", &["Lead"]);
    set(
        &org,
        json!({"assignment_rules": [{"object": "Lead", "condition": "Country = 'NL'", "owner": queue}]}),
    )
    .await;
    let lead = |country: &str| json!({"LastName": "A", "Company": "B", "Country": country});
    let owner = |id: String| {
        let org = &org;
        async move { org.get(&format!("/sobjects/Lead/{id}")).await.json()["OwnerId"].clone() }
    };
    assert_eq!(owner(org.make("Lead", lead("NL")).await).await, queue);
    assert_ne!(owner(org.make("Lead", lead("BE")).await).await, queue);
    let off = [("Sforce-Auto-Assign", "FALSE")];
    let made = org.call("POST", "/sobjects/Lead", lead("NL"), &off).await.json();
    assert_ne!(owner(made["id"].as_str().unwrap().to_owned()).await, queue);
    let case = org.post("/sobjects/Case", json!({"Subject": "A", "OwnerId": queue})).await;
    assert_eq!(error(&case).1, "Queue not associated with this SObject type");
}

#[tokio::test]
async fn tracked_fields_keep_their_history() {
    let org = Org::new();
    set(&org, json!({"history_tracking": {"Contact": ["Email", "AccountId"]}})).await;
    let account = org.make("Account", json!({"Name": "Lantern"})).await;
    let id = org.make("Contact", json!({"LastName": "A", "Email": "a@x.example"})).await;
    let change = json!({"Email": "b@x.example", "AccountId": account, "Phone": "1"});
    assert_eq!(org.patch(&format!("/sobjects/Contact/{id}"), change).await.status, 204);
    let rows = org.query("SELECT Field, OldValue, NewValue FROM ContactHistory ORDER BY Id").await;
    let told: Vec<(Value, Value, Value)> = rows["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["Field"].clone(), row["OldValue"].clone(), row["NewValue"].clone()))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[0].0, "created");
    assert!(told.contains(&(json!("Email"), json!("a@x.example"), json!("b@x.example"))));
    assert!(told.contains(&(json!("Account"), Value::Null, json!("Lantern"))));
    assert!(told.contains(&(json!("Account"), Value::Null, json!(account))));
}

#[tokio::test]
async fn several_currencies_and_person_accounts_are_off_until_switched_on() {
    let org = Org::new();
    assert_eq!(org.get("/query?q=SELECT+CurrencyIsoCode+FROM+Account").await.code(), "INVALID_FIELD");
    assert_eq!(org.get("/query?q=SELECT+Id+FROM+CurrencyType").await.code(), "INVALID_TYPE");
    let old = org.make("Account", json!({"Name": "Old"})).await;
    let currencies = json!([{"iso_code": "EUR"}, {"iso_code": "USD", "conversion_rate": 1.1}]);
    set(&org, json!({"multi_currency": currencies, "person_accounts": true})).await;
    let seen = org.get(&format!("/sobjects/Account/{old}")).await.json();
    assert_eq!((&seen["CurrencyIsoCode"], &seen["IsPersonAccount"]), (&json!("EUR"), &json!(false)));
    assert_eq!(org.query("SELECT Id FROM CurrencyType").await["totalSize"], 2);
    let bad = org.post("/sobjects/Account", json!({"Name": "A", "CurrencyIsoCode": "XXX"})).await;
    assert_eq!(bad.code(), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    let person = org
        .make("Account", json!({"FirstName": "Ada", "LastName": "Byron", "PersonEmail": "a@x.example"}))
        .await;
    let seen = org
        .query("SELECT Name, IsPersonAccount, PersonContactId FROM Account WHERE IsPersonAccount = true")
        .await;
    assert_eq!(seen["records"][0]["Name"], "Ada Byron");
    let contact = seen["records"][0]["PersonContactId"].as_str().unwrap().to_owned();
    let held = org.get(&format!("/sobjects/Contact/{contact}")).await.json();
    assert_eq!((&held["Email"], &held["AccountId"]), (&json!("a@x.example"), &json!(person)));
    org.patch(&format!("/sobjects/Contact/{contact}"), json!({"Title": "Countess"})).await;
    assert_eq!(org.get(&format!("/sobjects/Account/{person}")).await.json()["PersonTitle"], "Countess");
}
