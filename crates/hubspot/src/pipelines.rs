//! Pipelines and their stages.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lenient;

/// A pipeline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Id, the value that records hold.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Place among the others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub display_order: i64,
    /// Whether it is out of use.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// Its stages.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Id, the value that records hold.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Place among the others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub display_order: i64,
    /// Whether it is out of use.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// `isClosed` and `probability` of deals, `ticketState` of tickets.
    #[serde(default, deserialize_with = "lenient::values")]
    pub metadata: BTreeMap<String, Option<String>>,
}
