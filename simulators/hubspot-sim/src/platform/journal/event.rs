//! One event as the journal has it.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::platform::feed::{Happening, What};
use crate::time::iso;

/// assumed: the shape of events beyond the fields the documents show
fn begin(account: &Account, kind: &str, action: &str, object: usize, at: i64) -> Map<String, Value> {
    let mut event = Map::new();
    event.insert("type".into(), json!(kind));
    event.insert("portalId".into(), json!(account.portal));
    event.insert("occurredAt".into(), json!(iso(at)));
    event.insert("action".into(), json!(action));
    event.insert("objectTypeId".into(), json!(account.stores[object].kind.type_id));
    event
}

/// What an event of this kind is called.
pub(super) fn action(what: &What) -> &'static str {
    match what {
        What::Created => "CREATE",
        What::Deleted => "DELETE",
        What::PrivacyDeleted => "GDPR_DELETE",
        What::Restored => "RESTORE",
        What::Changed { .. } => "UPDATE",
        What::Merged { .. } => "MERGE",
        What::Associated { removed: true, .. } => "ASSOCIATION_REMOVED",
        What::Associated { removed: false, .. } => "ASSOCIATION_ADDED",
    }
}

pub(super) fn of(account: &Account, happening: &Happening) -> Map<String, Value> {
    let kind = match happening.what {
        What::Associated { .. } => "ASSOCIATION",
        What::PrivacyDeleted => "GDPR_PRIVACY_DELETION",
        _ => "OBJECT",
    };
    let mut event = begin(account, kind, action(&happening.what), happening.object, happening.at);
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    put("objectId", json!(happening.id));
    match &happening.what {
        What::Changed { property, value } => {
            put("propertyChanges", json!({ property: value }));
        }
        What::Associated { to, kind, .. } => {
            put("associatedObjectId", json!(to.1));
            put("associatedObjectTypeId", json!(account.stores[to.0].kind.type_id));
            put("associationTypeId", json!(kind));
            let custom = account.link_type(*kind, false).is_none();
            put("associationCategory", json!(if custom { "USER_DEFINED" } else { "HUBSPOT_DEFINED" }));
        }
        What::Merged { primary, merged, result, .. } => {
            put("primaryObjectId", json!(primary));
            put("mergedObjectIds", json!(merged));
            put("newObjectId", json!(result));
        }
        What::Created | What::Deleted | What::PrivacyDeleted | What::Restored => {}
    }
    put("changeSource", json!(happening.actor.kind));
    put("sourceId", json!(happening.actor.id));
    event
}

pub(super) fn of_member(
    account: &Account,
    list: u64,
    object: usize,
    record: u64,
    action: &str,
    at: i64,
) -> Map<String, Value> {
    let mut event = begin(account, "LIST_MEMBERSHIP", action, object, at);
    event.insert("objectId".into(), json!(record));
    event.insert("listId".into(), json!(list));
    event
}

pub(super) fn of_snapshot(
    account: &Account,
    object: usize,
    id: u64,
    properties: &[String],
    at: i64,
) -> Option<Map<String, Value>> {
    let record = account.live(object, id)?;
    let mut event = begin(account, "OBJECT", "SNAPSHOT", object, at);
    event.insert("objectId".into(), json!(id));
    let mut values = Map::new();
    for name in properties {
        values.insert(name.clone(), json!(account.named(object, record, name)));
    }
    event.insert("properties".into(), Value::Object(values));
    Some(event)
}

/// Whether two events tell of the same write.
pub(super) fn same(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let told = |event: &Map<String, Value>| event.contains_key("propertyChanges");
    told(one)
        && told(other)
        && ["action", "objectTypeId", "objectId", "occurredAt", "sourceId"]
            .iter()
            .all(|name| one.get(*name) == other.get(*name))
}

/// Adds the values of one event to another.
pub(super) fn join(to: &mut Map<String, Value>, from: &Map<String, Value>) {
    let more = from.get("propertyChanges").and_then(Value::as_object);
    if let (Some(Value::Object(all)), Some(more)) = (to.get_mut("propertyChanges"), more) {
        all.extend(more.clone());
    }
}
