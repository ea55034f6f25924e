//! Bulk API 1.0, as a client sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::Body;
use common::{Org, Reply};
use http::Request;
use serde_json::{Value, json};

const A: &str = "/services/async/66.0";

async fn call(org: &Org, method: &str, path: &str, kind: &str, body: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(format!("{A}{path}"));
    request = request.header("X-SFDC-Session", &org.token);
    if !kind.is_empty() {
        request = request.header("Content-Type", kind);
    }
    org.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn between(text: &str, tag: &str) -> String {
    let from = text.find(&format!("<{tag}>")).unwrap_or_else(|| panic!("no {tag} in {text}"));
    let rest = &text[from + tag.len() + 2..];
    rest[..rest.find("</").unwrap()].to_owned()
}

fn job_xml(operation: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobInfo xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\
         <operation>{operation}</operation><object>Contact</object><contentType>{content}</contentType></jobInfo>"
    )
}

#[tokio::test]
async fn an_xml_job_with_csv_batches() {
    let org = Org::new();
    let reply = call(&org, "POST", "/job", "application/xml; charset=utf-8", &job_xml("insert", "CSV")).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.headers["Content-Type"], "application/xml");
    assert_eq!(between(&reply.text, "state"), "Open");
    assert_eq!(between(&reply.text, "apiVersion"), "66.0");
    assert!(between(&reply.text, "createdDate").ends_with(".000Z"));
    let job = between(&reply.text, "id");

    let csv = "\"FirstName\",\"LastName\"\r\n\"A\",\"One\"\r\n\"B\",\"\"\r\n";
    let reply = call(&org, "POST", &format!("/job/{job}/batch"), "text/csv", csv).await;
    assert_eq!((reply.status, between(&reply.text, "state").as_str()), (201, "Queued"));
    let batch = between(&reply.text, "id");
    assert!(batch.starts_with("751"));

    let path = format!("/job/{job}/batch/{batch}");
    let early = call(&org, "GET", &format!("{path}/result"), "", "").await;
    assert_eq!((early.status, between(&early.text, "exceptionCode").as_str()), (400, "InvalidBatch"));
    assert_eq!(between(&call(&org, "GET", &path, "", "").await.text, "state"), "InProgress");
    let done = call(&org, "GET", &path, "", "").await.text;
    assert_eq!(between(&done, "state"), "Completed");
    assert_eq!(between(&done, "numberRecordsProcessed"), "2");
    assert_eq!(between(&done, "numberRecordsFailed"), "1");
    let result = call(&org, "GET", &format!("{path}/result"), "", "").await;
    assert_eq!(result.headers["Content-Type"], "text/csv");
    let lines: Vec<&str> = result.text.lines().collect();
    assert_eq!(lines[0], "\"Id\",\"Success\",\"Created\",\"Error\"");
    assert!(lines[1].starts_with("\"003") && lines[1].ends_with("\",\"true\",\"true\",\"\""));
    assert!(lines[2].starts_with("\"\",\"false\",\"false\",\"REQUIRED_FIELD_MISSING:"));
    assert_eq!(call(&org, "GET", &format!("{path}/request"), "", "").await.text, csv);

    let closing =
        "<jobInfo xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><state>Closed</state></jobInfo>";
    let reply = call(&org, "POST", &format!("/job/{job}"), "application/xml", closing).await;
    assert_eq!(between(&reply.text, "state"), "Closed");
    assert_eq!(between(&reply.text, "numberBatchesCompleted"), "1");
    let late = call(&org, "POST", &format!("/job/{job}/batch"), "text/csv", csv).await;
    assert_eq!(between(&late.text, "exceptionCode"), "InvalidJobState");
    let list = call(&org, "GET", &format!("/job/{job}/batch"), "", "").await.text;
    assert!(list.contains("<batchInfoList") && list.contains(&batch));
    assert_eq!(org.count("Contact"), 1);
}

