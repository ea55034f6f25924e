//! Up to 200 records in one call.

use serde_json::{Value, json};
use sim_base::WriteKind;

use super::{Api, Call, Done, Reply, fields_of, no_json, param, refuse};
use crate::error::Refusal;
use crate::ids;

/// The most records of one read.
const MOST_READ: usize = 2_000;

impl Api<'_> {
    /// Whether this row of a batch is made to fail.
    pub(crate) fn row_fails(&self) -> Option<Refusal> {
        let probability = self.half?;
        let message = "unable to obtain exclusive access to this record";
        self.inner.faults.happens(probability).then(|| Refusal::new("UNABLE_TO_LOCK_ROW", message))
    }

    pub(super) fn collection(&mut self, call: &Call, method: &str) -> Done {
        let (rows, all_or_none) = batch_of(call)?;
        self.rows(rows, all_or_none, |api, row| {
            let Value::Object(fields) = row else { return Err(vec![no_json()]) };
            let object = fields.get("attributes").and_then(|a| a.get("type")).and_then(Value::as_str);
            let writer = api.writer(&call.headers);
            let mut fields = fields.clone();
            fields.remove("attributes");
            let id = fields.remove("Id").or_else(|| fields.remove("id"));
            if method == "POST" {
                let object = object.ok_or_else(|| vec![Refusal::new("INVALID_TYPE", "type is missing")])?;
                let id = api.state.org.insert(object, &fields, &writer)?;
                api.wrote(object, WriteKind::Created);
                return Ok((id, None));
            }
            let id = id.as_ref().and_then(Value::as_str).unwrap_or_default();
            let missing =
                || vec![Refusal::new("MISSING_ARGUMENT", "Id not specified in an update call").about("Id")];
            if id.is_empty() {
                return Err(missing());
            }
            let known = api.state.org.object_of(id).map(ToOwned::to_owned);
            let object = object.map(ToOwned::to_owned).or(known).ok_or_else(missing)?;
            api.state.org.update(&object, id, &fields, &writer)?;
            api.wrote(&object, WriteKind::Updated);
            Ok((ids::normal(id).unwrap_or_default(), None))
        })
    }

    pub(super) fn collection_upsert(&mut self, call: &Call, object: &str, field: &str) -> Done {
        let (rows, all_or_none) = batch_of(call)?;
        if self.state.org.table(object).is_none() {
            return refuse(Refusal::not_found());
        }
        self.rows(rows, all_or_none, |api, row| {
            let Value::Object(fields) = row else { return Err(vec![no_json()]) };
            let writer = api.writer(&call.headers);
            let mut fields = fields.clone();
            fields.remove("attributes");
            let key = fields.keys().find(|key| key.eq_ignore_ascii_case(field)).cloned();
            let value = key.and_then(|key| fields.remove(&key));
            let value = value.as_ref().map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned));
            if field.eq_ignore_ascii_case("Id") {
                // An id is given by the org: without one, the record is new.
                let Some(id) = value.filter(|id| !id.is_empty() && id != "null") else {
                    let id = api.state.org.insert(object, &fields, &writer)?;
                    api.wrote(object, WriteKind::Created);
                    return Ok((id, Some(true)));
                };
                api.state.org.update(object, &id, &fields, &writer)?;
                api.wrote(object, WriteKind::Updated);
                return Ok((ids::normal(&id).unwrap_or(id), Some(false)));
            }
            let Some(value) = value.filter(|value| !value.is_empty() && value != "null") else {
                let message = format!("{field} not specified");
                return Err(vec![Refusal::new("MISSING_ARGUMENT", message).about(field)]);
            };
            let (id, created) = api.upsert(object, field, &value, &fields, &writer)?;
            Ok((id, Some(created)))
        })
    }

    pub(super) fn collection_delete(&mut self, call: &Call) -> Done {
        let ids = param(call, "ids").unwrap_or_default();
        let rows: Vec<Value> = ids.split(',').filter(|id| !id.is_empty()).map(|id| json!(id)).collect();
        let all_or_none = param(call, "allOrNone").is_some_and(|all| all == "true");
        check_size(&rows)?;
        self.rows(rows, all_or_none, |api, row| {
            let id = row.as_str().unwrap_or_default();
            let writer = api.writer(&call.headers);
            let object = api.state.org.object_of(id).map(ToOwned::to_owned);
            let malformed = || vec![Refusal::new("MALFORMED_ID", format!("malformed id {id}"))];
            let object = object.ok_or_else(malformed)?;
            api.state.org.delete(&object, id, &writer).map_err(|refusal| vec![refusal])?;
            api.wrote(&object, WriteKind::Deleted);
            Ok((ids::normal(id).unwrap_or_default(), None))
        })
    }

    /// Works the rows of a collection one by one; with `all_or_none`, a bad one takes back the others.
    pub(super) fn rows(
        &mut self,
        rows: Vec<Value>,
        all_or_none: bool,
        mut work: impl FnMut(&mut Self, &Value) -> Result<(String, Option<bool>), Vec<Refusal>>,
    ) -> Done {
        self.inner.stats.batch(rows.len());
        let (mut results, taken_back) = self.atomic(all_or_none, |api| {
            let results: Vec<Value> = rows.iter().map(|row| api.one(row, &mut work)).collect();
            let failed = results.iter().any(|result| result["success"] == json!(false));
            (results, failed)
        });
        if taken_back {
            for result in results.iter_mut().filter(|result| result["success"] == json!(true)) {
                result["success"] = json!(false);
                result["errors"] = json!([{
                    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                    "message": "Record rolled back because not all records were valid and the request was using \
                                AllOrNone header",
                    "fields": [],
                }]);
                if let Some(result) = result.as_object_mut() {
                    result.remove("created");
                }
            }
        }
        Ok(Reply::ok(Value::Array(results)))
    }

    fn one(
        &mut self,
        row: &Value,
        work: &mut impl FnMut(&mut Self, &Value) -> Result<(String, Option<bool>), Vec<Refusal>>,
    ) -> Value {
        let done = match self.row_fails() {
            Some(refusal) => Err(vec![refusal]),
            None => work(self, row),
        };
        match done {
            Ok((id, None)) => json!({"id": id, "success": true, "errors": []}),
            Ok((id, Some(created))) => json!({"id": id, "success": true, "errors": [], "created": created}),
            Err(refusals) => {
                let errors: Vec<Value> = refusals.iter().map(Refusal::as_row).collect();
                json!({"success": false, "errors": errors})
            }
        }
    }

    pub(super) fn collection_read(&mut self, call: &Call, object: &str, version: &str) -> Done {
        let list = |value: Option<&Value>| -> Vec<String> {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
        };
        let split = |text: Option<String>| -> Vec<String> {
            text.unwrap_or_default()
                .split(',')
                .filter(|part| !part.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        let (ids, fields) = match &call.body {
            Some(body) => (list(body.get("ids")), list(body.get("fields"))),
            None => (split(param(call, "ids")), split(param(call, "fields"))),
        };
        for (list, name) in [(&ids, "ids"), (&fields, "fields")] {
            if list.is_empty() {
                // assumed: code and wording; that both are required is documented
                let message = format!("Missing required parameter: {name}");
                return refuse(Refusal::new("MISSING_ARGUMENT", message));
            }
        }
        if ids.len() > MOST_READ {
            let message = "record limit reached. cannot submit more than 2000 records into this call";
            return refuse(Refusal::new("EXCEEDED_ID_LIMIT", message));
        }
        let Some(table) = self.state.org.table(object) else { return refuse(Refusal::not_found()) };
        let object = &table.def.name.clone();
        let names: Vec<&str> = fields.iter().map(|name| name.trim()).collect();
        // A field that is not there is refused, whatever the ids are.
        if let Some(wrong) = names.iter().find(|name| table.def.field(name).is_none()) {
            let message = format!("No such column '{wrong}' on sobject of type {object}");
            return refuse(Refusal::new("INVALID_FIELD", message));
        }
        let mut records = Vec::new();
        for id in ids {
            let found = ids::normal(id.trim()).filter(|id| {
                let table = self.state.org.table(object);
                table.is_some_and(|table| {
                    let row = table.rows.stored(id);
                    row.is_some_and(|row| !row.deleted && self.state.org.sees(&table.def, &**row))
                })
            });
            records.push(match found {
                Some(id) => self.record(object, &id, Some(&names), version)?,
                None => Value::Null,
            });
        }
        Ok(Reply::ok(Value::Array(records)))
    }
}

fn batch_of(call: &Call) -> Result<(Vec<Value>, bool), Vec<Refusal>> {
    let body = fields_of(call)?;
    let rows = body.get("records").and_then(Value::as_array).cloned().ok_or_else(|| vec![no_json()])?;
    check_size(&rows)?;
    Ok((rows, body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false)))
}

fn check_size(rows: &[Value]) -> Result<(), Vec<Refusal>> {
    if rows.len() > 200 {
        let message = "record limit reached. cannot submit more than 200 records into this call";
        return refuse(Refusal::new("EXCEEDED_ID_LIMIT", message));
    }
    Ok(())
}
