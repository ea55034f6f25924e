//! Records: creating, reading, changing, archiving, in ones and in batches.
mod common;

use common::World;
use serde_json::{Value, json};

#[tokio::test]
async fn created_contact_is_answered_with_201_and_string_values() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v3/objects/contacts",
            json!({ "properties": { "email": "  Ada@Example.COM ", "firstname": "Ada", "hs_email_optout": true } }),
        )
        .await;
    assert_eq!(made.status, 201);
    let properties = &made.body["properties"];
    assert_eq!(properties["email"], "ada@example.com");
    assert_eq!(properties["hs_email_optout"], "true");
    assert_eq!(properties["lifecyclestage"], "lead");
    assert_eq!(properties["hs_object_source"], "INTEGRATION");
    assert_eq!(properties["hs_object_source_id"], "8151242");
    assert_eq!(properties["createdate"], made.body["createdAt"]);
    assert_eq!(made.body["archived"], false);
    assert!(made.headers.contains_key("x-hubspot-ratelimit-remaining"));
}

#[tokio::test]
async fn second_contact_with_same_email_is_refused() {
    let world = World::new();
    let first = world.contact("a@b.example").await;
    let second =
        world.post("/crm/v3/objects/contacts", json!({ "properties": { "email": "A@B.example" } })).await;
    assert_eq!(second.status, 409);
    assert_eq!(second.body["message"], format!("Contact already exists. Existing ID: {first}"));
    assert_eq!(second.body["category"], "CONFLICT");
    assert_eq!(
        second.headers.get("x-hubspot-correlation-id").and_then(|id| id.to_str().ok()),
        second.body["correlationId"].as_str()
    );
}

#[tokio::test]
async fn additional_email_is_taken_as_well() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    let patched = world
        .call("PATCH", &path, json!({ "properties": { "hs_additional_emails": "other@b.example" } }))
        .await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    let second =
        world.post("/crm/v3/objects/contacts", json!({ "properties": { "email": "other@b.example" } })).await;
    assert_eq!(second.status, 409);
}

#[tokio::test]
async fn changing_an_email_to_one_that_is_taken_names_the_holder() {
    let world = World::new();
    let first = world.contact("a@b.example").await;
    let second = world.contact("c@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{second}");
    let patched = world.call("PATCH", &path, json!({ "properties": { "email": "a@b.example" } })).await;
    assert_eq!(patched.status, 400);
    let message = patched.body["message"].as_str().unwrap_or_default();
    assert!(message.ends_with(&format!("on {second}. {first} already has that value.")), "{message}");
}

#[tokio::test]
async fn companies_may_share_a_domain() {
    let world = World::new();
    for _ in 0..2 {
        let made = world
            .post("/crm/objects/2026-09/companies", json!({ "properties": { "domain": "same.example" } }))
            .await;
        assert_eq!(made.status, 201);
    }
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_by_code() {
    let world = World::new();
    for (object, property, value, code) in [
        ("contacts", "nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("contacts", "email", "nobody", "INVALID_EMAIL"),
        ("contacts", "lifecyclestage", "hero", "INVALID_OPTION"),
        ("contacts", "lastmodifieddate", "2026-01-01", "READ_ONLY_VALUE"),
        ("companies", "numberofemployees", "many", "INVALID_LONG"),
        ("deals", "closedate", "soon", "INVALID_DATE"),
    ] {
        let made = world
            .post(
                &format!("/crm/v3/objects/{object}"),
                json!({ "properties": { property: value, "name": "x" } }),
            )
            .await;
        assert_eq!(made.status, 400, "{property}");
        let codes: Vec<&Value> =
            made.body["errors"].as_array().into_iter().flatten().map(|error| &error["code"]).collect();
        assert!(codes.contains(&&json!(code)), "{property}: {}", made.text);
        assert!(
            made.body["message"]
                .as_str()
                .unwrap_or_default()
                .starts_with("Property values were not valid: [")
        );
    }
}

#[tokio::test]
async fn deal_without_a_stage_is_refused() {
    let world = World::new();
    let made = world.post("/crm/v3/objects/deals", json!({ "properties": { "dealname": "d" } })).await;
    assert_eq!(made.status, 400);
    let made = world
        .post(
            "/crm/v3/objects/0-3",
            json!({ "properties": { "dealname": "d", "dealstage": "closedwon", "closedate": "2026-05-27" } }),
        )
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["properties"]["pipeline"], "default");
    assert_eq!(made.body["properties"]["closedate"], "2026-05-27T00:00:00Z");
    assert_eq!(made.body["properties"]["hs_is_closed_won"], "true");
}

#[tokio::test]
async fn empty_value_clears_and_reads_as_null() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    world.call("PATCH", &path, json!({ "properties": { "city": "Oslo" } })).await;
    world.call("PATCH", &path, json!({ "properties": { "city": "" } })).await;
    let read = world.get(&format!("{path}?properties=city&properties=nonsense")).await;
    assert_eq!(read.body["properties"]["city"], Value::Null);
    assert!(read.body["properties"].as_object().is_some_and(|all| !all.contains_key("nonsense")));
}

