//! How much of the account is used, against how much there may be.

use serde_json::{Value, json};

use super::{Hit, serve};
use crate::account::Account;
use crate::http::{Ctx, Outcome, Reply};

/// assumed: the limits of an Enterprise account
const RECORDS: u64 = 15_000_000;
const CUSTOM_RECORDS: u64 = 500_000;
const PROPERTIES: (u64, u64) = (10_000, 1000);
const PIPELINES: u64 = 100;
const CUSTOM_OBJECTS: u64 = 10;
const CALCULATED: u64 = 200;
const LABELS: u64 = 50;
const ASSOCIATIONS: u64 = 50_000;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["records"]) => serve("/records", |ctx| {
            by_custom(ctx, RECORDS, CUSTOM_RECORDS, |account, object| account.stores[object].live_count())
        }),
        ("GET", ["pipelines"]) => serve("/pipelines", |ctx| {
            by_custom(ctx, PIPELINES, PIPELINES, |account, object| {
                account.stores[object].pipelines.values().filter(|one| !one.archived).count() as u64
            })
        }),
        ("GET", ["custom-properties"]) => serve("/custom-properties", custom_properties),
        ("GET", ["calculated-properties"]) => serve("/calculated-properties", calculated),
        ("GET", ["custom-object-types"]) => serve("/custom-object-types", |ctx| {
            let account = ctx.sim.read();
            let usage =
                account.stores.iter().filter(|store| store.kind.custom && !store.kind.purged).count() as u64;
            let shown = json!({ "limit": CUSTOM_OBJECTS, "usage": usage, "percentage": percentage(usage, CUSTOM_OBJECTS) });
            Ok(Reply::json(200, &shown))
        }),
        ("GET", ["associations", "labels"]) => serve("/associations/labels", labels),
        // assumed: no record comes near its limit of associations
        ("GET", ["associations", "records", "from"]) | ("GET", ["associations", "records", _, "to"]) => {
            serve("/associations/records/from", |_| Ok(Reply::json(200, &json!({ "results": [] }))))
        }
        ("GET", ["associations", "records", _, _]) => {
            serve("/associations/records/{fromObjectTypeId}/{toObjectTypeId}", |_| {
                Ok(Reply::json(
                    200,
                    &json!({ "limit": ASSOCIATIONS, "totalRecordsAtLimit": 0, "totalRecordsNearLimit": 0,
                        "atLimitFromRecordSamples": [], "nearLimitFromRecordSamples": [] }),
                ))
            })
        }
        _ => None,
    }
}

/// The labels each pair of objects has of its own.
fn labels(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let wanted = |name: &str, object: usize| {
        ctx.param(name).is_none_or(|given| account.find_kind(given) == Some(object))
    };
    let mut pairs: Vec<(usize, usize)> = account.custom_types.iter().map(|one| (one.from, one.to)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.retain(|(from, to)| wanted("fromObjectTypeId", *from) && wanted("toObjectTypeId", *to));
    let definition = |object: usize| {
        let kind = &account.stores[object].kind;
        json!({ "objectTypeId": kind.type_id, "singularLabel": kind.labels.0, "pluralLabel": kind.labels.1 })
    };
    let results: Vec<Value> = pairs
        .into_iter()
        .map(|(from, to)| {
            let own = account.custom_types.iter().filter(|one| (one.from, one.to) == (from, to));
            let all: Vec<&str> = own.filter_map(|one| one.label.as_deref()).collect();
            let usage = all.len() as u64;
            json!({ "fromObjectType": definition(from), "toObjectType": definition(to), "limit": LABELS,
                "usage": usage, "percentage": percentage(usage, LABELS), "allLabels": all })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "results": results })))
}

#[expect(clippy::cast_precision_loss, reason = "a percentage needs no more")]
fn percentage(usage: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { usage as f64 * 100.0 / limit as f64 }
}

fn row(account: &Account, object: usize, usage: u64, limit: Option<u64>) -> Value {
    let kind = &account.stores[object].kind;
    let mut shown = json!({
        "objectTypeId": kind.type_id,
        "singularLabel": kind.labels.0,
        "pluralLabel": kind.labels.1,
        "usage": usage,
    });
    if let Some(limit) = limit {
        shown["limit"] = json!(limit);
        shown["percentage"] = json!(percentage(usage, limit));
    }
    shown
}

/// Standard objects have a limit each, custom ones share theirs.
fn by_custom(ctx: &Ctx<'_>, each: u64, shared: u64, count: impl Fn(&Account, usize) -> u64) -> Outcome {
    let account = ctx.sim.read();
    let objects = || (0..account.stores.len()).filter(|object| !account.stores[*object].kind.purged);
    let standard = objects().filter(|object| !account.stores[*object].kind.custom);
    let standard: Vec<Value> =
        standard.map(|object| row(&account, object, count(&account, object), Some(each))).collect();
    let custom: Vec<(usize, u64)> = objects()
        .filter(|object| account.stores[*object].kind.custom)
        .map(|object| (object, count(&account, object)))
        .collect();
    let total: u64 = custom.iter().map(|(_, usage)| usage).sum();
    let rows: Vec<Value> =
        custom.iter().map(|(object, usage)| row(&account, *object, *usage, None)).collect();
    let body = json!({
        "hubspotDefinedObjectTypes": standard,
        "customObjectTypes": { "overallLimit": shared, "overallUsage": total,
            "overallPercentage": percentage(total, shared), "byObjectType": rows },
    });
    Ok(Reply::json(200, &body))
}

fn custom_properties(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let count = |object: usize| {
        let all = account.stores[object].properties.values();
        all.filter(|one| !one.built_in && one.archived.is_none()).count() as u64
    };
    let objects: Vec<usize> =
        (0..account.stores.len()).filter(|object| !account.stores[*object].kind.purged).collect();
    let total: u64 = objects.iter().map(|object| count(*object)).sum();
    let rows: Vec<Value> =
        objects.iter().map(|object| row(&account, *object, count(*object), Some(PROPERTIES.1))).collect();
    let body = json!({ "overallLimit": PROPERTIES.0, "overallUsage": total,
        "overallPercentage": percentage(total, PROPERTIES.0), "byObjectType": rows });
    Ok(Reply::json(200, &body))
}

fn calculated(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let count = |object: usize| {
        let all = account.stores[object].properties.values();
        all.filter(|one| !one.built_in && one.calculated && one.archived.is_none()).count() as u64
    };
    let objects: Vec<usize> =
        (0..account.stores.len()).filter(|object| !account.stores[*object].kind.purged).collect();
    let total: u64 = objects.iter().map(|object| count(*object)).sum();
    let rows: Vec<Value> = objects
        .iter()
        .filter(|object| count(**object) > 0)
        .map(|object| row(&account, *object, count(*object), None))
        .collect();
    let body = json!({ "overallLimit": CALCULATED, "overallUsage": total,
        "overallPercentage": percentage(total, CALCULATED), "byObjectType": rows });
    Ok(Reply::json(200, &body))
}
