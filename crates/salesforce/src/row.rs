//! A record as a query or read returns it.

use serde_json::{Map, Value};

/// Values by field name.
pub type Fields = Map<String, Value>;

/// A record as a query or read returns it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// The object it is of.
    pub object: Option<String>,
    /// Its id, where asked for.
    pub id: Option<String>,
    /// All values, without `attributes`. Rows reached through a relationship are objects in here, also without
    /// `attributes`; those of a subquery are lists.
    pub fields: Fields,
}

impl Row {
    /// A value by field name; `Account.Name` reaches through a relationship. None where absent or null.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.fields.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part)).filter(|value| !value.is_null())
    }

    /// A text value.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str()
    }
}
