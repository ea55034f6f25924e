//! Records of any kind, version 1: `/crm-objects/v1/objects/…`; and what the older paths share when they write.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::super::{Hit, kind, serve};
use super::{given, live, number, page, page_size, properties};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::record::Record;
use crate::write::Claimed;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let (name, rest) = rest.split_first()?;
    let name = (*name).to_owned();
    match (method, rest) {
        ("POST", []) => serve("/crm-objects/v1/objects/{objectType}", move |ctx| {
            let object = kind(ctx, &name)?;
            let mut account = ctx.sim.write();
            let id = create(ctx, &mut account, object, &pairs(ctx)?)?;
            let record = live(&account, object, &id.to_string())?;
            Ok(Reply::json(200, &show(&account, object, record, &[])))
        }),
        ("GET", ["paged"]) => {
            serve("/crm-objects/v1/objects/{objectType}/paged", move |ctx| paged(ctx, kind(ctx, &name)?))
        }
        ("POST", ["batch-read"]) => {
            serve("/crm-objects/v1/objects/{objectType}/batch-read", move |ctx| batch(ctx, kind(ctx, &name)?))
        }
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/crm-objects/v1/objects/{objectType}/{objectId}", move |ctx| {
                let object = kind(ctx, &name)?;
                let account = ctx.sim.read();
                let record = live(&account, object, &id)?;
                Ok(Reply::json(200, &show(&account, object, record, &wanted(ctx))))
            })
        }
        ("PUT", [id]) => {
            let id = (*id).to_owned();
            serve("/crm-objects/v1/objects/{objectType}/{objectId}", move |ctx| {
                let object = kind(ctx, &name)?;
                let mut account = ctx.sim.write();
                let id = change(ctx, &mut account, object, &id, &pairs(ctx)?)?;
                let record = live(&account, object, &id.to_string())?;
                Ok(Reply::json(200, &show(&account, object, record, &[])))
            })
        }
        ("DELETE", [id]) => {
            let id = (*id).to_owned();
            serve("/crm-objects/v1/objects/{objectType}/{objectId}", move |ctx| {
                let object = kind(ctx, &name)?;
                remove(ctx, &mut ctx.sim.write(), object, &id)?;
                Ok(Reply::empty())
            })
        }
        _ => None,
    }
}

/// The body of a write: a list of names and values, alone or under `properties`.
fn pairs(ctx: &Ctx<'_>) -> Result<Map<String, Value>, ApiError> {
    let body = match ctx.json()? {
        list @ Value::Array(_) => Map::from_iter([("properties".to_owned(), list)]),
        Value::Object(body) => body,
        _ => return Err(ApiError::validation("Invalid input JSON: a list of properties was expected")),
    };
    Ok(given(&body, "name"))
}

fn wanted(ctx: &Ctx<'_>) -> Vec<String> {
    let names = ctx.list("properties").into_iter().chain(ctx.list("propertiesWithHistory"));
    names.map(|name| name.to_lowercase()).collect()
}

fn show(account: &Account, object: usize, record: &Record, names: &[String]) -> Value {
    // Unless some are asked for, only the id comes with a record.
    let shown = if names.is_empty() { &["hs_object_id".to_owned()][..] } else { names };
    json!({
        "objectType": account.kind(object).legacy,
        "portalId": account.portal,
        "objectId": record.id,
        "properties": properties(account, object, record, shown, true),
        "version": 1,
        "isDeleted": record.archived.is_some(),
    })
}

fn paged(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let from = number(ctx, &["offset"]).unwrap_or(0);
    let (found, next) = page(&account, object, from, page_size(ctx, 100, 100));
    let names = wanted(ctx);
    let all: Vec<Value> = found.iter().map(|record| show(&account, object, record, &names)).collect();
    let end = found.last().map_or(0, |record| record.id + 1);
    Ok(Reply::json(200, &json!({ "objects": all, "hasMore": next.is_some(), "offset": next.unwrap_or(end) })))
}

fn batch(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let ids = body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64);
    let names = wanted(ctx);
    let account = ctx.sim.read();
    let found = ids.filter_map(|id| {
        let record = account.live(object, id)?;
        Some((id.to_string(), show(&account, object, record, &names)))
    });
    Ok(Reply::json(200, &Value::Object(found.collect())))
}

/// Makes a record in the name of the app, and answers its id.
pub(super) fn create(
    ctx: &Ctx<'_>,
    account: &mut Account,
    object: usize,
    given: &Map<String, Value>,
) -> Result<u64, ApiError> {
    let source = ctx.app(account);
    ctx.may_write(account, object, given)?;
    let values = account.prepare(object, given, None, &source)?;
    account.check_unique(object, &values, None, &Claimed::new())?;
    let id = account.insert(object, values, &source, ctx.now);
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Created);
    Ok(id)
}

/// Changes a record in the name of the app, and answers its id.
pub(super) fn change(
    ctx: &Ctx<'_>,
    account: &mut Account,
    object: usize,
    id: &str,
    given: &Map<String, Value>,
) -> Result<u64, ApiError> {
    let source = ctx.app(account);
    ctx.may_write(account, object, given)?;
    let record = live(account, object, id)?;
    let id = record.id;
    let values = account.prepare(object, given, Some(record), &source)?;
    account.check_unique(object, &values, Some(id), &Claimed::new())?;
    account.apply(object, id, values, &source, ctx.now);
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Updated);
    Ok(id)
}

/// Archives a record, and answers its id.
pub(super) fn remove(ctx: &Ctx<'_>, account: &mut Account, object: usize, id: &str) -> Result<u64, ApiError> {
    let id = live(account, object, id)?.id;
    account.archive(object, id, ctx.now);
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Deleted);
    Ok(id)
}
