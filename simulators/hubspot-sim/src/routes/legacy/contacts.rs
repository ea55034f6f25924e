//! Contacts, version 1.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::super::{Hit, serve};
use super::{given, live, number, objects, page, page_size, recent, value_of};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::record::Record;
use crate::registry::{COMPANIES, CONTACTS};

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["lists", "all", "contacts", "all"]) => serve("/contacts/v1/lists/all/contacts/all", all),
        (
            "GET",
            ["lists", "recently_updated", "contacts", "recent"] | ["lists", "all", "contacts", "recent"],
        ) => serve("/contacts/v1/lists/recently_updated/contacts/recent", newest),
        ("GET", ["contact", "vids", "batch"]) => serve("/contacts/v1/contact/vids/batch", batch),
        ("GET", ["contact", "emails", "batch"]) => serve("/contacts/v1/contact/emails/batch", batch),
        ("GET", ["contact", "vid", id, "profile"]) => {
            let id = (*id).to_owned();
            serve("/contacts/v1/contact/vid/{vid}/profile", move |ctx| profile(ctx, &id, None))
        }
        ("GET", ["contact", "email", email, "profile"]) => {
            let email = (*email).to_owned();
            serve("/contacts/v1/contact/email/{email}/profile", move |ctx| {
                profile(ctx, &email, Some("email"))
            })
        }
        ("GET", ["search", "query"]) => serve("/contacts/v1/search/query", search),
        ("POST", ["contact"]) => serve("/contacts/v1/contact", create),
        ("POST", ["contact", "vid", id, "profile"]) => {
            let id = (*id).to_owned();
            serve("/contacts/v1/contact/vid/{vid}/profile", move |ctx| update(ctx, &id, None))
        }
        ("POST", ["contact", "createOrUpdate", "email", email]) => {
            let email = (*email).to_owned();
            serve("/contacts/v1/contact/createOrUpdate/email/{email}", move |ctx| {
                update(ctx, &email, Some("email"))
            })
        }
        ("POST", ["contact", "email", email, "profile"]) => {
            let email = (*email).to_owned();
            serve("/contacts/v1/contact/email/{email}/profile", move |ctx| {
                // Unlike its neighbour, this path makes nobody.
                let account = ctx.sim.read();
                let found = account.locate(CONTACTS, &email, Some("email"));
                let id = found.map_err(|_| ApiError::object_not_found("contact does not exist"))?;
                drop(account);
                update(ctx, &id.to_string(), None)
            })
        }
        ("POST", ["contact", "merge-vids", id]) => {
            let id = (*id).to_owned();
            serve("/contacts/v1/contact/merge-vids/{vid}", move |ctx| {
                let other = ctx.object()?.get("vidToMerge").and_then(text_of).unwrap_or_default();
                let mut account = ctx.sim.write();
                let (one, two) = (live(&account, CONTACTS, &id)?.id, live(&account, CONTACTS, &other)?.id);
                account.merge(CONTACTS, one, two, ctx.now)?;
                ctx.sim.stats.write("contacts", WriteKind::Updated);
                Ok(Reply::json(200, &json!("SUCCESS")))
            })
        }
        ("DELETE", ["contact", "vid", id]) => {
            let id = (*id).to_owned();
            serve("/contacts/v1/contact/vid/{vid}", move |ctx| delete(ctx, &id))
        }
        _ => None,
    }
}

/// Which properties, and whether with all their versions.
pub(super) struct Wanted {
    names: Vec<String>,
    versions: bool,
    every: bool,
}

impl Wanted {
    /// In lists only a few properties come by themselves; a profile has all.
    pub(super) fn of(ctx: &Ctx<'_>, every: bool) -> Self {
        let mut names: Vec<String> = ctx.list("property").iter().map(|name| name.to_lowercase()).collect();
        if names.is_empty() && !every {
            names = ["firstname", "lastname", "company", "lastmodifieddate"].map(str::to_owned).to_vec();
        }
        let mode = ctx.param("propertyMode");
        let versions = mode.map_or(every, |mode| mode.eq_ignore_ascii_case("value_and_history"));
        Self { every: every && names.is_empty(), names, versions }
    }
}

