//! Who may come in, and what they may do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use axum::http::StatusCode;
use common::{Answer, Browser, closed, connected, now, wait};
use serde_json::{Value, json};
use store::{Role, Store};

const PASSWORD: &str = "seven+quiet+bicycles";
const FORM: &str = "password=seven%2Bquiet%2Bbicycles&again=seven%2Bquiet%2Bbicycles";

/// A Tandem whose administrator is Ada, with her browser, signed in.
async fn with_administrator() -> (Arc<Store>, Browser) {
    let store = connected();
    let link = server::administrator_link(&store, now()).unwrap();
    let mut browser = Browser::over(closed(store.clone()));
    let form = format!("name=Ada&email=Ada@tandem.example&{FORM}");
    let came = browser.post(&link, &form).await;
    assert_eq!((came.status, came.location.as_deref()), (StatusCode::SEE_OTHER, Some("/")), "{}", came.body);
    (store, browser)
}

/// Invites somebody and has them come in with a browser of their own.
async fn invited(administrator: &mut Browser, name: &str, role: Role) -> Browser {
    let email = format!("{name}@tandem.example");
    let page = administrator.post("/users", &format!("email={email}&role={}", role.as_str())).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let mut browser = administrator.another();
    let came = browser.post(&shown_once(&page), &format!("name={name}&{FORM}")).await;
    assert_eq!(came.status, StatusCode::SEE_OTHER, "{}", came.body);
    browser
}

/// What a page shows once: a link's path or a token.
fn shown_once(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("class=\"once\">").expect("something shown once");
    rest.split('<').next().unwrap().to_owned()
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/").await.status == StatusCode::OK
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let mut browser = Browser::over(closed(connected()));
    for path in ["/", "/users", "/tokens", "/audit", "/account"] {
        let sent = browser.get(path).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}");
        assert!(sent.location.unwrap().starts_with("/sign-in?then="), "{path}");
    }
    for path in ["/api/status", "/api/openapi.json", "/api/v1/users", "/api/v1/audit", "/api/v1/me"] {
        let refused = browser.get(path).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(refused.json()["type"], "not-signed-in");
    }
    let posted = browser.post("/users", "email=a@b.example&role=administrator").await;
    assert_eq!(posted.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_first_link_makes_the_administrator_once() {
    let (store, mut ada) = with_administrator().await;
    assert!(is_in(&mut ada).await);
    assert!(ada.get("/").await.body.contains("ada@tandem.example"));
    let account = store.account_of("ADA@tandem.example").unwrap().unwrap();
    assert_eq!((account.role, account.name.as_str()), (Role::Administrator, "Ada"));
    assert!(account.password.unwrap().starts_with("$argon2id$"));
    assert!(store.has_administrator().unwrap());
}

#[tokio::test]
async fn a_link_opens_once_within_a_day_and_only_the_last_one() {
    let store = connected();
    let first = server::administrator_link(&store, now()).unwrap();
    let second = server::administrator_link(&store, now()).unwrap();
    let mut browser = Browser::over(closed(store.clone()));
    assert_eq!(browser.get(&first).await.status, StatusCode::NOT_FOUND, "a newer one took its place");
    assert_eq!(browser.get(&second).await.status, StatusCode::OK);
    let form = format!("name=Ada&email=ada@tandem.example&{FORM}");
    let weak = browser.post(&second, "name=Ada&email=ada@tandem.example&password=short&again=short").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.body.contains("at least 12 characters") && weak.body.contains("ada@tandem.example"));
    assert_eq!(browser.post(&second, &form).await.status, StatusCode::SEE_OTHER);
    let mut other = browser.another();
    let again = other.post(&second, &form.replace("ada@", "eve@")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "it was used");
    let third = server::administrator_link(&store, now()).unwrap();
    wait(24, 0);
    assert_eq!(other.get(&third).await.status, StatusCode::NOT_FOUND, "a day has passed");
    assert_eq!(store.accounts().unwrap().len(), 1);
}

#[tokio::test]
async fn signing_in_and_out() {
    let (_, mut ada) = with_administrator().await;
    let mut browser = ada.another();
    let wrong = browser.sign_in("ada@tandem.example", "nine-quiet-bicycles").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = browser.sign_in("eve@tandem.example", PASSWORD).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = |page: &Answer| page.body.contains("Address and password do not go together");
    assert!(said(&wrong) && said(&unknown), "nobody learns which addresses there are");
    assert!(!is_in(&mut browser).await);
    let right = browser.sign_in("ADA@tandem.example", "seven%2Bquiet%2Bbicycles").await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    assert!(is_in(&mut browser).await);
    assert_eq!(browser.post("/sign-out", "").await.location.as_deref(), Some("/sign-in"));
    assert!(!browser.has_cookie("tandem_session") && !is_in(&mut browser).await);
    assert!(is_in(&mut ada).await, "the other browser stays signed in");
}

