//! Faults on demand: what to break, how often, from which seed (`POST /_sim/faults`).

mod rule;
mod streams;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use rule::{FaultKind, FaultRule};
pub use streams::{CdcFaults, WebhookFaults};

/// The body of `POST /_sim/faults`. It replaces the plan before it; an empty one heals everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// Where the chance comes from, so that a run can be had again.
    pub seed: u64,
    /// The rules for requests; the first that strikes decides.
    pub rules: Vec<FaultRule>,
    /// What happens to webhooks.
    pub webhooks: WebhookFaults,
    /// What happens to change events.
    pub cdc: CdcFaults,
    /// How much longer than usual a change takes to be found by a search.
    pub search_lag_ms: u64,
}

impl FaultPlan {
    /// Rules for requests, and nothing else.
    #[must_use]
    pub fn of_rules(seed: u64, rules: Vec<FaultRule>) -> Self {
        Self { seed, rules, ..Self::default() }
    }

    /// What is wrong with it, for whoever wrote it.
    ///
    /// # Errors
    /// When a chance is none.
    pub fn check(&self) -> Result<(), String> {
        self.webhooks.check()?;
        self.cdc.check()
    }
}

/// A rule that has struck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The rule's probability, which [`FaultKind::HalfBatch`] applies row by row.
    pub probability: f64,
}

/// The fault plan in force, with its source of chance.
#[derive(Debug)]
pub struct Faults(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    plan: FaultPlan,
    struck: Vec<u32>,
    chance: ChaCha8Rng,
    /// For what is sent rather than answered, so that one does not disturb the other's draws.
    stream: ChaCha8Rng,
}

impl Inner {
    fn new(plan: FaultPlan) -> Self {
        Self {
            struck: vec![0; plan.rules.len()],
            chance: ChaCha8Rng::seed_from_u64(plan.seed),
            stream: ChaCha8Rng::seed_from_u64(plan.seed ^ 0x57ea),
            plan,
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self(Mutex::new(Inner::new(FaultPlan::default())))
    }
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `plan` in force in place of the one before.
    pub fn set(&self, plan: FaultPlan) {
        *self.inner() = Inner::new(plan);
    }

    /// The plan in force.
    #[must_use]
    pub fn plan(&self) -> FaultPlan {
        self.inner().plan.clone()
    }

    /// The fault that strikes this request, if any. Each call draws anew.
    pub fn decide(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut guard = self.inner();
        let Inner { plan, struck, chance, .. } = &mut *guard;
        for (rule, struck) in plan.rules.iter().zip(struck) {
            if rule.times.is_some_and(|times| *struck >= times) || !rule.fits(method, path) {
                continue;
            }
            // A half-failed batch is drawn row by row, by the handler.
            let strikes =
                rule.fault == FaultKind::HalfBatch || chance.random_bool(rule.probability.clamp(0.0, 1.0));
            if strikes {
                *struck += 1;
                return Some(Fault { kind: rule.fault, probability: rule.probability });
            }
        }
        None
    }

    /// Whether a thing of this probability happens now to a row of a batch.
    pub fn happens(&self, probability: f64) -> bool {
        self.inner().chance.random_bool(probability.clamp(0.0, 1.0))
    }

    /// What happens to webhooks.
    #[must_use]
    pub fn webhooks(&self) -> WebhookFaults {
        self.inner().plan.webhooks
    }

    /// What happens to change events.
    #[must_use]
    pub fn cdc(&self) -> CdcFaults {
        self.inner().plan.cdc
    }

    /// How much longer than usual a change takes to be found by a search, in milliseconds.
    #[must_use]
    pub fn search_lag_ms(&self) -> u64 {
        self.inner().plan.search_lag_ms
    }

    /// Whether a thing of this probability happens now to an event that is sent. A chance of 0 draws nothing.
    pub fn strikes_event(&self, probability: f64) -> bool {
        probability > 0.0 && self.inner().stream.random_bool(probability.min(1.0))
    }

    /// A number from 0 to `most`, for delays and shuffles of what is sent.
    pub fn up_to(&self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.inner().stream.random_range(0..=most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_strikes_the_same_requests() {
        let rule = FaultRule {
            method: Some("POST".into()),
            path: Some("/batch/".into()),
            fault: FaultKind::status(503),
            probability: 0.5,
            times: Some(5),
        };
        let plan = FaultPlan::of_rules(7, vec![rule]);
        let draw = || {
            let faults = Faults::default();
            faults.set(plan.clone());
            (0..40).map(|_| faults.decide(&Method::POST, "/x/batch/read").is_some()).collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert_eq!(first.iter().filter(|struck| **struck).count(), 5);
    }

    #[test]
    fn other_routes_are_spared() {
        let faults = Faults::default();
        let rule = FaultRule {
            method: None,
            path: Some("/crm".into()),
            fault: FaultKind::LostBefore,
            probability: 1.0,
            times: None,
        };
        faults.set(FaultPlan::of_rules(1, vec![rule]));
        assert!(faults.decide(&Method::GET, "/oauth").is_none());
        assert!(faults.decide(&Method::GET, "/crm/v3").is_some());
    }

    #[test]
    fn what_is_sent_has_a_chance_of_its_own() {
        let faults = Faults::default();
        let plan = FaultPlan {
            seed: 3,
            webhooks: WebhookFaults { loss: 0.5, ..WebhookFaults::default() },
            ..FaultPlan::default()
        };
        let draw = |events: usize| {
            faults.set(plan.clone());
            for _ in 0..events {
                faults.strikes_event(faults.webhooks().loss);
            }
            (0..20).map(|_| faults.happens(0.5)).collect::<Vec<_>>()
        };
        assert_eq!(draw(0), draw(9));
    }

    #[test]
    fn a_plan_with_an_unknown_key_or_no_chance_is_refused() {
        assert!(serde_json::from_str::<FaultPlan>(r#"{"rule": []}"#).is_err());
        assert!(serde_json::from_str::<FaultPlan>(r#"{"webhooks": {"lost": 1}}"#).is_err());
        let plan: FaultPlan = serde_json::from_str(r#"{"cdc": {"gap": 1.5}}"#).unwrap_or_default();
        assert!(plan.check().is_err());
    }
}
