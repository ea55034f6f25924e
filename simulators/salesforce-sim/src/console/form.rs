//! The form of a record: its fields, and as whom they are edited.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{escape, shown};
use crate::SalesforceSim;
use crate::org::{Org, RowData, Table};
use crate::soql::Record as _;

/// The name under which the form sends the user who edits.
pub(super) const USER: &str = "as_user";

type Typed = HashMap<String, String>;

/// Inputs for all fields that can be set: what the record holds, or what was typed.
pub(super) fn inputs(table: &Table, row: Option<&RowData>, typed: &Typed) -> String {
    let mut out = String::new();
    for (at, field) in table.def.fields.values().enumerate() {
        let editable = if row.is_some() { field.has('u') } else { field.has('c') };
        if !editable {
            continue;
        }
        let held = row.map_or(Value::Null, |row| row.get(at).clone());
        let value = typed.get(&field.name).map_or_else(|| shown(&held), |text| escape(text));
        let required = if field.is_required() { " <span class=tag>required</span>" } else { "" };
        let (list, named) = if field.choices.is_empty() {
            (String::new(), String::new())
        } else {
            let choices = field.choices.iter().map(|choice| format!("<option value=\"{}\">", escape(choice)));
            let options: String = choices.collect();
            let id = format!("{}-choices", field.name);
            (format!("<datalist id=\"{id}\">{options}</datalist>"), format!(" list=\"{id}\""))
        };
        let _ = write!(
            out,
            "<label>{} <span class=quiet>{name}</span>{required}<input name=\"{name}\" value=\"{value}\"{named}></label>{list}",
            escape(&field.label),
            name = escape(&field.name),
        );
    }
    format!("<div class=fields>{out}</div>")
}

/// The choice of the user who edits.
pub(super) fn users(org: &Org, person: &str, typed: &Typed) -> String {
    let chosen = typed.get(USER).map_or(person, String::as_str);
    let Some(table) = org.table("User") else { return String::new() };
    let active = table.rows.iter().filter(|row| !row.deleted && *row.value("IsActive") == json!(true));
    let options: String = active
        .map(|row| {
            let id = shown(&row.value("Id"));
            let selected = if id == chosen { " selected" } else { "" };
            format!("<option value=\"{id}\"{selected}>{}</option>", shown(&row.value("Name")))
        })
        .collect();
    format!("<label>Edit as <select name={USER}>{options}</select></label>")
}

/// What was typed, as the platform's own pages would send it: only what differs.
pub(super) fn typed_fields(
    sim: &SalesforceSim,
    object: &str,
    id: Option<&str>,
    typed: &Typed,
) -> Map<String, Value> {
    sim.with_org(|org| {
        let Some(table) = org.table(object) else { return Map::new() };
        let row = id.and_then(|id| table.rows.get(id));
        let mut fields = Map::new();
        for (name, text) in typed {
            let Some((at, field)) = table.def.field(name) else { continue };
            let before = match row.as_ref().map_or(&Value::Null, |row| row.get(at)) {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if *text != before {
                let value = if text.trim().is_empty() { Value::Null } else { Value::String(text.clone()) };
                fields.insert(field.name.clone(), value);
            }
        }
        fields
    })
}
