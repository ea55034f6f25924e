//! Schemas of custom objects.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::properties::create as create_property;
use super::{Hit, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::schemas::Schema;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", []) => serve("", list),
        ("POST", []) => serve("", create),
        (verb @ ("GET" | "PATCH" | "DELETE"), [name]) => {
            let (verb, name) = (verb.to_owned(), (*name).to_owned());
            serve("/{objectType}", move |ctx| one(ctx, &name, &verb))
        }
        ("DELETE", [name, "purge"]) => {
            let name = (*name).to_owned();
            serve("/{objectType}/purge", move |ctx| purge(ctx, &name))
        }
        ("POST", [name, "associations"]) => {
            let name = (*name).to_owned();
            serve("/{objectType}/associations", move |ctx| associate(ctx, &name))
        }
        ("DELETE", [name, "associations", id]) => {
            let (name, id) = ((*name).to_owned(), (*id).to_owned());
            serve("/{objectType}/associations/{associationIdentifier}", move |ctx| {
                dissociate(ctx, &name, &id)
            })
        }
        _ => None,
    }
}

/// assumed: the text for an object that is not there
fn unknown(name: &str) -> ApiError {
    ApiError::object_not_found(format!("Unable to find object type {name}")).with_context("objectType", name)
}

fn list(ctx: &Ctx<'_>) -> Outcome {
    let archived = ctx.flag("archived");
    let account = ctx.sim.read();
    let custom = account
        .stores
        .iter()
        .enumerate()
        .filter(|(_, store)| store.kind.custom && !store.kind.purged && store.is_archived() == archived);
    let all: Vec<Value> = custom.map(|(object, _)| account.schema_json(object, true)).collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn names(body: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let list = body.get(name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_lowercase).collect())
}

/// The labels a body gives, where it gives any.
fn labels(body: &Map<String, Value>) -> (Option<String>, Option<String>) {
    let label = |name: &str| body.get("labels")?.get(name)?.as_str().map(str::to_owned);
    (label("singular"), label("plural"))
}

fn create(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let missing: Vec<&str> =
        ["name", "labels", "properties"].into_iter().filter(|name| !body.contains_key(*name)).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(ApiError::validation(format!("Some required fields were not set: [{missing}]")));
    }
    let name = text(&body, "name").unwrap_or_default().to_owned();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(ApiError::validation(format!(
            "Invalid object name '{name}'. Names can hold letters, numbers and underscores, and begin with a letter"
        )));
    }
    let (Some(one), Some(many)) = labels(&body) else {
        return Err(ApiError::validation("Both labels have to be given: singular and plural"));
    };
    let mut account = ctx.sim.write();
    if account.find_kind(&name).or_else(|| account.find_archived(&name)).is_some() {
        // assumed: the wording for a name that is taken
        return Err(ApiError {
            category: Some("OBJECT_ALREADY_EXISTS"),
            ..ApiError::conflict(format!("An object type with the name '{name}' already exists"))
        });
    }
    let schema = Schema {
        description: text(&body, "description").map(str::to_owned),
        primary_display: text(&body, "primaryDisplayProperty").map(str::to_lowercase),
        secondary_display: names(&body, "secondaryDisplayProperties").unwrap_or_default(),
        allows_sensitive: body.get("allowsSensitiveProperties").and_then(Value::as_bool).unwrap_or(false),
        archived: None,
        created: ctx.now,
        updated: ctx.now,
    };
    let before = (account.stores.len(), account.custom_types.len());
    let object = account.add_object(&name, (one, many), schema);
    if let Err(error) = fill(ctx, &mut account, object, &body) {
        account.stores.truncate(before.0);
        account.custom_types.truncate(before.1);
        return Err(error);
    }
    Ok(Reply::json(201, &account.schema_json(object, true)))
}

/// Gives a new object its properties and associations.
fn fill(
    ctx: &Ctx<'_>,
    account: &mut Account,
    object: usize,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let (group, _) = crate::property::standard::group_of(account.kind(object));
    for property in body.get("properties").and_then(Value::as_array).into_iter().flatten() {
        let mut property = property.as_object().cloned().unwrap_or_default();
        property.entry("groupName").or_insert_with(|| json!(group));
        property.entry("type").or_insert_with(|| json!("string"));
        property.entry("fieldType").or_insert_with(|| json!("text"));
        create_property(ctx, account, object, &property)?;
    }
    reshape(account, object, body)?;
    for other in body.get("associatedObjects").and_then(Value::as_array).into_iter().flatten() {
        let named = other.as_str().unwrap_or_default();
        let other = account.find_kind(named).ok_or_else(|| unknown(named))?;
        account.define_default(object, other, None);
    }
    Ok(())
}

