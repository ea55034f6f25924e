//! Owners, and what the account says of itself.

use serde_json::{Map, Value, json};

use super::{Hit, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::owners::Owner;
use crate::time::iso;

pub(super) fn find_owners(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", [] | [""]) => serve("", owners),
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/{ownerId}", move |ctx| owner(ctx, &id))
        }
        _ => None,
    }
}

fn owners(ctx: &Ctx<'_>) -> Outcome {
    // assumed: at most 500 owners on a page
    let limit = ctx.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100_usize).clamp(1, 500);
    let after = ctx.param("after").and_then(|after| after.parse().ok()).unwrap_or(0_usize);
    let archived = ctx.flag("archived");
    let account = ctx.sim.read();
    let fits = |owner: &&Owner| {
        owner.archived == archived
            && ctx
                .param("email")
                .is_none_or(|email| email.is_empty() || owner.email.eq_ignore_ascii_case(email))
    };
    let all: Vec<&Owner> = account.owners.iter().filter(fits).collect();
    let page: Vec<Value> = all.iter().skip(after).take(limit).map(|owner| owner.json()).collect();
    let mut body = Map::new();
    body.insert("results".into(), Value::Array(page));
    if after + limit < all.len() {
        body.insert("paging".into(), json!({ "next": { "after": (after + limit).to_string() } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn owner(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let account = ctx.sim.read();
    let by_user = ctx.param("idProperty") == Some("userId");
    let archived = ctx.flag("archived");
    let found = account.owners.iter().find(|owner| {
        owner.archived == archived && if by_user { owner.user.to_string() == id } else { owner.id == id }
    });
    found.map(|owner| Reply::json(200, &owner.json())).ok_or_else(ApiError::record_not_found)
}

pub(super) fn find_account(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["details"]) => serve("/details", details),
        ("GET", ["api-usage", "daily"] | ["api-usage", "daily", "private-apps"]) => {
            serve("/api-usage/daily/private-apps", usage)
        }
        _ => None,
    }
}

fn details(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let mut body = json!({
        "portalId": account.portal,
        "accountType": "STANDARD",
        "timeZone": "UTC",
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    });
    if ctx.dated {
        body["portalName"] = json!("HubSpot (simulated)");
    }
    Ok(Reply::json(200, &body))
}

fn usage(ctx: &Ctx<'_>) -> Outcome {
    let used = ctx.sim.limiter().used_today(ctx.now);
    let midnight = (crate::time::day_number(ctx.now) + 1) * 86_400_000;
    Ok(Reply::json(
        200,
        &json!({ "results": [{
            "name": "private-apps-api-calls-daily",
            "usageLimit": ctx.sim.settings().tier.daily(),
            "currentUsage": used,
            "collectedAt": iso(ctx.now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(midnight),
        }] }),
    ))
}
