//! The org's allowances.

use serde::Deserialize;

/// One of the org's allowances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Limit {
    /// The most.
    pub max: i64,
    /// What is left; may be negative.
    pub remaining: i64,
}
