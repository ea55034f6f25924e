//! The Avro schemas that events are written with: one for each object and state of its fields.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::avro::Type;
use crate::ids;
use crate::schema::{FieldDef, ObjectDef};

/// Fields that change events leave out: the platform derives them, or the header says the same.
const LEFT_OUT: [&str; 20] = [
    "Id",
    "IsDeleted",
    "SystemModstamp",
    "MasterRecordId",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "PhotoUrl",
    "IsPartner",
    "IsCustomerPortal",
    "IsEmailBounced",
    "ChannelProgramName",
    "ChannelProgramLevelName",
    "Fiscal",
    "FiscalYear",
    "FiscalQuarter",
    "HasOpenActivity",
    "HasOverdueTask",
    "LastStageChangeDate",
    "PushCount",
];

/// The parts of compound fields, in the order in which events have them.
const ADDRESS_PARTS: [&str; 10] = [
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "StateCode",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
];
const NAME_PARTS: [&str; 5] = ["Salutation", "FirstName", "LastName", "MiddleName", "Suffix"];

/// A part of a compound field: its name in the event, and the field of the object that it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub name: &'static str,
    pub field: String,
    pub kind: Type,
}

/// What a field of an event holds.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    One(Type),
    /// A record of its own; the name is that of its type.
    Compound(&'static str, Vec<Part>),
    /// The name of an account, which could also be a person's.
    SwitchableName,
}

/// A field of an event.
#[derive(Debug, Clone)]
pub(crate) struct EventField {
    pub name: String,
    pub shape: Shape,
    pub doc: String,
    /// Long texts are sent as the difference to what they were.
    pub long_text: bool,
    /// Worked out from other fields; a change in it alone is no event.
    pub formula: bool,
    /// Whether null is allowed; only the first fields of platform events are never null.
    pub nullable: bool,
}

/// A schema as `GetSchema` answers it, and what is needed to write by it.
#[derive(Debug)]
pub(crate) struct EventSchema {
    pub id: String,
    pub json: String,
    /// After the header, which is field 0 of change events.
    pub fields: Vec<EventField>,
    /// Changes with the fields of the object.
    pub print: u64,
}

/// Stands for the fields of an object: another number, another schema.
pub(crate) fn print_of(def: &ObjectDef, record_types: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    record_types.hash(&mut hasher);
    for field in def.fields.values() {
        (&field.name, &field.kind, field.length > 255, &field.compound, field.has('C')).hash(&mut hasher);
    }
    hasher.finish()
}

/// The name of an object's change events: `AccountChangeEvent`, `Visit__ChangeEvent`.
pub(crate) fn event_name(object: &str) -> String {
    match object.strip_suffix("__c") {
        Some(own) => format!("{own}__ChangeEvent"),
        None => format!("{object}ChangeEvent"),
    }
}

/// The object whose change events are called so.
pub(crate) fn object_name(event: &str) -> Option<String> {
    if let Some(own) = event.strip_suffix("__ChangeEvent") {
        return Some(format!("{own}__c"));
    }
    event.strip_suffix("ChangeEvent").filter(|object| !object.is_empty()).map(ToOwned::to_owned)
}

pub(super) fn type_of(kind: &str) -> Type {
    match kind {
        "boolean" => Type::Boolean,
        "int" => Type::Int,
        "double" | "currency" | "percent" => Type::Double,
        "date" | "datetime" | "time" => Type::Long,
        _ => Type::String,
    }
}

fn doc_of(field: &FieldDef, at: usize) -> String {
    let kind = match field.kind.as_str() {
        _ if field.name == "CreatedDate" => return "CreatedDate:DateTime".to_owned(),
        "reference" if !field.custom => return "ForeignKey:EntityId".to_owned(),
        "reference" => "EntityId",
        "picklist" if field.has('r') && !field.custom => "StaticEnum",
        "picklist" | "combobox" => "DynamicEnum",
        "multipicklist" => "MultiEnum",
        "phone" => "Phone",
        "email" => "Email",
        "url" => "Url",
        "boolean" => "Boolean",
        "int" => "Integer",
        "double" => "Double",
        "currency" => "Currency",
        "percent" => "Percent",
        "date" => "DateOnly",
        "datetime" => "DateTime",
        "time" => "TimeOnly",
        "textarea" if field.length > 255 => "StringPlusClob",
        "textarea" => "MultiLineText",
        _ => "Text",
    };
    if field.custom {
        let id = ids::make("00N", at as u64 + 1);
        return format!("Data:{kind}:{}", id.get(..15).unwrap_or(&id));
    }
    format!("Data:{kind}")
}

