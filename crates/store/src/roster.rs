//! Rosters: who was on a list the last time it was gone through.

use std::collections::BTreeSet;

use model::ConnectionId;
use rusqlite::params;

use crate::{Store, StoreError, Tx};

impl Store {
    /// Who was on the list `name`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn roster(&self, connection: &ConnectionId, name: &str) -> Result<BTreeSet<String>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT record FROM roster WHERE connection = ?1 AND name = ?2")?;
            let rows = statement.query_map(params![connection.as_str(), name], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// Notes who came to the list `name` and who left it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn change_roster<'a>(
        &self,
        connection: &ConnectionId,
        name: &str,
        came: impl IntoIterator<Item = &'a String>,
        left: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), StoreError> {
        let mut insert = self.db.prepare_cached("INSERT OR IGNORE INTO roster VALUES (?1, ?2, ?3)")?;
        for record in came {
            insert.execute(params![connection.as_str(), name, record])?;
        }
        let mut delete = self
            .db
            .prepare_cached("DELETE FROM roster WHERE connection = ?1 AND name = ?2 AND record = ?3")?;
        for record in left {
            delete.execute(params![connection.as_str(), name, record])?;
        }
        Ok(())
    }
}
