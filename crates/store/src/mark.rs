//! Marks: "this record may have changed", with a generation, so that a mark set while its record is worked on is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Side, Sides};
use rusqlite::{OptionalExtension, Row, params};

use crate::db::{count, millis, moment};
use crate::{Store, StoreError, Tx};

/// What led to a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A poll saw it change.
    Poll,
    /// A webhook or change event named it.
    Hint,
    /// Another record that it waits for was linked.
    Link,
    /// A person asked for it.
    Person,
    /// A person imports it: it is made on the other side although nothing is made there by itself.
    Import,
}

impl Cause {
    /// The name in the database and in the history.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Hint => "hint",
            Self::Link => "link",
            Self::Person => "person",
            Self::Import => "import",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "hint" => Self::Hint,
            "link" => Self::Link,
            "person" => Self::Person,
            "import" => Self::Import,
            _ => Self::Poll,
        }
    }
}

/// A mark on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its connection.
    pub connection: ConnectionId,
    /// The side the record is on.
    pub side: Side,
    /// The record's object.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// Another, greater one each time any mark is set: none is ever given out twice.
    pub generation: i64,
    /// What led to it.
    pub cause: Cause,
    /// Since when.
    pub first_marked_at: Timestamp,
    /// When it may be worked on.
    pub not_before: Timestamp,
    /// How often its record has failed.
    pub tries: u32,
}

/// How many marks there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkCounts {
    /// To be worked on now.
    pub due: u64,
    /// Waiting after a failure.
    pub waiting: u64,
}

const COLUMNS: &str =
    "connection, side, object, record, generation, cause, first_marked_at, not_before, tries";

fn read(row: &Row<'_>) -> rusqlite::Result<Mark> {
    let side: String = row.get(1)?;
    let cause: String = row.get(5)?;
    Ok(Mark {
        connection: ConnectionId::new(row.get::<_, String>(0)?),
        side: crate::link::side_of(&side),
        object: row.get(2)?,
        record: row.get(3)?,
        generation: row.get(4)?,
        cause: Cause::parse(&cause),
        first_marked_at: moment(row.get(6)?),
        not_before: moment(row.get(7)?),
        tries: row.get(8)?,
    })
}

