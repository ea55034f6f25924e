//! Associations, definitions, credentials, limits, faults and the data sets.
mod common;

use common::World;
use hubspot_sim::{Limits, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn primary_company_is_one_and_brings_the_unlabelled_type() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let (one, two) = (world.company("One").await, world.company("Two").await);
    for company in [&one, &two] {
        let put = world
            .call(
                "PUT",
                &format!("/crm/v4/objects/contacts/{contact}/associations/companies/{company}"),
                json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1 }]),
            )
            .await;
        assert_eq!(put.status, 201, "{}", put.text);
        assert_eq!(put.body["labels"], json!(["Primary"]));
    }
    let list = world.get(&format!("/crm/v4/objects/contacts/{contact}/associations/companies")).await;
    let types = |n: usize| -> Vec<u64> {
        let all = list.body["results"][n]["associationTypes"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one["typeId"].as_u64()).collect()
    };
    assert_eq!((types(0), types(1)), (vec![279], vec![1, 279]));
    let back = world.get(&format!("/crm/objects/2026-09/companies/{two}/associations/contacts")).await;
    let ids: Vec<&Value> = back.body["results"][0]["associationTypes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["typeId"])
        .collect();
    assert_eq!(ids, [&json!(2), &json!(280)]);
    let record = world.sim.record("contacts", &contact).expect("a record");
    assert_eq!(record.properties["associatedcompanyid"], two);
    let read =
        world.get(&format!("/crm/v3/objects/companies/{two}?properties=num_associated_contacts")).await;
    assert_eq!(read.body["properties"]["num_associated_contacts"], "1");
}

