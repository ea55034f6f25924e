//! Jobs and batches of Bulk API 1.0.

use bytes::Bytes;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::jobs::Head;
use super::pace::{Pace, Stage};
use super::rows::Outcome;
use crate::org::api_time;

/// What batches are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Csv,
    Xml,
    Json,
}

impl Content {
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "CSV" => Some(Self::Csv),
            "XML" => Some(Self::Xml),
            "JSON" => Some(Self::Json),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xml => "XML",
            Self::Json => "JSON",
        }
    }

    pub fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

/// A job.
#[derive(Debug)]
pub(super) struct ClassicJob {
    pub head: Head,
    pub key: Option<String>,
    pub content: Content,
    pub concurrency: String,
    pub assignment_rule: Option<String>,
    pub state: &'static str,
    /// Rows of a chunk, where a query is to be cut by record id.
    pub chunk: Option<usize>,
    /// What the columns of its files stand for, where their headers do not say.
    pub spec: Option<Bytes>,
    pub batches: IndexMap<String, Batch>,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub id: String,
    pub created: Timestamp,
    pub pace: Pace,
    /// The caller's data, which can be read again.
    pub request: Bytes,
    pub verdict: Verdict,
    pub outcomes: Vec<Outcome>,
    /// Answers of a query by their id.
    pub answers: IndexMap<String, Bytes>,
    /// Rows that a query has found.
    pub found: usize,
}

/// How a batch ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Completed,
    Failed(String),
    /// Cut into chunks, or part of a job that was aborted.
    NotProcessed,
}

impl Batch {
    pub fn state(&self) -> &'static str {
        match (&self.verdict, self.pace.stage) {
            (Verdict::NotProcessed, _) => "NotProcessed",
            (_, Stage::Waiting) => "Queued",
            (_, Stage::Working) => "InProgress",
            (Verdict::Completed, Stage::Done) => "Completed",
            (Verdict::Failed(_), Stage::Done) => "Failed",
        }
    }

    fn processed(&self) -> usize {
        if self.pace.stage == Stage::Done { self.outcomes.len() + self.found } else { 0 }
    }

    fn failed(&self) -> usize {
        let failed = self.outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
        if self.pace.stage == Stage::Done { failed } else { 0 }
    }

    fn time(&self) -> u64 {
        if self.pace.stage == Stage::Done { self.pace.processing_time() } else { 0 }
    }

    pub fn info(&self, job: &str) -> Map<String, Value> {
        let mut info = Map::new();
        info.insert("id".into(), json!(self.id));
        info.insert("jobId".into(), json!(job));
        info.insert("state".into(), json!(self.state()));
        if let Verdict::Failed(message) = &self.verdict
            && self.pace.stage == Stage::Done
        {
            info.insert("stateMessage".into(), json!(message));
        }
        let time = self.time();
        info.insert("createdDate".into(), json!(api_time(self.created.as_second())));
        info.insert("systemModstamp".into(), json!(api_time(self.pace.moved.as_second())));
        info.insert("numberRecordsProcessed".into(), json!(self.processed()));
        info.insert("numberRecordsFailed".into(), json!(self.failed()));
        info.insert("totalProcessingTime".into(), json!(time));
        info.insert("apiActiveProcessingTime".into(), json!(time - time / 4));
        info.insert("apexProcessingTime".into(), json!(0));
        info
    }
}

impl ClassicJob {
    pub fn is_chunked(&self) -> bool {
        self.chunk.is_some()
    }

    pub fn advance(&mut self, now: Timestamp, polls: u32) {
        for batch in self.batches.values_mut() {
            batch.pace.advance(now, polls);
            self.head.changed = self.head.changed.max(batch.pace.moved);
        }
    }

    /// The job as `jobs/ingest` lists it.
    pub fn brief(&self) -> Value {
        let head = &self.head;
        json!({
            "id": head.id, "operation": head.operation.name(), "object": head.object, "createdById": &*head.user,
            "createdDate": api_time(head.created.as_second()),
            "systemModstamp": api_time(head.changed.as_second()), "state": self.state,
            "externalIdFieldName": self.key, "concurrencyMode": self.concurrency,
            "contentType": self.content.name(), "apiVersion": head.api_version(), "jobType": "Classic",
        })
    }

    pub fn info(&self) -> Map<String, Value> {
        let head = &self.head;
        let count = |state: &str| self.batches.values().filter(|batch| batch.state() == state).count();
        let sum = |of: fn(&Batch) -> usize| self.batches.values().map(of).sum::<usize>();
        let time: u64 = self.batches.values().map(Batch::time).sum();
        let info = json!({
            "id": head.id,
            "operation": head.operation.name(),
            "object": head.object,
            "createdById": &*head.user,
            "createdDate": api_time(head.created.as_second()),
            "systemModstamp": api_time(head.changed.as_second()),
            "state": self.state,
            "externalIdFieldName": self.key,
            "assignmentRuleId": self.assignment_rule,
            "concurrencyMode": self.concurrency,
            "contentType": self.content.name(),
            "numberBatchesQueued": count("Queued"),
            "numberBatchesInProgress": count("InProgress"),
            "numberBatchesCompleted": count("Completed"),
            "numberBatchesFailed": count("Failed"),
            "numberBatchesTotal": self.batches.len(),
            "numberRecordsProcessed": sum(Batch::processed),
            "numberRetries": 0,
            "apiVersion": head.api_version(),
            "numberRecordsFailed": sum(Batch::failed),
            "totalProcessingTime": time,
            "apiActiveProcessingTime": time - time / 4,
            "apexProcessingTime": 0,
        });
        match info {
            Value::Object(info) => info,
            _ => Map::new(),
        }
    }
}
