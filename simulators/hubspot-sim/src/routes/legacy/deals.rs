//! Deals, version 1.

use serde_json::{Value, json};

use super::super::{Hit, serve};
use super::objects::{change, create, remove};
use super::{given, linked, live, number, page, page_size, properties, recent};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::record::Record;
use crate::registry::{COMPANIES, CONTACTS, DEALS};

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["paged"]) => serve("/deals/v1/deal/paged", paged),
        ("GET", ["recent", "modified" | "created"]) => serve("/deals/v1/deal/recent/modified", newest),
        ("POST", []) => serve("/deals/v1/deal", |ctx| {
            let body = ctx.object()?;
            let mut account = ctx.sim.write();
            let id = create(ctx, &mut account, DEALS, &given(&body, "name"))?;
            let named = body.get("associations");
            for (key, kind) in [("associatedVids", CONTACTS), ("associatedCompanyIds", COMPANIES)] {
                let ids = named.and_then(|all| all.get(key)).and_then(Value::as_array);
                for other in ids.into_iter().flatten().filter_map(text_of) {
                    link(ctx, &mut account, id, kind, &other, true)?;
                }
            }
            Ok(Reply::json(200, &show(&account, live(&account, DEALS, &id.to_string())?, &[], true, true)))
        }),
        ("PUT", [id]) => {
            let id = (*id).to_owned();
            serve("/deals/v1/deal/{dealId}", move |ctx| {
                let mut account = ctx.sim.write();
                change(ctx, &mut account, DEALS, &id, &given(&ctx.object()?, "name"))?;
                Ok(Reply::json(200, &show(&account, live(&account, DEALS, &id)?, &[], true, true)))
            })
        }
        ("DELETE", [id]) => {
            let id = (*id).to_owned();
            serve("/deals/v1/deal/{dealId}", move |ctx| {
                remove(ctx, &mut ctx.sim.write(), DEALS, &id)?;
                Ok(Reply::empty())
            })
        }
        ("PUT" | "DELETE", [id, "associations", kind]) => {
            let (id, add) = ((*id).to_owned(), method == "PUT");
            let kind = match *kind {
                "CONTACT" => CONTACTS,
                "COMPANY" => COMPANIES,
                _ => return None,
            };
            serve("/deals/v1/deal/{dealId}/associations/{objectType}", move |ctx| {
                let mut account = ctx.sim.write();
                let id = live(&account, DEALS, &id)?.id;
                for other in ctx.list("id") {
                    link(ctx, &mut account, id, kind, &other, add)?;
                }
                Ok(Reply::empty())
            })
        }
        ("GET", [id]) => {
            let id = (*id).to_owned();
            serve("/deals/v1/deal/{dealId}", move |ctx| {
                let account = ctx.sim.read();
                let record = live(&account, DEALS, &id)?;
                Ok(Reply::json(200, &show(&account, record, &[], true, true)))
            })
        }
        _ => None,
    }
}

/// Associates a deal with a contact or a company, or no longer.
fn link(
    ctx: &Ctx<'_>,
    account: &mut Account,
    deal: u64,
    kind: usize,
    other: &str,
    add: bool,
) -> Result<(), ApiError> {
    let other = (kind, live(account, kind, other)?.id);
    let at = account.tick(ctx.now);
    if !add {
        account.unlink((DEALS, deal), other, at);
    } else if kind == COMPANIES && account.links((DEALS, deal), COMPANIES).is_empty() {
        account.link_primary((DEALS, deal), other.1, at);
    } else {
        account.put_link((DEALS, deal), other, &[], false, at);
    }
    Ok(())
}

fn show(account: &Account, record: &Record, names: &[String], versions: bool, links: bool) -> Value {
    let of = |kind| if links { linked(account, (DEALS, record.id), kind) } else { Vec::new() };
    json!({
        "portalId": account.portal,
        "dealId": record.id,
        "isDeleted": false,
        "associations": {
            "associatedVids": of(CONTACTS),
            "associatedCompanyIds": of(COMPANIES),
            "associatedDealIds": of(DEALS),
        },
        "properties": properties(account, DEALS, record, names, versions),
        "imports": [],
        "stateChanges": [],
    })
}

fn paged(ctx: &Ctx<'_>) -> Outcome {
    let history = ctx.list("propertiesWithHistory");
    let mut names: Vec<String> = ctx.list("properties");
    names.extend(history.iter().cloned());
    if names.is_empty() {
        names.push("hs_object_id".to_owned());
    }
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let account = ctx.sim.read();
    let (found, next) =
        page(&account, DEALS, number(ctx, &["offset"]).unwrap_or(0), page_size(ctx, 100, 250));
    let links = ctx.flag("includeAssociations");
    let all: Vec<Value> =
        found.iter().map(|record| show(&account, record, &names, !history.is_empty(), links)).collect();
    let end = found.last().map_or(0, |record| record.id + 1);
    Ok(Reply::json(200, &json!({ "deals": all, "hasMore": next.is_some(), "offset": next.unwrap_or(end) })))
}

fn newest(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let skip = number(ctx, &["offset"]).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    let since = number(ctx, &["since"]).and_then(|since| i64::try_from(since).ok()).unwrap_or(i64::MIN);
    let (found, total) = recent(&account, DEALS, since, skip, page_size(ctx, 20, 100));
    let end = skip + found.len();
    let all: Vec<Value> = found.iter().map(|record| show(&account, record, &[], true, true)).collect();
    Ok(Reply::json(200, &json!({ "results": all, "hasMore": end < total, "offset": end, "total": total })))
}
