//! The REST resources below `/services/data/vXX.X`, as one function of a request, so that the parts of a composite
//! request go the same way as a request of their own.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sim_base::{Fault, FaultKind, WriteKind};

use crate::dml::{DuplicateRule, Writer, no_type};
use crate::error::Refusal;
use crate::service::DAILY_CALLS;
use crate::soql::{self, Scope};
use crate::{Inner, State, ids};

/// The first version and the last that the org serves.
const VERSIONS: std::ops::RangeInclusive<u32> = 60..=68;
const RELEASES: [&str; 9] = [
    "Spring '24",
    "Summer '24",
    "Winter '25",
    "Spring '25",
    "Summer '25",
    "Winter '26",
    "Spring '26",
    "Summer '26",
    "Winter '27",
];
const PAGE: usize = 2_000;

/// A request, or a part of a composite one.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub method: String,
    /// Below the host, without the query.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    pub headers: CallHeaders,
}

/// The headers that change what a call does.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallHeaders {
    pub batch_size: Option<usize>,
    pub allow_save: bool,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    fn empty(status: u16) -> Self {
        Self { status, body: None }
    }

    pub fn refused(refusals: &[Refusal]) -> Self {
        Self {
            status: refusals.first().map_or(400, |refusal| refusal.status),
            body: Some(refusals.iter().map(Refusal::as_call).collect()),
        }
    }
}

type Done = Result<Reply, Vec<Refusal>>;

fn refuse<T>(refusal: Refusal) -> Result<T, Vec<Refusal>> {
    Err(vec![refusal])
}

/// One call at work.
pub(crate) struct Api<'a> {
    pub inner: &'a Inner,
    pub state: &'a mut State,
    pub now: Timestamp,
    /// A fault that fails rows of a batch one by one.
    pub half: Option<Fault>,
}

