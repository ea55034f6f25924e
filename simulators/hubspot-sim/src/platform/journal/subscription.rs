//! What an app wants written down.

use serde_json::{Map, Value, json};

use super::{Journal, event};
use crate::account::Account;
use crate::error::ApiError;
use crate::platform::feed::{Happening, What};
use crate::property::value::text_of;
use crate::time::iso;

const KINDS: &[&str] =
    &["OBJECT", "ASSOCIATION", "EVENT", "APP_LIFECYCLE_EVENT", "LIST_MEMBERSHIP", "GDPR_PRIVACY_DELETION"];
const ACTIONS: &[&str] = &[
    "CREATE",
    "UPDATE",
    "DELETE",
    "MERGE",
    "RESTORE",
    "ASSOCIATION_ADDED",
    "ASSOCIATION_REMOVED",
    "SNAPSHOT",
    "APP_INSTALL",
    "APP_UNINSTALL",
    "ADDED_TO_LIST",
    "REMOVED_FROM_LIST",
    "GDPR_DELETE",
];

/// A subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: u64,
    kind: String,
    type_id: String,
    actions: Vec<String>,
    properties: Vec<String>,
    objects: Vec<u64>,
    associated: Vec<String>,
    lists: Vec<u64>,
    created: i64,
}

/// Conditions a record has to meet for a subscription to be told of it.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) id: u64,
    pub(crate) subscription: u64,
    conditions: Value,
    created: i64,
}

fn texts(body: &Map<String, Value>, name: &str) -> Vec<String> {
    body.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(text_of).collect()
}

fn numbers(body: &Map<String, Value>, name: &str) -> Vec<u64> {
    texts(body, name).iter().filter_map(|text| text.parse().ok()).collect()
}

impl Account {
    /// Adds a journal subscription.
    pub(crate) fn subscribe_journal(
        &mut self,
        body: &Map<String, Value>,
        now: i64,
    ) -> Result<Value, ApiError> {
        let kind = body.get("subscriptionType").and_then(Value::as_str).unwrap_or_default();
        if !KINDS.contains(&kind) {
            return Err(ApiError::validation(format!("Unknown subscriptionType: {kind}")));
        }
        let portal = body.get("portalId").and_then(text_of);
        if portal.is_some_and(|portal| portal != self.portal.to_string()) {
            // assumed: the text for an account the app is not installed in
            return Err(ApiError::validation("The app is not installed in the account given as portalId"));
        }
        let actions = texts(body, "actions");
        if let Some(unknown) = actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
            return Err(ApiError::validation(format!("Unknown action: {unknown}")));
        }
        if actions.is_empty() && kind != "APP_LIFECYCLE_EVENT" {
            return Err(ApiError::validation("Some required fields were not set: [actions]"));
        }
        let named = body.get("objectTypeId").and_then(Value::as_str).unwrap_or_default();
        let object = self.find_kind(named);
        if object.is_none() && matches!(kind, "OBJECT" | "ASSOCIATION" | "GDPR_PRIVACY_DELETION") {
            return Err(ApiError::validation(format!("Unknown objectTypeId: {named}")));
        }
        let type_id = object.map(|object| self.stores[object].kind.type_id.clone()).unwrap_or_default();
        let journal = &mut self.platform.journal;
        let id = journal.number();
        let one = Subscription {
            id,
            kind: kind.to_owned(),
            type_id,
            actions,
            properties: texts(body, "properties").iter().map(|name| name.to_lowercase()).collect(),
            objects: numbers(body, "objectIds"),
            associated: texts(body, "associatedObjectTypeIds"),
            lists: numbers(body, "listIds"),
            created: now,
        };
        journal.subscriptions.insert(id, one);
        self.subscription_json(id).ok_or_else(ApiError::record_not_found)
    }

    /// A journal subscription as the API shows it.
    pub(crate) fn subscription_json(&self, id: u64) -> Option<Value> {
        let one = self.platform.journal.subscriptions.get(&id)?;
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        Some(json!({
            "id": one.id,
            "appId": self.app,
            "portalId": self.portal,
            "subscriptionType": one.kind,
            "objectTypeId": one.type_id,
            "actions": one.actions,
            "properties": some(&one.properties),
            "objectIds": one.objects,
            "associatedObjectTypeIds": some(&one.associated),
            "listIds": one.lists,
            "createdAt": iso(one.created),
            "updatedAt": iso(one.created),
        }))
    }
}

