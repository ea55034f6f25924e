//! Sign-in, sessions, limits, faults on the way.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::{Org, Reply};
use salesforce_sim::Limits;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sim_base::FaultKind;

const BACK: &str = "http://localhost:9/back";
const TOKEN: &str = "/services/oauth2/token";

/// Logs in on the page and answers the code.
async fn code(org: &Org, verifier: Option<&str>) -> String {
    let access = org.sim.access();
    let challenge = verifier.map(|text| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text)));
    let mut fields = vec![
        ("client_id", access.client_id.as_str()),
        ("redirect_uri", BACK),
        ("state", "s"),
        ("username", &access.username),
        ("password", &access.password),
        ("decision", "allow"),
    ];
    if let Some(challenge) = &challenge {
        fields.push(("code_challenge", challenge));
    }
    let reply = org.form("/services/oauth2/authorize", &fields).await;
    let to = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
    let value = |name: &str| to.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v.into_owned());
    assert_eq!(value("state").as_deref(), Some("s"));
    value("code").unwrap()
}

async fn redeem(org: &Org, code: &str, more: &[(&str, &str)]) -> Reply {
    let access = org.sim.access();
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("client_id", access.client_id.as_str()),
        ("client_secret", access.client_secret.as_str()),
    ];
    fields.extend_from_slice(more);
    org.form(TOKEN, &fields).await
}

#[tokio::test]
async fn a_code_needs_the_verifier_it_was_asked_for_with() {
    let org = Org::new();
    let wrong = redeem(&org, &code(&org, Some("right")).await, &[("code_verifier", "wrong")]).await;
    assert_eq!((wrong.status, &wrong.json()["error_description"]), (400, &json!("invalid code verifier")));
    let missing = redeem(&org, &code(&org, Some("right")).await, &[]).await;
    assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_grant")));
    let right = redeem(&org, &code(&org, Some("right")).await, &[("code_verifier", "right")]).await;
    assert_eq!(right.status, 200, "{}", right.text);
    assert_eq!(right.json()["instance_url"], "http://127.0.0.1:8102");
}

#[tokio::test]
async fn a_code_is_good_once_and_not_for_long() {
    let org = Org::new();
    let one = code(&org, None).await;
    assert_eq!(redeem(&org, &one, &[]).await.status, 200);
    assert_eq!(redeem(&org, &one, &[]).await.json()["error"], "invalid_grant");
    let old = code(&org, None).await;
    org.pass(16 * 60);
    assert_eq!(redeem(&org, &old, &[]).await.status, 400);
}

#[tokio::test]
async fn a_session_ends_after_two_idle_hours_and_is_renewed_by_a_refresh() {
    let mut org = Org::new();
    let grant = redeem(&org, &code(&org, None).await, &[]).await.json();
    org.token = grant["access_token"].as_str().unwrap().to_owned();
    org.pass(7_100);
    assert_eq!(org.get("/limits").await.status, 200);
    org.pass(7_100);
    assert_eq!(org.get("/limits").await.status, 200, "use keeps it open");
    org.pass(7_200);
    let ended = org.get("/limits").await;
    assert_eq!((ended.status, ended.code().as_str()), (401, "INVALID_SESSION_ID"));
    let access = org.sim.access();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", grant["refresh_token"].as_str().unwrap()),
        ("client_id", &access.client_id),
        ("client_secret", &access.client_secret),
    ];
    let renewed = org.form(TOKEN, &fields).await.json();
    org.token = renewed["access_token"].as_str().unwrap().to_owned();
    assert_eq!(org.get("/limits").await.status, 200);
    org.form("/services/oauth2/revoke", &[("token", grant["refresh_token"].as_str().unwrap())]).await;
    assert_eq!(org.form(TOKEN, &fields).await.json()["error"], "invalid_grant");
    assert_eq!(org.get("/limits").await.status, 401);
}

#[tokio::test]
async fn client_credentials_need_the_secret() {
    let org = Org::new();
    let access = org.sim.access();
    let grant = [("grant_type", "client_credentials"), ("client_id", access.client_id.as_str())];
    assert_eq!(org.form(TOKEN, &grant).await.json()["error"], "invalid_client");
    let with = [grant[0], grant[1], ("client_secret", access.client_secret.as_str())];
    assert_eq!(org.form(TOKEN, &with).await.status, 200);
}

fn assertion(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims))
}

#[tokio::test]
async fn an_assertion_must_name_app_user_audience_and_a_time_to_come() {
    let org = Org::new();
    let access = org.sim.access();
    let good = json!({
        "iss": access.client_id, "sub": access.username, "aud": "https://login.salesforce.com",
        "exp": org.now().as_second() + 180,
    });
    let kind = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let ask = async |claims: &Value| {
        let assertion = assertion(claims);
        org.form(TOKEN, &[("grant_type", kind), ("assertion", &assertion)]).await
    };
    assert_eq!(ask(&good).await.status, 200);
    for (claim, value) in
        [("iss", json!("x")), ("sub", json!("x")), ("aud", json!("https://x.example")), ("exp", json!(1))]
    {
        let mut bad = good.clone();
        bad[claim] = value;
        assert_eq!(ask(&bad).await.status, 400, "{claim}");
    }
}

#[tokio::test]
async fn usage_is_told_and_the_last_call_of_the_day_is_the_15000th() {
    let org = Org::new();
    org.sim.set_limits(Limits::Real);
    for _ in 0..14_999 {
        org.get("/sobjects/Nope").await;
    }
    let last = org.get("/limits").await;
    assert_eq!(
        (last.status, last.headers["Sforce-Limit-Info"].to_str().unwrap()),
        (200, "api-usage=15000/15000")
    );
    let refused = org.get("/limits").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "REQUEST_LIMIT_EXCEEDED"));
    assert_eq!(org.sim.stats().throttled, 1);
    org.pass(24 * 3_600 + 60);
    assert_eq!(org.get("/limits").await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let org = Org::new();
    org.break_with(FaultKind::LostAfter, "/sobjects/Contact", 1.0, Some(1));
    let lost = org.post("/sobjects/Contact", json!({"LastName": "A"})).await;
    assert!(lost.lost);
    assert_eq!(org.count("Contact"), 1);
    org.break_with(FaultKind::LostBefore, "/sobjects/Contact", 1.0, Some(1));
    assert!(org.post("/sobjects/Contact", json!({"LastName": "B"})).await.lost);
    assert_eq!(org.count("Contact"), 1);
}

#[tokio::test]
async fn a_session_can_be_made_to_look_expired() {
    let org = Org::new();
    org.break_with(FaultKind::ExpiredToken, "/services/data", 1.0, Some(1));
    let refused = org.get("/limits").await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "INVALID_SESSION_ID"));
    assert_eq!(org.get("/limits").await.status, 200);
}

#[tokio::test]
async fn old_versions_are_gone_and_unknown_ones_not_found() {
    let org = Org::new();
    assert_eq!(org.get("/services/data/v20.0/limits").await.status, 410);
    assert_eq!(org.get("/services/data/v99.0/limits").await.status, 404);
    let versions = org.page("/services/data").await;
    assert!(!versions.headers.contains_key("Sforce-Limit-Info"));
    let last = versions.json().as_array().unwrap().last().cloned().unwrap();
    assert_eq!(last, json!({"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}));
}
