//! Records in the order of their last change, so that "changed since" costs what it returns. Clones share what
//! neither has changed since.

use std::sync::Arc;

/// `(milliseconds, record id)` in order, in chunks, so that counting a range does not walk it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModifiedIndex {
    chunks: Vec<Arc<Vec<(i64, u64)>>>,
}

const CHUNK: usize = 1024;

impl ModifiedIndex {
    fn chunk_of(&self, key: (i64, u64)) -> usize {
        self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < key))
    }

    pub(crate) fn insert(&mut self, key: (i64, u64)) {
        let mut at = self.chunk_of(key);
        if at == self.chunks.len() {
            // Most changes are the newest: fill the last chunk, then begin another.
            if self.chunks.last().is_none_or(|last| last.len() >= CHUNK) {
                self.chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
            }
            at = self.chunks.len() - 1;
        }
        let chunk = Arc::make_mut(&mut self.chunks[at]);
        if let Err(position) = chunk.binary_search(&key) {
            chunk.insert(position, key);
            if chunk.len() > CHUNK {
                let rest = chunk.split_off(CHUNK / 2);
                self.chunks.insert(at + 1, Arc::new(rest));
            }
        }
    }

    pub(crate) fn remove(&mut self, key: (i64, u64)) {
        let at = self.chunk_of(key);
        let Some(chunk) = self.chunks.get_mut(at).map(Arc::make_mut) else { return };
        if let Ok(position) = chunk.binary_search(&key) {
            chunk.remove(position);
            if chunk.is_empty() {
                self.chunks.remove(at);
            }
        }
    }

    /// How many entries are at or after `key`.
    pub(crate) fn count_from(&self, key: (i64, u64)) -> usize {
        let at = self.chunk_of(key);
        let Some(chunk) = self.chunks.get(at) else { return 0 };
        let here = chunk.len() - chunk.partition_point(|entry| *entry < key);
        here + self.chunks[at + 1..].iter().map(|chunk| chunk.len()).sum::<usize>()
    }

    /// The entries from `from` up to and without `to`, in order.
    pub(crate) fn range(&self, from: (i64, u64), to: (i64, u64)) -> impl Iterator<Item = (i64, u64)> {
        let at = self.chunk_of(from);
        self.chunks
            .get(at..)
            .unwrap_or_default()
            .iter()
            .flat_map(|chunk| chunk.iter())
            .copied()
            .skip_while(move |entry| *entry < from)
            .take_while(move |entry| *entry < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_counts_hold_through_inserts_and_removals() {
        let mut index = ModifiedIndex::default();
        for n in 0..5000_i64 {
            index.insert(((n * 7919) % 5000, n as u64));
        }
        for n in (0..5000_i64).step_by(3) {
            index.remove(((n * 7919) % 5000, n as u64));
        }
        let all: Vec<_> = index.range((i64::MIN, 0), (i64::MAX, 0)).collect();
        assert!(all.is_sorted());
        assert_eq!(all.len(), 3333);
        assert_eq!(index.count_from((2500, 0)), all.iter().filter(|(at, _)| *at >= 2500).count());
    }
}
