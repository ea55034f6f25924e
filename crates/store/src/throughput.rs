//! Throughput: how much was done on each side, minute by minute, for a chart.

use jiff::Timestamp;
use model::{ConnectionId, Side};
use rusqlite::params;

use crate::db::{count, millis, moment};
use crate::history::Outcome;
use crate::{Store, StoreError, Tx};

const MINUTE: i64 = 60_000;

/// What was done within a stretch of time on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    /// When the stretch begins.
    pub from: Timestamp,
    /// The side.
    pub side: Side,
    /// Records made there.
    pub created: u64,
    /// Fields written there.
    pub written: u64,
}

impl Store {
    /// What was done since a moment, in stretches of so many minutes, oldest first; stretches in which nothing was done are
    /// left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn throughput(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
        minutes: u32,
    ) -> Result<Vec<Throughput>, StoreError> {
        let width = i64::from(minutes.max(1));
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT minute / ?3, side, SUM(created), SUM(written) FROM throughput \
                 WHERE connection = ?1 AND minute >= ?2 GROUP BY minute / ?3, side ORDER BY 1, 2",
            )?;
            let key = params![connection.as_str(), millis(since).div_euclid(MINUTE), width];
            let rows = statement.query_map(key, |row| {
                Ok(Throughput {
                    from: moment(row.get::<_, i64>(0)? * width * MINUTE),
                    side: crate::link::side_of(&row.get::<_, String>(1)?),
                    created: count(row, 2)?,
                    written: count(row, 3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// Counts a line of history.
    pub(crate) fn count_done(
        &self,
        connection: &ConnectionId,
        side: Side,
        outcome: Outcome,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (created, written) = match outcome {
            Outcome::Created => (1, 0),
            Outcome::Written => (0, 1),
            _ => return Ok(()),
        };
        self.db
            .prepare_cached(
                "INSERT INTO throughput (connection, side, minute, created, written) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (connection, minute, side) DO UPDATE SET created = created + excluded.created, \
                 written = written + excluded.written",
            )?
            .execute(params![
                connection.as_str(),
                side.as_str(),
                millis(at).div_euclid(MINUTE),
                created,
                written
            ])?;
        Ok(())
    }
}
