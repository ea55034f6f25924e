//! What kind of history a seed is: how much goes wrong, how hints travel, how often the engine dies.

use std::time::Duration;

use jiff::SignedDuration;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sim_base::{FaultKind, FaultPlan, FaultRule};

/// How hints (webhooks, change events) reach the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hints {
    /// Many are lost; polls carry what they do not.
    Lossy,
    /// All arrive, late and often twice; polls are hours apart.
    Reliable,
    /// Each arrives once, at once; polls are hours apart. One that comes while its record is being worked on is the last
    /// word about that edit.
    Once,
}

/// The kind of a history.
#[derive(Debug, Clone)]
pub struct Profile {
    /// How hints travel.
    pub hints: Hints,
    /// Time between two polls of HubSpot and of Salesforce.
    pub poll: [Duration; 2],
    /// How long a change takes to be found by a search.
    pub search_lag: SignedDuration,
    /// How often each thing goes wrong while people are at work; nothing does in a calm.
    pub faults: FaultPlan,
    /// Whether the engine is killed right after the effect of a create.
    pub kill_after_create: bool,
    /// How often the engine is killed at a moment of its own.
    pub kills: u32,
    /// How many storms there are, each with a calm after it.
    pub epochs: u32,
    /// Edits in each storm.
    pub edits: u32,
    /// People that there are at the beginning.
    pub people: u32,
    /// Where chance comes from.
    pub seed: u64,
}

impl Profile {
    /// Nothing goes wrong, and a search finds at once what was written.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        Self {
            hints: Hints::Lossy,
            poll: [Duration::from_secs(10), Duration::from_secs(30)],
            search_lag: SignedDuration::ZERO,
            faults: FaultPlan::default(),
            kill_after_create: false,
            kills: 0,
            epochs: 0,
            edits: 0,
            people: 0,
            seed,
        }
    }

    /// The kind of history that a seed is.
    pub fn draw(seed: u64, chance: &mut ChaCha8Rng) -> Self {
        let hints = match chance.random_range(0..100) {
            0..25 => Hints::Reliable,
            25..40 => Hints::Once,
            _ => Hints::Lossy,
        };
        let stormy = chance.random_bool(0.6);
        let poll = match hints {
            Hints::Reliable | Hints::Once => [Duration::from_secs(6 * 3600); 2],
            Hints::Lossy => [
                Duration::from_secs(chance.random_range(5..60)),
                Duration::from_secs(chance.random_range(10..90)),
            ],
        };
        let kill_after_create = chance.random_bool(0.4);
        let rule = |path: Option<&str>, fault: FaultKind, probability: f64| FaultRule {
            method: None,
            path: path.map(ToOwned::to_owned),
            fault,
            probability,
            times: None,
        };
        let rules = if stormy {
            vec![
                rule(Some("/batch/upsert"), FaultKind::LostAfter, 0.15),
                rule(Some("/batch/create"), FaultKind::LostAfter, 0.15),
                rule(Some("/composite/sobjects"), FaultKind::LostAfter, 0.15),
                rule(None, FaultKind::LostAfter, 0.02),
                rule(None, FaultKind::LostBefore, 0.02),
                rule(None, FaultKind::status(503), 0.02),
                rule(None, FaultKind::status(500), 0.01),
                rule(None, FaultKind::status(429), 0.02),
                rule(Some("/batch/"), FaultKind::HalfBatch, 0.1),
                rule(Some("/composite/sobjects"), FaultKind::HalfBatch, 0.1),
            ]
        } else {
            Vec::new()
        };
        Self {
            hints,
            poll,
            search_lag: SignedDuration::from_millis(chance.random_range(0..45_000)),
            faults: FaultPlan::of_rules(seed, rules),
            kill_after_create,
            kills: if chance.random_bool(0.5) { chance.random_range(1..4) } else { 0 },
            epochs: chance.random_range(2..4),
            edits: chance.random_range(6..24),
            people: chance.random_range(3..9),
            seed,
        }
    }
}
