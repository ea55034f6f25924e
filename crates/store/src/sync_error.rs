//! Sync errors: records and fields that could not be synced, one row each however often they fail.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Side};
use rusqlite::params;

use crate::db::{count, millis, moment};
use crate::{Store, StoreError, Tx};

/// An error to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncError {
    /// The side the record is on: the one whose value does not arrive.
    pub side: Side,
    /// The record's object.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// The field that stays behind; none where it is the whole record.
    pub field: Option<String>,
    /// The kind of trouble.
    pub category: String,
    /// The platform's code.
    pub code: String,
    /// The platform's words.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An error as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRow {
    /// The latest occurrence.
    pub error: SyncError,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// How often it was met.
    pub tries: u32,
}

/// A category of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSummary {
    /// The kind of trouble.
    pub category: String,
    /// Errors of the kind.
    pub errors: u64,
    /// Records they concern.
    pub records: u64,
    /// The earliest.
    pub first_seen: Timestamp,
    /// The latest.
    pub last_seen: Timestamp,
}

/// Errors of one kind about one field: one line, however many records have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The kind of trouble.
    pub category: String,
    /// The platform's code.
    pub code: String,
    /// The side of the records.
    pub side: Side,
    /// Their object.
    pub object: String,
    /// The field; none where it is the whole record.
    pub field: Option<String>,
    /// Records that have it.
    pub records: u64,
    /// How often it was met, all records together.
    pub tries: u64,
    /// The earliest.
    pub first_seen: Timestamp,
    /// The latest.
    pub last_seen: Timestamp,
    /// A few of the records, those met last first.
    pub examples: Vec<String>,
    /// What the platform said about the first of them.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
}

/// Category, code, side, object, field.
type GroupKey = (String, String, Side, String, Option<String>);

/// Which errors are wanted.
#[derive(Debug, Clone, Default)]
pub struct ErrorFilter {
    /// Only of this category.
    pub category: Option<String>,
    /// Only of this record.
    pub record: Option<String>,
}

impl Store {
    /// The errors that stand, by category, object and record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn errors(
        &self,
        connection: &ConnectionId,
        filter: &ErrorFilter,
    ) -> Result<Vec<ErrorRow>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT side, object, record, field, category, code, message, remedy, last_seen, first_seen, tries \
                 FROM sync_error WHERE connection = ?1 AND resolved_at IS NULL AND (?2 IS NULL OR category = ?2) \
                 AND (?3 IS NULL OR record = ?3) ORDER BY category, side, object, record, field",
            )?;
            let rows = statement.query_map(params![connection.as_str(), filter.category, filter.record], |row| {
                let (side, field): (String, String) = (row.get(0)?, row.get(3)?);
                Ok(ErrorRow {
                    error: SyncError {
                        side: crate::link::side_of(&side),
                        object: row.get(1)?,
                        record: row.get(2)?,
                        field: (!field.is_empty()).then_some(field),
                        category: row.get(4)?,
                        code: row.get(5)?,
                        message: row.get(6)?,
                        remedy: row.get(7)?,
                        at: moment(row.get(8)?),
                    },
                    first_seen: moment(row.get(9)?),
                    tries: row.get(10)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The errors that stand, grouped by kind, object and field; the largest groups first, with at most `examples` records
    /// each.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn error_groups(
        &self,
        connection: &ConnectionId,
        filter: &ErrorFilter,
        examples: usize,
    ) -> Result<Vec<ErrorGroup>, StoreError> {
        let mut groups: BTreeMap<GroupKey, Vec<ErrorRow>> = BTreeMap::new();
        for row in self.errors(connection, filter)? {
            let error = &row.error;
            let key = (
                error.category.clone(),
                error.code.clone(),
                error.side,
                error.object.clone(),
                error.field.clone(),
            );
            groups.entry(key).or_default().push(row);
        }
        let mut found = Vec::new();
        for ((category, code, side, object, field), mut rows) in groups {
            rows.sort_by(|one, other| {
                (other.error.at, &one.error.record).cmp(&(one.error.at, &other.error.record))
            });
            let (Some(latest), Some(first_seen)) =
                (rows.first(), rows.iter().map(|row| row.first_seen).min())
            else {
                continue;
            };
            found.push(ErrorGroup {
                category,
                code,
                side,
                object,
                field,
                records: rows.len() as u64,
                tries: rows.iter().map(|row| u64::from(row.tries)).sum(),
                first_seen,
                last_seen: latest.error.at,
                examples: rows.iter().take(examples).map(|row| row.error.record.clone()).collect(),
                message: latest.error.message.clone(),
                remedy: latest.error.remedy.clone(),
            });
        }
        found.sort_by_key(|group| std::cmp::Reverse(group.records));
        Ok(found)
    }

    /// The errors that stand, counted by category.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn error_summary(&self, connection: &ConnectionId) -> Result<Vec<ErrorSummary>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT category, COUNT(*), COUNT(DISTINCT side || ' ' || object || ' ' || record), MIN(first_seen), \
                 MAX(last_seen) FROM sync_error WHERE connection = ?1 AND resolved_at IS NULL \
                 GROUP BY category ORDER BY 2 DESC, 1",
            )?;
            let rows = statement.query_map([connection.as_str()], |row| {
                Ok(ErrorSummary {
                    category: row.get(0)?,
                    errors: count(row, 1)?,
                    records: count(row, 2)?,
                    first_seen: moment(row.get(3)?),
                    last_seen: moment(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// Keeps an error; one that stands already is counted once more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_error(&self, connection: &ConnectionId, error: &SyncError) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO sync_error (connection, side, object, record, field, category, code, message, remedy, \
                 first_seen, last_seen, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1) \
                 ON CONFLICT (connection, side, object, record, field) DO UPDATE SET category = excluded.category, \
                 code = excluded.code, message = excluded.message, remedy = excluded.remedy, \
                 first_seen = CASE WHEN sync_error.resolved_at IS NULL THEN sync_error.first_seen \
                 ELSE excluded.first_seen END, last_seen = excluded.last_seen, \
                 tries = CASE WHEN sync_error.resolved_at IS NULL THEN sync_error.tries + 1 ELSE 1 END, \
                 resolved_at = NULL",
            )?
            .execute(params![
                connection.as_str(),
                error.side.as_str(),
                error.object,
                error.record,
                error.field.as_deref().unwrap_or_default(),
                error.category,
                error.code,
                error.message,
                error.remedy,
                millis(error.at)
            ])?;
        Ok(())
    }

    /// The record is in step again, except for the fields in `keep` (an empty name stands for the whole record).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn resolve_errors(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
        keep: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = params![connection.as_str(), side.as_str(), object, record];
        let mut statement = self.db.prepare_cached(
            "SELECT field FROM sync_error WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4 \
             AND resolved_at IS NULL",
        )?;
        let standing: Vec<String> = statement.query_map(key, |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut resolve = self.db.prepare_cached(
            "UPDATE sync_error SET resolved_at = ?6 WHERE connection = ?1 AND side = ?2 AND object = ?3 \
             AND record = ?4 AND field = ?5",
        )?;
        for field in standing.iter().filter(|field| !keep.contains(field)) {
            resolve.execute(params![
                connection.as_str(),
                side.as_str(),
                object,
                record,
                field,
                millis(now)
            ])?;
        }
        Ok(())
    }
}
