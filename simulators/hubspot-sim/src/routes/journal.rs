//! The webhooks journal: entries by offset, subscriptions, filters, snapshots.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::time::iso;

/// Most entries in one batch.
const MOST: usize = 100;

pub(super) fn find_entries(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("GET", [end @ ("earliest" | "latest")]) => {
            let latest = *end == "latest";
            serve("/{end}", move |ctx| {
                let mut account = fresh(ctx);
                let found = account.platform.journal.at_end(latest, 1, ctx.now, &ctx.origin);
                Ok(single(found))
            })
        }
        ("GET", ["offset", offset, "next"]) => {
            let offset = own(offset);
            serve("/offset/{offset}/next", move |ctx| {
                let mut account = fresh(ctx);
                Ok(single(account.platform.journal.after(&offset, 1, ctx.now, &ctx.origin)?))
            })
        }
        ("GET", ["batch", end @ ("earliest" | "latest"), count]) => {
            let (latest, count) = (*end == "latest", own(count));
            serve("/batch/{end}/{count}", move |ctx| {
                let count = count_of(&count)?;
                let mut account = fresh(ctx);
                let found = account.platform.journal.at_end(latest, count, ctx.now, &ctx.origin);
                Ok(batch(ctx, found, Vec::new()))
            })
        }
        ("GET", ["batch", offset, "next", count]) => {
            let (offset, count) = (own(offset), own(count));
            serve("/batch/{offset}/next/{count}", move |ctx| {
                let count = count_of(&count)?;
                let mut account = fresh(ctx);
                let found = account.platform.journal.after(&offset, count, ctx.now, &ctx.origin)?;
                Ok(batch(ctx, found, Vec::new()))
            })
        }
        ("POST", ["batch", "read"]) => serve("/batch/read", read),
        ("GET", ["status", id]) => {
            let id = own(id);
            serve("/status/{statusId}", move |ctx| status(ctx, &id))
        }
        _ => None,
    }
}

pub(super) fn find_subscriptions(method: &str, rest: &[&str]) -> Hit {
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    match (method, rest) {
        ("GET", []) => serve("", |ctx| {
            let account = ctx.sim.read();
            let ids = account.platform.journal.subscriptions.keys();
            let all: Vec<Value> = ids.filter_map(|id| account.subscription_json(*id)).collect();
            Ok(Reply::json(200, &json!({ "results": all })))
        }),
        ("POST", []) => serve("", |ctx| {
            let body = ctx.object()?;
            Ok(Reply::json(200, &ctx.sim.write().subscribe_journal(&body, ctx.now)?))
        }),
        ("POST", ["filters"]) => serve("/filters", |ctx| {
            let body = ctx.object()?;
            let id = ctx.sim.write().platform.journal.add_filter(&body, ctx.now)?;
            Ok(Reply::json(200, &json!({ "filterId": id })))
        }),
        ("GET", ["filters", "subscription", id]) => {
            let id = number(id);
            serve("/filters/subscription/{subscriptionId}", move |ctx| {
                let account = ctx.sim.read();
                let all = account.platform.journal.filters.values().filter(|one| one.subscription == id);
                Ok(Reply::json(200, &Value::Array(all.map(|one| one.json()).collect())))
            })
        }
        ("GET", ["filters", id]) => {
            let id = number(id);
            serve("/filters/{filterId}", move |ctx| {
                let account = ctx.sim.read();
                let found = account.platform.journal.filters.get(&id);
                found.map(|one| Reply::json(200, &one.json())).ok_or_else(ApiError::record_not_found)
            })
        }
        ("DELETE", ["filters", id]) => {
            let id = number(id);
            serve("/filters/{filterId}", move |ctx| {
                ctx.sim.write().platform.journal.filters.retain(|_, one| one.id != id);
                Ok(Reply::empty())
            })
        }
        ("DELETE", ["portals", portal]) => {
            let portal = number(portal);
            serve("/portals/{portalId}", move |ctx| {
                let mut account = ctx.sim.write();
                if portal == account.portal {
                    account.platform.journal.subscriptions.clear();
                    account.platform.journal.filters.clear();
                }
                Ok(Reply::empty())
            })
        }
        ("GET", [id]) => {
            let id = number(id);
            serve("/{subscriptionId}", move |ctx| {
                let found = ctx.sim.read().subscription_json(id);
                found.map(|one| Reply::json(200, &one)).ok_or_else(ApiError::record_not_found)
            })
        }
        ("DELETE", [id]) => {
            let id = number(id);
            serve("/{subscriptionId}", move |ctx| {
                let mut account = ctx.sim.write();
                account.platform.journal.subscriptions.retain(|_, one| one.id != id);
                account.platform.journal.filters.retain(|_, one| one.subscription != id);
                Ok(Reply::empty())
            })
        }
        _ => None,
    }
}

