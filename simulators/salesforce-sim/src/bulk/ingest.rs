//! Jobs of Bulk API 2.0 that write.

use bytes::Bytes;
use csv::ByteRecord;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::csv::{self as table, Dialect, Table};
use super::jobs::Head;
use super::pace::{Pace, Stage};
use super::rows::{Order, Outcome, of_text, write_row};
use crate::api::Api;
use crate::error::Refusal;
use crate::org::{Org, api_time};
use crate::schema::{FieldDef, ObjectDef};

/// Rows that the platform works in one transaction.
const CHUNK: usize = 200;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Open,
    HandedIn,
    Aborted,
}

/// A job that writes.
#[derive(Debug)]
pub(super) struct IngestJob {
    pub head: Head,
    pub key: Option<String>,
    pub dialect: Dialect,
    pub assignment_rule: Option<String>,
    pub place: Place,
    pub data: Option<Bytes>,
    pub pace: Option<Pace>,
    /// What became of the rows, in their order; rows beyond were not processed.
    pub outcomes: Vec<Outcome>,
    /// Why the job as a whole failed.
    pub error: Option<String>,
}

/// The rows that an answer is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Successful,
    Failed,
    Unprocessed,
}

impl IngestJob {
    pub fn state(&self) -> &'static str {
        match (self.place, self.pace.map(|pace| pace.stage)) {
            (Place::Aborted, _) => "Aborted",
            (Place::Open, _) => "Open",
            (Place::HandedIn, Some(Stage::Done)) if self.error.is_some() => "Failed",
            (Place::HandedIn, Some(Stage::Done)) => "JobComplete",
            (Place::HandedIn, Some(Stage::Working)) => "InProgress",
            (Place::HandedIn, _) => "UploadComplete",
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state(), "JobComplete" | "Failed" | "Aborted")
    }

    pub fn poll(&mut self, now: Timestamp, needed: u32) {
        if let Some(pace) = &mut self.pace {
            pace.poll(now, needed);
            self.head.changed = self.head.changed.max(pace.moved);
        }
    }

    pub fn advance(&mut self, now: Timestamp, needed: u32) {
        if let Some(pace) = &mut self.pace {
            pace.advance(now, needed);
            self.head.changed = self.head.changed.max(pace.moved);
        }
    }

    /// assumed: a job that stays open for more than a day is aborted
    pub fn give_up(&mut self, now: Timestamp) {
        if self.place == Place::Open {
            self.place = Place::Aborted;
            self.head.changed = now;
        }
    }

    /// The job as the answers to creating and closing it tell it.
    pub fn brief(&self) -> Value {
        let head = &self.head;
        let mut info = json!({
            "id": head.id, "operation": head.operation.name(), "object": head.object, "createdById": &*head.user,
            "createdDate": api_time(head.created.as_second()),
            "systemModstamp": api_time(head.changed.as_second()), "state": self.state(),
        });
        let Some(fields) = info.as_object_mut() else { return info };
        if let Some(key) = &self.key {
            fields.insert("externalIdFieldName".into(), json!(key));
        }
        if let Some(rule) = &self.assignment_rule {
            fields.insert("assignmentRuleId".into(), json!(rule));
        }
        fields.insert("concurrencyMode".into(), json!("Parallel"));
        fields.insert("contentType".into(), json!("CSV"));
        fields.insert("apiVersion".into(), json!(head.api_version()));
        if self.place == Place::Open {
            let url = format!("services/data/v{}/jobs/ingest/{}/batches", head.version, head.id);
            fields.insert("contentUrl".into(), json!(url));
        }
        fields.insert("jobType".into(), json!("V2Ingest"));
        fields.insert("lineEnding".into(), json!(self.dialect.ending.name()));
        fields.insert("columnDelimiter".into(), json!(self.dialect.delimiter.name()));
        info
    }

    /// The job with all that is known of it.
    pub fn info(&self) -> Value {
        let mut info = self.brief();
        let over = self.is_over();
        let failed = self.outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
        let time = self.pace.filter(|_| over).map_or(0, |pace| pace.processing_time());
        let Some(fields) = info.as_object_mut() else { return info };
        fields.insert("numberRecordsProcessed".into(), json!(if over { self.outcomes.len() } else { 0 }));
        fields.insert("numberRecordsFailed".into(), json!(if over { failed } else { 0 }));
        fields.insert("retries".into(), json!(0));
        fields.insert("totalProcessingTime".into(), json!(time));
        fields.insert("apiActiveProcessingTime".into(), json!(time - time / 4));
        fields.insert("apexProcessingTime".into(), json!(0));
        fields.insert("isPkChunkingSupported".into(), json!(false));
        if let Some(error) = self.error.as_ref().filter(|_| over) {
            fields.insert("errorMessage".into(), json!(error));
        }
        info
    }

    /// The rows of one kind, as they came, with what became of them.
    pub fn results(&self, which: Which) -> Vec<u8> {
        let mut out = table::writer(self.dialect);
        let bytes = self.data.clone().unwrap_or_default();
        let mut rows = Table::read(&bytes, self.dialect.delimiter);
        let own: &[&str] = match which {
            Which::Successful => &["sf__Id", "sf__Created"],
            Which::Failed => &["sf__Id", "sf__Error"],
            Which::Unprocessed => &[],
        };
        let header = own.iter().map(|name| (*name).to_owned()).chain(rows.header.iter().cloned());
        let header: Vec<String> = header.collect();
        if !header.is_empty() {
            table::add(&mut out, &header);
        }
        if !self.is_over() {
            return table::finish(out);
        }
        let mut row = ByteRecord::new();
        let mut outcomes = self.outcomes.iter();
        while rows.next(&mut row) {
            let first: Vec<String> = match (which, outcomes.next()) {
                (Which::Successful, Some(done)) if done.is_ok() => {
                    vec![done.id.clone(), done.created.to_string()]
                }
                (Which::Failed, Some(done)) if !done.is_ok() => vec![done.id.clone(), done.error()],
                (Which::Unprocessed, None) => Vec::new(),
                _ => continue,
            };
            table::add(&mut out, first.iter().map(String::as_bytes).chain(row.iter()));
        }
        table::finish(out)
    }
}

