//! Links between records.

use serde::{Deserialize, Serialize};

use crate::{ApiError, lenient};

/// A kind of link.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssociationType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED` or `WORK`.
    pub category: String,
    /// The kind's number; each direction has its own.
    #[serde(rename = "typeId")]
    pub type_id: u32,
    /// Its name; the plain kinds have none.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub label: Option<String>,
}

/// A record linked to, with all kinds of link to it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AssociatedTo {
    /// The other record.
    #[serde(rename = "toObjectId", deserialize_with = "lenient::text")]
    pub id: String,
    /// How it is linked.
    #[serde(default, rename = "associationTypes", deserialize_with = "lenient::or_default")]
    pub types: Vec<AssociationType>,
}

/// A link to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Association {
    /// The record it starts from.
    pub from: String,
    /// The record it leads to.
    pub to: String,
    /// `HUBSPOT_DEFINED`, …
    pub category: String,
    /// The kind's number in this direction.
    pub type_id: u32,
}

/// Two records, whatever links them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssociationPair {
    /// The record it starts from.
    pub from: String,
    /// The record it leads to.
    pub to: String,
}

/// A link that could not be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssociationFailure {
    /// Where the link would have started, where HubSpot says.
    pub from: Option<String>,
    /// Where it would have led, where HubSpot says.
    pub to: Option<String>,
    /// What HubSpot said.
    pub error: ApiError,
}
