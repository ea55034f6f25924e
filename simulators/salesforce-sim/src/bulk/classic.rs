//! The addresses of Bulk API 1.0.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::classic_data::{Batch, ClassicJob, Content, Verdict};
use super::classic_wire as wire;
use super::jobs::Head;
use super::pace::Pace;
use super::rows::{Operation, Order};
use super::{query, sheet};
use crate::api::serves;
use crate::gate::{self, Denied};
use crate::xml::{elements, text_of};
use crate::{Limits, SalesforceSim, ids};

/// The most bytes and rows of a batch.
const LARGEST_BATCH: usize = 10_000_000;
pub(super) const MOST_ROWS: usize = 10_000;
/// Rows of a chunk, where the caller does not say.
const CHUNK: usize = 100_000;
/// The most rows of a chunk.
const LARGEST_CHUNK: usize = 250_000;

/// A refusal of the whole call.
struct Fault {
    status: u16,
    code: &'static str,
    message: String,
}

fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault { status: 400, code, message: message.into() }
}

fn no_such(what: &str) -> Fault {
    // assumed: the wording
    fault(if what == "Job" { "InvalidJob" } else { "InvalidBatch" }, format!("{what} does not exist"))
}

/// An answer: status, kind, body.
type Done = Result<(u16, &'static str, Bytes), Fault>;

pub(super) struct Call<'a> {
    pub sim: &'a SalesforceSim,
    pub state: &'a mut crate::State,
    pub now: Timestamp,
    pub version: String,
    headers: &'a HeaderMap,
    pub half: Option<f64>,
    body: Bytes,
    /// What the caller's headers ask for, if they do.
    json: Option<bool>,
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
    let json = asks_for_json(&parts.headers);
    let done = match gate::read(&parts.headers, body, LARGEST_BATCH * 2).await {
        None => Err(too_large()),
        Some(body) => {
            let session = parts.headers.get("X-SFDC-Session").and_then(|value| value.to_str().ok());
            let token = session.or_else(|| gate::bearer(&parts.headers)).unwrap_or_default();
            let route = route_of(&parts.method, &rest);
            match gate::enter(&sim, token, &route, body.len() as u64, now) {
                Err(Denied::Session) => Err(fault("InvalidSessionId", "Invalid session id")),
                Err(Denied::Calls) => Err(fault("ExceededQuota", "TotalRequests Limit exceeded.")),
                // assumed: the code
                Err(Denied::Api(refusal)) => Err(fault("FeatureNotEnabled", refusal.message)),
                Ok((mut state, user)) => {
                    let mut call = Call {
                        sim: &sim,
                        state: &mut state,
                        now,
                        version: version.trim_start_matches('v').to_owned(),
                        headers: &parts.headers,
                        half: gate::half(&parts.extensions),
                        body,
                        json,
                        user,
                    };
                    call.dispatch(parts.method.as_str(), &rest)
                }
            }
        }
    };
    let mut response = match done {
        Ok((status, kind, body)) => respond(status, kind, body),
        Err(fault) => refused(fault.status, fault.code, &fault.message, json.unwrap_or(false)),
    };
    gate::leave(&sim, &mut response, now);
    response
}

/// A refusal in the form of this API.
pub(crate) fn refused(status: u16, code: &str, message: &str, json: bool) -> Response {
    let kind = if json { "application/json" } else { "application/xml" };
    respond(status, kind, wire::error(code, message, json).into())
}

fn respond(status: u16, kind: &'static str, body: Bytes) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
}

/// Whether the headers name JSON, or XML, or neither.
pub(crate) fn asks_for_json(headers: &HeaderMap) -> Option<bool> {
    let named = [header::CONTENT_TYPE, header::ACCEPT].into_iter().find_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        [("json", true), ("xml", false)].iter().find(|(kind, _)| value.contains(kind)).map(|(_, is)| *is)
    });
    named.or_else(|| headers.get(header::CONTENT_TYPE)?.to_str().ok()?.contains("csv").then_some(false))
}

fn route_of(method: &http::Method, rest: &str) -> String {
    let parts: Vec<&str> = rest
        .trim_matches('/')
        .split('/')
        .map(|part| if ids::normal(part).is_some() { "{id}" } else { part })
        .collect();
    format!("{method} /services/async/{{version}}/{}", parts.join("/"))
}

