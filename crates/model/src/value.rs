//! Values, in the one form in which both sides can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The value of a field on one side.
///
/// Null, an empty text and a text of nothing but white space are all [`Value::Blank`].
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Nothing.
    #[default]
    Blank,
    /// A text, with the blanks around it that the platform keeps.
    Text(String),
    /// A number; `1`, `1.0` and `"1"` are one and the same.
    Number(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(Timestamp),
    /// One choice of a list, by the side's own value for it.
    Choice(String),
    /// Some choices of a list, or the ids of some records, in no order.
    Choices(BTreeSet<String>),
    /// Another record, by its id on this side.
    Reference(String),
}

/// Values by field name.
pub type Values = BTreeMap<String, Value>;

impl Value {
    /// A text, or nothing where it is blank.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.trim().is_empty() { Self::Blank } else { Self::Text(text.to_owned()) }
    }

    /// A number, without the zeros that say nothing.
    #[must_use]
    pub fn number(number: Decimal) -> Self {
        Self::Number(number.normalize())
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Blank => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Choices(choices) => choices.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Text(text) | Self::Choice(text) | Self::Reference(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(yes) => yes.fmt(f),
            Self::Date(date) => date.fmt(f),
            Self::DateTime(at) => at.fmt(f),
            Self::Choices(choices) => {
                f.write_str(&choices.iter().map(String::as_str).collect::<Vec<_>>().join(";"))
            }
        }
    }
}
