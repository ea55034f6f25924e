//! What the org says of its objects.

use serde_json::{Value, json};

use super::{Around, RecordTypeInfo};
use crate::org::Org;
use crate::soql::Record as _;

impl Org {
    /// The description of an object.
    pub fn describe(&self, object: &str, version: &str, base_url: &str) -> Option<Value> {
        let table = self.table(object)?;
        let access = &self.rules.access;
        if !access.sees_object(&table.def.name) {
            return None;
        }
        let record_types = self.record_types(&table.def.name);
        let hidden = access.hidden_fields(&table.def.name);
        let mut described =
            table.def.describe(&Around { version, base_url, record_types, hidden: Some(&hidden) });
        self.limit(&table.def.name, &mut described);
        Some(described)
    }

    /// The list of all objects that the user may know of.
    pub fn describe_all(&self, version: &str) -> Vec<Value> {
        let seen = self.tables.values().filter(|table| self.rules.access.sees_object(&table.def.name));
        let mut objects: Vec<Value> = seen
            .map(|table| {
                let mut summary = table.def.summary(version);
                self.limit(&table.def.name, &mut summary);
                summary
            })
            .collect();
        objects.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        objects
    }

    /// Takes away from a description what the user may not do.
    fn limit(&self, object: &str, described: &mut Value) {
        if let Some(access) = self.rules.access.objects.get(object) {
            for (key, allowed) in
                [("createable", access.create), ("updateable", access.edit), ("deletable", access.delete)]
            {
                if !allowed {
                    described[key] = json!(false);
                }
            }
        }
        if !self.rules.access.limits_fields(object) {
            return;
        }
        for field in described.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = field["name"].as_str().unwrap_or_default();
            if !self.rules.access.field(object, name).edit {
                field["createable"] = json!(false);
                field["updateable"] = json!(false);
            }
        }
    }

    /// The record types of an object, apart from the one that every object has.
    pub fn record_types(&self, object: &str) -> Vec<RecordTypeInfo> {
        let Some(table) = self.table("RecordType") else { return Vec::new() };
        let Some((at, _)) = table.def.field("SobjectType") else { return Vec::new() };
        let mut types: Vec<RecordTypeInfo> = Vec::new();
        for row in &table.holders(at, object) {
            let text = |name: &str| row.value(name).as_str().unwrap_or_default().to_owned();
            let active = *row.value("IsActive") == json!(true);
            types.push(RecordTypeInfo {
                id: row.id.clone(),
                name: text("Name"),
                developer_name: text("DeveloperName"),
                active,
                available: active && !self.rules.closed_record_types.contains(&row.id),
                default: self.rules.default_record_types.get(object) == Some(&row.id),
            });
        }
        types
    }
}
