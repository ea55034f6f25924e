//! Imports and exports: jobs that take a while.

pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod multipart;
mod row;

use std::collections::BTreeMap;

use export::Export;
use import::Import;

use crate::account::Account;

/// All jobs of the account.
#[derive(Debug, Clone)]
pub(crate) struct Transfers {
    pub(crate) imports: BTreeMap<u64, Import>,
    pub(crate) exports: BTreeMap<u64, Export>,
    next: u64,
}

impl Default for Transfers {
    fn default() -> Self {
        Self { imports: BTreeMap::new(), exports: BTreeMap::new(), next: 44_000_001 }
    }
}

impl Transfers {
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Whether a job is to end by now.
    pub(crate) fn due(&self, now: i64) -> bool {
        self.imports.values().any(|one| one.open() && one.due <= now)
            || self.exports.values().any(|one| one.open() && one.due <= now)
    }
}

impl Account {
    /// Ends the jobs that are due.
    pub(crate) fn run_jobs(&mut self, now: i64) {
        let due = |open: bool, at: i64| open && at <= now;
        let transfers = &self.platform.transfers;
        let imports: Vec<u64> =
            transfers.imports.values().filter(|one| due(one.open(), one.due)).map(|one| one.id).collect();
        let exports: Vec<u64> =
            transfers.exports.values().filter(|one| due(one.open(), one.due)).map(|one| one.id).collect();
        for id in imports {
            self.run_import(id, now);
        }
        for id in exports {
            self.run_export(id, now);
        }
    }
}
