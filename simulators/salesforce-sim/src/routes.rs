//! What is served where: the APIs behind a session, sign-in, the console, and the simulator's own switches.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sim_base::{FaultPlan, strict};
use tower::ServiceExt as _;

use crate::api::{Api, Call, CallHeaders, Reply, versions};
use crate::error::Refusal;
use crate::service::DAILY_CALLS;
use crate::{Limits, SalesforceSim, api, bulk, console, gate, oauth, packages, setup, soap, web};

/// The most that address and headers may take together.
const LONGEST_ADDRESS: usize = 16_384;
const LARGEST_BODY: usize = 64 * 1024 * 1024;

pub(crate) fn router(sim: SalesforceSim) -> Router {
    // An instance's address may end in a slash: the Salesforce CLI then asks for `//services/data/…`.
    Router::new().fallback_service(routes(sim).map_request(with_one_slash))
}

/// A request whose path begins with one slash only.
fn with_one_slash(mut request: Request) -> Request {
    if request.uri().path().starts_with("//")
        && let Some(whole) = request.uri().path_and_query()
        && let Ok(plain) = format!("/{}", whole.as_str().trim_start_matches('/')).parse::<Uri>()
    {
        *request.uri_mut() = plain;
    }
    request
}

fn routes(sim: SalesforceSim) -> Router {
    Router::new()
        .route("/", get(|| async { axum::response::Redirect::to("/_sim/console") }))
        .route("/services/data", get(|| async { answer(&Reply { status: 200, body: Some(versions()) }) }))
        .route("/services/data/", get(|| async { answer(&Reply { status: 200, body: Some(versions()) }) }))
        .merge(oauth::routes())
        .merge(console::routes())
        .merge(bulk::routes())
        .merge(soap::routes())
        .merge(setup::routes())
        .merge(packages::routes())
        .merge(web::routes())
        .route("/_sim/mails", get(|State(sim): State<SalesforceSim>| async move { Json(mails(&sim)) }))
        .route("/_sim/stats", get(|State(sim): State<SalesforceSim>| async move { Json(sim.stats()) }))
        .route("/_sim/faults", get(common).post(common))
        .route("/_sim/clock", get(common).post(common))
        .route("/_sim/reset", post(reset))
        .route("/_sim/settings", get(settings).post(set_settings))
        .fallback(rest)
        .layer(axum::middleware::from_fn_with_state(sim.clone(), faults))
        .with_state(sim)
}

/// A switch that both simulators have.
async fn common(
    State(sim): State<SalesforceSim>,
    method: Method,
    uri: Uri,
    body: axum::body::Bytes,
) -> Response {
    if method == Method::POST && uri.path() == "/_sim/faults" {
        return switched(sim_base::switched(strict::<FaultPlan>(&body).and_then(|plan| {
            plan.check()?;
            sim.set_faults(plan);
            Ok(json!({"ok": true}))
        })));
    }
    sim_base::switch(&sim.0.clock, &sim.0.faults, method.as_str(), uri.path(), &body)
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), switched)
}

fn switched((status, body): sim_base::Switched) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), Json(body)).into_response()
}

/// The body of a switch that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn reset(State(sim): State<SalesforceSim>, body: axum::body::Bytes) -> Response {
    switched(sim_base::switched(strict::<Nothing>(&body).map(|_| {
        sim.reset();
        json!({"ok": true})
    })))
}

#[derive(Debug, Deserialize)]
struct Settings {
    #[serde(flatten)]
    setup: setup::settings::SetupSettings,
    contact_duplicate_rule: Option<String>,
    limits: Option<Limits>,
    jwt_public_key: Option<String>,
    bulk_limits: Option<bulk::BulkLimits>,
    bulk_polls: Option<u32>,
    cdc: Option<crate::CdcSettings>,
    /// What no part of the org knows.
    #[serde(flatten)]
    unknown: std::collections::BTreeMap<String, Value>,
}

