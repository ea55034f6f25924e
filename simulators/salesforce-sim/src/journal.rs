//! Taking writes back: what records were before, from a mark on.

use std::sync::Arc;

use jiff::Timestamp;

use crate::org::{Org, RowData};
use crate::rules::decides_access;
use crate::storage::Stored;

/// The states of records before the writes of open transactions, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    before: Vec<Before>,
    open: u32,
}

#[derive(Debug, Clone)]
struct Before {
    object: String,
    id: String,
    row: Option<Arc<Stored>>,
}

/// Where a transaction began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Org {
    /// Opens a transaction. Transactions nest.
    pub fn begin(&mut self) -> Mark {
        self.journal.open += 1;
        Mark(self.journal.before.len())
    }

    /// Closes the innermost transaction: keeps its writes, or takes them back.
    pub fn end(&mut self, mark: Mark, keep: bool) {
        if !keep {
            let undone = self.journal.before.split_off(mark.0);
            let access = undone.iter().any(|before| decides_access(&before.object));
            for before in undone.into_iter().rev() {
                if let Some(table) = self.table_mut(&before.object) {
                    table.restore(&before.id, before.row);
                }
            }
            if access {
                self.weigh_all_grants();
            }
        }
        self.journal.open = self.journal.open.saturating_sub(1);
        if self.journal.open == 0 {
            self.journal.before.clear();
        }
    }

    /// Keeps a record in place of its former state.
    pub fn put(&mut self, object: &str, row: RowData) {
        let noting = self.journal.open > 0;
        let at = self.tables.get_index_of(object);
        let at = at.or_else(|| self.tables.keys().position(|name| name.eq_ignore_ascii_case(object)));
        let Some((_, table)) = at.and_then(|at| self.tables.get_index_mut(at)) else { return };
        let id = row.id.clone();
        let grant =
            (table.def.name == "FieldPermissions").then(|| row.text("Field").unwrap_or_default().to_owned());
        let stamp = row.modified_at;
        let before = table.put(row);
        self.changes.note(&table.def.name, &id, before.as_ref());
        let access = decides_access(&table.def.name);
        if noting {
            let object = table.def.name.clone();
            self.journal.before.push(Before { object, id, row: before });
        }
        // What a user sees of an object belongs to its description.
        if access && self.rules.access.user.is_some() {
            self.described_at = Timestamp::from_second(stamp).ok().max(self.described_at);
        }
        match grant.as_deref().and_then(|key| key.split_once('.')) {
            Some((object, field)) => self.weigh_grants_of(object, field),
            None if access => self.weigh_all_grants(),
            None => {}
        }
    }

    /// Whether what is written now may still be taken back.
    pub fn in_transaction(&self) -> bool {
        self.journal.open > 0
    }
}
