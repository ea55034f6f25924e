//! What is found out about each request before its page is asked: who sends it, in which language, from which form.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Signed, bearer, form, who};
use crate::texts::{Language, Texts};
use crate::{App, Fault, cookie};

/// The largest body that is taken, in bytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// The largest refusal of axum's own that is read, in bytes.
const LARGEST_REFUSAL: usize = 4 * 1024;

/// What is known about a request.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The language of the answer.
    pub t: Texts,
    /// Who sends it.
    pub signed: Option<Signed>,
    /// The token for the forms on the page.
    pub csrf: String,
    /// Where it goes.
    pub path: String,
    /// With what comes after the question mark.
    pub address: String,
    /// Whether a program asks, which is answered in JSON.
    pub api: bool,
}

/// Finds out who sends a request, refuses forms from elsewhere, and turns faults into an answer for people or programs.
pub async fn visit(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let address = parts.uri.path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let kept = cookie::value(&parts.headers, form::COOKIE);
    let browser = kept.clone().unwrap_or_else(super::secret::random);
    let mut visit = Visit {
        t: Texts(Language::of(&parts.headers)),
        signed: None,
        csrf: app.form_key.token(&browser, ""),
        api: path == "/api" || path.starts_with("/api/"),
        path,
        address,
    };
    let mut response = match admitted(&app, &mut visit, &mut parts, body, &browser).await {
        Ok(request) => next.run(request).await,
        Err(fault) => fault.into_response(),
    };
    if let Some(fault) = fault_in(&mut response).await {
        response = fault.shown(&app, &visit);
    }
    // The first page that a browser sees binds its forms to it.
    if kept.is_none()
        && !visit.api
        && let Some(cookie) = cookie::set(form::COOKIE, &browser, None, app.is_secure())
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The request as its page gets it.
async fn admitted(
    app: &App,
    visit: &mut Visit,
    parts: &mut Parts,
    body: Body,
    browser: &str,
) -> Result<Request, Fault> {
    visit.signed = who(app, &parts.headers, visit.api)?;
    let session = visit.signed.as_ref().and_then(|signed| signed.session.clone()).unwrap_or_default();
    visit.csrf = app.form_key.token(browser, &session);
    parts.extensions.insert(visit.clone());
    let mut request = Request::new(body);
    if !form::only_reads(&parts.method) && bearer(&parts.headers).is_none() {
        let refused = || Fault::new(StatusCode::FORBIDDEN, "fault-form");
        if form::from_elsewhere(&parts.headers) {
            return Err(refused());
        }
        // A program that is no browser sends no page's form.
        if !visit.api {
            let bytes = to_bytes(request.into_body(), LARGEST_BODY)
                .await
                .map_err(|_| Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "fault-too-large"))?;
            let token = form::sent(&parts.headers, &bytes).await.unwrap_or_default();
            if !app.form_key.fits(&token, browser, &session) {
                return Err(refused());
            }
            request = Request::new(bytes.into());
        }
    }
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.version_mut() = parts.version;
    *request.headers_mut() = std::mem::take(&mut parts.headers);
    *request.extensions_mut() = std::mem::take(&mut parts.extensions);
    Ok(request)
}

/// The fault that a page answered, or axum in its place.
async fn fault_in(response: &mut Response) -> Option<Fault> {
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        return Some(fault);
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || !is_plain(response.headers()) {
        return None;
    }
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
        return Some(Fault::new(status, "fault-not-found"));
    }
    let body = std::mem::take(response.body_mut());
    let said = to_bytes(body, LARGEST_REFUSAL).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some(Fault::new(status, "fault-not-understood").saying(said))
}

/// Whether an answer is axum's own, in a word or none.
fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

/// Sends those who are not signed in to the page where they can, and refuses programs.
pub async fn only_signed_in(request: Request, next: Next) -> Response {
    let Some(visit) = request.extensions().get::<Visit>() else {
        return Fault::not_signed_in().into_response();
    };
    if visit.signed.is_some() {
        return next.run(request).await;
    }
    // A part of a page is not the place for a form to sign in: the script loads the page whole.
    let part = request.headers().contains_key("hx-request");
    if visit.api || part || !form::only_reads(request.method()) {
        return Fault::not_signed_in().into_response();
    }
    Redirect::to(&format!("/sign-in?then={}", crate::layout::escaped(&visit.address))).into_response()
}
