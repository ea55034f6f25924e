//! The audit: who changed the settings, when, and from what to what.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::params;
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

impl Store {
    /// Notes a change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add_audit(&self, connection: &ConnectionId, entry: &AuditEntry) -> Result<(), StoreError> {
        let text =
            |value: &Option<Value>| value.as_ref().map(|value| to_json("an audit entry", value)).transpose();
        let (before, after) = (text(&entry.before)?, text(&entry.after)?);
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO audit (connection, at, who, what, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![connection.as_str(), millis(entry.at), entry.who, entry.what, before, after],
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
                "SELECT at, who, what, before, after FROM audit WHERE connection = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![connection.as_str(), limit], |row| {
                let entry = AuditEntry {
                    at: moment(row.get(0)?),
                    who: row.get(1)?,
                    what: row.get(2)?,
                    before: None,
                    after: None,
                };
                let texts: (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
                Ok((entry, texts))
            })?;
            let mut entries = Vec::new();
            for row in rows {
                let (entry, (before, after)) = row?;
                let read =
                    |text: Option<String>| text.map(|text| from_json("an audit entry", &text)).transpose();
                entries.push(AuditEntry { before: read(before)?, after: read(after)?, ..entry });
            }
            Ok(entries)
        })
    }
}
