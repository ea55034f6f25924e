//! Sync errors: records and fields that could not be synced, one row each however often they fail.

use jiff::Timestamp;
use model::{ConnectionId, Side};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, Row, params, params_from_iter};

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

/// Which errors are wanted.
#[derive(Debug, Clone, Default)]
pub struct ErrorFilter {
    /// Only of this category.
    pub category: Option<String>,
    /// Only of this record.
    pub record: Option<String>,
    /// Only with this code of the platform.
    pub code: Option<String>,
    /// Only of records of this side.
    pub side: Option<Side>,
    /// Only of records of this object.
    pub object: Option<String>,
    /// Only about this field; an empty name stands for the whole record.
    pub field: Option<String>,
}

impl ErrorFilter {
    /// The errors of one group.
    #[must_use]
    pub fn of(group: &ErrorGroup) -> Self {
        Self {
            category: Some(group.category.clone()),
            record: None,
            code: Some(group.code.clone()),
            side: Some(group.side),
            object: Some(group.object.clone()),
            field: Some(group.field.clone().unwrap_or_default()),
        }
    }

    /// The condition in SQL, with its parameters. Only what is asked for is said, so that an index can serve it.
    fn asked(&self, connection: &ConnectionId, after: Option<&ErrorPlace>) -> (String, Vec<Sql>) {
        let mut wanted = "connection = ?1 AND resolved_at IS NULL".to_owned();
        let mut parameters = vec![Sql::from(connection.as_str().to_owned())];
        let text = |text: &Option<String>| text.clone().map(Sql::from);
        let asked = [
            ("category", text(&self.category)),
            ("record", text(&self.record)),
            ("code", text(&self.code)),
            ("side", self.side.map(|side| Sql::from(side.as_str().to_owned()))),
            ("object", text(&self.object)),
            ("field", text(&self.field)),
        ];
        for (column, value) in asked {
            let Some(value) = value else { continue };
            parameters.push(value);
            wanted += &format!(" AND {column} = ?{}", parameters.len());
        }
        if let Some(place) = after {
            let start = parameters.len();
            parameters.extend([
                Sql::from(place.side.as_str().to_owned()),
                Sql::from(place.object.clone()),
                Sql::from(place.record.clone()),
                Sql::from(place.field.clone()),
            ]);
            wanted += &format!(
                " AND (side, object, record, field) > (?{}, ?{}, ?{}, ?{})",
                start + 1,
                start + 2,
                start + 3,
                start + 4
            );
        }
        (wanted, parameters)
    }
}

/// An error's place in the order of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPlace {
    /// The record's side.
    pub side: Side,
    /// Its object.
    pub object: String,
    /// Its id.
    pub record: String,
    /// The field; empty where it is the whole record.
    pub field: String,
}

impl ErrorPlace {
    /// The place of this error.
    #[must_use]
    pub fn of(row: &ErrorRow) -> Self {
        let error = &row.error;
        Self {
            side: error.side,
            object: error.object.clone(),
            record: error.record.clone(),
            field: error.field.clone().unwrap_or_default(),
        }
    }
}

const COLUMNS: &str =
    "side, object, record, field, category, code, message, remedy, last_seen, first_seen, tries";

fn read(row: &Row<'_>) -> rusqlite::Result<ErrorRow> {
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
            let (wanted, parameters) = filter.asked(connection, None);
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM sync_error WHERE {wanted} ORDER BY category, side, object, record, field"
            ))?;
            let rows = statement.query_map(params_from_iter(parameters), read)?;
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
        self.read(|tx| {
            let (wanted, parameters) = filter.asked(connection, None);
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT category, code, side, object, field, COUNT(*), SUM(tries), MIN(first_seen), MAX(last_seen) \
                 FROM sync_error WHERE {wanted} GROUP BY category, code, side, object, field \
                 ORDER BY 6 DESC, category, code, side, object, field"
            ))?;
            let rows = statement.query_map(params_from_iter(parameters), |row| {
                let (side, field): (String, String) = (row.get(2)?, row.get(4)?);
                Ok(ErrorGroup {
                    category: row.get(0)?,
                    code: row.get(1)?,
                    side: crate::link::side_of(&side),
                    object: row.get(3)?,
                    field: (!field.is_empty()).then_some(field),
                    records: count(row, 5)?,
                    tries: count(row, 6)?,
                    first_seen: moment(row.get(7)?),
                    last_seen: moment(row.get(8)?),
                    examples: Vec::new(),
                    message: String::new(),
                    remedy: String::new(),
                })
            })?;
            let mut groups: Vec<ErrorGroup> = rows.collect::<Result<_, _>>()?;
            for group in &mut groups {
                tx.exemplify(connection, filter, group, examples)?;
            }
            Ok(groups)
        })
    }

    /// One page of the errors that stand, by side, object, record and field, from the one after `after` on.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn errors_after(
        &self,
        connection: &ConnectionId,
        filter: &ErrorFilter,
        after: Option<&ErrorPlace>,
        limit: u32,
    ) -> Result<Vec<ErrorRow>, StoreError> {
        self.read(|tx| {
            let (wanted, mut parameters) = filter.asked(connection, after);
            parameters.push(Sql::from(i64::from(limit)));
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM sync_error WHERE {wanted} ORDER BY side, object, record, field LIMIT ?{}",
                parameters.len()
            ))?;
            let rows = statement.query_map(params_from_iter(parameters), read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
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
    /// Names the records of a group that were met last, and what was said of the first of them.
    fn exemplify(
        &self,
        connection: &ConnectionId,
        filter: &ErrorFilter,
        group: &mut ErrorGroup,
        examples: usize,
    ) -> Result<(), StoreError> {
        let of_group = ErrorFilter { record: filter.record.clone(), ..ErrorFilter::of(group) };
        let (wanted, mut parameters) = of_group.asked(connection, None);
        parameters.push(Sql::from(i64::try_from(examples.max(1)).unwrap_or(i64::MAX)));
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT record FROM sync_error WHERE {wanted} ORDER BY last_seen DESC, record LIMIT ?{}",
            parameters.len()
        ))?;
        let rows = statement.query_map(params_from_iter(parameters), |row| row.get(0))?;
        let records: Vec<String> = rows.collect::<Result<_, _>>()?;
        if let Some(first) = records.first() {
            let mut statement = self.db.prepare_cached(
                "SELECT message, remedy FROM sync_error WHERE connection = ?1 AND side = ?2 AND object = ?3 \
                 AND record = ?4 AND field = ?5",
            )?;
            let key = params![
                connection.as_str(),
                group.side.as_str(),
                group.object,
                first,
                group.field.as_deref().unwrap_or_default()
            ];
            let said = statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            (group.message, group.remedy) = said.unwrap_or_default();
        }
        group.examples = records.into_iter().take(examples).collect();
        Ok(())
    }

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
