//! The audit: who changed a setting, a user or a token, when, and from what to what. It holds no secrets.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::{Row, params};
use serde_json::Value;

use crate::db::{from_json, millis, moment, to_json};
use crate::{Store, StoreError};

/// A change that a person made.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, as far as is known.
    pub who: String,
    /// What, for example `settings`.
    pub what: String,
    /// What it was before.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

/// A change with its number and the connection it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Its number; later ones are greater.
    pub id: i64,
    /// The connection, where it is about one.
    pub connection: Option<ConnectionId>,
    /// The change.
    pub entry: AuditEntry,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(AuditRow, [Option<String>; 2])> {
    let entry = AuditEntry {
        at: moment(row.get(2)?),
        who: row.get(3)?,
        what: row.get(4)?,
        before: None,
        after: None,
    };
    let connection: Option<String> = row.get(1)?;
    let row_of = AuditRow { id: row.get(0)?, connection: connection.map(ConnectionId::new), entry };
    Ok((row_of, [row.get(5)?, row.get(6)?]))
}

fn finish((mut row, [before, after]): (AuditRow, [Option<String>; 2])) -> Result<AuditRow, StoreError> {
    let value = |text: Option<String>| text.map(|text| from_json("an audit entry", &text)).transpose();
    (row.entry.before, row.entry.after) = (value(before)?, value(after)?);
    Ok(row)
}

impl Store {
    /// Notes a change to a connection.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add_audit(&self, connection: &ConnectionId, entry: &AuditEntry) -> Result<(), StoreError> {
        self.note(Some(connection), entry)
    }

    /// Notes a change, to a connection or to the whole of Tandem.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn note(&self, connection: Option<&ConnectionId>, entry: &AuditEntry) -> Result<(), StoreError> {
        let text =
            |value: &Option<Value>| value.as_ref().map(|value| to_json("an audit entry", value)).transpose();
        let (before, after) = (text(&entry.before)?, text(&entry.after)?);
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO audit (connection, at, who, what, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    connection.map(ConnectionId::as_str),
                    millis(entry.at),
                    entry.who,
                    entry.what,
                    before,
                    after
                ],
            )?;
            Ok(())
        })
    }

    /// The changes to a connection, the latest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT id, connection, at, who, what, before, after FROM audit WHERE connection = ?1 \
                 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![connection.as_str(), limit], read)?;
            rows.map(|row| Ok(finish(row?)?.entry)).collect()
        })
    }

    /// All changes, the latest first; only those before one, where its number is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit_rows(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT id, connection, at, who, what, before, after FROM audit WHERE id < ?1 \
                 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![before.unwrap_or(i64::MAX), limit], read)?;
            rows.map(|row| finish(row?)).collect()
        })
    }
}
