//! Timeline events of the app, and their templates.

use serde_json::{Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::Reply;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("POST", ["events"]) => serve("/events", |ctx| {
            Ok(Reply::json(201, &ctx.sim.write().create_event(&ctx.object()?, ctx.now)?))
        }),
        ("GET", ["events", template, id]) => {
            let (template, id) = ((*template).to_owned(), (*id).to_owned());
            serve("/events/{eventTemplateId}/{eventId}", move |ctx| {
                Ok(Reply::json(200, &ctx.sim.read().timeline_event(&template, &id)?))
            })
        }
        _ => None,
    }
}

/// Templates take the developer key, or a token of the app.
pub(super) fn find_templates(method: &str, app: &str, rest: &[&str]) -> Hit {
    let app = app.to_owned();
    match (method, rest) {
        ("GET", []) => serve("/event-templates", move |ctx| {
            super::webhooks::authorise(ctx, &app)?;
            let account = ctx.sim.read();
            let all: Vec<Value> = account.platform.timeline.templates.values().cloned().collect();
            Ok(Reply::json(200, &json!({ "results": all })))
        }),
        ("POST", []) => serve("/event-templates", move |ctx| {
            super::webhooks::authorise(ctx, &app)?;
            Ok(Reply::json(201, &ctx.sim.write().create_template(&ctx.object()?, ctx.now)?))
        }),
        ("GET" | "DELETE", [id]) => {
            let (id, delete) = (id.parse::<u64>().unwrap_or_default(), method == "DELETE");
            serve("/event-templates/{eventTemplateId}", move |ctx| {
                super::webhooks::authorise(ctx, &app)?;
                if delete {
                    ctx.sim.write().platform.timeline.templates.remove(&id);
                    return Ok(Reply::empty());
                }
                let account = ctx.sim.read();
                let found = account.platform.timeline.templates.get(&id);
                found.map(|one| Reply::json(200, one)).ok_or_else(ApiError::record_not_found)
            })
        }
        _ => None,
    }
}
