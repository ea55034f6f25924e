//! Companies, version 2.

use serde_json::{Value, json};

use super::super::{Hit, serve};
use super::objects::{change, create, remove};
use super::{given, linked, live, number, page, page_size, properties, recent};
use crate::account::Account;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::record::Record;
use crate::registry::{COMPANIES, CONTACTS};

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["companies", "paged"]) => serve("/companies/v2/companies/paged", paged),
        ("GET", ["companies", "recent", "modified" | "created"]) => {
            serve("/companies/v2/companies/recent/modified", newest)
        }
        ("GET", ["companies", "domain", domain]) => {
            let domain = (*domain).to_owned();
            serve("/companies/v2/companies/domain/{domain}", move |ctx| {
                let account = ctx.sim.read();
                let found = of_domain(&account, &domain);
                let all: Vec<Value> = found.iter().map(|record| show(&account, record, &[], false)).collect();
                Ok(Reply::json(200, &json!(all)))
            })
        }
        ("POST", ["domains", domain, "companies"]) => {
            let domain = (*domain).to_owned();
            serve("/companies/v2/domains/{domain}/companies", move |ctx| by_domain(ctx, &domain))
        }
        ("POST", ["companies"]) => serve("/companies/v2/companies", |ctx| {
            let mut account = ctx.sim.write();
            let id = create(ctx, &mut account, COMPANIES, &given(&ctx.object()?, "name"))?;
            Ok(Reply::json(200, &show(&account, live(&account, COMPANIES, &id.to_string())?, &[], true)))
        }),
        ("PUT", ["companies", id]) => {
            let id = (*id).to_owned();
            serve("/companies/v2/companies/{companyId}", move |ctx| {
                let mut account = ctx.sim.write();
                change(ctx, &mut account, COMPANIES, &id, &given(&ctx.object()?, "name"))?;
                Ok(Reply::json(200, &show(&account, live(&account, COMPANIES, &id)?, &[], true)))
            })
        }
        ("DELETE", ["companies", id]) => {
            let id = (*id).to_owned();
            serve("/companies/v2/companies/{companyId}", move |ctx| {
                let id = remove(ctx, &mut ctx.sim.write(), COMPANIES, &id)?;
                Ok(Reply::json(200, &json!({ "companyId": id, "deleted": true, "reason": "OK" })))
            })
        }
        ("PUT", ["companies", id, "contacts", vid]) => {
            let (id, vid) = ((*id).to_owned(), (*vid).to_owned());
            serve("/companies/v2/companies/{companyId}/contacts/{vid}", move |ctx| {
                let mut account = ctx.sim.write();
                let company = live(&account, COMPANIES, &id)?.id;
                let contact = live(&account, CONTACTS, &vid)?.id;
                let at = account.tick(ctx.now);
                account.link_primary((CONTACTS, contact), company, at);
                Ok(Reply::json(200, &show(&account, live(&account, COMPANIES, &id)?, &[], true)))
            })
        }
        ("GET", ["companies", id]) => {
            let id = (*id).to_owned();
            serve("/companies/v2/companies/{companyId}", move |ctx| {
                let account = ctx.sim.read();
                let record = live(&account, COMPANIES, &id)?;
                Ok(Reply::json(200, &show(&account, record, &[], true)))
            })
        }
        ("GET", ["companies", id, "vids" | "contacts"]) => {
            let (id, whole) = ((*id).to_owned(), rest.last() == Some(&"contacts"));
            serve("/companies/v2/companies/{companyId}/vids", move |ctx| people(ctx, &id, whole))
        }
        _ => None,
    }
}

fn show(account: &Account, record: &Record, names: &[String], versions: bool) -> Value {
    json!({
        "portalId": account.portal,
        "companyId": record.id,
        "isDeleted": false,
        "properties": properties(account, COMPANIES, record, names, versions),
        "additionalDomains": [],
        "stateChanges": [],
        "mergeAudits": [],
    })
}

