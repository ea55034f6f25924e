//! The older paths, before version 3, that older tools still use.

mod associations;
mod companies;
mod contacts;
mod deals;
mod definitions;
mod engagements;
mod lists;
mod marketing;
mod objects;

use serde_json::{Map, Value, json};

use super::Hit;
use crate::account::Account;
use crate::error::ApiError;
use crate::http::Ctx;
use crate::property::PropertyType;
use crate::record::Record;
use crate::time;

/// What serves an older path.
pub(super) fn find(method: &str, parts: &[&str]) -> Hit {
    match parts {
        ["contacts", "v1", rest @ ..] => contacts::find(method, rest).or_else(|| match rest {
            ["lists", rest @ ..] => lists::find(method, rest),
            _ => None,
        }),
        ["companies", "v2", rest @ ..]
            if rest.first() != Some(&"properties") && rest.first() != Some(&"groups") =>
        {
            companies::find(method, rest)
        }
        ["deals", "v1", "deal", rest @ ..] => deals::find(method, rest),
        ["crm-objects", "v1", "objects", rest @ ..] => objects::find(method, rest),
        ["crm-associations", "v1", "associations", rest @ ..] => associations::find(method, rest),
        ["engagements", "v1", "engagements", rest @ ..] => engagements::find(method, rest),
        ["forms" | "email" | "automation" | "events" | "marketing-emails", ..] => {
            marketing::find(method, parts)
        }
        _ => definitions::find(method, parts),
    }
}

/// A value as the older paths write it: moments and days as milliseconds.
fn value_of(kind: PropertyType, value: &str) -> String {
    match kind {
        PropertyType::Date | PropertyType::DateTime => {
            time::parse(value).map_or_else(|| value.to_owned(), |ms| ms.to_string())
        }
        _ => value.to_owned(),
    }
}

/// A moment in a record that is asked for by a number of milliseconds.
fn number(ctx: &Ctx<'_>, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| ctx.param(name)?.parse().ok())
}

/// A page's size: what is asked for, within what the path allows.
fn page_size(ctx: &Ctx<'_>, usual: usize, most: usize) -> usize {
    let asked = number(ctx, &["count", "limit"]).and_then(|asked| usize::try_from(asked).ok());
    asked.filter(|asked| *asked > 0).unwrap_or(usual).min(most)
}

/// The ids of live records from `from` on, and where the next page begins.
fn page(account: &Account, object: usize, from: u64, size: usize) -> (Vec<&Record>, Option<u64>) {
    let live = account.stores[object].records.from(from).filter(|record| record.archived.is_none());
    let mut found: Vec<&Record> = live.take(size + 1).collect();
    let next = if found.len() > size { found.pop().map(|record| record.id) } else { None };
    (found, next)
}

/// The live records changed since a moment, the newest first, with how many there are.
fn recent(account: &Account, object: usize, since: i64, skip: usize, size: usize) -> (Vec<&Record>, usize) {
    let store = &account.stores[object];
    let mut ids: Vec<u64> = store.by_modified.range((since, 0), (i64::MAX, 0)).map(|(_, id)| id).collect();
    ids.reverse();
    let total = ids.len();
    (ids.into_iter().skip(skip).take(size).filter_map(|id| store.records.get(id)).collect(), total)
}

/// The values of a record in the shape companies and deals have; `names` are those asked for, or none for all.
fn properties(account: &Account, object: usize, record: &Record, names: &[String], versions: bool) -> Value {
    let store = &account.stores[object];
    let mut all = Map::new();
    for (name, property) in store.properties.iter().filter(|(_, property)| property.archived.is_none()) {
        if !names.is_empty() && !names.contains(name) {
            continue;
        }
        let Some(key) = store.key(name) else { continue };
        let Some(value) = account.value(object, record, key, i64::MAX) else { continue };
        let value = value_of(property.kind, &value);
        let held = record.versions(key);
        let of = |at: i64, source: u16, value: &str| {
            let source = account.sources.get(usize::from(source));
            let mut one = Map::new();
            one.insert("name".into(), json!(name));
            one.insert("value".into(), json!(value));
            one.insert("timestamp".into(), json!(at));
            one.insert("source".into(), json!(source.map_or("CALCULATED", |source| source.kind)));
            one.insert("sourceId".into(), json!(source.map(|source| source.id.as_str())));
            one.insert("updatedByUserId".into(), json!(source.and_then(|source| source.user)));
            one.insert("sourceVid".into(), json!([]));
            one
        };
        let mut entry = match held.first() {
            Some(now) => of(now.at, now.source, &value),
            None => {
                let at = if name == store.kind.created { record.created } else { record.modified };
                of(at, u16::MAX, &value)
            }
        };
        entry.remove("name");
        entry.remove("sourceVid");
        if versions {
            let all: Vec<Value> = held
                .iter()
                .map(|one| {
                    let value = value_of(property.kind, one.value.unwrap_or_default());
                    Value::Object(of(one.at, one.source, &value))
                })
                .collect();
            entry.insert("versions".into(), Value::Array(all));
        }
        all.insert(name.clone(), Value::Object(entry));
    }
    Value::Object(all)
}

/// The properties of an older body: a list of names and values.
fn given(body: &Map<String, Value>, key: &str) -> Map<String, Value> {
    let list = body.get("properties").and_then(Value::as_array);
    let pairs = list.into_iter().flatten();
    pairs.filter_map(|one| Some((one.get(key)?.as_str()?.to_owned(), one.get("value")?.clone()))).collect()
}

/// A live record by its id, or the refusal the older paths give.
fn live<'a>(account: &'a Account, object: usize, id: &str) -> Result<&'a Record, ApiError> {
    let id = account.locate(object, id, None)?;
    account.live(object, id).ok_or_else(|| {
        ApiError::object_not_found(format!("{} does not exist", account.kind(object).singular))
    })
}

/// The ids of the live records of another kind that a record is associated with.
fn linked(account: &Account, from: (usize, u64), to: usize) -> Vec<u64> {
    account.links(from, to).into_iter().map(|(id, _)| id).collect()
}
