//! Signing in through an identity provider, a small one made here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use common::{Browser, closed, connected};
use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PublicKeyData};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Oidc, OidcSettings, Role};
use sha2::{Digest, Sha256};
use store::Store;
use transport::{Request, Response, Transport, TransportError};
use url::Url;

const ISSUER: &str = "https://login.example";

/// An issuer that vouches for whoever it is told to.
struct Issuer {
    key: KeyPair,
    /// What its ID tokens say, and the PKCE challenge of the sign-in under way.
    claims: Mutex<(Value, String)>,
}

impl Issuer {
    fn new() -> Arc<Self> {
        Arc::new(Self { key: KeyPair::generate().unwrap(), claims: Mutex::new((Value::Null, String::new())) })
    }

    fn answer(&self, request: &Request) -> (u16, Value) {
        match request.uri().path() {
            "/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys"),
                    "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256"],
                }),
            ),
            "/keys" => {
                // An uncompressed point: 04, x, y.
                let point = self.key.der_bytes();
                let (x, y) = (&point[1..33], &point[33..]);
                let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
                (
                    200,
                    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": part(x), "y": part(y) }] }),
                )
            }
            "/token" => {
                let form = String::from_utf8(request.body().to_vec()).unwrap();
                let sent: BTreeMap<String, String> =
                    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
                let (claims, challenge) = self.claims.lock().unwrap().clone();
                let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
                if sent["code"] != "the-code" || proof != challenge {
                    return (400, json!({ "error": "invalid_grant" }));
                }
                let key = EncodingKey::from_ec_der(&self.key.serialize_der());
                let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();
                (200, json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }))
            }
            path => panic!("the issuer has no {path}"),
        }
    }
}

impl Transport for Issuer {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let (status, body) = self.answer(&request);
        let response = http::Response::builder().status(status).header("content-type", "application/json");
        Box::pin(async move { Ok(response.body(Bytes::from(body.to_string())).unwrap()) })
    }
}

struct Stage {
    issuer: Arc<Issuer>,
    store: Arc<Store>,
    browser: Browser,
}

fn stage(trust_email: bool) -> Stage {
    let issuer = Issuer::new();
    let settings = OidcSettings {
        issuer: ISSUER.into(),
        client_id: "tandem".into(),
        client_secret: SecretString::from("secret"),
        name: "Example Login".into(),
        roles: vec![
            ("@tandem.example".into(), Role::Viewer),
            ("ada@tandem.example".into(), Role::Administrator),
        ],
        trust_email,
    };
    let store = connected();
    let oidc = Oidc::new(settings, issuer.clone()).unwrap();
    let app = closed(store.clone()).with_public_url(Some("https://tandem.test")).with_oidc(Some(oidc));
    Stage { issuer, store, browser: Browser::over(app) }
}

impl Stage {
    /// Goes to the issuer and comes back with what it says of this address; `change` may falsify it.
    async fn sign_in(&mut self, email: &str, change: impl Fn(&mut Value, &mut String)) -> common::Answer {
        let left = self.browser.get("/sign-in/oidc?then=/tokens").await;
        let address = Url::parse(&left.location.unwrap()).unwrap();
        let query: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(query["redirect_uri"], "https://tandem.test/sign-in/oidc/back");
        assert_eq!(
            (query["code_challenge_method"].as_str(), query["response_type"].as_str()),
            ("S256", "code")
        );
        assert!(query["scope"].contains("openid") && query["scope"].contains("email"));
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": ISSUER, "sub": email, "aud": "tandem", "iat": now, "exp": now + 300,
            "nonce": query["nonce"], "email": email, "email_verified": true, "name": "Somebody",
        });
        let mut state = query["state"].clone();
        change(&mut claims, &mut state);
        *self.issuer.claims.lock().unwrap() = (claims, query["code_challenge"].clone());
        self.browser.get(&format!("/sign-in/oidc/back?code=the-code&state={state}")).await
    }

    async fn is_in(&mut self) -> bool {
        self.browser.get("/").await.status == StatusCode::OK
    }

    fn role(&self, email: &str) -> Option<Role> {
        self.store.account_of(email).unwrap().map(|account| account.role)
    }
}

#[tokio::test]
async fn whom_the_settings_name_comes_in_with_their_role() {
    let mut stage = stage(false);
    assert!(stage.browser.get("/sign-in").await.body.contains("Sign in with Example Login"));
    let came = stage.sign_in("Ada@Tandem.example", |_, _| {}).await;
    assert_eq!(
        (came.status, came.location.as_deref()),
        (StatusCode::SEE_OTHER, Some("/tokens")),
        "{}",
        came.body
    );
    assert!(stage.is_in().await);
    assert_eq!(stage.role("ada@tandem.example"), Some(Role::Administrator), "the greatest that fits");
    stage.browser = stage.browser.another();
    stage.sign_in("bea@tandem.example", |_, _| {}).await;
    assert_eq!(stage.role("bea@tandem.example"), Some(Role::Viewer));
}

#[tokio::test]
async fn strangers_and_people_who_are_kept_out_do_not_come_in() {
    let mut stage = stage(false);
    for stranger in ["eve@elsewhere.example", "eve@eviltandem.example"] {
        let refused = stage.sign_in(stranger, |_, _| {}).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{stranger}");
        assert_eq!(stage.role(stranger), None);
    }
    stage.store.create_account("eve@elsewhere.example", "Eve", Role::Operator, common::now()).unwrap();
    let came = stage.sign_in("eve@elsewhere.example", |_, _| {}).await;
    assert_eq!(came.status, StatusCode::SEE_OTHER, "an administrator invited her");
    let id = stage.store.account_of("eve@elsewhere.example").unwrap().unwrap().id;
    stage.store.change_account(id, Role::Operator, true).unwrap();
    assert_eq!(stage.sign_in("eve@elsewhere.example", |_, _| {}).await.status, StatusCode::FORBIDDEN);
    assert!(!stage.is_in().await);
}

#[tokio::test]
async fn an_answer_that_does_not_match_is_refused() {
    type Change = fn(&mut Value, &mut String);
    let changes: [(&str, Change); 6] = [
        ("another state", |_, state| *state = "guess".into()),
        ("another nonce", |claims, _| claims["nonce"] = json!("guess")),
        ("another audience", |claims, _| claims["aud"] = json!("other")),
        ("another issuer", |claims, _| claims["iss"] = json!("https://evil.example")),
        ("run out", |claims, _| claims["exp"] = json!(1_000_000_000)),
        ("not verified", |claims, _| claims["email_verified"] = json!(false)),
    ];
    for (what, change) in changes {
        let mut stage = stage(false);
        let refused = stage.sign_in("ada@tandem.example", change).await;
        assert!(refused.status.is_client_error() || refused.status == StatusCode::BAD_GATEWAY, "{what}");
        assert!(!stage.is_in().await, "{what}");
        assert_eq!(stage.role("ada@tandem.example"), None, "{what}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_verified_counts_only_where_the_settings_say_so() {
    let mut stage = stage(true);
    stage.sign_in("ada@tandem.example", |claims, _| claims["email_verified"] = Value::Null).await;
    assert!(stage.is_in().await);
}

#[tokio::test]
async fn a_sign_in_that_another_browser_began_is_refused() {
    let mut stage = stage(false);
    let mut other = stage.browser.another();
    let left = stage.browser.get("/sign-in/oidc").await;
    let address = Url::parse(&left.location.unwrap()).unwrap();
    let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let refused = other.get(&format!("/sign-in/oidc/back?code=the-code&state={state}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
