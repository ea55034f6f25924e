//! The simulator's own switches: faults, the clock, settings, counters.

mod common;

use common::World;
use serde_json::json;

const CONTACTS: &str = "/crm/v3/objects/contacts";

#[tokio::test]
async fn each_kind_of_fault_answers_as_it_is_said_to_and_is_counted() {
    let world = World::new();
    world.contact("one@b.example").await;
    for (rule, status, kind) in [
        (json!({ "kind": "status", "status": 429 }), 429, "application/json;charset=utf-8"),
        (json!({ "kind": "status", "status": 500 }), 500, "application/json;charset=utf-8"),
        (json!({ "kind": "status", "status": 502 }), 502, "text/html"),
        (json!({ "kind": "wrong_type" }), 200, "text/html"),
        (json!({ "kind": "wrong_type", "status": 500 }), 500, "text/html"),
        (json!({ "kind": "slow_drip", "over_ms": 10 }), 200, "application/json;charset=utf-8"),
    ] {
        let set = world.post("/_sim/faults", json!({ "rules": [rule] })).await;
        assert_eq!(set.status, 200, "{rule}: {}", set.text);
        let answer = world.get(CONTACTS).await;
        assert_eq!(
            (answer.status, answer.headers["content-type"].to_str().ok()),
            (status, Some(kind)),
            "{rule}"
        );
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
    }
    let stats = world.get("/_sim/stats").await.body;
    assert_eq!(stats["faults"], json!({ "status": 3, "wrong_type": 2, "slow_drip": 1 }));
    assert_eq!(stats["calls"]["GET /crm/v3/objects/{objectType}"], 6);
    assert_eq!(stats["throttled"], 1);
    assert!(stats["bytes_out"].as_u64() > Some(500), "{stats}");
}

#[tokio::test]
async fn a_body_with_an_unknown_key_is_refused_and_changes_nothing() {
    let world = World::new();
    for (path, body) in [
        ("/_sim/faults", json!({ "rule": [] })),
        ("/_sim/faults", json!({ "webhooks": { "lost": 1 } })),
        ("/_sim/clock", json!({ "advance_ms": 10_000, "hurry": true })),
        ("/_sim/settings", json!({ "search_lag_ms": 5000, "search_lag": 1 })),
        ("/_sim/settings", json!({ "search_lag_ms": 5000, "limits": "strict" })),
        ("/_sim/reset", json!({ "all": true })),
    ] {
        let before = [world.get("/_sim/clock").await.text, world.get("/_sim/settings").await.text];
        let refused = world.post(path, body.clone()).await;
        assert_eq!(refused.status, 400, "{path} {body}");
        assert!(refused.body["error"].as_str().is_some_and(|why| why.contains("nothing has been changed")));
        let after = [world.get("/_sim/clock").await.text, world.get("/_sim/settings").await.text];
        assert_eq!(before, after, "{path} {body}");
    }
}

#[tokio::test]
async fn the_clock_is_driven_and_records_follow_it() {
    let world = World::new();
    let set = world.post("/_sim/clock", json!({ "now": "2030-02-03T04:05:06Z", "freeze": true })).await;
    assert_eq!(set.body, json!({ "now": "2030-02-03T04:05:06Z", "frozen": true, "rate": 1.0 }));
    world.post("/_sim/clock", json!({ "advance_ms": 1500 })).await;
    let made = world.post(CONTACTS, json!({ "properties": { "email": "late@b.example" } })).await;
    assert_eq!(made.body["createdAt"], "2030-02-03T04:05:07.500Z");
}

#[tokio::test]
async fn a_search_finds_a_change_after_the_lag_that_faults_add() {
    let world = World::new();
    world.post("/_sim/faults", json!({ "search_lag_ms": 20_000 })).await;
    world.contact("slow@b.example").await;
    let found = async || world.post(&format!("{CONTACTS}/search"), json!({})).await.body["total"].clone();
    assert_eq!(found().await, 0);
    world.pass(20_001);
    assert_eq!(found().await, 1);
}

#[tokio::test]
async fn the_plan_of_faults_reaches_webhooks_and_an_empty_one_heals_them() {
    let world = World::new();
    let plan = json!({ "seed": 9, "webhooks": { "loss": 1.0 } });
    assert_eq!(world.post("/_sim/faults", plan).await.status, 200);
    let settings = async || world.get("/_sim/settings").await.body["webhooks"].clone();
    let now = settings().await;
    assert_eq!((&now["loss"], &now["seed"]), (&json!(1.0), &json!(9)));
    world.post("/_sim/faults", json!({})).await;
    assert_eq!(settings().await["loss"], 0.0);
}
