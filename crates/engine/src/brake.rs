//! The brake: a pass that would delete records or clear fields of more than a share of what is linked stops before it does
//! any of it, says what it saw, and waits for a person.
//!
//! Such writes are held back while a pass does everything else. When nothing else is left to do, they are counted; few
//! enough, and they go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, Side};
use serde::{Deserialize, Serialize};
use store::{Cause, ConnectionState, Mark, Store, StoreError};

use crate::connection::Connection;
use crate::delete::Bereft;
use crate::error::EngineError;

/// How long what is held back waits by itself, should the process end before it is counted.
const HELD: SignedDuration = SignedDuration::from_mins(5);
/// Passes follow one another; what was deleted or cleared so short a time ago counts along.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// How many records are named.
const EXAMPLES: usize = 10;

/// What made the brake stop a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeReport {
    /// When.
    pub at: Timestamp,
    /// What the pass would have done, by object.
    pub stops: Vec<BrakeStop>,
    /// The records that it would have done it to.
    held: Vec<(Side, String, String)>,
}

/// What a pass would do to one object, and may not without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeStop {
    /// The side on which it would be done.
    pub side: Side,
    /// The object.
    pub object: String,
    /// Records that would go into the recycle bin.
    pub deletions: u64,
    /// Records of which filled fields would be cleared.
    pub blanks: u64,
    /// Linked records of the object.
    pub linked: u64,
    /// So many may be without asking.
    pub allowed: u64,
    /// Some of the records: the id, and what would be done to it.
    pub examples: Vec<(String, String)>,
}

impl std::fmt::Display for BrakeStop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {}: {} would be deleted and {} would have fields cleared, of {} that are linked; {} may be without asking. \
             For example ",
            self.side, self.object, self.deletions, self.blanks, self.linked, self.allowed
        )?;
        let examples: Vec<String> =
            self.examples.iter().map(|(record, what)| format!("{record} ({what})")).collect();
        write!(f, "{}.", examples.join(", "))
    }
}

impl std::fmt::Display for BrakeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stops: Vec<String> = self.stops.iter().map(ToString::to_string).collect();
        write!(f, "{}", stops.join(" "))
    }
}

/// What is held back, and what has lately gone on.
#[derive(Debug, Default)]
pub(crate) struct BrakeState {
    held: BTreeMap<(Side, String), BTreeMap<String, Held>>,
    free: BTreeSet<(Side, String, String)>,
    recent: Vec<(Timestamp, (Side, String, String))>,
    /// What a rehearsal saw.
    pub seen: Vec<BrakeStop>,
}

#[derive(Debug, Clone)]
struct Held {
    deletes: bool,
    what: String,
    marks: Vec<Mark>,
}

impl BrakeState {
    fn lately(&self, side: Side, object: &str) -> BTreeSet<String> {
        let of = |(_, (s, o, _)): &&(Timestamp, (Side, String, String))| *s == side && o == object;
        self.recent.iter().filter(of).map(|(_, (_, _, id))| id.clone()).collect()
    }
}

fn report_name(connection: &ConnectionId) -> String {
    format!("brake:{}", connection.as_str())
}

fn released_name(connection: &ConnectionId) -> String {
    format!("brake-released:{}", connection.as_str())
}

/// Why the brake stopped a connection, if it did.
///
/// # Errors
/// When the store cannot be read.
pub fn brake_report(store: &Store, connection: &ConnectionId) -> Result<Option<BrakeReport>, StoreError> {
    Ok(store.setting::<Option<BrakeReport>>(&report_name(connection))?.flatten())
}

/// Lets a connection go on after the brake stopped it. With `release`, what it saw may be done, and no more than that;
/// without, the next pass counts anew.
///
/// # Errors
/// When the store cannot be used.
pub fn resume_after_brake(
    store: &Store,
    connection: &ConnectionId,
    release: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(report) = brake_report(store, connection)? else { return Ok(()) };
    if release {
        store.put_setting(&released_name(connection), &report.held)?;
    }
    store.transaction(|tx| {
        report
            .held
            .iter()
            .try_for_each(|(side, object, id)| tx.mark(connection, *side, object, id, Cause::Person, now))
    })?;
    store.put_setting(&report_name(connection), &None::<BrakeReport>)
}

impl Connection {
    fn brake_state(&self) -> MutexGuard<'_, BrakeState> {
        self.brake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the brake saw in a rehearsal.
    pub(crate) fn brake_seen(&self) -> Vec<BrakeStop> {
        self.brake_state().seen.clone()
    }

    /// Whether what is to be deleted or cleared of this record has been counted, and may go on.
    pub(crate) fn is_free(&self, side: Side, object: &str, record: &str) -> bool {
        self.brake_state().free.contains(&(side, object.to_owned(), record.to_owned()))
    }

