//! Pipelines and stages, read and changed.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::pipelines::{Pipeline, Stage};
use crate::property::value::text_of;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let [name, rest @ ..] = rest else { return None };
    let name = (*name).to_owned();
    match (method, rest) {
        ("GET", []) => serve("/{objectType}", move |ctx| list(ctx, kind(ctx, &name)?)),
        ("POST", []) => serve("/{objectType}", move |ctx| create(ctx, kind(ctx, &name)?)),
        (verb @ ("GET" | "PUT" | "PATCH" | "DELETE"), [id]) => {
            let (verb, id) = (verb.to_owned(), (*id).to_owned());
            serve("/{objectType}/{pipelineId}", move |ctx| one(ctx, kind(ctx, &name)?, &id, &verb))
        }
        ("GET", [id, "audit"]) => {
            let id = (*id).to_owned();
            serve("/{objectType}/{pipelineId}/audit", move |ctx| audit(ctx, kind(ctx, &name)?, &id))
        }
        ("GET", [_, "stages", stage, "audit"]) => {
            let stage = (*stage).to_owned();
            serve("/{objectType}/{pipelineId}/stages/{stageId}/audit", move |ctx| {
                audit(ctx, kind(ctx, &name)?, &stage)
            })
        }
        (verb @ ("GET" | "POST"), [id, "stages"]) => {
            let (verb, id) = (verb.to_owned(), (*id).to_owned());
            serve("/{objectType}/{pipelineId}/stages", move |ctx| stages(ctx, kind(ctx, &name)?, &id, &verb))
        }
        (verb @ ("GET" | "PUT" | "PATCH" | "DELETE"), [id, "stages", stage]) => {
            let (verb, id, stage) = (verb.to_owned(), (*id).to_owned(), (*stage).to_owned());
            serve("/{objectType}/{pipelineId}/stages/{stageId}", move |ctx| {
                one_stage(ctx, kind(ctx, &name)?, (&id, &stage), &verb)
            })
        }
        _ => None,
    }
}

fn unknown(id: &str) -> ApiError {
    ApiError::object_not_found(format!("No pipeline or stage with the id {id}"))
}

/// What was done to a pipeline or a stage, the newest first.
fn audit(ctx: &Ctx<'_>, object: usize, id: &str) -> Outcome {
    let account = ctx.sim.read();
    let changes = account.stores[object].pipeline_changes.iter().rev().filter(|change| change.id == id);
    let all: Vec<Value> = changes.map(|change| change.json(account.portal)).collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn list(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let lines = account.stores[object].pipelines.values().filter(|one| !one.archived);
    Ok(Reply::json(200, &json!({ "results": lines.map(Pipeline::json).collect::<Vec<_>>() })))
}

fn new_stage(account: &mut Account, object: usize, body: &Value, now: i64) -> Result<Stage, ApiError> {
    let text = |name: &str| body.get(name).and_then(text_of).filter(|text| !text.is_empty());
    let label =
        text("label").ok_or_else(|| ApiError::validation("Some required fields were not set: [label]"))?;
    let given = body.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let metadata = metadata(account, object, given)?;
    let id = text("stageId").unwrap_or_else(|| {
        account.next_stage += 1;
        account.next_stage.to_string()
    });
    let order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(0);
    Ok(Stage { id, label, order, metadata, archived: false, created: now, updated: now })
}

/// A deal's stage needs a probability; whether it is closed follows from it.
fn metadata(
    account: &Account,
    object: usize,
    given: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut metadata: Map<String, Value> = given
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), Value::String(text_of(value)?))))
        .collect();
    if account.stores[object].kind.name == "deals" {
        let probability =
            metadata.get("probability").and_then(Value::as_str).and_then(|text| text.parse::<f64>().ok());
        let probability = probability.filter(|probability| (0.0..=1.0).contains(probability));
        let Some(probability) = probability else {
            return Err(ApiError::validation("A deal stage needs a probability between 0.0 and 1.0"));
        };
        let closed = probability <= 0.0 || probability >= 1.0;
        metadata.insert("isClosed".into(), json!(closed.to_string()));
    }
    Ok(metadata)
}

fn new_stages(
    account: &mut Account,
    object: usize,
    body: &Map<String, Value>,
    now: i64,
) -> Result<IndexMap<String, Stage>, ApiError> {
    let mut stages = IndexMap::new();
    for stage in body.get("stages").and_then(Value::as_array).into_iter().flatten() {
        let stage = new_stage(account, object, stage, now)?;
        if stages.values().any(|one: &Stage| one.label == stage.label) {
            return Err(ApiError::validation(format!("Stage labels have to be unique: {}", stage.label)));
        }
        stages.insert(stage.id.clone(), stage);
    }
    Ok(stages)
}

fn create(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let text = |name: &str| body.get(name).and_then(text_of).filter(|text| !text.is_empty());
    let label =
        text("label").ok_or_else(|| ApiError::validation("Some required fields were not set: [label]"))?;
    let mut account = ctx.sim.write();
    let stages = new_stages(&mut account, object, &body, ctx.now)?;
    let id = text("pipelineId").unwrap_or_else(|| {
        account.next_stage += 1;
        account.next_stage.to_string()
    });
    let store = &mut account.stores[object];
    if store.pipelines.contains_key(&id) {
        return Err(ApiError::conflict(format!("A pipeline with the id {id} already exists")));
    }
    let order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(0);
    let line = Pipeline {
        id: id.clone(),
        label,
        order,
        archived: false,
        created: ctx.now,
        updated: ctx.now,
        stages,
    };
    let shown = line.json();
    store.note_change(&id, "CREATE", ctx.now, shown.clone());
    store.pipelines.insert(id, line);
    store.refresh_pipeline_options();
    Ok(Reply::json(201, &shown))
}