/// What a column of the file is for.
enum Column {
    Field(String),
    /// A parent named by a key: its relationship, its object where several are possible, the key.
    Parent(String, Option<String>, String),
}

/// Why a file with the wrong line endings is refused.
pub(super) fn wrong_ending(bytes: &[u8], dialect: Dialect) -> Option<String> {
    let name = dialect.ending.name();
    let message = format!("LineEnding is invalid on user data. Current LineEnding setting is {name}");
    (!table::ends_right(bytes, dialect.ending)).then(|| format!("ClientInputError : {message}"))
}

/// Why a batch with too many rows is refused.
pub(super) fn too_many(most: usize) -> String {
    // assumed: the wording
    format!("InvalidBatch : A batch may have {most} records at the most")
}

/// Works all rows of a file; stops with a message where the file as a whole is no good.
pub(super) fn work(
    api: &mut Api<'_>,
    order: &Order,
    bytes: &[u8],
    dialect: Dialect,
    most: Option<usize>,
) -> (Vec<Outcome>, Option<String>) {
    let mut rows = Table::read(bytes, dialect.delimiter);
    let Some(def) = api.state.org.table(&order.object).map(|table| table.def.clone()) else {
        return (Vec::new(), Some(format!("InvalidBatch : Unable to find object: {}", order.object)));
    };
    let columns = match header(&api.state.org, &def, order, &rows.header) {
        Ok(columns) => columns,
        Err(message) => return (Vec::new(), Some(message)),
    };
    let mut outcomes = Vec::new();
    let mut keys = Keys::default();
    let mut row = ByteRecord::new();
    while rows.next(&mut row) {
        if let Some(most) = most.filter(|most| outcomes.len() >= *most) {
            return (outcomes, Some(too_many(most)));
        }
        if row.len() > columns.len() {
            // assumed: the wording; the rows before it are done
            let message =
                format!("InvalidBatch : Row {} has more values than the header", outcomes.len() + 2);
            return (outcomes, Some(message));
        }
        let outcome = match keys.refuse(order, &columns, &row, outcomes.len()) {
            Some(refusal) => Outcome::refused(vec![refusal]),
            None => match fields(&def, &columns, &row) {
                Ok(fields) => write_row(api, order, fields),
                Err(refusal) => Outcome::refused(vec![refusal]),
            },
        };
        outcomes.push(outcome);
        // The platform works a batch in transactions of so many rows.
        if outcomes.len() % 200 == 0 {
            api.tell_changes();
        }
    }
    (outcomes, None)
}

