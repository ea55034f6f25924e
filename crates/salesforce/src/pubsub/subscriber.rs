//! Following a channel.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::error::EventError;
use super::event::ChangeEvent;
use super::schema::EventSchema;

/// Where a subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayFrom {
    /// With the next event.
    Latest,
    /// With the oldest event that is still kept.
    Earliest,
    /// After the place that this replay id names. Replay ids are opaque: keep and give back, nothing else.
    After(Vec<u8>),
}

/// An event as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// Where to read on after it.
    pub replay_id: Vec<u8>,
    /// The schema that it is written with.
    pub schema_id: String,
    /// The event in Avro.
    pub payload: Bytes,
}

/// Some events as they come; none, when the other side only says that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBatch {
    /// In the order of the stream.
    pub events: Vec<RawEvent>,
    /// Where to read on.
    pub latest_replay_id: Vec<u8>,
}

/// Where events come from.
pub trait EventWire: Send + Sync {
    /// Opens a subscription.
    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        from: ReplayFrom,
    ) -> BoxFuture<'a, Result<Box<dyn EventStream>, EventError>>;

    /// The schema with this id, in JSON.
    fn schema<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, EventError>>;
}

/// An open subscription.
pub trait EventStream: Send {
    /// Waits for the next batch; no more than `max` events are asked for at a time.
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<RawBatch, EventError>>;
}

/// An event that could not be read. Something has changed; only a poll can tell what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableEvent {
    /// Where to read on after it.
    pub replay_id: Vec<u8>,
    /// Why it could not be read.
    pub reason: String,
}

/// Some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBatch {
    /// In the order of the stream.
    pub events: Vec<ChangeEvent>,
    /// Those that could not be read.
    pub unreadable: Vec<UnreadableEvent>,
    /// Where to read on. To be kept even when there are no events: it grows old like any other.
    pub latest_replay_id: Vec<u8>,
}

/// Follows one channel at a time. It does not connect again by itself.
pub struct Subscriber {
    wire: Arc<dyn EventWire>,
    stream: Option<Box<dyn EventStream>>,
    /// By id; what cannot be parsed is remembered too, so that it is not asked for with every event.
    schemas: HashMap<String, Result<Arc<EventSchema>, String>>,
}

impl std::fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscriber").field("open", &self.stream.is_some()).finish_non_exhaustive()
    }
}

impl Subscriber {
    /// A subscriber that is not connected yet.
    #[must_use]
    pub fn new(wire: Arc<dyn EventWire>) -> Self {
        Self { wire, stream: None, schemas: HashMap::new() }
    }

    /// Puts another wire in place of the one before, as after the token was renewed. Schemas stay known.
    pub fn set_wire(&mut self, wire: Arc<dyn EventWire>) {
        self.wire = wire;
        self.stream = None;
    }

    /// Opens a subscription, and ends the one before.
    ///
    /// # Errors
    /// See [`EventError`]. Some refusals come with the first [`next`](Self::next) only.
    pub async fn open(&mut self, topic: &str, from: ReplayFrom) -> Result<(), EventError> {
        self.stream = None;
        self.stream = Some(self.wire.subscribe(topic, from).await?);
        Ok(())
    }

    /// Waits for the next events. An event that cannot be read does not stop the others.
    ///
    /// # Errors
    /// See [`EventError`]. The subscription has ended then; its last `latest_replay_id` says where to go on.
    pub async fn next(&mut self, max: u32) -> Result<EventBatch, EventError> {
        let stream = self.stream.as_mut().ok_or(EventError::Ended)?;
        let raw = match stream.next(max).await {
            Ok(raw) => raw,
            Err(error) => {
                self.stream = None;
                return Err(error);
            }
        };
        let mut batch =
            EventBatch { events: Vec::new(), unreadable: Vec::new(), latest_replay_id: raw.latest_replay_id };
        for event in raw.events {
            let read = match self.schema(&event.schema_id).await? {
                Ok(schema) => schema.read(&event.payload, event.replay_id.clone()),
                Err(reason) => Err(reason),
            };
            match read {
                Ok(read) => batch.events.push(read),
                Err(reason) => {
                    batch.unreadable.push(UnreadableEvent { replay_id: event.replay_id, reason });
                }
            }
        }
        Ok(batch)
    }

    async fn schema(&mut self, id: &str) -> Result<Result<Arc<EventSchema>, String>, EventError> {
        if let Some(known) = self.schemas.get(id) {
            return Ok(known.clone());
        }
        let json = match self.wire.schema(id).await {
            Ok(json) => json,
            Err(error) => {
                self.stream = None;
                return Err(error);
            }
        };
        let parsed = EventSchema::parse(&json).map(Arc::new);
        self.schemas.insert(id.to_owned(), parsed.clone());
        Ok(parsed)
    }
}
