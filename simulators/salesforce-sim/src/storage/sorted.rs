//! Values in order, in short runs that copies share.

use std::ops::Range;
use std::sync::Arc;

/// The most values of a run.
const RUN: usize = 512;

/// A sorted list without doubles. A copy costs one step for each run; a change copies one run at most.
#[derive(Debug, Clone)]
pub(crate) struct Sorted<T> {
    runs: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { runs: Vec::new() }
    }
}

impl<T: Ord + Copy> Sorted<T> {
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The run that holds `value`, or would.
    fn run_of(&self, value: &T) -> usize {
        self.runs.partition_point(|run| run.last().is_some_and(|last| last < value))
    }

    pub fn insert(&mut self, value: T) {
        let at = self.run_of(&value);
        if at == self.runs.len() {
            // The usual case: greater than all. A full last run stays as it is.
            match self.runs.last_mut().filter(|run| run.len() < RUN) {
                Some(run) => Arc::make_mut(run).push(value),
                None => self.runs.push(Arc::new(vec![value])),
            }
            return;
        }
        let Some(run) = self.runs.get_mut(at) else { return };
        let Err(place) = run.binary_search(&value) else { return };
        let run = Arc::make_mut(run);
        run.insert(place, value);
        if run.len() > RUN {
            let rest = run.split_off(RUN / 2);
            self.runs.insert(at + 1, Arc::new(rest));
        }
    }

    pub fn remove(&mut self, value: &T) {
        let at = self.run_of(value);
        let Some(run) = self.runs.get_mut(at) else { return };
        let Ok(place) = run.binary_search(value) else { return };
        let run = Arc::make_mut(run);
        run.remove(place);
        if run.is_empty() {
            self.runs.remove(at);
        }
    }

    /// The values from the first bound on and before the second, from both ends.
    pub fn range(&self, bounds: Range<T>) -> impl DoubleEndedIterator<Item = T> {
        let first = self.run_of(&bounds.start);
        let last = (self.run_of(&bounds.end) + 1).min(self.runs.len());
        let runs = self.runs.get(first..last.max(first)).unwrap_or_default();
        runs.iter().flat_map(move |run| {
            let from = run.partition_point(|value| *value < bounds.start);
            let to = run.partition_point(|value| *value < bounds.end);
            run.get(from..to.max(from)).unwrap_or_default().iter().copied()
        })
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> {
        self.runs.iter().flat_map(|run| run.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_holds_what_a_tree_would_hold() {
        let (mut sorted, mut tree) = (Sorted::default(), BTreeSet::new());
        let mut value = 7_u64;
        for step in 0..20_000_u64 {
            value = (value * 1_103_515_245 + 12_345) % 9_973;
            if step % 3 == 0 {
                sorted.remove(&value);
                tree.remove(&value);
            } else {
                sorted.insert(value);
                tree.insert(value);
            }
        }
        assert!(sorted.iter().eq(tree.iter().copied()));
        assert!(sorted.range(100..5_000).eq(tree.range(100..5_000).copied()));
        assert!(sorted.range(100..5_000).rev().eq(tree.range(100..5_000).rev().copied()));
        assert!(sorted.range(20_000..30_000).next().is_none());
    }

    #[test]
    fn a_copy_keeps_what_it_had() {
        let mut sorted = Sorted::default();
        (0..2_000_u64).for_each(|value| sorted.insert(value));
        let copy = sorted.clone();
        sorted.remove(&3);
        sorted.insert(2_000);
        assert_eq!(copy.iter().count(), 2_000);
        assert_eq!(copy.range(3..4).next(), Some(3));
    }
}
