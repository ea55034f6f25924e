//! Associations between records, and their labels.

use serde_json::{Map, Value, json};

use super::objects::named_type;
use super::{Hit, kind, serve};
use crate::account::Account;
use crate::associations::End;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::time::iso;

const PAGE: usize = 500;
pub(super) const MOST_READ: usize = 1000;
pub(super) const MOST_WRITTEN: usize = 2000;

/// `/objects/{type}/{id}/associations/…`
pub(super) fn find_on_record(method: &str, rest: &[&str]) -> Hit {
    let [from, id, "associations", rest @ ..] = rest else { return None };
    let (from, id) = ((*from).to_owned(), (*id).to_owned());
    match (method, rest) {
        ("PUT", ["default", to, to_id]) => {
            let (to, to_id) = ((*to).to_owned(), (*to_id).to_owned());
            serve("/{objectType}/{objectId}/associations/default/{toObjectType}/{toObjectId}", move |ctx| {
                put_default(ctx, (kind(ctx, &from)?, &id), (kind(ctx, &to)?, &to_id))
            })
        }
        ("GET", [to]) => {
            let to = (*to).to_owned();
            serve("/{objectType}/{objectId}/associations/{toObjectType}", move |ctx| {
                list(ctx, (kind(ctx, &from)?, &id), kind(ctx, &to)?)
            })
        }
        ("PUT", [to, to_id]) => {
            let (to, to_id) = ((*to).to_owned(), (*to_id).to_owned());
            serve("/{objectType}/{objectId}/associations/{toObjectType}/{toObjectId}", move |ctx| {
                put(ctx, (kind(ctx, &from)?, &id), (kind(ctx, &to)?, &to_id))
            })
        }
        ("DELETE", [to, to_id]) => {
            let (to, to_id) = ((*to).to_owned(), (*to_id).to_owned());
            serve("/{objectType}/{objectId}/associations/{toObjectType}/{toObjectId}", move |ctx| {
                delete(ctx, (kind(ctx, &from)?, &id), (kind(ctx, &to)?, &to_id))
            })
        }
        _ => None,
    }
}

/// `/associations/{from}/{to}/…`
pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let [from, to, rest @ ..] = rest else { return None };
    let (from, to) = ((*from).to_owned(), (*to).to_owned());
    let kinds = move |ctx: &Ctx<'_>| Ok((kind(ctx, &from)?, kind(ctx, &to)?));
    match (method, rest) {
        ("POST", ["batch", "read"]) => {
            serve("/{from}/{to}/batch/read", move |ctx| batch_read(ctx, kinds(ctx)?))
        }
        ("POST", ["batch", "create"]) => {
            serve("/{from}/{to}/batch/create", move |ctx| batch_create(ctx, kinds(ctx)?, false))
        }
        ("POST", ["batch", "associate", "default"]) => {
            serve("/{from}/{to}/batch/associate/default", move |ctx| batch_create(ctx, kinds(ctx)?, true))
        }
        ("POST", ["batch", "archive"]) => {
            serve("/{from}/{to}/batch/archive", move |ctx| batch_archive(ctx, kinds(ctx)?))
        }
        ("POST", ["batch", "labels", "archive"]) => {
            serve("/{from}/{to}/batch/labels/archive", move |ctx| labels_archive(ctx, kinds(ctx)?))
        }
        ("GET", ["labels"]) => serve("/{from}/{to}/labels", move |ctx| labels(ctx, kinds(ctx)?)),
        ("POST", ["labels"]) => serve("/{from}/{to}/labels", move |ctx| define(ctx, kinds(ctx)?)),
        ("PUT", ["labels"]) => serve("/{from}/{to}/labels", move |ctx| rename(ctx, kinds(ctx)?)),
        ("DELETE", ["labels", id]) => {
            let id = (*id).to_owned();
            serve("/{from}/{to}/labels/{associationTypeId}", move |ctx| remove(ctx, kinds(ctx)?, &id))
        }
        _ => None,
    }
}

pub(super) fn end(account: &Account, (object, id): (usize, &str)) -> Result<End, ApiError> {
    let id = account.locate(object, id, None)?;
    account.live(object, id).map(|_| (object, id)).ok_or_else(ApiError::record_not_found)
}

fn link_json(account: &Account, to: u64, types: &[u32]) -> Value {
    let types: Vec<Value> = types.iter().map(|id| account.type_json(*id)).collect();
    json!({ "toObjectId": to, "associationTypes": types })
}

/// One page of a record's associations, and where the next begins.
fn page(account: &Account, from: End, to: usize, after: u64, limit: usize) -> (Vec<Value>, Option<u64>) {
    let mut links = account.links(from, to);
    links.retain(|(id, _)| *id >= after);
    let next = links.get(limit).map(|(id, _)| *id);
    let shown = links.iter().take(limit).map(|(id, types)| link_json(account, *id, types)).collect();
    (shown, next)
}

