//! Making two records one, and forgetting one for good.

use std::collections::BTreeSet;

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::links::Other;
use crate::platform::feed::What;
use crate::record::Record;
use crate::registry::{COMPANIES, CONTACTS, DEALS, TICKETS};

/// The most records that can be merged into one.
const MOST: usize = 250;

/// How long a deleted record can be restored: 90 days.
const RESTORABLE_MS: i64 = 90 * 86_400_000;

impl Account {
    /// Whether records of a kind can be merged.
    pub(crate) fn merges(&self, object: usize) -> bool {
        matches!(object, CONTACTS | COMPANIES | DEALS | TICKETS) || self.kind(object).custom
    }

    /// Merges two records; what the first has wins. Contacts and companies become a new record, and other kinds
    /// keep the first one's id. assumed: the latter, and that the merged record's other values are filled in
    pub(crate) fn merge(
        &mut self,
        object: usize,
        first: u64,
        second: u64,
        now: i64,
    ) -> Result<u64, ApiError> {
        let (Some(one), Some(other)) = (self.live(object, first), self.live(object, second)) else {
            return Err(ApiError::record_not_found());
        };
        if first == second {
            return Err(ApiError::validation(format!("Cannot merge record {first} with itself")));
        }
        let (mut merged, other) = (one.clone(), other.clone());
        let fill = self.merged_values(object, &merged, &other, now);
        if fill.1 > MOST {
            return Err(ApiError {
                status: 414,
                ..ApiError::validation("Cannot have more than 250 identities on a profile")
            });
        }
        let at = self.tick(now);
        let source = self.source(&Source::merge());
        let links = self.take_links((object, first), at);
        let more = self.take_links((object, second), at);
        self.forget(object, first);
        self.forget(object, second);
        let store = &mut self.stores[object];
        if matches!(object, CONTACTS | COMPANIES) {
            merged.id = store.next_id();
        }
        let id = merged.id;
        let values: Vec<(u32, Option<&str>)> =
            fill.0.iter().map(|(key, value)| (*key, Some(value.as_str()))).collect();
        merged.links = crate::links::Links::default();
        merged.set_all(&values, source, at);
        merged.created = merged.created.min(other.created);
        merged.modified = at;
        for (key, value) in store.unique_values(&merged) {
            store.unique.entry(key).or_default().insert(&value, id);
        }
        store.by_modified.insert((at, id));
        store.records.insert(merged);
        for old in store.merged.values_mut().filter(|old| **old == first || **old == second) {
            *old = id;
        }
        store.merged.extend([first, second].into_iter().filter(|old| *old != id).map(|old| (old, id)));
        // The first record's associations come last: its primary company is the one that stays.
        for ((kind, there), types) in more.into_iter().chain(links) {
            let to = (usize::from(kind), there);
            if self.live(to.0, to.1).is_some() && (to.0 != object || (there != first && there != second)) {
                self.put_link((object, id), to, &types, false, at);
            }
        }
        self.refresh_primary((object, id), at);
        self.replace_members(object, &[first, second], Some(id), at);
        let gone = [first, second].into_iter().filter(|old| *old != id).collect();
        let what = What::Merged { primary: first, merged: gone, result: id, moved: fill.0.len() };
        self.note(object, id, at, what);
        Ok(id)
    }

