//! All records of one kind by their ids. Clones share what neither has changed since.

use std::sync::Arc;

use crate::record::Record;

const CHUNK: usize = 256;

type Chunk = Vec<Option<Arc<Record>>>;

/// Records by id. Ids are given out one after another, so a record's place follows from its id.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    first: u64,
    chunks: Vec<Arc<Chunk>>,
    len: usize,
}

impl Table {
    /// A table whose ids begin at `first`.
    pub(crate) fn new(first: u64) -> Self {
        Self { first, chunks: Vec::new(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn place(&self, id: u64) -> Option<(usize, usize)> {
        let at = usize::try_from(id.checked_sub(self.first)?).ok()?;
        Some((at / CHUNK, at % CHUNK))
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        let (chunk, at) = self.place(id)?;
        self.chunks.get(chunk)?.get(at)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        self.get(id)?;
        let (chunk, at) = self.place(id)?;
        Arc::make_mut(self.chunks.get_mut(chunk)?).get_mut(at)?.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.get(id).is_some()
    }

    /// Adds a record; its id is one of this table's.
    pub(crate) fn insert(&mut self, record: Record) {
        let Some((chunk, at)) = self.place(record.id) else { return };
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, Arc::default);
        }
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        if chunk.len() <= at {
            chunk.resize(at + 1, None);
        }
        if chunk[at].replace(Arc::new(record)).is_none() {
            self.len += 1;
        }
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Record> {
        self.get(id)?;
        let (chunk, at) = self.place(id)?;
        let gone = Arc::make_mut(self.chunks.get_mut(chunk)?).get_mut(at)?.take()?;
        self.len -= 1;
        Some(Arc::unwrap_or_clone(gone))
    }

    /// All records in the order of their ids.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().filter_map(Option::as_deref))
    }

    /// The records from an id on, in order.
    pub(crate) fn from(&self, id: u64) -> impl Iterator<Item = &Record> {
        let (chunk, at) = self.place(id).unwrap_or_default();
        let first = self.chunks.get(chunk).and_then(|chunk| chunk.get(at..)).unwrap_or_default();
        let rest = self.chunks.get(chunk + 1..).unwrap_or_default();
        first.iter().chain(rest.iter().flat_map(|chunk| chunk.iter())).filter_map(Option::as_deref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_order_and_a_clone_keeps_what_it_had() {
        let mut table = Table::new(100);
        for id in (100..1000).rev() {
            table.insert(Record::new(id, 0, 0));
        }
        let before = table.clone();
        assert!(table.remove(500).is_some());
        if let Some(record) = table.get_mut(600) {
            record.modified = 7;
        }
        assert_eq!(table.len(), 899);
        assert!(table.values().map(|record| record.id).is_sorted());
        assert_eq!(table.from(499).map(|record| record.id).take(2).collect::<Vec<_>>(), [499, 501]);
        assert_eq!(table.from(1).next().map(|record| record.id), Some(100));
        assert_eq!(table.from(1000).count(), 0);
        assert_eq!(before.len(), 900);
        assert!(before.contains(500));
        assert_eq!(before.get(600).map(|record| record.modified), Some(0));
    }
}