#[tokio::test]
async fn properties_may_be_a_list_or_repeated() {
    let world = World::new();
    world.contact("a@b.example").await;
    let one = world.get("/crm/v3/objects/contacts/a@b.example?idProperty=email&properties=email,city").await;
    let two = world
        .get("/crm/objects/2026-03/0-1/a@b.example?idProperty=email&properties=email&properties=city")
        .await;
    assert_eq!(one.status, 200);
    assert_eq!(one.body["properties"], two.body["properties"]);
}

#[tokio::test]
async fn history_says_who_wrote_what() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    world.pass(1000);
    world.sim.edit_record("contacts", &id, [("city", "Oslo")]).expect("an edit");
    world.pass(1000);
    let path = format!("/crm/v3/objects/contacts/{id}");
    world.call("PATCH", &path, json!({ "properties": { "city": "Bergen" } })).await;
    let read = world.get(&format!("{path}?propertiesWithHistory=city")).await;
    let history = read.body["propertiesWithHistory"]["city"].as_array().cloned().unwrap_or_default();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0]["value"], "Bergen");
    assert_eq!(history[0]["sourceType"], "INTEGRATION");
    assert_eq!(history[0]["sourceId"], "8151242");
    assert_eq!(history[1]["sourceType"], "CRM_UI");
    assert!(history[1]["sourceId"].as_str().is_some_and(|id| id.starts_with("userId:")));
    assert_eq!(read.body["updatedAt"], history[0]["timestamp"]);
    assert_eq!(world.sim.stats().writes["contacts"].updated, 1);
}

#[tokio::test]
async fn archived_record_is_only_found_when_asked_for() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    let gone = world.get(&path).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.body["message"], "resource not found");
    assert_eq!(world.get(&format!("{path}?archived=true")).await.body["archived"], true);
    let again = world.contact("a@b.example").await;
    assert_ne!(again, id);
    assert!(world.sim.restore_record("contacts", &id).is_err());
    world.sim.archive_record("contacts", &again).expect("archived");
    assert!(world.sim.restore_record("contacts", &id).expect("restored"));
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn list_is_paged_to_the_end() {
    let world = World::new();
    for n in 0..25 {
        world.contact(&format!("c{n}@b.example")).await;
    }
    let mut path = "/crm/v3/objects/contacts?limit=10".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = world.get(&path).await;
        pages += 1;
        for one in page.body["results"].as_array().into_iter().flatten() {
            seen.push(one["id"].as_str().unwrap_or_default().to_owned());
        }
        let Some(after) = page.body["paging"]["next"]["after"].as_str() else { break };
        path = format!("/crm/v3/objects/contacts?limit=10&after={after}");
    }
    assert_eq!((pages, seen.len()), (3, 25));
    seen.dedup();
    assert_eq!(seen.len(), 25);
    assert_eq!(world.get("/crm/v3/objects/contacts?limit=101").await.status, 400);
    assert_eq!(world.get("/crm/v3/objects/contacts?limit=51&propertiesWithHistory=email").await.status, 400);
}

#[tokio::test]
async fn batch_create_without_trace_ids_is_all_or_nothing() {
    let world = World::new();
    world.contact("taken@b.example").await;
    let batch = world
        .post(
            "/crm/v3/objects/contacts/batch/create",
            json!({ "inputs": [
                { "properties": { "email": "new@b.example" } },
                { "properties": { "email": "taken@b.example" } },
            ] }),
        )
        .await;
    assert_eq!(batch.status, 409);
    assert_eq!(world.sim.records("contacts").len(), 1);
}