fn list(ctx: &Ctx<'_>, from: (usize, &str), to: usize) -> Outcome {
    let limit = ctx.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let after = ctx.param("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let account = ctx.sim.read();
    let from = end(&account, from)?;
    let (results, next) = page(&account, from, to, after, limit);
    let mut body = Map::new();
    body.insert("results".into(), Value::Array(results));
    if let Some(next) = next {
        body.insert("paging".into(), json!({ "next": { "after": next.to_string() } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn put(ctx: &Ctx<'_>, from: (usize, &str), to: (usize, &str)) -> Outcome {
    let named = ctx.json()?;
    let mut account = ctx.sim.write();
    let (from, to) = (end(&account, from)?, end(&account, to)?);
    let types = types_of(&account, (from.0, to.0), Some(&named))?;
    account.check_limits(from, to, &types)?;
    let at = account.tick(ctx.now);
    account.put_link(from, to, &types, true, at);
    Ok(Reply::json(201, &created_json(&account, from, to)))
}

fn types_of(
    account: &Account,
    (from, to): (usize, usize),
    named: Option<&Value>,
) -> Result<Vec<u32>, ApiError> {
    let mut types = Vec::new();
    for one in named.and_then(Value::as_array).into_iter().flatten() {
        let (id, leads_to) = named_type(account, from, one)?;
        if leads_to != to {
            return Err(ApiError::validation("One or more associations are invalid"));
        }
        types.push(id);
    }
    if types.is_empty() {
        return Err(ApiError::validation("One or more associations are invalid"));
    }
    Ok(types)
}

fn created_json(account: &Account, from: End, to: End) -> Value {
    let labels: Vec<String> =
        account.types_of(from, to).into_iter().filter_map(|id| account.label_of(id)).collect();
    json!({
        "fromObjectTypeId": account.kind(from.0).type_id,
        "fromObjectId": from.1,
        "toObjectTypeId": account.kind(to.0).type_id,
        "toObjectId": to.1,
        "labels": labels,
    })
}

fn default_json(account: &Account, from: End, to: End) -> Vec<Value> {
    [(from, to), (to, from)]
        .into_iter()
        .map(|(from, to)| {
            json!({
                "from": { "id": from.1.to_string() },
                "to": { "id": to.1.to_string() },
                "associationSpec": {
                    "associationCategory": "HUBSPOT_DEFINED",
                    "associationTypeId": account.unlabelled(from.0, to.0),
                },
            })
        })
        .collect()
}

fn put_default(ctx: &Ctx<'_>, from: (usize, &str), to: (usize, &str)) -> Outcome {
    let mut account = ctx.sim.write();
    let (from, to) = (end(&account, from)?, end(&account, to)?);
    if account.unlabelled(from.0, to.0).is_none() {
        return Err(ApiError::validation("One or more associations are invalid"));
    }
    let at = account.tick(ctx.now);
    // assumed: the default association is the unlabelled one and makes no company the primary one
    account.put_link(from, to, &[], false, at);
    answer(ctx, 200, default_json(&account, from, to), Vec::new())
}

fn delete(ctx: &Ctx<'_>, from: (usize, &str), to: (usize, &str)) -> Outcome {
    let mut account = ctx.sim.write();
    let (from, to) = (end(&account, from)?, end(&account, to)?);
    let at = account.tick(ctx.now);
    account.unlink(from, to, at);
    Ok(Reply::empty())
}

pub(super) fn answer(ctx: &Ctx<'_>, whole: u16, results: Vec<Value>, errors: Vec<Value>) -> Outcome {
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

pub(super) fn inputs(ctx: &Ctx<'_>, most: usize) -> Result<Vec<Value>, ApiError> {
    let Value::Object(mut body) = ctx.json()? else {
        return Err(ApiError::validation("Invalid input JSON: an object was expected"));
    };
    let Some(Value::Array(inputs)) = body.remove("inputs") else {
        return Err(ApiError::validation("Some required fields were not set: [inputs]"));
    };
    ctx.sim.stats.batch(inputs.len());
    if inputs.len() > most {
        return Err(ApiError::validation(format!(
            "The maximum number of inputs supported in a batch is {most}. Please reduce the number of items and try again"
        )));
    }
    Ok(inputs)
}

pub(super) fn id_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(text_of).unwrap_or_default()
}

fn batch_read(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let inputs = inputs(ctx, MOST_READ)?;
    let account = ctx.sim.read();
    let mut results = Vec::new();
    let mut errors = Vec::new();
    for input in &inputs {
        let id = id_at(input, "/id");
        let after = id_at(input, "/after").parse().unwrap_or(0);
        let found = end(&account, (from, &id)).map(|from| page(&account, from, to, after, PAGE));
        match found {
            Ok((links, next)) if !links.is_empty() => {
                let mut row = Map::new();
                row.insert("from".into(), json!({ "id": id }));
                row.insert("to".into(), Value::Array(links));
                if let Some(next) = next {
                    row.insert("paging".into(), json!({ "next": { "after": next.to_string() } }));
                }
                results.push(Value::Object(row));
            }
            // assumed: a record without associations is an entry in errors, as one that is not there is
            _ => {
                let error = ApiError::object_not_found(format!(
                    "No {} is associated with {} {id}.",
                    account.kind(to).singular.as_str(),
                    account.kind(from).singular.as_str()
                ))
                .with_sub("crm.associations.NO_ASSOCIATIONS_FOUND")
                .with_context("fromObjectId", id.as_str())
                .with_context("fromObjectType", account.kind(from).singular.as_str())
                .with_context("toObjectType", account.kind(to).singular.as_str());
                errors.push(error.row(None));
            }
        }
    }
    answer(ctx, 200, results, errors)
}

fn batch_create(ctx: &Ctx<'_>, (from, to): (usize, usize), default: bool) -> Outcome {
    let inputs = inputs(ctx, MOST_WRITTEN)?;
    let mut account = ctx.sim.write();
    let at = account.tick(ctx.now);
    let mut results = Vec::new();
    let mut errors = Vec::new();
    for input in &inputs {
        let (one, other) = (id_at(input, "/from/id"), id_at(input, "/to/id"));
        let types = if default {
            Ok(account.unlabelled(from, to).into_iter().collect())
        } else {
            types_of(&account, (from, to), input.get("types"))
        }?;
        match end(&account, (from, &one)).and_then(|a| Ok((a, end(&account, (to, &other))?))) {
            Ok((one, other)) => {
                if let Err(error) = account.check_limits(one, other, &types) {
                    errors.push(error.row(None));
                    continue;
                }
                account.put_link(one, other, &types, false, at);
                if default {
                    results.extend(default_json(&account, one, other));
                } else {
                    results.push(created_json(&account, one, other));
                }
            }
            Err(_) => {
                let error = ApiError::object_not_found("One or more associations are invalid")
                    .with_context("fromObjectId", one.as_str())
                    .with_context("toObjectId", other.as_str());
                errors.push(error.row(None));
            }
        }
    }
    answer(ctx, if default { 200 } else { 201 }, results, errors)
}

fn batch_archive(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let inputs = inputs(ctx, MOST_READ)?;
    let mut account = ctx.sim.write();
    let at = account.tick(ctx.now);
    for input in &inputs {
        let Ok(one) = end(&account, (from, &id_at(input, "/from/id"))) else { continue };
        for target in input.get("to").and_then(Value::as_array).into_iter().flatten() {
            if let Ok(other) = end(&account, (to, &id_at(target, "/id"))) {
                account.unlink(one, other, at);
            }
        }
    }
    if ctx.dated { answer(ctx, 200, Vec::new(), Vec::new()) } else { Ok(Reply::empty()) }
}

fn labels_archive(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let inputs = inputs(ctx, MOST_READ)?;
    let mut account = ctx.sim.write();
    let at = account.tick(ctx.now);
    for input in &inputs {
        let types = types_of(&account, (from, to), input.get("types"))?;
        let one = end(&account, (from, &id_at(input, "/from/id")));
        let other = end(&account, (to, &id_at(input, "/to/id")));
        if let (Ok(one), Ok(other)) = (one, other) {
            account.remove_types(one, other, &types, at);
        }
    }
    Ok(Reply::empty())
}

fn labels(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let account = ctx.sim.read();
    let all: Vec<Value> =
        account.types_between(from, to).into_iter().map(|id| account.type_json(id)).collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn define(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let body = ctx.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(name), Some(label)) = (text("name"), text("label")) else {
        return Err(ApiError::validation("Some required fields were not set: [name, label]"));
    };
    if name.contains('-') || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(ApiError::validation(format!("{name} is not a valid name for a label")));
    }
    let mut account = ctx.sim.write();
    let taken = account.custom_types.iter().filter(|one| one.from == from && one.to == to);
    if taken.clone().any(|one| one.name == name) {
        return Err(ApiError::conflict(format!("A label named {name} already exists")));
    }
    if taken.count() >= 10 {
        return Err(ApiError::validation("There can be at most 10 labels between two objects"));
    }
    let (first, second) = account.define_label(from, to, name, label, text("inverseLabel"));
    let mut all = vec![account.type_json(first)];
    if second != first {
        all.push(account.type_json(second));
    }
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn rename(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let body = ctx.object()?;
    let id = body.get("associationTypeId").and_then(text_of).and_then(|id| id.parse::<u32>().ok());
    let mut account = ctx.sim.write();
    let found = account
        .custom_types
        .iter_mut()
        .find(|one| Some(one.id) == id && one.from == from && one.to == to)
        .ok_or_else(|| ApiError::object_not_found("No such association label"))?;
    if let Some(label) = body.get("label").and_then(Value::as_str) {
        found.label = Some(label.to_owned());
    }
    Ok(Reply::empty())
}

fn remove(ctx: &Ctx<'_>, (from, to): (usize, usize), id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let found = account
        .custom_types
        .iter()
        .find(|one| one.id.to_string() == id && one.from == from && one.to == to)
        .map(|one| (one.id, one.inverse))
        .ok_or_else(|| ApiError::object_not_found("No such association label"))?;
    account.drop_type(found.0, ctx.now);
    account.drop_type(found.1, ctx.now);
    Ok(Reply::empty())
}
