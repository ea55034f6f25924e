//! The client itself: how one call is sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use transport::{Request, Response, World};
use url::{Url, form_urlencoded};

use crate::auth::Access;
use crate::error::{parse_refusal, start_of};
use crate::rate::Gate;
use crate::retry::{Repeat, Tries, rate_pause};
use crate::{Auth, Config, Error, Paths};

/// A client of one portal. Cloning it is cheap, and all clones share limits, counters and tokens.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base_url", &self.0.base_url.as_str()).finish_non_exhaustive()
    }
}

/// The portal's daily allowance as HubSpot last reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyUsage {
    /// Calls allowed in a day.
    pub max: u64,
    /// Calls left.
    pub remaining: u64,
}

pub(crate) struct Inner {
    pub world: World,
    pub base_url: Url,
    pub paths: Paths,
    pub auth: Auth,
    access: Access,
    attempts: u32,
    learn_limits: bool,
    burst: Gate,
    searches: Gate,
    calls: AtomicU64,
    seen: Mutex<Seen>,
}

/// What answers told by the way.
#[derive(Default)]
struct Seen {
    daily: Option<DailyUsage>,
    clock_offset: Option<SignedDuration>,
}

/// One call to the API.
pub(crate) struct Call {
    what: String,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Bytes>,
    repeat: Repeat,
    search: bool,
}

/// The answer to a call.
pub(crate) struct Answer {
    pub body: Bytes,
    /// Whether an earlier try may have taken effect already.
    pub repeated: bool,
}

impl Call {
    /// Reads and deletions may be repeated unless said otherwise; a POST may not.
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
            repeat,
            search: false,
        }
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    #[allow(clippy::needless_pass_by_value)]
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(Bytes::from(body.to_string()));
        self
    }

    /// A POST that only reads.
    pub(crate) fn reading(mut self) -> Self {
        self.repeat = Repeat::Read;
        self
    }

    /// A POST that does no more when repeated.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Write;
        self
    }

    /// A search, which has a limit of its own.
    pub(crate) fn searching(mut self) -> Self {
        self.search = true;
        self.reading()
    }
}

/// The whole address of a path.
pub(crate) fn address(base: &Url, path: &str, query: &[(String, String)]) -> String {
    let mut address = format!("{}{path}", base.as_str().trim_end_matches('/'));
    if !query.is_empty() {
        address.push('?');
        address.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    }
    address
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
            base_url: config.base_url,
            paths: config.paths,
            access: Access::new(config.auth.clone()),
            auth: config.auth,
            attempts: config.attempts,
            learn_limits: config.learn_limits,
            burst: Gate::new(config.burst_limit, config.burst_window),
            searches: Gate::new(config.searches_per_second, Duration::from_secs(1)),
            calls: AtomicU64::new(0),
            seen: Mutex::default(),
        }))
    }

    /// Requests sent so far, every try counted.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// The daily allowance as last reported; not every kind of token is told.
    #[must_use]
    pub fn usage(&self) -> Option<DailyUsage> {
        self.0.seen().daily
    }

    /// How far HubSpot's clock is ahead of ours, from the latest answer; exact to a second or so.
    #[must_use]
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        self.0.seen().clock_offset
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.world.clock.now()
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

    pub(crate) async fn token(&self) -> Result<(SecretString, u64), Error> {
        self.access.token(&self.world, &self.base_url, &self.paths).await
    }

    /// Sends a call, again where that is safe and promising.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let clock = &*self.world.clock;
        let mut tries = Tries::new(&self.world, &call.what, call.repeat, self.attempts);
        let mut renewed = false;
        loop {
            if call.search {
                self.searches.pass(clock).await;
            }
            self.burst.pass(clock).await;
            // After waiting, so that the token is fresh when the call leaves.
            let (token, generation) = self.token().await?;
            let request = self.request(call, &token)?;
            self.calls.fetch_add(1, Ordering::Relaxed);
            let left = clock.now();
            let outcome = self.world.transport.send(request).await;
            if let Ok(response) = &outcome {
                self.note(response.headers(), left);
                self.slow_down(call, response);
                if response.status() == 401 && !renewed && self.access.refused(generation).await {
                    // Refused at the door, so nothing was done; once more with a new token.
                    renewed = true;
                    continue;
                }
            }
            if let Some(settled) = tries.settle(outcome).await? {
                return Ok(Answer { body: settled.response.into_body(), repeated: settled.repeated });
            }
        }
    }

    fn request(&self, call: &Call, token: &SecretString) -> Result<Request, Error> {
        let invalid = |error: http::Error| Error::InvalidRequest(error.to_string());
        let bearer = format!("Bearer {}", token.expose_secret());
        let mut bearer = http::HeaderValue::from_str(&bearer).map_err(|_| {
            Error::InvalidRequest(
                "the access token holds characters that no token has; check HUBSPOT_TOKEN".into(),
            )
        })?;
        bearer.set_sensitive(true);
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(address(&self.base_url, &call.path, &call.query))
            .header(http::header::AUTHORIZATION, bearer)
            .header(http::header::ACCEPT, "application/json");
        if call.body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        request.body(call.body.clone().unwrap_or_default()).map_err(invalid)
    }

    /// Keeps what the answer's headers tell: limits, usage, the time there.
    fn note(&self, headers: &HeaderMap, left: Timestamp) {
        let number = |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
        if self.learn_limits
            && let Some(max) = number("x-hubspot-ratelimit-max").and_then(|max| u32::try_from(max).ok())
        {
            let window = number("x-hubspot-ratelimit-interval-milliseconds").map(Duration::from_millis);
            self.burst.adopt(max, window);
        }
        let mut seen = self.seen();
        if let (Some(max), Some(remaining)) =
            (number("x-hubspot-ratelimit-daily"), number("x-hubspot-ratelimit-daily-remaining"))
        {
            seen.daily = Some(DailyUsage { max, remaining });
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

    /// A refusal for calling too often concerns every call that waits, not only the refused one.
    fn slow_down(&self, call: &Call, response: &Response) {
        if response.status() != 429 {
            return;
        }
        if let Some(pause) = rate_pause(&parse_refusal(response).0) {
            let of_searches = call.search && pause <= Duration::from_secs(1);
            let gate = if of_searches { &self.searches } else { &self.burst };
            gate.close(self.world.clock.now(), pause);
        }
    }
}
