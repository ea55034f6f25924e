//! Associations, version 1: `/crm-associations/v1/associations/…`. A definition has the number of its type in version 4.

use serde_json::{Value, json};

use super::super::{Hit, serve};
use super::{live, number, page_size};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("PUT", []) => serve("/crm-associations/v1/associations", |ctx| write(ctx, &[ctx.json()?], true)),
        ("PUT", ["delete"]) => {
            serve("/crm-associations/v1/associations/delete", |ctx| write(ctx, &[ctx.json()?], false))
        }
        ("PUT", ["create-batch" | "delete-batch"]) => {
            let add = rest == ["create-batch"];
            serve("/crm-associations/v1/associations/create-batch", move |ctx| match ctx.json()? {
                Value::Array(all) => write(ctx, &all, add),
                _ => Err(ApiError::validation("Invalid input JSON: a list was expected")),
            })
        }
        ("GET", [id, category, definition]) => {
            let (id, custom) = ((*id).to_owned(), *category == "USER_DEFINED");
            let definition = definition.parse::<u32>().ok();
            serve("/crm-associations/v1/associations/{objectId}/{category}/{definitionId}", move |ctx| {
                list(ctx, &id, definition, custom)
            })
        }
        _ => None,
    }
}

/// The kinds that a definition leads from and to.
fn ends(account: &Account, definition: Option<u32>, custom: bool) -> Result<(u32, usize, usize), ApiError> {
    let known = definition.and_then(|id| account.link_type(id, custom).map(|(from, to, _)| (id, from, to)));
    known.ok_or_else(|| ApiError::validation("There is no association definition with this id"))
}

fn write(ctx: &Ctx<'_>, all: &[Value], add: bool) -> Outcome {
    let mut account = ctx.sim.write();
    let mut ready = Vec::with_capacity(all.len());
    for one in all {
        let text = |name: &str| one.get(name).and_then(text_of).unwrap_or_default();
        let custom = text("category") == "USER_DEFINED";
        let (kind, from, to) = ends(&account, text("definitionId").parse().ok(), custom)?;
        let from = (from, live(&account, from, &text("fromObjectId"))?.id);
        let to = (to, live(&account, to, &text("toObjectId"))?.id);
        ready.push((kind, from, to));
    }
    for (kind, from, to) in ready {
        let at = account.tick(ctx.now);
        if add {
            account.put_link(from, to, &[kind], false, at);
        } else {
            account.unlink(from, to, at);
        }
    }
    Ok(Reply::empty())
}

fn list(ctx: &Ctx<'_>, id: &str, definition: Option<u32>, custom: bool) -> Outcome {
    let account = ctx.sim.read();
    let (kind, from, to) = ends(&account, definition, custom)?;
    let record = live(&account, from, id)?;
    let offset = number(ctx, &["offset"]).unwrap_or(0);
    let size = page_size(ctx, 100, 100);
    let all = account.links((from, record.id), to).into_iter().filter(|(_, types)| types.contains(&kind));
    let mut ids: Vec<u64> = all.map(|(id, _)| id).filter(|id| *id > offset).collect();
    ids.sort_unstable();
    let more = ids.len() > size;
    ids.truncate(size);
    let last = ids.last().copied().unwrap_or(offset);
    Ok(Reply::json(200, &json!({ "results": ids, "hasMore": more, "offset": last })))
}
