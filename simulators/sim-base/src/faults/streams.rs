//! What goes wrong with what a platform sends by itself: webhooks and change events.

use serde::{Deserialize, Serialize};

/// What happens to webhooks on their way. Chances go from 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookFaults {
    /// Where chance comes from.
    pub seed: u64,
    /// The chance that an event is never sent.
    pub loss: f64,
    /// The chance that an event is sent twice.
    pub duplication: f64,
    /// The chance that an event is held back by up to `reorder_ms` more, so that later ones overtake it.
    pub reordering: f64,
    /// How long a held-back event waits at most, in milliseconds.
    pub reorder_ms: i64,
    /// The shortest and the longest time between what happened and its first sending, in milliseconds.
    pub delay_ms: (i64, i64),
}

/// What happens to change events on their way. Each is a chance from 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CdcFaults {
    /// That a change is told as a gap event: which record, and not what has changed.
    pub gap: f64,
    /// That a transaction is told as an overflow event: the object only.
    pub overflow: f64,
    /// That a change is never told.
    pub loss: f64,
    /// That an event is sent twice.
    pub duplication: f64,
    /// That a subscriber's replay id is no longer known, as after the time events are kept.
    pub replay_loss: f64,
}

impl WebhookFaults {
    pub(super) fn check(&self) -> Result<(), String> {
        chances([
            ("webhooks.loss", self.loss),
            ("webhooks.duplication", self.duplication),
            ("webhooks.reordering", self.reordering),
        ])
    }
}

impl CdcFaults {
    pub(super) fn check(&self) -> Result<(), String> {
        chances([
            ("cdc.gap", self.gap),
            ("cdc.overflow", self.overflow),
            ("cdc.loss", self.loss),
            ("cdc.duplication", self.duplication),
            ("cdc.replay_loss", self.replay_loss),
        ])
    }
}

fn chances<const N: usize>(all: [(&str, f64); N]) -> Result<(), String> {
    for (name, chance) in all {
        if !(0.0..=1.0).contains(&chance) {
            return Err(format!("{name} is a chance from 0 to 1, not {chance}"));
        }
    }
    Ok(())
}
