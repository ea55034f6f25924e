//! From a request to an answer: faults, credentials, limits, then the route.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};
use sim_base::{Clock, Faults, Stats};

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::limits::{Limiter, Limits, Shown, Tier};
use crate::oauth::Caller;
use crate::routes;

/// The largest body that is read.
pub(crate) const LARGEST: usize = 64 * 1024 * 1024;

/// What can be changed while the simulator runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) search_lag: i64,
    pub(crate) tier: Tier,
}

/// The simulator itself.
#[derive(Debug)]
pub(crate) struct Sim {
    pub(crate) clock: Clock,
    pub(crate) settings: RwLock<Settings>,
    pub(crate) first_settings: Settings,
    pub(crate) account: RwLock<Account>,
    pub(crate) baseline: Mutex<Account>,
    pub(crate) limiter: Mutex<Limiter>,
    /// Whether it is served over TLS.
    pub(crate) secure: AtomicBool,
    pub(crate) stats: Stats,
    pub(crate) faults: Faults,
    pub(crate) ids: Mutex<ChaCha8Rng>,
}

impl Sim {
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Account> {
        self.account.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Account> {
        self.account.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets records go that have lain in the recycle bin for too long.
    pub(crate) fn empty_bin(&self, now: i64) {
        if self.read().overdue(now) {
            self.write().empty_bin(now);
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// How long a change takes to be found by a search, with what the faults add to it.
    pub(crate) fn search_lag(&self) -> i64 {
        let more = i64::try_from(self.faults.search_lag_ms()).unwrap_or(i64::MAX);
        self.settings().search_lag.saturating_add(more)
    }

    pub(crate) fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the state just after start, or after the last call of `mark_start`.
    pub(crate) fn reset(&self) {
        let baseline = self.baseline.lock().unwrap_or_else(PoisonError::into_inner).clone();
        *self.write() = baseline;
        *self.limiter() = Limiter::default();
        self.stats.reset();
        self.faults.set(sim_base::FaultPlan::default());
        self.set_settings(|settings| *settings = self.first_settings);
    }

    pub(crate) fn mark_start(&self) {
        let now = self.read().clone();
        *self.baseline.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// An id for one request, in the shape of a UUID of version 7.
    fn correlation(&self, now: i64) -> String {
        let chance: [u8; 10] = self.ids.lock().unwrap_or_else(PoisonError::into_inner).random();
        let ms = u64::try_from(now).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(ms, &chance).into_uuid().to_string()
    }
}

/// One request, as a route sees it.
pub(crate) struct Ctx<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) now: i64,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) host: String,
    /// Where the caller reached the simulator, for addresses in answers.
    pub(crate) origin: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) path: String,
    /// Whether the path is of the dated family.
    pub(crate) dated: bool,
    /// The chance that a row of a batch fails by a passing error.
    pub(crate) half: Option<f64>,
}

impl Ctx<'_> {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A list parameter, given as one comma list or by repeating the name.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let bracketed = format!("{name}[]");
        self.query
            .iter()
            .filter(|(key, _)| key == name || *key == bracketed)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The access token the request came with.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.param(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        serde_json::from_slice(&self.body).map_err(|why| {
            ApiError::validation(format!(
                "Invalid input JSON on line {}, column {}: {why}",
                why.line(),
                why.column()
            ))
        })
    }

    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        match self.json()? {
            Value::Object(body) => Ok(body),
            _ => Err(ApiError::validation("Invalid input JSON: an object was expected")),
        }
    }

    pub(crate) fn form(&self) -> std::collections::BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Whether a passing error strikes a row now.
    pub(crate) fn row_fails(&self) -> bool {
        self.half.is_some_and(|probability| self.sim.faults.happens(probability))
    }

    /// In whose name the API writes.
    pub(crate) fn app(&self, account: &Account) -> Source {
        Source::app(account.app)
    }
}

/// What a route answers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) kind: &'static str,
    pub(crate) location: Option<String>,
}

const JSON: &str = "application/json;charset=utf-8";
const HTML: &str = "text/html;charset=utf-8";

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), kind: JSON, location: None }
    }

    pub(crate) fn empty() -> Self {
        Self { status: 204, body: Vec::new(), kind: JSON, location: None }
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        Self { status, body: body.into_bytes(), kind: HTML, location: None }
    }

    pub(crate) fn redirect(to: String) -> Self {
        Self { status: 303, body: Vec::new(), kind: HTML, location: Some(to) }
    }
}

pub(crate) type Outcome = Result<Reply, ApiError>;

