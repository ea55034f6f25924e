//! What a simulator has been asked and has done (`GET /_sim/stats`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Counters since the start or the last reset.
#[derive(Debug, Default)]
pub struct Stats(Mutex<StatsSnapshot>);

/// The counters at one moment, as `GET /_sim/stats` answers them.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct StatsSnapshot {
    /// Calls by method and route pattern, for example `GET /crm/v3/objects/{objectType}`.
    pub calls: BTreeMap<String, u64>,
    /// Calls that count toward the platform's own limits.
    pub counted_calls: u64,
    /// Refusals for a limit: 429 on HubSpot, `REQUEST_LIMIT_EXCEEDED` on Salesforce.
    pub throttled: u64,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of the bodies of answers.
    pub bytes_out: u64,
    /// The most rows any one batch has had.
    pub largest_batch: u64,
    /// Faults that have struck, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Records written through the API, by object. What people do in the console is not counted.
    pub writes: BTreeMap<String, WriteCounts>,
    /// Live records by object.
    pub records: BTreeMap<String, u64>,
}

/// How many records of one object the API created, updated and deleted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WriteCounts {
    /// Records created.
    pub created: u64,
    /// Records updated, whether or not a value changed.
    pub updated: u64,
    /// Records deleted or archived.
    pub deleted: u64,
}

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// A record was created.
    Created,
    /// A record was updated.
    Updated,
    /// A record was deleted or archived.
    Deleted,
}

impl Stats {
    fn inner(&self) -> MutexGuard<'_, StatsSnapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one call to `route` (method and pattern), with the size of its body.
    pub fn call(&self, route: &str, bytes_in: u64, counts_toward_limits: bool) {
        let mut inner = self.inner();
        *inner.calls.entry(route.to_owned()).or_default() += 1;
        inner.bytes_in += bytes_in;
        if counts_toward_limits {
            inner.counted_calls += 1;
        }
    }

    /// Counts the bytes of one answer.
    pub fn answered(&self, bytes_out: u64) {
        self.inner().bytes_out += bytes_out;
    }

    /// Counts one fault that has struck, by its kind.
    pub fn fault(&self, kind: &str) {
        *self.inner().faults.entry(kind.to_owned()).or_default() += 1;
    }

    /// Counts one refusal for a limit.
    pub fn throttled(&self) {
        self.inner().throttled += 1;
    }

    /// Notes a batch of `rows`.
    pub fn batch(&self, rows: usize) {
        let mut inner = self.inner();
        inner.largest_batch = inner.largest_batch.max(rows as u64);
    }

    /// Counts one record of `object` written through the API.
    pub fn write(&self, object: &str, kind: WriteKind) {
        let mut inner = self.inner();
        let counts = inner.writes.entry(object.to_owned()).or_default();
        match kind {
            WriteKind::Created => counts.created += 1,
            WriteKind::Updated => counts.updated += 1,
            WriteKind::Deleted => counts.deleted += 1,
        }
    }

    /// All counters now, with the number of live records the caller has counted.
    pub fn snapshot(&self, records: BTreeMap<String, u64>) -> StatsSnapshot {
        let mut snapshot = self.inner().clone();
        snapshot.records = records;
        snapshot
    }

    /// Sets every counter back to nothing.
    pub fn reset(&self) {
        *self.inner() = StatsSnapshot::default();
    }
}
