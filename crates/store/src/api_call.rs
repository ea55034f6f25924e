//! How many calls each minute cost, so that a rolling day can be kept within its allocation.

use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, Side};
use rusqlite::params;

use crate::db::{count, millis, moment};
use crate::{Store, StoreError};

const MINUTE: i64 = 60_000;

fn minute(at: Timestamp) -> i64 {
    millis(at).div_euclid(MINUTE)
}

fn day_before(now: Timestamp) -> i64 {
    now.checked_sub(SignedDuration::from_hours(24)).map_or(i64::MIN, minute)
}

impl Store {
    /// Notes that calls were made now; those of more than a week ago are forgotten.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add_calls(
        &self,
        connection: &ConnectionId,
        side: Side,
        calls: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if calls == 0 {
            return Ok(());
        }
        self.transaction(|tx| {
            tx.db
                .prepare_cached(
                    "INSERT INTO api_call VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (connection, side, minute) DO UPDATE SET calls = calls + excluded.calls",
                )?
                .execute(params![
                    connection.as_str(),
                    side.as_str(),
                    minute(now),
                    i64::try_from(calls).unwrap_or(i64::MAX)
                ])?;
            let week = 7 * 24 * 60;
            tx.db
                .prepare_cached("DELETE FROM api_call WHERE connection = ?1 AND minute < ?2")?
                .execute(params![connection.as_str(), minute(now) - week])?;
            Ok(())
        })
    }

    /// Calls of the last 24 hours.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn calls_of_last_day(
        &self,
        connection: &ConnectionId,
        side: Side,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT COALESCE(SUM(calls), 0) FROM api_call WHERE connection = ?1 AND side = ?2 AND minute >= ?3",
            )?;
            let key = params![connection.as_str(), side.as_str(), day_before(now)];
            Ok(statement.query_row(key, |row| count(row, 0))?)
        })
    }

    /// Calls by the minute they were made in, oldest first, from `since` on: for a chart, and to tell when enough of them
    /// are a day old.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn calls_since(
        &self,
        connection: &ConnectionId,
        side: Side,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT minute, calls FROM api_call WHERE connection = ?1 AND side = ?2 AND minute >= ?3 \
                 ORDER BY minute",
            )?;
            let key = params![connection.as_str(), side.as_str(), minute(since)];
            let rows = statement
                .query_map(key, |row| Ok((moment(row.get::<_, i64>(0)? * MINUTE), count(row, 1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
