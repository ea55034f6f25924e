//! Cursors: how far each stream of changes has been read.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::{OptionalExtension, params};

use crate::db::{millis, moment};
use crate::{Store, StoreError};

impl Store {
    /// How far `stream` has been read; nothing where it never was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self, connection: &ConnectionId, stream: &str) -> Result<Option<Timestamp>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT position FROM cursor WHERE connection = ?1 AND stream = ?2")?;
            let position: Option<i64> =
                statement.query_row(params![connection.as_str(), stream], |row| row.get(0)).optional()?;
            Ok(position.map(moment))
        })
    }

    /// Notes that `stream` has been read up to `position`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_cursor(
        &self,
        connection: &ConnectionId,
        stream: &str,
        position: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db
                .prepare_cached(
                    "INSERT INTO cursor (connection, stream, position, updated_at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (connection, stream) DO UPDATE SET position = excluded.position, \
                     updated_at = excluded.updated_at",
                )?
                .execute(params![connection.as_str(), stream, millis(position), millis(now)])?;
            Ok(())
        })
    }
}
