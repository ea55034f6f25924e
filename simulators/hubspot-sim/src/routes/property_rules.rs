//! The rules for the values of a property.

use serde_json::{Value, json};

use super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::rules::{Rule, kind_of};
use crate::property::value::text_of;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", [object]) => {
            let object = (*object).to_owned();
            serve("/{objectTypeId}", move |ctx| all(ctx, kind(ctx, &object)?))
        }
        ("GET", [object, property]) => {
            let (object, property) = ((*object).to_owned(), (*property).to_owned());
            serve("/{objectTypeId}/{propertyName}", move |ctx| of(ctx, kind(ctx, &object)?, &property))
        }
        (verb @ ("GET" | "PUT"), [object, property, "rule-type", rule]) => {
            let (object, property) = ((*object).to_owned(), (*property).to_owned());
            let (rule, put) = ((*rule).to_owned(), verb == "PUT");
            serve("/{objectTypeId}/{propertyName}/rule-type/{ruleType}", move |ctx| {
                one(ctx, (kind(ctx, &object)?, &property), &rule, put)
            })
        }
        _ => None,
    }
}

fn key(account: &Account, object: usize, property: &str) -> Result<u32, ApiError> {
    let found = account.stores[object].active(&property.to_lowercase()).map(|(key, _)| key);
    found.ok_or_else(|| ApiError::object_not_found(format!("Property {property} does not exist")))
}

fn all(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let store = &account.stores[object];
    let results = store.rules.iter().filter_map(|(key, rules)| {
        let rules: Vec<Value> = rules.iter().map(Rule::json).collect();
        Some(json!({ "propertyName": store.property(*key)?.name, "propertyValidationRules": rules }))
    });
    Ok(Reply::json(200, &json!({ "results": results.collect::<Vec<_>>() })))
}

fn of(ctx: &Ctx<'_>, object: usize, property: &str) -> Outcome {
    let account = ctx.sim.read();
    let key = key(&account, object, property)?;
    let rules = account.stores[object].rules.get(&key);
    let rules: Vec<Value> = rules.into_iter().flatten().map(Rule::json).collect();
    Ok(Reply::json(200, &json!({ "results": rules })))
}

fn one(ctx: &Ctx<'_>, (object, property): (usize, &str), rule: &str, put: bool) -> Outcome {
    let kind = kind_of(rule).ok_or_else(|| ApiError::validation(format!("{rule} is not a type of rule")))?;
    let mut account = ctx.sim.write();
    let key = key(&account, object, property)?;
    let rules = &mut account.stores[object].rules;
    if !put {
        let found = rules.get(&key).into_iter().flatten().find(|one| one.kind == kind).map(Rule::json);
        let found = found.ok_or_else(|| ApiError::object_not_found(format!("There is no rule {rule}")))?;
        return Ok(Reply::json(200, &found));
    }
    let body = ctx.object()?;
    let given = body.get("ruleArguments").and_then(Value::as_array);
    let given =
        given.ok_or_else(|| ApiError::validation("Some required fields were not set: [ruleArguments]"))?;
    let rules = rules.entry(key).or_default();
    rules.retain(|one| one.kind != kind);
    rules.push(Rule {
        kind,
        arguments: given.iter().filter_map(text_of).collect(),
        normalise: body.get("shouldApplyNormalization").and_then(Value::as_bool).unwrap_or(false),
    });
    Ok(Reply::empty())
}
