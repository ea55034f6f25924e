//! Who is in a list, since when, and how that is kept true.

use std::collections::{BTreeMap, BTreeSet};

use super::filter::Moment;
use super::{List, Processing};
use crate::account::Account;

/// The members of a list, by id and by the time they joined.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    /// For each record: when it first joined, and when it last did.
    by_id: BTreeMap<u64, (i64, i64)>,
    by_time: BTreeSet<(i64, u64)>,
    removed_at: Option<i64>,
    /// All that happened before is in.
    seen: Option<i64>,
}

/// Records that came into a list and records that left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moved {
    pub(crate) added: Vec<u64>,
    pub(crate) removed: Vec<u64>,
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn has(&self, record: u64) -> bool {
        self.by_id.contains_key(&record)
    }

    /// When a record first and last joined.
    pub(crate) fn joined(&self, record: u64) -> Option<(i64, i64)> {
        self.by_id.get(&record).copied()
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.by_id.keys().copied()
    }

    pub(crate) fn in_join_order(&self) -> &BTreeSet<(i64, u64)> {
        &self.by_time
    }

    pub(crate) fn by_id(&self) -> &BTreeMap<u64, (i64, i64)> {
        &self.by_id
    }

    pub(crate) fn last_added(&self) -> Option<i64> {
        self.by_time.last().map(|(at, _)| *at)
    }

    pub(crate) fn last_removed(&self) -> Option<i64> {
        self.removed_at
    }

    fn add(&mut self, record: u64, at: i64) -> bool {
        if self.has(record) {
            return false;
        }
        // assumed: one who left and comes back counts from the return
        self.by_id.insert(record, (at, at));
        self.by_time.insert((at, record));
        true
    }

    fn remove(&mut self, record: u64, at: i64) -> bool {
        let Some((_, joined)) = self.by_id.remove(&record) else { return false };
        self.by_time.remove(&(joined, record));
        self.removed_at = Some(at);
        true
    }
}

impl Account {
    /// Changes the members of a list kept by hand. Answers who came, who went, and who is no record.
    pub(crate) fn change_members(
        &mut self,
        id: u64,
        add: &[u64],
        remove: &[u64],
        now: i64,
    ) -> (Moved, Vec<u64>) {
        let Some(mut list) = self.platform.lists.all.remove(&id) else { return Default::default() };
        let (mut moved, mut missing) = (Moved::default(), Vec::new());
        for record in add {
            if self.live(list.object, *record).is_none() {
                missing.push(*record);
            } else if list.members.add(*record, now) {
                moved.added.push(*record);
            }
        }
        for record in remove {
            if list.members.remove(*record, now) {
                moved.removed.push(*record);
            } else if self.live(list.object, *record).is_none() {
                missing.push(*record);
            }
        }
        self.settle(list, &moved, now);
        (moved, missing)
    }

    /// Puts a list back and tells who came and who went.
    fn settle(&mut self, list: List, moved: &Moved, now: i64) {
        let (id, object) = (list.id, list.object);
        self.platform.lists.all.insert(id, list);
        self.note_members(id, object, moved, now);
    }

    /// Goes through all records and fills a list by its filters.
    pub(super) fn fill_list(&mut self, id: u64, now: i64) {
        let lag = self.platform.settings.list_lag_ms;
        let when = Moment { now, as_of: if lag > 0 { now - lag } else { i64::MAX } };
        let mut asked = Vec::new();
        if let Some((_, test)) = self.platform.lists.all.get(&id).and_then(|list| list.filters.as_ref()) {
            test.lists(&mut asked);
        }
        // Lists that ask each other in a circle are not gone round twice.
        for other in asked.into_iter().filter(|other| *other != id) {
            if self.platform.lists.get(other).is_some_and(|list| !list.asks_lists()) {
                self.refresh_list(other, now);
            }
        }
        let Some(mut list) = self.platform.lists.all.remove(&id) else { return };
        let mut moved = Moved::default();
        if let Some((_, test)) = list.filters.clone() {
            let store = &self.stores[list.object];
            for record in store.records.values() {
                let there = record.created <= when.as_of && record.archived.is_none_or(|at| at > when.as_of);
                let inside = there && test.passes(self, list.object, record, when);
                let joined = record.modified_as_of(when.as_of).max(list.filters_updated);
                list.put(record.id, inside, joined, now, &mut moved);
            }
        }
        list.members.seen = Some(when.as_of.min(self.latest.min(now) - lag));
        self.settle(list, &moved, now);
    }

