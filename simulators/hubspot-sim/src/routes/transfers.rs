//! Imports and exports.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::limits::Limits;
use crate::platform::transfers::multipart;
use crate::time::iso;

/// Exports in any 24 hours.
const EXPORTS: usize = 30;

pub(super) fn find_imports(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("GET", [] | [""]) => serve("", imports),
        ("POST", [] | [""]) => serve("", start),
        ("GET", [id]) => {
            let id = own(id);
            serve("/{importId}", move |ctx| {
                let found = ctx.sim.write().look_at_import(number(&id)?, ctx.now);
                found.map(|import| Reply::json(200, &import)).ok_or_else(ApiError::record_not_found)
            })
        }
        ("POST", [id, "cancel"]) => {
            let id = own(id);
            serve("/{importId}/cancel", move |ctx| {
                ctx.sim.write().cancel_import(number(&id)?, ctx.now)?;
                let now = iso(ctx.now);
                Ok(Reply::json(200, &json!({ "status": "COMPLETE", "startedAt": now, "completedAt": now })))
            })
        }
        ("GET", [id, "errors"]) => {
            let id = own(id);
            serve("/{importId}/errors", move |ctx| errors(ctx, number(&id)?))
        }
        _ => None,
    }
}

pub(super) fn find_exports(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("POST", ["export", "async"]) => serve("/export/async", export),
        ("GET", ["export", "async", "tasks", id, "status"]) => {
            let id = own(id);
            serve("/export/async/tasks/{taskId}/status", move |ctx| {
                let id = number(&id)?;
                let mut account = ctx.sim.write();
                account.look_at_export(id, ctx.now);
                let export =
                    account.platform.transfers.exports.get(&id).ok_or_else(ApiError::record_not_found)?;
                Ok(Reply::json(200, &export.status_json(&ctx.origin, ctx.now)))
            })
        }
        ("GET", ["export", id]) => {
            let id = own(id);
            serve("/export/{exportId}", move |ctx| {
                let account = ctx.sim.read();
                let export = account.platform.transfers.exports.get(&number(&id)?);
                let export = export.ok_or_else(ApiError::record_not_found)?;
                Ok(Reply::json(200, &export.json(&account)))
            })
        }
        _ => None,
    }
}

/// The file of an export; its address is the only key to it.
pub(super) fn find_file(method: &str, name: &str) -> Hit {
    let id: u64 = name.strip_suffix(".csv")?.parse().ok()?;
    if method != "GET" {
        return None;
    }
    serve("/{exportId}.csv", move |ctx| {
        let account = ctx.sim.read();
        let export = account.platform.transfers.exports.get(&id).filter(|export| !export.open());
        let export = export.filter(|one| ctx.param("created") == Some(one.created.to_string().as_str()));
        let export = export.ok_or_else(ApiError::record_not_found)?;
        Ok(Reply { status: 200, body: export.file.clone(), kind: "text/csv;charset=utf-8", location: None })
    })
}

fn number(id: &str) -> Result<u64, ApiError> {
    id.parse().map_err(|_| ApiError::record_not_found())
}

fn start(ctx: &Ctx<'_>) -> Outcome {
    let kind = ctx.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let parts = multipart::parts(kind.unwrap_or_default(), &ctx.body)
        .ok_or_else(|| ApiError::validation("A body of the type multipart/form-data was expected"))?;
    let mut account = ctx.sim.write();
    let id = account.start_import(&parts, ctx.now)?;
    let import = account.platform.transfers.imports.get(&id).ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &import.json(&account)))
}

/// The page that `limit` and `after` ask for, with what leads to the next.
fn page(ctx: &Ctx<'_>, all: Vec<Value>) -> Reply {
    let limit = ctx.param("limit").and_then(|text| text.parse().ok()).unwrap_or(10_usize).clamp(1, 100);
    let after = ctx.param("after").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let more = all.len() > after.saturating_add(limit);
    let mut body = Map::new();
    body.insert("results".into(), all.into_iter().skip(after).take(limit).collect());
    if more {
        let next = (after + limit).to_string();
        let link = format!("{}{}?limit={limit}&after={next}", ctx.origin, ctx.path);
        body.insert("paging".into(), json!({ "next": { "after": next, "link": link } }));
    }
    Reply::json(200, &Value::Object(body))
}

fn imports(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let all = account.platform.transfers.imports.values().rev();
    let all: Vec<Value> = all.map(|import| import.json(&account)).collect();
    Ok(page(ctx, all))
}

fn errors(ctx: &Ctx<'_>, id: u64) -> Outcome {
    let account = ctx.sim.read();
    let import = account.platform.transfers.imports.get(&id).ok_or_else(ApiError::record_not_found)?;
    let more = (ctx.flag("includeErrorMessage"), ctx.flag("includeRowData"));
    let all = import.failures.iter().map(|failure| import.failure_json(&account, failure, more));
    Ok(page(ctx, all.collect()))
}

fn export(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let exports = account.platform.transfers.exports.values();
    let recent = exports.filter(|one| one.created > ctx.now - 86_400_000).count();
    if recent >= EXPORTS && ctx.sim.settings().limits == Limits::Real {
        return Err(ApiError::rate_limit("DAILY"));
    }
    let id = account.start_export(&body, ctx.now)?;
    let status = format!("{}{}/tasks/{id}/status", ctx.origin, ctx.path);
    Ok(Reply::json(202, &json!({ "id": id.to_string(), "links": { "status": status } })))
}
