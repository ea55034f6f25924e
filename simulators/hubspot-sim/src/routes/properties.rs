//! Definitions of properties, and their groups.

use serde_json::{Map, Value, json};

use super::{Hit, kind, serve};
use crate::account::{Account, Group};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::property::{Choice, Property, PropertyType};
use crate::sensitive::Sensitivity;
use crate::time::iso;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let [name, rest @ ..] = rest else { return None };
    let name = (*name).to_owned();
    match (method, rest) {
        ("GET", []) => serve("/{objectType}", move |ctx| list(ctx, kind(ctx, &name)?)),
        ("POST", []) => serve("/{objectType}", move |ctx| {
            let (object, body) = (kind(ctx, &name)?, ctx.object()?);
            let mut account = ctx.sim.write();
            Ok(Reply::json(201, &create(ctx, &mut account, object, &body)?))
        }),
        ("POST", ["batch", "create"]) => {
            serve("/{objectType}/batch/create", move |ctx| batch_create(ctx, kind(ctx, &name)?))
        }
        ("POST", ["batch", "read"]) => {
            serve("/{objectType}/batch/read", move |ctx| batch_read(ctx, kind(ctx, &name)?))
        }
        ("POST", ["batch", "archive"]) => {
            serve("/{objectType}/batch/archive", move |ctx| batch_archive(ctx, kind(ctx, &name)?))
        }
        ("GET", ["groups"]) => serve("/{objectType}/groups", move |ctx| groups(ctx, kind(ctx, &name)?)),
        ("POST", ["groups"]) => {
            serve("/{objectType}/groups", move |ctx| create_group(ctx, kind(ctx, &name)?))
        }
        (verb @ ("GET" | "PATCH" | "DELETE"), ["groups", group]) => {
            let (verb, group) = (verb.to_owned(), (*group).to_owned());
            serve("/{objectType}/groups/{groupName}", move |ctx| {
                one_group(ctx, kind(ctx, &name)?, &group, &verb)
            })
        }
        ("GET", [one]) => {
            let one = (*one).to_owned();
            serve("/{objectType}/{propertyName}", move |ctx| read(ctx, kind(ctx, &name)?, &one))
        }
        ("PATCH", [one]) => {
            let one = (*one).to_owned();
            serve("/{objectType}/{propertyName}", move |ctx| update(ctx, kind(ctx, &name)?, &one))
        }
        ("DELETE", [one]) => {
            let one = (*one).to_owned();
            serve("/{objectType}/{propertyName}", move |ctx| {
                let object = kind(ctx, &name)?;
                archive(ctx, &mut ctx.sim.write(), object, &one)?;
                Ok(Reply::empty())
            })
        }
        _ => None,
    }
}

fn unknown(name: &str) -> ApiError {
    // assumed: the text for a property that does not exist
    ApiError::object_not_found(format!("Property {name} does not exist"))
        .with_sub("Properties.PROPERTY_NOT_FOUND")
        .with_context("propertyName", name)
}

