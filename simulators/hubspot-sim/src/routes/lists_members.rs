//! Who is in a list, and in which lists a record is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::lists::kind;
use super::{Hit, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::platform::lists::{Processing, not_found};
use crate::property::value::text_of;
use crate::time::iso;

const PAGE: usize = 250;
/// Lists with more members cannot be emptied or copied in one call.
const MANY: usize = 100_000;

pub(super) fn find(method: &str, id: String, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", []) => serve("/{listId}/memberships", move |ctx| page(ctx, &id, false)),
        ("GET", ["join-order"]) => serve("/{listId}/memberships/join-order", move |ctx| page(ctx, &id, true)),
        ("DELETE", []) => serve("/{listId}/memberships", move |ctx| remove_all(ctx, &id)),
        ("PUT", ["add"]) => serve("/{listId}/memberships/add", move |ctx| {
            let ids = ids(&ctx.json()?)?;
            change(ctx, &id, &ids, &[])
        }),
        ("PUT", ["remove"]) => serve("/{listId}/memberships/remove", move |ctx| {
            let ids = ids(&ctx.json()?)?;
            change(ctx, &id, &[], &ids)
        }),
        ("PUT", ["add-and-remove"]) => serve("/{listId}/memberships/add-and-remove", move |ctx| {
            let body = ctx.object()?;
            let of = |name: &str| ids(body.get(name).unwrap_or(&Value::Null));
            change(ctx, &id, &of("recordIdsToAdd")?, &of("recordIdsToRemove")?)
        }),
        ("PUT", ["add-from", source]) => {
            let source = (*source).to_owned();
            serve("/{listId}/memberships/add-from/{sourceListId}", move |ctx| add_from(ctx, &id, &source))
        }
        _ => None,
    }
}

/// Record ids as a body lists them.
fn ids(body: &Value) -> Result<Vec<u64>, ApiError> {
    let list = match body {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        _ => return Err(ApiError::validation("Invalid input JSON: a list of record ids was expected")),
    };
    list.iter()
        .map(|one| {
            let text = text_of(one).unwrap_or_default();
            text.parse().map_err(|_| ApiError::validation(format!("{text} is not a valid record id")))
        })
        .collect()
}

fn changeable(account: &Account, id: u64) -> Result<(), ApiError> {
    let dynamic = account.platform.lists.get(id).is_some_and(|list| list.processing == Processing::Dynamic);
    if dynamic {
        // assumed: the text for a list that fills itself
        return Err(ApiError::validation(format!(
            "Memberships can only be changed for lists of the processing type MANUAL or SNAPSHOT. List {id} is DYNAMIC."
        )));
    }
    Ok(())
}

fn change(ctx: &Ctx<'_>, id: &str, add: &[u64], remove: &[u64]) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    changeable(&account, id)?;
    account.refresh_list(id, ctx.now);
    let at = account.tick(ctx.now);
    let (moved, missing) = account.change_members(id, add, remove, at);
    let texts = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>();
    let body = json!({
        "recordsIdsAdded": texts(&moved.added),
        "recordIdsRemoved": texts(&moved.removed),
        "recordIdsMissing": texts(&missing),
    });
    Ok(Reply::json(200, &body))
}

fn add_from(ctx: &Ctx<'_>, id: &str, source: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let (id, source) = (account.platform.lists.locate(id)?, account.platform.lists.locate(source)?);
    changeable(&account, id)?;
    account.refresh_list(source, ctx.now);
    let lists = &account.platform.lists;
    let of = |id: u64| lists.get(id).ok_or_else(|| not_found(&id.to_string()));
    let (target, from) = (of(id)?, of(source)?);
    if target.object != from.object {
        return Err(ApiError::validation("Both lists have to be of the same object type"));
    }
    let members: Vec<u64> = from.members.ids().collect();
    small(members.len())?;
    let at = account.tick(ctx.now);
    account.change_members(id, &members, &[], at);
    Ok(Reply::empty())
}

fn remove_all(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    changeable(&account, id)?;
    let list = account.platform.lists.get(id).ok_or_else(|| not_found(&id.to_string()))?;
    let members: Vec<u64> = list.members.ids().collect();
    small(members.len())?;
    let at = account.tick(ctx.now);
    account.change_members(id, &[], &members, at);
    Ok(Reply::empty())
}

fn small(members: usize) -> Result<(), ApiError> {
    if members >= MANY {
        return Err(ApiError::validation(format!(
            "The list has {members} members; fewer than {MANY} are needed"
        )));
    }
    Ok(())
}