pub(super) fn show(account: &Account, record: &Record, wanted: &Wanted) -> Value {
    let store = &account.stores[CONTACTS];
    let mut properties = Map::new();
    for (name, property) in store.properties.iter().filter(|(_, property)| property.archived.is_none()) {
        if !wanted.every && !wanted.names.contains(name) {
            continue;
        }
        let Some(key) = store.key(name) else { continue };
        let Some(value) = account.value(CONTACTS, record, key, i64::MAX) else { continue };
        let mut entry = Map::new();
        entry.insert("value".into(), json!(value_of(property.kind, &value)));
        if wanted.versions {
            let versions = record.versions(key);
            let versions = versions.iter().map(|one| {
                let source = account.sources.get(usize::from(one.source));
                json!({
                    "value": value_of(property.kind, one.value.unwrap_or_default()),
                    "source-type": source.map(|source| source.kind),
                    "source-id": source.map(|source| source.id.as_str()),
                    "source-label": source.and_then(|source| source.label.as_deref()),
                    "updated-by-user-id": source.and_then(|source| source.user),
                    "timestamp": one.at,
                    "selected": false,
                })
            });
            entry.insert("versions".into(), Value::Array(versions.collect()));
        }
        properties.insert(name.clone(), Value::Object(entry));
    }
    let merged: Vec<u64> =
        store.merged.iter().filter(|(_, now)| **now == record.id).map(|(old, _)| *old).collect();
    let company =
        account.named(CONTACTS, record, "associatedcompanyid").and_then(|id| id.parse::<u64>().ok());
    let mut body = json!({
        "addedAt": record.created,
        "vid": record.id,
        "canonical-vid": record.id,
        "merged-vids": merged,
        "portal-id": account.portal,
        "is-contact": true,
        "properties": properties,
        "form-submissions": [],
        "list-memberships": [],
        "identity-profiles": [{
            "vid": record.id,
            "saved-at-timestamp": record.created,
            "deleted-changed-timestamp": 0,
            "identities": identities(account, record),
        }],
        "merge-audits": [],
        "versionTimestamp": record.modified,
    });
    if let Some(company) = company.and_then(|id| account.live(COMPANIES, id))
        && wanted.every
    {
        body["associated-company"] = json!({
            "company-id": company.id,
            "portal-id": account.portal,
            "properties": super::properties(account, COMPANIES, company, &[], false),
        });
    }
    body
}

fn identities(account: &Account, record: &Record) -> Vec<Value> {
    let mut all = Vec::new();
    if let Some(email) = account.named(CONTACTS, record, "email") {
        all.push(json!({ "type": "EMAIL", "value": email, "timestamp": record.created, "is-primary": true }));
    }
    let more = account.named(CONTACTS, record, "hs_additional_emails").unwrap_or_default();
    for email in more.split(';').filter(|email| !email.is_empty()) {
        all.push(
            json!({ "type": "EMAIL", "value": email, "timestamp": record.created, "is-secondary": true }),
        );
    }
    all
}

fn all(ctx: &Ctx<'_>) -> Outcome {
    let size = page_size(ctx, 20, 100);
    let from = number(ctx, &["vidOffset", "vid-offset"]).unwrap_or(0);
    let wanted = Wanted::of(ctx, false);
    let account = ctx.sim.read();
    let (found, next) = page(&account, CONTACTS, from, size);
    let contacts: Vec<Value> = found.iter().map(|record| show(&account, record, &wanted)).collect();
    let last = found.last().map_or(0, |record| record.id);
    Ok(Reply::json(
        200,
        &json!({ "contacts": contacts, "has-more": next.is_some(), "vid-offset": next.unwrap_or(last) }),
    ))
}

/// The last changed first; a page begins where the time and the id of the one before end.
fn newest(ctx: &Ctx<'_>) -> Outcome {
    let size = page_size(ctx, 20, 100);
    let wanted = Wanted::of(ctx, false);
    let account = ctx.sim.read();
    let time = number(ctx, &["timeOffset", "time-offset"]).and_then(|at| i64::try_from(at).ok());
    let vid = number(ctx, &["vidOffset", "vid-offset"]);
    let (found, _) = recent(&account, CONTACTS, i64::MIN, 0, usize::MAX);
    let before = |record: &&&Record| match (time, vid) {
        (Some(time), Some(vid)) => (record.modified, record.id) < (time, vid),
        (Some(time), None) => record.modified < time,
        _ => true,
    };
    let page: Vec<&&Record> = found.iter().filter(before).take(size + 1).collect();
    let more = page.len() > size;
    let page = &page[..page.len().min(size)];
    let contacts: Vec<Value> = page.iter().map(|record| show(&account, record, &wanted)).collect();
    let last = page.last();
    Ok(Reply::json(
        200,
        &json!({
            "contacts": contacts,
            "has-more": more,
            "vid-offset": last.map_or(0, |record| record.id),
            "time-offset": last.map_or(0, |record| record.modified),
        }),
    ))
}

