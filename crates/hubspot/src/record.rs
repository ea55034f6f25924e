//! A CRM record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::lenient;

/// A CRM record: a contact, a company, a deal or any other.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Record {
    /// Its id, unique within its object type.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Values by property name; `None` where HubSpot says there is no value.
    #[serde(default, deserialize_with = "lenient::values")]
    pub properties: BTreeMap<String, Option<String>>,
    /// Former values by property name, newest first.
    #[serde(default, rename = "propertiesWithHistory", deserialize_with = "lenient::or_default")]
    pub history: BTreeMap<String, Vec<HistoryEntry>>,
    /// When it was made.
    #[serde(default, rename = "createdAt", deserialize_with = "lenient::time")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, rename = "updatedAt", deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// Whether it is in the recycle bin.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// When it was put there.
    #[serde(default, rename = "archivedAt", deserialize_with = "lenient::time")]
    pub archived_at: Option<Timestamp>,
    /// In answers to writes: whether this write made it, where HubSpot says.
    #[serde(default, rename = "new", deserialize_with = "lenient::or_default")]
    pub created: Option<bool>,
    /// In answers to writes: the row's own mark.
    #[serde(default, rename = "objectWriteTraceId", deserialize_with = "lenient::optional_text")]
    pub trace_id: Option<String>,
}

/// One former (or present) value of a property.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct HistoryEntry {
    /// The value.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub value: Option<String>,
    /// When it was set.
    #[serde(default, deserialize_with = "lenient::time")]
    pub timestamp: Option<Timestamp>,
    /// What kind of thing set it, such as `INTEGRATION` or `CRM_UI`.
    #[serde(default, rename = "sourceType", deserialize_with = "lenient::optional_text")]
    pub source_type: Option<String>,
    /// Which one: an app's id, or `userId:N`.
    #[serde(default, rename = "sourceId", deserialize_with = "lenient::optional_text")]
    pub source_id: Option<String>,
    /// Its name.
    #[serde(default, rename = "sourceLabel", deserialize_with = "lenient::optional_text")]
    pub source_label: Option<String>,
    /// The user behind it.
    #[serde(default, rename = "updatedByUserId", deserialize_with = "lenient::optional_text")]
    pub updated_by_user_id: Option<String>,
}

impl Record {
    /// A property's value, where it has one that is not empty.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property)?.as_deref().filter(|value| !value.is_empty())
    }
}
