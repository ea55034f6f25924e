//! What an administrator sets up about events: channels and their members, as metadata has them, and platform events.

use serde_json::Value;

use super::Events;
use super::channels::{self, ChannelMember, Topic};
use super::schema::{self, Shape, event_name, object_name};
use crate::State;
use crate::error::Refusal;
use crate::org::Org;

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl State {
    /// Puts a saved `PlatformEventChannel` or `PlatformEventChannelMember` in force; other kinds are none of this.
    pub(crate) fn channel_saved(&mut self, kind: &str, name: &str, body: &Value) -> Result<(), Refusal> {
        let refused = |message: String| Refusal::new("FIELD_INTEGRITY_EXCEPTION", message);
        match kind {
            "PlatformEventChannel" => self.events.channels.add(name).map_err(refused),
            "PlatformEventChannelMember" => {
                let (channel, selected) = (text(body, "eventChannel"), text(body, "selectedEntity"));
                let entity = object_name(selected)
                    .filter(|entity| event_name(entity) == selected)
                    .filter(|entity| self.org.table(entity).is_some_and(|table| table.def.name == *entity))
                    .ok_or_else(|| refused(format!("{selected} is no change event of this org")))?;
                let enriched = match body.get("enrichedFields") {
                    Some(Value::Array(fields)) => fields.as_slice(),
                    Some(field @ Value::Object(_)) => std::slice::from_ref(field),
                    _ => &[],
                };
                let enriched_fields = enriched.iter().map(|field| text(field, "name").to_owned()).collect();
                self.events
                    .channels
                    .select(channel, ChannelMember { entity, enriched_fields })
                    .map_err(refused)
            }
            _ => Ok(()),
        }
    }

    /// Takes a deleted channel or member out of force.
    pub(crate) fn channel_removed(&mut self, kind: &str, name: &str, body: &Value) {
        match kind {
            "PlatformEventChannel" => drop(self.events.channels.remove(name)),
            "PlatformEventChannelMember" => {
                let entity = object_name(text(body, "selectedEntity")).unwrap_or_default();
                self.events.channels.unselect(text(body, "eventChannel"), &entity);
            }
            _ => {}
        }
    }
}

impl Events {
    /// Learns of the platform event that a topic names, when it is an object of the org.
    pub(super) fn learn(&mut self, org: &Org, topic: &str) {
        let Some(Topic::Platform(name)) = channels::parse(topic) else { return };
        let Some(table) = org.table(&name).filter(|table| table.def.name == name) else { return };
        let own: Vec<_> = table
            .def
            .fields
            .values()
            .filter(|field| field.custom)
            .map(|field| (field.name.clone(), schema::type_of(&field.kind)))
            .collect();
        let known = self.platform.get(&name).is_some_and(|schema| {
            let fields = schema.fields.iter().filter(|field| field.nullable).map(|field| match field.shape {
                Shape::One(kind) => (field.name.as_str(), Some(kind)),
                _ => (field.name.as_str(), None),
            });
            fields.eq(own.iter().map(|(name, kind)| (name.as_str(), Some(*kind))))
        });
        if !known {
            let schema = std::sync::Arc::new(schema::platform_event(&name, &own));
            self.schemas.insert(schema.id.clone(), std::sync::Arc::clone(&schema));
            self.platform.insert(name, schema);
        }
    }
}