fn too_large() -> Fault {
    let message = format!("Failed to read request. Exceeded max size limit of {LARGEST_BATCH}");
    fault("ClientInputError", message)
}

impl Call<'_> {
    fn dispatch(&mut self, method: &str, rest: &str) -> Done {
        if !serves(&self.version) {
            return Err(fault("InvalidVersion", format!("Unsupported API version: {}", self.version)));
        }
        let now = self.now;
        self.state.service.jobs.tick(now);
        let parts: Vec<&str> = rest.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["job"]) => self.create(),
            ("GET", ["job", id]) => self.job_info(id, 200),
            ("POST", ["job", id]) => self.change(id),
            ("POST", ["job", id, "batch"]) => self.add_batch(id),
            ("POST", ["job", id, "spec"]) => self.set_spec(id),
            ("GET", ["job", id, "batch"]) => self.batches(id),
            ("GET", ["job", id, "batch", batch]) => self.batch_info(id, batch),
            ("GET", ["job", id, "batch", batch, "request"]) => self.request(id, batch),
            ("GET", ["job", id, "batch", batch, "result"]) => self.results(id, batch),
            ("GET", ["job", id, "batch", batch, "result", answer]) => self.answer(id, batch, answer),
            _ => Err(Fault {
                status: 404,
                code: "InvalidUrl",
                message: format!("No such resource: /services/async/{}/{rest}", self.version),
            }),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn job(&mut self, id: &str) -> Result<&mut ClassicJob, Fault> {
        let id = ids::normal(id).ok_or_else(|| no_such("Job"))?;
        self.state.service.jobs.classic.get_mut(&id).ok_or_else(|| no_such("Job"))
    }

    /// Information about a job comes as the caller's headers say; about a batch, as the job's data is. tap-salesforce
    /// makes a CSV job in JSON and reads its batches as XML, whatever it puts into its headers.
    fn told(&self, root: &str, info: &Map<String, Value>, content: Content, status: u16) -> Done {
        let json = match self.json.filter(|_| root == "jobInfo") {
            Some(json) => json,
            None => content == Content::Json,
        };
        let kind = if json { "application/json" } else { "application/xml" };
        Ok((status, kind, wire::info(root, info, json).into()))
    }

    /// The elements of a `jobInfo`, whichever way it is written.
    fn job_fields(&self) -> Result<Map<String, Value>, Fault> {
        if self.json == Some(true) {
            let body = serde_json::from_slice(&self.body);
            return body.map_err(|error| fault("InvalidJob", format!("Unable to parse Job: {error}")));
        }
        let text = String::from_utf8_lossy(&self.body);
        let document = roxmltree::Document::parse(text.trim())
            .map_err(|error| fault("InvalidJob", format!("Unable to parse Job: {error}")))?;
        let fields = elements(document.root_element());
        Ok(fields.map(|field| (field.tag_name().name().to_owned(), Value::String(text_of(field)))).collect())
    }

    fn create(&mut self) -> Done {
        let body = self.job_fields()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let invalid = |message: String| fault("InvalidJob", message);
        let operation = text("operation").and_then(Operation::named);
        // assumed: the wording of both
        let operation = operation.ok_or_else(|| invalid("Unknown or missing operation".into()))?;
        let name = text("object").ok_or_else(|| invalid("No object specified".into()))?;
        let Some(table) = self.state.org.table(name) else {
            return Err(invalid(format!("Unable to find object: {name}")));
        };
        let object = table.def.name.clone();
        if !sheet::knows(&object) {
            let message = format!("Entity '{object}' is not supported by the Bulk API.");
            return Err(fault("InvalidEntity", message));
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
                let unusable = || {
                    invalid(format!(
                        "Field name provided, {key} does not match an External ID, Salesforce Id, or indexed field \
                         for {object}"
                    ))
                };
                Some(usable.map(|field| field.name.clone()).ok_or_else(unusable)?)
            }
            _ => None,
        };
        let content = text("contentType").map_or(Some(Content::Xml), Content::named);
        let content = content.ok_or_else(|| invalid("The content type must be CSV, XML or JSON".into()))?;
        // simple-salesforce sends 1 for Serial and 0 for Parallel.
        let serial = matches!(text("concurrencyMode"), Some("Serial"))
            || body.get("concurrencyMode").and_then(Value::as_u64) == Some(1);
        let chunk = self.header("Sforce-Enable-PKChunking").and_then(chunk_size);
        let parent = self.header("Sforce-Enable-PKChunking").and_then(|header| part_of(header, "parent="));
        let cut = query::pk_chunking(parent.unwrap_or(&object));
        let chunk = chunk.filter(|_| operation.is_query() && cut);
        let assignment_rule = text("assignmentRuleId").map(ToOwned::to_owned);
        let head = Head {
            id: self.state.service.jobs.id("750"),
            operation,
            object,
            user: Arc::clone(&self.user),
            created: self.now,
            changed: self.now,
            version: self.version.clone(),
        };
        let id = head.id.clone();
        let job = ClassicJob {
            head,
            key,
            content,
            concurrency: if serial { "Serial" } else { "Parallel" }.to_owned(),
            assignment_rule,
            state: "Open",
            chunk,
            spec: None,
            batches: IndexMap::new(),
        };
        self.state.service.jobs.classic.insert(id.clone(), job);
        self.job_info(&id, 201)
    }

    fn job_info(&mut self, id: &str, status: u16) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.job(id)?;
        job.advance(now, polls);
        let (info, content) = (job.info(), job.content);
        self.told("jobInfo", &info, content, status)
    }

    fn change(&mut self, id: &str) -> Done {
        let body = self.job_fields()?;
        let wanted = body.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        let now = self.now;
        let job = self.job(id)?;
        match wanted.as_str() {
            // The name of Bulk API 2.0 is taken, too.
            "Closed" | "UploadComplete" if job.state == "Open" => job.state = "Closed",
            // assumed: closing twice does no harm
            "Closed" | "UploadComplete" if job.state == "Closed" => {}
            "Aborted" if job.state != "Aborted" => job.state = "Aborted",
            "Closed" | "UploadComplete" | "Aborted" => {
                let what = if wanted == "Aborted" { "Aborting" } else { "Closing" };
                let message = format!("{what} already {} Job not allowed", job.state);
                return Err(fault("InvalidJobState", message));
            }
            other => {
                // assumed: the wording
                return Err(fault("InvalidJobState", format!("Job state '{other}' is not supported")));
            }
        }
        job.head.changed = now;
        self.job_info(id, 200)
    }

    fn set_spec(&mut self, id: &str) -> Done {
        let spec = self.body.clone();
        let job = self.job(id)?;
        if job.content != Content::Csv {
            // assumed: the wording
            return Err(fault("InvalidJob", "Only a job with CSV content takes a transformation spec"));
        }
        job.spec = Some(spec);
        Ok((201, "text/csv", Bytes::new()))
    }

    fn add_batch(&mut self, id: &str) -> Done {
        let (body, now) = (self.body.clone(), self.now);
        if body.len() > LARGEST_BATCH {
            return Err(too_large());
        }
        let headers = gate::call_headers(self.headers);
        let job = self.job(id)?;
        if job.state != "Open" {
            let message = format!("Job state not open: {}", job.state);
            return Err(fault("InvalidJobState", message));
        }
        let (job_id, operation, content) = (job.head.id.clone(), job.head.operation, job.content);
        let order = Order { operation, object: job.head.object.clone(), key: job.key.clone(), headers };
        let (chunk, spec) = (job.chunk, job.spec.clone());
        let jobs = &mut self.state.service.jobs;
        if self.state.limits == Limits::Real && jobs.batches_left(now) == 0 {
            self.sim.0.stats.throttled();
            return Err(fault("ExceededQuota", "ApiBatchItems Limit exceeded."));
        }
        jobs.batches.add(now, 1);
        let mut batch = Batch {
            id: jobs.id("751"),
            created: now,
            pace: Pace::new(now, 0),
            request: body.clone(),
            verdict: Verdict::Completed,
            outcomes: Vec::new(),
            answers: IndexMap::new(),
            found: 0,
        };
        let mut chunks = Vec::new();
        if operation.is_query() {
            match self.run_query(&order, content, chunk.unwrap_or(usize::MAX), &body) {
                Err(message) => batch.verdict = Verdict::Failed(message),
                Ok(answers) if chunk.is_some() => {
                    batch.verdict = Verdict::NotProcessed;
                    chunks = answers;
                }
                Ok(answers) => {
                    for (found, answer) in answers {
                        batch.found += found;
                        let id = self.state.service.jobs.id("752");
                        batch.answers.insert(id, answer);
                    }
                }
            }
        } else {
            let mapped = spec.map(|spec| super::csv::mapped(&body, &spec));
            let (outcomes, failure) = self.write(&order, content, mapped.as_deref().unwrap_or(&body));
            batch.outcomes = outcomes;
            if let Some(message) = failure {
                batch.verdict = Verdict::Failed(message);
            }
        }
        batch.pace = Pace::new(now, batch.outcomes.len() + batch.found);
        let info = batch.info(&job_id);
        let mut added = vec![batch];
        for (found, answer) in chunks {
            let jobs = &mut self.state.service.jobs;
            jobs.batches.add(now, 1);
            let answers = IndexMap::from([(jobs.id("752"), answer)]);
            added.push(Batch {
                id: jobs.id("751"),
                created: now,
                pace: Pace::new(now, found),
                request: body.clone(),
                verdict: Verdict::Completed,
                outcomes: Vec::new(),
                answers,
                found,
            });
        }
        let job = self.job(&job_id)?;
        job.batches.extend(added.into_iter().map(|batch| (batch.id.clone(), batch)));
        job.head.changed = now;
        self.told("batchInfo", &info, content, 201)
    }

    fn batches(&mut self, id: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.job(id)?;
        job.batches.values_mut().for_each(|batch| batch.pace.poll(now, polls));
        let infos = job.batches.values().map(|batch| batch.info(&job.head.id)).collect();
        let content = job.content;
        let json = content == Content::Json;
        let kind = if json { "application/json" } else { "application/xml" };
        Ok((200, kind, wire::batches(infos, json).into()))
    }

    fn batch(&mut self, id: &str, batch: &str) -> Result<(&str, Content, &mut Batch), Fault> {
        let job = self.job(id)?;
        let batch = ids::normal(batch).ok_or_else(|| no_such("Batch"))?;
        let found = job.batches.get_mut(&batch).ok_or_else(|| no_such("Batch"))?;
        Ok((&job.head.id, job.content, found))
    }

    fn batch_info(&mut self, id: &str, batch: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let (job, content, batch) = self.batch(id, batch)?;
        batch.pace.poll(now, polls);
        let info = batch.info(job);
        self.told("batchInfo", &info, content, 200)
    }

    fn request(&mut self, id: &str, batch: &str) -> Done {
        let (_, content, batch) = self.batch(id, batch)?;
        Ok((200, content.mime(), batch.request.clone()))
    }

    fn results(&mut self, id: &str, batch: &str) -> Done {
        let is_query = self.job(id)?.head.operation.is_query();
        let (_, content, batch) = self.batch(id, batch)?;
        if !matches!(batch.state(), "Completed" | "Failed") {
            return Err(fault("InvalidBatch", "Batch not completed"));
        }
        if !is_query {
            return Ok((200, content.mime(), wire::outcomes(&batch.outcomes, content).into()));
        }
        if let Verdict::Failed(message) = &batch.verdict {
            return Err(fault("InvalidBatch", message.clone()));
        }
        // The list of answers is JSON for JSON jobs and XML for all others.
        let json = content == Content::Json;
        let kind = if json { "application/json" } else { "application/xml" };
        Ok((200, kind, wire::answer_ids(batch.answers.keys(), json).into()))
    }

    fn answer(&mut self, id: &str, batch: &str, answer: &str) -> Done {
        let (_, content, batch) = self.batch(id, batch)?;
        let answer = ids::normal(answer).and_then(|answer| batch.answers.get(&answer));
        // assumed: the wording
        let answer = answer.ok_or_else(|| fault("InvalidBatch", "Result does not exist"))?;
        Ok((200, content.mime(), answer.clone()))
    }
}

/// A part of the header, such as `chunkSize=` or `parent=`.
fn part_of<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|part| part.trim().strip_prefix(name)).map(str::trim)
}

/// The size of a chunk, from `true` or `chunkSize=1000; parent=Account`.
fn chunk_size(header: &str) -> Option<usize> {
    let size = header.split(';').find_map(|part| part.trim().strip_prefix("chunkSize="));
    match size {
        Some(size) => size.parse().ok().filter(|size| *size > 0).map(|size: usize| size.min(LARGEST_CHUNK)),
        None => header.split(';').any(|part| part.trim().eq_ignore_ascii_case("true")).then_some(CHUNK),
    }
}