impl Api<'_> {
    /// Answers a call whose session is open.
    pub fn answer(&mut self, call: &Call) -> Reply {
        match self.dispatch(call) {
            Ok(reply) => reply,
            Err(refusals) => Reply::refused(&refusals),
        }
    }

    fn writer(&self, headers: &CallHeaders) -> Writer {
        Writer {
            user: Arc::clone(&self.state.integration),
            now: self.now,
            allow_save: headers.allow_save,
            duplicate_rule: self.state.duplicate_rule,
        }
    }

    fn dispatch(&mut self, call: &Call) -> Done {
        let path = call.path.trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        let rest = match parts.as_slice() {
            ["services", "data", version, rest @ ..] => {
                let known =
                    version.strip_prefix('v').and_then(|v| v.strip_suffix(".0")).and_then(|v| v.parse().ok());
                if !known.is_some_and(|version: u32| VERSIONS.contains(&version)) {
                    return refuse(Refusal::not_found());
                }
                rest
            }
            _ => return refuse(Refusal::not_found()),
        };
        let version = parts.get(2).and_then(|v| v.strip_prefix('v')).unwrap_or("66.0").to_owned();
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Reply::ok(resources(&version))),
            ("GET", ["limits"]) => Ok(Reply::ok(self.limits())),
            ("GET", ["limits", "recordCount"]) => Ok(Reply::ok(self.record_count(call))),
            ("GET", ["sobjects"]) => {
                let objects: Vec<Value> =
                    self.state.org.tables.values().map(|table| table.def.summary(&version)).collect();
                Ok(Reply::ok(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})))
            }
            ("GET", ["query"]) => self.query(call, &version, Scope::Live),
            ("GET", ["queryAll"]) => self.query(call, &version, Scope::All),
            ("GET", ["query" | "queryAll", locator]) => self.further(call, locator, &version),
            ("GET", ["sobjects", object]) => {
                let table = self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])?;
                let recent: Vec<Value> = Vec::new();
                Ok(Reply::ok(json!({"objectDescribe": table.def.summary(&version), "recentItems": recent})))
            }
            ("GET", ["sobjects", object, "describe"]) => {
                if call.headers.if_modified_since.is_some_and(|since| since >= self.state_changed()) {
                    return Ok(Reply::empty(304));
                }
                let table = self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])?;
                Ok(Reply::ok(table.def.describe(&version)))
            }
            ("POST", ["sobjects", object]) => self.create(call, object),
            (method, ["sobjects", object, id]) => self.row(call, method, object, id, &version),
            (method, ["sobjects", object, field, value]) => {
                self.by_key(call, method, object, field, value, &version)
            }
            (_, ["composite"]) if call.method == "POST" => self.composite(call),
            ("POST", ["composite", "batch"]) => self.batch(call),
            (method @ ("POST" | "PATCH"), ["composite", "sobjects"]) => self.collection(call, method),
            ("DELETE", ["composite", "sobjects"]) => self.collection_delete(call),
            ("PATCH", ["composite", "sobjects", object, field]) => {
                self.collection_upsert(call, object, field)
            }
            ("GET" | "POST", ["composite", "sobjects", object]) => {
                self.collection_read(call, object, &version)
            }
            ("POST", ["tooling", "sobjects", "CustomField"]) => self.custom_field(call),
            ("GET", ["tooling", "query"]) => self.tooling_query(call),
            ("GET" | "POST" | "PATCH" | "DELETE", _) => refuse(Refusal::not_found()),
            (method, _) => {
                let message =
                    format!("HTTP Method '{method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE");
                refuse(Refusal::new("METHOD_NOT_ALLOWED", message).with_status(405))
            }
        }
    }

    /// assumed: describes change when the org starts, and not again until a field is added
    fn state_changed(&self) -> Timestamp {
        let table = self.state.org.table("Organization");
        let row = table.and_then(|table| table.rows.values().next());
        row.and_then(|row| Timestamp::from_second(row.created_at).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn limits(&mut self) -> Value {
        let left = DAILY_CALLS.saturating_sub(self.state.service.used(self.now));
        json!({
            "DailyApiRequests": {"Max": DAILY_CALLS, "Remaining": left},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DailyDeliveredPlatformEvents": {"Max": 10_000, "Remaining": 10_000},
            "DataStorageMB": {"Max": 5, "Remaining": 5},
            "FileStorageMB": {"Max": 20, "Remaining": 20},
        })
    }

    fn record_count(&self, call: &Call) -> Value {
        let wanted = param(call, "sObjects").unwrap_or_default();
        let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
        let counts: Vec<Value> = self
            .state
            .org
            .tables
            .iter()
            .filter(|(name, _)| wanted.is_empty() || wanted.contains(&name.as_str()))
            .map(|(name, table)| json!({"count": table.live, "name": name}))
            .collect();
        json!({"sObjects": counts})
    }

    fn query(&mut self, call: &Call, version: &str, scope: Scope) -> Done {
        let Some(text) = param(call, "q") else {
            return refuse(Refusal::new("MALFORMED_QUERY", "A query string has to be specified"));
        };
        let failed = |error: soql::SoqlError| vec![Refusal::new(error.code, error.message)];
        let query = soql::parse(&text).map_err(failed)?;
        let answer =
            soql::execute(&query, &text, &self.state.org, self.now, scope, version).map_err(failed)?;
        let size = call.headers.batch_size.unwrap_or(PAGE).clamp(200, PAGE);
        let total = answer.total_size;
        if answer.records.len() <= size {
            return Ok(Reply::ok(json!({"totalSize": total, "done": true, "records": answer.records})));
        }
        let first: Vec<Value> = answer.records.iter().take(size).cloned().collect();
        let locator = self.state.service.keep(answer.records);
        let next = format!("/services/data/v{version}/query/{locator}-{size}");
        Ok(Reply::ok(json!({"totalSize": total, "done": false, "nextRecordsUrl": next, "records": first})))
    }

    fn further(&mut self, call: &Call, locator: &str, version: &str) -> Done {
        let gone = || vec![Refusal::new("INVALID_QUERY_LOCATOR", "invalid query locator")];
        let (id, offset) = locator.rsplit_once('-').ok_or_else(gone)?;
        let offset: usize = offset.parse().map_err(|_| gone())?;
        let rows = self.state.service.cursor(id).ok_or_else(gone)?;
        if offset >= rows.len() {
            return Err(gone());
        }
        let size = call.headers.batch_size.unwrap_or(PAGE).clamp(200, PAGE);
        let page: Vec<Value> = rows.iter().skip(offset).take(size).cloned().collect();
        let end = offset + page.len();
        let mut body = json!({"totalSize": rows.len(), "done": end >= rows.len(), "records": page});
        if let Some(body) = body.as_object_mut().filter(|_| end < rows.len()) {
            body.insert(
                "nextRecordsUrl".into(),
                json!(format!("/services/data/v{version}/query/{id}-{end}")),
            );
        }
        Ok(Reply::ok(body))
    }

    fn create(&mut self, call: &Call, object: &str) -> Done {
        let writer = self.writer(&call.headers);
        let fields = fields_of(call)?;
        let id = self.state.org.insert(object, fields, &writer)?;
        self.inner.stats.write(object, WriteKind::Created);
        Ok(Reply { status: 201, body: Some(json!({"id": id, "success": true, "errors": []})) })
    }

    fn row(&mut self, call: &Call, method: &str, object: &str, id: &str, version: &str) -> Done {
        let table = self.state.org.table(object).ok_or_else(|| vec![no_type(object)])?;
        let writer = self.writer(&call.headers);
        let full = ids::normal(id).filter(|full| self.state.org.object_of(full) == Some(&table.def.name));
        let Some(full) = full else {
            let message = format!("Provided external ID field does not exist or is not accessible: {id}");
            return refuse(Refusal::new("NOT_FOUND", message).with_status(404));
        };
        let row = match table.rows.get(&full) {
            Some(row) if row.deleted => {
                return refuse(Refusal::new("ENTITY_IS_DELETED", "entity is deleted").with_status(404));
            }
            Some(row) => Arc::clone(row),
            None => return refuse(Refusal::not_found()),
        };
        if call.headers.if_unmodified_since.is_some_and(|since| row.modified_at > since.as_second()) {
            let message = "The record has been modified since the specified date";
            return refuse(Refusal::new("PRECONDITION_FAILED", message).with_status(412));
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
                self.inner.stats.write(object, WriteKind::Updated);
                Ok(Reply::empty(204))
            }
            "DELETE" => {
                self.state.org.delete(object, &full, &writer).map_err(|refusal| vec![refusal])?;
                self.inner.stats.write(object, WriteKind::Deleted);
                Ok(Reply::empty(204))
            }
            _ => refuse(Refusal::not_found()),
        }
    }

    /// A record with all its fields, or those named.
    fn record(
        &self,
        object: &str,
        id: &str,
        names: Option<&[&str]>,
        version: &str,
    ) -> Result<Value, Vec<Refusal>> {
        use crate::soql::Record as _;
        let table = self.state.org.table(object).ok_or_else(|| vec![no_type(object)])?;
        let row = table.rows.get(id).ok_or_else(|| vec![Refusal::not_found()])?;
        let mut record = Map::new();
        let url = format!("/services/data/v{version}/sobjects/{}/{id}", table.def.name);
        record.insert("attributes".into(), json!({"type": table.def.name, "url": url}));
        match names {
            None => {
                for name in table.def.fields.keys() {
                    record.insert(name.clone(), row.value(name).into_owned());
                }
            }
            Some(names) => {
                for name in names {
                    let (_, field) = table.def.field(name).ok_or_else(|| {
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

    fn by_key(
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

    fn holders(&self, object: &str, field: &str, value: &str) -> Result<Vec<String>, Vec<Refusal>> {
        let table = self.state.org.table(object).ok_or_else(|| vec![no_type(object)])?;
        let key = table.def.field(field).filter(|(_, field)| field.external_id || field.has('k'));
        let (at, _) = key.ok_or_else(|| {
            let message = format!("Provided external ID field does not exist or is not accessible: {field}");
            vec![Refusal::new("NOT_FOUND", message).with_status(404)]
        })?;
        Ok(table.holders(at, value).iter().map(|row| row.id.clone()).collect())
    }

    fn upsert(
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
                self.inner.stats.write(object, WriteKind::Created);
                Ok((id, true))
            }
            [id] => {
                self.state.org.update(object, id, fields, writer)?;
                self.inner.stats.write(object, WriteKind::Updated);
                Ok((id.clone(), false))
            }
            several => {
                let message =
                    format!("More than one record found for external id field: {}", several.join(", "));
                Err(vec![Refusal::new("DUPLICATE_EXTERNAL_ID", message).about(field)])
            }
        }
    }

    /// Whether this row of a batch is made to fail.
    fn row_fails(&self) -> Option<Refusal> {
        let fault = self.half.filter(|fault| fault.kind == FaultKind::HalfBatch)?;
        let message = "unable to obtain exclusive access to this record";
        self.inner.faults.happens(fault.probability).then(|| Refusal::new("UNABLE_TO_LOCK_ROW", message))
    }

    fn collection(&mut self, call: &Call, method: &str) -> Done {
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
                api.inner.stats.write(object, WriteKind::Created);
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
            api.inner.stats.write(&object, WriteKind::Updated);
            Ok((ids::normal(id).unwrap_or_default(), None))
        })
    }

    fn collection_upsert(&mut self, call: &Call, object: &str, field: &str) -> Done {
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
            let Some(value) = value.filter(|value| !value.is_empty() && value != "null") else {
                let message = format!("{field} not specified");
                return Err(vec![Refusal::new("MISSING_ARGUMENT", message).about(field)]);
            };
            let (id, created) = api.upsert(object, field, &value, &fields, &writer)?;
            Ok((id, Some(created)))
        })
    }

    fn collection_delete(&mut self, call: &Call) -> Done {
        let ids = param(call, "ids").unwrap_or_default();
        let rows: Vec<Value> = ids.split(',').filter(|id| !id.is_empty()).map(|id| json!(id)).collect();
        let all_or_none = param(call, "allOrNone").is_some_and(|all| all == "true");
        check_size(&rows)?;
        self.rows(rows, all_or_none, |api, row| {
            let id = row.as_str().unwrap_or_default();
            let writer = api.writer(&call.headers);
            let object = api.state.org.object_of(id).map(ToOwned::to_owned);
            let malformed = || vec![Refusal::new("MALFORMED_ID", format!("bad id {id}")).about("Id")];
            let object = object.ok_or_else(malformed)?;
            api.state.org.delete(&object, id, &writer).map_err(|refusal| vec![refusal])?;
            api.inner.stats.write(&object, WriteKind::Deleted);
            Ok((ids::normal(id).unwrap_or_default(), None))
        })
    }

    /// Works the rows of a collection one by one; with `all_or_none`, a bad one takes back the others.
    fn rows(
        &mut self,
        rows: Vec<Value>,
        all_or_none: bool,
        mut work: impl FnMut(&mut Self, &Value) -> Result<(String, Option<bool>), Vec<Refusal>>,
    ) -> Done {
        self.inner.stats.batch(rows.len());
        let before = all_or_none.then(|| self.state.org.clone());
        let mut results = Vec::new();
        let mut failed = false;
        for row in &rows {
            let done = match self.row_fails() {
                Some(refusal) => Err(vec![refusal]),
                None => work(self, row),
            };
            results.push(match done {
                Ok((id, created)) => {
                    let mut result = json!({"id": id, "success": true, "errors": []});
                    if let (Some(created), Some(result)) = (created, result.as_object_mut()) {
                        result.insert("created".into(), json!(created));
                    }
                    result
                }
                Err(refusals) => {
                    failed = true;
                    let errors: Vec<Value> = refusals.iter().map(Refusal::as_row).collect();
                    json!({"success": false, "errors": errors})
                }
            });
        }
        if let Some(before) = before.filter(|_| failed) {
            self.state.org = before;
            for result in &mut results {
                if result.get("success") == Some(&json!(true)) {
                    *result = json!({"success": false, "errors": [{
                        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                        "message": "Record rolled back because not all records were valid and the request was using \
                                    AllOrNone header",
                        "fields": [],
                    }]});
                }
            }
        }
        Ok(Reply::ok(Value::Array(results)))
    }

    fn collection_read(&mut self, call: &Call, object: &str, version: &str) -> Done {
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
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let mut records = Vec::new();
        for id in ids {
            let found = ids::normal(&id).filter(|id| {
                self.state.org.find(id).is_some_and(|(t, row)| t.def.name == object && !row.deleted)
            });
            records.push(match found {
                Some(id) => self.record(object, &id, Some(&names), version)?,
                None => Value::Null,
            });
        }
        Ok(Reply::ok(Value::Array(records)))
    }

    fn composite(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("compositeRequest").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        if parts.len() > 25 {
            return refuse(Refusal::new(
                "INVALID_BATCH_SIZE",
                "The limit of 25 subrequests has been exceeded",
            ));
        }
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let before = all_or_none.then(|| self.state.org.clone());
        let mut answers: Vec<Value> = Vec::new();
        let mut known: Map<String, Value> = Map::new();
        let mut failed = false;
        for part in parts {
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            let reference = text("referenceId").to_owned();
            let resolved = resolve(&json!({"url": text("url"), "body": part.get("body")}), &known);
            let reply = match resolved {
                Ok(resolved) => {
                    let url = resolved.get("url").and_then(Value::as_str).unwrap_or_default();
                    let body = resolved.get("body").filter(|body| !body.is_null()).cloned();
                    self.answer(&subcall(text("method"), url, body, &call.headers))
                }
                Err(name) => Reply::refused(&[Refusal::new(
                    "PROCESSING_HALTED",
                    format!("Invalid reference specified. No value for {name} found in {name}"),
                )]),
            };
            failed |= reply.status >= 400;
            if reply.status < 400 {
                known.insert(reference.clone(), reply.body.clone().unwrap_or(Value::Null));
            }
            answers.push(json!({
                "body": reply.body, "httpHeaders": {}, "httpStatusCode": reply.status, "referenceId": reference,
            }));
        }
        if let Some(before) = before.filter(|_| failed) {
            self.state.org = before;
            let halted = Refusal::new(
                "PROCESSING_HALTED",
                "The transaction was rolled back since another operation in the same transaction failed.",
            );
            for answer in &mut answers {
                if answer.get("httpStatusCode").and_then(Value::as_u64).is_some_and(|status| status < 400)
                    && let Some(answer) = answer.as_object_mut()
                {
                    answer.insert("body".into(), json!([halted.as_call()]));
                    answer.insert("httpStatusCode".into(), json!(400));
                }
            }
        }
        Ok(Reply::ok(json!({"compositeResponse": answers})))
    }

    fn batch(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("batchRequests").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        if parts.len() > 25 {
            return refuse(Refusal::new(
                "INVALID_BATCH_SIZE",
                "The limit of 25 subrequests has been exceeded",
            ));
        }
        let halt = body.get("haltOnError").and_then(Value::as_bool).unwrap_or(false);
        let mut failed = false;
        let mut results = Vec::new();
        for part in parts {
            if failed && halt {
                let halted = Refusal::new("BATCH_PROCESSING_HALTED", "Batch processing halted due to error");
                results.push(json!({"statusCode": 412, "result": [halted.as_call()]}));
                continue;
            }
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            // Paths of a batch start with the version.
            let url = format!("/services/data/{}", text("url").trim_start_matches('/'));
            let body = part.get("richInput").filter(|body| !body.is_null()).cloned();
            let reply = self.answer(&subcall(text("method"), &url, body, &call.headers));
            failed |= reply.status >= 400;
            results.push(json!({"statusCode": reply.status, "result": reply.body}));
        }
        Ok(Reply::ok(json!({"hasErrors": failed, "results": results})))
    }

    fn custom_field(&mut self, call: &Call) -> Done {
        let fields = fields_of(call)?;
        let full = fields.get("FullName").and_then(Value::as_str).unwrap_or_default();
        let Some((object, name)) = full.split_once('.').filter(|(_, name)| name.ends_with("__c")) else {
            let message = "Required fields are missing: [FullName]";
            return refuse(Refusal::new("REQUIRED_FIELD_MISSING", message).about("FullName"));
        };
        let metadata = fields.get("Metadata").cloned().unwrap_or(Value::Null);
        let field = crate::schema::custom_field(name, &metadata)
            .map_err(|message| vec![Refusal::new("FIELD_INTEGRITY_EXCEPTION", message)])?;
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
        Ok(Reply {
            status: 201,
            body: Some(json!({"id": id, "success": true, "errors": [], "warnings": [], "infos": []})),
        })
    }

    /// Custom fields by `SELECT … FROM CustomField`; nothing else is known to the tooling side yet.
    fn tooling_query(&mut self, call: &Call) -> Done {
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

/// The versions that the org serves; anybody may ask.
pub(crate) fn versions() -> Value {
    let versions = VERSIONS.zip(RELEASES).map(|(version, label)| {
        json!({"label": label, "url": format!("/services/data/v{version}.0"), "version": format!("{version}.0")})
    });
    versions.collect()
}

fn resources(version: &str) -> Value {
    let base = format!("/services/data/v{version}");
    let names =
        ["tooling", "query", "queryAll", "limits", "sobjects", "composite", "search", "jobs", "recent"];
    let map: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!(format!("{base}/{name}")))).collect();
    Value::Object(map)
}

fn param(call: &Call, name: &str) -> Option<String> {
    call.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn no_json() -> Refusal {
    Refusal::new(
        "JSON_PARSER_ERROR",
        "The HTTP entity body is required, but this request has no entity body.",
    )
}

fn fields_of(call: &Call) -> Result<&Map<String, Value>, Vec<Refusal>> {
    call.body.as_ref().and_then(Value::as_object).ok_or_else(|| vec![no_json()])
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

fn subcall(method: &str, url: &str, body: Option<Value>, headers: &CallHeaders) -> Call {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Call {
        method: method.to_uppercase(),
        path: percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body,
        headers: headers.clone(),
    }
}

/// Puts earlier answers in place of `@{reference.path}`; answers the reference that is not known.
fn resolve(value: &Value, known: &Map<String, Value>) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("@{") {
                let Some((path, end)) = after.split_once('}') else { break };
                out.push_str(before);
                let pointer = path.replace(['.', '['], "/").replace(']', "");
                let (reference, inner) = pointer.split_once('/').unwrap_or((&pointer, ""));
                let found = known.get(reference).and_then(|answer| answer.pointer(&format!("/{inner}")));
                match found {
                    Some(Value::String(text)) => out.push_str(text),
                    Some(other) => out.push_str(&other.to_string()),
                    None => return Err(reference.to_owned()),
                }
                rest = end;
            }
            out.push_str(rest);
            Ok(Value::String(out))
        }
        Value::Array(items) => {
            items.iter().map(|item| resolve(item, known)).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Ok((key.clone(), resolve(value, known)?)));
            entries.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

/// The rule against duplicates, as `/_sim/settings` names it.
pub(crate) fn duplicate_rule(text: &str) -> Option<DuplicateRule> {
    serde_json::from_value(json!(text)).ok()
}
