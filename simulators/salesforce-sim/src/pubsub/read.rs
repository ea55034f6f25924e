//! Reading the stream: topics, where to start, and what is delivered.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::Events;
use super::bus::{self, Event};
use super::channels::{self, ALL, Topic};
use super::schema::{self, EventSchema};
use crate::org::Org;
use crate::{Limits, SalesforceSim, State};

/// Deliveries that a Developer Edition org allows in any 24 hours.
pub(crate) const DAILY_DELIVERIES: u64 = 10_000;
/// A batch of events holds about so many bytes at most.
const LARGEST_BATCH: usize = 3_000_000;

/// Where to start reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// After everything that has been published.
    Latest,
    /// With the oldest event that is kept.
    Earliest,
    /// With the event after the one with this replay id.
    After(Vec<u8>),
}

/// An event as a subscriber gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredEvent {
    /// Where it stands in the stream.
    pub replay_id: Vec<u8>,
    /// Its own id.
    pub id: String,
    /// The schema that it is written with.
    pub schema_id: String,
    /// The event in Avro.
    pub payload: Bytes,
}

/// What one look at the stream has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBatch {
    /// Oldest first.
    pub events: Vec<DeliveredEvent>,
    /// Where to read on.
    pub latest_replay_id: Vec<u8>,
}

/// Why the Pub/Sub API refuses a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRefusal {
    /// The gRPC status by its name, such as `INVALID_ARGUMENT`.
    pub status: &'static str,
    /// The code of the trailer `error-code`.
    pub error_code: String,
    /// The explanation.
    pub message: String,
}

impl EventRefusal {
    /// `code` without what all codes begin with.
    pub(crate) fn new(status: &'static str, code: &str, message: impl Into<String>) -> Self {
        let error_code = format!("sfdc.platform.eventbus.grpc.{code}");
        Self { status, error_code, message: message.into() }
    }
}

/// The refusal of a replay id.
fn corrupted() -> EventRefusal {
    let message = "The Replay ID validation failed. Ensure that the Replay ID is valid and within the retention window \
                   of 72 hours.";
    EventRefusal::new("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted", message)
}

impl Events {
    /// The topic with this name, if there is one that may be read.
    pub(super) fn topic(&self, org: &Org, org_id: &str, name: &str) -> Result<Topic, EventRefusal> {
        if name.trim().is_empty() {
            let message = "The topic name can't be blank. Provide a topic name.";
            return Err(EventRefusal::new("INVALID_ARGUMENT", "topic.validation.empty", message));
        }
        let missing = || {
            let message = format!(
                "The topic information for org CORE/prod/{org_id} and topic {name} not found. Ensure the topic name is \
                 correct and that the topic exists."
            );
            EventRefusal::new("NOT_FOUND", "topic.not.found", message)
        };
        let topic = channels::parse(name).ok_or_else(missing)?;
        let exists = match &topic {
            Topic::Channel(channel) => self.channels.all().contains_key(channel),
            Topic::Entity(entity) => {
                self.channels.is_selected(entity)
                    && org.table(entity).is_some_and(|table| table.def.name == *entity)
            }
            Topic::Platform(event) => self.platform.contains_key(event),
        };
        if exists { Ok(topic) } else { Err(missing()) }
    }

    pub(super) fn may_read(&self, topic: &Topic) -> bool {
        !matches!(topic, Topic::Entity(entity) if self.channels.denied.contains(entity))
    }

    /// The schema that new events of a topic are written with.
    pub(super) fn topic_schema(&mut self, org: &Org, topic: &Topic) -> Option<Arc<EventSchema>> {
        match topic {
            Topic::Entity(entity) => self.schema_of(org, entity),
            Topic::Platform(event) => self.platform.get(event).cloned(),
            Topic::Channel(channel) => {
                let schema = Arc::new(schema::any_change_event(channel));
                self.schemas.insert(schema.id.clone(), Arc::clone(&schema));
                Some(schema)
            }
        }
    }

    fn wants(&self, topic: &Topic, source: &str) -> bool {
        match topic {
            Topic::Channel(channel) => {
                let member = self.channels.all().get(channel).is_some_and(|all| all.contains_key(source));
                member && !self.channels.denied.contains(source)
            }
            Topic::Entity(entity) => entity == source,
            Topic::Platform(event) => event == source,
        }
    }

    /// The place to read on from.
    pub(super) fn start(&mut self, replay: &Replay, now: Timestamp) -> Result<u64, EventRefusal> {
        self.bus.expire(now.as_millisecond());
        match replay {
            Replay::Latest => Ok(self.bus.tip()),
            Replay::Earliest => Ok(self.bus.earliest()),
            Replay::After(id) if id.is_empty() => {
                let message =
                    "A replay ID is required when the replay preset is CUSTOM. Provide a valid replay ID.";
                let code = "subscription.fetch.replayid.validation.failed";
                Err(EventRefusal::new("INVALID_ARGUMENT", code, message))
            }
            // Events are lost to whoever reads on, as if they had been away for too long.
            Replay::After(_) if self.dice.happens(self.dice.faults.replay_loss) => Err(corrupted()),
            Replay::After(id) => {
                bus::place(id).filter(|number| self.bus.holds(*number)).ok_or_else(corrupted)
            }
        }
    }

