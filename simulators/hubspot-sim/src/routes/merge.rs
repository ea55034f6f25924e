//! Merging two records, and deleting a contact for good.

use serde_json::Value;
use sim_base::WriteKind;

use super::{Hit, kind, serve};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::{email, text_of};
use crate::registry::CONTACTS;
use crate::view::Shape;

/// `/objects/{type}/merge` and `/objects/contacts/gdpr-delete`
pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("POST", [name, "merge"]) => {
            let name = (*name).to_owned();
            serve("/{objectType}/merge", move |ctx| merge(ctx, kind(ctx, &name)?))
        }
        ("POST", [name, "gdpr-delete"]) => {
            let name = (*name).to_owned();
            serve("/{objectType}/gdpr-delete", move |ctx| erase(ctx, kind(ctx, &name)?))
        }
        _ => None,
    }
}

fn merge(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let body = ctx.object()?;
    let field = |name: &str| {
        let given = body.get(name).and_then(text_of).filter(|id| !id.is_empty());
        given.ok_or_else(|| ApiError::validation(format!("Some required fields were not set: [{name}]")))
    };
    let (first, second) = (field("primaryObjectId")?, field("objectIdToMerge")?);
    let mut account = ctx.sim.write();
    if !account.merges(object) {
        return Err(ApiError::validation(format!("Merging {} is not supported", account.kind(object).name)));
    }
    let (first, second) = (account.locate(object, &first, None)?, account.locate(object, &second, None)?);
    let id = account.merge(object, first, second, ctx.now)?;
    ctx.sim.stats.write(&account.kind(object).name, WriteKind::Updated);
    let record = account.live(object, id).ok_or_else(ApiError::record_not_found)?;
    let shape = Shape { all: true, seen: ctx.seen(&account, object), ..Shape::default() };
    Ok(Reply::json(200, &Value::Object(account.show(object, record, &shape, i64::MAX))))
}

fn erase(ctx: &Ctx<'_>, object: usize) -> Outcome {
    if object != CONTACTS {
        return Err(ApiError::validation("Only contacts can be deleted for good"));
    }
    let body = ctx.object()?;
    let id = body.get("objectId").and_then(text_of).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::validation("Some required fields were not set: [objectId]"))?;
    let by = body.get("idProperty").and_then(Value::as_str).filter(|by| !by.is_empty());
    let mut account = ctx.sim.write();
    match account.locate(object, &id, by) {
        Ok(id) => {
            account.erase(object, id, ctx.now);
            ctx.sim.stats.write(&account.kind(object).name, WriteKind::Deleted);
        }
        // An address nobody has yet is blocked all the same.
        Err(error) => match email(&id).filter(|_| by == Some("email")) {
            Some(address) => {
                account.blocked.insert(address);
            }
            None => return Err(error),
        },
    }
    Ok(Reply::empty())
}