pub(super) fn find_snapshots(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("POST", ["crm"]) => serve("/crm", snapshots),
        _ => None,
    }
}

/// The file of an entry; its address is the only key to it.
pub(super) fn find_file(method: &str, name: &str) -> Hit {
    let offset = name.strip_suffix(".json")?.to_owned();
    if method != "GET" {
        return None;
    }
    serve("/{offset}.json", move |ctx| {
        let expires = ctx.param("expires").and_then(|text| text.parse().ok()).unwrap_or(0_i64);
        if expires < ctx.now {
            // assumed: a link that has expired is refused as file stores do
            return Err(ApiError::bare(403));
        }
        let found = ctx.sim.read().platform.journal.file(&offset);
        found.map(|file| Reply::json(200, &file)).ok_or_else(ApiError::record_not_found)
    })
}

/// The account, with its lists up to date, for who comes and goes is in the journal too.
fn fresh<'a>(ctx: &Ctx<'a>) -> std::sync::RwLockWriteGuard<'a, crate::account::Account> {
    let mut account = ctx.sim.write();
    if account.platform.journal.listening() {
        account.refresh_lists(None, ctx.now);
    }
    account
}

fn single(found: Vec<Value>) -> Reply {
    found.first().map_or_else(Reply::empty, |entry| Reply::json(200, entry))
}

fn count_of(text: &str) -> Result<usize, ApiError> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| ApiError::validation(format!("count has to be from 1 to {MOST}")))
}

fn batch(ctx: &Ctx<'_>, results: Vec<Value>, errors: Vec<Value>) -> Reply {
    let mut body = Map::new();
    body.insert("status".into(), json!("COMPLETE"));
    body.insert("results".into(), Value::Array(results));
    let status = if errors.is_empty() { 200 } else { 207 };
    if !errors.is_empty() {
        body.insert("numErrors".into(), json!(errors.len()));
        body.insert("errors".into(), Value::Array(errors));
    }
    body.insert("startedAt".into(), json!(iso(ctx.now)));
    body.insert("completedAt".into(), json!(iso(ctx.now)));
    Reply::json(status, &Value::Object(body))
}

fn read(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let mut account = fresh(ctx);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    let wanted = body.get("inputs").and_then(Value::as_array).into_iter().flatten().filter_map(text_of);
    for offset in wanted {
        match account.platform.journal.named(&offset, ctx.now, &ctx.origin) {
            Ok(entry) => results.push(entry),
            Err(error) => errors.push(error.row(None)),
        }
    }
    Ok(batch(ctx, results, errors))
}

fn snapshots(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let wanted = body.get("snapshotRequests").and_then(Value::as_array);
    let wanted = wanted
        .ok_or_else(|| ApiError::validation("Some required fields were not set: [snapshotRequests]"))?;
    let mut account = ctx.sim.write();
    let mut all = Vec::new();
    for one in wanted {
        let text = |name: &str| one.get(name).and_then(text_of).unwrap_or_default();
        let object = super::lists::kind(&account, &text("objectTypeId"))?;
        let id: u64 = text("objectId").parse().unwrap_or_default();
        let names = one.get("properties").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<String> = names.filter_map(text_of).map(|name| name.to_lowercase()).collect();
        let status = account.snapshot(object, id, &names, ctx.now);
        all.push(json!({
            "portalId": account.portal,
            "objectTypeId": account.stores[object].kind.type_id,
            "objectId": id,
            "snapshotStatusId": status,
        }));
    }
    Ok(Reply::json(200, &json!({ "snapshotResponses": all })))
}

fn status(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let account = ctx.sim.read();
    let held = account.platform.journal.snapshots.get(id).ok_or_else(ApiError::record_not_found)?;
    let mut body = Map::new();
    body.insert("id".into(), json!(id));
    body.insert("initiatedAt".into(), json!(held.at));
    body.insert("completedAt".into(), json!(held.at));
    body.insert("status".into(), json!(if held.found { "SUCCESS" } else { "FAILED" }));
    if !held.found {
        body.insert("errorCode".into(), json!("VALIDATION_ERROR"));
        body.insert("message".into(), json!("The record does not exist"));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}
