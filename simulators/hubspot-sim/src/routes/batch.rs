//! Records in batches. A batch goes through whole, is refused whole, or, where rows can be told apart, in part.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::objects::{associations_of, make, properties_of, updated, written};
use super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::time::iso;
use crate::view::Shape;
use crate::write::Claimed;

const MOST: usize = 100;
const MOST_WITH_HISTORY: usize = 50;

type Row = Map<String, Value>;

pub(super) fn find(verb: &str, name: String) -> Hit {
    match verb {
        "read" => serve("/{objectType}/batch/read", move |ctx| read(ctx, kind(ctx, &name)?)),
        "create" => serve("/{objectType}/batch/create", move |ctx| create(ctx, kind(ctx, &name)?)),
        "update" => serve("/{objectType}/batch/update", move |ctx| update(ctx, kind(ctx, &name)?)),
        "upsert" => serve("/{objectType}/batch/upsert", move |ctx| upsert(ctx, kind(ctx, &name)?)),
        "archive" => serve("/{objectType}/batch/archive", move |ctx| archive(ctx, kind(ctx, &name)?)),
        _ => None,
    }
}

fn inputs(ctx: &Ctx<'_>, body: &Row, most: usize, text: &str) -> Result<Vec<Row>, ApiError> {
    let Some(Value::Array(inputs)) = body.get("inputs") else {
        return Err(ApiError::validation("Some required fields were not set: [inputs]"));
    };
    ctx.sim.stats.batch(inputs.len());
    if inputs.len() > most {
        return Err(ApiError::validation(text));
    }
    inputs
        .iter()
        .map(|input| match input {
            Value::Object(row) => Ok(row.clone()),
            _ => Err(ApiError::validation("Invalid input JSON: an object was expected in 'inputs'")),
        })
        .collect()
}

const TOO_MANY: &str = "The maximum number of inputs supported in a batch is 100. Please reduce the number of items and try again";
const TOO_MANY_WITH_HISTORY: &str =
    "The maximum number of inputs supported in a batch request for property histories is 50";

fn field(row: &Row, name: &str) -> Option<String> {
    row.get(name).and_then(text_of).filter(|text| !text.is_empty())
}

fn trace(row: &Row) -> Option<String> {
    field(row, "objectWriteTraceId")
}

/// Whether every row can be told apart by its trace id.
fn traced(rows: &[Row]) -> bool {
    let mut seen = HashSet::new();
    rows.iter().all(|row| trace(row).is_some_and(|trace| seen.insert(trace)))
}

fn ids(rows: &[Row]) -> Result<Vec<String>, ApiError> {
    let mut all = Vec::with_capacity(rows.len());
    let mut seen = HashSet::new();
    let mut twice: Vec<String> = Vec::new();
    for row in rows {
        let id = field(row, "id")
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [id]"))?;
        if !seen.insert(id.to_lowercase()) && !twice.contains(&id) {
            twice.push(id.clone());
        }
        all.push(id);
    }
    if twice.is_empty() {
        return Ok(all);
    }
    let mut error = ApiError::validation(format!(
        "Duplicate IDs found in batch input: [{}]. IDs must be unique",
        twice.join(", ")
    ));
    error.context.insert("ids".into(), json!(twice));
    Err(error)
}

fn answer(ctx: &Ctx<'_>, whole: u16, results: Vec<Value>, errors: Vec<Value>) -> Outcome {
    let mut body = Map::new();
    body.insert("status".into(), json!("COMPLETE"));
    body.insert("results".into(), Value::Array(results));
    let status = if errors.is_empty() { whole } else { 207 };
    if !errors.is_empty() {
        body.insert("numErrors".into(), json!(errors.len()));
        body.insert("errors".into(), Value::Array(errors));
    }
    body.insert("startedAt".into(), json!(iso(ctx.now)));
    body.insert("completedAt".into(), json!(iso(ctx.now)));
    Ok(Reply::json(status, &Value::Object(body)))
}

/// Rows that are not there, in one entry.
fn missing(account: &Account, object: usize, ids: &[String]) -> Value {
    let mut error = ApiError::object_not_found(format!(
        "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
        account.stores[object].kind.legacy
    ));
    error.context.insert("ids".into(), json!(ids));
    error.row(None)
}