#[tokio::test]
async fn associations_are_made_read_and_ended_in_batches() {
    let world = World::new();
    let (deal, company) = {
        let made = world
            .post(
                "/crm/v3/objects/deals",
                json!({ "properties": { "dealname": "d", "dealstage": "closedwon" } }),
            )
            .await;
        (made.body["id"].as_str().unwrap_or_default().to_owned(), world.company("One").await)
    };
    let made = world
        .post(
            "/crm/v4/associations/deals/companies/batch/create",
            json!({ "inputs": [{ "from": { "id": deal }, "to": { "id": company },
                "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5 }] }] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let read = world
        .post(
            "/crm/associations/2026-09/0-3/0-2/batch/read",
            json!({ "inputs": [{ "id": deal }, { "id": "12" }] }),
        )
        .await;
    assert_eq!(read.status, 207);
    assert_eq!(read.body["results"][0]["to"][0]["toObjectId"].to_string(), company);
    let with = world.get(&format!("/crm/v3/objects/deals/{deal}?associations=companies")).await;
    assert_eq!(with.body["associations"]["companies"]["results"][0]["id"], company);
    let ended = world
        .post(
            "/crm/v4/associations/deals/companies/batch/archive",
            json!({ "inputs": [{ "from": { "id": deal }, "to": [{ "id": company }] }] }),
        )
        .await;
    assert_eq!(ended.status, 204);
    let list = world.get(&format!("/crm/v4/objects/deals/{deal}/associations/companies")).await;
    assert_eq!(list.body["results"], json!([]));
    let wrong = world
        .call(
            "PUT",
            &format!("/crm/v4/objects/deals/{deal}/associations/companies/{company}"),
            json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1 }]),
        )
        .await;
    assert_eq!(
        wrong.body["message"],
        "invalid from object type 0-3 for associations to be created. expected: 0-1"
    );
}

#[tokio::test]
async fn custom_labels_go_both_ways() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v4/associations/contacts/companies/labels",
            json!({ "label": "Advisor", "name": "advisor", "inverseLabel": "Advised by" }),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(made.body["results"].as_array().map(Vec::len), Some(2));
    let list = world.get("/crm/v4/associations/contacts/companies/labels").await;
    assert!(list.text.contains("Advisor") && list.text.contains("\"typeId\":279"));
}

#[tokio::test]
async fn property_can_be_made_changed_archived_and_brought_back() {
    let world = World::new();
    let body = json!({ "name": "favorite_food", "label": "Food", "type": "enumeration", "fieldType": "select",
        "groupName": "contactinformation", "options": [{ "label": "Pizza", "value": "pizza" }] });
    assert_eq!(world.post("/crm/v3/properties/contacts", body.clone()).await.status, 201);
    let twice = world.post("/crm/v3/properties/contacts", body.clone()).await;
    assert_eq!((twice.status, &twice.body["category"]), (409, &json!("OBJECT_ALREADY_EXISTS")));
    let patched = world
        .call(
            "PATCH",
            "/crm/properties/2026-09/contacts/favorite_food",
            json!({ "options": [{ "label": "Soup", "value": "soup" }] }),
        )
        .await;
    assert_eq!(patched.body["options"][0]["value"], "soup");
    let path = "/crm/v3/properties/contacts/favorite_food";
    assert_eq!(world.call("DELETE", path, Value::Null).await.status, 204);
    assert_eq!(world.get(path).await.status, 404);
    assert_eq!(world.get(&format!("{path}?archived=true")).await.status, 200);
    assert_eq!(world.post("/crm/v3/properties/contacts", body).await.status, 201);
    let industry = world.get("/crm/v3/properties/companies/industry").await;
    assert!(industry.body["options"].as_array().is_some_and(|options| options.len() > 140));
}

#[tokio::test]
async fn stages_of_a_new_pipeline_can_be_used() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v3/pipelines/deals",
            json!({ "label": "Partners", "displayOrder": 1, "stages": [
                { "label": "Open", "displayOrder": 0, "metadata": { "probability": "0.5" } },
            ] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let stage = made.body["stages"][0]["id"].as_str().unwrap_or_default();
    let deal = world
        .post("/crm/v3/objects/deals", json!({ "properties": { "dealname": "d", "dealstage": stage } }))
        .await;
    assert_eq!(deal.body["properties"]["pipeline"], made.body["id"]);
    let path = format!("/crm/pipelines/2026-09/deals/{}", made.body["id"].as_str().unwrap_or_default());
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 400);
}

#[tokio::test]
async fn access_tokens_expire_by_the_clock() {
    let world = World::new();
    let access = world.sim.access();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", access.client_id.as_str()),
        ("client_secret", access.client_secret.as_str()),
        ("refresh_token", access.refresh_token.as_str()),
    ];
    for path in ["/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token", "/oauth/2026-09/token"] {
        let given = world.form(path, &fields).await;
        assert_eq!((given.status, &given.body["expires_in"]), (200, &json!(1800)), "{}", given.text);
    }
    let given = world.form("/oauth/v3/token", &fields).await;
    let token = given.body["access_token"].as_str().unwrap_or_default();
    let read = async |token: &str| {
        world.call_as(token, "GET", "/crm/v3/owners/", "application/json", String::new()).await
    };
    assert_eq!(read(token).await.status, 200);
    world.pass(1_800_000 + 75_000);
    let late = read(token).await;
    assert_eq!((late.status, &late.body["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
    assert_eq!(late.body["message"], "The OAuth token used to make this call expired 75 second(s) ago.");
    for wrong in ["", "nonsense"] {
        let refused = read(wrong).await;
        assert_eq!((refused.status, &refused.body["category"]), (401, &json!("INVALID_AUTHENTICATION")));
    }
    let bad = world
        .form(
            "/oauth/v3/token",
            &[("grant_type", "refresh_token"), fields[1], fields[2], ("refresh_token", "x")],
        )
        .await;
    assert_eq!((bad.status, &bad.body["status"]), (400, &json!("BAD_REFRESH_TOKEN")));
}

#[tokio::test]
async fn consent_gives_a_code_that_works_once_and_only_with_its_verifier() {
    let world = World::new();
    let access = world.sim.access();
    let page = world
        .get(&format!(
            "/oauth/authorize?client_id={}&redirect_uri=http://127.0.0.1:9/cb&scope=oauth&state=s1",
            access.client_id
        ))
        .await;
    assert!(page.status == 200 && page.text.contains("Connect app"));
    let approve = async || {
        let answer = world
            .form(
                "/oauth/authorize",
                &[
                    ("client_id", &access.client_id),
                    ("redirect_uri", "http://127.0.0.1:9/cb"),
                    ("scope", "oauth"),
                    ("state", "s1"),
                    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                    ("code_challenge_method", "S256"),
                    ("decision", "approve"),
                ],
            )
            .await;
        let to =
            answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        let to = url::Url::parse(&to).expect("a redirect");
        let pairs: std::collections::HashMap<_, _> = to.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "s1");
        pairs["code"].clone()
    };
    let exchange = async |code: String, verifier: &str| {
        world
            .form(
                "/oauth/v1/token",
                &[
                    ("grant_type", "authorization_code"),
                    ("client_id", &access.client_id),
                    ("client_secret", &access.client_secret),
                    ("redirect_uri", "http://127.0.0.1:9/cb"),
                    ("code", &code),
                    ("code_verifier", verifier),
                ],
            )
            .await
            .status
    };
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let code = approve().await;
    assert_eq!(exchange(code.clone(), verifier).await, 200);
    assert_eq!(exchange(code, verifier).await, 400);
    assert_eq!(exchange(approve().await, "wrong").await, 400);
}

#[tokio::test]
async fn real_limits_refuse_the_call_after_the_last() {
    let world = World::with(Options { limits: Limits::Real, ..Options::default() });
    for _ in 0..190 {
        assert_eq!(world.get("/crm/v3/owners").await.status, 200);
    }
    let over = world.get("/crm/v3/owners").await;
    assert_eq!((over.status, &over.body["policyName"]), (429, &json!("TEN_SECONDLY_ROLLING")));
    assert_eq!(world.sim.stats().throttled, 1);
    world.pass(10_000);
    assert_eq!(world.get("/crm/v3/owners").await.status, 200);
    for n in 0..6 {
        let found = world.post("/crm/v3/objects/contacts/search", json!({})).await;
        assert_eq!(found.status, if n < 5 { 200 } else { 429 });
        if n == 5 {
            assert_eq!(found.body["message"], "You have reached your secondly limit.");
        }
    }
    world.pass(1000);
    assert_eq!(world.post("/crm/v3/objects/contacts/search", json!({})).await.status, 200);
}

#[tokio::test]
async fn faults_strike_the_api_and_spare_the_simulators_own_pages() {
    let world = World::new();
    let plan = |rule: Value| json!({ "seed": 3, "rules": [rule] });
    let set = async |rule: Value| {
        assert_eq!(world.post("/_sim/faults", plan(rule)).await.status, 200);
    };
    set(json!({ "kind": "status", "status": 503, "probability": 1.0 })).await;
    assert_eq!(world.get("/crm/v3/owners").await.status, 503);
    assert_eq!(world.get("/_sim/stats").await.status, 200);
    set(json!({ "kind": "expired_token", "probability": 1.0, "times": 1 })).await;
    assert_eq!(world.get("/crm/v3/owners").await.body["category"], "EXPIRED_AUTHENTICATION");
    assert_eq!(world.get("/crm/v3/owners").await.status, 200);
    let contact = json!({ "properties": { "email": "lost@b.example" } });
    set(json!({ "kind": "lost_before", "probability": 1.0 })).await;
    world.post("/crm/v3/objects/contacts", contact.clone()).await;
    assert_eq!(world.sim.records("contacts").len(), 0);
    set(json!({ "kind": "lost_after", "probability": 1.0 })).await;
    world.post("/crm/v3/objects/contacts", contact).await;
    assert_eq!(world.sim.records("contacts").len(), 1);
    set(json!({ "kind": "half_batch", "probability": 0.5 })).await;
    let rows: Vec<Value> = (0..40)
        .map(|n| json!({ "properties": { "email": format!("h{n}@b.example") }, "objectWriteTraceId": n.to_string() }))
        .collect();
    let batch = world.post("/crm/v3/objects/contacts/batch/create", json!({ "inputs": rows })).await;
    assert_eq!(batch.status, 207);
    let failed = batch.body["numErrors"].as_u64().unwrap_or_default();
    assert!((1..40).contains(&failed));
    assert_eq!(batch.body["errors"][0]["category"], "INTERNAL_ERROR");
    assert!(batch.body["errors"][0]["context"]["objectWriteTraceId"][0].is_string());
    assert_eq!(world.sim.records("contacts").len() as u64, 1 + 40 - failed);
}

#[tokio::test]
async fn unknown_routes_answer_a_page_and_not_json() {
    let world = World::new();
    for path in ["/crm/v9/objects/contacts", "/nothing", "/crm/properties/2025-09/contacts"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text.starts_with("<html>"));
    }
}

#[tokio::test]
async fn folder_of_csv_files_fills_the_account_and_a_reset_returns_to_it() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(
        dir.path().join("companies.csv"),
        "ref,name,industry,founded\nC1,Acme,INDUSTRIALS,1902\nC2,Bolt,BANKING,2001\n",
    )
    .expect("written");
    std::fs::write(
        dir.path().join("contacts.csv"),
        "email,firstname,company_ref\nA@x.example,Ada,C1\na@x.example,Again,C2\n,Nobody,C9\n",
    )
    .expect("written");
    let world = World::new();
    let report = world.sim.load_csv(dir.path()).expect("loaded");
    assert_eq!(report.created["companies"], 2);
    assert_eq!(report.created["contacts"], 2);
    assert_eq!(report.properties, ["companies.founded"]);
    assert_eq!(report.options, ["companies.industry.INDUSTRIALS"]);
    let refused: Vec<u64> = report.refused.iter().map(|row| row.line).collect();
    assert_eq!(refused, [3, 4]);
    let founded = world.get("/crm/v3/properties/companies/founded").await;
    assert_eq!(founded.body["type"], "number");
    let ada = &world.sim.records("contacts")[0];
    assert_eq!(ada.associations["companies"][0].1, [1, 279]);
    world.contact("later@x.example").await;
    assert_eq!(world.post("/_sim/reset", json!({})).await.status, 200);
    assert_eq!(world.sim.records("contacts").len(), 2);
    assert_eq!(world.sim.stats().writes.len(), 0);
}

