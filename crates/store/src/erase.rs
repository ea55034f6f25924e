//! Erasing what is kept of a person: values stay nowhere; that something was done, when and why does.

use jiff::Timestamp;
use model::{Side, Sides, Values};
use rusqlite::params;

use crate::{Link, StoreError, Tx};

impl Tx<'_> {
    /// Takes everything a link's two records ever held out of the database: shadows, the values of history, the words of
    /// errors, writes under way, and the keys they were chosen by.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn erase(&self, link: &Link, now: Timestamp) -> Result<(), StoreError> {
        self.update_shadows(link.id, &Sides::<Values>::default(), now)?;
        self.db
            .prepare_cached("UPDATE history SET before = NULL, after = NULL WHERE link = ?1")?
            .execute(params![link.id.0])?;
        self.db.prepare_cached("DELETE FROM intent WHERE link = ?1")?.execute(params![link.id.0])?;
        for side in [Side::HubSpot, Side::Salesforce] {
            let (object, record) = (link.object(side), link.record(side));
            self.erase_history(&link.connection, side, record)?;
            for table in [
                "DELETE FROM sync_error WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4",
                "DELETE FROM choice WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4",
            ] {
                self.db.prepare_cached(table)?.execute(params![
                    link.connection.as_str(),
                    side.as_str(),
                    object,
                    record
                ])?;
            }
            self.db
                .prepare_cached(
                    "DELETE FROM intent WHERE connection = ?1 AND target <> ?2 AND source_object = ?3 \
                     AND source_record = ?4",
                )?
                .execute(params![link.connection.as_str(), side.as_str(), object, record])?;
        }
        Ok(())
    }
}
