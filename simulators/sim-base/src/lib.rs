//! What both simulators need and neither platform has: a clock that can be driven, faults on demand, counters, and a
//! server that can break connections.
//!
//! Nothing here knows HubSpot or Salesforce, and nothing here is shared with the API clients: a mistake made
//! in a client must not be able to hide behind the same mistake in its simulator.

mod clock;
mod faults;
mod gate;
pub mod people;
mod serve;
mod stats;
mod switches;
mod tls;
mod wire;

pub use clock::{Clock, ClockChange, ClockShown};
pub use faults::{CdcFaults, Fault, FaultKind, FaultPlan, FaultRule, Faults, WebhookFaults};
pub use gate::{HalfBatch, Words, is_own, through};
pub use serve::serve;
pub use stats::{Stats, StatsSnapshot, WriteCounts, WriteKind};
pub use switches::{Switched, strict, switch, switched};
pub use tls::{Tls, TlsError};
pub use wire::{ConnectionLost, lost_connection, page, unanswered};
