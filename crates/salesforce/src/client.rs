//! The client itself: how one call is sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transport::{Request, World};
use url::{Url, form_urlencoded};

use crate::auth::{Access, Session};
use crate::error::start_of;
use crate::retry::{Repeat, Tries};
use crate::{Config, Error, oauth};

/// A client of one org. Cloning it is cheap, and all clones share counters and tokens.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("api_version", &self.0.api_version).finish_non_exhaustive()
    }
}

/// The org's API calls of the last 24 hours as Salesforce last reported them, all programs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUsage {
    /// Calls made.
    pub used: u64,
    /// Calls allowed.
    pub max: u64,
}

/// Asked before every call whether it may be made. It is told what the org last said about its calls.
pub trait CallGate: Send + Sync {
    /// Counts the call, or says why it must not be made.
    ///
    /// # Errors
    /// When the call must not be made.
    fn admit(&self, usage: Option<ApiUsage>) -> Result<(), String>;
}

pub(crate) struct Inner {
    pub world: World,
    api_version: String,
    client_name: String,
    query_batch: u32,
    attempts: u32,
    access: Access,
    calls: AtomicU64,
    seen: Mutex<Seen>,
    gate: OnceLock<Arc<dyn CallGate>>,
}

/// What answers told by the way.
#[derive(Default)]
struct Seen {
    usage: Option<ApiUsage>,
    clock_offset: Option<SignedDuration>,
}

/// One call to the API.
pub(crate) struct Call {
    what: String,
    method: Method,
    /// From the root of the host.
    path: String,
    query: Vec<(String, String)>,
    body: Option<Bytes>,
    /// What the body is.
    content_type: String,
    headers: Vec<(&'static str, String)>,
    accept: &'static str,
    repeat: Repeat,
}

/// The answer to a call.
pub(crate) struct Answer {
    pub body: Bytes,
    /// Whether an earlier try may have taken effect already.
    pub repeated: bool,
    /// The call's id, by which it is found in the log.
    pub id: String,
    /// Where the next page of a bulk query's rows starts.
    pub locator: Option<String>,
}

/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// One segment of a path, escaped.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Call {
    /// Reads, PATCHes and deletions may be repeated unless said otherwise; a POST may not.
    pub(crate) fn new(what: impl Into<String>, method: Method, path: impl Into<String>) -> Self {
        let repeat = if method == Method::GET {
            Repeat::Read
        } else if method == Method::POST {
            Repeat::Never
        } else {
            Repeat::Write
        };
        Self {
            what: what.into(),
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            accept: "application/json",
            repeat,
        }
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(Bytes::from(body.to_string()));
        self
    }

    /// A body of another kind.
    pub(crate) fn bytes(mut self, content_type: String, body: Bytes) -> Self {
        self.content_type = content_type;
        self.body = Some(body);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn accept(mut self, kind: &'static str) -> Self {
        self.accept = kind;
        self
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }
}

/// Reads an answer's body.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Decode {
        what: what.to_owned(),
        // The parser may quote the body at length.
        reason: start_of(error.to_string().as_bytes()),
        body: start_of(body),
    })
}

impl Client {
    /// Sets up a client; nothing is sent yet.
    #[must_use]
    pub fn new(world: World, config: Config) -> Self {
        Self(Arc::new(Inner {
            world,
            api_version: config.api_version,
            client_name: config.client_name,
            query_batch: config.query_batch,
            attempts: config.attempts,
            access: Access::new(config.auth),
            calls: AtomicU64::new(0),
            seen: Mutex::default(),
            gate: OnceLock::new(),
        }))
    }

    /// Requests sent so far, every try counted, logins left out (they are free).
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// Has `gate` asked before each call from now on. A second one is not taken.
    pub fn set_gate(&self, gate: Arc<dyn CallGate>) {
        if self.0.gate.set(gate).is_err() {
            tracing::debug!("the client has a gate already");
        }
    }

    /// What time it is here.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.world.clock.now()
    }

    /// The org's calls as last reported.
    #[must_use]
    pub fn usage(&self) -> Option<ApiUsage> {
        self.0.seen().usage
    }

    /// How far Salesforce's clock is ahead of ours, from the latest answer; exact to a second or so.
    #[must_use]
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        self.0.seen().clock_offset
    }

    /// The org's own address; logs in where that is not known yet.
    ///
    /// # Errors
    /// When logging in fails.
    pub async fn instance_url(&self) -> Result<Url, Error> {
        Ok(self.0.access.session(&self.0.world).await?.instance_url)
    }

    /// The access in use, renewed first where that is due.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        self.0.access.session(&self.0.world).await
    }

    /// Ends the present access for good.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn revoke(&self) -> Result<(), Error> {
        let (token, host) = self.0.access.longest_token(&self.0.world).await?;
        oauth::revoke(&self.0.world, &host, &token).await
    }

    /// Any other GET below `/services/data/vXX.X`.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn get_json(&self, path: &str) -> Result<Value, Error> {
        self.ask(&Call::new(format!("reading {path}"), Method::GET, self.data(path))).await
    }

    /// A path below `/services/data/vXX.X`.
    pub(crate) fn data(&self, path: &str) -> String {
        format!("/services/data/v{}{path}", self.0.api_version)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        decode(&call.what, &self.0.send(call).await?.body)
    }
}

