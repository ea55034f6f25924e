//! History: every write that was done or declined, and why. Lines are only ever added; one that was undone says by what.

use jiff::Timestamp;
use model::{ConnectionId, Side, Value};
use rusqlite::types::Value as Sql;
use rusqlite::{params, params_from_iter};

use crate::db::{from_json, millis, moment, to_json};
use crate::{Link, LinkId, Store, StoreError, Tx};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A record was created.
    Created,
    /// A field was written.
    Written,
    /// An edit was declined: a rule ranks the other side higher.
    Declined,
    /// Two records were linked.
    Linked,
    /// A link was put to rest.
    Unlinked,
    /// A link that rested is kept in step again.
    Resumed,
    /// A record was put into the recycle bin, because its counterpart was.
    Deleted,
    /// A record was taken out of the recycle bin.
    Restored,
    /// A link was moved to the record that lives on after a merge or a conversion.
    Moved,
    /// What was kept of a record was erased.
    Erased,
}

impl Outcome {
    /// The name in the database and for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Written => "written",
            Self::Declined => "declined",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::Resumed => "resumed",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Moved => "moved",
            Self::Erased => "erased",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "created" => Self::Created,
            "declined" => Self::Declined,
            "linked" => Self::Linked,
            "unlinked" => Self::Unlinked,
            "resumed" => Self::Resumed,
            "deleted" => Self::Deleted,
            "restored" => Self::Restored,
            "moved" => Self::Moved,
            "erased" => Self::Erased,
            _ => Self::Written,
        }
    }
}

/// One line of history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// The run it belongs to.
    pub run: String,
    /// When it was done.
    pub at: Timestamp,
    /// The side of the record.
    pub side: Side,
    /// The record's object.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// The link it belongs to.
    pub link: Option<LinkId>,
    /// The field; none where it is about the whole record.
    pub field: Option<String>,
    /// What the field held before.
    pub before: Option<Value>,
    /// What it holds since.
    pub after: Option<Value>,
    /// What led Tandem to look.
    pub cause: String,
    /// Which rule decided.
    pub reason: String,
    /// What was done.
    pub outcome: Outcome,
    /// The platform's id for the call.
    pub call: Option<String>,
}

/// A line of history with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// Its number; later lines have greater ones.
    pub id: i64,
    /// The line.
    pub entry: HistoryEntry,
    /// The run that undid it.
    pub undone_by: Option<String>,
}

impl HistoryRow {
    /// Whether it is about this record, or about the one it is linked to. An id alone does not tell: HubSpot gives the same
    /// one to records of different objects.
    #[must_use]
    pub fn is_about(&self, side: Side, object: &str, record: &str, link: Option<&Link>) -> bool {
        let entry = &self.entry;
        let is = |side: Side, object: &str, record: &str| {
            entry.side == side && entry.object == object && entry.record == record
        };
        is(side, object, record)
            || link.is_some_and(|link| {
                let other = side.other();
                entry.link == Some(link.id) || is(other, link.object(other), link.record(other))
            })
    }
}

/// Which lines of history are wanted.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Lines about this record and the one it is linked to.
    pub record: Option<String>,
    /// At most as many, the latest; all where none is given.
    pub limit: Option<u32>,
}

/// Which part of the history is looked at; all of it where nothing is given.
#[derive(Debug, Clone, Default)]
pub struct HistoryScope {
    /// Lines about records of this side.
    pub side: Option<Side>,
    /// Lines of this run.
    pub run: Option<String>,
    /// Lines from this moment on.
    pub since: Option<Timestamp>,
    /// Lines that say that this was done.
    pub outcome: Option<Outcome>,
    /// Lines about records of this object.
    pub object: Option<String>,
    /// Lines before the one of this number: the next page.
    pub before: Option<i64>,
}

