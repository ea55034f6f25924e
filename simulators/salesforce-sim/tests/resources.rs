//! Resources beside records and queries: searches, list views, layouts, relationships, conditions, limits of addresses.

mod common;

use common::{Org, V, encoded};
use serde_json::{Value, json};

async fn people(org: &Org) -> (String, String) {
    let account = org.make("Account", json!({"Name": "Lantern Works", "Website": "lantern.example"})).await;
    let ada = org
        .make("Contact", json!({"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@lantern.example", "AccountId": account}))
        .await;
    org.make(
        "Contact",
        json!({"FirstName": "Grace", "LastName": "Hopper", "Phone": "+31 10 555", "AccountId": account}),
    )
    .await;
    (account, ada)
}

#[tokio::test]
async fn a_search_finds_words_in_the_fields_it_names() {
    let org = Org::new();
    let (account, ada) = people(&org).await;
    let found = |text: &str| {
        let path = format!("/search?q={}", encoded(text));
        let org = &org;
        async move { org.get(&path).await.json()["searchRecords"].clone() }
    };
    let records = found("FIND {lantern*} RETURNING Account, Contact").await;
    let ids: Vec<&Value> = records.as_array().unwrap().iter().map(|record| &record["Id"]).collect();
    assert_eq!(ids, [&json!(account), &json!(ada)]);
    assert_eq!(records[0]["attributes"]["url"], format!("{V}/sobjects/Account/{account}"));
    let records = found(
        "FIND {ada OR grace} IN NAME FIELDS RETURNING Contact(Name, Account.Name WHERE LastName != 'Hopper')",
    )
    .await;
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!(records[0]["Account"]["Name"], "Lantern Works");
    assert_eq!(found("FIND {lantern} IN PHONE FIELDS").await, json!([]));
    let refused = org.get(&format!("/search?q={}", encoded("FIND ada"))).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "MALFORMED_SEARCH"));
}

#[tokio::test]
async fn parameters_search_as_well() {
    let org = Org::new();
    let (_, ada) = people(&org).await;
    let reply =
        org.get("/parameterizedSearch?q=ada&sobject=Contact&Contact.fields=Id,Email&Contact.limit=5").await;
    assert_eq!(reply.json()["searchRecords"][0]["Email"], "ada@lantern.example");
    let body = json!({"q": "lovelace", "fields": ["Id"], "in": "NAME", "overallLimit": 1,
        "sobjects": [{"name": "Contact", "fields": ["Id", "LastName"], "where": "Email != null"}, {"name": "Account"}]});
    let records = org.post("/parameterizedSearch", body).await.json()["searchRecords"].clone();
    assert_eq!(
        (records[0]["Id"].as_str(), records[0]["LastName"].as_str()),
        (Some(ada.as_str()), Some("Lovelace"))
    );
    assert_eq!(org.post("/parameterizedSearch", json!({"fields": ["Id"]})).await.status, 400);
}

#[tokio::test]
async fn relationships_lead_to_parents_and_children() {
    let org = Org::new();
    let (account, ada) = people(&org).await;
    let parent = org.get(&format!("/sobjects/Contact/{ada}/Account?fields=Name")).await.json();
    assert_eq!(
        (parent["Name"].as_str(), parent["attributes"]["type"].as_str()),
        (Some("Lantern Works"), Some("Account"))
    );
    let children = org.get(&format!("/sobjects/Account/{account}/Contacts?fields=LastName")).await.json();
    assert_eq!((children["totalSize"].as_u64(), children["done"].as_bool()), (Some(2), Some(true)));
    assert_eq!(children["records"][1]["LastName"], "Hopper");
    let whole = org.get(&format!("/sobjects/Account/{account}/Contacts")).await.json();
    assert_eq!(whole["records"][0]["Email"], "ada@lantern.example");
    let changed = org.patch(&format!("/sobjects/Contact/{ada}/Account"), json!({"Name": "Lamp Works"})).await;
    assert_eq!(changed.status, 204);
    let owner = org.get(&format!("/sobjects/Contact/{ada}/Account/Owner?fields=Username")).await.json();
    assert!(owner["Username"].is_string());
    assert_eq!(org.get(&format!("/sobjects/Contact/{ada}/ReportsTo")).await.status, 404);
    assert_eq!(org.get(&format!("/sobjects/Contact/{ada}/Nothing")).await.status, 404);
}

#[tokio::test]
async fn list_views_list_describe_and_answer() {
    let org = Org::new();
    let (account, _) = people(&org).await;
    let views = org.get("/sobjects/Account/listviews").await.json();
    assert_eq!((views["size"].as_u64(), views["done"].as_bool()), (Some(3), Some(true)));
    let all = &views["listviews"][0];
    assert_eq!(all["developerName"], "AllAccounts");
    let described = org.get(all["describeUrl"].as_str().unwrap()).await.json();
    assert!(described["query"].as_str().unwrap().starts_with("SELECT Name"));
    let results = org.get(all["resultsUrl"].as_str().unwrap()).await.json();
    assert_eq!(
        results["records"][0]["columns"][0],
        json!({"fieldNameOrPath": "Name", "value": "Lantern Works"})
    );
    let recent = views["listviews"][2]["resultsUrl"].as_str().unwrap();
    assert_eq!(org.get(recent).await.json()["size"], 0);
    let looked = [("Sforce-Mru", "updateMru=true")];
    org.call("GET", &format!("/sobjects/Account/{account}"), Value::Null, &looked).await;
    assert_eq!(org.get(recent).await.json()["size"], 1);
    assert_eq!(org.get("/recent?limit=5").await.json()[0]["Name"], "Lantern Works");
    assert_eq!(org.get("/sobjects/Account").await.json()["recentItems"][0]["Id"], json!(account));
    assert_eq!(org.get("/sobjects/Account/listviews/00B000000000001AAA").await.status, 404);
}

