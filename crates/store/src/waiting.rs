//! Who waits for whom: records that refer to another which has no counterpart yet.

use model::{ConnectionId, Side};
use rusqlite::params;

use crate::{Store, StoreError, Tx};

impl Tx<'_> {
    /// Notes for which records of its own side this one waits, in place of what was noted before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_waiting(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
        awaited: &[String],
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "DELETE FROM waiting WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4",
            )?
            .execute(params![connection.as_str(), side.as_str(), object, record])?;
        let mut insert =
            self.db.prepare_cached("INSERT OR IGNORE INTO waiting VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for awaited in awaited {
            insert.execute(params![connection.as_str(), side.as_str(), object, record, awaited])?;
        }
        Ok(())
    }

    /// Those that wait for this record, as objects and ids of its own side.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting_for(
        &self,
        connection: &ConnectionId,
        side: Side,
        awaited: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT object, record FROM waiting WHERE connection = ?1 AND side = ?2 AND awaited = ?3 \
             ORDER BY object, record",
        )?;
        let rows = statement.query_map(params![connection.as_str(), side.as_str(), awaited], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    /// Those that wait for this record, as objects and ids of its own side.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting_for(
        &self,
        connection: &ConnectionId,
        side: Side,
        awaited: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|tx| tx.waiting_for(connection, side, awaited))
    }
}