fn batch(ctx: &Ctx<'_>) -> Outcome {
    let wanted = Wanted::of(ctx, true);
    let account = ctx.sim.read();
    let mut found = Map::new();
    let by_id = ctx.list("vid").into_iter().map(|id| account.locate(CONTACTS, &id, None));
    let by_email = ctx.list("email").into_iter().map(|email| account.locate(CONTACTS, &email, Some("email")));
    for id in by_id.chain(by_email).flatten() {
        if let Some(record) = account.live(CONTACTS, id) {
            found.insert(id.to_string(), show(&account, record, &wanted));
        }
    }
    Ok(Reply::json(200, &Value::Object(found)))
}

fn profile(ctx: &Ctx<'_>, id: &str, by: Option<&str>) -> Outcome {
    let account = ctx.sim.read();
    let found = account.locate(CONTACTS, id, by).ok().and_then(|id| account.live(CONTACTS, id));
    let record = found.ok_or_else(|| ApiError::object_not_found("contact does not exist"))?;
    Ok(Reply::json(200, &show(&account, record, &Wanted::of(ctx, true))))
}

fn search(ctx: &Ctx<'_>) -> Outcome {
    let words = ctx.param("q").unwrap_or_default().to_lowercase();
    let size = page_size(ctx, 20, 100);
    let skip = number(ctx, &["offset"]).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    let wanted = Wanted::of(ctx, !ctx.query.iter().any(|(name, _)| name == "property"));
    let account = ctx.sim.read();
    let store = &account.stores[CONTACTS];
    let keys: Vec<u32> = store.kind.searchable.iter().filter_map(|name| store.key(name)).collect();
    let fits = |record: &&Record| {
        let mut values = keys.iter().filter_map(|key| record.stored(*key, i64::MAX));
        record.archived.is_none() && values.any(|value| value.to_lowercase().contains(&words))
    };
    let hits: Vec<&Record> = store.records.values().filter(fits).collect();
    let contacts: Vec<Value> =
        hits.iter().skip(skip).take(size).map(|record| show(&account, record, &wanted)).collect();
    let end = skip + contacts.len();
    Ok(Reply::json(
        200,
        &json!({
            "query": ctx.param("q").unwrap_or_default(),
            "offset": end,
            "contacts": contacts,
            "has-more": end < hits.len(),
            "total": hits.len(),
        }),
    ))
}

fn create(ctx: &Ctx<'_>) -> Outcome {
    let mut account = ctx.sim.write();
    let id = objects::create(ctx, &mut account, CONTACTS, &given(&ctx.object()?, "property"))?;
    let record = account.live(CONTACTS, id).ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &show(&account, record, &Wanted::of(ctx, true))))
}

fn update(ctx: &Ctx<'_>, id: &str, by: Option<&str>) -> Outcome {
    let mut values = given(&ctx.object()?, "property");
    let mut account = ctx.sim.write();
    let found = account.locate(CONTACTS, id, by).ok().filter(|id| account.live(CONTACTS, *id).is_some());
    let Some(found) = found else {
        let Some(by) = by else { return Err(ApiError::object_not_found("contact does not exist")) };
        values.entry(by).or_insert_with(|| json!(id));
        let id = objects::create(ctx, &mut account, CONTACTS, &values)?;
        return Ok(Reply::json(200, &json!({ "vid": id, "isNew": true })));
    };
    objects::change(ctx, &mut account, CONTACTS, &found.to_string(), &values)?;
    if by.is_some() {
        return Ok(Reply::json(200, &json!({ "vid": found, "isNew": false })));
    }
    Ok(Reply::empty())
}

fn delete(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let id = objects::remove(ctx, &mut ctx.sim.write(), CONTACTS, id)?;
    Ok(Reply::json(200, &json!({ "vid": id, "deleted": true, "reason": "OK" })))
}
