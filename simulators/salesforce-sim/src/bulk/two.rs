//! The addresses of Bulk API 2.0.

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
use super::ingest::{self, IngestJob, Place, Which};
use super::jobs::Head;
use super::pace::Pace;
use super::query::QueryJob;
use super::rows::{Operation, Order};
use super::sheet::{self, Sheet};
use crate::api::{Api, CallHeaders, serves};
use crate::error::Refusal;
use crate::gate::{self, Denied};
use crate::routes::{expired, route_of};
use crate::soql::{self, Request as Soql, Scope};
use crate::{Limits, SalesforceSim, ids};

/// The most that one upload may hold.
const LARGEST_UPLOAD: usize = 150 * 1024 * 1024;
/// The most characters of data in a multipart job.
const LARGEST_INLINE: usize = 100_000;
/// Jobs on one page of a list.
const PAGE: usize = 1_000;
/// Rows on a page of results, where the caller leaves it to the org.
const ROWS: usize = 50_000;
/// Rows that count as one batch.
const BATCH: usize = 10_000;
/// Pages of results that are named at once.
const RESULT_PAGES: usize = 5;

/// An answer before it has headers.
enum Answer {
    Json(u16, Value),
    Csv(Vec<u8>, Option<(usize, Option<usize>)>),
    Empty(u16),
}

type Done = Result<Answer, Refusal>;

