//! All bulk jobs of an org, and what they have used of the day's allowance.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::classic_data::ClassicJob;
use super::ingest::IngestJob;
use super::query::QueryJob;
use super::rows::Operation;
use crate::ids;

/// What a job keeps of its results for this long, it keeps.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A job may stay open for this long.
const OPEN: SignedDuration = SignedDuration::from_hours(24);

/// What the Bulk APIs allow in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BulkLimits {
    /// Batches of both APIs; 10,000 rows of Bulk API 2.0 are one.
    pub batches: u64,
    /// Rows written through Bulk API 2.0.
    pub rows: u64,
    /// Queries of Bulk API 2.0.
    pub query_jobs: u64,
}

impl Default for BulkLimits {
    fn default() -> Self {
        Self { batches: 15_000, rows: 150_000_000, query_jobs: 10_000 }
    }
}

/// How much of something was used, by minute.
#[derive(Debug, Default)]
pub(crate) struct Used(VecDeque<(i64, u64)>);

impl Used {
    /// In the last 24 hours.
    pub fn today(&mut self, now: Timestamp) -> u64 {
        let day_ago = now.as_second().div_euclid(60) - 24 * 60;
        while self.0.front().is_some_and(|(minute, _)| *minute <= day_ago) {
            self.0.pop_front();
        }
        self.0.iter().map(|(_, used)| used).sum()
    }

    pub fn add(&mut self, now: Timestamp, used: u64) {
        self.0.push_back((now.as_second().div_euclid(60), used));
    }
}

/// All jobs, in the order they were made.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(super) ingest: IndexMap<String, IngestJob>,
    pub(super) queries: IndexMap<String, QueryJob>,
    pub(super) classic: IndexMap<String, ClassicJob>,
    next: u64,
    pub limits: BulkLimits,
    /// The polls that are enough to see a job done.
    pub polls: u32,
    pub batches: Used,
    pub rows: Used,
    pub query_jobs: Used,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            ingest: IndexMap::new(),
            queries: IndexMap::new(),
            classic: IndexMap::new(),
            next: 0,
            limits: BulkLimits::default(),
            polls: 2,
            batches: Used::default(),
            rows: Used::default(),
            query_jobs: Used::default(),
        }
    }
}

impl Jobs {
    /// A new id of a job (`750`), a batch (`751`) or a result (`752`).
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        ids::make(prefix, self.next)
    }

    /// Moves jobs on with the clock, closes what was left open and drops what is too old.
    pub(super) fn tick(&mut self, now: Timestamp) {
        let polls = self.polls;
        let old = |at: Timestamp| now.duration_since(at) > KEPT;
        self.ingest.retain(|_, job| !old(job.head.changed));
        self.queries.retain(|_, job| !old(job.head.changed));
        self.classic.retain(|_, job| !old(job.head.changed));
        for job in self.ingest.values_mut() {
            job.advance(now, polls);
            if now.duration_since(job.head.created) > OPEN {
                job.give_up(now);
            }
        }
        for job in self.queries.values_mut() {
            job.advance(now, polls);
        }
    }

    /// Batches that are left of the day's allowance.
    pub fn batches_left(&mut self, now: Timestamp) -> u64 {
        self.limits.batches.saturating_sub(self.batches.today(now))
    }

    /// Query jobs that are left of the day's allowance.
    pub fn queries_left(&mut self, now: Timestamp) -> u64 {
        self.limits.query_jobs.saturating_sub(self.query_jobs.today(now))
    }
}

/// What every job has.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub id: String,
    pub operation: Operation,
    pub object: String,
    pub user: Arc<str>,
    pub created: Timestamp,
    pub changed: Timestamp,
    pub version: String,
}

impl Head {
    /// The API version as a number, as jobs name it.
    pub fn api_version(&self) -> f64 {
        self.version.parse().unwrap_or(0.0)
    }
}