    /// Holds back a write that clears a filled field of a record, or deletes it, until it has been counted.
    pub(crate) fn hold(
        &self,
        side: Side,
        object: &str,
        record: &str,
        what: Option<&str>,
        marks: &[Mark],
    ) -> Result<(), EngineError> {
        {
            let mut state = self.brake_state();
            let held = Held {
                deletes: what.is_none(),
                what: what.map_or_else(|| "deleted".to_owned(), |field| format!("{field} cleared")),
                marks: marks.to_vec(),
            };
            state.held.entry((side, object.to_owned())).or_default().insert(record.to_owned(), held);
        }
        let until = self.now().checked_add(HELD).unwrap_or(Timestamp::MAX);
        self.store.transaction(|tx| {
            marks.iter().try_for_each(|mark| tx.postpone_mark(mark, until, mark.tries).map(|_| ()))
        })?;
        Ok(())
    }

    /// Of these pairs, those whose remaining record may be deleted now.
    pub(crate) fn hold_deletions(
        &self,
        side: Side,
        object: &str,
        pairs: Vec<Bereft>,
    ) -> Result<Vec<Bereft>, EngineError> {
        let mut going = Vec::new();
        for pair in pairs {
            if self.is_free(side, object, pair.link.record(side)) {
                going.push(pair);
            } else {
                self.hold(side, object, pair.link.record(side), None, &pair.marks)?;
            }
        }
        Ok(going)
    }

    /// Counts what is held back, once nothing else is left to do. Answers whether it may go on; nothing where nothing is
    /// held.
    pub(crate) fn settle(&self) -> Result<bool, EngineError> {
        let now = self.now();
        let held = {
            let mut state = self.brake_state();
            let gone = std::mem::take(&mut state.free);
            state.recent.extend(gone.into_iter().map(|row| (now, row)));
            state.recent.retain(|(at, _)| now.duration_since(*at) < RECENT);
            std::mem::take(&mut state.held)
        };
        if held.is_empty() {
            return Ok(false);
        }
        let released: Vec<(Side, String, String)> =
            self.store.setting(&released_name(&self.id))?.unwrap_or_default();
        let mut stops = Vec::new();
        for ((side, object), rows) in &held {
            stops.extend(self.too_many(*side, object, rows, &released)?);
        }
        let all: Vec<(Side, String, String)> = held
            .iter()
            .flat_map(|((side, object), rows)| rows.keys().map(|id| (*side, object.clone(), id.clone())))
            .collect();
        if !stops.is_empty() && !self.rehearsing {
            let report = BrakeReport { at: now, stops, held: all };
            self.store.put_setting(&report_name(&self.id), &report)?;
            let reason = format!("The brake stopped the pass before it did this: {report}");
            self.store.set_connection_state(&self.id, ConnectionState::Stopped, Some(&reason))?;
            return Err(EngineError::Brake(report.to_string()));
        }
        if released.iter().any(|row| all.contains(row)) {
            self.store.put_setting(&released_name(&self.id), &Vec::<(Side, String, String)>::new())?;
        }
        let mut state = self.brake_state();
        state.free.extend(all);
        state.seen.extend(stops);
        drop(state);
        let marks = held.values().flat_map(BTreeMap::values).flat_map(|row| &row.marks);
        self.store.transaction(|tx| {
            for mark in marks {
                tx.postpone_mark(mark, now, mark.tries)?;
            }
            Ok(())
        })?;
        Ok(true)
    }

    fn too_many(
        &self,
        side: Side,
        object: &str,
        rows: &BTreeMap<String, Held>,
        released: &[(Side, String, String)],
    ) -> Result<Option<BrakeStop>, EngineError> {
        let of_object = |(hubspot, salesforce, _): &&(String, String, u64)| match side {
            Side::HubSpot => hubspot == object,
            Side::Salesforce => salesforce == object,
        };
        let linked: u64 =
            self.store.link_counts(&self.id)?.iter().filter(of_object).map(|(_, _, links)| links).sum();
        let brake = self.settings.brake;
        let allowed = brake.at_least.max(linked.saturating_mul(u64::from(brake.percent)) / 100);
        let asking =
            |id: &&String| !released.iter().any(|(s, o, known)| *s == side && o == object && known == *id);
        let asking: Vec<&String> = rows.keys().filter(asking).collect();
        let mut counted = self.brake_state().lately(side, object);
        counted.extend(asking.iter().map(|id| (*id).clone()));
        if asking.is_empty() || counted.len() as u64 <= allowed {
            return Ok(None);
        }
        let deletions = rows.values().filter(|row| row.deletes).count() as u64;
        let examples = rows.iter().take(EXAMPLES).map(|(id, row)| (id.clone(), row.what.clone()));
        Ok(Some(BrakeStop {
            side,
            object: object.to_owned(),
            deletions,
            blanks: rows.len() as u64 - deletions,
            linked,
            allowed,
            examples: examples.collect(),
        }))
    }
}
