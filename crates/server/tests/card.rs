//! What HubSpot's record card asks, and who may not ask it; the embed window for those whom no org vouches for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Answer, Browser};
use engine::{Credentials, GivenApp, Supervisor};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::{ConnectionId, Side, Sides};
use serde_json::json;
use server::{Access, App};
use sha2::Sha256;
use store::{NewLink, SecretKey, Store, SyncError};
use transport::World;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const HOST: &str = "https://tandem.example";

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

/// Contact 42 is in step with a Salesforce contact, but for its phone.
fn place() -> (Browser, Arc<Store>) {
    let store = common::connected();
    let demo = ConnectionId::new("demo");
    store.update_settings(&demo, &json!({ "objects": [{ "hubspot_object": "contacts" }] })).unwrap();
    store
        .transaction(|tx| {
            tx.insert_link(&NewLink {
                connection: demo.clone(),
                hubspot_object: "contacts".into(),
                hubspot_id: "42".into(),
                salesforce_object: "Contact".into(),
                salesforce_id: "003000000000001AAA".into(),
                shadows: Sides::default(),
                at: now(),
            })?;
            tx.set_error(
                &demo,
                &SyncError {
                    side: Side::Salesforce,
                    object: "Contact".into(),
                    record: "003000000000001AAA".into(),
                    field: Some("Phone".into()),
                    category: "property_value".into(),
                    code: "STRING_TOO_LONG".into(),
                    message: "Phone: data value too large".into(),
                    remedy: "Shorten it.".into(),
                    at: now(),
                },
            )
        })
        .unwrap();
    let app = GivenApp { client_id: None, client_secret: Some("secret".into()) };
    let credentials =
        Credentials { hubspot_app: app, ..Credentials::new(SecretKey::from_base64(KEY).unwrap()).unwrap() };
    let supervisor = Supervisor::new(store.clone(), World::real().unwrap(), credentials);
    let mut app = App::new(store.clone(), Access::Open).unwrap().with_supervisor(supervisor);
    app = app.with_public_url(Some(HOST));
    app.now = now;
    (Browser::over(app), store)
}

/// A call as HubSpot makes it for a card.
async fn call(browser: &Browser, method: &str, path: &str, body: &str, secret: &str, at: i64) -> Answer {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{method}{HOST}{path}{body}{at}").as_bytes());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-hubspot-signature-v3", STANDARD.encode(mac.finalize().into_bytes()))
        .header("x-hubspot-request-timestamp", at.to_string())
        .body(Body::from(body.to_owned()))
        .unwrap();
    browser.send(request).await
}

const SHOW: &str = "/card/hubspot?objectTypeId=0-1&objectId=42&portalId=77&userId=5";
const SYNC: &str = "/card/hubspot/sync?portalId=77&userId=5";

#[tokio::test]
async fn the_card_tells_how_it_stands_with_a_record() {
    let (browser, _) = place();
    let shown = call(&browser, "GET", SHOW, "", "secret", now().as_millisecond()).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let state = shown.json();
    assert_eq!((&state["standing"], &state["waiting"]), (&json!("in_step"), &json!(false)));
    assert_eq!(state["salesforce"]["id"], "003000000000001AAA");
    assert_eq!(state["last_sync"], "2026-11-24T10:00:00Z");
    assert_eq!(state["problems"][0]["field"], "Phone");
    assert_eq!(state["problems"][0]["remedy"], "Shorten it.");
    let other = SHOW.replace("objectId=42", "objectId=43");
    let other = call(&browser, "GET", &other, "", "secret", now().as_millisecond()).await.json();
    assert_eq!((&other["standing"], &other["salesforce"]), (&json!("unlinked"), &json!(null)));
}

#[tokio::test]
async fn sync_now_marks_both_records() {
    let (browser, store) = place();
    let at = now().as_millisecond();
    let body = json!({"objectTypeId": "0-1", "objectId": "42"}).to_string();
    let asked = call(&browser, "POST", SYNC, &body, "secret", at).await;
    assert_eq!((asked.status, &asked.json()["waiting"]), (StatusCode::OK, &json!(true)), "{}", asked.body);
    let demo = ConnectionId::new("demo");
    for (side, object) in [(Side::HubSpot, "contacts"), (Side::Salesforce, "Contact")] {
        assert_eq!(store.due_marks(&demo, side, object, now(), 9).unwrap().len(), 1, "{object}");
    }
    // Nobody would look at the mark of an object that is not kept in step.
    let body = json!({"objectTypeId": "0-3", "objectId": "7"}).to_string();
    let asked = call(&browser, "POST", SYNC, &body, "secret", at).await;
    assert_eq!(asked.json()["waiting"], false);
    assert!(store.due_marks(&demo, Side::HubSpot, "deals", now(), 9).unwrap().is_empty());
}

#[tokio::test]
async fn nobody_but_hubspot_is_answered() {
    let (browser, store) = place();
    let at = now().as_millisecond();
    let wrong = call(&browser, "GET", SHOW, "", "guess", at).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.body.contains("003000000000001AAA"));
    let old = call(&browser, "GET", SHOW, "", "secret", at - 300_001).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let stranger = SHOW.replace("portalId=77", "portalId=78");
    assert_eq!(call(&browser, "GET", &stranger, "", "secret", at).await.status, StatusCode::NOT_FOUND);
    let plain = Request::post(SYNC).body(Body::from("{}")).unwrap();
    assert_eq!(browser.send(plain).await.status, StatusCode::UNAUTHORIZED);
    let marks = store.due_marks(&ConnectionId::new("demo"), Side::HubSpot, "contacts", now(), 9).unwrap();
    assert!(marks.is_empty());
}

#[tokio::test]
async fn a_window_that_no_org_vouches_for_stays_closed_and_is_framed_by_nobody() {
    let (mut browser, _) = place();
    for token in ["", "a.b", "e30.e30"] {
        let closed = browser.get(&format!("/embed?token={token}")).await;
        assert_eq!(closed.status, StatusCode::FORBIDDEN, "{token}");
        assert!(closed.header("content-security-policy").ends_with("frame-ancestors 'none'"));
        assert!(closed.body.contains("role=\"alert\""), "{}", closed.body);
    }
    browser.language = "zh-TW";
    assert!(browser.get("/embed?token=").await.body.contains("<html lang=\"zh-TW\">"));
}
