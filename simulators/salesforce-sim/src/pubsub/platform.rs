//! Platform events: what an org defines itself, and anybody may publish.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::avro::{self, Reader, Type};
use super::channels::{self, Topic};
use super::read::EventRefusal;
use super::schema::{self, EventSchema, Shape};
use super::{Events, bus};
use crate::{SalesforceSim, State};

/// The type that a custom field of a platform event is written as.
fn type_of(kind: &str) -> Option<Type> {
    match kind {
        "Text" | "LongTextArea" | "TextArea" => Some(Type::String),
        "Checkbox" => Some(Type::Boolean),
        "Number" => Some(Type::Double),
        "Date" | "DateTime" => Some(Type::Long),
        _ => None,
    }
}

impl Events {
    /// Defines a platform event, or changes its fields (name and type, as the Metadata API names types).
    pub fn define_platform_event<'a>(
        &mut self,
        name: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), String> {
        if !name.ends_with("__e") {
            return Err(format!("the name of a platform event ends in __e; {name} does not"));
        }
        let typed = |(field, kind): (&str, &str)| match type_of(kind) {
            Some(kind) => Ok((field.to_owned(), kind)),
            None => Err(format!(
                "{field} of {name} is {kind}; it can be Text, LongTextArea, Checkbox, Number, Date or DateTime"
            )),
        };
        let fields = fields.into_iter().map(typed).collect::<Result<Vec<_>, String>>()?;
        let schema = Arc::new(schema::platform_event(name, &fields));
        self.schemas.insert(schema.id.clone(), Arc::clone(&schema));
        self.platform.insert(name.to_owned(), schema);
        Ok(())
    }

    /// Takes a platform event away.
    pub fn remove_platform_event(&mut self, name: &str) -> bool {
        self.platform.remove(name).is_some()
    }

    fn append(&mut self, name: &str, schema: &EventSchema, payload: Bytes, now: Timestamp) -> u64 {
        let id = self.uuid(0xb5, self.bus.tip());
        self.bus.expire(now.as_millisecond());
        let number =
            self.bus.append(name.into(), id, schema.id.as_str().into(), payload, now.as_millisecond());
        self.tell();
        number
    }

    /// Publishes an event that its publisher has written in Avro. Answers its replay id, or what is wrong with it.
    pub(super) fn publish_written(
        &mut self,
        name: &str,
        schema_id: &str,
        payload: Bytes,
        now: Timestamp,
    ) -> Result<Vec<u8>, String> {
        let schema = self.schemas.get(schema_id).or_else(|| self.platform.get(name)).cloned();
        let schema = schema.ok_or_else(|| format!("There is no schema {schema_id}."))?;
        if payload.len() > 1_000_000 {
            return Err("The event is larger than 1 MB.".to_owned());
        }
        if !fits(&schema, &payload) {
            return Err(format!("The payload of the event does not fit the schema {schema_id}."));
        }
        let number = self.append(name, &schema, payload, now);
        Ok(bus::replay_id(number))
    }

    /// Publishes an event from its values, as a `POST` to its object does.
    pub fn publish_values(
        &mut self,
        name: &str,
        values: &Map<String, Value>,
        user: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let schema = self.platform.get(name).cloned();
        let schema = schema.ok_or_else(|| format!("There is no platform event {name}."))?;
        let known = |key: &&String| !schema.fields.iter().any(|field| field.name == **key);
        if let Some(unknown) = values.keys().find(known) {
            return Err(format!("No such column '{unknown}' on sobject of type {name}"));
        }
        let mut payload = Vec::new();
        for field in &schema.fields {
            match (field.name.as_str(), &field.shape) {
                ("CreatedDate", _) => avro::long(&mut payload, now.as_millisecond()),
                ("CreatedById", _) => avro::string(&mut payload, user),
                (name, Shape::One(kind)) => {
                    let value = values.get(name).unwrap_or(&Value::Null);
                    avro::nullable(&mut payload, *kind, value);
                }
                _ => avro::long(&mut payload, 0),
            }
        }
        let number = self.append(name, &schema, payload.into(), now);
        Ok(self.uuid(0xb6, number))
    }
}

/// Whether these bytes are one event of the schema, to the last byte.
fn fits(schema: &EventSchema, payload: &[u8]) -> bool {
    let mut reader = Reader(payload);
    let read = schema.fields.iter().all(|field| {
        let Shape::One(kind) = field.shape else { return false };
        match field.nullable.then(|| reader.long()) {
            None | Some(Some(1)) => reader.pass(kind).is_some(),
            Some(Some(0)) => true,
            Some(_) => false,
        }
    });
    read && reader.0.is_empty()
}

impl State {
    /// The platform event that may be published on a topic.
    pub(super) fn publishable(&mut self, topic: &str) -> Result<String, EventRefusal> {
        self.events.learn(&self.org, topic);
        match self.events.topic(&self.org, &self.auth.org_id, topic)? {
            Topic::Platform(name) => Ok(name),
            // assumed: status, code and wording; that change events cannot be published is documented
            Topic::Channel(_) | Topic::Entity(_) => {
                let message = format!("Publishing is not allowed on the topic {topic}.");
                Err(EventRefusal::new("PERMISSION_DENIED", "publish.topic.cannot.publish", message))
            }
        }
    }
}

impl SalesforceSim {
    /// Publishes a platform event from its values; answers the event's id.
    ///
    /// # Errors
    /// When there is no such event, or it has no such field.
    pub fn publish_event(&self, topic: &str, values: &Map<String, Value>) -> Result<String, String> {
        let Some(Topic::Platform(name)) = channels::parse(topic) else {
            return Err(format!("{topic} is not the topic of a platform event (/event/…__e)"));
        };
        let now = self.0.clock.now();
        let mut state = self.state();
        let user = std::sync::Arc::clone(&state.integration);
        state.events.publish_values(&name, values, &user, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_events_of_the_schema_are_taken() {
        let fields = [("Number__c".to_owned(), Type::String), ("Paid__c".to_owned(), Type::Boolean)];
        let schema = schema::platform_event("Order__e", &fields);
        let mut event = Vec::new();
        avro::long(&mut event, 1_700_000_000_000);
        avro::string(&mut event, "005000000000001AAA");
        avro::nullable(&mut event, Type::String, &Value::String("A-1".into()));
        avro::nullable(&mut event, Type::Boolean, &Value::Null);
        assert!(fits(&schema, &event));
        assert!(!fits(&schema, &event[..event.len() - 1]), "cut short");
        event.push(0);
        assert!(!fits(&schema, &event), "too long");
        assert!(!fits(&schema, b"\xff\xff\xff"), "garbage");
    }
}