/// The properties asked for; without any a list shows none but the times.
fn wanted(ctx: &Ctx<'_>) -> (Vec<String>, bool) {
    let history = ctx.list("propertiesWithHistory");
    let mut names = ctx.list("properties");
    names.extend(history.iter().cloned());
    if names.is_empty() {
        names.push("hs_object_id".to_owned());
    }
    (names.iter().map(|name| name.to_lowercase()).collect(), !history.is_empty())
}

fn paged(ctx: &Ctx<'_>) -> Outcome {
    let (names, versions) = wanted(ctx);
    let account = ctx.sim.read();
    let (found, next) =
        page(&account, COMPANIES, number(ctx, &["offset"]).unwrap_or(0), page_size(ctx, 100, 250));
    let all: Vec<Value> = found.iter().map(|record| show(&account, record, &names, versions)).collect();
    let end = found.last().map_or(0, |record| record.id + 1);
    Ok(Reply::json(
        200,
        &json!({ "companies": all, "has-more": next.is_some(), "offset": next.unwrap_or(end) }),
    ))
}

fn newest(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let skip = number(ctx, &["offset"]).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    let since = number(ctx, &["since"]).and_then(|since| i64::try_from(since).ok()).unwrap_or(i64::MIN);
    let (found, total) = recent(&account, COMPANIES, since, skip, page_size(ctx, 20, 250));
    let end = skip + found.len();
    let all: Vec<Value> = found.iter().map(|record| show(&account, record, &[], true)).collect();
    Ok(Reply::json(200, &json!({ "results": all, "hasMore": end < total, "offset": end, "total": total })))
}

fn of_domain<'a>(account: &'a Account, domain: &str) -> Vec<&'a Record> {
    let store = &account.stores[COMPANIES];
    let Some(key) = store.key("domain") else { return Vec::new() };
    let domain = domain.to_lowercase();
    let live = store.records.values().filter(|record| record.archived.is_none());
    live.filter(|record| record.stored(key, i64::MAX) == Some(domain.as_str())).collect()
}

fn by_domain(ctx: &Ctx<'_>, domain: &str) -> Outcome {
    let body = ctx.object()?;
    let names = body.get("requestOptions").and_then(|options| options.get("properties"));
    let names: Vec<String> =
        names.and_then(Value::as_array).into_iter().flatten().filter_map(text_of).collect();
    let after = body.get("offset").and_then(|offset| offset.get("companyId")).and_then(Value::as_u64);
    let limit = body.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(20).min(100);
    let account = ctx.sim.read();
    let mut found = of_domain(&account, domain);
    found.retain(|record| record.id > after.unwrap_or(0));
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().map_or(0, |record| record.id);
    let all: Vec<Value> = found.iter().map(|record| show(&account, record, &names, false)).collect();
    Ok(Reply::json(
        200,
        &json!({ "results": all, "hasMore": more, "offset": { "companyId": last, "isPrimary": true } }),
    ))
}

fn people(ctx: &Ctx<'_>, id: &str, whole: bool) -> Outcome {
    let size = page_size(ctx, 20, 100);
    let from = number(ctx, &["vidOffset"]).unwrap_or(0);
    let account = ctx.sim.read();
    let id = live(&account, COMPANIES, id)?.id;
    let mut vids = linked(&account, (COMPANIES, id), CONTACTS);
    vids.retain(|vid| *vid >= from);
    let next = vids.get(size).copied();
    vids.truncate(size);
    let last = next.or_else(|| vids.last().map(|vid| vid + 1)).unwrap_or(0);
    if !whole {
        return Ok(Reply::json(200, &json!({ "vids": vids, "vidOffset": last, "hasMore": next.is_some() })));
    }
    let contacts: Vec<Value> = vids
        .iter()
        .filter_map(|vid| account.live(CONTACTS, *vid))
        .map(|record| {
            let values = account.values_of(CONTACTS, record);
            let shown = ["firstname", "lastname", "lastmodifieddate"]
                .map(|name| json!({ "name": name, "value": values.get(name), "sourceVid": [] }));
            json!({ "vid": record.id, "portalId": account.portal, "properties": shown, "identities": [{
                "vid": record.id, "identity": [{ "type": "EMAIL", "value": values.get("email") }] }] })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "contacts": contacts, "vidOffset": last, "hasMore": next.is_some() })))
}
