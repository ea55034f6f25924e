//! The addresses of Bulk API 2.0.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::csv::{Delimiter, Dialect, Ending};
use super::ingest::IngestJob;
use super::jobs::Head;
use super::query::QueryJob;
use super::rows::Operation;
use crate::api::{CallHeaders, serves};
use crate::error::Refusal;
use crate::gate::{self, Denied};
use crate::routes::{expired, route_of};
use crate::{SalesforceSim, ids};

/// The most that one upload may hold.
const LARGEST_UPLOAD: usize = 150 * 1024 * 1024;
/// The most characters of data in a multipart job.
const LARGEST_INLINE: usize = 100_000;
/// Jobs on one page of a list.
const PAGE: usize = 1_000;

/// An answer before it has headers.
pub(super) enum Answer {
    Json(u16, Value),
    Csv(Vec<u8>, Option<(usize, Option<usize>)>),
    Empty(u16),
}

pub(super) type Done = Result<Answer, Refusal>;

pub(super) struct Call<'a> {
    pub sim: &'a SalesforceSim,
    pub state: &'a mut crate::State,
    pub now: Timestamp,
    pub version: String,
    query: Vec<(String, String)>,
    pub headers: CallHeaders,
    pub half: Option<f64>,
    pub body: Bytes,
    /// Data that came with the job.
    pub inline: Option<Bytes>,
    /// Who calls.
    pub user: Arc<str>,
}

pub(super) async fn serve(
    State(sim): State<SalesforceSim>,
    Path((version, rest)): Path<(String, String)>,
    request: Request,
) -> Response {
    let now = sim.0.clock.now();
    let (parts, body) = request.into_parts();
    let mut response = match read(&parts.headers, body).await {
        Err(refusal) => refused(&refusal),
        Ok((body, inline)) => {
            let route = job_route(&parts.method, parts.uri.path());
            let token = gate::bearer(&parts.headers).unwrap_or_default();
            let length = body.len() + inline.as_ref().map_or(0, Bytes::len);
            match gate::enter(&sim, token, &route, length as u64, now) {
                Err(Denied::Session) => crate::routes::answer(&expired()),
                Err(Denied::Calls) => {
                    let refusal = Refusal::new("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
                    refused(&refusal.with_status(403))
                }
                Err(Denied::Api(refusal)) => refused(&refusal),
                Ok((mut state, user)) => {
                    let query = parts.uri.query().unwrap_or_default();
                    let mut call = Call {
                        sim: &sim,
                        state: &mut state,
                        now,
                        version: version.trim_start_matches('v').to_owned(),
                        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                        headers: gate::call_headers(&parts.headers),
                        half: gate::half(&parts.extensions),
                        body,
                        inline,
                        user,
                    };
                    let done = call.dispatch(method_of(&parts.method, &parts.headers).as_str(), &rest);
                    drop(state);
                    done.map_or_else(|refusal| refused(&refusal), respond)
                }
            }
        }
    };
    gate::leave(&sim, &mut response, now);
    response
}

fn method_of(method: &Method, headers: &HeaderMap) -> String {
    let other = headers.get("X-HTTP-Method-Override").and_then(|value| value.to_str().ok());
    match other.filter(|_| method == Method::POST) {
        Some(other) => other.to_uppercase(),
        None => method.to_string(),
    }
}

/// A job's route with names in place of ids.
fn job_route(method: &Method, path: &str) -> String {
    route_of(method, path.trim_end_matches('/'))
}

/// The body; of a multipart one the job and its data.
async fn read(headers: &HeaderMap, body: Body) -> Result<(Bytes, Option<Bytes>), Refusal> {
    let too_large = || {
        // assumed: the wording
        Refusal::new("API_ERROR", "The request body is larger than 150 MB").with_status(413)
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/") {
        let bytes = gate::read(headers, body, LARGEST_UPLOAD).await.ok_or_else(too_large)?;
        return Ok((bytes, None));
    }
    let broken = |error: &dyn std::fmt::Display| {
        Refusal::new("INVALID_MULTIPART_REQUEST", format!("Error parsing multipart request: {error}"))
    };
    let boundary = multer::parse_boundary(kind).map_err(|error| broken(&error))?;
    let mut parts = multer::Multipart::new(body.into_data_stream(), boundary);
    let (mut job, mut data) = (Bytes::new(), None);
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|error| broken(&error))?;
        match name.as_str() {
            "job" => job = bytes,
            "content" => data = Some(bytes),
            _ => {}
        }
    }
    if data.as_ref().is_some_and(|data| data.len() > LARGEST_INLINE) {
        // assumed: the wording
        let message = "The data of a multipart request is limited to 100,000 characters";
        return Err(Refusal::new("API_ERROR", message));
    }
    Ok((job, Some(data.unwrap_or_default())))
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!([{"errorCode": refusal.code, "message": refusal.message}]);
    (status, [(header::CONTENT_TYPE, "application/json;charset=UTF-8")], body.to_string()).into_response()
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Empty(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::OK).into_response(),
        Answer::Json(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            (status, [(header::CONTENT_TYPE, "application/json;charset=UTF-8")], body.to_string())
                .into_response()
        }
        Answer::Csv(bytes, page) => {
            let mut response = ([(header::CONTENT_TYPE, "text/csv")], bytes).into_response();
            if let Some((rows, next)) = page {
                let next = next.map_or_else(|| "null".to_owned(), locator);
                let headers = response.headers_mut();
                headers.insert("Sforce-NumberOfRecords", HeaderValue::from(rows));
                if let Ok(next) = next.parse() {
                    headers.insert("Sforce-Locator", next);
                }
            }
            response
        }
    }
}

