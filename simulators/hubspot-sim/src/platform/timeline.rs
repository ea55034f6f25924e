//! Events an app puts on the timeline of a record.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::property::value::text_of;
use crate::registry::CONTACTS;
use crate::time::{iso, parse};

/// Event templates of the app, and the events made from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    pub(crate) templates: BTreeMap<u64, Value>,
    events: BTreeMap<(u64, String), Value>,
    next: u64,
}

fn text(body: &Map<String, Value>, name: &str) -> String {
    body.get(name).and_then(text_of).unwrap_or_default()
}

impl Account {
    /// Makes an event template.
    pub(crate) fn create_template(&mut self, body: &Map<String, Value>, now: i64) -> Result<Value, ApiError> {
        for name in ["name", "objectType"] {
            if text(body, name).is_empty() {
                return Err(ApiError::validation(format!("Some required fields were not set: [{name}]")));
            }
        }
        let object = self.find_kind(&text(body, "objectType"));
        let object = object.ok_or_else(|| {
            ApiError::validation(format!("Unknown objectType: {}", text(body, "objectType")))
        })?;
        let type_name = self.stores[object].kind.name.clone();
        let timeline = &mut self.platform.timeline;
        timeline.next += 1;
        let id = 1_001_298 + timeline.next;
        let mut shown = body.clone();
        shown.entry("tokens").or_insert_with(|| json!([]));
        shown.insert("objectType".into(), json!(type_name));
        shown.insert("id".into(), json!(id.to_string()));
        shown.insert("createdAt".into(), json!(iso(now)));
        shown.insert("updatedAt".into(), json!(iso(now)));
        let shown = Value::Object(shown);
        timeline.templates.insert(id, shown.clone());
        Ok(shown)
    }

    /// Puts an event on a timeline. An id that is used again replaces the event.
    pub(crate) fn create_event(&mut self, body: &Map<String, Value>, now: i64) -> Result<Value, ApiError> {
        let named = text(body, "eventTemplateId");
        let template: u64 = named.parse().unwrap_or_default();
        let held = self.platform.timeline.templates.get(&template);
        let held = held.ok_or_else(|| {
            ApiError::object_not_found(format!("There is no event template with the id {named}"))
        })?;
        let type_name = held["objectType"].as_str().unwrap_or_default().to_owned();
        let object = self.find_kind(&type_name).unwrap_or(CONTACTS);
        let (id, email) = (text(body, "objectId"), text(body, "email"));
        let record = if !id.is_empty() {
            self.locate(object, &id, None)?
        } else if object == CONTACTS && !email.is_empty() {
            // assumed: an address nobody has is refused; the platform would make the contact
            self.locate(CONTACTS, &email, Some("email"))?
        } else {
            return Err(ApiError::validation("One of objectId, email, utk or domain has to be given"));
        };
        let own = Some(text(body, "id")).filter(|id| !id.is_empty());
        let own = own.unwrap_or_else(|| super::uuid(&mut self.platform.chance));
        let mut shown = body.clone();
        shown.insert("id".into(), json!(own));
        shown.insert("objectType".into(), json!(type_name));
        shown.insert("objectId".into(), json!(record.to_string()));
        shown.entry("tokens").or_insert_with(|| json!({}));
        shown.entry("timestamp").or_insert_with(|| json!(iso(now)));
        shown.insert("createdAt".into(), json!(iso(now)));
        let shown = Value::Object(shown);
        self.platform.timeline.events.insert((template, own), shown.clone());
        Ok(shown)
    }

    /// The name of a template among the types of events.
    fn event_type(&self, template: u64) -> String {
        format!("ae{}_integrators-timeline-event-type-id-{template}", self.app)
    }

    /// The types of events there can be: those of the platform, and those of apps.
    pub(crate) fn event_types(&self) -> Vec<String> {
        // assumed: a few of the platform's own stand for all
        let own = ["e_visited_page", "e_form_submission_v2", "e_document_shared_v2"].map(ToOwned::to_owned);
        let apps = self.platform.timeline.templates.keys().map(|template| self.event_type(*template));
        own.into_iter().chain(apps).collect()
    }

    /// What has occurred, the oldest first.
    pub(crate) fn occurrences(&self) -> Vec<Value> {
        let shown = |((template, id), event): (&(u64, String), &Value)| {
            json!({
                "id": id, "eventType": self.event_type(*template), "objectId": event["objectId"],
                // assumed: the name of the object, as the query takes it, in capitals
                "objectType": event["objectType"].as_str().unwrap_or_default().trim_end_matches('s').to_uppercase(),
                "occurredAt": text_of(&event["timestamp"]).and_then(|at| parse(&at)).map(iso), "properties": event["tokens"],
            })
        };
        let mut all: Vec<Value> = self.platform.timeline.events.iter().map(shown).collect();
        all.sort_by_key(|event| event["occurredAt"].as_str().unwrap_or_default().to_owned());
        all
    }

    /// An event by its template and id.
    pub(crate) fn timeline_event(&self, template: &str, id: &str) -> Result<Value, ApiError> {
        let key = (template.parse().unwrap_or_default(), id.to_owned());
        self.platform.timeline.events.get(&key).cloned().ok_or_else(ApiError::record_not_found)
    }
}
