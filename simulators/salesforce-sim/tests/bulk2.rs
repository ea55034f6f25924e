//! Bulk API 2.0, as a client sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use axum::body::Body;
use common::{Org, Reply, V};
use http::Request;
use serde_json::{Value, json};
use sim_base::FaultKind;

async fn put(org: &Org, id: &str, csv: &str) -> Reply {
    let request = Request::put(format!("{V}/jobs/ingest/{id}/batches"))
        .header("Authorization", format!("Bearer {}", org.token))
        .header("Content-Type", "text/csv");
    org.send(request.body(Body::from(csv.to_owned())).unwrap()).await
}

async fn open(org: &Org, job: Value) -> String {
    let reply = org.post("/jobs/ingest", job).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// Runs a job to its end and answers its information.
async fn run(org: &Org, job: Value, csv: &str) -> (String, Value) {
    let id = open(org, job).await;
    let reply = put(org, &id, csv).await;
    assert_eq!((reply.status, reply.text.as_str()), (201, ""));
    let reply = org.patch(&format!("/jobs/ingest/{id}"), json!({"state": "UploadComplete"})).await;
    assert_eq!(reply.json()["state"], "UploadComplete", "{}", reply.text);
    org.pass(1_000);
    let info = org.get(&format!("/jobs/ingest/{id}")).await.json();
    (id, info)
}

async fn results(org: &Org, id: &str, which: &str) -> String {
    org.get(&format!("/jobs/ingest/{id}/{which}")).await.text
}

#[tokio::test]
async fn an_insert_goes_through_all_states_and_tells_what_became_of_each_row() {
    let org = Org::new();
    let reply = org.post("/jobs/ingest", json!({"object": "contact", "operation": "insert"})).await;
    let job = reply.json();
    assert_eq!(job["state"], "Open");
    assert_eq!(job["object"], "Contact");
    assert_eq!(job["apiVersion"], json!(66.0));
    assert_eq!((&job["lineEnding"], &job["columnDelimiter"]), (&json!("LF"), &json!("COMMA")));
    let id = job["id"].as_str().unwrap();
    assert!(id.starts_with("750") && id.len() == 18);
    assert_eq!(job["contentUrl"], format!("services/data/v66.0/jobs/ingest/{id}/batches"));
    assert!(reply.headers["Sforce-Limit-Info"].to_str().unwrap().starts_with("api-usage=1/"));

    let csv = "FirstName,LastName,Email\n\"Ada, \"\"the\"\"\",Quist,ADA@x.example\n,,nobody\n";
    assert_eq!(put(&org, id, csv).await.status, 201);
    let twice = put(&org, id, csv).await;
    assert_eq!(twice.status, 400);
    assert!(twice.text.contains("Found multiple contents for job"));

    let path = format!("/jobs/ingest/{id}");
    let closed = org.patch(&path, json!({"state": "UploadComplete"})).await.json();
    assert_eq!(closed["state"], "UploadComplete");
    assert_eq!(org.get(&path).await.json()["state"], "InProgress");
    let done = org.get(&path).await.json();
    assert_eq!(done["state"], "JobComplete");
    assert_eq!((&done["numberRecordsProcessed"], &done["numberRecordsFailed"]), (&json!(2), &json!(1)));
    for number in ["retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"] {
        assert!(done[number].is_number(), "{number}");
    }
    assert_eq!(done["jobType"], "V2Ingest");
    assert!(done.get("errorMessage").is_none());

    let good = results(&org, id, "successfulResults/").await;
    let mut lines = good.lines();
    assert_eq!(lines.next().unwrap(), r#""sf__Id","sf__Created","FirstName","LastName","Email""#);
    let line = lines.next().unwrap();
    assert!(line.starts_with("\"003") && line.ends_with(r#""true","Ada, ""the""","Quist","ADA@x.example""#));
    assert_eq!(lines.next(), None);
    let bad = results(&org, id, "failedResults").await;
    assert!(bad.starts_with("\"sf__Id\",\"sf__Error\",\"FirstName\""));
    assert!(bad.contains(":Email --\"") || bad.contains(":LastName --\""), "{bad}");
    assert_eq!(results(&org, id, "unprocessedrecords").await.lines().count(), 1);
    let found = org.query("SELECT FirstName, Email FROM Contact").await;
    assert_eq!(found["records"][0]["FirstName"], "Ada, \"the\"");
    assert_eq!(found["records"][0]["Email"], "ada@x.example");
    assert_eq!(org.sim.stats().writes["Contact"].created, 1);
    assert_eq!(org.sim.stats().largest_batch, 2);
}

#[tokio::test]
async fn an_empty_cell_changes_nothing_and_na_clears() {
    let org = Org::new();
    let keep = json!({"LastName": "A", "Title": "Dr", "Phone": "1"});
    let id = org.make("Contact", keep).await;
    let (_, info) = run(
        &org,
        json!({"object": "Contact", "operation": "update"}),
        &format!("Id,Title,Phone\n{id},#N/A,\n"),
    )
    .await;
    assert_eq!(info["numberRecordsFailed"], 0);
    let row = org.sim.record("Contact", &id).unwrap();
    assert!(!row.fields.contains_key("Title"));
    assert_eq!(row.fields["Phone"], "1");
}

#[tokio::test]
async fn upsert_finds_by_external_id_by_id_and_parents_by_their_key() {
    let org = Org::new();
    org.key_field(true);
    let metadata = json!({"label": "Ext", "type": "Text", "length": 64, "externalId": true, "unique": true});
    org.sim.ensure_custom_field("Account", "Ext__c", &metadata).unwrap();
    let account = org.make("Account", json!({"Name": "Acme", "Ext__c": "A1"})).await;
    let job = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "key__c"});
    let csv = "Key__c,LastName,Account.Ext__c\nk1,One,A1\nk2,Two,\nk1,Again,\nk3,Three,A9\n,Four,\n";
    let (id, info) = run(&org, job.clone(), csv).await;
    assert_eq!(info["externalIdFieldName"], "Key__c");
    assert_eq!((&info["numberRecordsProcessed"], &info["numberRecordsFailed"]), (&json!(5), &json!(3)));
    let failed = results(&org, &id, "failedResults").await;
    assert!(failed.contains("DUPLICATE_VALUE:Duplicate external id specified: k1:Key__c --"), "{failed}");
    assert!(failed.contains("MISSING_ARGUMENT:Key__c not specified:Key__c --"));
    assert!(failed.contains("Foreign key external ID"), "{failed}");
    let found = org.query("SELECT AccountId FROM Contact WHERE Key__c = 'k1'").await;
    assert_eq!(found["records"][0]["AccountId"], account);

    let (id, _) = run(&org, job, "Key__c,LastName\nk1,Changed\n").await;
    assert!(results(&org, &id, "successfulResults").await.contains("\"false\",\"k1\",\"Changed\""));

    let one = org.sim.records("Contact")[0].id.clone();
    let job = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Id"});
    let (_, info) = run(&org, job, &format!("Id,LastName\n{one},ById\n,New\n")).await;
    assert_eq!(info["numberRecordsFailed"], 0);
    assert_eq!(org.count("Contact"), 3);
}

#[tokio::test]
async fn deletes_go_to_the_bin_and_hard_deletes_do_not() {
    let org = Org::new();
    let soft = org.make("Contact", json!({"LastName": "A"})).await;
    let hard = org.make("Contact", json!({"LastName": "B"})).await;
    let nobody = "003000000000000AAA";
    let csv = format!("Id\n{soft}\n{nobody}\n");
    let (_, info) = run(&org, json!({"object": "Contact", "operation": "delete"}), &csv).await;
    assert_eq!(info["numberRecordsFailed"], 1);
    run(&org, json!({"object": "Contact", "operation": "hardDelete"}), &format!("Id\n{hard}\n")).await;
    assert!(org.sim.record("Contact", &soft).unwrap().deleted);
    assert_eq!(org.sim.record("Contact", &hard), None);
}

#[tokio::test]
async fn line_endings_and_delimiters_must_be_as_the_job_says() {
    let org = Org::new();
    let job = |ending: &str, delimiter: &str| {
        json!({
            "object": "Contact", "operation": "insert", "lineEnding": ending, "columnDelimiter": delimiter,
        })
    };
    let (id, info) = run(&org, job("LF", "COMMA"), "LastName\r\nA\r\n").await;
    assert_eq!(info["state"], "Failed");
    let message = "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF";
    assert_eq!(info["errorMessage"], message);
    assert!(results(&org, &id, "unprocessedRecords").await.contains("\"A\""));
    let (_, info) = run(&org, job("CRLF", "COMMA"), "LastName\nA\n").await;
    assert!(info["errorMessage"].as_str().unwrap().ends_with("setting is CRLF"));

    for (name, delimiter) in
        [("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^"), ("BACKQUOTE", "`")]
    {
        let csv = format!("FirstName{delimiter}LastName\r\nx{delimiter}{name}\r\n");
        let (id, info) = run(&org, job("CRLF", name), &csv).await;
        assert_eq!((&info["state"], &info["numberRecordsFailed"]), (&json!("JobComplete"), &json!(0)));
        let good = results(&org, &id, "successfulResults").await;
        assert!(good.ends_with(&format!("\"x\"{delimiter}\"{name}\"\r\n")), "{good}");
    }
    let (_, info) = run(&org, job("LF", "COMMA"), "FirstName;LastName\na;b\n").await;
    assert_eq!(info["errorMessage"], "InvalidBatch : Field name not found : FirstName;LastName");
    let (_, info) = run(&org, job("LF", "COMMA"), "\u{feff}LastName\nb\n").await;
    assert_eq!(info["state"], "Failed");
    assert_eq!(org.count("Contact"), 5);
}

#[tokio::test]
async fn values_are_read_by_the_type_of_their_field() {
    let org = Org::new();
    let csv = "Name,StageName,CloseDate,Amount\n\
               Good,Prospecting,2026-12-31T10:00:00Z,12.5\n\
               NoDate,Prospecting,soon,1\n\
               NoNumber,Prospecting,2026-12-31,much\n";
    let (id, info) = run(&org, json!({"object": "Opportunity", "operation": "insert"}), csv).await;
    assert_eq!(info["numberRecordsFailed"], 2);
    let failed = results(&org, &id, "failedResults").await;
    assert!(failed.contains(
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Close Date: value not of required type: soon:CloseDate --"
    ));
    assert!(failed.contains("Amount: value not of required type: much"));
    let found = org.query("SELECT CloseDate, Amount FROM Opportunity").await;
    assert_eq!(found["records"][0]["CloseDate"], "2026-12-31");
    assert_eq!(found["records"][0]["Amount"], json!(12.5));
}

#[tokio::test]
async fn a_multipart_job_is_handed_in_at_once() {
    let org = Org::new();
    let body = "--X\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n\
                {\"object\":\"Contact\",\"operation\":\"insert\",\"contentType\":\"CSV\"}\r\n\
                --X\r\nContent-Type: text/csv\r\n\
                Content-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\n\
                LastName\nA\nB\n\r\n--X--\r\n";
    let request = Request::post(format!("{V}/jobs/ingest/"))
        .header("Authorization", format!("Bearer {}", org.token))
        .header("Content-Type", "multipart/form-data; boundary=X");
    let reply = org.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(reply.json()["state"], "UploadComplete", "{}", reply.text);
    assert_eq!(org.count("Contact"), 2);
}

#[tokio::test]
async fn what_a_job_is_not_allowed_is_refused() {
    let org = Org::new();
    let refusal = |reply: Reply| (reply.status, reply.code(), reply.json()[0]["message"].to_string());
    let (status, code, message) =
        refusal(org.post("/jobs/ingest", json!({"object": "Nope", "operation": "insert"})).await);
    assert_eq!((status, code.as_str()), (400, "INVALIDJOB"));
    assert!(message.contains("Unable to find object: Nope"));
    let reply = org.post("/jobs/ingest", json!({"object": "Contact", "operation": "upsert"})).await;
    assert!(reply.text.contains("External ID was blank for Contact"));
    let gone = org.get("/jobs/ingest/750000000000000AAA").await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "NOT_FOUND"));

    let id = open(&org, json!({"object": "Contact", "operation": "insert"})).await;
    let path = format!("/jobs/ingest/{id}");
    let reply = org.call("DELETE", &path, Value::Null, &[]).await;
    assert_eq!(reply.code(), "API_ERROR");
    assert_eq!(org.patch(&path, json!({"state": "Aborted"})).await.json()["state"], "Aborted");
    let reply = org.patch(&path, json!({"state": "UploadComplete"})).await;
    assert_eq!(reply.code(), "INVALIDJOBSTATE");
    let (done, _) = run(&org, json!({"object": "Contact", "operation": "insert"}), "LastName\nA\n").await;
    let reply = org.patch(&format!("/jobs/ingest/{done}"), json!({"state": "Aborted"})).await;
    assert_eq!(reply.json()[0]["message"], "Aborting already Completed Job not allowed");
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
    assert_eq!(org.get(&path).await.status, 404);

    let list = org.get("/jobs/ingest?jobType=V2Ingest").await.json();
    assert_eq!((&list["done"], &list["nextRecordsUrl"]), (&json!(true), &Value::Null));
    assert_eq!(list["records"].as_array().unwrap().len(), 1);
    let nobody = Request::get(format!("{V}/jobs/ingest")).header("Authorization", "Bearer x");
    let reply = org.send(nobody.body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "INVALID_SESSION_ID"));
}