fn header(org: &Org, def: &ObjectDef, order: &Order, names: &[String]) -> Result<Vec<Column>, String> {
    let not_found = |name: &str| format!("InvalidBatch : Field name not found : {name}");
    let mut columns = Vec::new();
    for name in names {
        let Some((way, key)) = name.split_once('.') else {
            let (_, field) = def.field(name).ok_or_else(|| not_found(name))?;
            columns.push(Column::Field(field.name.clone()));
            continue;
        };
        // `User:Owner.Username` says which of several objects is meant.
        let (kind, way) = match way.split_once(':') {
            Some((kind, way)) => (Some(kind), way),
            None => (None, way),
        };
        let field = parent(def, way).ok_or_else(|| not_found(name))?;
        if kind.is_some() && field.targets.len() == 1 {
            let message = "type is not needed for non polymorphic foreign key references";
            return Err(format!("InvalidBatch : {message}: {way}"));
        }
        let target = kind.or_else(|| field.targets.first().map(String::as_str)).unwrap_or_default();
        let target = org.table(target).ok_or_else(|| not_found(name))?;
        let (_, key) = target.def.field(key).ok_or_else(|| not_found(name))?;
        let way = field.relationship.clone().unwrap_or_default();
        columns.push(Column::Parent(way, kind.map(|_| target.def.name.clone()), key.name.clone()));
    }
    let has = |wanted: &str| {
        columns
            .iter()
            .any(|column| matches!(column, Column::Field(name) if name.eq_ignore_ascii_case(wanted)))
    };
    let needed = if order.operation.is_delete() || order.operation == super::Operation::Update {
        Some("Id")
    } else {
        order.key.as_deref().filter(|_| order.operation == super::Operation::Upsert)
    };
    match needed.filter(|name| !has(name)) {
        // assumed: the wording
        Some(name) if !names.is_empty() => Err(format!("InvalidBatch : Field name not found : {name}")),
        _ => Ok(columns),
    }
}

fn parent<'a>(def: &'a ObjectDef, way: &str) -> Option<&'a FieldDef> {
    let own = |field: &&std::sync::Arc<FieldDef>| {
        field.relationship.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(way))
    };
    def.fields.values().find(own).map(|field| &**field)
}

/// The values of a row: nothing for an empty cell, null for `#N/A`.
fn fields(def: &ObjectDef, columns: &[Column], row: &ByteRecord) -> Result<Map<String, Value>, Refusal> {
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(row.iter()) {
        if cell.is_empty() {
            continue;
        }
        let text = table::text(cell);
        let null = text == "#N/A";
        match column {
            Column::Field(name) => {
                let value = match def.field(name) {
                    Some((_, field)) if !null => of_text(field, &text)?,
                    _ => Value::Null,
                };
                fields.insert(name.clone(), value);
            }
            Column::Parent(way, kind, key) => {
                let mut parent = Map::new();
                if let Some(kind) = kind {
                    parent.insert("attributes".into(), json!({"type": kind}));
                }
                parent.insert(key.clone(), if null { Value::Null } else { json!(text) });
                fields.insert(way.clone(), Value::Object(parent));
            }
        }
    }
    Ok(fields)
}

/// The keys of the rows that are worked together: none may come twice.
#[derive(Default)]
struct Keys(std::collections::HashSet<String>);

impl Keys {
    fn refuse(
        &mut self,
        order: &Order,
        columns: &[Column],
        row: &ByteRecord,
        number: usize,
    ) -> Option<Refusal> {
        if number.is_multiple_of(CHUNK) {
            self.0.clear();
        }
        let key = order.key.as_deref().filter(|_| order.operation == super::Operation::Upsert)?;
        let at = columns.iter().position(|column| matches!(column, Column::Field(name) if name == key))?;
        let cell = row.get(at).filter(|cell| !cell.is_empty())?;
        let value = table::text(cell).into_owned();
        if self.0.insert(value.to_lowercase()) {
            return None;
        }
        // assumed: the first of them is written
        let message = format!("Duplicate external id specified: {value}");
        Some(Refusal::new("DUPLICATE_VALUE", message).about(key))
    }
}