#[tokio::test]
async fn people_edit_records_in_the_console() {
    let world = World::new();
    let made = world
        .form("/_sim/console/contacts/new", &[("email", "eve@b.example"), ("firstname", "<b>Eve</b>")])
        .await;
    assert_eq!(made.status, 303, "{}", made.text);
    let to = made.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    let page = world.get(&to).await;
    assert!(page.text.contains("&lt;b&gt;Eve") && !page.text.contains("<b>Eve"));
    assert!(page.text.contains("HubSpot (simulated)") && page.text.contains("CRM_UI"));
    assert_eq!(world.form(&to, &[("city", "Oslo"), ("email", "eve@b.example")]).await.status, 303);
    let list = world.get("/_sim/console/contacts?q=eve").await;
    assert!(list.text.contains("eve@b.example"));
    let refused = world.form("/_sim/console/contacts/new", &[("email", "eve@b.example")]).await;
    assert!(refused.status == 400 && refused.text.contains("Contact already exists"));
    assert_eq!(world.form(&format!("{to}/archive"), &[]).await.status, 303);
    assert_eq!(world.sim.records("contacts").len(), 0);
    assert_eq!(world.form(&format!("{to}/restore"), &[]).await.status, 303);
    let record = &world.sim.records("contacts")[0];
    assert_eq!(record.properties["city"], "Oslo");
    assert_eq!(record.history["city"][0].source_type, "CRM_UI");
    assert!(world.get("/_sim/console").await.text.contains("Contacts"));
    assert_eq!(world.sim.stats().writes.len(), 0);
}

