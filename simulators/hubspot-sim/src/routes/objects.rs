//! Records, one at a time and in lists.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::{Hit, batch, kind, serve};
use crate::account::Account;
use crate::associations::End;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::search::Query;
use crate::view::Shape;
use crate::write::{Claimed, Values};

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let [name, rest @ ..] = rest else { return None };
    let name = (*name).to_owned();
    match (method, rest) {
        ("GET", []) => serve("/{objectType}", move |ctx| list(ctx, kind(ctx, &name)?)),
        ("POST", []) => serve("/{objectType}", move |ctx| create(ctx, kind(ctx, &name)?)),
        ("POST", ["search"]) => serve("/{objectType}/search", move |ctx| search(ctx, kind(ctx, &name)?)),
        ("POST", ["batch", verb]) => batch::find(verb, name),
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/{objectType}/{objectId}", move |ctx| read(ctx, kind(ctx, &name)?, &id))
        }
        ("PATCH", [id]) => {
            let id = (*id).to_owned();
            serve("/{objectType}/{objectId}", move |ctx| update(ctx, kind(ctx, &name)?, &id))
        }
        ("DELETE", [id]) => {
            let id = (*id).to_owned();
            serve("/{objectType}/{objectId}", move |ctx| archive(ctx, kind(ctx, &name)?, &id))
        }
        _ => None,
    }
}

/// What an answer is to have, from the query.
fn shape(ctx: &Ctx<'_>, account: &Account, object: usize) -> Shape {
    let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase()).collect();
    Shape {
        properties: lower(ctx.list("properties")),
        history: lower(ctx.list("propertiesWithHistory")),
        associations: ctx.list("associations").iter().filter_map(|name| account.find_kind(name)).collect(),
        all: false,
        exact: false,
        seen: ctx.seen(account, object),
    }
}

