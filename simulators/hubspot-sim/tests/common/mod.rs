//! A simulated account on a driven clock, called in memory.
#![allow(dead_code, clippy::expect_used, reason = "a part of every test, and each test file uses some of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use hubspot_sim::{HubSpotSim, Options};
use jiff::Timestamp;
use serde_json::Value;
use sim_base::Clock;
use tower::ServiceExt;

pub struct World {
    pub sim: HubSpotSim,
    pub token: String,
    now: Arc<AtomicI64>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl World {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        let now = Arc::new(AtomicI64::new(1_790_000_000_123));
        let told = Arc::clone(&now);
        let clock =
            Clock::new(move || Timestamp::from_millisecond(told.load(Ordering::SeqCst)).unwrap_or_default());
        let sim = HubSpotSim::new(Options { clock, ..options });
        let token = sim.access().token;
        Self { sim, token, now }
    }

    pub fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.call_as(&self.token, method, path, "application/json", body.to_string()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call_as(&self.token, "GET", path, "application/json", String::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.call_as("", "POST", path, "application/x-www-form-urlencoded", body).await
    }

    pub async fn call_as(&self, token: &str, method: &str, path: &str, kind: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("content-type", kind);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.sim.router().oneshot(request).await.expect("an answer");
        let status: StatusCode = response.status();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: status.as_u16(), headers, body, text }
    }

    pub async fn contact(&self, email: &str) -> String {
        let made = self
            .post("/crm/v3/objects/contacts", serde_json::json!({ "properties": { "email": email } }))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["id"].as_str().expect("an id").to_owned()
    }

    pub async fn company(&self, name: &str) -> String {
        let made = self
            .post("/crm/v3/objects/companies", serde_json::json!({ "properties": { "name": name } }))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["id"].as_str().expect("an id").to_owned()
    }
}
