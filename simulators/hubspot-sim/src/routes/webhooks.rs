//! The settings and subscriptions of the app's webhooks.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::time::iso;

pub(super) fn find(method: &str, app: &str, rest: &[&str]) -> Hit {
    let app = app.to_owned();
    match (method, rest) {
        ("GET", ["settings"]) => serve("/settings", move |ctx| settings(ctx, &app)),
        ("PUT", ["settings"]) => serve("/settings", move |ctx| set(ctx, &app)),
        ("DELETE", ["settings"]) => serve("/settings", move |ctx| {
            authorise(ctx, &app)?;
            ctx.sim.write().platform.webhooks.target = None;
            Ok(Reply::empty())
        }),
        ("GET", ["subscriptions"]) => serve("/subscriptions", move |ctx| list(ctx, &app)),
        ("POST", ["subscriptions"]) => serve("/subscriptions", move |ctx| subscribe(ctx, &app)),
        ("POST", ["subscriptions", "batch", "update"]) => {
            serve("/subscriptions/batch/update", move |ctx| batch(ctx, &app))
        }
        ("GET" | "PATCH" | "DELETE", ["subscriptions", id]) => {
            let (method, id) = (method.to_owned(), (*id).to_owned());
            serve("/subscriptions/{subscriptionId}", move |ctx| one(ctx, &app, &method, &id))
        }
        _ => None,
    }
}

/// The developer key, or a token of the app itself.
pub(super) fn authorise(ctx: &Ctx<'_>, app: &str) -> Result<(), ApiError> {
    let account = ctx.sim.read();
    let by_key = ctx.param("hapikey") == Some(account.platform.webhooks.developer_key.as_str());
    // assumed: the app's tokens are taken too; the dated versions are described with both
    let token = ctx.bearer();
    let by_token = token.is_some_and(|token| account.oauth.caller(token, ctx.now).is_ok());
    if !by_key && !by_token {
        return Err(ApiError::unauthorised());
    }
    if app.parse() == Ok(account.app) {
        return Ok(());
    }
    // assumed: an app of somebody else is not found
    Err(ApiError::record_not_found())
}

fn settings(ctx: &Ctx<'_>, app: &str) -> Outcome {
    authorise(ctx, app)?;
    let account = ctx.sim.read();
    let target = account.platform.webhooks.target.as_ref().ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &target.json()))
}

fn set(ctx: &Ctx<'_>, app: &str) -> Outcome {
    authorise(ctx, app)?;
    let body = ctx.object()?;
    let shown = ctx.sim.write().platform.webhooks.set_target(&body, ctx.now)?;
    Ok(Reply::json(200, &shown))
}

fn list(ctx: &Ctx<'_>, app: &str) -> Outcome {
    authorise(ctx, app)?;
    let account = ctx.sim.read();
    let all: Vec<Value> = account.platform.webhooks.subscriptions.values().map(|one| one.json()).collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn subscribe(ctx: &Ctx<'_>, app: &str) -> Outcome {
    authorise(ctx, app)?;
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let named = body.get("objectTypeId").and_then(Value::as_str).unwrap_or_default();
    let type_id = account.find_kind(named).map(|object| account.stores[object].kind.type_id.to_string());
    let shown = account.platform.webhooks.subscribe(&body, |_| type_id.clone(), ctx.now)?;
    Ok(Reply::json(201, &shown))
}

fn one(ctx: &Ctx<'_>, app: &str, method: &str, id: &str) -> Outcome {
    authorise(ctx, app)?;
    let id: u64 = id.parse().map_err(|_| ApiError::record_not_found())?;
    if method == "DELETE" {
        ctx.sim.write().platform.webhooks.subscriptions.remove(&id);
        return Ok(Reply::empty());
    }
    let active = match method {
        "PATCH" => ctx.object()?.get("active").and_then(Value::as_bool),
        _ => None,
    };
    Ok(Reply::json(200, &ctx.sim.write().platform.webhooks.activate(id, active, ctx.now)?))
}

fn batch(ctx: &Ctx<'_>, app: &str) -> Outcome {
    authorise(ctx, app)?;
    let body = ctx.object()?;
    let inputs = body.get("inputs").and_then(Value::as_array);
    let inputs = inputs.ok_or_else(|| ApiError::validation("Some required fields were not set: [inputs]"))?;
    let mut account = ctx.sim.write();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in inputs {
        let id = input.get("id").and_then(text_of).unwrap_or_default();
        let active = input.get("active").and_then(Value::as_bool);
        let changed = id.parse().map_err(|_| ApiError::record_not_found());
        match changed.and_then(|id| account.platform.webhooks.activate(id, active, ctx.now)) {
            Ok(shown) => results.push(shown),
            Err(error) => errors.push(error.with_context("ids", id).row(None)),
        }
    }
    let status = if errors.is_empty() { 200 } else { 207 };
    let mut shown = Map::new();
    shown.insert("status".into(), json!("COMPLETE"));
    shown.insert("results".into(), Value::Array(results));
    if !errors.is_empty() {
        shown.insert("numErrors".into(), json!(errors.len()));
        shown.insert("errors".into(), Value::Array(errors));
    }
    shown.insert("startedAt".into(), json!(iso(ctx.now)));
    shown.insert("completedAt".into(), json!(iso(ctx.now)));
    Ok(Reply::json(status, &Value::Object(shown)))
}
