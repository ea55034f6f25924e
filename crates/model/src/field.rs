//! Fields as a platform describes them, in the terms that both share.

use serde::{Deserialize, Serialize};

/// A HubSpot property or a Salesforce field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Internal (API) name.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// What it can hold.
    pub kind: Kind,
    /// Whether it can be written.
    pub access: Access,
    /// Whether a new record must have it.
    pub required: bool,
    /// Whether no two records may share a value.
    pub unique: bool,
}

/// What the owners of HubSpot records are targets of: they are people rather than records.
pub const OWNERS: &str = "owners";

impl Field {
    /// Whether it names a person (or queue) rather than a record.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        match &self.kind {
            Kind::Reference { targets } => is_owner(targets),
            _ => false,
        }
    }
}

/// Whether these targets are people rather than records.
#[must_use]
pub fn is_owner(targets: &[String]) -> bool {
    targets.iter().any(|target| matches!(target.as_str(), OWNERS | "User" | "Group"))
}

/// Whether a field can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Never: a formula, a roll-up, an automatic number, or no permission.
    ReadOnly,
    /// Only when the record is made.
    CreateOnly,
    /// At any time.
    ReadWrite,
}

/// What a field can hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// Text.
    Text {
        /// The most characters it takes.
        max_length: Option<usize>,
        /// What kind of text.
        format: TextFormat,
    },
    /// A number.
    Number {
        /// The most digits before the point.
        integer_digits: Option<u32>,
        /// Digits kept after the point.
        decimals: Option<u32>,
    },
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// One of a list.
    Choice(ChoiceList),
    /// Some of a list.
    MultiChoice(ChoiceList),
    /// Another record.
    Reference {
        /// The objects it may be of.
        targets: Vec<String>,
    },
    /// Any number of other records, for example the contacts of a deal.
    References {
        /// The objects they may be of.
        targets: Vec<String>,
    },
}

impl Kind {
    /// The kind in a word, for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text { format: TextFormat::Rich, .. } => "formatted text",
            Self::Text { .. } => "text",
            Self::Number { .. } => "number",
            Self::Boolean => "yes/no",
            Self::Date => "date",
            Self::DateTime => "date and time",
            Self::Choice(_) => "single choice",
            Self::MultiChoice(_) => "multiple choice",
            Self::Reference { .. } => "reference",
            Self::References { .. } => "references",
        }
    }
}

/// What kind of text a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextFormat {
    /// One line.
    Plain,
    /// An email address; both platforms keep it in lower case.
    Email,
    /// A phone number.
    Phone,
    /// A web address.
    Url,
    /// Several lines.
    Long,
    /// Several lines with their formatting, as HTML.
    Rich,
}

/// The choices of a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChoiceList {
    /// Those listed.
    pub options: Vec<ChoiceOption>,
    /// Whether others are refused.
    pub restricted: bool,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceOption {
    /// What records hold.
    pub value: String,
    /// What people see.
    pub label: String,
    /// Whether it is still offered.
    pub active: bool,
}
