//! The real engine with both simulators in one thread, on a paused clock: what the seeded histories and the table of
//! behaviour are played on.

pub mod memory;
pub mod profile;
pub mod world;