    /// Brings a list up to date: what its filters say now, and no member that is gone.
    pub(crate) fn refresh_list(&mut self, id: u64, now: i64) {
        let Some(list) = self.platform.lists.get(id) else { return };
        let restless = list.filters.as_ref().is_some_and(|(_, test)| test.restless());
        let dynamic = list.processing == Processing::Dynamic;
        if dynamic && (restless || list.members.seen.is_none()) {
            self.fill_list(id, now);
            return self.convert_list(id, now);
        }
        let lag = if dynamic { self.platform.settings.list_lag_ms } else { 0 };
        let when = Moment { now, as_of: if lag > 0 { now - lag } else { i64::MAX } };
        let Some(mut list) = self.platform.lists.all.remove(&id) else { return };
        let seen = list.members.seen.unwrap_or(i64::MIN);
        let store = &self.stores[list.object];
        let mut moved = Moved::default();
        let gone: Vec<u64> = store
            .archived
            .range((seen, 0)..)
            .filter(|(at, _)| *at <= when.as_of)
            .map(|(_, id)| *id)
            .collect();
        for record in gone {
            list.put(record, false, now, now, &mut moved);
        }
        if let Some((_, test)) = list.filters.clone().filter(|_| dynamic) {
            for (_, record_id) in store.by_modified.range((seen, 0), (i64::MAX, u64::MAX)) {
                let Some(record) = store.records.get(record_id) else { continue };
                let inside = record.created <= when.as_of && test.passes(self, list.object, record, when);
                let joined = record.modified_as_of(when.as_of).max(list.filters_updated);
                list.put(record_id, inside, joined, now, &mut moved);
            }
        }
        list.members.seen = Some(when.as_of.min(self.latest.min(now) - lag));
        self.settle(list, &moved, now);
        self.convert_list(id, now);
    }

    /// Brings all lists of one kind of record up to date.
    pub(crate) fn refresh_lists(&mut self, object: Option<usize>, now: i64) {
        let of_kind = self.platform.lists.live().filter(|list| object.is_none_or(|one| list.object == one));
        let mut ids: Vec<(bool, u64)> = of_kind.map(|list| (list.asks_lists(), list.id)).collect();
        // Those that ask others come last.
        ids.sort_unstable();
        for (_, id) in ids {
            self.refresh_list(id, now);
        }
    }

    /// Takes records that no longer are out of every list; the one they were merged into comes in for them.
    pub(crate) fn replace_members(&mut self, object: usize, gone: &[u64], by: Option<u64>, now: i64) {
        let held = self.platform.lists.live().filter(|list| list.object == object);
        let ids: Vec<(u64, bool)> = held
            .filter(|list| gone.iter().any(|id| list.members.has(*id)))
            .map(|list| (list.id, list.processing != Processing::Dynamic))
            .collect();
        for (id, by_hand) in ids {
            let add: Vec<u64> = by.into_iter().filter(|_| by_hand).collect();
            let gone: Vec<u64> = gone.iter().copied().filter(|id| Some(*id) != by).collect();
            self.change_members(id, &add, &gone, now);
        }
    }

    fn convert_list(&mut self, id: u64, now: i64) {
        if let Some(list) = self.platform.lists.get_mut(id)
            && let Some((Some(at), _)) = list.conversion
            && at <= now
            && list.processing == Processing::Dynamic
        {
            list.processing = Processing::Snapshot;
            list.converted = Some(at);
        }
    }
}

impl List {
    fn asks_lists(&self) -> bool {
        let mut asked = Vec::new();
        if let Some((_, test)) = &self.filters {
            test.lists(&mut asked);
        }
        !asked.is_empty()
    }

    fn put(&mut self, record: u64, inside: bool, joined: i64, now: i64, moved: &mut Moved) {
        if inside && self.members.add(record, joined) {
            moved.added.push(record);
        }
        if !inside && self.members.remove(record, now) {
            moved.removed.push(record);
        }
    }
}
