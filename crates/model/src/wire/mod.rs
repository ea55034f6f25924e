//! Values as each platform writes and reads them.

use rust_decimal::Decimal;

mod hubspot;
mod salesforce;

pub use hubspot::{from_hubspot, to_hubspot};
pub use salesforce::{from_salesforce, salesforce_time, to_salesforce};

/// A platform answered something that its own description of the field does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{field}' holds '{raw}', which is no {expected}")]
pub struct Unreadable {
    /// The field.
    pub field: String,
    /// What was answered.
    pub raw: String,
    /// What was expected.
    pub expected: &'static str,
}

pub(crate) fn unreadable(field: &crate::Field, raw: &str) -> Unreadable {
    Unreadable { field: field.name.clone(), raw: crate::convert::shorten(raw), expected: field.kind.word() }
}

/// A number in digits, or with an exponent.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    let scientific = || Decimal::from_scientific(text).ok().filter(|_| !text.contains('_'));
    crate::convert::number(text).or_else(scientific)
}
