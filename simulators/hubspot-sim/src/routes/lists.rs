//! Lists (segments): their definition, their members, and the lists of a record.

use serde_json::{Map, Value, json};

use super::{Hit, lists_members, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::platform::lists::{List, not_found};
use crate::property::value::text_of;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    let own = |text: &&str| (*text).to_owned();
    match (method, rest) {
        ("GET", [] | [""]) => serve("", many),
        ("POST", [] | [""]) => serve("", create),
        ("POST", ["search"]) => serve("/search", search),
        ("POST", ["all"]) => serve("/all", all),
        ("GET" | "POST", ["folders"]) => {
            let method = method.to_owned();
            serve("/folders", move |ctx| folders(ctx, &method))
        }
        ("PUT", ["folders", "move-list"]) => serve("/folders/move-list", move_list),
        ("DELETE", ["folders", id]) => {
            let id = own(id);
            serve("/folders/{folderId}", move |ctx| {
                let mut account = ctx.sim.write();
                let id = account.platform.lists.folders.locate(&id)?;
                account.platform.lists.delete_folder(id)?;
                Ok(Reply::empty())
            })
        }
        ("PUT", ["folders", id, "rename"]) => {
            let id = own(id);
            serve("/folders/{folderId}/rename", move |ctx| {
                let name = ctx.param("newFolderName").unwrap_or_default().to_owned();
                let mut account = ctx.sim.write();
                let id = account.platform.lists.folders.locate(&id)?;
                account.platform.lists.folders.rename(id, &name, ctx.now);
                Ok(folder(&account, id))
            })
        }
        ("PUT", ["folders", id, "move", parent]) => {
            let (id, parent) = (own(id), own(parent));
            serve("/folders/{folderId}/move/{newParentFolderId}", move |ctx| {
                let mut account = ctx.sim.write();
                let id = account.platform.lists.folders.locate(&id)?;
                let parent = account.platform.lists.folders.locate(&parent)?;
                account.platform.lists.folders.move_to(id, parent, ctx.now)?;
                Ok(folder(&account, id))
            })
        }
        ("GET", ["idmapping"]) => serve("/idmapping", mapping),
        ("POST", ["idmapping"]) => serve("/idmapping", mappings),
        ("GET", ["object-type-id", object, "name", name]) => {
            let (object, name) = (own(object), own(name));
            serve("/object-type-id/{objectTypeId}/name/{listName}", move |ctx| by_name(ctx, &object, &name))
        }
        ("POST", ["records", "memberships", "batch", "read"]) => {
            serve("/records/memberships/batch/read", lists_members::of_records)
        }
        ("GET", ["records", object, id, "memberships"]) => {
            let (object, id) = (own(object), own(id));
            serve("/records/{objectTypeId}/{recordId}/memberships", move |ctx| {
                lists_members::of_record(ctx, &object, &id)
            })
        }
        (_, [id, "memberships", rest @ ..]) => lists_members::find(method, own(id), rest),
        ("GET", [id]) => {
            let id = own(id);
            serve("/{listId}", move |ctx| read(ctx, &id))
        }
        ("DELETE", [id]) => {
            let id = own(id);
            serve("/{listId}", move |ctx| {
                let mut account = ctx.sim.write();
                let id = account.platform.lists.locate(&id)?;
                account.delete_list(id, ctx.now);
                Ok(Reply::empty())
            })
        }
        ("PUT", [id, "restore"]) => {
            let id = own(id);
            serve("/{listId}/restore", move |ctx| {
                ctx.sim.write().restore_list(&id, ctx.now)?;
                Ok(Reply::empty())
            })
        }
        ("PUT", [id, "update-list-name"]) => {
            let id = own(id);
            serve("/{listId}/update-list-name", move |ctx| rename(ctx, &id))
        }
        ("PUT", [id, "update-list-filters"]) => {
            let id = own(id);
            serve("/{listId}/update-list-filters", move |ctx| refilter(ctx, &id))
        }
        ("GET" | "PUT" | "DELETE", [id, "schedule-conversion"]) => {
            let (id, method) = (own(id), method.to_owned());
            serve("/{listId}/schedule-conversion", move |ctx| conversion(ctx, &id, &method))
        }
        _ => None,
    }
}

