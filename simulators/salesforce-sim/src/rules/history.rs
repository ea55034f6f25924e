//! The history of tracked fields.

use serde_json::{Value, json};

use crate::dml::Writer;
use crate::org::{Org, RowData};
use crate::schema::FieldDef;
use crate::soql::Record as _;

impl Org {
    /// Makes a record that no user could make, as the platform does.
    pub(crate) fn record(
        &mut self,
        object: &str,
        fields: &[(&str, Value)],
        writer: &Writer,
    ) -> Option<String> {
        let table = self.table_mut(object)?;
        let mut row = table.blank(&writer.user, writer.now.as_second());
        for (name, value) in fields {
            if let Some((at, _)) = table.def.field(name) {
                row.set(at, value.clone());
            }
        }
        let id = row.id.clone();
        self.put(object, row);
        Some(id)
    }

    /// Notes what a write changed in tracked fields.
    pub(crate) fn note_history(
        &mut self,
        object: &str,
        row: &RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) {
        let Some(tracked) = self.rules.history.get(object).filter(|tracked| !tracked.is_empty()) else {
            return;
        };
        let Some((history, key)) = history_of(object) else { return };
        let Some(table) = self.table(object) else { return };
        let mut rows: Vec<Vec<(&str, Value)>> = Vec::new();
        match before {
            None => rows.push(vec![("Field", json!("created"))]),
            Some(before) => {
                for name in tracked {
                    let Some((at, field)) = table.def.field(name) else { continue };
                    let (old, new) = (before.get(at), row.get(at));
                    if old != new {
                        self.changes(field, old, new, &mut rows);
                    }
                }
            }
        }
        for mut fields in rows {
            fields.push((&key, json!(row.id)));
            self.record(&history, &fields, writer);
        }
    }

    fn changes(
        &self,
        field: &FieldDef,
        old: &Value,
        new: &Value,
        rows: &mut Vec<Vec<(&'static str, Value)>>,
    ) {
        let name = match &field.relationship {
            Some(relationship) if !field.custom => relationship.clone(),
            _ => field.name.clone(),
        };
        let line = |kind: &str, old: Value, new: Value| {
            vec![("Field", json!(name)), ("DataType", json!(kind)), ("OldValue", old), ("NewValue", new)]
        };
        match field.kind.as_str() {
            // Names first, then ids.
            "reference" => {
                let named = |id: &Value| {
                    let found = id.as_str().and_then(|id| self.find(id));
                    found.map_or(Value::Null, |(_, row)| row.value("Name").into_owned())
                };
                rows.push(line("Text", named(old), named(new)));
                rows.push(line("EntityId", old.clone(), new.clone()));
            }
            // Long texts are noted without what they say.
            "textarea" if field.length > 255 => rows.push(line("Text", Value::Null, Value::Null)),
            "double" | "percent" | "int" => rows.push(line("Double", old.clone(), new.clone())),
            "currency" => rows.push(line("Currency", old.clone(), new.clone())),
            "boolean" => rows.push(line("Boolean", old.clone(), new.clone())),
            "date" => rows.push(line("DateOnly", old.clone(), new.clone())),
            "datetime" => rows.push(line("DateTime", old.clone(), new.clone())),
            "picklist" => rows.push(line("DynamicEnum", old.clone(), new.clone())),
            _ => rows.push(line("Text", old.clone(), new.clone())),
        }
    }
}

/// The history object of an object, and the field in it that refers back.
pub(crate) fn history_of(object: &str) -> Option<(String, String)> {
    Some(match object {
        "Opportunity" => ("OpportunityFieldHistory".to_owned(), "OpportunityId".to_owned()),
        "Account" | "Contact" | "Lead" | "Case" | "Campaign" => {
            (format!("{object}History"), format!("{object}Id"))
        }
        _ => (format!("{}__History", object.strip_suffix("__c")?), "ParentId".to_owned()),
    })
}
