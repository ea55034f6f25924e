//! Single records, by id or by external id.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::conditions::Condition;
use super::{Api, Call, Done, Reply, fields_of, param, refuse};
use crate::dml::{Writer, no_type};
use crate::error::Refusal;
use crate::ids;

impl Api<'_> {
    pub(super) fn create(&mut self, call: &Call, object: &str) -> Done {
        let writer = self.writer(&call.headers);
        let fields = fields_of(call)?;
        let id = self.state.org.insert(object, fields, &writer)?;
        self.wrote(object, WriteKind::Created);
        Ok(Reply { status: 201, body: Some(json!({"id": id, "success": true, "errors": []})) })
    }

    pub(super) fn row(&mut self, call: &Call, method: &str, object: &str, id: &str, version: &str) -> Done {
        let table = self.state.org.seen_table(object).ok_or_else(|| vec![no_type(object)])?;
        let writer = self.writer(&call.headers);
        let full = ids::normal(id).filter(|full| self.state.org.object_of(full) == Some(&table.def.name));
        let Some(full) = full else {
            let message = format!("Provided external ID field does not exist or is not accessible: {id}");
            return refuse(Refusal::new("NOT_FOUND", message).with_status(404));
        };
        let row = match table.rows.stored(&full) {
            Some(row) if row.deleted => {
                return refuse(Refusal::new("ENTITY_IS_DELETED", "entity is deleted").with_status(404));
            }
            Some(row) if method == "GET" && !self.state.org.sees(&table.def, &**row) => {
                return refuse(Refusal::not_found());
            }
            Some(row) => Arc::clone(row),
            None => return refuse(Refusal::not_found()),
        };
        let object = &table.def.name.clone();
        match self.condition(call, object, &row).map_err(|refusal| vec![refusal])? {
            Condition::Unchanged => return Ok(Reply::empty(304)),
            Condition::Holds => self.looked_at(call, &full),
        }
        match method {
            "GET" => {
                let fields = param(call, "fields");
                let names: Option<Vec<&str>> =
                    fields.as_deref().map(|fields| fields.split(',').map(str::trim).collect());
                self.record(object, &full, names.as_deref(), version).map(Reply::ok)
            }
            "PATCH" => {
                let fields = fields_of(call)?;
                self.state.org.update(object, &full, fields, &writer)?;
                self.wrote(object, WriteKind::Updated);
                Ok(Reply::empty(204))
            }
            "DELETE" => {
                self.state.org.delete(object, &full, &writer).map_err(|refusal| vec![refusal])?;
                self.wrote(object, WriteKind::Deleted);
                Ok(Reply::empty(204))
            }
            _ => refuse(Refusal::not_found()),
        }
    }

    /// A record with all its fields, or those named.
    pub(super) fn record(
        &self,
        object: &str,
        id: &str,
        names: Option<&[&str]>,
        version: &str,
    ) -> Result<Value, Vec<Refusal>> {
        use crate::soql::Record as _;
        let table = self.state.org.seen_table(object).ok_or_else(|| vec![no_type(object)])?;
        let row = table.rows.stored(id).ok_or_else(|| vec![Refusal::not_found()])?;
        let access = &self.state.org.rules.access;
        let mut record = Map::new();
        let url = format!("/services/data/v{version}/sobjects/{}/{id}", table.def.name);
        record.insert("attributes".into(), json!({"type": table.def.name, "url": url}));
        match names {
            None => {
                let seen = |name: &&String| access.sees_field(&table.def.name, name);
                for name in table.def.fields.keys().filter(seen) {
                    record.insert(name.clone(), row.value(name).into_owned());
                }
            }
            Some(names) => {
                for name in names {
                    let known = table.def.field(name);
                    let known = known.filter(|(_, own)| access.sees_field(&table.def.name, &own.name));
                    let (_, field) = known.ok_or_else(|| {
                        let message = format!("No such column '{name}' on entity '{}'.", table.def.name);
                        vec![Refusal::new("INVALID_FIELD", message)]
                    })?;
                    record.insert(field.name.clone(), row.value(&field.name).into_owned());
                }
                record.entry("Id").or_insert_with(|| json!(id));
            }
        }
        Ok(Value::Object(record))
    }

    pub(super) fn by_key(
        &mut self,
        call: &Call,
        method: &str,
        object: &str,
        field: &str,
        value: &str,
        version: &str,
    ) -> Done {
        if field.eq_ignore_ascii_case("Id") {
            return self.row(call, method, object, value, version);
        }
        let holders = self.holders(object, field, value)?;
        match (method, holders.as_slice()) {
            (_, [_, _, ..]) => {
                let urls =
                    holders.iter().map(|id| format!("/services/data/v{version}/sobjects/{object}/{id}"));
                Ok(Reply { status: 300, body: Some(urls.collect()) })
            }
            ("GET" | "DELETE", [id]) => self.row(call, method, object, &id.clone(), version),
            ("PATCH" | "POST", _) => {
                let fields = fields_of(call)?.clone();
                if fields.keys().any(|name| name.eq_ignore_ascii_case(field)) {
                    let message = format!("The {field} field should not be specified in the sobject data.");
                    return refuse(Refusal::new("INVALID_FIELD", message).about(field));
                }
                let update_only = param(call, "updateOnly").is_some_and(|only| only == "true");
                if holders.is_empty() && update_only {
                    return refuse(Refusal::not_found());
                }
                let writer = self.writer(&call.headers);
                let (id, created) = self.upsert(object, field, value, &fields, &writer)?;
                let status = if created { 201 } else { 200 };
                Ok(Reply {
                    status,
                    body: Some(json!({"id": id, "success": true, "errors": [], "created": created})),
                })
            }
            _ => refuse(Refusal::not_found()),
        }
    }

    pub(super) fn holders(
        &self,
        object: &str,
        field: &str,
        value: &str,
    ) -> Result<Vec<String>, Vec<Refusal>> {
        let table = self.state.org.table(object).ok_or_else(|| vec![no_type(object)])?;
        let key = table.def.field(field).filter(|(_, field)| field.external_id || field.has('k'));
        let (at, _) = key.ok_or_else(|| {
            let message = format!("Provided external ID field does not exist or is not accessible: {field}");
            vec![Refusal::new("NOT_FOUND", message).with_status(404)]
        })?;
        Ok(table.holders(at, value).iter().map(|row| row.id.clone()).collect())
    }

    pub(crate) fn upsert(
        &mut self,
        object: &str,
        field: &str,
        value: &str,
        fields: &Map<String, Value>,
        writer: &Writer,
    ) -> Result<(String, bool), Vec<Refusal>> {
        let holders = self.holders(object, field, value)?;
        match holders.as_slice() {
            [] => {
                let mut fields = fields.clone();
                fields.insert(field.to_owned(), json!(value));
                let id = self.state.org.insert(object, &fields, writer)?;
                self.wrote(object, WriteKind::Created);
                Ok((id, true))
            }
            [id] => {
                self.state.org.update(object, id, fields, writer)?;
                self.wrote(object, WriteKind::Updated);
                Ok((id.clone(), false))
            }
            several => {
                let message =
                    format!("More than one record found for external id field: {}", several.join(", "));
                Err(vec![Refusal::new("DUPLICATE_EXTERNAL_ID", message).about(field)])
            }
        }
    }
}
