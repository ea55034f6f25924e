//! The users of the account, with their roles and teams.

use serde_json::{Map, Value, json};

use super::{DATED, Hit, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::owners::{Owner, ROLES, TEAMS};
use crate::property::value::email;
use crate::registry::USERS;

/// `/settings/v3/users/…`, `/settings/users/v3/…` and the dated form.
pub(super) fn find(method: &str, parts: &[&str]) -> Hit {
    let rest = match parts {
        ["settings", "v3", "users", rest @ ..] | ["settings", "users", "v3", rest @ ..] => rest,
        ["settings", "users", version, rest @ ..] if DATED.contains(version) => rest,
        _ => return None,
    };
    match (method, rest) {
        ("GET", [] | [""]) => serve("/settings/v3/users", list),
        ("POST", [] | [""]) => serve("/settings/v3/users", create),
        ("GET", ["roles"]) => serve("/settings/v3/users/roles", roles),
        ("GET", ["teams"]) => serve("/settings/v3/users/teams", teams),
        (verb @ ("GET" | "PUT" | "DELETE"), [id]) => {
            let (verb, id) = (verb.to_owned(), (*id).to_owned());
            serve("/settings/v3/users/{userId}", move |ctx| one(ctx, &id, &verb))
        }
        _ => None,
    }
}

fn user_json(owner: &Owner) -> Value {
    json!({
        "id": owner.user.to_string(),
        "email": owner.email,
        "firstName": owner.first,
        "lastName": owner.last,
        "roleId": owner.role,
        "roleIds": owner.role.iter().collect::<Vec<_>>(),
        "primaryTeamId": owner.teams.first(),
        "secondaryTeamIds": owner.teams.get(1..).unwrap_or_default(),
        "superAdmin": owner.super_admin,
    })
}

fn list(ctx: &Ctx<'_>) -> Outcome {
    let limit = ctx.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100_usize).clamp(1, 500);
    let after: usize = ctx.param("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let account = ctx.sim.read();
    let all: Vec<&Owner> = account.owners.iter().filter(|owner| !owner.archived).collect();
    let page: Vec<Value> = all.iter().skip(after).take(limit).map(|owner| user_json(owner)).collect();
    let mut body = Map::new();
    body.insert("results".into(), Value::Array(page));
    if after + limit < all.len() {
        body.insert("paging".into(), json!({ "next": { "after": (after + limit).to_string() } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn roles(_: &Ctx<'_>) -> Outcome {
    let all = ROLES.iter().map(|(id, name)| json!({ "id": id, "name": name, "requiresBillingWrite": false }));
    Ok(Reply::json(200, &json!({ "results": all.collect::<Vec<_>>() })))
}

fn teams(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let members = |id: &str, main: bool| -> Vec<String> {
        let held = |owner: &&Owner| {
            let place = owner.teams.iter().position(|team| team == id);
            !owner.archived && place.is_some_and(|place| (place == 0) == main)
        };
        account.owners.iter().filter(held).map(|owner| owner.user.to_string()).collect()
    };
    let all = TEAMS.iter().map(|(id, name)| {
        json!({ "id": id, "name": name, "userIds": members(id, true), "secondaryUserIds": members(id, false) })
    });
    Ok(Reply::json(200, &json!({ "results": all.collect::<Vec<_>>() })))
}

/// Sets what a body says of a user.
fn describe(owner: &mut Owner, body: &Map<String, Value>) -> Result<(), ApiError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(role) = text("roleId") {
        if !ROLES.iter().any(|(id, _)| *id == role) {
            return Err(ApiError::validation(format!("Role {role} does not exist")));
        }
        owner.role = Some(role);
    }
    let mut teams: Vec<String> =
        text("primaryTeamId").or_else(|| owner.teams.first().cloned()).into_iter().collect();
    match body.get("secondaryTeamIds").and_then(Value::as_array) {
        Some(more) => teams.extend(more.iter().filter_map(Value::as_str).map(str::to_owned)),
        None => teams.extend(owner.teams.iter().skip(1).cloned()),
    }
    if let Some(team) = teams.iter().find(|team| !TEAMS.iter().any(|(id, _)| id == team)) {
        return Err(ApiError::validation(format!("Team {team} does not exist")));
    }
    owner.teams = teams;
    owner.first = text("firstName").unwrap_or_else(|| std::mem::take(&mut owner.first));
    owner.last = text("lastName").unwrap_or_else(|| std::mem::take(&mut owner.last));
    Ok(())
}

fn create(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let given = body.get("email").and_then(Value::as_str).unwrap_or_default();
    let address =
        email(given).ok_or_else(|| ApiError::validation(format!("Email address {given} is invalid")))?;
    let mut account = ctx.sim.write();
    if account.owners.iter().any(|owner| owner.email == address && !owner.archived) {
        return Err(ApiError::conflict(format!("User already exists: {address}")));
    }
    let most = |number: fn(&Owner) -> Option<u64>, account: &Account| {
        account.owners.iter().filter_map(number).max().unwrap_or_default() + 1
    };
    let (id, user) =
        (most(|owner| owner.id.parse().ok(), &account), most(|owner| Some(owner.user), &account));
    let mut owner = Owner::named_by_id(&id.to_string(), user, ctx.now);
    owner.email = address;
    (owner.first, owner.last) = (String::new(), String::new());
    owner.teams.clear();
    describe(&mut owner, &body)?;
    let shown = user_json(&owner);
    account.owners.push(owner);
    let place = account.owners.len() - 1;
    let at = account.tick(ctx.now);
    account.add_user(place, at);
    Ok(Reply::json(201, &shown))
}

fn one(ctx: &Ctx<'_>, id: &str, verb: &str) -> Outcome {
    let by_email = ctx.param("idProperty").is_some_and(|by| by.eq_ignore_ascii_case("email"));
    let body = if verb == "PUT" { ctx.object()? } else { Map::new() };
    let mut account = ctx.sim.write();
    let fits = |owner: &&mut Owner| {
        let named =
            if by_email { owner.email.eq_ignore_ascii_case(id) } else { owner.user.to_string() == id };
        named && !owner.archived
    };
    let owner = account.owners.iter_mut().find(fits).ok_or_else(ApiError::record_not_found)?;
    match verb {
        "GET" => return Ok(Reply::json(200, &user_json(owner))),
        "PUT" => {
            let mut changed = owner.clone();
            describe(&mut changed, &body)?;
            changed.updated = ctx.now;
            *owner = changed;
            return Ok(Reply::json(200, &user_json(owner)));
        }
        _ => {
            owner.archived = true;
            owner.updated = ctx.now;
        }
    }
    let user = owner.user;
    if let Some(record) = account.user_record(user) {
        account.archive(USERS, record, ctx.now);
    }
    Ok(Reply::empty())
}
