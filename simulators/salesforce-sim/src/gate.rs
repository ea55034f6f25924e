//! What the bulk and SOAP APIs do before and after a call: let it in, count it, say how much is used.

use std::io::Read as _;
use std::sync::{Arc, MutexGuard};

use axum::body::{self, Body};
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, header};
use jiff::Timestamp;

use crate::api::{CallHeaders, Reply};
use crate::error::Refusal;
use crate::routes::{answer, date};
use crate::service::DAILY_CALLS;
use crate::{Limits, SalesforceSim, State, bulk, soap};

/// Why a call is not let in.
#[derive(Debug)]
pub(crate) enum Denied {
    /// No open session has this token.
    Session,
    /// The org has had its calls for the day.
    Calls,
    /// The org, or whoever calls, has no access to the API.
    Api(Refusal),
}

/// Lets a call in, and counts it. Answers who calls, too.
pub(crate) fn enter<'a>(
    sim: &'a SalesforceSim,
    token: &str,
    route: &str,
    length: u64,
    now: Timestamp,
) -> Result<(MutexGuard<'a, State>, Arc<str>), Denied> {
    let mut state = sim.state();
    let user = state.session_user(token.trim(), now).map_err(|refusal| match refusal.code {
        "INVALID_SESSION_ID" => Denied::Session,
        _ => Denied::Api(refusal),
    })?;
    let used = state.service.used(now);
    if state.limits == Limits::Real && used >= DAILY_CALLS {
        sim.0.stats.throttled();
        return Err(Denied::Calls);
    }
    state.service.count(now);
    sim.0.stats.call(route, length, true);
    Ok((state, user))
}

/// Adds the headers that every answer has.
pub(crate) fn leave(sim: &SalesforceSim, response: &mut Response, now: Timestamp) {
    let usage = format!("api-usage={}/{DAILY_CALLS}", sim.state().service.used(now));
    if let Ok(usage) = usage.parse() {
        response.headers_mut().insert("Sforce-Limit-Info", usage);
    }
    date(response, now);
}

/// A refusal in the form of the API that a path belongs to.
pub(crate) fn in_form(path: &str, headers: &HeaderMap, refusal: &Refusal) -> Response {
    if path.starts_with("/services/Soap") {
        return soap::refused(refusal);
    }
    if !path.starts_with("/services/async") {
        return answer(&Reply::refused(std::slice::from_ref(refusal)));
    }
    let json = bulk::asks_for_json(headers).unwrap_or(false);
    match refusal.code {
        "INVALID_SESSION_ID" => bulk::refused(400, "InvalidSessionId", "Invalid session id", json),
        "REQUEST_LIMIT_EXCEEDED" => bulk::refused(400, "ExceededQuota", &refusal.message, json),
        // assumed: the code
        _ => bulk::refused(refusal.status, "Unknown", &refusal.message, json),
    }
}

/// The token of an `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth "))
}

/// What a call's headers insist on.
pub(crate) fn call_headers(headers: &HeaderMap) -> CallHeaders {
    let mut call = CallHeaders::default();
    call.read(|name| headers.get(name)?.to_str().ok().map(ToOwned::to_owned));
    call
}

/// A fault that fails rows one by one.
pub(crate) fn half(extensions: &http::Extensions) -> Option<f64> {
    extensions.get::<sim_base::HalfBatch>().map(|half| half.0)
}

/// The whole body, unpacked where it came packed; nothing if it is larger than `most` or no good.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Option<Bytes> {
    let bytes = body::to_bytes(body, most).await.ok()?;
    let packed = headers.get(CONTENT_ENCODING).is_some_and(|kind| kind == "gzip");
    // Clients that name the encoding for the answer's sake send a plain body.
    if !packed || !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(bytes);
    }
    let mut plain = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::MultiGzDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut plain).ok()?;
    (plain.len() <= most).then(|| plain.into())
}
