//! Who holds a value that only one record may have. Clones share what neither has changed since.

use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Enough of a digest for two texts never to be taken for one another.
type Print = [u64; 2];

const SHARDS: usize = 4096;

/// Holders by value, without regard to case. The texts themselves are the records' and are not kept again here.
#[derive(Debug, Clone)]
pub(crate) struct Unique(Vec<Arc<Vec<(Print, u64)>>>);

impl Default for Unique {
    fn default() -> Self {
        Self(vec![Arc::default(); SHARDS])
    }
}

fn print(value: &str) -> Print {
    let digest = Sha256::digest(value.to_lowercase().as_bytes());
    let word = |at: usize| digest.iter().skip(at).take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
    [word(0), word(8)]
}

fn shard(print: Print) -> usize {
    usize::try_from(print[0]).unwrap_or_default() % SHARDS
}

impl Unique {
    pub(crate) fn get(&self, value: &str) -> Option<u64> {
        let print = print(value);
        let shard = &self.0[shard(print)];
        shard.binary_search_by_key(&print, |(one, _)| *one).ok().map(|at| shard[at].1)
    }

    pub(crate) fn insert(&mut self, value: &str, id: u64) {
        let print = print(value);
        let shard = Arc::make_mut(&mut self.0[shard(print)]);
        match shard.binary_search_by_key(&print, |(one, _)| *one) {
            Ok(at) => shard[at].1 = id,
            Err(at) => shard.insert(at, (print, id)),
        }
    }

    /// Frees a value if this record holds it.
    pub(crate) fn release(&mut self, value: &str, id: u64) {
        if self.get(value) != Some(id) {
            return;
        }
        let print = print(value);
        let shard = Arc::make_mut(&mut self.0[shard(print)]);
        if let Ok(at) = shard.binary_search_by_key(&print, |(one, _)| *one) {
            shard.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_holder_frees_a_value() {
        let mut unique = Unique::default();
        unique.insert("A@b.example", 1);
        let before = unique.clone();
        unique.release("a@b.example", 2);
        assert_eq!(unique.get("a@B.example"), Some(1));
        unique.release("a@b.example", 1);
        assert_eq!(unique.get("a@b.example"), None);
        assert_eq!(before.get("a@b.example"), Some(1));
    }
}