/// Sets which properties an object needs, shows and is found by; each has to be one of its own.
fn reshape(account: &mut Account, object: usize, body: &Map<String, Value>) -> Result<(), ApiError> {
    let (required, searchable) = (names(body, "requiredProperties"), names(body, "searchableProperties"));
    let secondary = names(body, "secondaryDisplayProperties");
    let primary = text(body, "primaryDisplayProperty").map(str::to_lowercase);
    let store = &account.stores[object];
    let wrong = [&required, &searchable, &secondary]
        .into_iter()
        .flatten()
        .flatten()
        .chain(&primary)
        .find(|name| store.active(name).is_none())
        .cloned();
    if let Some(name) = wrong {
        return Err(ApiError::validation(format!("Property \"{name}\" does not exist"))
            .with_context("propertyName", name));
    }
    if let Some(schema) = &mut account.stores[object].schema {
        schema.primary_display = primary.or_else(|| schema.primary_display.take());
        schema.secondary_display = secondary.unwrap_or_else(|| std::mem::take(&mut schema.secondary_display));
    }
    account.shape_object(object, required, searchable);
    Ok(())
}

fn one(ctx: &Ctx<'_>, name: &str, verb: &str) -> Outcome {
    if verb == "GET" {
        let account = ctx.sim.read();
        let archived = ctx.flag("archived");
        let found = if archived { account.find_archived(name) } else { account.find_kind(name) };
        return Ok(Reply::json(200, &account.schema_json(found.ok_or_else(|| unknown(name))?, true)));
    }
    let mut account = ctx.sim.write();
    if verb == "DELETE" && ctx.flag("archived") {
        return purge_from(&mut account, name);
    }
    let object = account.find_kind(name).ok_or_else(|| unknown(name))?;
    if account.stores[object].schema.is_none() {
        return Err(ApiError::validation(format!("{name} is defined by HubSpot and cannot be changed")));
    }
    if verb == "DELETE" {
        // assumed: the wording for an object that still has records
        if account.stores[object].live_count() > 0 {
            return Err(ApiError::validation(format!(
                "Object type {name} still has records; delete them before the schema"
            )));
        }
        if let Some(schema) = &mut account.stores[object].schema {
            schema.archived = Some(ctx.now);
        }
        Arc::make_mut(&mut account.stores[object].kind).archived = true;
        return Ok(Reply::empty());
    }
    let body = ctx.object()?;
    reshape(&mut account, object, &body)?;
    let store = &mut account.stores[object];
    let kind = Arc::make_mut(&mut store.kind);
    let (singular, plural) = labels(&body);
    kind.labels.0 = singular.unwrap_or_else(|| std::mem::take(&mut kind.labels.0));
    kind.labels.1 = plural.unwrap_or_else(|| std::mem::take(&mut kind.labels.1));
    if let Some(schema) = &mut store.schema {
        if let Some(description) = body.get("description").and_then(Value::as_str) {
            schema.description = Some(description.to_owned());
        }
        schema.updated = ctx.now;
    }
    // assumed: an update answers the definition without its associations, as the schema says
    Ok(Reply::json(200, &account.schema_json(object, false)))
}

fn purge(ctx: &Ctx<'_>, name: &str) -> Outcome {
    purge_from(&mut ctx.sim.write(), name)
}

/// Deletes an object for good: its names are free again.
fn purge_from(account: &mut Account, name: &str) -> Outcome {
    let object =
        account.find_archived(name).or_else(|| account.find_kind(name)).ok_or_else(|| unknown(name))?;
    let store = &mut account.stores[object];
    if store.schema.is_none() || store.live_count() > 0 {
        return Err(ApiError::validation(format!("Object type {name} is in use and cannot be deleted")));
    }
    Arc::make_mut(&mut store.kind).purged = true;
    account.custom_types.retain(|one| one.from != object && one.to != object);
    Ok(Reply::empty())
}

fn associate(ctx: &Ctx<'_>, name: &str) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let object = account.find_kind(name).ok_or_else(|| unknown(name))?;
    let end = |field: &str| match text(&body, field) {
        Some(named) => account.find_kind(named).ok_or_else(|| unknown(named)),
        None => Err(ApiError::validation(format!("Some required fields were not set: [{field}]"))),
    };
    let (from, to) = (end("fromObjectTypeId")?, end("toObjectTypeId")?);
    if from != object && to != object {
        return Err(ApiError::validation("One of the associated objects has to be the object in the path"));
    }
    let id = account.define_default(from, to, text(&body, "name"));
    let links = account.schema_links(from);
    let made = links.into_iter().find(|one| one["id"] == json!(id.to_string())).unwrap_or_default();
    Ok(Reply::json(201, &made))
}

fn dissociate(ctx: &Ctx<'_>, name: &str, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let object = account.find_kind(name).ok_or_else(|| unknown(name))?;
    let found = account
        .custom_types
        .iter()
        .find(|one| (one.from == object || one.to == object) && (one.id.to_string() == id || one.name == id))
        .map(|one| (one.id, one.inverse));
    let (first, second) = found.ok_or_else(|| ApiError::object_not_found(format!("No association {id}")))?;
    account.drop_type(first, ctx.now);
    account.drop_type(second, ctx.now);
    Ok(Reply::empty())
}
