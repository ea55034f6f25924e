//! The webhooks journal: what happened, written down for an app that comes to read it.

mod event;
mod subscription;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::platform::feed::{Happening, What};
use crate::platform::lists::members::Moved;
use crate::time::iso;
pub(crate) use subscription::{Filter, Subscription};

/// How long entries are kept.
const KEPT: i64 = 3 * 86_400_000;
/// How long a link to an entry is good for.
pub(crate) const LINK: i64 = 15 * 60_000;
/// assumed: what happens within a second goes into one entry, up to a hundred events
const GATHERED: i64 = 1000;
const EVENTS: usize = 100;

/// A file of events.
#[derive(Debug, Clone)]
struct Entry {
    offset: String,
    published: i64,
    events: Vec<Map<String, Value>>,
    /// Given out already: what happens next goes into another.
    sealed: bool,
}

/// A request to write down a record as it is.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) at: i64,
    pub(crate) found: bool,
}

/// The journal of the account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    pub(crate) subscriptions: BTreeMap<u64, Subscription>,
    pub(crate) filters: BTreeMap<u64, Filter>,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    entries: VecDeque<Entry>,
    pub(super) next: u64,
}

impl Journal {
    pub(crate) fn listening(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// A number for a new subscription or filter.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn forget(&mut self, now: i64) {
        while self.entries.front().is_some_and(|entry| entry.published + KEPT < now) {
            self.entries.pop_front();
        }
    }

    fn at(&mut self, place: usize, now: i64, origin: &str) -> Option<Value> {
        let entry = self.entries.get_mut(place)?;
        entry.sealed = true;
        Some(json!({
            "url": format!("{origin}/_journal/{}.json?expires={}", entry.offset, now + LINK),
            "expiresAt": iso(now + LINK),
            "currentOffset": entry.offset,
        }))
    }

    /// The oldest entries, or the newest.
    pub(crate) fn at_end(&mut self, latest: bool, count: usize, now: i64, origin: &str) -> Vec<Value> {
        self.forget(now);
        let first = if latest { self.entries.len().saturating_sub(count) } else { 0 };
        (first..self.entries.len()).take(count).filter_map(|place| self.at(place, now, origin)).collect()
    }

    /// The entries after one that is known.
    pub(crate) fn after(
        &mut self,
        offset: &str,
        count: usize,
        now: i64,
        origin: &str,
    ) -> Result<Vec<Value>, ApiError> {
        self.forget(now);
        let place = self.entries.iter().position(|entry| entry.offset == offset);
        let place = place.ok_or_else(|| unknown(offset))?;
        let range = place + 1..self.entries.len();
        Ok(range.take(count).filter_map(|place| self.at(place, now, origin)).collect())
    }

    /// One entry by its offset.
    pub(crate) fn named(&mut self, offset: &str, now: i64, origin: &str) -> Result<Value, ApiError> {
        self.forget(now);
        let place = self.entries.iter().position(|entry| entry.offset == offset);
        place.and_then(|place| self.at(place, now, origin)).ok_or_else(|| unknown(offset))
    }

    /// What the file of an entry holds.
    pub(crate) fn file(&self, offset: &str) -> Option<Value> {
        let entry = self.entries.iter().find(|entry| entry.offset == offset)?;
        let events: Vec<Value> = entry.events.iter().cloned().map(Value::Object).collect();
        Some(json!({
            "offset": entry.offset,
            "journalEvents": events,
            "publishedAt": iso(entry.published),
        }))
    }
}

fn unknown(offset: &str) -> ApiError {
    ApiError::object_not_found(format!("The offset {offset} does not exist or has expired."))
        .with_context("offset", offset)
}

impl Account {
    /// Writes down what happened, if a subscription wants it.
    pub(crate) fn tell_journal(&mut self, happening: &Happening) {
        if !self.platform.journal.listening() {
            return;
        }
        let wanted = self.platform.journal.subscriptions.values().any(|one| one.wants(self, happening));
        if wanted {
            let event = event::of(self, happening);
            self.write_down(event, happening.at, matches!(happening.what, What::Changed { .. }));
        }
    }

    /// Tells who came into a list and who left it.
    pub(crate) fn note_members(&mut self, list: u64, object: usize, moved: &Moved, now: i64) {
        if !self.platform.journal.listening() {
            return;
        }
        for (records, action) in [(&moved.added, "ADDED_TO_LIST"), (&moved.removed, "REMOVED_FROM_LIST")] {
            for record in records {
                let mut all = self.platform.journal.subscriptions.values();
                if all.any(|one| one.wants_member(list, *record, action)) {
                    let event = event::of_member(self, list, object, *record, action, now);
                    self.write_down(event, now, false);
                }
            }
        }
    }

    /// Writes down a record as it is.
    pub(crate) fn snapshot(&mut self, object: usize, id: u64, properties: &[String], now: i64) -> String {
        let status = super::uuid(&mut self.platform.chance);
        let event = event::of_snapshot(self, object, id, properties, now);
        let found = event.is_some();
        if let Some(event) = event {
            self.write_down(event, now, false);
        }
        self.platform.journal.snapshots.insert(status.clone(), Snapshot { at: now, found });
        status
    }

    fn write_down(&mut self, event: Map<String, Value>, at: i64, joins: bool) {
        let journal = &mut self.platform.journal;
        let open = journal
            .entries
            .back_mut()
            .filter(|entry| !entry.sealed && at - entry.published < GATHERED && entry.events.len() < EVENTS);
        let Some(entry) = open else {
            let offset = super::uuid(&mut self.platform.chance);
            let entry = Entry { offset, published: at, events: vec![event], sealed: false };
            journal.entries.push_back(entry);
            return;
        };
        // The values of one write are one event.
        if joins && let Some(last) = entry.events.last_mut().filter(|last| event::same(last, &event)) {
            event::join(last, &event);
            return;
        }
        entry.events.push(event);
    }
}
