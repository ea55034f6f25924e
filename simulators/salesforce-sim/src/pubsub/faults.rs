//! What can be made to go wrong with events.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sim_base::FaultPlan;

use crate::SalesforceSim;

/// How often events go wrong, each from 0 to 1. An empty object heals everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CdcFaults {
    /// The same seed strikes the same events.
    pub seed: u64,
    /// An event is never published.
    pub drop: f64,
    /// An event is published twice, with two replay ids.
    pub duplicate: f64,
    /// An event is replaced by a gap event: the header alone, without values.
    pub gap: f64,
    /// All events of an object in one transaction are replaced by one overflow event.
    pub overflow: f64,
    /// A call is refused as if the service were down.
    pub unavailable: f64,
    /// An open subscription breaks before it delivers.
    pub disconnect: f64,
    /// A subscription's replay id is no longer known, as after the time that events are kept.
    pub replay_loss: f64,
    /// Once, now: the stream is reset, and no replay id of before is valid any more.
    pub lose_replay: bool,
}

impl SalesforceSim {
    /// Puts in force what a fault plan says of change events.
    pub(crate) fn break_events(&self, plan: &FaultPlan) {
        let FaultPlan { seed, cdc, .. } = plan;
        let faults = CdcFaults {
            seed: *seed,
            drop: cdc.loss,
            duplicate: cdc.duplication,
            gap: cdc.gap,
            overflow: cdc.overflow,
            replay_loss: cdc.replay_loss,
            ..CdcFaults::default()
        };
        self.state().events.dice = Dice::new(faults);
    }
}

/// The faults at work.
#[derive(Debug)]
pub(crate) struct Dice {
    pub faults: CdcFaults,
    chance: ChaCha8Rng,
}

impl Dice {
    pub fn new(faults: CdcFaults) -> Self {
        Self { chance: ChaCha8Rng::seed_from_u64(faults.seed), faults }
    }

    /// Whether something of this probability happens. What never happens draws nothing.
    pub fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.chance.random_range(0.0..1.0) < probability
    }
}