/// Settings of the simulator, and the rules of the org, which [`crate::settings`] knows.
async fn set_settings(State(sim): State<SalesforceSim>, body: axum::body::Bytes) -> Response {
    switched(sim_base::switched(strict::<serde_json::Map<String, Value>>(&body).and_then(|given| {
        let (mut rules, mut given): (serde_json::Map<String, Value>, serde_json::Map<String, Value>) =
            given.into_iter().partition(|(key, _)| crate::settings::NAMES.contains(&key.as_str()));
        setup::settings::share(&mut rules, &mut given);
        let settings: Settings =
            serde_json::from_value(Value::Object(given)).map_err(|error| error.to_string())?;
        if let Some(key) = settings.unknown.keys().next() {
            return Err(format!("unknown field `{key}`"));
        }
        if !rules.is_empty() {
            sim.set_rules(&Value::Object(rules))?;
        }
        let rule = settings.contact_duplicate_rule.map(|text| {
            api::duplicate_rule(&text)
                .ok_or_else(|| format!("contact_duplicate_rule is off, alert or block, not '{text}'"))
        });
        let rule = rule.transpose()?;
        let now = sim.0.clock.now();
        let user = Arc::clone(&sim.state().person);
        sim.state().apply_settings(settings.setup, &setup::Who { user, now })?;
        if let Some(rule) = rule {
            sim.set_duplicate_rule(rule);
        }
        if let Some(limits) = settings.limits {
            sim.set_limits(limits);
        }
        if let Some(limits) = settings.bulk_limits {
            sim.state().service.jobs.limits = limits;
        }
        if let Some(polls) = settings.bulk_polls {
            sim.state().service.jobs.polls = polls;
        }
        if let Some(cdc) = settings.cdc {
            sim.set_cdc(cdc)?;
        }
        if let Some(key) = settings.jwt_public_key {
            sim.state().auth.jwt_key = Some(key);
        }
        Ok(json!({"ok": true}))
    })))
}

async fn settings(State(sim): State<SalesforceSim>) -> Json<Value> {
    Json(sim.state().setup_settings())
}

/// The mails that the org has sent.
fn mails(sim: &SalesforceSim) -> Value {
    let now = sim.0.clock.now();
    let mut state = sim.state();
    state.settle(now);
    state.mails()
}

/// Breaks what the fault plan says, before or after the request has had its effect.
async fn faults(
    State(sim): State<SalesforceSim>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    sim_base::through(&sim.0.faults, &sim.0.stats, &OrgWords, request, |request| next.run(request)).await
}

/// How the org says what a fault makes it say.
struct OrgWords;

impl sim_base::Words for OrgWords {
    fn route(&self, asked: &Request) -> String {
        route_of(asked.method(), asked.uri().path())
    }

    fn status(&self, asked: &Request, status: u16) -> Response {
        let refusal = match status {
            429 | 403 => Refusal::new(
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            )
            .with_status(403),
            503 => Refusal::new("SERVER_UNAVAILABLE", "Server unavailable, try again later").with_status(503),
            other => Refusal::new("UNKNOWN_EXCEPTION", "An unexpected error occurred.").with_status(other),
        };
        gate::in_form(asked.uri().path(), asked.headers(), &refusal)
    }

    fn expired(&self, asked: &Request) -> Option<Response> {
        let path = asked.uri().path();
        let refusal = Refusal::new("INVALID_SESSION_ID", "Session expired or invalid").with_status(401);
        (!path.starts_with("/services/oauth2")).then(|| gate::in_form(path, asked.headers(), &refusal))
    }
}

pub(crate) fn expired() -> Reply {
    Reply::refused(&[Refusal::new("INVALID_SESSION_ID", "Session expired or invalid").with_status(401)])
}

