//! One record: its values, their history, and what it is linked to.

use crate::links::Links;

/// What a property held at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub(crate) at: i64,
    /// Which of the account's sources wrote it.
    pub(crate) source: u16,
    /// Nothing when it was cleared.
    pub(crate) value: Option<&'a str>,
}

/// Where the value of a property ends in the record's text, and who wrote it when.
#[derive(Debug, Clone, Copy)]
struct Cell {
    at: i64,
    end: u32,
    key: u16,
    source: u16,
}

/// A value that has been replaced.
#[derive(Debug, Clone)]
struct Past {
    key: u16,
    source: u16,
    at: i64,
    value: Option<Box<str>>,
}

/// assumed: the platform keeps this many versions of a value
const VERSIONS: usize = 45;

/// One record. Kept small, for an account may have a million: all values are one text, and most have no history.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) archived: Option<i64>,
    /// Who created it.
    pub(crate) source: u16,
    /// The association types from here to other records.
    pub(crate) links: Links,
    /// In the order of `key`. An empty text is a value that was cleared: the platform keeps no empty values.
    cells: Box<[Cell]>,
    text: Box<str>,
    /// Oldest first.
    #[expect(clippy::box_collection, reason = "most records have none, and then it takes one word")]
    past: Option<Box<Vec<Past>>>,
}

impl Record {
    pub(crate) fn new(id: u64, source: u16, at: i64) -> Self {
        Self {
            id,
            created: at,
            modified: at,
            archived: None,
            source,
            links: Links::default(),
            cells: Box::default(),
            text: Box::default(),
            past: None,
        }
    }

    fn place(&self, key: u32) -> Result<usize, usize> {
        self.cells.binary_search_by_key(&key, |cell| u32::from(cell.key))
    }