fn cursor((at, id): (i64, u64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{at}:{id}"))
}

fn place(text: &str) -> Result<(i64, u64), ApiError> {
    let wrong = || ApiError::validation(format!("The paging offset {text} is not valid"));
    let plain = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| wrong())?;
    let plain = String::from_utf8(plain).map_err(|_| wrong())?;
    let (at, id) = plain.split_once(':').ok_or_else(wrong)?;
    at.parse().ok().zip(id.parse().ok()).ok_or_else(wrong)
}

fn page(ctx: &Ctx<'_>, id: &str, by_time: bool) -> Outcome {
    let limit = match ctx.param("limit") {
        None => 100,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=PAGE).contains(limit))
            .ok_or_else(|| ApiError::validation(format!("limit has to be from 1 to {PAGE}")))?,
    };
    let given = |name: &str| ctx.param(name).filter(|text| !text.is_empty()).map(place).transpose();
    let (after, before) = (given("after")?, given("before")?);
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    account.refresh_list(id, ctx.now);
    let list = account.platform.lists.get(id).ok_or_else(|| not_found(&id.to_string()))?;
    let members = &list.members;
    let key = |at: i64, id: u64| if by_time { (at, id) } else { (0, id) };
    let rows: Box<dyn DoubleEndedIterator<Item = (i64, u64)> + '_> = if by_time {
        Box::new(members.in_join_order().iter().copied())
    } else {
        Box::new(members.by_id().iter().map(|(id, (_, at))| (*at, *id)))
    };
    // `after` goes up, `before` goes down; `after` wins.
    let backwards = after.is_none() && before.is_some();
    let mut found: Vec<(i64, u64)> = if backwards {
        let before = before.unwrap_or_default();
        rows.rev().filter(|(at, id)| key(*at, *id) < before).take(limit + 1).collect()
    } else {
        rows.filter(|(at, id)| after.is_none_or(|after| key(*at, *id) > after)).take(limit + 1).collect()
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let results: Vec<Value> = found
        .iter()
        .map(|(at, id)| json!({ "recordId": id.to_string(), "membershipTimestamp": iso(*at) }))
        .collect();
    let mut body = Map::new();
    body.insert("total".into(), json!(members.len()));
    body.insert("results".into(), Value::Array(results));
    if let Some((at, id)) = found.last().filter(|_| more) {
        let token = cursor(key(*at, *id));
        let name = if backwards { "before" } else { "after" };
        let link = format!("{}{}?limit={limit}&{name}={token}", ctx.origin, ctx.path);
        let next = json!({ name: token, "link": link });
        let paging = if backwards { json!({ "prev": next }) } else { json!({ "next": next }) };
        body.insert("paging".into(), paging);
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn lists_of(account: &Account, object: usize, record: u64) -> Vec<Value> {
    let lists = account.platform.lists.live().filter(|list| list.object == object);
    lists
        .filter_map(|list| list.members.joined(record).map(|joined| (list, joined)))
        .map(|(list, (first, last))| {
            json!({
                "listId": list.id.to_string(),
                "listVersion": list.version,
                "isPublicList": true,
                "firstAddedTimestamp": iso(first),
                "lastAddedTimestamp": iso(last),
            })
        })
        .collect()
}

pub(super) fn of_record(ctx: &Ctx<'_>, object: &str, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let object = kind(&account, object)?;
    let id = account.locate(object, id, None)?;
    account.refresh_lists(Some(object), ctx.now);
    let found = lists_of(&account, object, id);
    Ok(Reply::json(200, &json!({ "total": found.len(), "results": found })))
}

pub(super) fn of_records(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let inputs = body.get("inputs").and_then(Value::as_array);
    let inputs = inputs.ok_or_else(|| ApiError::validation("Some required fields were not set: [inputs]"))?;
    let mut account = ctx.sim.write();
    account.refresh_lists(None, ctx.now);
    let mut results = Vec::new();
    for input in inputs {
        let text = |name: &str| input.get(name).and_then(text_of).unwrap_or_default();
        let object = kind(&account, &text("objectTypeId"))?;
        let record = text("recordId").parse().unwrap_or_default();
        results.push(json!({
            "objectTypeId": account.stores[object].kind.type_id,
            "recordId": text("recordId"),
            "recordListMemberships": lists_of(&account, object, record),
        }));
    }
    let now = iso(ctx.now);
    let body = json!({ "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now });
    Ok(Reply::json(200, &body))
}
