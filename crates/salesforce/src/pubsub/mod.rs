//! Change events: a subscriber of Salesforce's Pub/Sub API.
//!
//! What an event says is a hint, never an order: which records changed, and which of their fields. The subscriber reads
//! events through an [`EventWire`], so that they can come from the network ([`GrpcEvents`]) or, in a test, from memory.
//! When to connect again, and from where, is for the caller to decide; [`EventError`] says what it needs to know.

mod error;
mod event;
mod grpc;
mod names;
mod schema;
mod subscriber;
#[cfg(test)]
mod tests;

pub use error::EventError;
pub use event::{ChangeEvent, ChangeType};
pub use grpc::{GrpcEvents, PUBSUB_ENDPOINT, PubSubAccess};
pub use subscriber::{
    EventBatch, EventStream, EventWire, RawBatch, RawEvent, ReplayFrom, Subscriber, UnreadableEvent,
};

/// The most events that may be outstanding on one subscription.
pub const MOST_OUTSTANDING: u32 = 100;