fn list(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let archived = ctx.flag("archived");
    let wanted = ctx.param("dataSensitivity").map_or(Ok(Sensitivity::Plain), Sensitivity::parse)?;
    let account = ctx.sim.read();
    let all: Vec<Value> = account.stores[object]
        .properties
        .values()
        .filter(|property| property.archived.is_some() == archived && property.sensitivity == wanted)
        .map(Property::json)
        .collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

fn read(ctx: &Ctx<'_>, object: usize, name: &str) -> Outcome {
    let account = ctx.sim.read();
    let found = account.stores[object].properties.get(&name.to_lowercase());
    let found = found.filter(|property| property.archived.is_some() == ctx.flag("archived"));
    Ok(Reply::json(200, &found.ok_or_else(|| unknown(name))?.json()))
}

fn options(body: &Map<String, Value>) -> Result<Option<Vec<Choice>>, ApiError> {
    let Some(Value::Array(given)) = body.get("options") else { return Ok(None) };
    let mut all: Vec<Choice> = Vec::with_capacity(given.len());
    for (option, order) in given.iter().zip(0..) {
        let text = |name: &str| option.get(name).and_then(text_of);
        let value = text("value").filter(|value| !value.is_empty());
        let (Some(value), Some(label)) = (value, text("label")) else {
            return Err(ApiError::validation("Every option needs a label and a value"));
        };
        if all.iter().any(|one| one.value == value || one.label == label) {
            return Err(ApiError::validation(format!("Property option {value} is not unique"))
                .with_sub("PropertyValidationError.OPTIONS_NOT_UNIQUE"));
        }
        let order = option.get("displayOrder").and_then(Value::as_i64).unwrap_or(order);
        let mut choice = Choice::new(&value, &label, order);
        choice.hidden = option.get("hidden").and_then(Value::as_bool).unwrap_or(false);
        choice.description = text("description").unwrap_or_default();
        all.push(choice);
    }
    Ok(Some(all))
}

/// Sets what a body says of a definition that can be changed.
fn describe(property: &mut Property, body: &Map<String, Value>) -> Result<(), ApiError> {
    if let Some(options) = options(body)? {
        property.options = options;
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(label) = text("label") {
        property.label = label;
    }
    if let Some(description) = text("description") {
        property.description = description;
    }
    if let Some(field_type) = text("fieldType") {
        if !property.kind.field_types().contains(&field_type.as_str()) {
            return Err(ApiError::validation(format!(
                "{field_type} is not a valid field type for {}",
                property.kind.name()
            )));
        }
        property.field_type = field_type;
    }
    if let Some(order) = body.get("displayOrder").and_then(Value::as_i64) {
        property.display_order = order;
    }
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    property.hidden = flag("hidden").unwrap_or(property.hidden);
    property.form_field = flag("formField").unwrap_or(property.form_field);
    property.external_options = flag("externalOptions").unwrap_or(property.external_options);
    Ok(())
}

pub(super) fn create(
    ctx: &Ctx<'_>,
    account: &mut Account,
    object: usize,
    body: &Map<String, Value>,
) -> Result<Value, ApiError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing: Vec<&str> = ["name", "label", "type", "fieldType", "groupName"]
        .into_iter()
        .filter(|name| text(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::validation(format!(
            "Some required fields were not set: [{}]",
            missing.join(", ")
        )));
    }
    let name = text("name").unwrap_or_default().to_owned();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(ApiError::validation(format!(
            "Property name {name} is not valid: lower-case letters, digits and underscores, beginning with a letter"
        )));
    }
    let given = text("type").unwrap_or_default();
    let Some(kind) = PropertyType::parse(given) else {
        return Err(ApiError::validation(format!("{given} is not a valid property type")));
    };
    let group = text("groupName").unwrap_or_default();
    let now = ctx.now;
    let sensitivity = text("dataSensitivity").map_or(Ok(Sensitivity::Plain), Sensitivity::parse)?;
    ctx.may_guard(account, object, sensitivity)?;
    let store = &mut account.stores[object];
    if store.groups.get(group).is_none_or(|group| group.archived) {
        return Err(ApiError::validation(format!("Property group {group} does not exist"))
            .with_sub("PropertyValidationError.GROUP_DOES_NOT_EXIST"));
    }
    if store.properties.get(&name).is_some_and(|property| property.archived.is_none()) {
        return Err(ApiError {
            category: Some("OBJECT_ALREADY_EXISTS"),
            ..ApiError::conflict(format!("A property named '{name}' already exists."))
        }
        .with_sub("Properties.PROPERTY_WITH_NAME_EXISTS"));
    }
    let mut property = Property::custom(&name, text("label").unwrap_or_default(), kind, group, now);
    property.unique = body.get("hasUniqueValue").and_then(Value::as_bool).unwrap_or(false);
    property.sensitivity = sensitivity;
    property.created_by = Some(crate::owners::PERSON.to_string());
    if kind == PropertyType::Bool {
        property.options = vec![Choice::new("true", "True", 0), Choice::new("false", "False", 1)];
    }
    describe(&mut property, body)?;
    if property.unique && store.properties.values().filter(|one| one.unique).count() >= 10 {
        return Err(ApiError::validation("There can be at most 10 properties with unique values"));
    }
    let shown = property.json();
    let unique = property.unique;
    // A name that was archived is restored, with its values.
    store.properties.insert(name.clone(), property);
    if unique && let Some(key) = store.key(&name) {
        store.unique.entry(key).or_default();
    }
    Ok(shown)
}

fn update(ctx: &Ctx<'_>, object: usize, name: &str) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let now = ctx.now;
    // Once made, a property stays as sensitive as it is.
    if let Some((_, property)) = account.stores[object].active(&name.to_lowercase()) {
        ctx.may_guard(&account, object, property.sensitivity)?;
    }
    let store = &mut account.stores[object];
    if let Some(group) = body.get("groupName").and_then(Value::as_str)
        && store.groups.get(group).is_none_or(|group| group.archived)
    {
        return Err(ApiError::validation(format!("Property group {group} does not exist"))
            .with_sub("PropertyValidationError.GROUP_DOES_NOT_EXIST"));
    }
    let property = store.properties.get_mut(&name.to_lowercase());
    let property = property.filter(|property| property.archived.is_none()).ok_or_else(|| unknown(name))?;
    let mut changed = property.clone();
    if let Some(kind) = body.get("type").and_then(Value::as_str).and_then(PropertyType::parse) {
        changed.kind = kind;
    }
    if let Some(group) = body.get("groupName").and_then(Value::as_str) {
        group.clone_into(&mut changed.group);
    }
    describe(&mut changed, &body)?;
    changed.updated = now;
    *property = changed;
    Ok(Reply::json(200, &property.json()))
}

