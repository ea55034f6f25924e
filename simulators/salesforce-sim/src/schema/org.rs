//! What the org says of its objects.

use serde_json::{Value, json};

use super::{Around, RecordTypeInfo};
use crate::org::Org;
use crate::soql::Record as _;

impl Org {
    /// The description of an object.
    pub fn describe(&self, object: &str, version: &str, base_url: &str) -> Option<Value> {
        let table = self.table(object)?;
        let record_types = self.record_types(&table.def.name);
        Some(table.def.describe(&Around { version, base_url, record_types, hidden: None }))
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
                available: active,
                default: false,
            });
        }
        types
    }
}