    fn version(&self, place: usize) -> Version<'_> {
        let cell = self.cells[place];
        let from = place.checked_sub(1).map_or(0, |before| self.cells[before].end);
        let value = self.text.get(from as usize..cell.end as usize).filter(|value| !value.is_empty());
        Version { at: cell.at, source: cell.source, value }
    }

    fn past(&self, key: u32) -> impl DoubleEndedIterator<Item = Version<'_>> {
        let all = self.past.iter().flat_map(|past| past.iter());
        all.filter(move |past| u32::from(past.key) == key).map(|past| Version {
            at: past.at,
            source: past.source,
            value: past.value.as_deref(),
        })
    }

    /// The keys of all properties that have or once had a value.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> {
        self.cells.iter().map(|cell| u32::from(cell.key))
    }

    /// What a property holds and has held, the newest first.
    pub(crate) fn versions(&self, key: u32) -> Vec<Version<'_>> {
        let Ok(place) = self.place(key) else { return Vec::new() };
        std::iter::once(self.version(place)).chain(self.past(key).rev()).collect()
    }

    /// The stored value as it was at `as_of`.
    pub(crate) fn stored(&self, key: u32, as_of: i64) -> Option<&str> {
        let now = self.version(self.place(key).ok()?);
        if now.at <= as_of {
            return now.value;
        }
        self.past(key).rev().find(|version| version.at <= as_of)?.value
    }

    /// Sets a value; says whether it differs from the one before.
    pub(crate) fn set(&mut self, key: u32, value: Option<&str>, source: u16, at: i64) -> bool {
        self.set_all(&[(key, value)], source, at)
    }

    /// Sets values; says whether any differs from the one before.
    pub(crate) fn set_all(&mut self, values: &[(u32, Option<&str>)], source: u16, at: i64) -> bool {
        let mut wanted: Vec<(u16, Option<&str>)> = Vec::with_capacity(values.len());
        for (key, value) in values {
            let value = value.filter(|value| !value.is_empty());
            // The last word on a property counts.
            wanted.retain(|(one, _)| u32::from(*one) != *key);
            wanted.extend(u16::try_from(*key).ok().map(|key| (key, value)));
        }
        wanted.retain(|(key, value)| match self.place(u32::from(*key)) {
            Ok(place) => self.version(place).value != *value,
            Err(_) => value.is_some(),
        });
        if wanted.is_empty() {
            return false;
        }
        wanted.sort_unstable_by_key(|(key, _)| *key);
        self.rewrite(&wanted, source, at);
        true
    }

    /// Writes values that differ, in the order of their keys.
    fn rewrite(&mut self, wanted: &[(u16, Option<&str>)], source: u16, at: i64) {
        let mut cells = Vec::with_capacity(self.cells.len() + wanted.len());
        let mut text = String::with_capacity(self.text.len() + 16 * wanted.len());
        let mut past = Vec::new();
        let mut push = |key: u16, version: Version<'_>| {
            text.push_str(version.value.unwrap_or_default());
            let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
            cells.push(Cell { at: version.at, end, key, source: version.source });
        };
        let mut rest = wanted.iter().peekable();
        for place in 0..self.cells.len() {
            let key = self.cells[place].key;
            while let Some((new, value)) = rest.next_if(|(new, _)| *new < key) {
                push(*new, Version { at, source, value: *value });
            }
            let held = self.version(place);
            if let Some((_, value)) = rest.next_if(|(new, _)| *new == key) {
                past.push(Past { key, source: held.source, at: held.at, value: held.value.map(Into::into) });
                push(key, Version { at, source, value: *value });
            } else {
                push(key, held);
            }
        }
        for (new, value) in rest {
            push(*new, Version { at, source, value: *value });
        }
        self.cells = cells.into_boxed_slice();
        self.text = text.into_boxed_str();
        if !past.is_empty() {
            let mut all = self.past.take().unwrap_or_default();
            for one in past {
                let key = one.key;
                all.push(one);
                if all.iter().filter(|one| one.key == key).count() >= VERSIONS
                    && let Some(oldest) = all.iter().position(|one| one.key == key)
                {
                    all.remove(oldest);
                }
            }
            self.past = Some(all);
        }
    }

    /// When the record had last changed, as seen at `as_of`.
    pub(crate) fn modified_as_of(&self, as_of: i64) -> i64 {
        if self.modified <= as_of {
            return self.modified;
        }
        let past = self.past.iter().flat_map(|past| past.iter().map(|past| past.at));
        let all = self.cells.iter().map(|cell| cell.at).chain(past);
        all.filter(|at| *at <= as_of).max().unwrap_or(self.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_history_hold_through_writes_in_any_order() {
        let mut record = Record::new(1, 0, 10);
        assert!(record.set_all(&[(9, Some("nine")), (2, Some("zwei"))], 0, 10));
        assert!(record.set(5, Some("fünf"), 1, 20));
        assert!(!record.set(5, Some("fünf"), 2, 30));
        assert!(record.set_all(&[(2, None), (9, Some("neun")), (11, None)], 3, 40));
        assert_eq!(record.stored(2, i64::MAX), None);
        assert_eq!(record.stored(2, 39), Some("zwei"));
        assert_eq!(record.stored(5, i64::MAX), Some("fünf"));
        assert_eq!(record.stored(5, 19), None);
        assert_eq!(record.stored(9, i64::MAX), Some("neun"));
        assert_eq!(record.keys().collect::<Vec<_>>(), [2, 5, 9]);
        let nine = record.versions(9);
        assert_eq!(nine[0], Version { at: 40, source: 3, value: Some("neun") });
        assert_eq!(nine[1], Version { at: 10, source: 0, value: Some("nine") });
        assert!(record.versions(11).is_empty());
    }

    #[test]
    fn only_the_newest_versions_are_kept() {
        let mut record = Record::new(1, 0, 0);
        for n in 0..100 {
            assert!(record.set(1, Some(&n.to_string()), 0, n));
        }
        let versions = record.versions(1);
        assert_eq!(versions.len(), VERSIONS);
        assert_eq!(versions[0].value, Some("99"));
        assert_eq!(versions[VERSIONS - 1].value, Some("55"));
    }
}
