//! One event as it is sent.

use serde_json::{Map, Value, json};

use super::Subscription;
use crate::account::Account;
use crate::association_types::is_primary;
use crate::platform::feed::{Happening, What};
use crate::property::PropertyType;
use crate::sensitive::Sensitivity;
use crate::time;

/// What an event of this subscription says of what happened; nothing when it does not concern it.
pub(super) fn body(
    account: &Account,
    to: &Subscription,
    happening: &Happening,
) -> Option<Map<String, Value>> {
    let (wanted, verb) = to.event_type.split_once('.')?;
    let store = &account.stores[happening.object];
    let type_id = store.kind.type_id.to_string();
    let generic = wanted == "object";
    let fits = match generic {
        true => to.object_type_id.as_deref() == Some(type_id.as_str()),
        false => store.kind.singular == wanted,
    };
    if !fits {
        return None;
    }
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    match (&happening.what, verb) {
        (What::Created, "creation") => {
            put("objectId", json!(happening.id));
            put("changeFlag", json!("CREATED"));
        }
        // What is deleted for privacy is deleted as well.
        (What::Deleted | What::PrivacyDeleted, "deletion") => {
            put("objectId", json!(happening.id));
            put("changeFlag", json!("DELETED"));
        }
        (What::PrivacyDeleted, "privacyDeletion") => {
            put("objectId", json!(happening.id));
            put("changeFlag", json!("DELETED"));
        }
        (What::Restored, "restore") => {
            put("objectId", json!(happening.id));
            put("changeFlag", json!("RESTORED"));
        }
        (What::Changed { property, value }, "propertyChange") => {
            if to.property.as_deref() != Some(property.as_str()) {
                return None;
            }
            put("objectId", json!(happening.id));
            put("propertyName", json!(property));
            put("propertyValue", json!(sent(account, happening.object, property, value)));
            let guarded =
                store.active(property).is_some_and(|(_, own)| own.sensitivity != Sensitivity::Plain);
            put("isSensitive", json!(guarded));
        }
        (What::Associated { to: other, kind, removed }, "associationChange") => {
            let target = &account.stores[other.0].kind;
            let name =
                format!("{}_TO_{}", store.kind.singular.to_uppercase(), target.singular.to_uppercase());
            put("associationType", json!(name));
            put("fromObjectId", json!(happening.id));
            put("toObjectId", json!(other.1));
            put("associationRemoved", json!(removed));
            put("isPrimaryAssociation", json!(is_primary(*kind)));
            put("associationTypeId", json!(kind));
            let custom = account.link_type(*kind, false).is_none();
            let category = if custom { "USER_DEFINED" } else { "HUBSPOT_DEFINED" };
            put("associationCategory", json!(category));
            if generic {
                put("fromObjectTypeId", json!(type_id));
                put("toObjectTypeId", json!(target.type_id));
            }
        }
        (What::Merged { primary, merged, result, moved }, "merge") => {
            put("objectId", json!(primary));
            put("primaryObjectId", json!(primary));
            put("mergedObjectIds", json!(merged));
            put("newObjectId", json!(result));
            put("numberOfPropertiesMoved", json!(moved));
        }
        _ => return None,
    }
    if generic && !matches!(happening.what, What::Associated { .. }) {
        put("objectTypeId", json!(type_id));
    }
    put("changeSource", json!(happening.actor.kind));
    put("sourceId", json!(happening.actor.id));
    Some(body)
}

/// A value as events carry it: moments in milliseconds, all else as stored.
fn sent(account: &Account, object: usize, property: &str, value: &str) -> String {
    let kind = account.stores[object].active(property).map(|(_, property)| property.kind);
    match kind {
        Some(PropertyType::Date | PropertyType::DateTime) => {
            time::parse(value).map_or_else(|| value.to_owned(), |ms| ms.to_string())
        }
        _ => value.to_owned(),
    }
}

/// Adds what every event has, in the platform's order.
pub(super) fn complete(
    body: &mut Map<String, Value>,
    number: u64,
    to: &Subscription,
    portal: u64,
    app: u64,
    at: i64,
) {
    let special = std::mem::take(body);
    body.insert("eventId".into(), json!(number));
    body.insert("subscriptionId".into(), json!(to.id));
    body.insert("portalId".into(), json!(portal));
    body.insert("appId".into(), json!(app));
    body.insert("occurredAt".into(), json!(at));
    body.insert("subscriptionType".into(), json!(to.event_type));
    body.insert("attemptNumber".into(), json!(0));
    body.extend(special);
}
