//! The records of one object, by number.

use std::sync::Arc;

use super::Stored;
use crate::ids;
use crate::org::RowData;

/// Numbers that one part spans.
const SPAN: usize = 256;

/// Records by number, which is the order they were made in. A copy costs one step for each part; a change copies one
/// part at most.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    prefix: String,
    parts: Vec<Arc<Part>>,
    live: usize,
}

#[derive(Debug, Clone, Default)]
struct Part {
    rows: Vec<Option<Arc<Stored>>>,
    live: usize,
}

fn place(number: u64) -> (usize, usize) {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    (number / SPAN, number % SPAN)
}

impl Rows {
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), parts: Vec::new(), live: 0 }
    }

    /// How many are not deleted.
    pub fn live(&self) -> usize {
        self.live
    }

    pub fn at(&self, number: u64) -> Option<&Arc<Stored>> {
        let (part, within) = place(number);
        self.parts.get(part)?.rows.get(within)?.as_ref()
    }

    /// The stored form of the record with this id.
    pub fn stored(&self, id: &str) -> Option<&Arc<Stored>> {
        self.at(ids::number(&self.prefix, id)?)
    }

    /// The record with this id (18 characters).
    pub fn get(&self, id: &str) -> Option<RowData> {
        self.stored(id).map(|row| row.unpacked())
    }

    /// Keeps a record in place of its former state, which it answers.
    pub fn insert(&mut self, number: u64, row: Stored) -> Option<Arc<Stored>> {
        let (part, within) = place(number);
        if part >= self.parts.len() {
            let empty = Arc::new(Part::default());
            self.parts.resize(part + 1, empty);
        }
        let part = Arc::make_mut(self.parts.get_mut(part)?);
        if within >= part.rows.len() {
            part.rows.resize(within + 1, None);
        }
        let live = usize::from(!row.deleted);
        let slot = part.rows.get_mut(within)?;
        let old = slot.replace(Arc::new(row));
        let lived = old.as_ref().map_or(0, |old| usize::from(!old.deleted));
        part.live = part.live + live - lived;
        self.live = self.live + live - lived;
        old
    }

    pub fn remove(&mut self, number: u64) -> Option<Arc<Stored>> {
        let (part, within) = place(number);
        let part = Arc::make_mut(self.parts.get_mut(part)?);
        let old = part.rows.get_mut(within)?.take()?;
        let lived = usize::from(!old.deleted);
        part.live -= lived;
        self.live -= lived;
        Some(old)
    }

    /// All records, deleted ones included, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Stored>> {
        self.parts.iter().flat_map(|part| part.rows.iter().flatten())
    }

    /// The records from this number on, deleted ones included.
    pub fn from(&self, number: u64) -> impl Iterator<Item = &Arc<Stored>> {
        let (part, within) = place(number);
        let parts = self.parts.get(part..).unwrap_or_default();
        parts.iter().enumerate().flat_map(move |(at, part)| {
            let skipped = if at == 0 { within } else { 0 };
            part.rows.get(skipped..).unwrap_or_default().iter().flatten()
        })
    }

    /// The live records after the first `skipped` ones; whole parts are passed over without a look.
    pub fn live_after(&self, skipped: usize) -> impl Iterator<Item = &Arc<Stored>> {
        let mut left = skipped;
        let first = self.parts.iter().position(|part| {
            if part.live > left {
                return true;
            }
            left -= part.live;
            false
        });
        let parts = first.and_then(|first| self.parts.get(first..)).unwrap_or_default();
        parts.iter().flat_map(|part| part.rows.iter().flatten()).filter(|row| !row.deleted).skip(left)
    }
}
