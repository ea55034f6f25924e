//! Reading events in Avro. Only the header is read; of the fields, only their names are needed.

use std::sync::Once;

use apache_avro::Schema;
use apache_avro::types::Value;
use jiff::Timestamp;

use super::event::{ChangeEvent, ChangeType};
use super::names::{FieldNames, fields_of, part_name};

/// The most that a text or list in an event may claim to be long; events are no larger than a megabyte.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A schema, ready to read events with.
#[derive(Debug)]
pub(crate) struct EventSchema {
    header: Schema,
    fields: Vec<FieldNames>,
}

impl EventSchema {
    /// Prepares a schema from its JSON.
    pub fn parse(json: &str) -> Result<Self, String> {
        static LIMIT: Once = Once::new();
        LIMIT.call_once(|| {
            apache_avro::util::max_allocation_bytes(MOST_BYTES);
        });
        let schema =
            Schema::parse_str(json).map_err(|error| format!("its schema cannot be read: {error}"))?;
        let Schema::Record(record) = schema else { return Err("its schema is no record".to_owned()) };
        let header = record
            .fields
            .first()
            .filter(|field| field.name == "ChangeEventHeader")
            .map(|field| field.schema.clone())
            .ok_or("it is no change event: its schema has no ChangeEventHeader")?;
        // A record is spelled out where it first stands, and named from then on.
        let mut known: Vec<(String, Vec<String>)> = Vec::new();
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let variants = match &field.schema {
                Schema::Union(union) => union.variants(),
                other => std::slice::from_ref(other),
            };
            let mut parts = Vec::new();
            for variant in variants {
                match variant {
                    Schema::Record(inner) if field.name != "ChangeEventHeader" => {
                        parts = inner.fields.iter().map(|part| part.name.clone()).collect();
                        known.push((inner.name.name.clone(), parts.clone()));
                    }
                    Schema::Ref { name } => {
                        let found = known.iter().find(|(record, _)| *record == name.name);
                        parts = found.map(|(_, parts)| parts.clone()).unwrap_or_default();
                    }
                    _ => {}
                }
            }
            fields.push(FieldNames {
                parts: parts.iter().map(|part| part_name(&field.name, part)).collect(),
                plain: variants.iter().any(|variant| matches!(variant, Schema::String)),
                name: field.name.clone(),
            });
        }
        Ok(Self { header, fields })
    }

    /// Reads an event.
    pub fn read(&self, mut payload: &[u8], replay_id: Vec<u8>) -> Result<ChangeEvent, String> {
        let header = apache_avro::from_avro_datum(&self.header, &mut payload, None)
            .map_err(|error| format!("it does not fit its schema: {error}"))?;
        let Value::Record(header) = header else { return Err("its header is no record".to_owned()) };
        let header = Header(header);
        let millis = header.long("commitTimestamp")?;
        Ok(ChangeEvent {
            entity: header.text("entityName")?,
            record_ids: header.list("recordIds")?,
            change_type: ChangeType::from_name(&header.text("changeType")?),
            changed_fields: fields_of(&header.list("changedFields")?, &self.fields)?,
            nulled_fields: fields_of(&header.list("nulledFields")?, &self.fields)?,
            commit_time: Timestamp::from_millisecond(millis)
                .map_err(|_| format!("its time, {millis}, is no time"))?,
            change_origin: header.text("changeOrigin")?,
            commit_user: header.text("commitUser")?,
            transaction_key: header.text("transactionKey")?,
            sequence_number: i32::try_from(header.long("sequenceNumber")?).unwrap_or(i32::MAX),
            replay_id,
        })
    }
}

/// The header's fields by their names; a header without one of them is no header.
struct Header(Vec<(String, Value)>);

impl Header {
    fn get(&self, name: &str) -> Result<&Value, String> {
        let found = self.0.iter().find(|(own, _)| own == name).map(|(_, value)| match value {
            Value::Union(_, inner) => &**inner,
            other => other,
        });
        found.ok_or_else(|| format!("its header has no {name}"))
    }

    fn text(&self, name: &str) -> Result<String, String> {
        match self.get(name)? {
            Value::String(text) | Value::Enum(_, text) => Ok(text.clone()),
            _ => Err(format!("{name} in its header is no text")),
        }
    }

    fn long(&self, name: &str) -> Result<i64, String> {
        match self.get(name)? {
            Value::Long(whole) | Value::TimestampMillis(whole) => Ok(*whole),
            Value::Int(whole) => Ok(i64::from(*whole)),
            _ => Err(format!("{name} in its header is no whole number")),
        }
    }

    /// A list that is null is empty.
    fn list(&self, name: &str) -> Result<Vec<String>, String> {
        let wrong = || format!("{name} in its header is no list of texts");
        match self.get(name)? {
            Value::Array(items) => items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text.clone()),
                    _ => Err(wrong()),
                })
                .collect(),
            Value::Null => Ok(Vec::new()),
            _ => Err(wrong()),
        }
    }
}
