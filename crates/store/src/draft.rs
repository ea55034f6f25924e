//! Drafts: set-ups that are not finished yet, with everything that was answered so far.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use crate::db::{from_json, millis, moment, to_json};
use crate::{Store, StoreError};

/// A set-up that is not finished yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// What was answered so far.
    pub answers: Value,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When something was answered last.
    pub changed_at: Timestamp,
}

type Columns = (String, String, i64, i64);

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn finish((id, answers, created, changed): Columns) -> Result<Draft, StoreError> {
    let answers = from_json("a set-up", &answers)?;
    Ok(Draft { id, answers, created_at: moment(created), changed_at: moment(changed) })
}

const COLUMNS: &str = "id, answers, created_at, changed_at";

impl Store {
    /// All set-ups that are not finished, the one answered last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        self.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM draft ORDER BY changed_at DESC, id");
            let mut statement = tx.db.prepare_cached(&sql)?;
            let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
            rows.into_iter().map(finish).collect()
        })
    }

    /// One set-up; nothing where it was never begun, or is finished.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn draft(&self, id: &str) -> Result<Option<Draft>, StoreError> {
        self.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM draft WHERE id = ?1");
            tx.db.prepare_cached(&sql)?.query_row([id], read).optional()?.map(finish).transpose()
        })
    }

    /// Keeps what was answered, in place of what was there; begins the set-up where there is none of this id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_draft(&self, id: &str, answers: &Value, now: Timestamp) -> Result<(), StoreError> {
        let answers = to_json("a set-up", answers)?;
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO draft (id, answers, created_at, changed_at) VALUES (?1, ?2, ?3, ?3) \
                 ON CONFLICT (id) DO UPDATE SET answers = excluded.answers, changed_at = excluded.changed_at",
                params![id, answers, millis(now)],
            )?;
            Ok(())
        })
    }

    /// Forgets a set-up and its secrets.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn delete_draft(&self, id: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.forget_secrets(id)?;
            tx.db.execute("DELETE FROM draft WHERE id = ?1", [id])?;
            Ok(())
        })
    }
}