/// The kind a path or body names.
pub(super) fn kind(account: &Account, name: &str) -> Result<usize, ApiError> {
    account
        .find_kind(name)
        .ok_or_else(|| ApiError::validation(format!("Unable to infer object type from: {name}")))
}

fn shown(account: &Account, list: &List, filters: bool) -> Value {
    list.json(&account.stores[list.object].kind.type_id, filters)
}

fn one(account: &Account, id: u64, filters: bool, name: &str) -> Outcome {
    let list = account.platform.lists.get(id).ok_or_else(|| not_found(&id.to_string()))?;
    Ok(Reply::json(200, &json!({ name: shown(account, list, filters) })))
}

fn many(ctx: &Ctx<'_>) -> Outcome {
    let mut account = ctx.sim.write();
    let wanted: Vec<u64> = ctx.list("listIds").iter().filter_map(|id| id.parse().ok()).collect();
    for id in &wanted {
        account.refresh_list(*id, ctx.now);
    }
    let lists = wanted.iter().filter_map(|id| account.platform.lists.get(*id));
    let all: Vec<Value> = lists.map(|list| shown(&account, list, ctx.flag("includeFilters"))).collect();
    Ok(Reply::json(200, &json!({ "lists": all })))
}

fn create(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    let id = account.create_list(&body, ctx.now)?;
    one(&account, id, true, "list")
}

fn read(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    account.refresh_list(id, ctx.now);
    one(&account, id, ctx.flag("includeFilters"), "list")
}

fn by_name(ctx: &Ctx<'_>, object: &str, name: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let object = kind(&account, object)?;
    let found = account.platform.lists.live().find(|list| list.object == object && list.name == name);
    let id = found.map(|list| list.id).ok_or_else(|| {
        ApiError::object_not_found(format!("List does not exist with name {name}."))
            .with_context("listName", name)
    })?;
    account.refresh_list(id, ctx.now);
    one(&account, id, ctx.flag("includeFilters"), "list")
}

fn rename(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    account.rename_list(id, ctx.param("listName").unwrap_or_default(), ctx.now)?;
    one(&account, id, ctx.flag("includeFilters"), "updatedList")
}

fn refilter(ctx: &Ctx<'_>, id: &str) -> Outcome {
    let body = ctx.object()?;
    let branch = body.get("filterBranch").cloned().unwrap_or(Value::Null);
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    account.refilter_list(id, &branch, ctx.now)?;
    one(&account, id, true, "updatedList")
}

fn conversion(ctx: &Ctx<'_>, id: &str, method: &str) -> Outcome {
    let mut account = ctx.sim.write();
    let id = account.platform.lists.locate(id)?;
    match method {
        "PUT" => account.schedule_conversion(id, Some(ctx.json()?))?,
        "DELETE" => {
            account.schedule_conversion(id, None)?;
            return Ok(Reply::empty());
        }
        _ => account.refresh_list(id, ctx.now),
    }
    let list = account.platform.lists.get(id).ok_or_else(|| not_found(&id.to_string()))?;
    Ok(Reply::json(200, &list.conversion_json()?))
}

fn texts(body: &Map<String, Value>, name: &str) -> Vec<String> {
    body.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(text_of).collect()
}

fn count_of(body: &Map<String, Value>) -> usize {
    // assumed: more than 500 are cut to 500
    let count = body.get("count").and_then(Value::as_u64).filter(|count| *count > 0).unwrap_or(20);
    usize::try_from(count).unwrap_or(500).min(500)
}

fn search(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let mut account = ctx.sim.write();
    account.refresh_lists(None, ctx.now);
    let query = body.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let types = texts(&body, "processingTypes");
    let ids = texts(&body, "listIds");
    let object =
        body.get("objectTypeId").and_then(Value::as_str).map(|name| kind(&account, name)).transpose()?;
    let wanted = texts(&body, "additionalProperties");
    let fits = |list: &&List| {
        (query.is_empty() || list.name.to_lowercase().contains(&query))
            && (types.is_empty() || types.iter().any(|one| one == list.processing.name()))
            && (ids.is_empty() || ids.iter().any(|one| *one == list.id.to_string()))
            && object.is_none_or(|object| list.object == object)
    };
    let found: Vec<&List> = account.platform.lists.live().filter(fits).collect();
    let offset = body.get("offset").and_then(Value::as_u64).unwrap_or(0);
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let page: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(count_of(&body))
        .map(|list| {
            let type_id = &account.stores[list.object].kind.type_id;
            list.found(type_id, &wanted, &account.platform.lists.folders)
        })
        .collect();
    let end = offset.saturating_add(page.len());
    let body = json!({ "lists": page, "offset": end, "hasMore": end < found.len(), "total": found.len() });
    Ok(Reply::json(200, &body))
}

