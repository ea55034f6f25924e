//! What the account says about its limits, and tokens of the app itself.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::World;
use hubspot_sim::{Limits, Options};
use serde_json::json;

#[tokio::test]
async fn usage_is_counted_against_limits() {
    let world = World::new();
    world.contact("a@b.example").await;
    let records = world.get("/crm/v3/limits/records").await;
    let contacts = &records.body["hubspotDefinedObjectTypes"][0];
    assert_eq!(
        (&contacts["objectTypeId"], &contacts["usage"]),
        (&json!("0-1"), &json!(1)),
        "{}",
        records.text
    );
    let body = json!({ "name": "size", "label": "Size", "type": "string", "fieldType": "text",
        "groupName": "contactinformation" });
    assert_eq!(world.post("/crm/v3/properties/contacts", body).await.status, 201);
    let custom = world.get("/crm/limits/2026-09/custom-properties").await;
    assert_eq!((&custom.body["overallUsage"], &custom.body["overallLimit"]), (&json!(1), &json!(10_000)));
    assert_eq!(world.get("/crm/v3/limits/custom-object-types").await.body["usage"], 0);
    let label = json!({ "label": "Advisor", "name": "advisor" });
    assert_eq!(world.post("/crm/v4/associations/contacts/companies/labels", label).await.status, 200);
    let labels =
        world.get("/crm/v3/limits/associations/labels?fromObjectTypeId=0-1&toObjectTypeId=0-2").await;
    assert_eq!(labels.body["results"][0]["allLabels"], json!(["Advisor"]), "{}", labels.text);
    let pipelines = world.get("/crm/v3/limits/pipelines").await;
    let deals = pipelines.body["hubspotDefinedObjectTypes"].as_array().into_iter().flatten();
    let deals = deals.into_iter().find(|one| one["objectTypeId"] == "0-3").expect("deals");
    assert_eq!(deals["usage"], 1);
    assert!(
        !world.get("/account-info/v3/activity/login").await.body["results"]
            .as_array()
            .expect("rows")
            .is_empty()
    );
    assert_eq!(world.get("/account-info/v3/activity/audit-logs").await.body["results"], json!([]));
}

#[tokio::test]
async fn the_tier_decides_how_many_calls_there_are() {
    let world = World::with(Options { limits: Limits::Real, ..Options::default() });
    assert_eq!(world.post("/_sim/settings", json!({ "tier": "starter" })).await.body["tier"], "starter");
    for n in 0..100 {
        let answer = world.get("/crm/v3/owners").await;
        assert_eq!(answer.status, 200, "call {n}");
        assert_eq!(answer.headers["X-HubSpot-RateLimit-Max"], "100");
        assert_eq!(answer.headers["X-HubSpot-RateLimit-Daily"], "250000");
    }
    let over = world.get("/crm/v3/owners").await;
    assert_eq!((over.status, &over.body["policyName"]), (429, &json!("TEN_SECONDLY_ROLLING")));
    world.pass(10_000);
    assert_eq!(world.get("/crm/v3/owners").await.status, 200);
    let usage = world.get("/account-info/v3/api-usage/daily/private-apps").await;
    assert_eq!(
        (&usage.body["results"][0]["usageLimit"], &usage.body["results"][0]["currentUsage"]),
        (&json!(250_000), &json!(102))
    );
}

#[tokio::test]
async fn an_app_gets_a_token_for_itself() {
    let world = World::new();
    let access = world.sim.access();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", access.client_id.as_str()),
        ("client_secret", access.client_secret.as_str()),
        ("scope", "developer.webhooks_journal.read"),
    ];
    let given = world.form("/oauth/v1/token", &fields).await;
    assert_eq!(given.status, 200, "{}", given.text);
    assert!(given.body.get("refresh_token").is_none_or(serde_json::Value::is_null), "{}", given.text);
    let token = given.body["access_token"].as_str().expect("a token");
    let path = "/webhooks-journal/journal/2026-03/earliest";
    assert_eq!(world.call_as(token, "GET", path, "", String::new()).await.status, 204);
}
