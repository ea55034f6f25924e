//! The Tooling API: components as records.

mod data;
mod objects;
mod rows;
mod write;

use serde_json::{Map, Value, json};

use super::{Api, Call, Done, Reply, param, refuse};
use crate::error::Refusal;
use crate::soql::{self, Scope};
use data::ToolingData;

impl Api<'_> {
    /// Answers what comes below `/tooling`.
    pub(super) fn tooling(&mut self, call: &Call, version: &str, rest: &[&str]) -> Done {
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let base = format!("/services/data/v{version}/tooling");
                let names = ["query", "sobjects"];
                let map: Map<String, Value> =
                    names.iter().map(|name| ((*name).to_owned(), json!(format!("{base}/{name}")))).collect();
                Ok(Reply::ok(Value::Object(map)))
            }
            ("GET", ["query"]) => self.tooling_query(call, version),
            ("GET", ["sobjects"]) => {
                let objects: Vec<Value> =
                    objects::all().iter().map(|object| object.summary(version)).collect();
                Ok(Reply::ok(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})))
            }
            ("GET", ["sobjects", name]) => match objects::find(name) {
                Some(object) => {
                    Ok(Reply::ok(json!({"objectDescribe": object.summary(version), "recentItems": []})))
                }
                None => self.beyond(call, rest, version),
            },
            ("GET", ["sobjects", name, "describe"]) => match objects::find(name) {
                Some(object) => Ok(Reply::ok(object.describe(version))),
                None => self.beyond(call, rest, version),
            },
            ("POST", ["sobjects", name]) => match objects::find(name) {
                Some(object) => self.tooling_create(call, object),
                None => self.beyond(call, rest, version),
            },
            (method @ ("GET" | "PATCH" | "DELETE"), ["sobjects", name, id]) => match objects::find(name) {
                Some(object) if method == "GET" => self.tooling_read(call, object, id, version),
                Some(object) if method == "PATCH" => self.tooling_update(call, object, id),
                Some(object) => self.tooling_delete(object, id),
                None => self.beyond(call, rest, version),
            },
            _ => refuse(Refusal::not_found()),
        }
    }

    /// The org's own tables are reached through the Tooling API as well.
    fn beyond(&mut self, call: &Call, rest: &[&str], version: &str) -> Done {
        let path = format!("/services/data/v{version}/{}", rest.join("/"));
        let call = Call { path, ..call.clone() };
        self.dispatch(&call, false)
    }

    fn tooling_query(&mut self, call: &Call, version: &str) -> Done {
        let Some(text) = param(call, "q") else {
            return refuse(Refusal::new("MALFORMED_QUERY", "A query string has to be specified"));
        };
        let (object, total, records) = self.run(&text, version)?;
        let mut records = Value::Array(records);
        tooling_addresses(&mut records);
        Ok(Reply::ok(json!({
            "size": total, "totalSize": total, "done": true, "queryLocator": null, "entityTypeName": object,
            "records": records,
        })))
    }

    /// Answers a query of the data API about objects that are no tables; nothing when it is about a table.
    pub(super) fn definition_query(&mut self, text: &str, version: &str) -> Option<Done> {
        let query = soql::parse(text).ok()?;
        let object = query.from.text.as_str();
        let shared = ["EntityDefinition", "FieldDefinition"];
        if !shared.iter().any(|own| own.eq_ignore_ascii_case(object)) {
            return None;
        }
        Some(self.run(text, version).map(|(_, total, records)| {
            Reply::ok(json!({"totalSize": total, "done": true, "records": records}))
        }))
    }

    fn run(&mut self, text: &str, version: &str) -> Result<(String, usize, Vec<Value>), Vec<Refusal>> {
        let failed = |error: soql::SoqlError| vec![Refusal::new(error.code, error.message)];
        let query = soql::parse(text).map_err(failed)?;
        let object = query.from.text.clone();
        let now = self.now;
        let data = ToolingData::new(self.state, &object);
        let answer = soql::execute(&query, text, &data, now, Scope::Live, version).map_err(failed)?;
        let name = objects::find(&object).map_or(object, |own| own.name.to_owned());
        Ok((name, answer.total_size, answer.records))
    }

    fn tooling_read(
        &mut self,
        call: &Call,
        object: &objects::ToolingObject,
        id: &str,
        version: &str,
    ) -> Done {
        let wanted = crate::ids::normal(id).unwrap_or_else(|| id.to_owned());
        let rows = self.state.tooling_rows(object.name);
        let row = rows.into_iter().find(|row| row.get("Id").and_then(Value::as_str) == Some(&wanted));
        let Some(row) = row else { return refuse(Refusal::not_found()) };
        let fields = param(call, "fields");
        let chosen: Option<Vec<&str>> =
            fields.as_deref().map(|fields| fields.split(',').map(str::trim).collect());
        let url = format!("/services/data/v{version}/tooling/sobjects/{}/{wanted}", object.name);
        let mut record = Map::new();
        record.insert("attributes".into(), json!({"type": object.name, "url": url}));
        for field in &object.fields {
            if chosen
                .as_ref()
                .is_none_or(|chosen| chosen.iter().any(|name| name.eq_ignore_ascii_case(field.name)))
            {
                record.insert(field.name.to_owned(), row.get(field.name).cloned().unwrap_or(Value::Null));
            }
        }
        Ok(Reply::ok(Value::Object(record)))
    }
}

/// Records of the Tooling API live under its own address.
fn tooling_addresses(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(tooling_addresses),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(url) if key == "url" => {
                        *url = url.replacen("/sobjects/", "/tooling/sobjects/", 1)
                    }
                    other => tooling_addresses(other),
                }
            }
        }
        _ => {}
    }
}
