//! Choices: which of several records that share a key was taken. A choice stands until it is taken back.

use jiff::Timestamp;
use model::{ConnectionId, Side};
use rusqlite::{OptionalExtension, params};

use crate::db::millis;
use crate::{Store, StoreError, Tx};

impl Store {
    /// The record of `side` that was taken for `key`; nothing where none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn choice(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        key: &str,
    ) -> Result<Option<String>, StoreError> {
        self.read(|tx| tx.choice(connection, side, object, key))
    }
}

impl Tx<'_> {
    /// The record of `side` that was taken for `key`; nothing where none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn choice(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        key: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT record FROM choice WHERE connection = ?1 AND side = ?2 AND object = ?3 AND shared_key = ?4",
        )?;
        let key = params![connection.as_str(), side.as_str(), object, key];
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    /// Takes `record` for `key`, unless another was taken before. Answers the one that stands.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn choose(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        key: &str,
        record: &str,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO choice (connection, side, object, shared_key, record, chosen_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (connection, side, object, shared_key) DO NOTHING",
            )?
            .execute(params![connection.as_str(), side.as_str(), object, key, record, millis(now)])?;
        Ok(self.choice(connection, side, object, key)?.unwrap_or_else(|| record.to_owned()))
    }

    /// Takes a choice back, because its record is gone or a person says otherwise.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_choice(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        key: &str,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "DELETE FROM choice WHERE connection = ?1 AND side = ?2 AND object = ?3 AND shared_key = ?4",
            )?
            .execute(params![connection.as_str(), side.as_str(), object, key])?;
        Ok(())
    }
}
