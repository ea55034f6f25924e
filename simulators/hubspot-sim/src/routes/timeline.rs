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

/// Events of every kind, as the API for reading them shows them.
pub(super) fn find_occurrences(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["event-types"]) => serve("/event-types", |ctx| {
            Ok(Reply::json(200, &json!({ "eventTypes": ctx.sim.read().event_types() })))
        }),
        ("GET", [] | [""]) => serve("", |ctx| {
            let mut all = ctx.sim.read().occurrences();
            let time = |text: &str| crate::time::parse(text);
            let (after, before) = (ctx.param("occurredAfter"), ctx.param("occurredBefore"));
            let (after, before) = (after.and_then(time), before.and_then(time));
            all.retain(|event| {
                let text = |name: &str| event[name].as_str().unwrap_or_default();
                let fits = |parameter: &str, held: &str| {
                    ctx.param(parameter).is_none_or(|wanted| wanted.eq_ignore_ascii_case(text(held)))
                };
                let at = time(text("occurredAt"));
                fits("eventType", "eventType")
                    && fits("objectType", "objectType")
                    && fits("objectId", "objectId")
                    && after.is_none_or(|after| at.is_some_and(|at| at > after))
                    && before.is_none_or(|before| at.is_some_and(|at| at < before))
            });
            let limit =
                ctx.param("limit").and_then(|text| text.parse().ok()).unwrap_or(20_usize).clamp(1, 1000);
            let from = ctx.param("after").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
            let more = all.len() > from.saturating_add(limit);
            let page: Vec<Value> = all.into_iter().skip(from).take(limit).collect();
            let mut body = json!({ "results": page });
            if more {
                body["paging"] = json!({ "next": { "after": (from + limit).to_string() } });
            }
            Ok(Reply::json(200, &body))
        }),
        _ => None,
    }
}