/// Whether any live record is in the pipeline or stage.
fn in_use(account: &Account, object: usize, id: &str, of_stage: bool) -> bool {
    let store = &account.stores[object];
    let Some((line, stage)) = store.kind.pipeline else { return false };
    let Some(key) = store.key(if of_stage { stage } else { line }) else { return false };
    store.records.values().any(|record| record.archived.is_none() && record.stored(key, i64::MAX) == Some(id))
}

fn blocks(ctx: &Ctx<'_>) -> bool {
    ctx.dated || ctx.flag("validateReferencesBeforeDelete") || ctx.flag("validateDealStageUsagesBeforeDelete")
}

fn one(ctx: &Ctx<'_>, object: usize, id: &str, verb: &str) -> Outcome {
    let body = if matches!(verb, "PUT" | "PATCH") { ctx.object()? } else { Map::new() };
    let mut account = ctx.sim.write();
    if verb == "DELETE" && blocks(ctx) && in_use(&account, object, id, false) {
        return Err(ApiError::validation(format!("Pipeline {id} is in use")));
    }
    let stages = if verb == "PUT" { Some(new_stages(&mut account, object, &body, ctx.now)?) } else { None };
    let store = &mut account.stores[object];
    let line = store.pipelines.get_mut(id).filter(|line| !line.archived).ok_or_else(|| unknown(id))?;
    let reply = match verb {
        "GET" => Reply::json(200, &line.json()),
        "DELETE" => {
            line.archived = true;
            let after = line.json();
            store.note_change(id, "DELETE", ctx.now, after);
            Reply::empty()
        }
        _ => {
            if let Some(label) = body.get("label").and_then(Value::as_str) {
                label.clone_into(&mut line.label);
            }
            line.order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(line.order);
            if let Some(stages) = stages {
                line.stages = stages;
            }
            line.updated = ctx.now;
            let after = line.json();
            store.note_change(id, "UPDATE", ctx.now, after.clone());
            Reply::json(200, &after)
        }
    };
    store.refresh_pipeline_options();
    Ok(reply)
}

fn stages(ctx: &Ctx<'_>, object: usize, id: &str, verb: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let known = account.stores[object].pipelines.get(id).is_some_and(|line| !line.archived);
    if !known {
        return Err(unknown(id));
    }
    let made = if verb == "POST" {
        Some(new_stage(&mut account, object, &Value::Object(ctx.object()?), ctx.now)?)
    } else {
        None
    };
    let store = &mut account.stores[object];
    let line = store.pipelines.get_mut(id).ok_or_else(|| unknown(id))?;
    let Some(stage) = made else {
        return Ok(Reply::json(200, &json!({ "results": line.json()["stages"] })));
    };
    if line.stages.values().any(|one| one.id == stage.id || (one.label == stage.label && !one.archived)) {
        return Err(ApiError::conflict(format!("A stage {} already exists", stage.label)));
    }
    let shown = stage.json();
    let id = stage.id.clone();
    line.stages.insert(id.clone(), stage);
    store.note_change(&id, "CREATE", ctx.now, shown.clone());
    store.refresh_pipeline_options();
    Ok(Reply::json(201, &shown))
}

fn one_stage(ctx: &Ctx<'_>, object: usize, (id, stage_id): (&str, &str), verb: &str) -> Outcome {
    let body = if matches!(verb, "PUT" | "PATCH") { ctx.object()? } else { Map::new() };
    let mut account = ctx.sim.write();
    if verb == "DELETE" && blocks(ctx) && in_use(&account, object, stage_id, true) {
        return Err(ApiError::validation(format!("Stage {stage_id} is in use")));
    }
    let given = match body.get("metadata").and_then(Value::as_object) {
        Some(given) => Some(metadata(&account, object, given.clone())?),
        None => None,
    };
    let store = &mut account.stores[object];
    let line = store.pipelines.get_mut(id).filter(|line| !line.archived).ok_or_else(|| unknown(id))?;
    let stage =
        line.stages.get_mut(stage_id).filter(|stage| !stage.archived).ok_or_else(|| unknown(stage_id))?;
    let reply = match verb {
        "GET" => Reply::json(200, &stage.json()),
        "DELETE" => {
            let after = stage.json();
            line.stages.shift_remove(stage_id);
            store.note_change(stage_id, "DELETE", ctx.now, after);
            Reply::empty()
        }
        _ => {
            if let Some(label) = body.get("label").and_then(Value::as_str) {
                label.clone_into(&mut stage.label);
            }
            stage.order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(stage.order);
            stage.metadata = given.unwrap_or_else(|| stage.metadata.clone());
            stage.updated = ctx.now;
            let after = stage.json();
            store.note_change(stage_id, "UPDATE", ctx.now, after.clone());
            Reply::json(200, &after)
        }
    };
    store.refresh_pipeline_options();
    Ok(reply)
}