    /// Takes up to `max` events after a place, and says where to read on.
    pub(super) fn take(
        &mut self,
        topic: &Topic,
        from: u64,
        max: usize,
        limits: Limits,
        now: Timestamp,
    ) -> Result<(Vec<Event>, u64), EventRefusal> {
        self.bus.expire(now.as_millisecond());
        let (mut taken, mut at, mut bytes) = (Vec::new(), from, 0);
        for event in self.bus.after(from) {
            if taken.len() >= max || bytes > LARGEST_BATCH {
                break;
            }
            at = event.number;
            if self.wants(topic, &event.source) {
                bytes += event.payload.len();
                taken.push(event.clone());
            }
        }
        if taken.is_empty() {
            return Ok((taken, at));
        }
        if self.dice.happens(self.dice.faults.disconnect) {
            let message = "An internal error occurred. Retry the Subscribe RPC call.";
            return Err(EventRefusal::new("UNAVAILABLE", "subscription.internal.error", message));
        }
        let allowed =
            self.delivery_limit.or((limits == Limits::Real).then_some(DAILY_DELIVERIES)).unwrap_or(u64::MAX);
        let left = usize::try_from(allowed.saturating_sub(self.used(now))).unwrap_or(usize::MAX);
        if left == 0 {
            let message = "You have exceeded the event delivery limit for your org.";
            return Err(EventRefusal::new("RESOURCE_EXHAUSTED", "subscription.limit.exceeded", message));
        }
        if taken.len() > left {
            taken.truncate(left);
            at = taken.last().map_or(from, |event| event.number);
        }
        self.count(now, taken.len() as u64);
        Ok((taken, at))
    }

    /// Whether a topic has had anything since a place.
    pub(super) fn has_news(&self, topic: &Topic, from: u64) -> bool {
        self.bus.after(from).any(|event| self.wants(topic, &event.source))
    }

    /// Deliveries that are allowed and that are left, as `/limits` answers them.
    pub(crate) fn allowance(&mut self, now: Timestamp) -> (u64, u64) {
        let allowed = self.delivery_limit.unwrap_or(DAILY_DELIVERIES);
        (allowed, allowed.saturating_sub(self.used(now)))
    }

    /// Where a subscription that has seen everything stands.
    pub(super) fn latest(&mut self, now: Timestamp) -> u64 {
        self.bus.latest(now.as_millisecond())
    }

    /// A schema by its id.
    pub(super) fn schema(&self, id: &str) -> Option<&Arc<EventSchema>> {
        self.schemas.get(id)
    }
}

impl State {
    pub(super) fn subscribe(
        &mut self,
        name: &str,
        replay: &Replay,
        now: Timestamp,
    ) -> Result<(Topic, u64), EventRefusal> {
        self.events.learn(&self.org, name);
        let topic = self.events.topic(&self.org, &self.auth.org_id, name)?;
        if !self.events.may_read(&topic) {
            let message = "You don't have the permissions to subscribe to this topic.";
            let code = "subscription.topic.cannot.subscribe";
            return Err(EventRefusal::new("PERMISSION_DENIED", code, message));
        }
        Ok((topic, self.events.start(replay, now)?))
    }
}

impl From<Event> for DeliveredEvent {
    fn from(event: Event) -> Self {
        Self {
            replay_id: bus::replay_id(event.number),
            id: event.id,
            schema_id: event.schema_id.to_string(),
            payload: event.payload,
        }
    }
}

impl SalesforceSim {
    /// What a topic (`/data/ChangeEvents`, `/data/AccountChangeEvent`, …) has had since a place in the stream; at most
    /// `max` events. Reading with [`Replay::Latest`] answers no events and where to read on.
    ///
    /// # Errors
    /// What the Pub/Sub API would refuse a subscription with.
    pub fn events_since(&self, topic: &str, replay: &Replay, max: usize) -> Result<EventBatch, EventRefusal> {
        let now = self.0.clock.now();
        let mut state = self.state();
        let (topic, from) = state.subscribe(topic, replay, now)?;
        let limits = state.limits;
        let (events, at) = state.events.take(&topic, from, max, limits, now)?;
        let latest = if events.is_empty() && max > 0 { state.events.latest(now) } else { at };
        Ok(EventBatch {
            events: events.into_iter().map(DeliveredEvent::from).collect(),
            latest_replay_id: bus::replay_id(latest),
        })
    }

    /// The Avro schema with this id, in JSON.
    #[must_use]
    pub fn event_schema(&self, id: &str) -> Option<String> {
        self.state().events.schema(id).map(|schema| schema.json.clone())
    }

    /// The topic of all selected objects.
    #[must_use]
    pub fn all_changes_topic() -> String {
        format!("/data/{ALL}")
    }
}
