//! Who signed in, and what was done that matters for safety.

use serde_json::{Value, json};

use super::{Hit, serve};
use crate::http::Reply;
use crate::time::iso;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        // assumed: each active user signed in once, when the account was made
        ("GET", ["login"]) => serve("/activity/login", |ctx| {
            let account = ctx.sim.read();
            let wanted = ctx.param("userId");
            let users = account.owners.iter().filter(|owner| !owner.archived);
            let users = users.filter(|owner| wanted.is_none_or(|wanted| owner.user.to_string() == wanted));
            let rows: Vec<Value> = users
                .map(|owner| {
                    json!({ "id": format!("{}-{}", owner.user, owner.created), "userId": owner.user, "email": owner.email,
                        "loginAt": iso(owner.created), "loginSucceeded": true, "ipAddress": "192.0.2.1" })
                })
                .collect();
            Ok(Reply::json(200, &json!({ "results": rows })))
        }),
        ("GET", ["security"]) => serve("/activity/security", |ctx| {
            let account = ctx.sim.read();
            let exports = account.platform.transfers.exports.values().map(|one| (one.id, one.created));
            let user = account.owners.first().map_or(0, |owner| owner.user);
            let rows: Vec<Value> = exports
                .map(|(id, at)| {
                    json!({ "id": id.to_string(), "userId": user, "type": "CONTACT_DATA_EXPORT", "createdAt": iso(at),
                        "objectId": id.to_string() })
                })
                .collect();
            Ok(Reply::json(200, &json!({ "results": rows })))
        }),
        ("GET", ["audit-logs"]) => serve("/activity/audit-logs", |ctx| {
            let account = ctx.sim.read();
            let lists = account.platform.lists.live().map(|list| (list.id, list.created()));
            let user = account.owners.first();
            let rows: Vec<Value> = lists
                .map(|(id, at)| {
                    json!({ "id": format!("list-{id}"), "category": "LIST", "subCategory": "CREATE", "action": "CREATE",
                        "targetObjectId": id.to_string(), "occurredAt": iso(at),
                        "actingUser": { "userId": user.map(|one| one.user), "userEmail": user.map(|one| one.email.clone()) } })
                })
                .collect();
            Ok(Reply::json(200, &json!({ "results": rows })))
        }),
        _ => None,
    }
}
