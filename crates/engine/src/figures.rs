//! What a run has done so far, side by side.

use std::sync::{Mutex, PoisonError};

use model::Side;
use serde::{Deserialize, Serialize};

/// What was done on one side.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideFigures {
    /// Rows read while looking for changes.
    pub read: u64,
    /// Records created there.
    pub created: u64,
    /// Records updated there.
    pub updated: u64,
    /// Records put into the recycle bin there.
    #[serde(default)]
    pub deleted: u64,
    /// Records of this side that were left alone on purpose.
    pub skipped: u64,
    /// Records of this side that could not be synced.
    pub failed: u64,
    /// API calls.
    pub calls: u64,
}

/// What a run has done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Pairs newly linked, created ones included.
    pub linked: u64,
    /// On the HubSpot side.
    pub hubspot: SideFigures,
    /// On the Salesforce side.
    pub salesforce: SideFigures,
}

impl Figures {
    /// The figures of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideFigures {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut SideFigures {
        match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }
}

/// Figures that grow while the engine works.
#[derive(Debug, Default)]
pub(crate) struct Counter(Mutex<Figures>);

impl Counter {
    pub fn add(&self, side: Side, change: impl FnOnce(&mut SideFigures)) {
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).side_mut(side));
    }

    pub fn linked(&self, pairs: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).linked += pairs;
    }

    pub fn now(&self) -> Figures {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