fn list(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let most = if ctx.list("propertiesWithHistory").is_empty() { 100 } else { 50 };
    let limit = match ctx.param("limit") {
        None => 10,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| ApiError::validation(format!("{text} is not a valid limit")))?,
    };
    if limit > most {
        // assumed: the text for a page that is too long
        return Err(ApiError::validation(format!(
            "The requested limit {limit} is over the most there can be: {most}"
        )));
    }
    let after = match ctx.param("after").filter(|after| !after.is_empty()) {
        None => 0,
        Some(text) => {
            text.parse::<u64>().map_err(|_| ApiError::validation(format!("{text} is not a valid 'after'")))?
        }
    };
    let archived = ctx.flag("archived");
    let account = ctx.sim.read();
    let shape = shape(ctx, &account, object);
    let store = &account.stores[object];
    let mut page: Vec<u64> = if archived {
        // assumed: archived records come in the order of their ids too
        let mut ids: Vec<u64> = store.archived.iter().map(|(_, id)| *id).filter(|id| *id >= after).collect();
        ids.sort_unstable();
        ids.truncate(limit + 1);
        ids
    } else {
        let live = store.records.from(after).filter(|record| record.archived.is_none());
        live.map(|record| record.id).take(limit + 1).collect()
    };
    let next = if page.len() > limit { page.pop() } else { None };
    let results: Vec<Value> = page
        .iter()
        .filter_map(|id| store.records.get(*id))
        .map(|record| Value::Object(account.show(object, record, &shape, i64::MAX)))
        .collect();
    let mut body = Map::new();
    body.insert("results".into(), Value::Array(results));
    if let Some(next) = next {
        let link =
            format!("http://{}/crm/v3/objects/{}?limit={limit}&after={next}", ctx.host, store.kind.name);
        body.insert("paging".into(), json!({ "next": { "after": next.to_string(), "link": link } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn read(ctx: &Ctx<'_>, object: usize, id: &str) -> Outcome {
    let account = ctx.sim.read();
    let archived = ctx.flag("archived");
    let id = match ctx.param("idProperty") {
        Some(by) if !by.is_empty() => account.locate(object, id, Some(by))?,
        _ => account.locate(object, id, None)?,
    };
    let record = account.stores[object].records.get(id);
    let record = record.filter(|record| record.archived.is_some() == archived);
    let record = record.ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(
        200,
        &Value::Object(account.show(object, record, &shape(ctx, &account, object), i64::MAX)),
    ))
}

/// `properties` of a body.
pub(super) fn properties_of(body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    match body.get("properties") {
        Some(Value::Object(properties)) => Ok(properties.clone()),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(ApiError::validation("Invalid input JSON: 'properties' has to be an object")),
    }
}

/// The associations a new record is to have: to whom, and in which senses.
pub(super) fn associations_of(
    account: &Account,
    object: usize,
    body: &Map<String, Value>,
) -> Result<Vec<(End, Vec<u32>)>, ApiError> {
    let wrong = || ApiError::validation("One or more associations are invalid");
    let mut found = Vec::new();
    let given = body.get("associations").and_then(Value::as_array);
    for one in given.into_iter().flatten() {
        let id = one.pointer("/to/id").and_then(crate::property::value::text_of).unwrap_or_default();
        let id: u64 = id.parse().map_err(|_| wrong())?;
        let mut types = Vec::new();
        let mut other = None;
        for named in one.get("types").and_then(Value::as_array).into_iter().flatten() {
            let (kind, to) = named_type(account, object, named)?;
            types.push(kind);
            other = Some(to);
        }
        let other = other.ok_or_else(wrong)?;
        if account.live(other, id).is_none() {
            return Err(wrong());
        }
        found.push(((other, id), types));
    }
    Ok(found)
}

/// An association type as a body names it, and the kind it leads to.
pub(super) fn named_type(account: &Account, from: usize, named: &Value) -> Result<(u32, usize), ApiError> {
    let wrong = || ApiError::validation("One or more associations are invalid");
    let id = named.get("associationTypeId").and_then(crate::property::value::text_of);
    let id: u32 = id.and_then(|id| id.parse().ok()).ok_or_else(wrong)?;
    let custom = named.get("associationCategory").and_then(Value::as_str) == Some("USER_DEFINED");
    let (expected, to, _) = account.link_type(id, custom).ok_or_else(wrong)?;
    if expected != from {
        return Err(ApiError::validation(format!(
            "invalid from object type {} for associations to be created. expected: {}",
            account.kind(from).type_id,
            account.kind(expected).type_id
        )));
    }
    Ok((id, to))
}

fn create(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let source = ctx.app(&account);
    let properties = properties_of(&body)?;
    ctx.may_write(&account, object, &properties)?;
    let values = account.prepare(object, &properties, None, &source)?;
    let links = associations_of(&account, object, &body)?;
    account.check_unique(object, &values, None, &Claimed::new())?;
    let id = make(ctx, &mut account, object, values, &links);
    let mut shown = written(ctx, &account, object, id, &body);
    shown.insert("archived".into(), json!(false));
    let mut reply = Reply::json(201, &Value::Object(shown));
    reply.location =
        Some(format!("http://{}/crm/v3/objects/{}/{id}", ctx.host, account.kind(object).type_id));
    Ok(reply)
}

/// Creates a record through the API, with its associations.
pub(super) fn make(
    ctx: &Ctx<'_>,
    account: &mut Account,
    object: usize,
    values: Values,
    links: &[(End, Vec<u32>)],
) -> u64 {
    let source = ctx.app(account);
    let id = account.insert(object, values, &source, ctx.now);
    let at = account.tick(ctx.now);
    for (to, types) in links {
        account.put_link((object, id), *to, types, false, at);
    }
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Created);
    id
}

/// A record as it is answered after a write.
pub(super) fn written(
    ctx: &Ctx<'_>,
    account: &Account,
    object: usize,
    id: u64,
    row: &Map<String, Value>,
) -> Map<String, Value> {
    let shape = Shape { all: true, seen: ctx.seen(account, object), ..Shape::default() };
    let mut shown = account.stores[object]
        .records
        .get(id)
        .map(|record| account.show(object, record, &shape, i64::MAX))
        .unwrap_or_default();
    if let Some(trace) = row.get("objectWriteTraceId") {
        shown.insert("objectWriteTraceId".into(), trace.clone());
    }
    shown
}

/// A record as it is answered after an update: what was written, and what is always there.
pub(super) fn updated(
    ctx: &Ctx<'_>,
    account: &Account,
    object: usize,
    id: u64,
    row: &Map<String, Value>,
) -> Map<String, Value> {
    let given = row.get("properties").and_then(Value::as_object);
    let properties = given.into_iter().flat_map(Map::keys).map(|name| name.to_lowercase()).collect();
    let shape = Shape { properties, exact: true, seen: ctx.seen(account, object), ..Shape::default() };
    let mut shown = account.stores[object]
        .records
        .get(id)
        .map(|record| account.show(object, record, &shape, i64::MAX))
        .unwrap_or_default();
    if let Some(trace) = row.get("objectWriteTraceId") {
        shown.insert("objectWriteTraceId".into(), trace.clone());
    }
    shown
}

fn update(ctx: &Ctx<'_>, object: usize, id: &str) -> Outcome {
    let body = ctx.object()?;
    let properties = properties_of(&body)?;
    if properties.is_empty() {
        return Err(ApiError::validation("No properties found to update, please provide at least one."));
    }
    let mut account = ctx.sim.write();
    let id = account.locate(object, id, ctx.param("idProperty").filter(|by| !by.is_empty()))?;
    let source = ctx.app(&account);
    ctx.may_write(&account, object, &properties)?;
    let record = account.live(object, id).ok_or_else(ApiError::record_not_found)?;
    let values = account.prepare(object, &properties, Some(record), &source)?;
    account.check_unique(object, &values, Some(id), &Claimed::new())?;
    account.apply(object, id, values, &source, ctx.now);
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Updated);
    Ok(Reply::json(200, &Value::Object(updated(ctx, &account, object, id, &body))))
}

fn archive(ctx: &Ctx<'_>, object: usize, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.locate(object, id, ctx.param("idProperty").filter(|by| !by.is_empty()))?;
    // assumed: archiving what is archived already is answered in the same way
    if account.archive(object, id, ctx.now) {
        ctx.sim.stats.write(&account.kind(object).name, WriteKind::Deleted);
    }
    Ok(Reply::empty())
}

fn search(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let lag = ctx.sim.search_lag();
    let as_of = if lag > 0 { ctx.now - lag } else { i64::MAX };
    let account = ctx.sim.read();
    let query = Query::parse(&account, object, &ctx.body)?;
    let (ids, total) = query.run(&account, object, as_of);
    let end = query.after + ids.len();
    let more = !ids.is_empty() && end < total;
    let shape = Shape { properties: query.properties, seen: ctx.seen(&account, object), ..Shape::default() };
    let results: Vec<Value> = ids
        .iter()
        .filter_map(|id| account.stores[object].records.get(*id))
        .map(|record| Value::Object(account.show(object, record, &shape, as_of)))
        .collect();
    let mut body = Map::new();
    body.insert("total".into(), json!(total));
    body.insert("results".into(), Value::Array(results));
    if more {
        body.insert("paging".into(), json!({ "next": { "after": end.to_string() } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}
