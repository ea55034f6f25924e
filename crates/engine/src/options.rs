//! What a running engine is told besides a connection's settings.

use std::time::Duration;

use model::{Side, Sides};

use crate::Plant;

/// How often to look, how far back, how much at once, how long to wait after a failure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Time between two polls of each side.
    pub poll_interval: Sides<Duration>,
    /// How far behind its cursor each poll starts: longer than HubSpot's search index and long Salesforce
    /// transactions lag behind.
    pub overlap: Sides<Duration>,
    /// Marks worked on at once.
    pub batch: usize,
    /// Wait after the first failure of a record; it doubles with each further one.
    pub first_retry: Duration,
    /// The longest wait between two tries of a failing record.
    pub longest_retry: Duration,
    /// A mistake planted on purpose; never set outside the simulation.
    pub plant: Option<Plant>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            poll_interval: Sides { hubspot: Duration::from_secs(10), salesforce: Duration::from_secs(30) },
            overlap: Sides { hubspot: Duration::from_secs(180), salesforce: Duration::from_secs(120) },
            batch: 1000,
            first_retry: Duration::from_secs(30),
            longest_retry: Duration::from_secs(6 * 3600),
            plant: None,
        }
    }
}

impl Options {
    /// How far behind its cursor a poll of `side` starts.
    #[must_use]
    pub fn overlap_of(&self, side: Side) -> Duration {
        if self.plant == Some(Plant::NoOverlap) { Duration::ZERO } else { *self.overlap.get(side) }
    }

    /// How long a record that has failed `tries` times waits.
    #[must_use]
    pub fn retry_delay(&self, tries: u32) -> Duration {
        let doubled = self.first_retry.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(20)));
        doubled.min(self.longest_retry)
    }

    pub(crate) fn planted(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }
}
