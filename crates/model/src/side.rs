//! The two sides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// HubSpot.
    HubSpot,
    /// Salesforce.
    Salesforce,
}

impl Side {
    /// The side across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::HubSpot => Self::Salesforce,
            Self::Salesforce => Self::HubSpot,
        }
    }

    /// The name in the store and in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HubSpot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HubSpot => "HubSpot",
            Self::Salesforce => "Salesforce",
        })
    }
}

/// One thing for each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides<T> {
    /// HubSpot's.
    pub hubspot: T,
    /// Salesforce's.
    pub salesforce: T,
}

impl<T> Sides<T> {
    /// The one of `side`.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    /// The one of `side`, to be changed.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }

    /// Whether nothing has been said for either side.
    pub fn is_default(&self) -> bool
    where
        T: Default + PartialEq,
    {
        self.hubspot == T::default() && self.salesforce == T::default()
    }

    /// The sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { hubspot: self.salesforce, salesforce: self.hubspot }
    }
}