/// What serves a route.
pub(crate) type Handler = Box<dyn FnOnce(&Ctx<'_>) -> Outcome>;

/// A route that was found.
pub(crate) struct Found {
    /// For the counters.
    pub(crate) pattern: String,
    pub(crate) handler: Handler,
    /// Whether it takes an access token and counts toward the limits.
    pub(crate) api: bool,
    pub(crate) search: bool,
    pub(crate) dated: bool,
    /// Whether it belongs to the simulator and not to the platform.
    pub(crate) own: bool,
}

fn not_found_page(status: u16) -> Reply {
    let body = format!(
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n\
         <title>Error {status}</title>\n</head>\n<body><h2>HTTP ERROR {status}</h2>\n<p>Problem accessing the \
         page.</p></body>\n</html>\n"
    );
    Reply::html(status, body)
}

impl Sim {
    /// Answers one request, unless a fault strikes it.
    pub(crate) async fn serve(&self, request: axum::extract::Request) -> Response {
        sim_base::through(&self.faults, &self.stats, self, request, |request| self.take(request)).await
    }

    async fn take(&self, request: axum::extract::Request) -> Response {
        let half = request.extensions().get::<sim_base::HalfBatch>().map(|half| half.0);
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
            return respond(not_found_page(413), None, None);
        };
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned());
        let host =
            parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        self.answer(&parts, host, bearer.as_deref(), body, half)
    }

    fn answer(
        &self,
        parts: &http::request::Parts,
        host: &str,
        bearer: Option<&str>,
        body: Bytes,
        half: Option<f64>,
    ) -> Response {
        let now = self.now();
        let http::request::Parts { method, uri, headers, .. } = parts;
        let path = uri.path();
        let size = body.len() as u64;
        let Some(found) = routes::find(method, path) else {
            self.stats.call(&format!("{method} (unknown)"), size, false);
            return respond(not_found_page(404), None, None);
        };
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let ctx = Ctx {
            sim: self,
            now,
            query: query.into_owned().collect(),
            body,
            host: host.to_owned(),
            origin: format!(
                "{}://{host}",
                if self.secure.load(Ordering::Relaxed) { "https" } else { "http" }
            ),
            headers: headers.clone(),
            path: path.to_owned(),
            dated: found.dated,
            half,
        };
        if found.own {
            self.empty_bin(now);
            let outcome = (found.handler)(&ctx);
            return respond(outcome.unwrap_or_else(|error| refuse(&error, "")), None, None);
        }
        self.empty_bin(now);
        // Jobs whose time has come end before anything is answered.
        if self.read().platform.transfers.due(now) {
            self.write().run_jobs(now);
        }
        self.stats.call(&found.pattern, size, found.api);
        let correlation = self.correlation(now);
        let refused = |error: &ApiError, shown: Option<Shown>| {
            if error.status == 429 {
                self.stats.throttled();
            }
            respond(refuse(error, &correlation), Some(&correlation), shown)
        };
        let mut shown = None;
        if found.api {
            let caller: Result<Caller, ApiError> = match bearer {
                Some(token) => self.read().oauth.caller(token, now),
                None => Err(ApiError::unauthorised()),
            };
            match caller {
                Ok(caller) => {
                    let Settings { limits, tier, .. } = self.settings();
                    let (headers, over) = self.limiter().call(limits, tier, caller, found.search, now);
                    shown = headers;
                    if let Some(policy) = over {
                        return refused(&ApiError::rate_limit(policy), shown);
                    }
                }
                Err(error) => return refused(&error, None),
            }
        }
        let outcome = (found.handler)(&ctx);
        match outcome {
            Ok(reply) => respond(reply, Some(&correlation), shown),
            Err(error) => refused(&error, shown),
        }
    }
}

/// How the account says what a fault makes it say.
impl sim_base::Words for Sim {
    fn route(&self, asked: &axum::extract::Request) -> String {
        let (method, path) = (asked.method(), asked.uri().path());
        routes::find(method, path).map_or_else(|| format!("{method} (unknown)"), |found| found.pattern)
    }

    fn status(&self, _asked: &axum::extract::Request, status: u16) -> Response {
        let id = self.correlation(self.now());
        respond(refuse(&ApiError::bare(status), &id), Some(&id), None)
    }

    fn expired(&self, asked: &axum::extract::Request) -> Option<Response> {
        routes::find(asked.method(), asked.uri().path()).filter(|found| found.api)?;
        let now = self.now();
        let id = self.correlation(now);
        Some(respond(refuse(&ApiError::expired(now - 1000, now), &id), Some(&id), None))
    }
}

fn refuse(error: &ApiError, correlation: &str) -> Reply {
    Reply::json(error.status, &error.body(correlation))
}

fn respond(reply: Reply, correlation: Option<&str>, shown: Option<Shown>) -> Response {
    let mut builder = Response::builder().status(reply.status);
    if reply.status != 204 {
        builder = builder.header(header::CONTENT_TYPE, reply.kind);
    }
    if let Some(to) = reply.location {
        builder = builder.header(header::LOCATION, to);
    }
    if let Some(id) = correlation {
        builder = builder.header("x-hubspot-correlation-id", id).header("x-request-id", id);
    }
    if let Some(shown) = shown {
        if let Some((most, remaining)) = shown.daily {
            builder = builder
                .header("X-HubSpot-RateLimit-Daily", most)
                .header("X-HubSpot-RateLimit-Daily-Remaining", remaining);
        }
        builder = builder
            .header("X-HubSpot-RateLimit-Interval-Milliseconds", 10_000)
            .header("X-HubSpot-RateLimit-Max", shown.max)
            .header("X-HubSpot-RateLimit-Remaining", shown.remaining)
            .header("X-HubSpot-RateLimit-Secondly", shown.max / 10)
            .header("X-HubSpot-RateLimit-Secondly-Remaining", (shown.max / 10).min(shown.remaining));
    }
    builder.body(Body::from(reply.body)).unwrap_or_else(|_| {
        let mut broken = Response::new(Body::empty());
        *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
