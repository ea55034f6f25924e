//! How many associations of a type a record may have, and the report of records that have many.

use serde_json::{Value, json};

use super::associations::{answer, inputs};
use super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::owners::Owner;
use crate::property::value::text_of;
use crate::time::iso;

/// assumed: at most so many limits in one call
const MOST: usize = 100;

/// `/associations/definitions/configurations/…` and `/associations/usage/…`
pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["definitions", "configurations", "all"]) => {
            serve("/definitions/configurations/all", |ctx| list(ctx, None))
        }
        ("GET", ["definitions", "configurations", from, to]) => {
            let (from, to) = ((*from).to_owned(), (*to).to_owned());
            serve("/definitions/configurations/{from}/{to}", move |ctx| {
                list(ctx, Some((kind(ctx, &from)?, kind(ctx, &to)?)))
            })
        }
        ("POST", ["definitions", "configurations", from, to, "batch", verb]) => {
            let (from, to, verb) = ((*from).to_owned(), (*to).to_owned(), (*verb).to_owned());
            let pattern = match verb.as_str() {
                "create" => "/definitions/configurations/{from}/{to}/batch/create",
                "update" => "/definitions/configurations/{from}/{to}/batch/update",
                "purge" => "/definitions/configurations/{from}/{to}/batch/purge",
                _ => return None,
            };
            serve(pattern, move |ctx| change(ctx, (kind(ctx, &from)?, kind(ctx, &to)?), &verb))
        }
        ("POST", ["usage", "high-usage-report", user]) => {
            let user = (*user).to_owned();
            serve("/usage/high-usage-report/{userId}", move |ctx| report(ctx, &user))
        }
        _ => None,
    }
}

fn limit_json(account: &Account, id: u32, most: u32) -> Value {
    let custom = account.link_type(id, false).is_none();
    let (from, to, _) = account.link_type(id, custom).unwrap_or_default();
    json!({
        "category": if custom { "USER_DEFINED" } else { "HUBSPOT_DEFINED" },
        "typeId": id,
        "fromObjectTypeId": account.kind(from).type_id,
        "toObjectTypeId": account.kind(to).type_id,
        "userEnforcedMaxToObjectIds": most,
        "label": account.label_of(id),
    })
}

fn list(ctx: &Ctx<'_>, between: Option<(usize, usize)>) -> Outcome {
    let account = ctx.sim.read();
    let all = account.link_limits.iter().filter(|(id, _)| match between {
        Some((from, to)) => account.types_between(from, to).contains(id),
        None => true,
    });
    let results: Vec<Value> = all.map(|(id, most)| limit_json(&account, *id, *most)).collect();
    Ok(Reply::json(200, &json!({ "results": results })))
}

fn change(ctx: &Ctx<'_>, (from, to): (usize, usize), verb: &str) -> Outcome {
    let inputs = inputs(ctx, MOST)?;
    let mut account = ctx.sim.write();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let number = |name: &str| input.get(name).and_then(text_of).and_then(|text| text.parse::<u32>().ok());
        let id = number("typeId").filter(|id| account.types_between(from, to).contains(id));
        let Some(id) = id else {
            let error = ApiError::object_not_found("No such association type between these objects");
            errors.push(error.row(None));
            continue;
        };
        if verb == "purge" {
            account.link_limits.remove(&id);
            continue;
        }
        match number("maxToObjectIds").filter(|most| *most > 0) {
            Some(most) => {
                account.link_limits.insert(id, most);
                results.push(limit_json(&account, id, most));
            }
            None => errors.push(ApiError::validation("maxToObjectIds has to be a number above 0").row(None)),
        }
    }
    if verb == "purge" && errors.is_empty() {
        return Ok(Reply::empty());
    }
    answer(ctx, if verb == "create" { 201 } else { 200 }, results, errors)
}

/// The report is sent to the user by email; here it is accepted and goes nowhere.
fn report(ctx: &Ctx<'_>, user: &str) -> Outcome {
    let account = ctx.sim.read();
    let found = account.owners.iter().find(|owner: &&Owner| owner.user.to_string() == user);
    let owner = found.ok_or_else(|| ApiError::object_not_found(format!("No user with the id {user}")))?;
    Ok(Reply::json(
        200,
        &json!({ "userId": owner.user, "userEmail": owner.email, "enqueueTime": iso(ctx.now) }),
    ))
}
