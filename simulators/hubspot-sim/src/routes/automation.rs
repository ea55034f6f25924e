//! Sequences and workflows.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::time::iso;

pub(super) fn find_sequences(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("GET", [] | [""]) => serve("", |ctx| {
            let account = ctx.sim.read();
            let user = account.sequence_user(ctx.param("userId"))?;
            let all = account.sequences_json(user, ctx.param("name"));
            Ok(Reply::json(200, &json!({ "total": all.len(), "results": all })))
        }),
        ("POST", ["enrollments"]) => serve("/enrollments", |ctx| {
            let mut account = ctx.sim.write();
            let user = account.sequence_user(ctx.param("userId"))?;
            Ok(Reply::json(200, &account.enrol_in_sequence(user, &ctx.object()?, ctx.now)?))
        }),
        ("GET", ["enrollments", "contact", contact]) => {
            let contact = own(contact);
            serve("/enrollments/contact/{contactId}", move |ctx| {
                Ok(Reply::json(200, &ctx.sim.read().sequence_enrolment(&contact)?))
            })
        }
        ("GET", [id]) => {
            let id = own(id);
            serve("/{sequenceId}", move |ctx| {
                let account = ctx.sim.read();
                let user = account.sequence_user(ctx.param("userId"))?;
                Ok(Reply::json(200, &account.sequence_json(user, &id)?))
            })
        }
        _ => None,
    }
}

pub(super) fn find_flows(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", []) => {
            serve("", |ctx| Ok(Reply::json(200, &json!({ "results": ctx.sim.read().flows_json() }))))
        }
        ("POST", ["batch", "read"]) => serve("/batch/read", |ctx| {
            let account = ctx.sim.read();
            batch(ctx, |input| account.flow_json(&text(input, "flowId")))
        }),
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/{flowId}", move |ctx| Ok(Reply::json(200, &ctx.sim.read().flow_json(&id)?)))
        }
        _ => None,
    }
}

pub(super) fn find_mappings(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("POST", ["batch", "read"]) => serve("/batch/read", |ctx| {
            batch(ctx, |input| {
                let (workflow, flow) = (text(input, "workflowId"), text(input, "flowId"));
                Account::flow_mapping(Some(&workflow), Some(&flow)).ok_or_else(ApiError::record_not_found)
            })
        }),
        _ => None,
    }
}

/// Workflows of contacts in versions 2 and 3.
pub(super) fn find_workflows(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("GET", [] | [""]) => serve("", |ctx| Ok(Reply::json(200, &ctx.sim.read().workflows_json()))),
        ("GET", ["enrollments", "contacts", contact]) => {
            let contact = own(contact);
            serve("/enrollments/contacts/{vid}", move |ctx| {
                Ok(Reply::json(200, &ctx.sim.read().workflow_enrolments(&contact)?))
            })
        }
        ("GET", [id]) => {
            let id = own(id);
            serve("/{workflowId}", move |ctx| Ok(Reply::json(200, &ctx.sim.read().workflow_json(&id)?)))
        }
        ("POST", [id, "enrollments", "contacts", email]) => {
            let (id, email) = (own(id), own(email));
            serve("/{workflowId}/enrollments/contacts/{email}", move |ctx| {
                ctx.sim.write().enrol_in_workflow(&id, &email, ctx.now)?;
                Ok(Reply::empty())
            })
        }
        ("DELETE", [id, "enrollments", "contacts", email]) => {
            let (id, email) = (own(id), own(email));
            serve("/{workflowId}/enrollments/contacts/{email}", move |ctx| {
                ctx.sim.write().unenrol_from_workflow(&id, &email)?;
                Ok(Reply::empty())
            })
        }
        _ => None,
    }
}

fn text(input: &Value, name: &str) -> String {
    input.get(name).and_then(text_of).unwrap_or_default()
}

fn batch(ctx: &Ctx<'_>, each: impl Fn(&Value) -> Result<Value, ApiError>) -> Outcome {
    let body = ctx.object()?;
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in body.get("inputs").and_then(Value::as_array).into_iter().flatten() {
        match each(input) {
            Ok(shown) => results.push(shown),
            Err(error) => errors.push(error.row(None)),
        }
    }
    let mut shown = Map::new();
    shown.insert("status".into(), json!("COMPLETE"));
    shown.insert("results".into(), Value::Array(results));
    let status = if errors.is_empty() { 200 } else { 207 };
    if !errors.is_empty() {
        shown.insert("numErrors".into(), json!(errors.len()));
        shown.insert("errors".into(), Value::Array(errors));
    }
    shown.insert("startedAt".into(), json!(iso(ctx.now)));
    shown.insert("completedAt".into(), json!(iso(ctx.now)));
    Ok(Reply::json(status, &Value::Object(shown)))
}