    /// What the merged record takes over from the second one, and how many records are in it.
    fn merged_values(
        &self,
        object: usize,
        one: &Record,
        other: &Record,
        now: i64,
    ) -> (Vec<(u32, String)>, usize) {
        let store = &self.stores[object];
        let now_of = |record: &Record, name: &str| {
            store.key(name).and_then(|key| record.stored(key, i64::MAX)).map(str::to_owned)
        };
        let mut fill: Vec<(u32, String)> = Vec::new();
        for key in other.keys() {
            if one.stored(key, i64::MAX).is_none()
                && let Some(value) = other.stored(key, i64::MAX)
            {
                fill.push((key, value.to_owned()));
            }
        }
        let mut put = |name: &str, value: Option<String>| {
            if let Some((key, value)) = store.key(name).zip(value) {
                fill.retain(|(one, _)| *one != key);
                fill.push((key, value));
            }
        };
        // assumed: the stage that is further along stays
        if let Some((_, stages)) = store.active("lifecyclestage") {
            let place = |record: &Record| {
                let held = now_of(record, "lifecyclestage");
                stages.options.iter().position(|choice| Some(&choice.value) == held.as_ref())
            };
            if place(other) > place(one) {
                put("lifecyclestage", now_of(other, "lifecyclestage"));
            }
        }
        if object == CONTACTS && now_of(one, "email").is_some() {
            let lists = [
                now_of(one, "hs_additional_emails"),
                now_of(other, "email"),
                now_of(other, "hs_additional_emails"),
            ];
            let all: BTreeSet<&str> = lists.iter().flatten().flat_map(|list| list.split(';')).collect();
            let all: Vec<&str> = all.into_iter().collect();
            put("hs_additional_emails", (!all.is_empty()).then(|| all.join(";")));
        }
        let before = |record: &Record| now_of(record, "hs_merged_object_ids").unwrap_or_default();
        let mut ids: BTreeSet<String> = [one.id, other.id].map(|id| id.to_string()).into();
        if !matches!(object, CONTACTS | COMPANIES) {
            ids.remove(&one.id.to_string());
        }
        let earlier = format!("{};{}", before(one), before(other));
        ids.extend(earlier.split(';').filter(|id| !id.is_empty()).map(str::to_owned));
        let many = ids.len();
        put("hs_merged_object_ids", Some(ids.into_iter().collect::<Vec<_>>().join(";")));
        if object == CONTACTS {
            let mut vids: Vec<String> = [one, other]
                .iter()
                .filter_map(|record| now_of(record, "hs_calculated_merged_vids"))
                .flat_map(|list| list.split(';').map(str::to_owned).collect::<Vec<_>>())
                .collect();
            vids.extend([one.id, other.id].map(|id| format!("{id}:{now}")));
            put("hs_calculated_merged_vids", Some(vids.join(";")));
        }
        (fill, many)
    }

    /// Ends all associations of a record, and answers what they were.
    fn take_links(&mut self, from: (usize, u64), at: i64) -> Vec<(Other, Vec<u32>)> {
        let Some(record) = self.stores[from.0].records.get(from.1) else { return Vec::new() };
        let others = record.links.others();
        let links: Vec<_> =
            others.into_iter().map(|other| (other, record.links.get(other).to_vec())).collect();
        for ((kind, id), _) in &links {
            self.unlink(from, (usize::from(*kind), *id), at);
        }
        links
    }

    /// Takes a record out of every index, as if it had never been.
    fn forget(&mut self, object: usize, id: u64) {
        let store = &mut self.stores[object];
        let Some(record) = store.records.remove(id) else { return };
        let held = store.unique_values(&record);
        store.release(&held, id);
        store.by_modified.remove((record.modified, id));
        if let Some(at) = record.archived {
            store.archived.remove(&(at, id));
        }
    }

    /// Whether a record has lain in the recycle bin for so long that it goes for good.
    pub(crate) fn overdue(&self, now: i64) -> bool {
        let last = now - RESTORABLE_MS;
        self.stores.iter().any(|store| store.archived.first().is_some_and(|(at, _)| *at < last))
    }

    /// Empties the recycle bin of what can no longer be restored.
    pub(crate) fn empty_bin(&mut self, now: i64) {
        let last = now - RESTORABLE_MS;
        for object in 0..self.stores.len() {
            let overdue = self.stores[object].archived.iter().take_while(|(at, _)| *at < last);
            let ids: Vec<u64> = overdue.map(|(_, id)| *id).collect();
            for id in ids {
                let at = self.tick(now);
                self.take_links((object, id), at);
                self.replace_members(object, &[id], None, at);
                self.forget(object, id);
            }
        }
    }

    /// Deletes a record for good with its associations, and blocks its addresses.
    pub(crate) fn erase(&mut self, object: usize, id: u64, now: i64) -> bool {
        let at = self.tick(now);
        let store = &self.stores[object];
        let Some(record) = store.records.get(id) else { return false };
        let email = store.key("email");
        let addresses = store.unique_values(record).into_iter().filter(|(key, _)| Some(*key) == email);
        let addresses: Vec<String> = addresses.map(|(_, address)| address).collect();
        self.blocked.extend(addresses);
        self.take_links((object, id), at);
        self.replace_members(object, &[id], None, at);
        self.note(object, id, at, What::PrivacyDeleted);
        self.forget(object, id);
        true
    }
}
