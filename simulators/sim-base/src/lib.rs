//! What both simulators need and neither platform has: a clock from outside, faults on demand, counters.
//!
//! Nothing here knows HubSpot or Salesforce, and nothing here is shared with the API clients: a mistake made
//! in a client must not be able to hide behind the same mistake in its simulator.

mod clock;
mod faults;
pub mod people;
mod stats;

pub use clock::Clock;
pub use faults::{ConnectionLost, Fault, FaultKind, FaultPlan, FaultRule, Faults, lost_connection};
pub use stats::{Stats, StatsSnapshot, WriteCounts, WriteKind};