fn read(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let names = |key: &str| -> Vec<String> {
        let list = body.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase).collect()
    };
    let mut shape = Shape {
        properties: names("properties"),
        history: names("propertiesWithHistory"),
        ..Shape::default()
    };
    let rows = if shape.history.is_empty() {
        inputs(ctx, &body, MOST, TOO_MANY)?
    } else {
        inputs(ctx, &body, MOST_WITH_HISTORY, TOO_MANY_WITH_HISTORY)?
    };
    let ids = ids(&rows)?;
    let by = field(&body, "idProperty");
    let archived = ctx.flag("archived");
    let account = ctx.sim.read();
    shape.seen = ctx.seen(&account, object);
    let mut results = Vec::with_capacity(ids.len());
    let mut absent = Vec::new();
    let mut shown = HashSet::new();
    for id in ids {
        let found = match account.locate(object, &id, by.as_deref()) {
            Ok(found) => account.stores[object].records.get(found),
            Err(error) if error.status == 400 => return Err(error),
            Err(_) => None,
        };
        match found.filter(|record| record.archived.is_some() == archived) {
            Some(record) => {
                if shown.insert(record.id) {
                    results.push(Value::Object(account.show(object, record, &shape, i64::MAX)));
                }
            }
            None => absent.push(id),
        }
    }
    let errors = if absent.is_empty() { Vec::new() } else { vec![missing(&account, object, &absent)] };
    answer(ctx, 200, results, errors)
}

fn create(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let rows = inputs(ctx, &ctx.object()?, MOST, TOO_MANY)?;
    let traced = traced(&rows);
    let mut account = ctx.sim.write();
    let source = ctx.app(&account);
    let mut ready = Vec::with_capacity(rows.len());
    let mut errors = Vec::new();
    let mut claimed = Claimed::new();
    for (n, row) in rows.iter().enumerate() {
        if ctx.row_fails() {
            errors.push(ApiError::passing().row(trace(row).as_deref()));
            continue;
        }
        let checked = properties_of(row).and_then(|properties| {
            ctx.may_write(&account, object, &properties)?;
            let values = account.prepare(object, &properties, None, &source)?;
            let links = associations_of(&account, object, row)?;
            let wanted = account.check_unique(object, &values, None, &claimed)?;
            Ok((values, links, wanted))
        });
        match checked {
            Ok((values, links, wanted)) => {
                // The id an earlier row will get is not known yet; its place in the batch stands for it.
                claimed.extend(wanted.into_iter().map(|key| (key, n as u64 + 1)));
                ready.push((n, values, links));
            }
            Err(error) if traced => errors.push(error.row(trace(row).as_deref())),
            Err(error) => return Err(error),
        }
    }
    let mut results = Vec::with_capacity(ready.len());
    for (n, values, links) in ready {
        let id = make(ctx, &mut account, object, values, &links);
        results.push(Value::Object(written(ctx, &account, object, id, &rows[n])));
    }
    answer(ctx, 201, results, errors)
}