fn part(def: &ObjectDef, name: &'static str, field: String) -> Option<Part> {
    let kind = type_of(&def.fields.get(&field)?.kind);
    Some(Part { name, field, kind })
}

/// The compound field that `field` is, with the parts that this object has.
fn compound(def: &ObjectDef, field: &FieldDef) -> Option<Shape> {
    let name = field.name.as_str();
    match field.kind.as_str() {
        "address" => {
            let kind = name.strip_suffix("Address").unwrap_or_default();
            let parts = ADDRESS_PARTS
                .iter()
                .filter_map(|part_name| part(def, part_name, format!("{kind}{part_name}")));
            Some(Shape::Compound("Address", parts.collect()))
        }
        "location" => {
            let own = name.trim_end_matches("__c");
            let parts = ["Latitude", "Longitude"]
                .into_iter()
                .filter_map(|part_name| part(def, part_name, format!("{own}__{part_name}__s")));
            Some(Shape::Compound("Location", parts.collect()))
        }
        _ if name == "Name" && def.fields.get("LastName").is_some() && !field.custom => {
            let parts =
                NAME_PARTS.iter().filter_map(|part_name| part(def, part_name, (*part_name).to_owned()));
            Some(Shape::Compound("PersonName", parts.collect()))
        }
        _ if name == "Name" && def.name == "Account" => Some(Shape::SwitchableName),
        _ => None,
    }
}

/// The schema of an object's change events.
pub(crate) fn change_event(def: &ObjectDef, record_types: bool) -> EventSchema {
    let mut fields = Vec::new();
    for (at, field) in def.fields.values().enumerate() {
        let part = field.compound.as_ref().is_some_and(|whole| {
            *whole != field.name && def.fields.get(whole).is_some_and(|whole| compound(def, whole).is_some())
        });
        let no_record_types = field.name == "RecordTypeId" && !record_types;
        if part || no_record_types || LEFT_OUT.contains(&field.name.as_str()) || field.kind == "base64" {
            continue;
        }
        let shape = compound(def, field).unwrap_or_else(|| Shape::One(type_of(&field.kind)));
        let doc = match &shape {
            Shape::One(_) => doc_of(field, at),
            Shape::Compound(kind, _) => format!("Data:{kind}"),
            Shape::SwitchableName => "Data:Switchable_PersonName".to_owned(),
        };
        fields.push(EventField {
            name: field.name.clone(),
            shape,
            doc,
            long_text: field.kind == "textarea" && field.length > 1_000,
            formula: field.has('C'),
            nullable: true,
        });
    }
    let mut described = vec![header()];
    let mut known = Vec::new();
    described.extend(fields.iter().map(|field| describe(field, &mut known)));
    finish(&event_name(&def.name), described, fields, print_of(def, record_types))
}

/// The schema of a platform event: who published it and when, then its own fields.
pub(crate) fn platform_event(name: &str, own: &[(String, Type)]) -> EventSchema {
    let field = |name: &str, kind: Type, doc: &str, nullable: bool| EventField {
        name: name.to_owned(),
        shape: Shape::One(kind),
        doc: doc.to_owned(),
        long_text: false,
        formula: false,
        nullable,
    };
    let mut fields = vec![
        field("CreatedDate", Type::Long, "CreatedDate:DateTime", false),
        field("CreatedById", Type::String, "CreatedBy:EntityId", false),
    ];
    fields.extend(own.iter().map(|(name, kind)| field(name, *kind, "", true)));
    let described = fields.iter().map(|field| describe(field, &mut Vec::new())).collect();
    finish(name, described, fields, 0)
}

/// The schema that a channel with several kinds of events answers.
/// assumed: the header alone; each event names the schema that it is written with
pub(crate) fn any_change_event(channel: &str) -> EventSchema {
    finish(channel, vec![header()], Vec::new(), 0)
}

fn finish(name: &str, described: Vec<Value>, fields: Vec<EventField>, print: u64) -> EventSchema {
    let mut schema = Map::new();
    schema.insert("name".into(), json!(name));
    schema.insert("namespace".into(), json!("com.sforce.eventbus"));
    schema.insert("type".into(), json!("record"));
    schema.insert("fields".into(), Value::Array(described));
    let hash = Sha256::digest(Value::Object(schema.clone()).to_string());
    let id = BASE64_URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default());
    schema.insert("uuid".into(), json!(id));
    EventSchema { id, json: Value::Object(schema).to_string(), fields, print }
}

