//! One row of a bulk or SOAP call: from the texts it came as to what was done.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use crate::api::{Api, CallHeaders};
use crate::error::Refusal;
use crate::ids;
use crate::schema::{FieldDef, ObjectDef};

/// What is to be done with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
    HardDelete,
    Query,
    QueryAll,
}

impl Operation {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Insert, "insert"),
        (Self::Update, "update"),
        (Self::Upsert, "upsert"),
        (Self::Delete, "delete"),
        (Self::HardDelete, "hardDelete"),
        (Self::Query, "query"),
        (Self::QueryAll, "queryAll"),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(own, _)| *own)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(own, _)| *own == self).map_or("insert", |(_, name)| name)
    }

    pub fn is_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryAll)
    }

    pub fn is_delete(self) -> bool {
        matches!(self, Self::Delete | Self::HardDelete)
    }
}

/// What became of a row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub id: String,
    pub created: bool,
    pub refusals: Vec<Refusal>,
}

impl Outcome {
    pub fn refused(refusals: Vec<Refusal>) -> Self {
        Self { refusals, ..Self::default() }
    }

    pub fn is_ok(&self) -> bool {
        self.refusals.is_empty()
    }

    /// The error column: `CODE:message:fields --`.
    pub fn error(&self) -> String {
        let told = self.refusals.iter().map(|refusal| {
            let fields = refusal.fields.join(",");
            let space = if fields.is_empty() { "" } else { " " };
            format!("{}:{}:{fields}{space}--", refusal.code, refusal.message)
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

/// Values that came as texts, in the types of their fields. Nested objects are parents named by a key.
pub(crate) fn typed(def: &ObjectDef, fields: Map<String, Value>) -> Result<Map<String, Value>, Vec<Refusal>> {
    let mut values = Map::new();
    for (name, value) in fields {
        let value = match (&value, def.field(&name)) {
            (Value::String(text), Some((_, field))) => {
                of_text(field, text).map_err(|refusal| vec![refusal])?
            }
            _ => value,
        };
        values.insert(name, value);
    }
    Ok(values)
}

/// A text as a value of this field.
pub(super) fn of_text(field: &FieldDef, text: &str) -> Result<Value, Refusal> {
    let trimmed = text.trim();
    let wrong = || {
        let message = format!("{}: value not of required type: {text}", field.label);
        Refusal::new("INVALID_TYPE_ON_FIELD_IN_RECORD", message).about(field.name.clone())
    };
    if trimmed.is_empty() {
        return Ok(Value::Null);
    }
    match field.kind.as_str() {
        "boolean" => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" => Ok(json!(true)),
            "false" | "0" | "no" | "n" | "off" => Ok(json!(false)),
            _ => Err(wrong()),
        },
        "int" | "double" | "currency" | "percent" => {
            let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
            // Kept as text: the digits are the caller's.
            number.map(|_| json!(trimmed)).ok_or_else(wrong)
        }
        "date" => {
            let day = trimmed.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
            day.map(|day| json!(day.to_string())).ok_or_else(wrong)
        }
        "datetime" => moment(trimmed).map(|at| json!(at.to_string())).ok_or_else(wrong),
        _ => Ok(json!(text)),
    }
}

/// A moment, with or without a time zone, or midnight of a day.
fn moment(text: &str) -> Option<jiff::Timestamp> {
    let plain = text.replacen(' ', "T", 1);
    plain.parse().ok().or_else(|| jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &plain).ok()).or_else(
        || {
            let local: jiff::civil::DateTime = plain.trim_end_matches('Z').parse().ok()?;
            local.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        },
    )
}

/// What all rows of a job have in common.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub operation: Operation,
    pub object: String,
    pub key: Option<String>,
    pub headers: CallHeaders,
}

/// Does with one row what the job says.
pub(crate) fn write_row(api: &mut Api<'_>, order: &Order, fields: Map<String, Value>) -> Outcome {
    if let Some(refusal) = api.row_fails() {
        return Outcome::refused(vec![refusal]);
    }
    let done = match order.operation {
        Operation::Insert => insert(api, order, fields),
        Operation::Update => update(api, order, fields),
        Operation::Upsert => upsert(api, order, fields),
        _ => delete(api, order, fields),
    };
    match done {
        Ok((id, created)) => Outcome { id, created, refusals: Vec::new() },
        Err(refusals) => Outcome::refused(refusals),
    }
}

type Done = Result<(String, bool), Vec<Refusal>>;

fn missing(message: &str, field: &str) -> Vec<Refusal> {
    vec![Refusal::new("MISSING_ARGUMENT", message).about(field)]
}

/// Takes the id out of a row; nothing where it has none.
fn take_id(fields: &mut Map<String, Value>) -> Option<String> {
    let name = fields.keys().find(|name| name.eq_ignore_ascii_case("Id")).cloned()?;
    let id = fields.shift_remove(&name)?;
    id.as_str().map(str::trim).filter(|id| !id.is_empty()).map(ToOwned::to_owned)
}

fn insert(api: &mut Api<'_>, order: &Order, mut fields: Map<String, Value>) -> Done {
    if take_id(&mut fields).is_some() {
        let message = "cannot specify Id in an insert call";
        return Err(vec![Refusal::new("INVALID_FIELD_FOR_INSERT_UPDATE", message).about("Id")]);
    }
    let writer = api.writer(&order.headers);
    let id = api.state.org.insert(&order.object, &fields, &writer)?;
    api.wrote(&order.object, WriteKind::Created);
    Ok((id, true))
}

fn update(api: &mut Api<'_>, order: &Order, mut fields: Map<String, Value>) -> Done {
    let id = take_id(&mut fields).ok_or_else(|| missing("Id not specified in an update call", "Id"))?;
    let writer = api.writer(&order.headers);
    api.state.org.update(&order.object, &id, &fields, &writer)?;
    api.wrote(&order.object, WriteKind::Updated);
    Ok((ids::normal(&id).unwrap_or(id), false))
}

fn upsert(api: &mut Api<'_>, order: &Order, mut fields: Map<String, Value>) -> Done {
    let key = order.key.as_deref().unwrap_or("Id");
    if key.eq_ignore_ascii_case("Id") {
        let has_id = fields.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("Id") && value.as_str().is_some_and(|id| !id.trim().is_empty())
        });
        return if has_id { update(api, order, fields) } else { insert_anew(api, order, fields) };
    }
    // A row may bring both; the key decides.
    take_id(&mut fields);
    let name = fields.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned();
    let value = name.and_then(|name| fields.shift_remove(&name)).unwrap_or_default();
    let value = match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    if value.is_empty() {
        return Err(missing(&format!("{key} not specified"), key));
    }
    let writer = api.writer(&order.headers);
    api.upsert(&order.object, key, &value, &fields, &writer)
}

fn insert_anew(api: &mut Api<'_>, order: &Order, mut fields: Map<String, Value>) -> Done {
    take_id(&mut fields);
    insert(api, order, fields)
}

fn delete(api: &mut Api<'_>, order: &Order, mut fields: Map<String, Value>) -> Done {
    let id = take_id(&mut fields).ok_or_else(|| missing("Id not specified in a delete call", "Id"))?;
    let writer = api.writer(&order.headers);
    api.state.org.delete(&order.object, &id, &writer).map_err(|refusal| vec![refusal])?;
    api.wrote(&order.object, WriteKind::Deleted);
    let id = ids::normal(&id).unwrap_or(id);
    if order.operation == Operation::HardDelete {
        api.state.org.purge(&id);
    }
    Ok((id, false))
}