#[tokio::test]
async fn exported_columns_the_platform_sets_itself_do_not_refuse_a_row() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(
        dir.path().join("deals.csv"),
        "dealname,dealstage,pipeline,hs_object_id,createdate,hubspot_owner_id\n\
         One,warm,partners,77,2026-01-02T03:04:05Z,123\n",
    )
    .expect("written");
    let world = World::new();
    let report = world.sim.load_csv(dir.path()).expect("loaded");
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    assert_eq!(report.ignored, ["deals.hs_object_id", "deals.createdate"]);
    assert_eq!(report.options, ["deals.pipeline.partners", "deals.dealstage.warm"]);
    let deal = &world.sim.records("deals")[0];
    assert_eq!(deal.properties["createdate"], "2026-01-02T03:04:05Z");
    assert_eq!(deal.properties["hubspot_owner_id"], "123");
    assert_eq!(world.get("/crm/v3/owners/123").await.status, 200);
}

#[tokio::test]
async fn what_is_done_to_pipelines_and_stages_is_kept() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v3/pipelines/tickets",
            json!({ "label": "Returns", "displayOrder": 1, "pipelineId": "returns",
                "stages": [{ "label": "New", "displayOrder": 0, "metadata": { "ticketState": "OPEN" } }] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    world.call("PATCH", "/crm/v3/pipelines/tickets/returns", json!({ "label": "Returned" })).await;
    let audit = world.get("/crm/v3/pipelines/tickets/returns/audit").await;
    assert_eq!(audit.body["results"][0]["action"], "UPDATE", "{}", audit.text);
    assert_eq!(audit.body["results"][0]["rawObject"]["label"], "Returned");
    assert_eq!(audit.body["results"][1]["action"], "CREATE");
    let stage = world
        .post(
            "/crm/v3/pipelines/tickets/returns/stages",
            json!({ "label": "Refunded", "displayOrder": 1, "metadata": { "ticketState": "CLOSED" } }),
        )
        .await;
    let id = stage.body["id"].as_str().unwrap_or_default();
    let audit = world.get(&format!("/crm/v3/pipelines/tickets/returns/stages/{id}/audit")).await;
    assert_eq!(audit.body["results"][0]["identifier"], id, "{}", audit.text);
}

#[tokio::test]
async fn rules_for_values_are_kept_and_enforced() {
    let world = World::new();
    let path = "/crm/v3/property-validations/0-1/firstname";
    let set =
        world.call("PUT", &format!("{path}/rule-type/MAX_LENGTH"), json!({ "ruleArguments": ["3"] })).await;
    assert_eq!(set.status, 204, "{}", set.text);
    let rules = world.get(path).await;
    assert_eq!(rules.body["results"][0]["ruleArguments"], json!(["3"]), "{}", rules.text);
    assert_eq!(world.get(&format!("{path}/rule-type/REGEX")).await.status, 404);
    let contacts = "/crm/v3/objects/contacts";
    let long = world.post(contacts, json!({ "properties": { "firstname": "Chiyo" } })).await;
    assert_eq!((long.status, &long.body["category"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(world.post(contacts, json!({ "properties": { "firstname": "Ada" } })).await.status, 201);
    let all = world.get("/crm/property-validations/2026-09/contacts").await;
    assert_eq!(all.body["results"].as_array().map(Vec::len), Some(1), "{}", all.text);
}

#[tokio::test]
async fn reaching_a_stage_of_the_lifecycle_is_dated() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    world.pass(5000);
    let path = format!("/crm/v3/objects/contacts/{id}");
    let patched = world
        .call(
            "PATCH",
            &path,
            json!({ "properties": { "lifecyclestage": "customer", "hubspot_owner_id": "41629779" } }),
        )
        .await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    let names = "hs_lifecyclestage_lead_date,hs_lifecyclestage_customer_date,hubspot_owner_assigneddate";
    let read = world.get(&format!("{path}?properties={names}")).await;
    let properties = &read.body["properties"];
    assert_eq!(properties["hs_lifecyclestage_lead_date"], read.body["createdAt"]);
    assert_eq!(properties["hs_lifecyclestage_customer_date"], read.body["updatedAt"]);
    assert_eq!(properties["hubspot_owner_assigneddate"], read.body["updatedAt"]);
}
