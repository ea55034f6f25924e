//! Webhooks of the app: to what it subscribes, where events go, and which wait to be sent.

mod event;
mod outbox;
pub(crate) mod signature;

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

pub use outbox::{DeliveryOutcome, WebhookDelivery};
pub use sim_base::WebhookFaults;

use crate::account::Account;
use crate::error::ApiError;
use crate::platform::feed::Happening;
use crate::time::iso;
use outbox::Outbox;

/// Objects with subscription types of their own; `object` stands for any, named by its type id.
const OBJECTS: &[&str] = &["contact", "company", "deal", "ticket", "product", "line_item", "object"];
const VERBS: &[&str] = &["creation", "deletion", "merge", "restore", "propertyChange", "associationChange"];
const OTHERS: &[&str] = &[
    "contact.privacyDeletion",
    "conversation.creation",
    "conversation.deletion",
    "conversation.newMessage",
    "conversation.privacyDeletion",
    "conversation.propertyChange",
    "event.completed",
];

/// How many subscriptions an app may have.
const MOST: usize = 1000;

/// One wish to be told.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: u64,
    pub(crate) event_type: String,
    pub(crate) property: Option<String>,
    pub(crate) object_type_id: Option<String>,
    pub(crate) active: bool,
    created: i64,
    updated: Option<i64>,
}

/// Where events go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) concurrent: usize,
    created: i64,
    updated: i64,
}

/// The webhooks of the app.
#[derive(Debug, Clone)]
pub(crate) struct Webhooks {
    /// The key of the developer account, which the settings are changed with.
    pub(crate) developer_key: String,
    pub(crate) target: Option<Target>,
    pub(crate) subscriptions: BTreeMap<u64, Subscription>,
    pub(crate) outbox: Outbox,
    next_id: u64,
}

impl Webhooks {
    pub(crate) fn new(chance: &mut ChaCha8Rng) -> Self {
        Self {
            developer_key: super::uuid(chance),
            target: None,
            subscriptions: BTreeMap::new(),
            outbox: Outbox::default(),
            next_id: 3_329_277,
        }
    }

    pub(crate) fn listening(&self) -> bool {
        self.target.is_some() && self.subscriptions.values().any(|one| one.active)
    }

    /// Sets where events go.
    pub(crate) fn set_target(&mut self, body: &Map<String, Value>, now: i64) -> Result<Value, ApiError> {
        let url = body.get("targetUrl").and_then(Value::as_str).unwrap_or_default();
        let parsed = url::Url::parse(url).ok();
        // assumed: the simulator takes plain HTTP on loopback, where the platform wants HTTPS everywhere
        let fine = parsed.is_some_and(|url| {
            url.scheme() == "https"
                || matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
                    && url.scheme() == "http"
        });
        if !fine {
            return Err(ApiError::validation("targetUrl must be a valid HTTPS URL"));
        }
        let concurrent = body
            .get("throttling")
            .and_then(|throttling| throttling.get("maxConcurrentRequests"))
            .and_then(Value::as_u64)
            .ok_or_else(|| {
                ApiError::validation("Some required fields were not set: [throttling.maxConcurrentRequests]")
            })?;
        if concurrent <= 5 {
            // assumed: the text; the documents say it has to be greater than five
            return Err(ApiError::validation("maxConcurrentRequests must be greater than 5"));
        }
        let created = self.target.as_ref().map_or(now, |target| target.created);
        let concurrent = usize::try_from(concurrent).unwrap_or(usize::MAX);
        let target = Target { url: url.to_owned(), concurrent, created, updated: now };
        let shown = target.json();
        self.target = Some(target);
        Ok(shown)
    }

