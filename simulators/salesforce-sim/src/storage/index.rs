//! Which records hold a value.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
use std::sync::Arc;

use super::Sorted;

/// Parts of an index that copies share one by one.
const SHARDS: usize = 1_024;

/// The numbers of records, by a hash of what they hold. Two values may share a hash: who looks must look at the record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// None before the first record.
    shards: Vec<Arc<Shard>>,
}

type Shard = HashMap<u64, Holders, BuildHasherDefault<DefaultHasher>>;

#[derive(Debug, Clone)]
enum Holders {
    One(u32),
    Many(Box<Sorted<u32>>),
}

/// The hash of a text without regard to case; the same in every run.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    match text.is_ascii() {
        true => text.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase())),
        false => text.to_lowercase().bytes().for_each(|byte| hasher.write_u8(byte)),
    }
    hasher.finish()
}

fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or(0) % SHARDS
}

impl Index {
    pub fn insert(&mut self, hash: u64, number: u32) {
        if self.shards.is_empty() {
            self.shards.resize(SHARDS, Arc::default());
        }
        let Some(shard) = self.shards.get_mut(shard_of(hash)) else { return };
        let shard = Arc::make_mut(shard);
        match shard.get_mut(&hash) {
            None => drop(shard.insert(hash, Holders::One(number))),
            Some(Holders::Many(numbers)) => numbers.insert(number),
            Some(holders @ Holders::One(_)) => {
                let mut numbers = Sorted::default();
                if let Holders::One(other) = holders {
                    numbers.insert(*other);
                }
                numbers.insert(number);
                *holders = Holders::Many(Box::new(numbers));
            }
        }
    }

    pub fn remove(&mut self, hash: u64, number: u32) {
        let Some(shard) = self.shards.get_mut(shard_of(hash)) else { return };
        let shard = Arc::make_mut(shard);
        let gone = match shard.get_mut(&hash) {
            None => false,
            Some(Holders::One(own)) => *own == number,
            Some(Holders::Many(numbers)) => {
                numbers.remove(&number);
                numbers.is_empty()
            }
        };
        if gone {
            shard.remove(&hash);
        }
    }

    /// The records that may hold `text` in whatever case, in the order they were made in.
    pub fn get(&self, text: &str) -> impl Iterator<Item = u32> + use<'_> {
        let hash = hash(text);
        let found = self.shards.get(shard_of(hash)).and_then(|shard| shard.get(&hash));
        let (one, many) = match found {
            None => (None, None),
            Some(Holders::One(number)) => (Some(*number), None),
            Some(Holders::Many(numbers)) => (None, Some(numbers.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_all_holders_in_any_case_and_forgets_them() {
        let mut index = Index::default();
        for number in [5, 3, 9] {
            index.insert(hash("Mira@Example.org"), number);
        }
        index.insert(hash("other@example.org"), 4);
        let copy = index.clone();
        index.remove(hash("mira@example.org"), 3);
        index.remove(hash("other@example.org"), 4);
        assert_eq!(index.get("MIRA@example.org").collect::<Vec<_>>(), [5, 9]);
        assert_eq!(index.get("other@example.org").count(), 0);
        assert_eq!(copy.get("mira@example.org").collect::<Vec<_>>(), [3, 5, 9]);
    }
}
