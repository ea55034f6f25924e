//! Composite requests, graphs, trees, and collections by id.

mod common;

use common::{Org, V, contact};
use serde_json::{Value, json};

fn part(method: &str, path: &str, reference: &str, body: Value) -> Value {
    json!({"method": method, "url": format!("{V}{path}"), "referenceId": reference, "body": body})
}

#[tokio::test]
async fn a_failed_part_halts_the_others_when_all_or_none() {
    let org = Org::new();
    let parts = [
        part("POST", "/sobjects/Account", "a", json!({"Name": "Acme"})),
        part("POST", "/sobjects/Contact", "b", json!({"FirstName": "nameless"})),
        part("POST", "/sobjects/Account", "c", json!({"Name": "Never"})),
    ];
    let body = json!({"allOrNone": true, "compositeRequest": parts});
    let answers = org.post("/composite", body).await.json()["compositeResponse"].clone();
    let code =
        |at: usize| (answers[at]["httpStatusCode"].clone(), answers[at]["body"][0]["errorCode"].clone());
    assert_eq!(code(0), (json!(400), json!("PROCESSING_HALTED")));
    assert_eq!(code(1), (json!(400), json!("REQUIRED_FIELD_MISSING")));
    assert_eq!(code(2), (json!(400), json!("PROCESSING_HALTED")));
    assert_eq!((org.count("Account"), org.count("Contact")), (0, 0));
}

#[tokio::test]
async fn without_it_only_dependents_fail() {
    let org = Org::new();
    let parts = [
        part("POST", "/sobjects/Contact", "bad", json!({"FirstName": "nameless"})),
        part("GET", "/sobjects/Contact/@{bad.id}", "after", Value::Null),
        part("POST", "/sobjects/Account", "good", json!({"Name": "Acme"})),
    ];
    let answers =
        org.post("/composite", json!({"compositeRequest": parts})).await.json()["compositeResponse"].clone();
    assert_eq!(answers[1]["body"][0]["errorCode"], "PROCESSING_HALTED");
    let message = "Invalid reference specified. No value for bad.id found in bad";
    assert_eq!(answers[1]["body"][0]["message"], message);
    assert_eq!((answers[2]["httpStatusCode"].as_u64(), org.count("Account")), (Some(201), 1));
}

#[tokio::test]
async fn references_reach_into_the_rows_of_a_query() {
    let org = Org::new();
    org.make("Account", json!({"Name": "Acme"})).await;
    let parts = [
        part("GET", "/query?q=SELECT Id FROM Account WHERE Name = 'Acme'", "q", Value::Null),
        part("POST", "/sobjects/Contact", "c", json!({"LastName": "Z", "AccountId": "@{q.records[0].Id}"})),
    ];
    let answers =
        org.post("/composite", json!({"compositeRequest": parts})).await.json()["compositeResponse"].clone();
    assert_eq!(answers[1]["httpStatusCode"], 201);
    let found = org.query("SELECT Id FROM Contact WHERE Account.Name = 'Acme'").await;
    assert_eq!(found["totalSize"], 1);
}

#[tokio::test]
async fn parts_have_headers_of_their_own() {
    let org = Org::new();
    let first = org.get("/sobjects").await;
    let since = first.headers["last-modified"].to_str().unwrap();
    let mut asked = part("GET", "/sobjects", "d", Value::Null);
    asked["httpHeaders"] = json!({"If-Modified-Since": since});
    let answers = org.post("/composite", json!({"compositeRequest": [asked]})).await.json();
    let answer = &answers["compositeResponse"][0];
    assert_eq!((answer["httpStatusCode"].as_u64(), answer["body"].is_null()), (Some(304), true));
    assert_eq!(answer["httpHeaders"]["Last-Modified"], json!(since));
    let mut wrong = part("GET", "/sobjects", "d", Value::Null);
    wrong["httpHeaders"] = json!({"Authorization": "Bearer x"});
    assert_eq!(org.post("/composite", json!({"compositeRequest": [wrong]})).await.status, 400);
    let twice = [part("GET", "/limits", "d", Value::Null), part("GET", "/limits", "d", Value::Null)];
    assert_eq!(org.post("/composite", json!({"compositeRequest": twice})).await.status, 400);
    let odd = part("GET", "/limits", "not-a-name", Value::Null);
    assert_eq!(org.post("/composite", json!({"compositeRequest": [odd]})).await.status, 400);
}

