//! Imports and exports.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::{Answer, World};
use serde_json::{Value, json};

const ROWS: &str = "First,Email,Stage,Employer,Domain\r\nIda,ida@b.example,lead,Tundra,tundra.example\r\n\
Kai,not an address,lead,,\r\nLea,lea@b.example,nonsense,Tundra,tundra.example\r\n";

async fn import(world: &World, request: &Value) -> Answer {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"importRequest\"\r\n\r\n{request}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"files\"; filename=\"people.csv\"\r\nContent-Type: text/csv\r\n\r\n\
         {ROWS}\r\n--b--\r\n"
    );
    world.call_as(&world.token, "POST", "/crm/v3/imports", "multipart/form-data; boundary=b", body).await
}

fn request() -> Value {
    let column = |object: &str, name: &str, property: &str, kind: &str| json!({ "columnObjectTypeId": object, "columnName": name, "propertyName": property, "columnType": kind });
    json!({ "name": "People", "importOperations": { "0-1": "UPSERT", "0-2": "UPSERT" }, "files": [{
        "fileName": "people.csv", "fileFormat": "CSV", "fileImportPage": { "hasHeader": true, "columnMappings": [
            column("0-1", "First", "firstname", "STANDARD"),
            column("0-1", "Email", "email", "HUBSPOT_ALTERNATE_ID"),
            column("0-1", "Stage", "lifecyclestage", "STANDARD"),
            column("0-2", "Employer", "name", "STANDARD"),
            column("0-2", "Domain", "domain", "HUBSPOT_ALTERNATE_ID"),
        ] } }] })
}

#[tokio::test]
async fn rows_become_records_and_what_is_wrong_is_listed() {
    let world = World::new();
    let known = world.contact("ida@b.example").await;
    let made = import(&world, &request()).await;
    assert_eq!((made.status, &made.body["state"]), (200, &json!("STARTED")), "{}", made.text);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.get(&format!("/crm/v3/imports/{id}")).await.body["state"], "PROCESSING");
    assert!(world.sim.records("companies").is_empty());
    let done = world.get(&format!("/crm/imports/2026-09/{id}")).await;
    assert_eq!(done.body["state"], "DONE");
    let counters = &done.body["metadata"]["counters"];
    assert_eq!(
        (&counters["TOTAL_ROWS"], &counters["CREATED_OBJECTS"]),
        (&json!(3), &json!(1)),
        "{}",
        done.text
    );
    assert_eq!((&counters["UPDATED_OBJECTS"], &counters["ERRORS"]), (&json!(2), &json!(2)));
    let contact = world.sim.record("contacts", &known).expect("a record");
    assert_eq!(contact.properties["firstname"], "Ida");
    assert_eq!(contact.history["firstname"][0].source_type, "IMPORT");
    assert_eq!(contact.history["firstname"][0].source_id, id);
    assert_eq!(contact.associations["companies"].len(), 1);
    let errors =
        world.get(&format!("/crm/v3/imports/{id}/errors?includeErrorMessage=true&includeRowData=true")).await;
    let kinds: Vec<&Value> =
        errors.body["results"].as_array().into_iter().flatten().map(|one| &one["errorType"]).collect();
    assert_eq!(kinds, ["INVALID_EMAIL", "INVALID_ENUMERATION_OPTION"]);
    let first = &errors.body["results"][0];
    assert_eq!(first["invalidValue"], "not an address");
    assert_eq!(first["sourceData"]["lineNumber"], 3);
    assert_eq!(first["sourceData"]["rowData"][0], "Kai");
    let list = world.get("/crm/v3/imports").await;
    assert_eq!(list.body["results"][0]["id"], id);
}

#[tokio::test]
async fn imports_end_by_the_clock_and_can_be_canceled_before() {
    let world = World::new();
    let first = import(&world, &request()).await.body["id"].as_str().expect("an id").to_owned();
    let second = import(&world, &request()).await.body["id"].as_str().expect("an id").to_owned();
    let path = format!("/crm/v3/imports/{second}/cancel");
    assert_eq!(world.post(&path, Value::Null).await.body["status"], "COMPLETE");
    world.pass(3000);
    world.get("/crm/v3/owners").await;
    assert_eq!(world.sim.records("contacts").len(), 1);
    assert_eq!(world.get(&format!("/crm/v3/imports/{first}")).await.body["state"], "DONE");
    assert_eq!(world.get(&format!("/crm/v3/imports/{second}")).await.body["state"], "CANCELED");
    assert_eq!(world.post(&path, Value::Null).await.status, 400);
    for _ in 0..3 {
        import(&world, &request()).await;
    }
    assert_eq!(import(&world, &request()).await.body["state"], "DEFERRED");
    let mut wrong = request();
    wrong["files"][0]["fileImportPage"]["columnMappings"][0]["columnName"] = json!("Nothing");
    assert_eq!(import(&world, &wrong).await.status, 400);
    let plain = world.post("/crm/v3/imports", json!({})).await;
    assert_eq!(plain.status, 400);
}

#[tokio::test]
async fn exports_are_fetched_as_csv() {
    let world = World::new();
    let (ida, _) = (world.contact("ida@b.example").await, world.contact("kai@b.example").await);
    let company = world.company("Tundra").await;
    world.sim.associate(("contacts", &ida), ("companies", &company), true).expect("associated");
    let wish = json!({ "exportType": "VIEW", "exportName": "All", "format": "CSV", "language": "EN",
        "objectType": "CONTACT", "objectProperties": ["email", "lifecyclestage"], "associatedObjectType": ["COMPANY"],
        "exportInternalValuesOptions": ["NAMES", "VALUES"], "publicCrmSearchRequest": { "filters": [
            { "propertyName": "email", "operator": "EQ", "value": "ida@b.example" }], "sorts": [] } });
    let made = world.post("/crm/v3/exports/export/async", wish).await;
    assert_eq!(made.status, 202, "{}", made.text);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    let status = format!("/crm/v3/exports/export/async/tasks/{id}/status");
    assert_eq!(world.get(&status).await.body["status"], "PROCESSING");
    let done = world.get(&status).await;
    assert_eq!(done.body["status"], "COMPLETE");
    let url = done.body["result"].as_str().expect("an address").replacen("http://localhost", "", 1);
    let file = world.call_as("", "GET", &url, "", String::new()).await;
    assert_eq!(
        file.text,
        format!(
            "hs_object_id,email,lifecyclestage,Associated Company IDs\n{ida},ida@b.example,lead,{company}\n"
        )
    );
    let about = world.get(&format!("/crm/v3/exports/export/{id}")).await;
    assert_eq!((&about.body["exportState"], &about.body["recordCount"]), (&json!("DONE"), &json!(1)));
    let guessed = format!("/_exports/{id}.csv?created=1");
    assert_eq!(world.call_as("", "GET", &guessed, "", String::new()).await.status, 404);
}