impl Store {
    /// Marks records in one transaction. A record marked already gets a new generation; one that waits is due at once,
    /// one that is due keeps its place.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn mark_many(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        records: &[String],
        cause: Cause,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        self.transaction(|tx| {
            records.iter().try_for_each(|record| tx.mark(connection, side, object, record, cause, now))
        })
    }

    /// Marks records that were met again without being known to have changed since they failed: as
    /// [`Store::mark_many`], except that a mark which waits after a failure goes on waiting.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remark_many(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        records: &[String],
        cause: Cause,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        self.transaction(|tx| {
            records.iter().try_for_each(|record| tx.remark(connection, side, object, record, cause, now))
        })
    }

    /// Marks of one object that are due: those that have been due longest first, then by record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due_marks(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Mark>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM mark WHERE connection = ?1 AND side = ?2 AND object = ?3 AND not_before <= ?4 \
                 ORDER BY not_before, record LIMIT ?5"
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(params![connection.as_str(), side.as_str(), object, millis(now), limit], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The marks on these records, due or waiting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn marks_of(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        records: &[String],
    ) -> Result<Vec<Mark>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM mark WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4"
            ))?;
            let mut marks = Vec::new();
            for record in records {
                let parameters = params![connection.as_str(), side.as_str(), object, record];
                marks.extend(statement.query_row(parameters, read).optional()?);
            }
            Ok(marks)
        })
    }

    /// When the next mark is due, or was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_due(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT MIN(not_before) FROM mark WHERE connection = ?1")?;
            let next: Option<i64> = statement.query_row([connection.as_str()], |row| row.get(0))?;
            Ok(next.map(moment))
        })
    }

    /// Since when the mark of each side is due that has been due longest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn oldest_due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
    ) -> Result<Sides<Option<Timestamp>>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT MIN(not_before) FROM mark WHERE connection = ?1 AND side = ?2 AND not_before <= ?3",
            )?;
            let mut oldest = |side: Side| -> Result<Option<Timestamp>, StoreError> {
                let key = params![connection.as_str(), side.as_str(), millis(now)];
                Ok(statement.query_row(key, |row| row.get::<_, Option<i64>>(0))?.map(moment))
            };
            Ok(Sides { hubspot: oldest(Side::HubSpot)?, salesforce: oldest(Side::Salesforce)? })
        })
    }

    /// When a record is looked at again: when the mark on it, or on the record it is linked to, is due. Nothing where
    /// neither is marked: it waits for an edit.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_try(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT not_before FROM mark WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4",
            )?;
            let mut due = |side: Side, object: &str, record: &str| {
                let key = params![connection.as_str(), side.as_str(), object, record];
                statement.query_row(key, |row| row.get::<_, i64>(0)).optional()
            };
            let own = due(side, object, record)?;
            let across = match tx.link_of(connection, side, object, record)? {
                Some(link) => due(side.other(), link.object(side.other()), link.record(side.other()))?,
                None => None,
            };
            Ok(own.into_iter().chain(across).min().map(moment))
        })
    }

    /// How many marks there are on each object of each side.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn mark_counts(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
    ) -> Result<BTreeMap<(Side, String), MarkCounts>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT side, object, SUM(CASE WHEN not_before <= ?2 THEN 1 ELSE 0 END), COUNT(*) FROM mark \
                 WHERE connection = ?1 GROUP BY side, object",
            )?;
            let rows = statement.query_map(params![connection.as_str(), millis(now)], |row| {
                let side: String = row.get(0)?;
                let (due, all): (u64, u64) = (count(row, 2)?, count(row, 3)?);
                Ok(((crate::link::side_of(&side), row.get(1)?), MarkCounts { due, waiting: all - due }))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// Marks a record; see [`Store::mark_many`]. One that is being imported stays so until it is worked on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn mark(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
        cause: Cause,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sooner = "CASE WHEN mark.not_before < excluded.not_before THEN mark.not_before ELSE excluded.not_before END";
        self.put_mark(
            connection,
            side,
            object,
            record,
            cause,
            now,
            &format!("not_before = {sooner}, tries = 0"),
        )
    }

    /// Marks a record, but lets a mark that waits go on waiting; see [`Store::remark_many`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remark(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
        cause: Cause,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_mark(connection, side, object, record, cause, now, "not_before = mark.not_before")
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a mark")]
    fn put_mark(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        record: &str,
        cause: Cause,
        now: Timestamp,
        wait: &str,
    ) -> Result<(), StoreError> {
        let generation = self.next_number("mark")?;
        self.db
            .prepare_cached(&format!(
                "INSERT INTO mark (connection, side, object, record, generation, cause, first_marked_at, marked_at, \
                 not_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7) \
                 ON CONFLICT (connection, side, object, record) DO UPDATE SET generation = excluded.generation, \
                 cause = CASE WHEN mark.cause = 'import' THEN mark.cause ELSE excluded.cause END, marked_at = excluded.marked_at, {wait}"
            ))?
            .execute(params![
                connection.as_str(),
                side.as_str(),
                object,
                record,
                generation,
                cause.as_str(),
                millis(now)
            ])?;
        Ok(())
    }

    /// Clears a mark unless it has been set again since it was read. Answers whether it is gone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear_mark(&self, mark: &Mark) -> Result<bool, StoreError> {
        let gone = self
            .db
            .prepare_cached(
                "DELETE FROM mark WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4 \
                 AND generation = ?5",
            )?
            .execute(params![
                mark.connection.as_str(),
                mark.side.as_str(),
                mark.object,
                mark.record,
                mark.generation
            ])?;
        Ok(gone > 0)
    }

    /// Clears a mark whatever its generation, which loses one set meanwhile. Only for planting that mistake.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear_mark_of_any_generation(&self, mark: &Mark) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "DELETE FROM mark WHERE connection = ?1 AND side = ?2 AND object = ?3 AND record = ?4",
            )?
            .execute(params![mark.connection.as_str(), mark.side.as_str(), mark.object, mark.record])?;
        Ok(())
    }

    /// Lets a mark wait until `until`, unless it has been set again since it was read. Answers whether it waits.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn postpone_mark(&self, mark: &Mark, until: Timestamp, tries: u32) -> Result<bool, StoreError> {
        let waits = self
            .db
            .prepare_cached(
                "UPDATE mark SET not_before = ?6, tries = ?7 WHERE connection = ?1 AND side = ?2 AND object = ?3 \
                 AND record = ?4 AND generation = ?5",
            )?
            .execute(params![
                mark.connection.as_str(),
                mark.side.as_str(),
                mark.object,
                mark.record,
                mark.generation,
                millis(until),
                tries
            ])?;
        Ok(waits > 0)
    }
}
