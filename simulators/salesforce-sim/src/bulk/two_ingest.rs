//! What can be done with the jobs of Bulk API 2.0 that write.

use std::sync::Arc;

use serde_json::Value;

use super::ingest::{self, IngestJob, Place, Which};
use super::pace::Pace;
use super::rows::{Operation, Order};
use super::sheet;
use super::two::{Answer, Call, Done, dialect, not_terminated, too_late};
use crate::Limits;
use crate::api::Api;
use crate::error::Refusal;

/// Rows that count as one batch.
const BATCH: usize = 10_000;

impl Call<'_> {
    pub(super) fn create_ingest(&mut self) -> Done {
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

    pub(super) fn upload(&mut self, id: &str) -> Done {
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

    pub(super) fn change_ingest(&mut self, id: &str) -> Done {
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
    pub(super) fn hand_in(&mut self, id: &str) -> Result<(), Refusal> {
        let now = self.now;
        let job = self.ingest(id)?;
        let bytes = job.data.clone().unwrap_or_default();
        let dialect = job.dialect;
        let version = job.head.version.clone();
        let user = Arc::clone(&job.head.user);
        let order = Order {
            operation: job.head.operation,
            object: job.head.object.clone(),
            key: job.key.clone(),
            headers: self.headers.clone(),
        };
        if self.state.limits == Limits::Real {
            self.refuse_beyond_limits()?;
        }
        let mut api = Api::new(&self.sim.0, self.state, now, self.half).by(user);
        api.origin = crate::pubsub::origin("bulkapi", &version, order.headers.client.as_deref());
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

    pub(super) fn refuse_beyond_limits(&mut self) -> Result<(), Refusal> {
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

    pub(super) fn ingest_info(&mut self, id: &str) -> Done {
        let (now, polls) = (self.now, self.state.service.jobs.polls);
        let job = self.ingest(id)?;
        job.poll(now, polls);
        Ok(Answer::Json(200, job.info()))
    }

    pub(super) fn ingest_results(&mut self, id: &str, which: &str) -> Done {
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

    pub(super) fn delete_ingest(&mut self, id: &str) -> Done {
        let job = self.ingest(id)?;
        if !job.is_over() && job.state() != "UploadComplete" {
            return Err(not_terminated());
        }
        let id = job.head.id.clone();
        self.state.service.jobs.ingest.shift_remove(&id);
        Ok(Answer::Empty(204))
    }

    pub(super) fn list_ingest(&mut self) -> Done {
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
}
