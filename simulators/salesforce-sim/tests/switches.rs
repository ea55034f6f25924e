//! The simulator's own switches: faults, the clock, settings, counters.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{Org, Reply};
use serde_json::{Value, json};

async fn switch(org: &Org, path: &str, body: Value) -> Reply {
    let request = Request::post(path).header("Content-Type", "application/json");
    org.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn each_kind_of_fault_answers_as_it_is_said_to_and_is_counted() {
    let org = Org::new();
    for (rule, status, code) in [
        (json!({"kind": "status", "status": 429}), 403, "REQUEST_LIMIT_EXCEEDED"),
        (json!({"kind": "status", "status": 503, "retry_after": 7}), 503, "SERVER_UNAVAILABLE"),
        (json!({"kind": "status", "status": 502}), 502, ""),
        (json!({"kind": "wrong_type"}), 200, ""),
        (json!({"kind": "expired_token"}), 401, "INVALID_SESSION_ID"),
    ] {
        assert_eq!(switch(&org, "/_sim/faults", json!({"rules": [rule]})).await.status, 200, "{rule}");
        let answer = org.get("/limits").await;
        assert_eq!((answer.status, answer.code()), (status, code.to_owned()), "{rule}");
        if status == 503 {
            assert_eq!(answer.headers["retry-after"], "7");
        }
    }
    switch(&org, "/_sim/faults", json!({"rules": [{"kind": "truncated", "path": "/limits"}]})).await;
    assert!(org.get("/limits").await.lost);
    let stats = org.sim.stats();
    let struck: Vec<(&str, u64)> = stats.faults.iter().map(|(kind, times)| (kind.as_str(), *times)).collect();
    assert_eq!(struck, [("expired_token", 1), ("status", 3), ("truncated", 1), ("wrong_type", 1)]);
    assert!(stats.bytes_out > 100, "{}", stats.bytes_out);
}

#[tokio::test]
async fn a_body_with_an_unknown_key_is_refused_and_changes_nothing() {
    let org = Org::new();
    let before = org.page("/_sim/clock").await.text;
    for (path, body) in [
        ("/_sim/faults", json!({"sed": 1})),
        ("/_sim/clock", json!({"advance_ms": 10_000, "hurry": true})),
        ("/_sim/settings", json!({"limits": "real", "limit": "none"})),
        ("/_sim/settings", json!({"limits": "real", "contact_duplicate_rule": "perhaps"})),
        ("/_sim/reset", json!({"all": true})),
    ] {
        let refused = switch(&org, path, body.clone()).await;
        assert_eq!(refused.status, 400, "{path} {body}");
        assert!(refused.json()["error"].as_str().is_some_and(|why| why.contains("nothing has been changed")));
    }
    assert_eq!(org.page("/_sim/clock").await.text, before);
}

#[tokio::test]
async fn the_clock_is_driven_and_records_follow_it() {
    let org = Org::new();
    let set = switch(&org, "/_sim/clock", json!({"now": "2030-02-03T04:05:06Z", "freeze": true})).await;
    assert_eq!(set.json(), json!({"now": "2030-02-03T04:05:06Z", "frozen": true, "rate": 1.0}));
    let id = org.make("Contact", json!({"LastName": "Late"})).await;
    let read = org.get(&format!("/sobjects/Contact/{id}")).await.json();
    assert_eq!(read["CreatedDate"], "2030-02-03T04:05:06.000+0000");
}
