//! Which records a transaction has touched. Noting costs a map entry; everything else waits for the end.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::storage::Stored;

/// A record's state as tables keep it.
pub(crate) type Kept = Arc<Stored>;

/// A record that was touched, and what it was before the transaction; nothing when it was not there.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    pub object: String,
    pub before: Option<Kept>,
}

/// The records touched since the last transaction was published, by id, in the order of their first touch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    touched: IndexMap<String, Touched>,
    quiet: bool,
}

impl Changes {
    /// Remembers what a record was before its first change. What is taken back later shows no difference in the end.
    pub fn note(&mut self, object: &str, id: &str, before: Option<&Kept>) {
        if !self.quiet && !self.touched.contains_key(id) {
            let touched = Touched { object: object.to_owned(), before: before.cloned() };
            self.touched.insert(id.to_owned(), touched);
        }
    }

    /// Whether changes are passed over, as while a data set is loaded.
    pub fn set_quiet(&mut self, quiet: bool) -> bool {
        std::mem::replace(&mut self.quiet, quiet)
    }

    pub fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// What was touched; from here on a new transaction begins.
    pub fn take(&mut self) -> IndexMap<String, Touched> {
        std::mem::take(&mut self.touched)
    }
}