impl Store {
    /// Lines of history, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(
        &self,
        connection: &ConnectionId,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        self.history_within(connection, &HistoryScope::default(), filter)
    }

    /// Lines of one part of the history, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history_within(
        &self,
        connection: &ConnectionId,
        scope: &HistoryScope,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        self.read(|tx| {
            // Only what is asked for is said, so that an index can serve it.
            let about = "id IN (SELECT id FROM history WHERE connection = ?1 AND record = {} \
                         UNION ALL SELECT history.id FROM link JOIN history ON history.link = link.id \
                         WHERE link.connection = ?1 AND link.hubspot_id = {} \
                         UNION ALL SELECT history.id FROM link JOIN history ON history.link = link.id \
                         WHERE link.connection = ?1 AND link.salesforce_id = {})";
            let asked = [
                (about, filter.record.clone().map(Sql::from)),
                ("side = {}", scope.side.map(|side| Sql::from(side.as_str().to_owned()))),
                ("run = {}", scope.run.clone().map(Sql::from)),
                ("outcome = {}", scope.outcome.map(|outcome| Sql::from(outcome.as_str().to_owned()))),
                ("object = {}", scope.object.clone().map(Sql::from)),
                ("id < {}", scope.before.map(Sql::from)),
                ("at >= {}", scope.since.map(|since| Sql::from(millis(since)))),
            ];
            let limit = filter.limit.map_or(i64::MAX, i64::from);
            let mut parameters = vec![Sql::from(connection.as_str().to_owned()), Sql::from(limit)];
            let mut wanted = String::new();
            for (condition, value) in asked {
                let Some(value) = value else { continue };
                parameters.push(value);
                let place = format!("?{}", parameters.len());
                wanted = format!("{wanted} AND {}", condition.replace("{}", &place));
            }
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT id, run, at, side, object, record, link, field, before, after, cause, reason, outcome, call, \
                 undone_by FROM history WHERE connection = ?1{wanted} ORDER BY id DESC LIMIT ?2"
            ))?;
            let rows = statement.query_map(params_from_iter(parameters), |row| {
                let (side, outcome): (String, String) = (row.get(3)?, row.get(12)?);
                let values: (Option<String>, Option<String>) = (row.get(8)?, row.get(9)?);
                let entry = HistoryEntry {
                    run: row.get(1)?,
                    at: moment(row.get(2)?),
                    side: crate::link::side_of(&side),
                    object: row.get(4)?,
                    record: row.get(5)?,
                    link: row.get::<_, Option<i64>>(6)?.map(LinkId),
                    field: row.get(7)?,
                    before: None,
                    after: None,
                    cause: row.get(10)?,
                    reason: row.get(11)?,
                    outcome: Outcome::parse(&outcome),
                    call: row.get(13)?,
                };
                Ok((HistoryRow { id: row.get(0)?, entry, undone_by: row.get(14)? }, values))
            })?;
            let mut history = Vec::new();
            for row in rows {
                let (mut row, (before, after)) = row?;
                let value = |text: Option<String>| text.map(|text| from_json("a line of history", &text)).transpose();
                row.entry.before = value(before)?;
                row.entry.after = value(after)?;
                history.push(row);
            }
            history.reverse();
            Ok(history)
        })
    }
}

impl Tx<'_> {
    /// Notes that `run` undid this line.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn mark_undone(&self, line: i64, run: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE history SET undone_by = ?2 WHERE id = ?1")?
            .execute(params![line, run])?;
        Ok(())
    }

    /// What the undo of this line had taken back stands again: lines of the same record and field that were undone by the
    /// line's own run are so no longer.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn mark_redone(&self, connection: &ConnectionId, line: i64) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE history SET undone_by = NULL WHERE connection = ?1 AND id IN (SELECT taken.id \
                 FROM history AS back JOIN history AS taken ON taken.connection = back.connection \
                 AND taken.undone_by = back.run AND taken.side = back.side AND taken.record = back.record \
                 AND (back.field IS NULL OR taken.field IS back.field) WHERE back.id = ?2 AND back.reason = 'undo')",
            )?
            .execute(params![connection.as_str(), line])?;
        Ok(())
    }

    /// Takes the values out of all history of a record; that something was done, when and why stays.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn erase_history(
        &self,
        connection: &ConnectionId,
        side: Side,
        record: &str,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE history SET before = NULL, after = NULL \
                 WHERE connection = ?1 AND side = ?2 AND record = ?3",
            )?
            .execute(params![connection.as_str(), side.as_str(), record])?;
        Ok(())
    }

    /// Adds a line of history.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add_history(&self, connection: &ConnectionId, entry: &HistoryEntry) -> Result<(), StoreError> {
        let value = |value: &Option<Value>| {
            value.as_ref().map(|value| to_json("a line of history", value)).transpose()
        };
        self.db
            .prepare_cached(
                "INSERT INTO history (connection, run, at, side, object, record, link, field, before, after, cause, \
                 reason, outcome, call) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                connection.as_str(),
                entry.run,
                millis(entry.at),
                entry.side.as_str(),
                entry.object,
                entry.record,
                entry.link.map(|link| link.0),
                entry.field,
                value(&entry.before)?,
                value(&entry.after)?,
                entry.cause,
                entry.reason,
                entry.outcome.as_str(),
                entry.call
            ])?;
        self.count_done(connection, entry.side, entry.outcome, entry.at)
    }
}
