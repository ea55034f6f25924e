//! What can go wrong between the account and the address it sends events to.

use serde::{Deserialize, Serialize};

/// How unreliable the sending of events is. All of it is drawn from the seed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