#[tokio::test]
async fn a_batch_stops_where_it_is_told_to() {
    let org = Org::new();
    let requests = [
        json!({"method": "GET", "url": "v66.0/sobjects/Nothing/describe"}),
        json!({"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "Acme"}}),
    ];
    let batch =
        org.post("/composite/batch", json!({"batchRequests": requests, "haltOnError": true})).await.json();
    assert_eq!(batch["results"][0]["statusCode"], 404);
    assert_eq!(batch["results"][1]["statusCode"], 412);
    assert_eq!(batch["results"][1]["result"][0]["errorCode"], "BATCH_PROCESSING_HALTED");
    let batch = org.post("/composite/batch", json!({"batchRequests": requests})).await.json();
    assert_eq!(
        (batch["hasErrors"].as_bool(), batch["results"][1]["statusCode"].as_u64()),
        (Some(true), Some(201))
    );
}

#[tokio::test]
async fn each_graph_is_all_or_nothing() {
    let org = Org::new();
    let good = [
        part("POST", "/sobjects/Account", "a", json!({"Name": "Acme"})),
        part("POST", "/sobjects/Contact", "c", json!({"LastName": "Z", "AccountId": "@{a.id}"})),
    ];
    let bad = [
        part("POST", "/sobjects/Account", "a", json!({"Name": "Gone"})),
        part("POST", "/sobjects/Contact", "c", json!({"FirstName": "nameless"})),
    ];
    let body = json!({"graphs": [{"graphId": "1", "compositeRequest": bad}, {"graphId": "2", "compositeRequest": good}]});
    let reply = org.post("/composite/graph", body).await;
    let graphs = reply.json()["graphs"].clone();
    assert_eq!(
        (reply.status, &graphs[0]["isSuccessful"], &graphs[1]["isSuccessful"]),
        (200, &json!(false), &json!(true))
    );
    let answers = &graphs[0]["graphResponse"]["compositeResponse"];
    assert_eq!(answers[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(answers[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(
        org.query("SELECT Name, (SELECT Id FROM Contacts) FROM Account").await["records"][0]["Name"],
        "Acme"
    );
    assert_eq!(org.count("Account"), 1);
}

#[tokio::test]
async fn graphs_keep_their_limits() {
    let org = Org::new();
    let refused = |graphs: Value| {
        let org = &org;
        async move { org.post("/composite/graph", json!({"graphs": graphs})).await.status == 400 }
    };
    let one = |id: String| json!({"graphId": id, "compositeRequest": [part("POST", "/sobjects/Account", "a", json!({"Name": "A"}))]});
    assert!(refused((0..76).map(|at| one(at.to_string())).collect()).await);
    assert!(refused(json!([one("same".into()), one("same".into())])).await);
    let query = part("GET", "/query?q=SELECT Id FROM Account", "q", Value::Null);
    assert!(refused(json!([{"graphId": "g", "compositeRequest": [query]}])).await);
    let chain: Vec<Value> = (0..16)
        .map(|at| {
            let mut fields = json!({"Name": "A"});
            if at > 0 {
                fields["ParentId"] = json!(format!("@{{n{}.id}}", at - 1));
            }
            part("POST", "/sobjects/Account", &format!("n{at}"), fields)
        })
        .collect();
    assert!(refused(json!([{"graphId": "g", "compositeRequest": chain}])).await);
    assert!(!refused(json!([{"graphId": "g", "compositeRequest": chain[..15]}])).await);
    assert_eq!(org.count("Account"), 15);
}

#[tokio::test]
async fn a_tree_makes_parents_and_children_or_nothing() {
    let org = Org::new();
    let record = |kind: &str, reference: &str, fields: Value| {
        let mut record = json!({"attributes": {"type": kind, "referenceId": reference}});
        record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        record
    };
    let tree = |email: &str| {
        let child = record("Contact", "ref2", json!({"LastName": "Smith", "Email": email}));
        json!({"records": [
            record("Account", "ref1", json!({"Name": "Sample", "Contacts": {"records": [child]}})),
            record("Account", "ref3", json!({"Name": "Other"})),
        ]})
    };
    let refused = org.post("/composite/tree/Account", tree("123")).await;
    let expected = json!({"hasErrors": true, "results": [{"referenceId": "ref2", "errors": [
        {"statusCode": "INVALID_EMAIL_ADDRESS", "message": "Email: invalid email address: 123", "fields": ["Email"]}]}]});
    assert_eq!((refused.status, refused.json(), org.count("Account")), (400, expected, 0));
    let made = org.post("/composite/tree/Account", tree("smith@sample.example")).await;
    let results = made.json()["results"].clone();
    let order: Vec<&str> =
        results.as_array().unwrap().iter().map(|r| r["referenceId"].as_str().unwrap()).collect();
    assert_eq!((made.status, order), (201, vec!["ref1", "ref3", "ref2"]));
    let found = org.query("SELECT Account.Name FROM Contact").await;
    assert_eq!(found["records"][0]["Account"]["Name"], "Sample");
    let nameless = json!({"records": [{"attributes": {"type": "Account"}, "Name": "A"}]});
    assert_eq!(
        org.post("/composite/tree/Account", nameless).await.json()["results"][0]["errors"][0]["statusCode"],
        "INVALID_INPUT"
    );
}

#[tokio::test]
async fn collections_are_written_and_read_by_id() {
    let org = Org::new();
    let old = org.make("Contact", json!({"LastName": "Old"})).await;
    let rows =
        [contact(json!({"Id": null, "LastName": "New"})), contact(json!({"Id": old, "LastName": "Changed"}))];
    let results = org.patch("/composite/sobjects/Contact/Id", json!({"records": rows})).await.json();
    assert_eq!((&results[0]["created"], &results[1]["created"]), (&json!(true), &json!(false)));
    let new = results[0]["id"].as_str().unwrap();
    let body = json!({"ids": [old, "003000000000001AAA", new], "fields": ["LastName"]});
    let read = org.post("/composite/sobjects/Contact", body).await.json();
    assert_eq!(
        (&read[0]["LastName"], &read[1], &read[2]["LastName"]),
        (&json!("Changed"), &Value::Null, &json!("New"))
    );
    let wrong = org.get(&format!("/composite/sobjects/Contact?ids={old}&fields=Nothing")).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "INVALID_FIELD"));
    assert_eq!(org.get(&format!("/composite/sobjects/Contact?ids={old}")).await.status, 400);
    let gone =
        org.call("DELETE", &format!("/composite/sobjects?ids={old},nonsense"), Value::Null, &[]).await.json();
    assert_eq!(gone[0], json!({"id": old, "success": true, "errors": []}));
    assert_eq!(
        gone[1]["errors"][0],
        json!({"statusCode": "MALFORMED_ID", "message": "malformed id nonsense", "fields": []})
    );
}