/// Every list in the order of its id, by a cursor.
fn all(ctx: &Ctx<'_>) -> Outcome {
    let body = if ctx.body.is_empty() { Map::new() } else { ctx.object()? };
    let mut account = ctx.sim.write();
    account.refresh_lists(None, ctx.now);
    let after = match body.get("after").or_else(|| body.get("cursor")).and_then(text_of) {
        None => 0,
        Some(text) if text.is_empty() => 0,
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| ApiError::validation("The cursor is not valid").with_sub("ILS.INVALID_CURSOR"))?,
    };
    let types = texts(&body, "processingTypes");
    let object =
        body.get("objectTypeId").and_then(Value::as_str).map(|name| kind(&account, name)).transpose()?;
    let count = count_of(&body);
    let fits = |list: &&List| {
        list.id > after
            && (types.is_empty() || types.iter().any(|one| one == list.processing.name()))
            && object.is_none_or(|object| list.object == object)
    };
    let mut page: Vec<&List> = account.platform.lists.live().filter(fits).take(count + 1).collect();
    let more = page.len() > count;
    page.truncate(count);
    let last = page.last().map(|list| list.id.to_string());
    let results: Vec<Value> = page.iter().map(|list| shown(&account, list, false)).collect();
    let mut body = Map::new();
    body.insert("results".into(), Value::Array(results));
    if let Some(last) = last.filter(|_| more) {
        body.insert("paging".into(), json!({ "next": { "after": last } }));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

fn folder(account: &Account, id: u64) -> Reply {
    Reply::json(200, &json!({ "folder": account.platform.lists.folder_json(id) }))
}

fn folders(ctx: &Ctx<'_>, method: &str) -> Outcome {
    let mut account = ctx.sim.write();
    if method == "GET" {
        let id = account.platform.lists.folders.locate(ctx.param("folderId").unwrap_or("0"))?;
        return Ok(folder(&account, id));
    }
    let body = ctx.object()?;
    let parent = body.get("parentFolderId").and_then(text_of).unwrap_or_else(|| "0".to_owned());
    let folders = &mut account.platform.lists.folders;
    let parent = folders.locate(&parent)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let id = folders.create(name, parent, ctx.now)?;
    Ok(folder(&account, id))
}

fn move_list(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let text = |name: &str| body.get(name).and_then(text_of).unwrap_or_default();
    let mut account = ctx.sim.write();
    let folder = account.platform.lists.folders.locate(&text("newFolderId"))?;
    account.platform.lists.move_list(&text("listId"), folder)?;
    Ok(Reply::empty())
}

/// assumed: lists of contacts had the same number in the first version of the API
fn legacy(account: &Account, id: &str) -> Option<Value> {
    let list = account.platform.lists.get(id.parse().ok()?)?;
    (list.object == crate::registry::CONTACTS)
        .then(|| json!({ "listId": list.id.to_string(), "legacyListId": id }))
}

fn mapping(ctx: &Ctx<'_>) -> Outcome {
    let id = ctx.param("legacyListId").unwrap_or_default();
    let found = legacy(&ctx.sim.read(), id);
    found.map(|found| Reply::json(200, &found)).ok_or_else(|| not_found(id))
}

fn mappings(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.json()?;
    let ids: Vec<String> = body.as_array().into_iter().flatten().filter_map(text_of).collect();
    let account = ctx.sim.read();
    let found: Vec<Value> = ids.iter().filter_map(|id| legacy(&account, id)).collect();
    let missing: Vec<&String> = ids.iter().filter(|id| legacy(&account, id).is_none()).collect();
    let body = json!({ "legacyListIdsToIdsMapping": found, "missingLegacyListIds": missing });
    Ok(Reply::json(200, &body))
}
