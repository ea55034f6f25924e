//! Rows of tables that describe the org itself, written without the checks that a caller's write goes through.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Who;
use crate::org::{Org, Table};
use crate::soql::Record;

/// Makes a row and answers its id; nothing where there is no such table.
pub(crate) fn insert(org: &mut Org, object: &str, fields: &Value, who: &Who) -> Option<String> {
    let table = org.table_mut(object)?;
    let object = table.def.name.clone();
    let mut row = table.blank(&who.user, who.now.as_second());
    for (at, field) in table.def.fields.values().enumerate() {
        if field.kind == "boolean" && field.name != "IsDeleted" {
            row.set(at, json!(false));
        }
    }
    for (name, value) in fields.as_object().into_iter().flatten() {
        if let Some((at, _)) = table.def.field(name) {
            row.set(at, value.clone());
        }
    }
    let id = row.id.clone();
    org.put(&object, row);
    Some(id)
}

/// Changes a row.
pub(crate) fn update(org: &mut Org, id: &str, fields: &Value, who: &Who) {
    let Some((table, row)) = org.find(id) else { return };
    let object = table.def.name.clone();
    let mut row = row;
    for (name, value) in fields.as_object().into_iter().flatten() {
        if let Some((at, _)) = table.def.field(name) {
            row.set(at, value.clone());
        }
    }
    row.modified_at = who.now.as_second();
    row.modified_by = Arc::clone(&who.user);
    row.modstamp = row.modified_at.max(row.modstamp);
    org.put(&object, row);
}

/// Takes a row away.
pub(crate) fn delete(org: &mut Org, id: &str, who: &Who) {
    let Some((table, row)) = org.find(id) else { return };
    let object = table.def.name.clone();
    let mut row = row;
    row.deleted = true;
    row.modstamp = who.now.as_second().max(row.modstamp);
    org.put(&object, row);
}

/// The live rows of an object, as their fields that hold something, with their ids.
pub(crate) fn all(org: &Org, object: &str) -> Vec<Value> {
    let Some(table) = org.table(object) else { return Vec::new() };
    let live = table.rows.iter().filter(|row| !row.deleted);
    live.map(|row| named(table, &**row)).collect()
}

/// The live rows whose field has this text, in whatever case.
pub(crate) fn holding(org: &Org, object: &str, field: &str, text: &str) -> Vec<Value> {
    let Some(table) = org.table(object) else { return Vec::new() };
    let Some((at, _)) = table.def.field(field) else { return Vec::new() };
    let held = table.holders(at, text);
    held.iter().map(|row| named(table, row)).collect()
}

/// A row as its fields that hold something.
fn named(table: &Table, row: &dyn Record) -> Value {
    let fields = table.def.fields.keys().map(|name| (name.clone(), row.value(name).into_owned()));
    Value::Object(fields.filter(|(_, value)| !value.is_null()).collect())
}

/// A text of a row.
pub(crate) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A checkbox of a row.
pub(crate) fn yes(row: &Value, field: &str) -> bool {
    row.get(field).and_then(Value::as_bool).unwrap_or(false)
}
