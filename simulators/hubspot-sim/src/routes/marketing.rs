//! Forms, submissions, marketing emails and their events.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::platform::marketing::forms::sample;
use crate::property::value::text_of;

pub(super) fn find_forms(method: &str, rest: &[&str], old: bool) -> Hit {
    match (method, rest) {
        ("GET", [] | [""]) => serve("", move |ctx| {
            let account = ctx.sim.read();
            if old {
                return Ok(Reply::json(200, &Value::Array(account.old_forms_json())));
            }
            Ok(Reply::json(200, &json!({ "results": account.forms_json() })))
        }),
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/{formId}", move |ctx| {
                let account = ctx.sim.read();
                let form = sample(&id)?;
                let shown = if old { account.old_form_json(form) } else { account.form_json(form) };
                Ok(Reply::json(200, &shown))
            })
        }
        _ => None,
    }
}

/// Submitting, which anybody may do; `secure` wants a token as well.
pub(super) fn find_submit(method: &str, portal: &str, form: &str) -> Hit {
    if method != "POST" {
        return None;
    }
    let (portal, form) = (portal.to_owned(), form.to_owned());
    serve("/{portalId}/{formGuid}", move |ctx| {
        let mut account = ctx.sim.write();
        if portal != account.portal.to_string() {
            return Err(ApiError::record_not_found());
        }
        account.submit_form(&form, &ctx.object()?, ctx.now)?;
        Ok(Reply::json(200, &json!({ "inlineMessage": "Thanks for submitting the form." })))
    })
}

pub(super) fn find_submissions(method: &str, form: &str) -> Hit {
    if method != "GET" {
        return None;
    }
    let form = form.to_owned();
    serve("/{formGuid}", move |ctx| {
        let all = ctx.sim.read().submissions_json(&form)?;
        let limit = ctx.param("limit").and_then(|text| text.parse().ok()).unwrap_or(20_usize).clamp(1, 50);
        let after = ctx.param("after").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
        let more = all.len() > after.saturating_add(limit);
        let mut body = Map::new();
        body.insert("results".into(), all.into_iter().skip(after).take(limit).collect());
        if more {
            body.insert("paging".into(), json!({ "next": { "after": (after + limit).to_string() } }));
        }
        Ok(Reply::json(200, &Value::Object(body)))
    })
}

pub(super) fn find_emails(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", [] | [""]) => serve("", |ctx| {
            let all = ctx.sim.read().emails_json();
            Ok(Reply::json(200, &json!({ "total": all.len(), "results": all })))
        }),
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/{emailId}", move |ctx| {
                let all = ctx.sim.read().emails_json();
                let found = all.into_iter().find(|one| one["id"] == id.as_str());
                found.map(|one| Reply::json(200, &one)).ok_or_else(ApiError::record_not_found)
            })
        }
        _ => None,
    }
}

pub(super) fn find_email_events(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", []) => serve("", |ctx| {
            let (recipient, kind) = (ctx.param("recipient"), ctx.param("eventType"));
            let mut all = ctx.sim.read().email_events_json(recipient, kind, ctx.param("campaignId"));
            let bound = |name: &str| ctx.param(name).and_then(|text| text.parse::<i64>().ok());
            let (start, end) = (bound("startTimestamp"), bound("endTimestamp"));
            all.retain(|event| {
                let at = event["created"].as_i64().unwrap_or_default();
                start.is_none_or(|start| at >= start) && end.is_none_or(|end| at < end)
            });
            let limit =
                ctx.param("limit").and_then(|text| text.parse().ok()).unwrap_or(10_usize).clamp(1, 1000);
            let offset = ctx.param("offset").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
            let end = all.len().min(offset.saturating_add(limit));
            let more = end < all.len();
            let page: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
            Ok(Reply::json(200, &json!({ "hasMore": more, "offset": end.to_string(), "events": page })))
        }),
        _ => None,
    }
}

/// `/_sim/email-events`: a recipient opens, clicks, bounces.
pub(super) fn happen(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let text = |name: &str| body.get(name).and_then(text_of);
    let (kind, recipient) = (text("type").unwrap_or_default(), text("recipient").unwrap_or_default());
    let email = text("emailId");
    let event = ctx.sim.write().email_event(&kind, &recipient, email.as_deref(), ctx.now)?;
    Ok(Reply::json(200, &event))
}

/// `/_sim/document-views`: a contact looks at a document that was shared with them.
pub(super) fn view_document(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let email = body.get("email").and_then(text_of).unwrap_or_default();
    ctx.sim.write().document_viewed(&email, ctx.now)?;
    Ok(Reply::json(200, &json!({ "ok": true })))
}
