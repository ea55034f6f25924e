//! Both platforms in memory: a transport that calls the simulators' routers, with latency on the paused clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use jiff::Timestamp;
use model::Side;
use tower::ServiceExt;
use transport::{Chance, Clock, Request, Response, TokioClock, Transport, TransportError};

/// The hosts that the clients call.
pub const HUBSPOT: &str = "http://hubspot.test";
/// See [`HUBSPOT`].
pub const SALESFORCE: &str = "http://salesforce.test";

/// What the engine did to a platform and when.
#[derive(Debug, Clone)]
pub struct CallLine {
    /// When the call took effect.
    pub at: Timestamp,
    /// The platform.
    pub side: Side,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What was sent.
    pub body: String,
    /// What was answered, were it to arrive.
    pub status: u16,
    /// The body of the answer.
    pub answer: String,
}

impl CallLine {
    /// Whether the call writes records.
    pub fn is_write(&self) -> bool {
        let target = &self.target;
        let hubspot = target.contains("/batch/update") || target.contains("/batch/upsert");
        hubspot
            || target.contains("/batch/create")
            || (target.contains("/composite/sobjects") && self.method != "GET")
    }

    /// Whether the call changes anything, ties between records included.
    pub fn is_change(&self) -> bool {
        let target = &self.target;
        let reads = match self.side {
            Side::HubSpot => ["/batch/read", "/search", "/oauth/", "/lists/"].as_slice(),
            Side::Salesforce => {
                ["/oauth2/", "/query", "/jobs/query", "/sobjects/FieldPermissions"].as_slice()
            }
        };
        let looks_up = self.side == Side::Salesforce
            && self.method == "POST"
            && target.contains("/composite/sobjects/")
            && self.body.contains("\"ids\"");
        self.method != "GET" && !looks_up && !reads.iter().any(|read| target.contains(read))
    }

    /// Whether the call counts toward the org's calls of a day: all but signing in.
    pub fn is_counted(&self) -> bool {
        self.side == Side::Salesforce && self.target.contains("/services/data/")
    }

    /// Whether the call makes records.
    pub fn is_create(&self) -> bool {
        let target = &self.target;
        let hubspot = target.contains("/batch/upsert") || target.contains("/batch/create");
        let plain = self.method == "POST" && target.ends_with("/composite/sobjects");
        hubspot || plain || target.contains("/composite/sobjects/Contact/")
    }
}

/// Both platforms, a wire with latency, and a record of what went over it.
pub struct Memory {
    hubspot: Router,
    salesforce: Router,
    chance: Chance,
    clock: TokioClock,
    /// Every call, in the order in which they took effect.
    pub log: Mutex<Vec<CallLine>>,
    /// Set: the engine dies right after the next create has taken effect.
    pub kill_after_create: AtomicBool,
    /// Told when the engine is to die.
    pub killed: tokio::sync::Notify,
}

impl Memory {
    /// A wire to these two.
    #[must_use]
    pub fn new(hubspot: Router, salesforce: Router, chance: Chance, clock: TokioClock) -> Arc<Self> {
        Arc::new(Self {
            hubspot,
            salesforce,
            chance,
            clock,
            log: Mutex::new(Vec::new()),
            kill_after_create: AtomicBool::new(false),
            killed: tokio::sync::Notify::new(),
        })
    }

    fn latency(&self) -> Duration {
        Duration::from_millis(2 + self.chance.bits() % 120)
    }

    async fn call(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let lost = |reason: &str| TransportError::Lost { host: host.clone(), reason: reason.to_owned() };
        let (side, router) = match host.as_str() {
            "hubspot.test" => (Side::HubSpot, self.hubspot.clone()),
            _ => (Side::Salesforce, self.salesforce.clone()),
        };
        let (mut parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        if let Ok(uri) = target.parse() {
            parts.uri = uri;
        }
        tokio::time::sleep(self.latency()).await;
        let at = self.clock.now();
        let method = parts.method.to_string();
        let text = String::from_utf8_lossy(&body).into_owned();
        let Ok(response) = router.oneshot(http::Request::from_parts(parts, Body::from(body))).await;
        let is_lost = response.extensions().get::<sim_base::ConnectionLost>().is_some();
        let (parts, body) = response.into_parts();
        let answer = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let line = CallLine {
            at,
            side,
            method,
            target,
            body: text,
            status: parts.status.as_u16(),
            answer: String::from_utf8_lossy(&answer).into_owned(),
        };
        let create = line.is_create() && parts.status.is_success();
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        if create && self.kill_after_create.swap(false, Ordering::Relaxed) {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.latency()).await;
        if is_lost { Err(lost("the connection broke")) } else { Ok(Response::from_parts(parts, answer)) }
    }
}

impl Transport for Memory {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.call(request))
    }
}