fn archive(ctx: &Ctx<'_>, account: &mut Account, object: usize, name: &str) -> Result<(), ApiError> {
    let found = account.stores[object].properties.get_mut(&name.to_lowercase());
    let property = found.filter(|property| property.archived.is_none()).ok_or_else(|| unknown(name))?;
    if property.built_in {
        return Err(ApiError::validation(format!(
            "Property {name} is defined by HubSpot and cannot be archived"
        ))
        .with_sub("PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE"));
    }
    property.archived = Some(ctx.now);
    Ok(())
}

fn inputs(ctx: &Ctx<'_>) -> Result<Vec<Map<String, Value>>, ApiError> {
    let body = ctx.object()?;
    let given = body.get("inputs").and_then(Value::as_array);
    let given = given.ok_or_else(|| ApiError::validation("Some required fields were not set: [inputs]"))?;
    Ok(given.iter().filter_map(Value::as_object).cloned().collect())
}

fn answer(ctx: &Ctx<'_>, whole: u16, results: &[Value], errors: &[Value]) -> Outcome {
    let mut body = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(ctx.now),
        "completedAt": iso(ctx.now),
    });
    if !errors.is_empty() {
        body["numErrors"] = json!(errors.len());
        body["errors"] = json!(errors);
    }
    Ok(Reply::json(if errors.is_empty() { whole } else { 207 }, &body))
}

fn batch_create(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let inputs = inputs(ctx)?;
    let mut account = ctx.sim.write();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        match create(ctx, &mut account, object, input) {
            Ok(made) => results.push(made),
            Err(error) => errors.push(error.row(None)),
        }
    }
    answer(ctx, 201, &results, &errors)
}

fn batch_read(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let inputs = inputs(ctx)?;
    let archived = ctx.object()?.get("archived").and_then(Value::as_bool).unwrap_or(false);
    let account = ctx.sim.read();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let name = input.get("name").and_then(Value::as_str).unwrap_or_default();
        let found = account.stores[object].properties.get(&name.to_lowercase());
        match found.filter(|property| property.archived.is_some() == archived) {
            Some(property) => results.push(property.json()),
            None => errors.push(unknown(name).row(None)),
        }
    }
    answer(ctx, 200, &results, &errors)
}

fn batch_archive(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let inputs = inputs(ctx)?;
    let mut account = ctx.sim.write();
    for input in &inputs {
        let name = input.get("name").and_then(Value::as_str).unwrap_or_default();
        match archive(ctx, &mut account, object, name) {
            Err(error) if error.status != 404 => return Err(error),
            _ => {}
        }
    }
    Ok(Reply::empty())
}

fn group_json(group: &Group) -> Value {
    json!({
        "name": group.name,
        "label": group.label,
        "displayOrder": group.order,
        "archived": group.archived,
    })
}

fn groups(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let groups = account.stores[object].groups.values().filter(|group| !group.archived);
    Ok(Reply::json(200, &json!({ "results": groups.map(group_json).collect::<Vec<_>>() })))
}

fn create_group(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(name), Some(label)) = (text("name"), text("label")) else {
        return Err(ApiError::validation("Some required fields were not set: [name, label]"));
    };
    let mut account = ctx.sim.write();
    let store = &mut account.stores[object];
    if store.groups.get(name).is_some_and(|group| !group.archived) {
        return Err(ApiError {
            category: Some("OBJECT_ALREADY_EXISTS"),
            ..ApiError::conflict(format!("A property group named '{name}' already exists."))
        });
    }
    let order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(-1);
    let group = Group { name: name.to_owned(), label: label.to_owned(), order, archived: false };
    let shown = group_json(&group);
    store.groups.insert(name.to_owned(), group);
    Ok(Reply::json(201, &shown))
}

fn one_group(ctx: &Ctx<'_>, object: usize, name: &str, verb: &str) -> Outcome {
    let body = if verb == "PATCH" { ctx.object()? } else { Map::new() };
    let mut account = ctx.sim.write();
    let store = &mut account.stores[object];
    let used: Vec<&str> = store
        .properties
        .values()
        .filter(|property| property.archived.is_none() && property.group == name)
        .map(|property| property.name.as_str())
        .collect();
    let in_use = (!used.is_empty()).then(|| json!({ "groupName": name, "properties": used }).to_string());
    let group = store.groups.get_mut(name).filter(|group| !group.archived);
    let group =
        group.ok_or_else(|| ApiError::object_not_found(format!("Property group {name} does not exist")))?;
    match verb {
        "GET" => Ok(Reply::json(200, &group_json(group))),
        "PATCH" => {
            if let Some(label) = body.get("label").and_then(Value::as_str) {
                label.clone_into(&mut group.label);
            }
            group.order = body.get("displayOrder").and_then(Value::as_i64).unwrap_or(group.order);
            Ok(Reply::json(200, &group_json(group)))
        }
        _ => match in_use {
            Some(used) => {
                Err(ApiError::validation(used).with_sub("PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"))
            }
            None => {
                group.archived = true;
                Ok(Reply::empty())
            }
        },
    }
}