fn header() -> Value {
    let one = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let list = |name: &str| json!({"name": name, "type": {"type": "array", "items": "string"}});
    let change_type = json!({"name": "changeType", "type": {
        "type": "enum", "name": "ChangeType", "symbols": super::ChangeType::NAMES,
    }});
    json!({
        "name": "ChangeEventHeader",
        "type": {"type": "record", "name": "ChangeEventHeader", "fields": [
            one("entityName", "string"), list("recordIds"), change_type, one("changeOrigin", "string"),
            one("transactionKey", "string"), one("sequenceNumber", "int"), one("commitTimestamp", "long"),
            one("commitNumber", "long"), one("commitUser", "string"), list("nulledFields"), list("diffFields"),
            list("changedFields"),
        ]},
        "doc": "Data:ComplexValueType",
    })
}

/// A field in the schema; a record is spelled out where it first stands, and named from then on.
fn describe(field: &EventField, known: &mut Vec<&'static str>) -> Value {
    let kind = match &field.shape {
        Shape::One(kind) if field.nullable => json!(["null", kind.name()]),
        Shape::One(kind) => json!(kind.name()),
        Shape::Compound(name, _) if known.contains(name) => json!(["null", name]),
        Shape::Compound(name, parts) => {
            known.push(name);
            let parts: Vec<(&str, Type)> = parts.iter().map(|part| (part.name, part.kind)).collect();
            json!(["null", record(name, &parts)])
        }
        Shape::SwitchableName => {
            let parts = ["Salutation", "FirstName", "LastName"].map(|name| (name, Type::String));
            json!(["null", "string", record("Switchable_PersonName", &parts)])
        }
    };
    let mut described = Map::new();
    described.insert("name".into(), json!(field.name));
    described.insert("type".into(), kind);
    if !field.doc.is_empty() {
        described.insert("doc".into(), json!(field.doc));
    }
    if field.nullable {
        described.insert("default".into(), Value::Null);
    }
    Value::Object(described)
}

fn record(name: &str, parts: &[(&str, Type)]) -> Value {
    let parts = parts
        .iter()
        .map(|(name, kind)| json!({"name": name, "type": ["null", kind.name()], "default": null}));
    json!({"type": "record", "name": name, "fields": parts.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::standard;

    fn names(object: &str) -> Vec<String> {
        let schema = change_event(&standard()[object], false);
        schema.fields.iter().map(|field| field.name.clone()).collect()
    }

    #[test]
    fn the_fields_of_an_account_stand_where_the_platforms_examples_have_them() {
        let names = names("Account");
        // The header is field 0.
        let at = |place: usize| names[place - 1].as_str();
        assert_eq!((at(1), at(4), at(11)), ("Name", "BillingAddress", "Industry"));
        assert_eq!((at(16), at(22)), ("Description", "LastModifiedDate"));
    }

    #[test]
    fn the_fields_of_a_lead_stand_where_the_platforms_examples_have_them() {
        let names = names("Lead");
        assert!(names.contains(&"Name".to_owned()) && !names.contains(&"LastName".to_owned()));
        assert!(names.contains(&"Address".to_owned()) && !names.contains(&"Street".to_owned()));
    }

    #[test]
    fn an_id_stands_for_a_state_of_the_fields() {
        let mut account = standard()["Account"].clone();
        let before = change_event(&account, false);
        assert_eq!(before.id.len(), 22);
        assert_eq!(before.id, change_event(&account, false).id);
        let field = crate::schema::custom_field("Tier__c", &json!({"type": "Text", "length": 10})).unwrap();
        account.add(field);
        let after = change_event(&account, false);
        assert_ne!((after.id.as_str(), after.print), (before.id.as_str(), before.print));
    }

    #[test]
    fn events_are_called_after_their_objects() {
        assert_eq!(event_name("Account"), "AccountChangeEvent");
        assert_eq!(event_name("Visit__c"), "Visit__ChangeEvent");
        assert_eq!(object_name("Visit__ChangeEvent").as_deref(), Some("Visit__c"));
        assert_eq!(object_name("ChangeEvent"), None);
    }
}