struct Call<'a> {
    sim: &'a SalesforceSim,
    state: &'a mut crate::State,
    now: Timestamp,
    version: String,
    query: Vec<(String, String)>,
    headers: CallHeaders,
    half: Option<sim_base::Fault>,
    body: Bytes,
    /// Data that came with the job.
    inline: Option<Bytes>,
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
                Ok(mut state) => {
                    let query = parts.uri.query().unwrap_or_default();
                    let mut call = Call {
                        sim: &sim,
                        state: &mut state,
                        now,
                        version: version.trim_start_matches('v').to_owned(),
                        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                        headers: headers_of(&parts.headers),
                        half: gate::half(&parts.extensions),
                        body,
                        inline,
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

fn headers_of(headers: &HeaderMap) -> CallHeaders {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    CallHeaders {
        allow_save: text("Sforce-Duplicate-Rule-Header")
            .is_some_and(|value| value.contains("allowSave=true")),
        ..CallHeaders::default()
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
        let bytes = gate::read(body, LARGEST_UPLOAD).await.ok_or_else(too_large)?;
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

fn locator(row: usize) -> String {
    BASE64_STANDARD_NO_PAD.encode(row.to_string())
}

fn row_of(locator: &str) -> Option<usize> {
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

    fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::new("JSON_PARSER_ERROR", format!("Unexpected character: {error}")))?;
        if body.is_object() { Ok(body) } else { Err(Refusal::new("JSON_PARSER_ERROR", "Can't parse JSON")) }
    }

    fn ingest(&mut self, id: &str) -> Result<&mut IngestJob, Refusal> {
        let id = ids::normal(id).ok_or_else(Refusal::not_found)?;
        self.state.service.jobs.ingest.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    fn query_job(&mut self, id: &str) -> Result<&mut QueryJob, Refusal> {
        let id = ids::normal(id).ok_or_else(Refusal::not_found)?;
        self.state.service.jobs.queries.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    fn head(&mut self, operation: Operation, object: String) -> Head {
        Head {
            id: self.state.service.jobs.id("750"),
            operation,
            object,
            user: std::sync::Arc::clone(&self.state.integration),
            created: self.now,
            changed: self.now,
            version: self.version.clone(),
        }
    }

    fn create_ingest(&mut self) -> Done {
        let body = self.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let invalid = |message: String| Refusal::new("INVALIDJOB", format!("InvalidJob : {message}"));
        let operation = text("operation").and_then(Operation::named).filter(|kind| !kind.is_query());
        // assumed: the wording of both
        let operation = operation.ok_or_else(|| invalid("Unknown or missing operation".into()))?;
        let name = text("object").ok_or_else(|| invalid("No object specified".into()))?;
        let Some(table) = self.state.org.table(name) else {
            return Err(invalid(format!("Unable to find object: {name}")));
        };
        let object = table.def.name.clone();
        if !sheet::knows(&object) {
            return Err(sheet::unknown_entity(&object));
        }
        let key = match (operation, text("externalIdFieldName")) {
            (Operation::Upsert, None) => {
                return Err(invalid(format!(
                    "External ID was blank for {object}. An External ID must be specified for upsert."
                )));
            }
            (Operation::Upsert, Some(key)) => {
                let field = table.def.field(key).map(|(_, field)| field);
                let usable = field.filter(|field| field.external_id || field.has('k') || field.name == "Id");
                Some(usable.map(|field| field.name.clone()).ok_or_else(|| {
                    invalid(format!(
                        "Field name provided, {key} does not match an External ID, Salesforce Id, or indexed field \
                         for {object}"
                    ))
                })?)
            }
            _ => None,
        };
        if text("contentType").is_some_and(|kind| kind != "CSV") {
            return Err(invalid("Content type must be CSV".into()));
        }
        let dialect = dialect(&body)?;
        let assignment_rule = text("assignmentRuleId").map(ToOwned::to_owned);
        let head = self.head(operation, object);
        let id = head.id.clone();
        let job = IngestJob {
            head,
            key,
            dialect,
            assignment_rule,
            place: Place::Open,
            data: None,
            pace: None,
            outcomes: Vec::new(),
            error: None,
        };
        self.state.service.jobs.ingest.insert(id.clone(), job);
        if let Some(data) = self.inline.take() {
            self.ingest(&id)?.data = Some(data);
            self.hand_in(&id)?;
        }
        Ok(Answer::Json(200, self.ingest(&id)?.brief()))
    }

    fn upload(&mut self, id: &str) -> Done {
        let body = self.body.clone();
        let now = self.now;
        let job = self.ingest(id)?;
        if job.place != Place::Open {
            // assumed: the wording
            let message = "Data can be uploaded only while the job is open";
            return Err(Refusal::new("INVALIDJOBSTATE", message));
        }
        if job.data.is_some() {
            let message = format!(
                "Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then create \
                 a new Job and make sure you only do 'PUT' once on a given Job.",
                job.head.id
            );
            return Err(Refusal::new("CLIENTINPUTERROR", message));
        }
        job.data = Some(body);
        job.head.changed = now;
        Ok(Answer::Empty(201))
    }

    fn change_ingest(&mut self, id: &str) -> Done {
        let body = self.json()?;
        let wanted = body.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        let now = self.now;
        let job = self.ingest(id)?;
        match (wanted.as_str(), job.place, job.is_over()) {
            ("UploadComplete", Place::Open, _) => {
                let id = job.head.id.clone();
                self.hand_in(&id)?;
            }
            ("UploadComplete", ..) => return Err(too_late("Closing", job.state())),
            ("Aborted", _, false) => {
                job.place = Place::Aborted;
                job.head.changed = now;
            }
            ("Aborted", ..) => return Err(too_late("Aborting", job.state())),
            _ => {
                // assumed: the wording
                let message = format!("Job state '{wanted}' not supported. Use UploadComplete or Aborted");
                return Err(Refusal::new("INVALIDJOBSTATE", message));
            }
        }
        Ok(Answer::Json(200, self.ingest(id)?.brief()))
    }

    /// Does the work of a job.
    fn hand_in(&mut self, id: &str) -> Result<(), Refusal> {
        let now = self.now;
        let job = self.ingest(id)?;
        let bytes = job.data.clone().unwrap_or_default();
        let dialect = job.dialect;
        let order = Order {
            operation: job.head.operation,
            object: job.head.object.clone(),
            key: job.key.clone(),
            headers: self.headers.clone(),
        };
        if self.state.limits == Limits::Real {
            self.refuse_beyond_limits()?;
        }
        let mut api = Api::new(&self.sim.0, self.state, now, self.half);
        let (outcomes, error) = match ingest::wrong_ending(&bytes, dialect) {
            Some(message) => (Vec::new(), Some(message)),
            None => ingest::work(&mut api, &order, &bytes, dialect, None),
        };
        api.count_writes();
        self.sim.0.stats.batch(outcomes.len());
        let jobs = &mut self.state.service.jobs;
        jobs.rows.add(now, outcomes.len() as u64);
        jobs.batches.add(now, outcomes.len().div_ceil(BATCH) as u64);
        let job = self.ingest(id)?;
        job.place = Place::HandedIn;
        job.pace = Some(Pace::new(now, outcomes.len()));
        job.head.changed = now;
        job.outcomes = outcomes;
        job.error = error;
        Ok(())
    }

    fn refuse_beyond_limits(&mut self) -> Result<(), Refusal> {
        let now = self.now;
        let jobs = &mut self.state.service.jobs;
        if jobs.batches_left(now) == 0 {
            self.sim.0.stats.throttled();
            return Err(Refusal::new("EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded."));
        }
        if jobs.rows.today(now) >= jobs.limits.rows {
            self.sim.0.stats.throttled();
            // assumed: the wording
            return Err(Refusal::new("EXCEEDEDQUOTA", "Daily limit of bulk API records exceeded."));
        }
        Ok(())
    }

    fn ingest_info(&mut self, id: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.ingest(id)?;
        job.poll(now, polls);
        Ok(Answer::Json(200, job.info()))
    }

    fn ingest_results(&mut self, id: &str, which: &str) -> Done {
        let job = self.ingest(id)?;
        // Clients differ in the case of the last one.
        let which = match which.to_ascii_lowercase().as_str() {
            "successfulresults" => Which::Successful,
            "failedresults" => Which::Failed,
            "unprocessedrecords" => Which::Unprocessed,
            _ => return Err(Refusal::not_found()),
        };
        Ok(Answer::Csv(job.results(which), None))
    }

    fn delete_ingest(&mut self, id: &str) -> Done {
        let job = self.ingest(id)?;
        if !job.is_over() && job.state() != "UploadComplete" {
            return Err(not_terminated());
        }
        let id = job.head.id.clone();
        self.state.service.jobs.ingest.shift_remove(&id);
        Ok(Answer::Empty(204))
    }

    fn list_ingest(&mut self) -> Done {
        let kind = self.param("jobType").unwrap_or_default().to_owned();
        let chunked = self.param("isPkChunkingEnabled") == Some("true");
        let jobs = &self.state.service.jobs;
        let mut infos: Vec<Value> = Vec::new();
        if matches!(kind.as_str(), "" | "V2Ingest") && !chunked {
            infos.extend(jobs.ingest.values().map(IngestJob::brief));
        }
        if matches!(kind.as_str(), "" | "Classic") {
            let classic = jobs.classic.values().filter(|job| !chunked || job.is_chunked());
            infos.extend(classic.map(super::classic_data::ClassicJob::brief));
        }
        self.list(infos, "ingest")
    }

    /// A page of a list, the newest job first.
    fn list(&self, mut infos: Vec<Value>, which: &str) -> Done {
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

    fn create_query(&mut self) -> Done {
        let body = self.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let operation = text("operation").and_then(Operation::named).filter(|kind| kind.is_query());
        // assumed: the wording
        let operation = operation.ok_or_else(|| {
            Refusal::new("INVALIDJOB", "InvalidJob : The operation must be query or queryAll")
        })?;
        let statement = text("query")
            .ok_or_else(|| Refusal::new("INVALIDJOB", "InvalidJob : No query specified"))?
            .to_owned();
        if text("contentType").is_some_and(|kind| kind != "CSV") {
            return Err(Refusal::new("INVALIDJOB", "InvalidJob : Content type must be CSV"));
        }
        let dialect = dialect(&body)?;
        let now = self.now;
        let jobs = &mut self.state.service.jobs;
        if self.state.limits == Limits::Real && jobs.queries_left(now) == 0 {
            self.sim.0.stats.throttled();
            let most = jobs.limits.query_jobs;
            let message =
                format!("Max bulk v2 query jobs ({most}) per 24 hrs has been exceeded ({})", most + 1);
            return Err(Refusal::new("LIMIT_EXCEEDED", message));
        }
        let failed = |error: soql::SoqlError| Refusal::new(error.code, error.message);
        let query = soql::parse(&statement).map_err(failed)?;
        let org = &self.state.org;
        let columns = sheet::columns(&query, org)?;
        let scope = if operation == Operation::QueryAll { Scope::All } else { Scope::Live };
        let request = Soql { text: statement, now, scope, version: self.version.clone() };
        let object = org.table(&query.from.text).map(|table| table.def.name.clone());
        if let Some(object) = object.as_deref().filter(|object| !sheet::knows(object)) {
            return Err(sheet::unknown_entity(object));
        }
        let sheet = Sheet::of(&query, &request, org, &columns, dialect).map_err(failed)?;
        let object = object.unwrap_or_else(|| query.from.text.clone());
        let pace = Pace::new(now, sheet.len());
        let head = self.head(operation, object);
        let job = QueryJob { head, dialect, pace, aborted: false, sheet };
        let brief = job.brief();
        self.state.service.jobs.query_jobs.add(now, 1);
        self.state.service.jobs.queries.insert(job.head.id.clone(), job);
        Ok(Answer::Json(200, brief))
    }

    fn query_info(&mut self, id: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.query_job(id)?;
        job.poll(now, polls);
        Ok(Answer::Json(200, job.info()))
    }

    fn change_query(&mut self, id: &str) -> Done {
        let body = self.json()?;
        let now = self.now;
        let job = self.query_job(id)?;
        if body.get("state").and_then(Value::as_str) != Some("Aborted") {
            return Err(Refusal::new("INVALIDJOBSTATE", "A query job can only be set to Aborted"));
        }
        if matches!(job.state(), "JobComplete" | "Aborted") {
            return Err(too_late("Aborting", job.state()));
        }
        job.aborted = true;
        job.head.changed = now;
        Ok(Answer::Json(200, job.brief()))
    }

    fn delete_query(&mut self, id: &str) -> Done {
        let job = self.query_job(id)?;
        if !matches!(job.state(), "JobComplete" | "Aborted") {
            return Err(not_terminated());
        }
        let id = job.head.id.clone();
        self.state.service.jobs.queries.shift_remove(&id);
        Ok(Answer::Empty(204))
    }

    fn list_queries(&mut self) -> Done {
        let infos = self.state.service.jobs.queries.values().map(QueryJob::brief).collect();
        self.list(infos, "query")
    }

    /// A complete job of the caller's own API version.
    fn complete(&mut self, id: &str) -> Result<&QueryJob, Refusal> {
        let version = self.version.clone();
        let job = self.query_job(id)?;
        if job.head.version != version {
            // assumed: the wording; the status is documented
            let message =
                format!("The results must be read with the job's API version, {}", job.head.version);
            return Err(Refusal::new("API_ERROR", message).with_status(409));
        }
        if job.state() != "JobComplete" {
            // assumed: the wording
            let message = format!("The results of the job are not there yet. Its state is {}", job.state());
            return Err(Refusal::new("INVALIDJOBSTATE", message));
        }
        Ok(job)
    }

    fn page(&self) -> Result<(usize, usize), Refusal> {
        let size = match self.param("maxRecords") {
            None => ROWS,
            Some(text) => text.parse().ok().filter(|size| *size > 0).ok_or_else(|| {
                Refusal::new("INVALID_PARAMETER", format!("maxRecords is no positive number: {text}"))
            })?,
        };
        let from = match self.param("locator").filter(|locator| !matches!(*locator, "" | "null")) {
            None => 0,
            Some(locator) => row_of(locator).ok_or_else(|| {
                Refusal::new("INVALID_QUERY_LOCATOR", format!("invalid query locator: {locator}"))
            })?,
        };
        Ok((from, size))
    }

    fn query_results(&mut self, id: &str) -> Done {
        let (from, size) = self.page()?;
        let job = self.complete(id)?;
        let total = job.sheet.len();
        if from > total {
            return Err(Refusal::new("INVALID_QUERY_LOCATOR", "invalid query locator"));
        }
        let to = total.min(from.saturating_add(size));
        let next = (to < total).then_some(to);
        Ok(Answer::Csv(job.sheet.part(from, to), Some((to - from, next))))
    }

    /// The next pages of results, to be read side by side.
    fn result_pages(&mut self, id: &str) -> Done {
        let (mut from, size) = self.page()?;
        let version = self.version.clone();
        let job = self.complete(id)?;
        let (total, id) = (job.sheet.len(), job.head.id.clone());
        let base = format!("/services/data/v{version}/jobs/query/{id}");
        let mut pages = Vec::new();
        while pages.len() < RESULT_PAGES && (from < total || pages.is_empty() && from == 0) {
            let place = locator(from);
            pages.push(json!({"resultUrl": format!("{base}/results?locator={place}&maxRecords={size}")}));
            from = from.saturating_add(size);
        }
        let next = (from < total).then(|| format!("{base}/resultPages?locator={}", locator(from)));
        Ok(Answer::Json(200, json!({"resultPages": pages, "nextRecordsUrl": next, "done": next.is_none()})))
    }
}

fn dialect(body: &Value) -> Result<Dialect, Refusal> {
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
fn too_late(what: &str, state: &str) -> Refusal {
    let state = match state {
        "JobComplete" => "Completed",
        "UploadComplete" | "InProgress" => "Closed",
        other => other,
    };
    Refusal::new("INVALIDJOBSTATE", format!("{what} already {state} Job not allowed"))
}

fn not_terminated() -> Refusal {
    Refusal::new("API_ERROR", "Error encountered when deleting the job because the job is not terminated")
}
