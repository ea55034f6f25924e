//! Jobs of Bulk API 2.0 that read.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::csv::Dialect;
use super::jobs::Head;
use super::pace::{Pace, Stage};
use super::sheet::Sheet;
use crate::org::api_time;

/// A query job. The answer is what the org held when the job was made.
#[derive(Debug)]
pub(super) struct QueryJob {
    pub head: Head,
    pub dialect: Dialect,
    pub pace: Pace,
    pub aborted: bool,
    pub sheet: Sheet,
}

impl QueryJob {
    pub fn state(&self) -> &'static str {
        match self.pace.stage {
            _ if self.aborted => "Aborted",
            Stage::Waiting => "UploadComplete",
            Stage::Working => "InProgress",
            Stage::Done => "JobComplete",
        }
    }

    pub fn poll(&mut self, now: Timestamp, needed: u32) {
        self.pace.poll(now, needed);
        self.head.changed = self.head.changed.max(self.pace.moved);
    }

    pub fn advance(&mut self, now: Timestamp, needed: u32) {
        self.pace.advance(now, needed);
        self.head.changed = self.head.changed.max(self.pace.moved);
    }

    /// The job as the answers to creating and aborting it tell it.
    pub fn brief(&self) -> Value {
        let head = &self.head;
        json!({
            "id": head.id, "operation": head.operation.name(), "object": head.object, "createdById": &*head.user,
            "createdDate": api_time(head.created.as_second()),
            "systemModstamp": api_time(head.changed.as_second()), "state": self.state(),
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": head.api_version(),
            "jobType": "V2Query", "lineEnding": self.dialect.ending.name(),
            "columnDelimiter": self.dialect.delimiter.name(),
        })
    }

    /// The job with all that is known of it.
    pub fn info(&self) -> Value {
        let mut info = self.brief();
        let done = self.state() == "JobComplete";
        if let Some(fields) = info.as_object_mut() {
            fields.insert("numberRecordsProcessed".into(), json!(if done { self.sheet.len() } else { 0 }));
            fields.insert("retries".into(), json!(0));
            let time = if done { self.pace.processing_time() } else { 0 };
            fields.insert("totalProcessingTime".into(), json!(time));
            fields.insert("isPkChunkingSupported".into(), json!(pk_chunking(&self.head.object)));
        }
        info
    }
}

/// Whether a query of this object may be cut by record id.
pub(super) fn pk_chunking(object: &str) -> bool {
    const SUPPORTED: [&str; 11] = [
        "Account",
        "Asset",
        "Campaign",
        "CampaignMember",
        "Case",
        "Contact",
        "Event",
        "Lead",
        "Opportunity",
        "Task",
        "User",
    ];
    object.ends_with("__c") || SUPPORTED.contains(&object)
}
