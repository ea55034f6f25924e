//! What can be done with the jobs of Bulk API 2.0 that read.

use serde_json::{Value, json};

use super::pace::Pace;
use super::query::QueryJob;
use super::rows::Operation;
use super::sheet::{self, Sheet};
use super::two::{Answer, Call, Done, dialect, locator, not_terminated, row_of, too_late};
use crate::Limits;
use crate::error::Refusal;
use crate::soql::{self, Request as Soql, Scope};

/// Rows on a page of results, where the caller leaves it to the org.
const ROWS: usize = 50_000;
/// Pages of results that are named at once.
const RESULT_PAGES: usize = 5;

impl Call<'_> {
    pub(super) fn create_query(&mut self) -> Done {
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

    pub(super) fn query_info(&mut self, id: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.query_job(id)?;
        job.poll(now, polls);
        Ok(Answer::Json(200, job.info()))
    }

    pub(super) fn change_query(&mut self, id: &str) -> Done {
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

    pub(super) fn delete_query(&mut self, id: &str) -> Done {
        let job = self.query_job(id)?;
        if !matches!(job.state(), "JobComplete" | "Aborted") {
            return Err(not_terminated());
        }
        let id = job.head.id.clone();
        self.state.service.jobs.queries.shift_remove(&id);
        Ok(Answer::Empty(204))
    }

    pub(super) fn list_queries(&mut self) -> Done {
        let infos = self.state.service.jobs.queries.values().map(QueryJob::brief).collect();
        self.list(infos, "query")
    }

    /// A complete job of the caller's own API version.
    pub(super) fn complete(&mut self, id: &str) -> Result<&QueryJob, Refusal> {
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

    pub(super) fn page(&self) -> Result<(usize, usize), Refusal> {
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

    pub(super) fn query_results(&mut self, id: &str) -> Done {
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
    pub(super) fn result_pages(&mut self, id: &str) -> Done {
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