fn update(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let rows = inputs(ctx, &ctx.object()?, MOST, TOO_MANY)?;
    let ids = ids(&rows)?;
    let traced = traced(&rows);
    let mut account = ctx.sim.write();
    let source = ctx.app(&account);
    let mut ready = Vec::with_capacity(rows.len());
    let mut errors = Vec::new();
    let mut absent = Vec::new();
    let mut claimed = Claimed::new();
    for (n, (row, id)) in rows.iter().zip(&ids).enumerate() {
        if ctx.row_fails() {
            errors.push(ApiError::passing().row(trace(row).as_deref()));
            continue;
        }
        let by = field(row, "idProperty");
        if let Some(by) = by.as_deref().filter(|by| matches!(*by, "email" | "hs_object_id")) {
            return Err(account.not_unique(object, by));
        }
        let found = match account.locate(object, id, by.as_deref()) {
            // A merged record's old id is not taken here.
            Ok(found) if by.is_none() && found.to_string() != id.trim() => None,
            Ok(found) => account.live(object, found).map(|_| found),
            Err(error) if error.status == 400 => return Err(error),
            Err(_) => None,
        };
        let Some(found) = found else {
            match trace(row) {
                Some(trace) => {
                    let error =
                        ApiError::object_not_found("resource not found").with_context("ids", id.as_str());
                    errors.push(error.row(Some(&trace)));
                }
                None => absent.push(id.clone()),
            }
            continue;
        };
        let checked = properties_of(row).and_then(|properties| {
            if properties.is_empty() {
                return Err(ApiError::validation(
                    "No properties found to update, please provide at least one.",
                ));
            }
            ctx.may_write(&account, object, &properties)?;
            let values = account.prepare(object, &properties, account.live(object, found), &source)?;
            let wanted = account.check_unique(object, &values, Some(found), &claimed)?;
            Ok((values, wanted))
        });
        match checked {
            Ok((values, wanted)) => {
                claimed.extend(wanted.into_iter().map(|key| (key, found)));
                ready.push((n, found, values));
            }
            // assumed: without trace ids a value that is not valid refuses the whole batch
            Err(error) if traced => errors.push(error.row(trace(row).as_deref())),
            Err(error) => return Err(error),
        }
    }
    if !absent.is_empty() {
        errors.push(missing(&account, object, &absent));
    }
    let mut results = Vec::with_capacity(ready.len());
    for (n, id, values) in ready {
        account.apply(object, id, values, &source, ctx.now);
        ctx.sim.stats.write(&account.kind(object).name, WriteKind::Updated);
        results.push(Value::Object(updated(ctx, &account, object, id, &rows[n])));
    }
    answer(ctx, 200, results, errors)
}

fn upsert(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let rows = inputs(ctx, &ctx.object()?, MOST, TOO_MANY)?;
    let ids = ids(&rows)?;
    let traced = traced(&rows);
    let mut account = ctx.sim.write();
    let source = ctx.app(&account);
    let mut ready = Vec::with_capacity(rows.len());
    let mut errors = Vec::new();
    let mut claimed = Claimed::new();
    for (n, (row, id)) in rows.iter().zip(&ids).enumerate() {
        if ctx.row_fails() {
            errors.push(ApiError::passing().row(trace(row).as_deref()));
            continue;
        }
        let by = field(row, "idProperty").unwrap_or_else(|| "hs_object_id".to_owned());
        if by == "hs_object_id" {
            return Err(account.not_unique(object, &by));
        }
        let found = match account.locate(object, id, Some(&by)) {
            Ok(found) => Some(found),
            Err(error) if error.status == 400 => return Err(error),
            Err(_) => None,
        };
        let checked = properties_of(row).and_then(|mut properties| {
            if found.is_none() {
                properties.entry(by.clone()).or_insert_with(|| json!(id));
            }
            let current = found.and_then(|found| account.live(object, found));
            ctx.may_write(&account, object, &properties)?;
            let values = account.prepare(object, &properties, current, &source)?;
            let wanted = account.check_unique(object, &values, found, &claimed)?;
            Ok((values, wanted))
        });
        match checked {
            Ok((values, wanted)) => {
                claimed.extend(wanted.into_iter().map(|key| (key, found.unwrap_or(n as u64 + 1))));
                ready.push((n, found, values));
            }
            Err(error) if traced => errors.push(error.row(trace(row).as_deref())),
            Err(error) => return Err(error),
        }
    }
    let mut results = Vec::with_capacity(ready.len());
    for (n, found, values) in ready {
        let id = match found {
            Some(id) => {
                account.apply(object, id, values, &source, ctx.now);
                ctx.sim.stats.write(&account.kind(object).name, WriteKind::Updated);
                id
            }
            None => make(ctx, &mut account, object, values, &[]),
        };
        let mut shown = written(ctx, &account, object, id, &rows[n]);
        shown.insert("new".into(), json!(found.is_none()));
        results.push(Value::Object(shown));
    }
    answer(ctx, 200, results, errors)
}

fn archive(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let rows = inputs(ctx, &ctx.object()?, MOST, TOO_MANY)?;
    let ids = ids(&rows)?;
    let mut account = ctx.sim.write();
    for id in ids {
        // assumed: ids that are not there are passed over
        if let Ok(id) = account.locate(object, &id, None)
            && account.archive(object, id, ctx.now)
        {
            ctx.sim.stats.write(&account.kind(object).name, WriteKind::Deleted);
        }
    }
    Ok(Reply::empty())
}
