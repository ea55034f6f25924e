//! Intents: what was sent, while its outcome is not yet known.
//!
//! Written before each call that creates or updates. A crash or a lost answer leaves the intent behind; whoever looks
//! at the record next can then tell Tandem's own write from a person's edit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Side, Values};
use rusqlite::{OptionalExtension, Row, params};

use crate::db::{count, from_json, millis, moment, to_json};
use crate::{LinkId, Store, StoreError, Tx};

/// An intent to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIntent {
    /// Its connection.
    pub connection: ConnectionId,
    /// The pair it updates; none for a create.
    pub link: Option<LinkId>,
    /// The side written to.
    pub target: Side,
    /// The object written to.
    pub target_object: String,
    /// The object the values come from, on the other side.
    pub source_object: String,
    /// The record the values come from.
    pub source_record: String,
    /// What the source held.
    pub source: Values,
    /// What was sent.
    pub sent: Values,
    /// What the target held of it before; nothing where it was not known.
    pub held: Values,
    /// Which rule decided, by target field.
    pub reasons: BTreeMap<String, String>,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// An intent as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The pair it updates; none for a create.
    pub link: Option<LinkId>,
    /// The side written to.
    pub target: Side,
    /// The object written to.
    pub target_object: String,
    /// The object the values came from, on the other side.
    pub source_object: String,
    /// The record the values came from.
    pub source_record: String,
    /// What the source held.
    pub source: Values,
    /// What was sent.
    pub sent: Values,
    /// What the target held of it before; nothing where it was not known.
    pub held: Values,
    /// Which rule decided, by target field.
    pub reasons: BTreeMap<String, String>,
    /// When it was sent.
    pub created_at: Timestamp,
}

const COLUMNS: &str =
    "link, target, target_object, source_object, source_record, source, sent, reasons, created_at, held";

struct Raw {
    intent: Intent,
    source: String,
    sent: String,
    reasons: String,
    held: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let target: String = row.get(1)?;
    Ok(Raw {
        intent: Intent {
            link: row.get::<_, Option<i64>>(0)?.map(LinkId),
            target: crate::link::side_of(&target),
            target_object: row.get(2)?,
            source_object: row.get(3)?,
            source_record: row.get(4)?,
            source: Values::new(),
            sent: Values::new(),
            held: Values::new(),
            reasons: BTreeMap::new(),
            created_at: moment(row.get(8)?),
        },
        source: row.get(5)?,
        sent: row.get(6)?,
        reasons: row.get(7)?,
        held: row.get(9)?,
    })
}

fn finish(raw: Raw) -> Result<Intent, StoreError> {
    let mut intent = raw.intent;
    intent.source = from_json("an intent", &raw.source)?;
    intent.sent = from_json("an intent", &raw.sent)?;
    intent.reasons = from_json("an intent", &raw.reasons)?;
    intent.held = from_json("an intent", &raw.held)?;
    Ok(intent)
}

impl Store {
    /// The open updates of a link.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn intents_of_link(&self, link: LinkId) -> Result<Vec<Intent>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM intent WHERE link = ?1 ORDER BY id"))?;
            let raws: Vec<Raw> = statement.query_map([link.0], read)?.collect::<Result<_, _>>()?;
            raws.into_iter().map(finish).collect()
        })
    }

    /// The open create that this record of `source` led to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn intent_for_source(
        &self,
        connection: &ConnectionId,
        source: Side,
        object: &str,
        record: &str,
    ) -> Result<Option<Intent>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM intent WHERE connection = ?1 AND target = ?2 AND source_object = ?3 \
                 AND source_record = ?4 AND link IS NULL"
            ))?;
            let target = source.other().as_str();
            let raw =
                statement.query_row(params![connection.as_str(), target, object, record], read).optional()?;
            raw.map(finish).transpose()
        })
    }

    /// All open intents, in the order in which they were first kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn intents(&self, connection: &ConnectionId) -> Result<Vec<Intent>, StoreError> {
        self.read(|tx| {
            let mut statement = tx
                .db
                .prepare_cached(&format!("SELECT {COLUMNS} FROM intent WHERE connection = ?1 ORDER BY id"))?;
            let raws: Vec<Raw> =
                statement.query_map([connection.as_str()], read)?.collect::<Result<_, _>>()?;
            raws.into_iter().map(finish).collect()
        })
    }

    /// How many intents are open.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_intents(&self, connection: &ConnectionId) -> Result<u64, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached("SELECT COUNT(*) FROM intent WHERE connection = ?1")?;
            Ok(statement.query_row([connection.as_str()], |row| count(row, 0))?)
        })
    }
}

impl Tx<'_> {
    /// Keeps an intent, in place of an older one for the same record and target.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_intent(&self, new: &NewIntent) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO intent (connection, link, target, target_object, source_object, source_record, source, \
                 sent, reasons, created_at, held) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
                 ON CONFLICT (connection, target, source_object, source_record) DO UPDATE SET link = excluded.link, \
                 target_object = excluded.target_object, source = excluded.source, sent = excluded.sent, \
                 reasons = excluded.reasons, created_at = excluded.created_at, held = excluded.held",
            )?
            .execute(params![
                new.connection.as_str(),
                new.link.map(|link| link.0),
                new.target.as_str(),
                new.target_object,
                new.source_object,
                new.source_record,
                to_json("an intent", &new.source)?,
                to_json("an intent", &new.sent)?,
                to_json("an intent", &new.reasons)?,
                millis(new.created_at),
                to_json("an intent", &new.held)?
            ])?;
        Ok(())
    }

    /// The outcome of a link's update of `target` is known.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn close_intents_of_link(&self, link: LinkId, target: Side) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM intent WHERE link = ?1 AND target = ?2")?
            .execute(params![link.0, target.as_str()])?;
        Ok(())
    }

    /// The outcome of the create that this record of `source` led to is known.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn close_intents_of_source(
        &self,
        connection: &ConnectionId,
        source: Side,
        object: &str,
        record: &str,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "DELETE FROM intent WHERE connection = ?1 AND target = ?2 AND source_object = ?3 \
                 AND source_record = ?4 AND link IS NULL",
            )?
            .execute(params![connection.as_str(), source.other().as_str(), object, record])?;
        Ok(())
    }
}