#[tokio::test]
async fn sessions_end_by_disuse_and_after_a_week() {
    let (_, mut ada) = with_administrator().await;
    wait(7, 0);
    assert!(is_in(&mut ada).await);
    wait(8, 0);
    assert!(!is_in(&mut ada).await, "eight hours without use");
    ada.sign_in("ada@tandem.example", "seven%2Bquiet%2Bbicycles").await;
    for _ in 0..23 {
        wait(7, 0);
        assert!(is_in(&mut ada).await);
    }
    wait(7, 0);
    assert!(!is_in(&mut ada).await, "a week in use");
}

#[tokio::test]
async fn what_is_kept_of_sessions_links_and_tokens_opens_nothing() {
    let (store, mut ada) = with_administrator().await;
    let page = ada.post("/tokens", "name=script&scope=viewer&days=").await;
    let token = shown_once(&page);
    let link = server::administrator_link(&store, now()).unwrap();
    let secret = link.rsplit('/').next().unwrap();
    assert!(store.welcome(secret, now()).unwrap().is_none(), "the link itself is not kept");
    assert!(store.use_token(&token, now()).unwrap().is_none(), "the token itself is not kept");
    assert!(!ada.get("/tokens").await.body.contains(&token), "it is shown once");
}

#[tokio::test]
async fn failed_tries_make_the_next_one_wait_even_with_the_right_password() {
    let (_, ada) = with_administrator().await;
    let mut browser = ada.another();
    for _ in 0..5 {
        let wrong = browser.sign_in("ada@tandem.example", "guess").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = "seven%2Bquiet%2Bbicycles";
    let refused = browser.sign_in("ada@tandem.example", right).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.contains("Try again in 30 seconds"), "{}", refused.body);
    wait(0, 31);
    assert_eq!(browser.sign_in("ada@tandem.example", right).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn each_role_does_its_own_and_no_more() {
    let (_, mut ada) = with_administrator().await;
    let mut viewer = invited(&mut ada, "vera", Role::Viewer).await;
    let mut operator = invited(&mut ada, "otto", Role::Operator).await;
    for browser in [&mut viewer, &mut operator] {
        assert!(is_in(browser).await);
        for path in ["/users", "/audit", "/api/v1/users", "/api/v1/audit"] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let posted = browser.post("/users", "email=eve@tandem.example&role=administrator").await;
        assert_eq!(posted.status, StatusCode::FORBIDDEN);
        assert!(!browser.get("/").await.body.contains("href=\"/users\""), "no link to what they may not see");
        let more = browser.post("/tokens", "name=more&scope=administrator&days=").await;
        assert_eq!(more.status, StatusCode::FORBIDDEN, "no token may do more than its owner");
    }
    assert!(ada.get("/users").await.body.contains("otto@tandem.example"));
}

#[tokio::test]
async fn an_administrator_changes_roles_and_keeps_people_out() {
    let (store, mut ada) = with_administrator().await;
    let mut otto = invited(&mut ada, "otto", Role::Operator).await;
    let id = store.account_of("otto@tandem.example").unwrap().unwrap().id.0;
    let token = shown_once(&otto.post("/tokens", "name=script&scope=operator&days=30").await);
    assert_eq!(otto.api("GET", "/api/v1/me", &token, None).await.json()["role"], "operator");
    ada.post(&format!("/users/{id}"), "role=viewer").await;
    assert_eq!(
        otto.api("GET", "/api/v1/me", &token, None).await.json()["role"],
        "viewer",
        "its owner is no more"
    );
    let kept_out = ada.post(&format!("/users/{id}"), "disabled=true").await;
    assert_eq!(kept_out.location.as_deref(), Some("/users?done=access-done-user"));
    assert!(!is_in(&mut otto).await, "at once");
    assert_eq!(
        otto.sign_in("otto@tandem.example", "seven%2Bquiet%2Bbicycles").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(otto.api("GET", "/api/v1/me", &token, None).await.status, StatusCode::UNAUTHORIZED);
    ada.post(&format!("/users/{id}"), "disabled=false").await;
    assert_eq!(
        otto.sign_in("otto@tandem.example", "seven%2Bquiet%2Bbicycles").await.status,
        StatusCode::SEE_OTHER
    );
    ada.post(&format!("/users/{id}/sign-out"), "").await;
    assert!(!is_in(&mut otto).await);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (store, mut ada) = with_administrator().await;
    let own = store.account_of("ada@tandem.example").unwrap().unwrap().id.0;
    let refused = ada.post(&format!("/users/{own}"), "disabled=true").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Somebody who was invited as administrator and never came does not count.
    ada.post("/users", "email=bea@tandem.example&role=administrator").await;
    assert!(!store.change_account(store::AccountId(own), Role::Viewer, false).unwrap());
    assert!(is_in(&mut ada).await && store.has_administrator().unwrap());
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let (_, mut ada) = with_administrator().await;
    let mut elsewhere = ada.another();
    elsewhere.sign_in("ada@tandem.example", "seven%2Bquiet%2Bbicycles").await;
    let new = "password=eight%2Bloud%2Btricycles&again=eight%2Bloud%2Btricycles";
    let wrong = ada.post("/account/password", &format!("current=guess&{new}")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(is_in(&mut elsewhere).await);
    let changed = ada.post("/account/password", &format!("current=seven%2Bquiet%2Bbicycles&{new}")).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    assert!(is_in(&mut ada).await, "this browser stays");
    assert!(!is_in(&mut elsewhere).await);
    let old = elsewhere.sign_in("ada@tandem.example", "seven%2Bquiet%2Bbicycles").await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    elsewhere.sign_in("ada@tandem.example", "eight%2Bloud%2Btricycles").await;
    assert!(is_in(&mut elsewhere).await);
    ada.post("/account/sign-out-everywhere", "").await;
    assert!(!is_in(&mut ada).await && !is_in(&mut elsewhere).await);
}

#[tokio::test]
async fn tokens_do_what_their_scope_says_until_they_end() {
    let (store, mut ada) = with_administrator().await;
    let read = shown_once(&ada.post("/tokens", "name=dashboard&scope=viewer&days=2").await);
    assert!(read.starts_with("tandem_"));
    let status = ada.api("GET", "/api/status", &read, None).await;
    assert_eq!((status.status, status.json()["state"].as_str()), (StatusCode::OK, Some("active")));
    assert_eq!(ada.api("GET", "/api/v1/users", &read, None).await.status, StatusCode::FORBIDDEN);
    let page = Browser::over(closed(store.clone())).api("GET", "/", &read, None).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "a token is for the API only");
    assert_eq!(ada.api("GET", "/api/status", "tandem_guess", None).await.status, StatusCode::UNAUTHORIZED);
    assert!(store.tokens(None).unwrap()[0].used_at.is_some());
    wait(48, 0);
    assert_eq!(
        ada.api("GET", "/api/status", &read, None).await.status,
        StatusCode::UNAUTHORIZED,
        "it ran out"
    );
    ada.sign_in("ada@tandem.example", "seven%2Bquiet%2Bbicycles").await;
    let all = shown_once(&ada.post("/tokens", "name=all&scope=administrator&days=").await);
    let made = ada
        .api("POST", "/api/v1/tokens", &all, Some(json!({ "name": "made", "scope": "operate", "days": 1 })))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let (id, made) = (made.json()["id"].as_i64().unwrap(), made.json()["token"].as_str().unwrap().to_owned());
    assert_eq!(ada.api("GET", "/api/v1/me", &made, None).await.json()["role"], "operator");
    assert_eq!(
        ada.api("DELETE", &format!("/api/v1/tokens/{id}"), &all, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(ada.api("GET", "/api/v1/me", &made, None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_api_does_with_users_what_the_page_does() {
    let (store, mut ada) = with_administrator().await;
    let token = shown_once(&ada.post("/tokens", "name=all&scope=administrator&days=").await);
    let invited = json!({ "email": "bea@tandem.example", "role": "operator" });
    let made = ada.api("POST", "/api/v1/users", &token, Some(invited.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(made.json()["link"].as_str().unwrap().contains("/welcome/"));
    let id = made.json()["user"].as_i64().unwrap();
    let twice = ada.api("POST", "/api/v1/users", &token, Some(invited)).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.json()["detail"].as_str().unwrap().contains("there already"), "{}", twice.body);
    let changed =
        ada.api("PATCH", &format!("/api/v1/users/{id}"), &token, Some(json!({ "role": "viewer" }))).await;
    assert_eq!(
        (changed.json()["role"].as_str(), changed.json()["invited"].as_bool()),
        (Some("viewer"), Some(true))
    );
    for wrong in
        [json!({ "email": "x", "role": "viewer" }), json!({ "email": "x@y.example", "role": "king" })]
    {
        let refused = ada.api("POST", "/api/v1/users", &token, Some(wrong)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let broken = ada.api("POST", "/api/v1/users", &token, Some(Value::Null)).await;
    assert_eq!(broken.header("content-type"), "application/problem+json", "{}", broken.body);
    assert_eq!(store.accounts().unwrap().len(), 2);
}

#[tokio::test]
async fn every_change_is_in_the_audit_without_its_secrets() {
    let (_, mut ada) = with_administrator().await;
    let token = shown_once(&ada.post("/tokens", "name=all&scope=administrator&days=").await);
    let link = shown_once(&ada.post("/users", "email=bea@tandem.example&role=operator").await);
    let audit = ada.api("GET", "/api/v1/audit", &token, None).await;
    let what: Vec<&str> = audit
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["what"].as_str().unwrap().to_owned().leak() as &str)
        .collect();
    assert_eq!(what, ["user-invited", "token-made", "administrator-made"]);
    assert_eq!(audit.json()[0]["who"], "ada@tandem.example");
    assert_eq!(audit.json()[0]["after"], json!({ "email": "bea@tandem.example", "role": "operator" }));
    for secret in [token.as_str(), link.rsplit('/').next().unwrap(), PASSWORD, "argon2"] {
        assert!(!audit.body.contains(secret));
    }
    let page = ada.get("/audit").await;
    assert!(page.body.contains("invited a user") && page.body.contains("role: operator"), "{}", page.body);
}