#[tokio::test]
async fn a_query_is_read_page_by_page() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "Acme \"&\" Co"})).await;
    for number in 0..5 {
        org.make("Contact", json!({"LastName": format!("N{number}"), "AccountId": account})).await;
    }
    org.make("Contact", json!({"LastName": "Free", "Description": "two\nlines"})).await;
    let soql = "select Id, c.lastname, c.Account.Name, CreatedDate from Contact c order by LastName";
    let reply = org.post("/jobs/query", json!({"operation": "query", "query": soql})).await;
    let job = reply.json();
    assert_eq!((&job["state"], &job["object"]), (&json!("UploadComplete"), &json!("Contact")));
    let path = format!("/jobs/query/{}", job["id"].as_str().unwrap());
    assert_eq!(org.get(&format!("{path}/results")).await.status, 400);
    assert_eq!(org.get(&path).await.json()["state"], "InProgress");
    let done = org.get(&path).await.json();
    assert_eq!((&done["state"], &done["numberRecordsProcessed"]), (&json!("JobComplete"), &json!(6)));
    assert_eq!(done["isPkChunkingSupported"], true);

    let first = org.get(&format!("{path}/results?maxRecords=4")).await;
    assert_eq!(first.headers["Sforce-NumberOfRecords"], "4");
    let locator = first.headers["Sforce-Locator"].to_str().unwrap().to_owned();
    let mut lines = first.text.lines();
    assert_eq!(lines.next().unwrap(), r#""Id","LastName","Account.Name","CreatedDate""#);
    let free = lines.next().unwrap();
    assert!(free.contains(r#""Free","","2026-"#) && free.ends_with(".000Z\""), "{free}");
    assert!(lines.next().unwrap().contains(r#""N0","Acme ""&"" Co""#));
    let rest = org.get(&format!("{path}/results?maxRecords=4&locator={locator}")).await;
    assert_eq!(rest.headers["Sforce-NumberOfRecords"], "2");
    assert_eq!(rest.headers["Sforce-Locator"], "null");
    assert_eq!(rest.text.lines().count(), 3);

    let pages = org.get(&format!("{path}/resultPages?maxRecords=4")).await.json();
    assert_eq!(pages["resultPages"].as_array().unwrap().len(), 2);
    let url = pages["resultPages"][1]["resultUrl"].as_str().unwrap().to_owned();
    assert_eq!(org.get(&url).await.headers["Sforce-NumberOfRecords"], "2");

    let other = org.get(&format!("{path}/results").replace("v66.0", "v65.0")).await;
    assert_eq!(other.status, 200);
    let other = org.get(&format!("/services/data/v65.0{path}/results")).await;
    assert_eq!(other.status, 409);
    assert_eq!(org.call("DELETE", &path, Value::Null, &[]).await.status, 204);
    assert_eq!(org.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_query_sees_the_bin_when_it_says_so_and_can_be_aborted() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "Gone"})).await;
    org.call("DELETE", &format!("/sobjects/Contact/{id}"), Value::Null, &[]).await;
    for (operation, rows) in [("query", 0), ("queryAll", 1)] {
        let body = json!({
            "operation": operation, "query": "SELECT LastName, IsDeleted FROM Contact",
            "columnDelimiter": "PIPE", "lineEnding": "CRLF",
        });
        let job = org.post("/jobs/query", body).await.json();
        org.pass(10);
        let path = format!("/jobs/query/{}", job["id"].as_str().unwrap());
        assert_eq!(org.get(&path).await.json()["numberRecordsProcessed"], rows);
        let text = org.get(&format!("{path}/results")).await.text;
        let expected = if rows == 0 { "" } else { "\"Gone\"|\"true\"\r\n" };
        assert_eq!(text, format!("\"LastName\"|\"IsDeleted\"\r\n{expected}"));
    }
    let body = json!({"operation": "query", "query": "SELECT Id FROM Contact"});
    let job = org.post("/jobs/query", body).await.json();
    let path = format!("/jobs/query/{}", job["id"].as_str().unwrap());
    assert_eq!(org.patch(&path, json!({"state": "Aborted"})).await.json()["state"], "Aborted");
    assert_eq!(org.get("/jobs/query").await.json()["records"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn soql_that_bulk_does_not_do_is_refused() {
    let org = Org::new();
    let cases = [
        ("SELECT COUNT() FROM Contact", "API_ERROR"),
        ("SELECT COUNT(Id) FROM Contact", "API_ERROR"),
        ("SELECT LastName FROM Contact GROUP BY LastName", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT Id FROM Contact LIMIT 2 OFFSET 1", "API_ERROR"),
        ("SELECT MailingAddress FROM Contact", "API_ERROR"),
        ("SELECT FIELDS(ALL) FROM Contact LIMIT 200", "API_ERROR"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT", "MALFORMED_QUERY"),
    ];
    for (soql, code) in cases {
        let reply = org.post("/jobs/query", json!({"operation": "query", "query": soql})).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{soql}: {}", reply.text);
    }
    let reply = org
        .post("/jobs/query", json!({"operation": "query", "query": "SELECT FIELDS(STANDARD) FROM Contact"}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn rows_that_cannot_be_locked_fail_alone() {
    let org = Org::new();
    org.break_with(FaultKind::HalfBatch, "/jobs/ingest", 0.5, None);
    let rows: String = (0..40).map(|number| format!("N{number}\n")).collect();
    let (id, info) =
        run(&org, json!({"object": "Contact", "operation": "insert"}), &format!("LastName\n{rows}")).await;
    let failed = info["numberRecordsFailed"].as_u64().unwrap();
    assert!(failed > 5 && failed < 35);
    assert_eq!(org.count("Contact"), 40 - usize::try_from(failed).unwrap());
    assert!(results(&org, &id, "failedResults").await.contains("UNABLE_TO_LOCK_ROW:"));
}

#[tokio::test]
async fn fifty_thousand_rows_are_quick() {
    let org = Org::new();
    let mut csv = String::from("FirstName,LastName,Email,Phone\n");
    for number in 0..50_000 {
        csv.push_str(&format!("F{number},L{number},p{number}@x.example,+31 20 {number}\n"));
    }
    let started = std::time::Instant::now();
    let (_, info) = run(&org, json!({"object": "Contact", "operation": "insert"}), &csv).await;
    assert_eq!(info["numberRecordsProcessed"], 50_000);
    let body = json!({"operation": "query", "query": "SELECT Id, FirstName, LastName, Email FROM Contact"});
    let job = org.post("/jobs/query", body).await.json();
    org.pass(60);
    let path = format!("/jobs/query/{}", job["id"].as_str().unwrap());
    assert_eq!(org.get(&path).await.json()["numberRecordsProcessed"], 50_000);
    let page = org.get(&format!("{path}/results?maxRecords=50000")).await;
    assert_eq!(page.text.lines().count(), 50_001);
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_days_allowance_is_counted_and_kept_when_limits_are_real() {
    let org = Org::new();
    let settings = json!({"limits": "real", "bulk_limits": {"batches": 1, "query_jobs": 1}});
    let request = Request::post("/_sim/settings").header("Content-Type", "application/json");
    let reply = org.send(request.body(Body::from(settings.to_string())).unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    run(&org, json!({"object": "Contact", "operation": "insert"}), "LastName\nA\n").await;
    let limits = org.get("/limits").await.json();
    assert_eq!(limits["DailyBulkApiBatches"], json!({"Max": 1, "Remaining": 0}));
    let id = open(&org, json!({"object": "Contact", "operation": "insert"})).await;
    put(&org, &id, "LastName\nB\n").await;
    let path = format!("/jobs/ingest/{id}");
    let reply = org.patch(&path, json!({"state": "UploadComplete"})).await;
    assert_eq!(reply.code(), "EXCEEDEDQUOTA");
    let query = json!({"operation": "query", "query": "SELECT Id FROM Contact"});
    assert_eq!(org.post("/jobs/query", query.clone()).await.status, 200);
    assert_eq!(org.post("/jobs/query", query.clone()).await.code(), "LIMIT_EXCEEDED");
    org.pass(25 * 3_600);
    assert_eq!(org.post("/jobs/query", query).await.status, 200);
    assert_eq!(org.get(&path).await.json()["state"], "Aborted");
}

#[tokio::test]
async fn a_packed_body_is_unpacked_and_a_plain_one_taken_as_it_is() {
    use std::io::Write as _;
    let org = Org::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"LastName\nPacked\n").unwrap();
    for (body, name) in [(packer.finish().unwrap(), "Packed"), (b"LastName\nPlain\n".to_vec(), "Plain")] {
        let id = open(&org, json!({"object": "Contact", "operation": "insert"})).await;
        let request = Request::put(format!("{V}/jobs/ingest/{id}/batches"))
            .header("Authorization", format!("Bearer {}", org.token))
            .header("Content-Encoding", "gzip");
        assert_eq!(org.send(request.body(Body::from(body)).unwrap()).await.status, 201);
        org.patch(&format!("/jobs/ingest/{id}"), json!({"state": "UploadComplete"})).await;
        let found = org.query(&format!("SELECT Id FROM Contact WHERE LastName = '{name}'")).await;
        assert_eq!(found["totalSize"], 1);
    }
}
