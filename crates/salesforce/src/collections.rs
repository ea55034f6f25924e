//! Writing many records at once, each row with its own outcome.

use crate::{Error, ErrorDetail};

/// Why Salesforce refused a row: one complaint.
pub type RowError = ErrorDetail;

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether one bad row undoes the others of its request (of up to 200 rows).
    pub all_or_none: bool,
    /// Whether to save in spite of duplicate rules that only warn.
    pub allow_duplicates: bool,
}

/// What became of one row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Written.
    Ok {
        /// The record.
        id: String,
        /// Whether it is new, where Salesforce says.
        created: Option<bool>,
    },
    /// Refused for reasons of its own; nothing of it was written.
    Err(Vec<RowError>),
    /// It may or may not have been written: the answer was lost.
    Unknown {
        /// Why it is not known.
        reason: String,
    },
    /// Certainly not written, for a reason that has nothing to do with the row (limit used up, login refused,
    /// Salesforce out of reach). It can be sent again when that is over.
    NotSent(Error),
}