pub(super) fn locator(row: usize) -> String {
    BASE64_STANDARD_NO_PAD.encode(row.to_string())
}

pub(super) fn row_of(locator: &str) -> Option<usize> {
    let bytes = BASE64_STANDARD_NO_PAD.decode(locator.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

impl Call<'_> {
    fn dispatch(&mut self, method: &str, rest: &str) -> Done {
        if !serves(&self.version) {
            return Err(Refusal::not_found());
        }
        let now = self.now;
        self.state.service.jobs.tick(now);
        let parts: Vec<&str> = rest.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["ingest"]) => self.create_ingest(),
            ("GET", ["ingest"]) => self.list_ingest(),
            ("GET", ["ingest", id]) => self.ingest_info(id),
            ("PATCH", ["ingest", id]) => self.change_ingest(id),
            ("DELETE", ["ingest", id]) => self.delete_ingest(id),
            ("PUT", ["ingest", id, "batches"]) => self.upload(id),
            ("GET", ["ingest", id, which]) => self.ingest_results(id, which),
            ("POST", ["query"]) => self.create_query(),
            ("GET", ["query"]) => self.list_queries(),
            ("GET", ["query", id]) => self.query_info(id),
            ("PATCH", ["query", id]) => self.change_query(id),
            ("DELETE", ["query", id]) => self.delete_query(id),
            ("GET", ["query", id, "results"]) => self.query_results(id),
            ("GET", ["query", id, "resultPages"]) => self.result_pages(id),
            (_, ["ingest" | "query", ..]) => {
                let message =
                    format!("HTTP Method '{method}' not allowed. Allowed are GET,POST,PATCH,PUT,DELETE");
                Err(Refusal::new("METHOD_NOT_ALLOWED", message).with_status(405))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::new("JSON_PARSER_ERROR", format!("Unexpected character: {error}")))?;
        if body.is_object() { Ok(body) } else { Err(Refusal::new("JSON_PARSER_ERROR", "Can't parse JSON")) }
    }

    pub(super) fn ingest(&mut self, id: &str) -> Result<&mut IngestJob, Refusal> {
        let id = ids::normal(id).ok_or_else(Refusal::not_found)?;
        self.state.service.jobs.ingest.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    pub(super) fn query_job(&mut self, id: &str) -> Result<&mut QueryJob, Refusal> {
        let id = ids::normal(id).ok_or_else(Refusal::not_found)?;
        self.state.service.jobs.queries.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    pub(super) fn head(&mut self, operation: Operation, object: String) -> Head {
        Head {
            id: self.state.service.jobs.id("750"),
            operation,
            object,
            user: Arc::clone(&self.user),
            created: self.now,
            changed: self.now,
            version: self.version.clone(),
        }
    }

    /// A page of a list, the newest job first.
    pub(super) fn list(&self, mut infos: Vec<Value>, which: &str) -> Done {
        infos.sort_by(|a, b| {
            let key = |info: &Value| info["id"].as_str().unwrap_or_default().to_owned();
            key(b).cmp(&key(a))
        });
        let from = match self.param("queryLocator") {
            None => 0,
            Some(locator) => row_of(locator).ok_or_else(|| {
                Refusal::new("INVALID_QUERY_LOCATOR", format!("invalid query locator: {locator}"))
            })?,
        };
        let to = infos.len().min(from.saturating_add(PAGE));
        let more = to < infos.len();
        let next = more
            .then(|| format!("/services/data/v{}/jobs/{which}?queryLocator={}", self.version, locator(to)));
        let records = infos.get(from..to).unwrap_or_default();
        Ok(Answer::Json(200, json!({"done": !more, "records": records, "nextRecordsUrl": next})))
    }
}

pub(super) fn dialect(body: &Value) -> Result<Dialect, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    // assumed: the wording
    let invalid = |what: &str, value: &str| {
        Refusal::new("INVALIDJOB", format!("InvalidJob : {what} is not supported: {value}"))
    };
    let mut dialect = Dialect::default();
    if let Some(name) = text("columnDelimiter") {
        dialect.delimiter = Delimiter::named(name).ok_or_else(|| invalid("columnDelimiter", name))?;
    }
    if let Some(name) = text("lineEnding") {
        dialect.ending = Ending::named(name).ok_or_else(|| invalid("lineEnding", name))?;
    }
    Ok(dialect)
}

/// The refusal of a change that comes too late.
pub(super) fn too_late(what: &str, state: &str) -> Refusal {
    let state = match state {
        "JobComplete" => "Completed",
        "UploadComplete" | "InProgress" => "Closed",
        other => other,
    };
    Refusal::new("INVALIDJOBSTATE", format!("{what} already {state} Job not allowed"))
}

pub(super) fn not_terminated() -> Refusal {
    Refusal::new("API_ERROR", "Error encountered when deleting the job because the job is not terminated")
}
