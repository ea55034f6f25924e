//! Writing many records at once, each row with its own outcome.

use std::collections::BTreeMap;

use crate::{ApiError, AssociationType, Error, Record};

/// One row to write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchInput {
    /// The row's own mark, unique within the call; one is made up where it is empty.
    pub trace_id: String,
    /// Update: the record's id. Upsert: the value of `id_property`. Create: none.
    pub id: Option<String>,
    /// The unique property that `id` is a value of; record ids where none.
    pub id_property: Option<String>,
    /// Values to set; an empty text clears.
    pub properties: BTreeMap<String, String>,
    /// Create only: what the new record is linked to.
    pub associations: Vec<NewAssociation>,
}

/// A link that a new record is born with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewAssociation {
    /// The record linked to.
    pub to_id: String,
    /// The kinds of link.
    pub types: Vec<AssociationType>,
}

/// What became of one row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Written.
    Ok(Record),
    /// Refused for a reason of its own; nothing of it was written.
    Err(Box<RowError>),
    /// It may or may not have been written: the answer was lost, or did not mention the row.
    Unknown {
        /// Why it is not known.
        reason: String,
    },
    /// Certainly not written, for a reason that has nothing to do with the row (limit used up, token refused,
    /// HubSpot out of reach). It can be sent again when that is over.
    NotSent(Error),
}

/// Why HubSpot refused a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowError {
    /// HubSpot's category, such as `VALIDATION_ERROR` or `CONFLICT`.
    pub category: Option<String>,
    /// HubSpot's message.
    pub message: String,
    /// The id that HubSpot's support can look up.
    pub correlation_id: Option<String>,
    /// Codes of the single complaints, such as `INVALID_OPTION`.
    pub codes: Vec<String>,
    /// The properties complained about, where named.
    pub properties: Vec<String>,
    /// The record that already has the value this row wanted for itself.
    pub existing_id: Option<String>,
    /// All of what HubSpot said.
    pub api: ApiError,
}