#[tokio::test]
async fn a_json_job_as_simple_salesforce_makes_it() {
    let org = Org::new();
    let send = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        call(&org, method, path, "application/json", &body).await.json()
    };
    let job = send(
        "POST",
        "/job",
        json!({"operation": "insert", "object": "Contact", "concurrencyMode": 1, "contentType": "JSON"}),
    )
    .await;
    assert_eq!((&job["state"], &job["concurrencyMode"]), (&json!("Open"), &json!("Serial")));
    let id = job["id"].as_str().unwrap().to_owned();
    let rows = json!([{"LastName": "A", "Birthdate": "1990-02-03"}, {"LastName": null}]);
    let batch = send("POST", &format!("/job/{id}/batch"), rows).await;
    assert_eq!(batch["jobId"], id.as_str());
    org.pass(5);
    let path = format!("/job/{id}/batch/{}", batch["id"].as_str().unwrap());
    assert_eq!(send("GET", &path, Value::Null).await["state"], "Completed");
    let result = send("GET", &format!("{path}/result"), Value::Null).await;
    assert_eq!((&result[0]["success"], &result[0]["created"]), (&json!(true), &json!(true)));
    assert_eq!(result[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(result[1]["id"], Value::Null);

    let job = json!({"operation": "query", "object": "Contact", "contentType": "JSON"});
    let id = send("POST", "/job", job).await["id"].as_str().unwrap().to_owned();
    let soql = "SELECT Id, LastName, Birthdate FROM Contact";
    let batch = call(&org, "POST", &format!("/job/{id}/batch"), "application/json", soql).await.json();
    org.pass(5);
    let path = format!("/job/{id}/batch/{}", batch["id"].as_str().unwrap());
    assert_eq!(send("GET", &path, Value::Null).await["numberRecordsProcessed"], 1);
    let answers = send("GET", &format!("{path}/result"), Value::Null).await;
    let answer = answers[0].as_str().unwrap().to_owned();
    let records = send("GET", &format!("{path}/result/{answer}"), Value::Null).await;
    assert_eq!(records[0]["LastName"], "A");
    assert_eq!(records[0]["attributes"]["type"], "Contact");
    assert_eq!(records[0]["Birthdate"], json!(634_003_200_000_i64));
}

#[tokio::test]
async fn xml_batches_bring_nulls_and_parents() {
    let org = Org::new();
    let metadata = json!({"label": "Ext", "type": "Text", "length": 64, "externalId": true, "unique": true});
    org.sim.ensure_custom_field("Account", "Ext__c", &metadata).unwrap();
    let account = org.make("Account", json!({"Name": "Acme", "Ext__c": "A1"})).await;
    let id = org.make("Contact", json!({"LastName": "A", "Title": "Dr"})).await;
    let reply = call(&org, "POST", "/job", "application/xml", &job_xml("update", "XML")).await;
    let job = between(&reply.text, "id");
    let rows = format!(
        "<sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><sObject><Id>{id}</Id><Title xsi:nil=\"true\"/>\
         <FirstName>&amp; B</FirstName><Account><sObject><Ext__c>A1</Ext__c></sObject></Account></sObject></sObjects>"
    );
    let reply = call(&org, "POST", &format!("/job/{job}/batch"), "application/xml", &rows).await;
    org.pass(5);
    let path = format!("/job/{job}/batch/{}/result", between(&reply.text, "id"));
    call(&org, "GET", path.trim_end_matches("/result"), "", "").await;
    let result = call(&org, "GET", &path, "", "").await.text;
    assert_eq!(between(&result, "success"), "true", "{result}");
    let row = org.sim.record("Contact", &id).unwrap().fields;
    assert_eq!((&row["FirstName"], &row["AccountId"]), (&json!("& B"), &json!(account)));
    assert!(!row.contains_key("Title"));
}

#[tokio::test]
async fn queries_answer_by_result_ids_in_one_piece_or_in_chunks() {
    let org = Org::new();
    for number in 0..5 {
        org.make("Contact", json!({"LastName": format!("N{number}")})).await;
    }
    let run = async |soql: &str, chunking: &str| -> (String, Vec<String>) {
        let mut request = Request::post(format!("{A}/job")).header("X-SFDC-Session", &org.token);
        request = request.header("Content-Type", "application/xml");
        if !chunking.is_empty() {
            request = request.header("Sforce-Enable-PKChunking", chunking);
        }
        let reply = org.send(request.body(Body::from(job_xml("query", "CSV"))).unwrap()).await;
        let job = between(&reply.text, "id");
        call(&org, "POST", &format!("/job/{job}/batch"), "text/csv", soql).await;
        org.pass(5);
        let list = call(&org, "GET", &format!("/job/{job}/batch"), "", "").await.text;
        let batches = list.split("<batchInfo>").skip(1).map(str::to_owned).collect();
        (job, batches)
    };
    let (job, batches) = run("SELECT Id, LastName FROM Contact", "").await;
    let path = format!("/job/{job}/batch/{}/result", between(&batches[0], "id"));
    let answer = between(&call(&org, "GET", &path, "", "").await.text, "result");
    let csv = call(&org, "GET", &format!("{path}/{answer}"), "", "").await;
    assert_eq!(csv.text.lines().count(), 6);
    assert!(csv.text.starts_with("\"Id\",\"LastName\"\n\"003"));

    let (job, batches) = run("SELECT Id FROM Contact WHERE LastName = 'none'", "").await;
    let path = format!("/job/{job}/batch/{}/result", between(&batches[0], "id"));
    let answer = between(&call(&org, "GET", &path, "", "").await.text, "result");
    let csv = call(&org, "GET", &format!("{path}/{answer}"), "", "").await;
    assert_eq!(csv.text, "Records not found for this query");

    let (_, batches) = run("SELECT Id FROM Contact", "chunkSize=2").await;
    let states: Vec<String> = batches.iter().map(|batch| between(batch, "state")).collect();
    assert_eq!(states, ["NotProcessed", "Completed", "Completed", "Completed"]);

    let (_, batches) = run("SELECT MailingAddress FROM Contact", "").await;
    assert_eq!(
        between(&batches[0], "stateMessage"),
        "InvalidBatch : Failed to process query: FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in \
         Bulk Query"
    );
}

#[tokio::test]
async fn errors_come_in_the_form_of_the_call() {
    let org = Org::new();
    let request = |kind: &str| {
        Request::get(format!("{A}/job/750000000000000AAA"))
            .header("X-SFDC-Session", "nobody")
            .header("Content-Type", kind)
            .body(Body::empty())
            .unwrap()
    };
    let xml = org.send(request("application/xml")).await;
    assert_eq!(xml.status, 400);
    assert!(xml.text.contains("<exceptionCode>InvalidSessionId</exceptionCode>"));
    let json = org.send(request("application/json")).await.json();
    assert_eq!(json, json!({"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"}));
    let reply = call(&org, "POST", "/job", "application/xml", "<jobInfo").await;
    assert_eq!(between(&reply.text, "exceptionCode"), "InvalidJob");
    let reply = call(&org, "POST", "/job", "application/xml", &job_xml("upsert", "CSV")).await;
    assert!(between(&reply.text, "exceptionMessage").starts_with("External ID was blank for Contact"));
}

#[tokio::test]
async fn batches_of_a_csv_job_are_told_in_xml_whatever_the_headers_say() {
    let org = Org::new();
    let json = "application/json";
    let body = json!({"operation": "queryAll", "object": "Contact", "contentType": "CSV"}).to_string();
    let job = call(&org, "POST", "/job", json, &body).await.json()["id"].as_str().unwrap().to_owned();
    let reply = call(&org, "POST", &format!("/job/{job}/batch"), "text/csv", "SELECT Id FROM Contact").await;
    let batch = between(&reply.text, "id");
    org.pass(5);
    let path = format!("/job/{job}/batch/{batch}");
    assert_eq!(between(&call(&org, "GET", &path, json, "").await.text, "state"), "Completed");
    let list = call(&org, "GET", &format!("/job/{job}/batch"), json, "").await;
    assert!(list.text.contains("<batchInfoList"));
    let results = call(&org, "GET", &format!("{path}/result"), json, "").await;
    assert!(between(&results.text, "result").starts_with("752"));
    let closed = call(&org, "POST", &format!("/job/{job}"), json, "{\"state\": \"Closed\"}").await;
    assert_eq!(closed.headers["Content-Type"], "application/json");
    assert_eq!(closed.json()["state"], "Closed");
    let gone = call(&org, "GET", "/job/750000000000000AAA", json, "").await;
    assert_eq!(gone.headers["Content-Type"], "application/json");
    assert_eq!(gone.json()["exceptionCode"], "InvalidJob");
}

#[tokio::test]
async fn a_transformation_spec_names_the_columns() {
    let org = Org::new();
    let reply = call(&org, "POST", "/job", "application/xml", &job_xml("insert", "CSV")).await;
    let job = between(&reply.text, "id");
    let spec = "Salesforce Field,Csv Header,Value,Hint\nLastName,Family name,,\nTitle,,Dr,\n";
    assert_eq!(call(&org, "POST", &format!("/job/{job}/spec"), "text/csv", spec).await.status, 201);
    call(&org, "POST", &format!("/job/{job}/batch"), "text/csv", "FirstName,Family name\nA,\"B, C\"\n").await;
    let row = org.sim.records("Contact").remove(0).fields;
    assert_eq!((&row["LastName"], &row["Title"]), (&json!("B, C"), &json!("Dr")));
}