/// Everything below `/services` that needs a session.
async fn rest(State(sim): State<SalesforceSim>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let half = parts.extensions.get::<sim_base::HalfBatch>().map(|half| half.0);
    if let Some(refusal) = too_long(&parts.uri, &parts.headers) {
        return refusal;
    }
    let Some(bytes) = gate::read(&parts.headers, body, LARGEST_BODY).await else {
        return answer(&Reply::refused(&[
            Refusal::new("INVALID_BODY", "request body too large").with_status(413)
        ]));
    };
    let now = sim.0.clock.now();
    let route = route_of(&parts.method, parts.uri.path());
    let length = bytes.len() as u64;
    let mut state = sim.state();
    let (mut head, mut page) = (Vec::new(), None);
    let mut reply = match admit(&mut state, &parts.headers, now) {
        Err(reply) => reply,
        Ok(user) => match read_call(&parts.method, &parts.uri, &parts.headers, &bytes) {
            Err(refusal) => Reply::refused(&[refusal]),
            Ok(call) => {
                let used = state.service.used(now);
                if state.limits == Limits::Real && used >= DAILY_CALLS {
                    sim.0.stats.throttled();
                    let refusal = Refusal::new("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
                    Reply::refused(&[refusal.with_status(403)])
                } else {
                    state.service.count(now);
                    sim.0.stats.call(&route, length, true);
                    state.settle(now);
                    let api = Api::new(&sim.0, &mut state, now, half).by(user);
                    let served = api.serve_request(&call);
                    (head, page) = (served.headers, served.page);
                    served.reply
                }
            }
        },
    };
    if parts.method == Method::HEAD {
        (reply.body, page) = (None, None);
    }
    let mut response = answer_page(&reply, page);
    if let Some(place) = reply.location(parts.uri.path()).and_then(|place| place.parse().ok()) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    for (name, value) in head {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    let usage = format!("api-usage={}/{DAILY_CALLS}", state.service.used(now));
    if let Ok(usage) = usage.parse() {
        response.headers_mut().insert("Sforce-Limit-Info", usage);
    }
    date(&mut response, now);
    response
}

/// The simulator's own clock says what time it is, not the machine's.
pub(crate) fn date(response: &mut Response, now: Timestamp) {
    let text = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = text.parse() {
        response.headers_mut().insert(header::DATE, value);
    }
}

/// An address that is too long is turned away by what stands before the org, and in its words.
fn too_long(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let address = uri.to_string().len();
    let all = headers.iter().fold(address, |sum, (name, value)| sum + name.as_str().len() + value.len() + 4);
    let (status, reason) = if address > LONGEST_ADDRESS {
        (StatusCode::URI_TOO_LONG, "URI Too Long")
    } else if all > LONGEST_ADDRESS {
        (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")
    } else {
        return None;
    };
    // assumed: the body, which is a page and no JSON
    let page = format!("<h1>Bad Message {}</h1><pre>reason: {reason}</pre>", status.as_u16());
    Some((status, [(header::CONTENT_TYPE, "text/html;charset=iso-8859-1")], page).into_response())
}

pub(crate) fn admit(
    state: &mut crate::State,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Arc<str>, Reply> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")));
    let Some(token) = token else {
        let message = "INVALID_HEADER_TYPE";
        return Err(Reply::refused(&[Refusal::new("INVALID_AUTH_HEADER", message).with_status(401)]));
    };
    state.session_user(token.trim(), now).map_err(|refusal| Reply::refused(&[refusal]))
}

fn read_call(method: &Method, uri: &Uri, headers: &HeaderMap, bytes: &[u8]) -> Result<Call, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let body = if bytes.is_empty() {
        None
    } else {
        let parsed: Value = serde_json::from_slice(bytes)
            .map_err(|error| Refusal::new("JSON_PARSER_ERROR", format!("Unexpected character: {error}")))?;
        Some(parsed)
    };
    let mut own = CallHeaders { auto_assign: true, ..CallHeaders::default() };
    own.read(|name| text(name).map(ToOwned::to_owned));
    let method = match text("X-HTTP-Method-Override") {
        Some(other) if method == Method::POST => other.to_uppercase(),
        _ if method == Method::HEAD => "GET".to_owned(),
        _ => method.to_string(),
    };
    // Clients that cannot PATCH say so in the address.
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let method =
        query.iter().find(|(key, _)| key == "_HttpMethod").map_or(method, |(_, value)| value.to_uppercase());
    Ok(Call { method, path: uri.path().to_owned(), query, body, headers: own })
}

pub(crate) fn answer(reply: &Reply) -> Response {
    answer_page(reply, None)
}

/// An answer whose body is followed by rows that are JSON already.
fn answer_page(reply: &Reply, page: Option<Vec<u8>>) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &reply.body {
        None => status.into_response(),
        Some(body) => {
            let headers = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
            let mut text = serde_json::to_vec(body).unwrap_or_default();
            if let Some(rows) = page {
                // The object that the body is stays open for them.
                text.pop();
                text.extend_from_slice(b",\"records\":");
                text.extend_from_slice(&rows);
                text.push(b'}');
            }
            (status, headers, Body::from(text)).into_response()
        }
    }
}

/// A call's route with names in place of what differs from call to call.
pub(crate) fn route_of(method: &Method, path: &str) -> String {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    if parts.first() == Some(&"services") && parts.get(1) == Some(&"data") {
        for (at, part) in parts.iter_mut().enumerate() {
            *part = match at {
                2 => "{version}",
                _ if at > 3
                    && (part.len() == 15 || part.len() == 18)
                    && part.bytes().all(|b| b.is_ascii_alphanumeric()) =>
                {
                    "{id}"
                }
                _ if at > 3 && part.starts_with("01g") => "{locator}",
                _ => part,
            };
        }
    }
    format!("{method} /{}", parts.join("/"))
}