#[tokio::test]
async fn batch_create_with_trace_ids_fails_row_by_row() {
    let world = World::new();
    world.contact("taken@b.example").await;
    let batch = world
        .post(
            "/crm/v3/objects/contacts/batch/create",
            json!({ "inputs": [
                { "properties": { "email": "new@b.example" }, "objectWriteTraceId": "r1" },
                { "properties": { "email": "taken@b.example" }, "objectWriteTraceId": "r2" },
                { "properties": { "email": "new@b.example" }, "objectWriteTraceId": "r3" },
            ] }),
        )
        .await;
    assert_eq!(batch.status, 207, "{}", batch.text);
    assert_eq!(batch.body["numErrors"], 2);
    assert_eq!(batch.body["results"][0]["objectWriteTraceId"], "r1");
    assert_eq!(batch.body["errors"][0]["context"]["objectWriteTraceId"], json!(["r2"]));
    assert_eq!(batch.body["errors"][1]["context"]["objectWriteTraceId"], json!(["r3"]));
    assert_eq!(batch.body["errors"][0]["category"], "CONFLICT");
}

#[tokio::test]
async fn batch_limits_and_duplicate_ids_are_refused() {
    let world = World::new();
    let many: Vec<Value> = (1..=101).map(|n| json!({ "id": n.to_string() })).collect();
    let read = world.post("/crm/v3/objects/contacts/batch/read", json!({ "inputs": many })).await;
    assert_eq!(read.status, 400);
    let some: Vec<Value> = (1..=51).map(|n| json!({ "id": n.to_string() })).collect();
    let body = json!({ "inputs": some, "propertiesWithHistory": ["email"], "properties": [] });
    assert_eq!(world.post("/crm/v3/objects/contacts/batch/read", body).await.status, 400);
    let twice = json!({ "inputs": [{ "id": "5" }, { "id": "5" }], "properties": [] });
    let read = world.post("/crm/v3/objects/contacts/batch/read", twice).await;
    assert_eq!(read.body["message"], "Duplicate IDs found in batch input: [5]. IDs must be unique");
}

#[tokio::test]
async fn batch_read_and_update_answer_207_for_rows_that_are_not_there() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let read = world
        .post(
            "/crm/v3/objects/contacts/batch/read",
            json!({ "inputs": [{ "id": id }, { "id": "17" }], "properties": ["email"] }),
        )
        .await;
    assert_eq!(read.status, 207);
    assert_eq!(read.body["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(read.body["errors"][0]["context"]["ids"], json!(["17"]));
    let update = world
        .post(
            "/crm/v3/objects/contacts/batch/update",
            json!({ "inputs": [
                { "id": id, "properties": { "city": "Oslo" } },
                { "id": "17", "properties": { "city": "Oslo" } },
            ] }),
        )
        .await;
    assert_eq!(update.status, 207);
    assert_eq!(update.body["results"][0]["properties"]["city"], "Oslo");
}

#[tokio::test]
async fn upsert_says_which_rows_are_new() {
    let world = World::new();
    world.contact("a@b.example").await;
    let row = |email: &str| json!({ "id": email, "idProperty": "email", "properties": { "city": "Oslo" } });
    let batch = world
        .post(
            "/crm/v3/objects/contacts/batch/upsert",
            json!({ "inputs": [row("a@b.example"), row("n@b.example")] }),
        )
        .await;
    assert_eq!(batch.status, 200, "{}", batch.text);
    assert_eq!(batch.body["results"][0]["new"], false);
    assert_eq!(batch.body["results"][1]["new"], true);
    assert_eq!(batch.body["results"][1]["properties"]["email"], "n@b.example");
    let wrong = world
        .post(
            "/crm/v3/objects/companies/batch/upsert",
            json!({ "inputs": [{ "id": "x.example", "idProperty": "domain", "properties": {} }] }),
        )
        .await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn lifecycle_goes_forward_only_for_the_api() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    let stage = |stage: &str| json!({ "properties": { "lifecyclestage": stage } });
    world.call("PATCH", &path, stage("customer")).await;
    let back = world.call("PATCH", &path, stage("lead")).await;
    assert_eq!(back.body["properties"]["lifecyclestage"], "customer");
    world.call("PATCH", &path, stage("")).await;
    let back = world.call("PATCH", &path, stage("lead")).await;
    assert_eq!(back.body["properties"]["lifecyclestage"], "lead");
}

#[tokio::test]
async fn unique_custom_property_finds_and_guards_records() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v3/properties/companies",
            json!({ "name": "erp_id", "label": "ERP", "type": "string", "fieldType": "text",
                    "groupName": "companyinformation", "hasUniqueValue": true }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let body = json!({ "properties": { "name": "A", "erp_id": "E1" } });
    assert_eq!(world.post("/crm/v3/objects/companies", body.clone()).await.status, 201);
    assert_eq!(world.post("/crm/v3/objects/companies", body).await.status, 400);
    assert_eq!(world.get("/crm/v3/objects/companies/E1?idProperty=erp_id").await.status, 200);
}
