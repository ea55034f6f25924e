//! Lists of contacts, version 1.

use serde_json::{Value, json};

use super::super::{Hit, serve};
use super::contacts::{Wanted, show};
use super::{number, page_size};
use crate::account::Account;
use crate::http::{Ctx, Outcome, Reply};
use crate::platform::lists::{List, Processing, not_found};
use crate::registry::CONTACTS;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    if method != "GET" {
        return None;
    }
    match rest {
        [] => serve("/contacts/v1/lists", |ctx| list(ctx, None)),
        ["static"] => serve("/contacts/v1/lists/static", |ctx| list(ctx, Some(false))),
        ["dynamic"] => serve("/contacts/v1/lists/dynamic", |ctx| list(ctx, Some(true))),
        [id] => {
            let id = (*id).to_owned();
            serve("/contacts/v1/lists/{listId}", move |ctx| {
                let account = ctx.sim.read();
                let found = locate(&account, &id)?;
                Ok(Reply::json(200, &list_json(&account, found)))
            })
        }
        [id, "contacts", "all" | "recent"] => {
            let id = (*id).to_owned();
            serve("/contacts/v1/lists/{listId}/contacts/all", move |ctx| members(ctx, &id))
        }
        _ => None,
    }
}

fn locate<'a>(account: &'a Account, id: &str) -> Result<&'a List, crate::error::ApiError> {
    let found = account.platform.lists.locate(id)?;
    account.platform.lists.get(found).filter(|list| list.object == CONTACTS).ok_or_else(|| not_found(id))
}

fn list_json(account: &Account, list: &List) -> Value {
    let dynamic = list.processing == Processing::Dynamic;
    let changed =
        list.members.last_added().max(list.members.last_removed()).unwrap_or_else(|| list.created());
    json!({
        "portalId": account.portal,
        "listId": list.id,
        "internalListId": list.id,
        "name": list.name,
        "listType": if dynamic { "DYNAMIC" } else { "STATIC" },
        "dynamic": dynamic,
        "createdAt": list.created(),
        "updatedAt": list.updated(),
        "filters": [],
        "metaData": {
            "size": list.members.len(),
            "lastSizeChangeAt": changed,
            "processing": "DONE",
            "lastProcessingStateChangeAt": changed,
            "error": "",
            "listReferencesCount": null,
            "parentFolderId": null,
        },
        "archived": false,
        "deleted": false,
        "internal": false,
        "readOnly": false,
        "limitExempt": false,
        "teamIds": [],
    })
}

fn list(ctx: &Ctx<'_>, dynamic: Option<bool>) -> Outcome {
    let size = page_size(ctx, 20, 250);
    let skip = number(ctx, &["offset"]).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    ctx.sim.write().refresh_lists(Some(CONTACTS), ctx.now);
    let account = ctx.sim.read();
    let fits = |list: &&List| {
        let kept = dynamic.is_none_or(|dynamic| (list.processing == Processing::Dynamic) == dynamic);
        list.object == CONTACTS && kept
    };
    let all: Vec<&List> = account.platform.lists.live().filter(fits).collect();
    let page: Vec<Value> = all.iter().skip(skip).take(size).map(|list| list_json(&account, list)).collect();
    let end = skip + page.len();
    Ok(Reply::json(200, &json!({ "lists": page, "offset": end, "has-more": end < all.len() })))
}

fn members(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let size = page_size(ctx, 20, 100);
    let from = number(ctx, &["vidOffset", "vid-offset"]).unwrap_or(0);
    let wanted = Wanted::of(ctx, false);
    ctx.sim.write().refresh_lists(Some(CONTACTS), ctx.now);
    let account = ctx.sim.read();
    let found = locate(&account, id)?;
    let mut ids: Vec<u64> = found.members.ids().filter(|id| *id >= from).take(size + 1).collect();
    let more = ids.len() > size;
    let next = if more { ids.pop() } else { ids.last().copied() };
    let records = ids.iter().filter_map(|id| account.live(CONTACTS, *id));
    let contacts: Vec<Value> = records.map(|record| show(&account, record, &wanted)).collect();
    Ok(Reply::json(200, &json!({ "contacts": contacts, "has-more": more, "vid-offset": next.unwrap_or(0) })))
}
