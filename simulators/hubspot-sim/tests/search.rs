//! Search: filters, order, the cap, and the lag of its index.
mod common;

use common::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn search(world: &World, object: &str, body: Value) -> common::Answer {
    world.post(&format!("/crm/v3/objects/{object}/search"), body).await
}

fn filter(property: &str, operator: &str, value: &str) -> Value {
    json!({ "propertyName": property, "operator": operator, "value": value })
}

fn total(answer: &common::Answer) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["total"].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn changes_are_found_since_a_moment_in_their_order() {
    let world = World::new();
    let mut ids = Vec::new();
    for n in 0..5 {
        world.pass(10);
        ids.push(world.contact(&format!("c{n}@b.example")).await);
    }
    world.pass(10);
    let since = 1_790_000_000_123_i64 + 60;
    world
        .call(
            "PATCH",
            &format!("/crm/v3/objects/contacts/{}", ids[1]),
            json!({ "properties": { "city": "x" } }),
        )
        .await;
    let body = json!({
        "filterGroups": [{ "filters": [filter("lastmodifieddate", "GTE", &since.to_string())] }],
        "sorts": [{ "propertyName": "lastmodifieddate", "direction": "ASCENDING" }],
    });
    let found = search(&world, "contacts", body).await;
    assert_eq!(total(&found), 1);
    assert_eq!(found.body["results"][0]["id"], ids[1]);
    let all =
        json!({ "sorts": [{ "propertyName": "lastmodifieddate", "direction": "DESCENDING" }], "limit": 2 });
    let found = search(&world, "contacts", all).await;
    assert_eq!(total(&found), 5);
    assert_eq!(found.body["results"][0]["id"], ids[1]);
    assert_eq!(found.body["results"][1]["id"], ids[4]);
    assert_eq!(found.body["paging"]["next"]["after"], "2");
    assert!(!found.headers.contains_key("x-hubspot-ratelimit-remaining"));
}

#[tokio::test]
async fn every_operator_does_what_it_says() {
    let world = World::new();
    for (name, employees, industry) in [
        ("Acme Steel", "5", "BANKING"),
        ("Bolt", "50", "BANKING"),
        ("Core", "500", "INSURANCE"),
        ("Dune", "", ""),
    ] {
        let body =
            json!({ "properties": { "name": name, "numberofemployees": employees, "industry": industry } });
        assert_eq!(world.post("/crm/v3/objects/companies", body).await.status, 201);
    }
    let cases = [
        (filter("numberofemployees", "EQ", "50"), 1),
        (filter("numberofemployees", "NEQ", "50"), 3),
        (filter("numberofemployees", "LT", "50"), 1),
        (filter("numberofemployees", "LTE", "50"), 2),
        (filter("numberofemployees", "GT", "50"), 1),
        (filter("numberofemployees", "GTE", "50"), 2),
        (
            json!({ "propertyName": "numberofemployees", "operator": "BETWEEN", "value": "5", "highValue": "50" }),
            2,
        ),
        (json!({ "propertyName": "industry", "operator": "IN", "values": ["BANKING"] }), 2),
        (json!({ "propertyName": "industry", "operator": "IN", "values": ["banking"] }), 0),
        (json!({ "propertyName": "industry", "operator": "NOT_IN", "values": ["BANKING"] }), 2),
        (json!({ "propertyName": "name", "operator": "IN", "values": ["bolt"] }), 1),
        (json!({ "propertyName": "name", "operator": "IN", "values": ["Bolt"] }), 0),
        (json!({ "propertyName": "industry", "operator": "HAS_PROPERTY" }), 3),
        (json!({ "propertyName": "industry", "operator": "NOT_HAS_PROPERTY" }), 1),
        (filter("name", "EQ", "BOLT"), 1),
        (filter("name", "CONTAINS_TOKEN", "steel"), 1),
        (filter("name", "CONTAINS_TOKEN", "ac*"), 1),
        (filter("name", "NOT_CONTAINS_TOKEN", "steel"), 3),
    ];
    for (one, expected) in cases {
        let found = search(&world, "companies", json!({ "filterGroups": [{ "filters": [one] }] })).await;
        assert_eq!(total(&found), expected, "{one}");
    }
    assert_eq!(total(&search(&world, "companies", json!({ "query": "bol" })).await), 1);
    assert_eq!(
        total(&search(&world, "companies", json!({ "filters": [filter("name", "EQ", "core")] })).await),
        1
    );
}

#[tokio::test]
async fn search_limits_are_enforced() {
    let world = World::new();
    let one = filter("email", "EQ", "a");
    let group = |n: usize| json!({ "filters": vec![one.clone(); n] });
    for body in [
        json!({ "limit": 201 }),
        json!({ "limit": 200, "after": "9900" }),
        json!({ "after": 10000 }),
        json!({ "filterGroups": vec![group(1); 6] }),
        json!({ "filterGroups": [group(7)] }),
        json!({ "filterGroups": vec![group(5); 4] }),
        json!({ "query": "x".repeat(3000) }),
        json!({ "sorts": ["email", "city"] }),
    ] {
        let found = search(&world, "contacts", body.clone()).await;
        assert_eq!(found.status, 400, "{body}");
        assert_eq!(found.body["category"], "VALIDATION_ERROR");
    }
    assert_eq!(search(&world, "contacts", json!({ "limit": 200, "after": "9800" })).await.status, 200);
}

#[tokio::test]
async fn search_lags_behind_the_records() {
    let world = World::new();
    world.sim.set_search_lag(SignedDuration::from_secs(10));
    let id = world.contact("a@b.example").await;
    let by = |city: &str| json!({ "filterGroups": [{ "filters": [filter("city", "EQ", city)] }], "properties": ["city"] });
    assert_eq!(total(&search(&world, "contacts", json!({})).await), 0);
    world.pass(10_000);
    assert_eq!(total(&search(&world, "contacts", json!({})).await), 1);
    let path = format!("/crm/v3/objects/contacts/{id}");
    world.call("PATCH", &path, json!({ "properties": { "city": "Oslo" } })).await;
    assert_eq!(total(&search(&world, "contacts", by("Oslo")).await), 0);
    let stale = json!({ "filterGroups": [{ "filters": [filter("lastmodifieddate", "GT", "1790000000200")] }],
                        "sorts": ["lastmodifieddate"] });
    assert_eq!(total(&search(&world, "contacts", stale.clone()).await), 0);
    world.pass(10_000);
    assert_eq!(total(&search(&world, "contacts", by("Oslo")).await), 1);
    assert_eq!(total(&search(&world, "contacts", stale).await), 1);
    world.call("DELETE", &path, Value::Null).await;
    assert_eq!(total(&search(&world, "contacts", by("Oslo")).await), 1);
    world.pass(10_000);
    assert_eq!(total(&search(&world, "contacts", by("Oslo")).await), 0);
}

#[tokio::test]
async fn associated_records_can_be_searched_for() {
    let world = World::new();
    let (a, company) = (world.contact("a@b.example").await, world.company("Acme").await);
    world.contact("c@b.example").await;
    world.sim.associate(("contacts", &a), ("companies", &company), true).expect("associated");
    let body = json!({ "filterGroups": [{ "filters": [filter("associations.company", "EQ", &company)] }] });
    let found = search(&world, "contacts", body).await;
    assert_eq!(total(&found), 1);
    assert_eq!(found.body["results"][0]["id"], a);
}