impl Inner {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a call, again where that is safe and promising.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let mut tries = Tries::new(&self.world, &call.what, call.repeat, self.attempts);
        let mut renewed = false;
        loop {
            let session = self.access.session(&self.world).await?;
            let request = self.request(call, &session)?;
            if let Some(gate) = self.gate.get() {
                let usage = self.seen().usage;
                gate.admit(usage).map_err(Error::Held)?;
            }
            let number = self.calls.fetch_add(1, Ordering::Relaxed);
            let left = self.world.clock.now();
            let outcome = self.world.transport.send(request).await;
            if let Ok(response) = &outcome {
                self.note(response.headers(), left);
                if response.status() == 401 && !renewed && self.access.refused(session.generation).await {
                    // Refused at the door, so nothing was done; once more with a new token.
                    renewed = true;
                    continue;
                }
            }
            if let Some(settled) = tries.settle(outcome).await? {
                // Salesforce documents no id for a call; where an answer has one, support can find it by that.
                let given = settled.response.headers().get("x-sfdc-request-id");
                let id = match given.and_then(|id| id.to_str().ok()) {
                    Some(id) => id.to_owned(),
                    None => format!("sf-{:x}-{number}", left.as_millisecond()),
                };
                tracing::info!(call = id, what = call.what, "answered");
                let locator = settled.response.headers().get("sforce-locator");
                let locator = locator.and_then(|locator| locator.to_str().ok());
                let locator = locator.filter(|locator| !matches!(*locator, "" | "null")).map(str::to_owned);
                let repeated = settled.repeated;
                return Ok(Answer { body: settled.response.into_body(), repeated, id, locator });
            }
        }
    }

    fn request(&self, call: &Call, session: &Session) -> Result<Request, Error> {
        let bearer = format!("Bearer {}", session.token.expose_secret());
        let mut bearer = http::HeaderValue::from_str(&bearer).map_err(|_| {
            Error::InvalidRequest("the Salesforce access token holds characters that no token has".to_owned())
        })?;
        bearer.set_sensitive(true);
        let mut address = format!("{}{}", session.instance_url.as_str().trim_end_matches('/'), call.path);
        if !call.query.is_empty() {
            address.push('?');
            address.push_str(
                &form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish(),
            );
        }
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(address)
            .header(http::header::AUTHORIZATION, bearer)
            .header(http::header::ACCEPT, call.accept)
            .header("Sforce-Call-Options", format!("client={}", self.client_name))
            // Without this Salesforce may hand new leads and cases to somebody else.
            .header("Sforce-Auto-Assign", "FALSE")
            .header("Sforce-Query-Options", format!("batchSize={}", self.query_batch));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if call.body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, &call.content_type);
        }
        request
            .body(call.body.clone().unwrap_or_default())
            .map_err(|error| Error::InvalidRequest(error.to_string()))
    }

    /// Keeps what the answer's headers tell: usage, the time there.
    fn note(&self, headers: &HeaderMap, left: Timestamp) {
        let mut seen = self.seen();
        let usage = headers.get("sforce-limit-info").and_then(|value| parse_usage(value.to_str().ok()?));
        if usage.is_some() {
            seen.usage = usage;
        }
        if let Some(there) = headers
            .get(http::header::DATE)
            .and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date.as_bytes()).ok())
        {
            let arrived = self.world.clock.now();
            let middle = left.saturating_add(arrived.duration_since(left) / 2).unwrap_or(left);
            seen.clock_offset = Some(there.duration_since(middle));
        }
    }
}

/// `api-usage=18/5000; per-app-api-usage=17/250(appName=…)`.
fn parse_usage(header: &str) -> Option<ApiUsage> {
    let part = header.split([';', ',']).find_map(|part| part.trim().strip_prefix("api-usage="))?;
    let (used, max) = part.split_once('/')?;
    Some(ApiUsage { used: used.trim().parse().ok()?, max: max.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_with_and_without_the_app_s_share() {
        assert_eq!(parse_usage("api-usage=10018/100000"), Some(ApiUsage { used: 10_018, max: 100_000 }));
        let both = "api-usage=18/5000; per-app-api-usage=17/250(appName=tandem)";
        assert_eq!(parse_usage(both), Some(ApiUsage { used: 18, max: 5_000 }));
        assert_eq!(parse_usage("per-app-api-usage=17/250"), None);
    }
}
