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

impl Row {
    pub(crate) fn from_json(value: Value) -> Self {
        let object = value.pointer("/attributes/type").and_then(Value::as_str).map(str::to_owned);
        let fields = match plain(value) {
            Value::Object(fields) => fields,
            _ => Fields::new(),
        };
        let id = fields.get("Id").and_then(Value::as_str).map(str::to_owned);
        Self { object, id, fields }
    }
}

/// Without `attributes`, and with the rows of a subquery as a list.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            // A subquery with further pages stays as it is, so that nobody takes its first page for all.
            if map.get("done") == Some(&Value::Bool(true))
                && map.contains_key("totalSize")
                && let Some(Value::Array(records)) = map.get_mut("records").map(Value::take)
            {
                return records.into_iter().map(plain).collect();
            }
            map.shift_remove("attributes");
            Value::Object(map.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
        Value::Array(list) => list.into_iter().map(plain).collect(),
        other => other,
    }
}
