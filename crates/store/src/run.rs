//! Runs: what each start of the engine did.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::params;
use serde_json::Value;

use crate::db::{from_json, millis, moment, to_json};
use crate::{Store, StoreError};

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Its name.
    pub id: String,
    /// `once` or `serve`.
    pub kind: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none where it still runs or was killed.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<String>,
    /// What it did.
    pub figures: Option<Value>,
}

impl Store {
    /// Notes that a run begins.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn begin_run(
        &self,
        connection: &ConnectionId,
        id: &str,
        kind: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO run (id, connection, kind, started_at) VALUES (?1, ?2, ?3, ?4)",
                params![id, connection.as_str(), kind, millis(now)],
            )?;
            Ok(())
        })
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish_run(
        &self,
        id: &str,
        outcome: &str,
        figures: &Value,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let figures = to_json("the figures of a run", figures)?;
        self.transaction(|tx| {
            tx.db.execute(
                "UPDATE run SET finished_at = ?2, outcome = ?3, figures = ?4 WHERE id = ?1",
                params![id, millis(now), outcome, figures],
            )?;
            Ok(())
        })
    }

    /// The latest runs, latest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn runs(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT id, kind, started_at, finished_at, outcome, figures FROM run WHERE connection = ?1 \
                 ORDER BY started_at DESC, id LIMIT ?2",
            )?;
            let rows = statement.query_map(params![connection.as_str(), limit], |row| {
                let figures: Option<String> = row.get(5)?;
                let run = RunRow {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    started_at: moment(row.get(2)?),
                    finished_at: row.get::<_, Option<i64>>(3)?.map(moment),
                    outcome: row.get(4)?,
                    figures: None,
                };
                Ok((run, figures))
            })?;
            let mut runs = Vec::new();
            for row in rows {
                let (mut run, figures) = row?;
                run.figures = figures.map(|text| from_json("the figures of a run", &text)).transpose()?;
                runs.push(run);
            }
            Ok(runs)
        })
    }
}