    /// Adds a subscription; what the app subscribes to already is refused.
    pub(crate) fn subscribe(
        &mut self,
        body: &Map<String, Value>,
        type_id: impl Fn(&str) -> Option<String>,
        now: i64,
    ) -> Result<Value, ApiError> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let event_type = text("eventType")
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [eventType]"))?;
        let (object, verb) = event_type.split_once('.').unwrap_or_default();
        let known = OBJECTS.contains(&object) && VERBS.contains(&verb) || OTHERS.contains(&event_type);
        if !known {
            return Err(ApiError::validation(format!(
                "Invalid input JSON: {event_type} is not a known value of eventType"
            )));
        }
        let property = text("propertyName").map(str::to_lowercase);
        if verb == "propertyChange" && property.is_none() {
            return Err(ApiError::validation(format!("propertyName must be specified for {event_type}")));
        }
        if property.as_deref().is_some_and(|name| {
            matches!(name, "num_unique_conversion_events" | "hs_lastmodifieddate" | "lastmodifieddate")
        }) {
            return Err(ApiError::validation("Subscriptions to this property are not supported"));
        }
        let object_type_id = match (object, text("objectTypeId")) {
            ("object", Some(named)) => Some(
                type_id(named)
                    .ok_or_else(|| ApiError::validation(format!("Unknown objectTypeId: {named}")))?,
            ),
            ("object", None) => {
                return Err(ApiError::validation(format!("objectTypeId must be specified for {event_type}")));
            }
            _ => None,
        };
        let property = property.filter(|_| verb == "propertyChange");
        let twin = self.subscriptions.values().any(|one| {
            one.event_type == event_type && one.property == property && one.object_type_id == object_type_id
        });
        if twin {
            // assumed: the text for what is subscribed to already
            return Err(ApiError::conflict("A subscription of this type already exists"));
        }
        if self.subscriptions.len() >= MOST {
            return Err(ApiError::validation(format!("An app can have at most {MOST} subscriptions")));
        }
        let id = self.next_id;
        self.next_id += 1;
        let one = Subscription {
            id,
            event_type: event_type.to_owned(),
            property,
            object_type_id,
            active: body.get("active").and_then(Value::as_bool).unwrap_or(false),
            created: now,
            updated: None,
        };
        let shown = one.json();
        self.subscriptions.insert(id, one);
        Ok(shown)
    }

    /// Pauses or resumes a subscription.
    pub(crate) fn activate(&mut self, id: u64, active: Option<bool>, now: i64) -> Result<Value, ApiError> {
        let one = self.subscriptions.get_mut(&id).ok_or_else(ApiError::record_not_found)?;
        if let Some(active) = active {
            one.active = active;
            one.updated = Some(now);
        }
        Ok(one.json())
    }
}

impl Target {
    pub(crate) fn json(&self) -> Value {
        json!({
            "targetUrl": self.url,
            "throttling": { "maxConcurrentRequests": self.concurrent },
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
        })
    }
}

impl Subscription {
    pub(crate) fn json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("id".into(), json!(self.id.to_string()));
        shown.insert("eventType".into(), json!(self.event_type));
        if let Some(property) = &self.property {
            shown.insert("propertyName".into(), json!(property));
        }
        if let Some(type_id) = &self.object_type_id {
            shown.insert("objectTypeId".into(), json!(type_id));
        }
        shown.insert("active".into(), json!(self.active));
        shown.insert("createdAt".into(), json!(iso(self.created)));
        if let Some(at) = self.updated {
            shown.insert("updatedAt".into(), json!(iso(at)));
        }
        Value::Object(shown)
    }
}

impl Account {
    /// Puts an event for each fitting subscription into the outbox.
    pub(crate) fn tell_webhooks(&mut self, happening: &Happening) {
        if !self.platform.webhooks.listening() {
            return;
        }
        let active: Vec<Subscription> =
            self.platform.webhooks.subscriptions.values().filter(|one| one.active).cloned().collect();
        for one in active {
            let Some(mut body) = event::body(self, &one, happening) else { continue };
            let number = self.platform.webhooks.outbox.event_number();
            event::complete(&mut body, number, &one, self.portal, self.app, happening.at);
            let faults = self.platform.settings.webhooks;
            self.platform.webhooks.outbox.put(body, happening.at, &faults);
        }
    }
}
