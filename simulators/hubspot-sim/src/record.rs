//! One record: its values, their history, and what it is linked to.

use crate::links::Links;

/// What a property held at some time.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) at: i64,
    /// Which of the account's sources wrote it.
    pub(crate) source: u32,
    pub(crate) value: Option<Box<str>>,
}

/// A property's value now and before.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) key: u32,
    pub(crate) now: Version,
    /// Oldest first.
    pub(crate) older: Vec<Version>,
}

/// assumed: the platform keeps this many versions of a value
const VERSIONS: usize = 45;

/// One record. Kept small: an account may have a million.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) archived: Option<i64>,
    /// Who created it.
    pub(crate) source: u32,
    /// In the order of `key`.
    pub(crate) slots: Vec<Slot>,
    /// The association types from here to other records.
    pub(crate) links: Links,
}

impl Record {
    pub(crate) fn slot(&self, key: u32) -> Option<&Slot> {
        self.slots.binary_search_by_key(&key, |slot| slot.key).ok().map(|at| &self.slots[at])
    }

    /// The stored value as it was at `as_of`.
    pub(crate) fn stored(&self, key: u32, as_of: i64) -> Option<&str> {
        let slot = self.slot(key)?;
        if slot.now.at <= as_of {
            return slot.now.value.as_deref();
        }
        slot.older.iter().rev().find(|version| version.at <= as_of)?.value.as_deref()
    }

    /// Sets a value; says whether it differs from the one before.
    pub(crate) fn set(&mut self, key: u32, value: Option<String>, source: u32, at: i64) -> bool {
        let value = value.map(String::into_boxed_str);
        match self.slots.binary_search_by_key(&key, |slot| slot.key) {
            Ok(position) => {
                let slot = &mut self.slots[position];
                if slot.now.value == value {
                    return false;
                }
                let before = std::mem::replace(&mut slot.now, Version { at, source, value });
                slot.older.push(before);
                if slot.older.len() >= VERSIONS {
                    slot.older.remove(0);
                }
                true
            }
            Err(position) => {
                if value.is_none() {
                    return false;
                }
                let slot = Slot { key, now: Version { at, source, value }, older: Vec::new() };
                // Exactly, for a vector that doubles would cost more than all the values do.
                self.slots.reserve_exact(1);
                self.slots.insert(position, slot);
                true
            }
        }
    }

    /// When the record had last changed, as seen at `as_of`.
    pub(crate) fn modified_as_of(&self, as_of: i64) -> i64 {
        if self.modified <= as_of {
            return self.modified;
        }
        let versions = self.slots.iter().flat_map(|slot| slot.older.iter().chain(Some(&slot.now)));
        versions.map(|version| version.at).filter(|at| *at <= as_of).max().unwrap_or(self.created)
    }
}
