//! Associations as version 3 has them: one type for each, by its name.

use serde_json::{Map, Value, json};

use super::associations::{MOST_READ, MOST_WRITTEN, answer, end, id_at, inputs};
use super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};

const PAGE: usize = 500;

/// `/crm/v3/objects/{type}/{id}/associations/…`
pub(super) fn find_on_record(method: &str, rest: &[&str]) -> Hit {
    let [from, id, "associations", rest @ ..] = rest else { return None };
    let (from, id) = ((*from).to_owned(), (*id).to_owned());
    match (method, rest) {
        ("GET", [to]) => {
            let to = (*to).to_owned();
            serve("/{objectType}/{objectId}/associations/{toObjectType}", move |ctx| {
                list(ctx, (kind(ctx, &from)?, &id), kind(ctx, &to)?)
            })
        }
        (verb @ ("PUT" | "DELETE"), [to, to_id, named]) if *to != "default" => {
            let (to, to_id, named) = ((*to).to_owned(), (*to_id).to_owned(), (*named).to_owned());
            let put = verb == "PUT";
            serve(
                "/{objectType}/{objectId}/associations/{toObjectType}/{toObjectId}/{associationType}",
                move |ctx| {
                    let ends = ((kind(ctx, &from)?, id.as_str()), (kind(ctx, &to)?, to_id.as_str()));
                    one(ctx, ends, &named, put)
                },
            )
        }
        _ => None,
    }
}

/// `/crm/v3/associations/{from}/{to}/…`
pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let [from, to, rest @ ..] = rest else { return None };
    let (from, to) = ((*from).to_owned(), (*to).to_owned());
    let kinds = move |ctx: &Ctx<'_>| Ok((kind(ctx, &from)?, kind(ctx, &to)?));
    match (method, rest) {
        ("GET", ["types"]) => serve("/{from}/{to}/types", move |ctx| types(ctx, kinds(ctx)?)),
        ("POST", ["batch", "read"]) => serve("/{from}/{to}/batch/read", move |ctx| read(ctx, kinds(ctx)?)),
        ("POST", ["batch", "create"]) => {
            serve("/{from}/{to}/batch/create", move |ctx| change(ctx, kinds(ctx)?, true))
        }
        ("POST", ["batch", "archive"]) => {
            serve("/{from}/{to}/batch/archive", move |ctx| change(ctx, kinds(ctx)?, false))
        }
        _ => None,
    }
}

/// The type a name or a number stands for.
fn type_of(account: &Account, (from, to): (usize, usize), named: &str) -> Result<u32, ApiError> {
    let all = account.types_between(from, to);
    let fits =
        |id: &&u32| id.to_string() == named || account.type_name(**id, from, to) == named.to_lowercase();
    all.iter().find(fits).copied().ok_or_else(|| {
        ApiError::validation(format!("{named} is not a valid association type between these objects"))
    })
}

fn types(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let account = ctx.sim.read();
    let all = account.types_between(from, to).into_iter();
    let all: Vec<Value> =
        all.map(|id| json!({ "id": id.to_string(), "name": account.type_name(id, from, to) })).collect();
    Ok(Reply::json(200, &json!({ "results": all })))
}

/// What a record is associated with, one entry for each type.
fn entries(account: &Account, from: (usize, u64), to: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for (id, types) in account.links(from, to) {
        let named = types.into_iter().map(|kind| account.type_name(kind, from.0, to));
        all.extend(named.map(|name| json!({ "id": id.to_string(), "type": name })));
    }
    all
}

fn list(ctx: &Ctx<'_>, from: (usize, &str), to: usize) -> Outcome {
    let limit = ctx.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let after: usize = ctx.param("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let account = ctx.sim.read();
    let all = entries(&account, end(&account, from)?, to);
    let mut body = Map::new();
    let page: Vec<&Value> = all.iter().skip(after).take(limit).collect();
    body.insert("results".into(), json!(page));
    if after + limit < all.len() {
        body.insert("paging".into(), json!({ "next": { "after": (after + limit).to_string() } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn one(ctx: &Ctx<'_>, (from, to): ((usize, &str), (usize, &str)), named: &str, put: bool) -> Outcome {
    let mut account = ctx.sim.write();
    let id = type_of(&account, (from.0, to.0), named)?;
    let (from, to) = (end(&account, from)?, end(&account, to)?);
    if put {
        account.check_limits(from, to, &[id])?;
    }
    let at = account.tick(ctx.now);
    if !put {
        account.remove_types(from, to, &[id], at);
        return Ok(Reply::empty());
    }
    account.put_link(from, to, &[id], false, at);
    let shape = crate::view::Shape { associations: vec![to.0], ..Default::default() };
    let record = account.live(from.0, from.1).ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &Value::Object(account.show(from.0, record, &shape, i64::MAX))))
}

fn read(ctx: &Ctx<'_>, (from, to): (usize, usize)) -> Outcome {
    let inputs = inputs(ctx, MOST_READ)?;
    let account = ctx.sim.read();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let id = id_at(input, "/id");
        let found = end(&account, (from, &id)).map(|from| entries(&account, from, to)).unwrap_or_default();
        if found.is_empty() {
            let error = ApiError::object_not_found(format!(
                "No {} is associated with {} {id}.",
                account.kind(to).singular,
                account.kind(from).singular
            ))
            .with_sub("crm.associations.NO_ASSOCIATIONS_FOUND")
            .with_context("fromObjectId", id.as_str());
            errors.push(error.row(None));
        } else {
            results.push(json!({ "from": { "id": id }, "to": found }));
        }
    }
    answer(ctx, 200, results, errors)
}

fn change(ctx: &Ctx<'_>, (from, to): (usize, usize), create: bool) -> Outcome {
    let inputs = inputs(ctx, MOST_WRITTEN)?;
    let mut account = ctx.sim.write();
    let at = account.tick(ctx.now);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let (one, other, named) = (id_at(input, "/from/id"), id_at(input, "/to/id"), id_at(input, "/type"));
        let id = type_of(&account, (from, to), &named)?;
        let ends = end(&account, (from, &one)).and_then(|one| Ok((one, end(&account, (to, &other))?)));
        match ends {
            Ok((one, other)) if create => {
                account.put_link(one, other, &[id], false, at);
                results.push(json!({
                    "from": { "id": one.1.to_string() },
                    "to": { "id": other.1.to_string() },
                    "type": account.type_name(id, from, to),
                }));
            }
            Ok((one, other)) => {
                account.remove_types(one, other, &[id], at);
            }
            // assumed: ending what is not there is passed over
            Err(_) if !create => {}
            Err(_) => {
                let error = ApiError::object_not_found("One or more associations are invalid")
                    .with_context("fromObjectId", one.as_str())
                    .with_context("toObjectId", other.as_str());
                errors.push(error.row(None));
            }
        }
    }
    if create { answer(ctx, 201, results, errors) } else { Ok(Reply::empty()) }
}
