//! An org called in memory, on a clock that the test drives.

#![allow(dead_code, reason = "not every test file needs every helper")]
#![allow(clippy::unwrap_used, reason = "only tests are here")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use salesforce_sim::{Options, SalesforceSim};
use serde_json::{Value, json};
use sim_base::{Clock, ConnectionLost, FaultKind, FaultPlan, FaultRule};
use tower::ServiceExt as _;

pub const V: &str = "/services/data/v66.0";

pub struct Org {
    pub sim: SalesforceSim,
    pub token: String,
    second: Arc<AtomicI64>,
    router: Router,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub lost: bool,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json()[0]["errorCode"].as_str().unwrap_or_default().to_owned()
    }
}

impl Org {
    pub fn new() -> Self {
        let second = Arc::new(AtomicI64::new(1_790_000_000));
        let read = Arc::clone(&second);
        let clock = Clock::new(move || Timestamp::from_second(read.load(Ordering::SeqCst)).unwrap());
        let sim = SalesforceSim::new(Options { clock, ..Options::default() });
        Self { token: sim.access().access_token, router: sim.router(), second, sim }
    }

    /// The same org, for a session of its own.
    pub fn sharing(other: &Self) -> Self {
        let (sim, second) = (other.sim.clone(), Arc::clone(&other.second));
        Self { token: other.token.clone(), router: sim.router(), second, sim }
    }

    pub fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.second.load(Ordering::SeqCst)).unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let lost = response.extensions().get::<ConnectionLost>().is_some();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        Reply {
            status: StatusCode::as_u16(&status),
            headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
            lost,
        }
    }

    /// A call with headers of its own; paths start below the version.
    pub async fn call(&self, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Reply {
        let path = if path.starts_with("/services") { path.to_owned() } else { format!("{V}{path}") };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("Authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, Value::Null, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, body, &[]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path, body, &[]).await
    }

    pub async fn query(&self, soql: &str) -> Value {
        let reply = self.get(&format!("/query?q={}", encoded(soql))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// Makes a record and answers its id.
    pub async fn make(&self, object: &str, fields: Value) -> String {
        let reply = self.post(&format!("/sobjects/{object}"), fields).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// An external id of contacts.
    pub fn key_field(&self, unique: bool) {
        let metadata =
            json!({"label": "Key", "type": "Text", "length": 64, "externalId": true, "unique": unique});
        self.sim.ensure_custom_field("Contact", "Key__c", &metadata).unwrap();
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("Content-Type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn page(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// One fault from now on, on calls whose path has `path` in it.
    pub fn break_with(&self, fault: FaultKind, path: &str, probability: f64, times: Option<u32>) {
        let rule = FaultRule { method: None, path: Some(path.into()), fault, probability, times };
        self.sim.set_faults(FaultPlan::of_rules(1, vec![rule]));
    }

    pub fn count(&self, object: &str) -> usize {
        self.sim.records(object).len()
    }
}

pub fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A row of a collection.
pub fn contact(fields: Value) -> Value {
    let mut row = json!({"attributes": {"type": "Contact"}});
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}