impl Subscription {
    pub(super) fn wants(&self, account: &Account, happening: &Happening) -> bool {
        let action = event::action(&happening.what);
        let kind = match happening.what {
            What::Associated { .. } => "ASSOCIATION",
            What::PrivacyDeleted => "GDPR_PRIVACY_DELETION",
            _ => "OBJECT",
        };
        self.kind == kind
            && self.type_id == account.stores[happening.object].kind.type_id
            && self.actions.iter().any(|one| one == action)
            && (self.objects.is_empty() || self.objects.contains(&happening.id))
            && match &happening.what {
                What::Changed { property, .. } => {
                    self.properties.is_empty() || self.properties.contains(property)
                }
                What::Associated { to, .. } => {
                    let other = &account.stores[to.0].kind.type_id;
                    self.associated.is_empty() || self.associated.contains(other)
                }
                _ => true,
            }
            && account.platform.journal.passes(account, self.id, happening)
    }

    pub(super) fn wants_member(&self, list: u64, record: u64, action: &str) -> bool {
        self.kind == "LIST_MEMBERSHIP"
            && self.actions.iter().any(|one| one == action)
            && (self.lists.is_empty() || self.lists.contains(&list))
            && (self.objects.is_empty() || self.objects.contains(&record))
    }
}

impl Journal {
    /// Adds conditions to a subscription.
    pub(crate) fn add_filter(&mut self, body: &Map<String, Value>, now: i64) -> Result<u64, ApiError> {
        let subscription = body.get("subscriptionId").and_then(Value::as_u64).unwrap_or_default();
        if !self.subscriptions.contains_key(&subscription) {
            return Err(ApiError::record_not_found());
        }
        let conditions = body.get("filter").and_then(|filter| filter.get("conditions")).cloned();
        let conditions = conditions
            .filter(|conditions| conditions.as_array().is_some_and(|list| !list.is_empty()))
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [filter.conditions]"))?;
        let id = self.number();
        self.filters.insert(id, Filter { id, subscription, conditions, created: now });
        Ok(id)
    }

    /// Whether a record meets the conditions of a subscription; several filters are alternatives.
    fn passes(&self, account: &Account, subscription: u64, happening: &Happening) -> bool {
        let mut all = self.filters.values().filter(|filter| filter.subscription == subscription).peekable();
        if all.peek().is_none() {
            return true;
        }
        let Some(record) = account.stores[happening.object].records.get(happening.id) else { return true };
        all.any(|filter| {
            filter.conditions.as_array().into_iter().flatten().all(|condition| {
                let text = |name: &str| condition.get(name).and_then(text_of).unwrap_or_default();
                let value = account.named(happening.object, record, &text("property"));
                meets(&text("operator"), value.as_deref(), &text("value"), condition.get("values"))
            })
        })
    }
}

fn meets(operator: &str, value: Option<&str>, wanted: &str, many: Option<&Value>) -> bool {
    let Some(value) = value else { return matches!(operator, "IS_EMPTY" | "N_EQ" | "NOT_IN") };
    let listed = || {
        let mut many = many.and_then(Value::as_array).into_iter().flatten().filter_map(text_of);
        many.any(|one| one.eq_ignore_ascii_case(value))
    };
    let (held, asked) = (value.to_lowercase(), wanted.to_lowercase());
    let order = || {
        let number =
            |text: &str| text.parse::<f64>().ok().or_else(|| crate::time::parse(text).map(|ms| ms as f64));
        number(value).zip(number(wanted)).and_then(|(one, other)| one.partial_cmp(&other))
    };
    match operator {
        "EQ" => held == asked,
        "N_EQ" => held != asked,
        "CONTAINS" => held.contains(&asked),
        "STARTS_WITH" => held.starts_with(&asked),
        "ENDS_WITH" => held.ends_with(&asked),
        "IN" => listed(),
        "NOT_IN" => !listed(),
        "IS_NOT_EMPTY" => true,
        "GT" => order().is_some_and(std::cmp::Ordering::is_gt),
        "GTE" => order().is_some_and(std::cmp::Ordering::is_ge),
        "LT" => order().is_some_and(std::cmp::Ordering::is_lt),
        "LTE" => order().is_some_and(std::cmp::Ordering::is_le),
        _ => false,
    }
}

impl Filter {
    pub(crate) fn json(&self) -> Value {
        json!({ "id": self.id, "createdAt": self.created, "filter": { "conditions": self.conditions } })
    }
}
