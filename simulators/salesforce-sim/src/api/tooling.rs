//! The little of the Tooling API that is served: custom fields.

use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, fields_of, param, refuse};
use crate::error::Refusal;
use crate::ids;

impl Api<'_> {
    pub(super) fn custom_field(&mut self, call: &Call) -> Done {
        let fields = fields_of(call)?;
        let full = fields.get("FullName").and_then(Value::as_str).unwrap_or_default();
        let Some((object, name)) = full.split_once('.').filter(|(_, name)| name.ends_with("__c")) else {
            let message = "Required fields are missing: [FullName]";
            return refuse(Refusal::new("REQUIRED_FIELD_MISSING", message).about("FullName"));
        };
        let metadata = fields.get("Metadata").cloned().unwrap_or(Value::Null);
        let field = crate::schema::custom_field(name, &metadata)
            .map_err(|message| vec![Refusal::new("FIELD_INTEGRITY_EXCEPTION", message)])?;
        let now = self.now;
        let table = self.state.org.table_mut(object).ok_or_else(|| {
            vec![Refusal::new("INVALID_CROSS_REFERENCE_KEY", format!("Entity {object} not found"))]
        })?;
        if table.def.field(name).is_some() {
            let message = format!("There is already a field named {name} on {object}.");
            return refuse(Refusal::new("DUPLICATE_DEVELOPER_NAME", message).about("FullName"));
        }
        // assumed: the simulated profile sees new fields at once; a real org shows them after access is granted
        table.add_field(field);
        let id = ids::make("00N", table.def.fields.len() as u64);
        self.state.org.described_at = Some(now);
        Ok(Reply {
            status: 201,
            body: Some(json!({"id": id, "success": true, "errors": [], "warnings": [], "infos": []})),
        })
    }

    /// Custom fields by `SELECT … FROM CustomField`; nothing else is known to the tooling side yet.
    pub(super) fn tooling_query(&mut self, call: &Call) -> Done {
        let text = param(call, "q").unwrap_or_default();
        if !text.to_lowercase().contains("from customfield") {
            return refuse(Refusal::new("INVALID_TYPE", "sObject type is not supported."));
        }
        let mut records = Vec::new();
        for (object, table) in &self.state.org.tables {
            for (at, field) in table.def.fields.values().enumerate().filter(|(_, field)| field.custom) {
                records.push(json!({
                    "attributes": {"type": "CustomField", "url": "/services/data/v66.0/tooling/sobjects/CustomField"},
                    "Id": ids::make("00N", at as u64 + 1),
                    "DeveloperName": field.name.trim_end_matches("__c"),
                    "TableEnumOrId": object,
                }));
            }
        }
        Ok(Reply::ok(
            json!({"size": records.len(), "totalSize": records.len(), "done": true, "queryLocator": null,
            "entityTypeName": "CustomField", "records": records}),
        ))
    }
}