#[tokio::test]
async fn layouts_show_the_fields() {
    let org = Org::new();
    let layouts = org.get("/sobjects/Contact/describe/layouts").await.json();
    let items = layouts["layouts"][0]["detailLayoutSections"][0]["layoutRows"].as_array().unwrap();
    let shown = |row: &Value| row["layoutItems"][0]["layoutComponents"][0]["value"].clone();
    assert!(items.iter().map(shown).any(|name| name == "LastName"));
    let master = layouts["recordTypeMappings"][0]["urls"]["layout"].as_str().unwrap();
    assert_eq!(org.get(master).await.json()["id"], layouts["layouts"][0]["id"]);
    let compact = org.get("/sobjects/Contact/describe/compactLayouts").await.json();
    assert_eq!(compact["compactLayouts"][0]["objectType"], "Contact");
    assert_eq!(org.get("/sobjects/Nothing/describe/layouts").await.status, 404);
}

#[tokio::test]
async fn conditions_are_kept() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    let path = format!("/sobjects/Account/{account}");
    let first = org.get(&path).await;
    let header = |name: &str| first.headers[name].to_str().unwrap().to_owned();
    let (tag, time) = (header("etag"), header("last-modified"));
    let get = |name: &'static str, value: String| {
        let (org, path) = (&org, &path);
        async move { org.call("GET", path, Value::Null, &[(name, &value)]).await.status }
    };
    assert_eq!(get("If-None-Match", tag.clone()).await, 304);
    assert_eq!(get("If-Modified-Since", time.clone()).await, 304);
    org.pass(60);
    let change = |value: String| {
        let (org, path) = (&org, &path);
        async move { org.call("PATCH", path, json!({"Name": "B"}), &[("If-Match", &value)]).await }
    };
    assert_eq!(change(tag.clone()).await.status, 204);
    let refused = change(tag.clone()).await;
    assert_eq!((refused.status, refused.code().as_str()), (412, "PRECONDITION_FAILED"));
    let late = org.call("PATCH", &path, json!({"Name": "C"}), &[("If-Unmodified-Since", &time)]).await;
    assert_eq!(late.status, 412);
    assert_eq!(get("If-None-Match", tag).await, 200);
    assert_eq!(get("If-Modified-Since", time).await, 200);
    let described = org.get("/sobjects/Account/describe").await;
    let since = described.headers["last-modified"].to_str().unwrap();
    let again =
        org.call("GET", "/sobjects/Account/describe", Value::Null, &[("If-Modified-Since", since)]).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn addresses_and_headers_have_an_end() {
    let org = Org::new();
    let long = "x".repeat(16_400);
    assert_eq!(org.get(&format!("/query?q={long}")).await.status, 414);
    let reply = org.call("GET", "/limits", Value::Null, &[("X-Long", &long)]).await;
    assert_eq!(reply.status, 431);
}

#[tokio::test]
async fn a_plan_says_whether_an_index_helps() {
    let org = Org::new();
    people(&org).await;
    let explain = |text: &str| {
        let path = format!("/query?explain={}", encoded(text));
        let org = &org;
        async move { org.get(&path).await.json()["plans"].clone() }
    };
    let plans = explain("SELECT Id FROM Contact WHERE Email = 'ada@lantern.example'").await;
    assert_eq!(plans[0]["leadingOperationType"], "Index");
    assert_eq!((plans[0]["fields"][0].as_str(), plans[0]["cardinality"].as_u64()), (Some("Email"), Some(1)));
    assert_eq!(explain("SELECT Id FROM Contact").await[0]["leadingOperationType"], "TableScan");
}

#[tokio::test]
async fn counts_leave_out_objects_without_records() {
    let org = Org::new();
    people(&org).await;
    let counts = org.get("/limits/recordCount?sObjects=Contact,Opportunity").await.json();
    assert_eq!(counts, json!({"sObjects": [{"count": 2, "name": "Contact"}]}));
}

#[tokio::test]
async fn a_statement_tells_its_columns() {
    let org = Org::new();
    let columns = async |soql: &str| {
        let path = format!("/query?q={}&columns=true", encoded(soql));
        org.get(&path).await.json()["columnMetadata"].take()
    };
    let told = columns("SELECT c.Id, c.Account.Owner.Name, (SELECT Subject FROM Tasks) FROM Contact c").await;
    let names: Vec<&str> =
        told.as_array().unwrap().iter().map(|own| own["columnName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Id", "Account", "Tasks"]);
    assert_eq!(told[1]["joinColumns"][0]["joinColumns"][0]["columnName"], "Name");
    assert_eq!(
        (&told[2]["aggregate"], &told[2]["joinColumns"][0]["columnName"]),
        (&json!(true), &json!("Subject"))
    );
    let told = columns("SELECT COUNT(Id), MAX(Amount) most FROM Opportunity").await;
    assert_eq!((&told[0]["columnName"], &told[1]["columnName"]), (&json!("expr0"), &json!("most")));
    let twice = org.call("GET", "/services/data/v66.0//limits", Value::Null, &[]).await;
    assert_eq!(twice.status, 404, "only at the beginning");
}

#[tokio::test]
async fn a_path_may_begin_with_two_slashes() {
    let org = Org::new();
    let request = http::Request::get("//services/data/v66.0/limits?x=1")
        .header("Authorization", format!("Bearer {}", org.token));
    assert_eq!(org.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 200);
}
