//! Cursors: how far each stream of changes has been read.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::{OptionalExtension, params};

use crate::db::{millis, moment};
use crate::{Store, StoreError};

/// How far a stream has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// The stream: a side and an object, such as `hubspot:contacts`.
    pub stream: String,
    /// When it was last read.
    pub read_at: Timestamp,
}

impl Store {
    /// Every stream with the moment at which it was last read, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn streams(&self, connection: &ConnectionId) -> Result<Vec<StreamRow>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT stream, updated_at FROM cursor WHERE connection = ?1 ORDER BY stream",
            )?;
            let rows = statement.query_map([connection.as_str()], |row| {
                Ok(StreamRow { stream: row.get(0)?, read_at: moment(row.get(1)?) })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The moment up to which `stream` has been read; nothing where it never was.
    ///
    /// # Errors
    /// When the database cannot be read, or the stream's position is no moment.
    pub fn cursor(&self, connection: &ConnectionId, stream: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(position) = self.position(connection, stream)? else { return Ok(None) };
        let millis = position.parse().map_err(|_| StoreError::Corrupt {
            what: "a cursor",
            reason: format!("the position of {stream} is no moment"),
        })?;
        Ok(Some(moment(millis)))
    }

    /// Notes that `stream` has been read up to the moment `position`.
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
        self.set_position(connection, stream, &millis(position).to_string(), now)
    }

    /// Forgets how far `stream` has been read, so that it is read from its beginning.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear_cursor(&self, connection: &ConnectionId, stream: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db
                .prepare_cached("DELETE FROM cursor WHERE connection = ?1 AND stream = ?2")?
                .execute(params![connection.as_str(), stream])?;
            Ok(())
        })
    }

    /// How far `stream` has been read, in its own words; nothing where it never was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn position(&self, connection: &ConnectionId, stream: &str) -> Result<Option<String>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT position FROM cursor WHERE connection = ?1 AND stream = ?2")?;
            Ok(statement.query_row(params![connection.as_str(), stream], |row| row.get(0)).optional()?)
        })
    }

    /// Notes how far `stream` has been read, in its own words (a replay id, a page token).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_position(
        &self,
        connection: &ConnectionId,
        stream: &str,
        position: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db
                .prepare_cached(
                    "INSERT INTO cursor (connection, stream, position, updated_at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (connection, stream) DO UPDATE SET position = excluded.position, \
                     updated_at = excluded.updated_at",
                )?
                .execute(params![connection.as_str(), stream, position, millis(now)])?;
            Ok(())
        })
    }
}
