//! Values in a form that compares as the platform compares them.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use serde_json::Value;

use super::{data::FieldKind, dates, ids};

/// A value to compare, sort or group by. Only keys of one field ever meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// nothing
    Null,
    /// false before true
    Bool(bool),
    /// a number
    Number(Number),
    /// milliseconds or the ordinal of a day
    Time(i64),
    /// text, folded where case does not matter; ids in 15 characters
    Text(String),
}

/// A number with a total order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub f64);

impl Number {
    /// As JSON: whole numbers without a fraction.
    pub(super) fn to_value(self) -> Value {
        let whole = self.0 as i64;
        if whole as f64 == self.0 { Value::from(whole) } else { Value::from(self.0) }
    }

    fn plain(self) -> f64 {
        // minus nought is nought
        if self.0 == 0.0 { 0.0 } else { self.0 }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.plain().total_cmp(&other.plain())
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain().to_bits().hash(state);
    }
}

/// The key of a value in wire form.
pub(super) fn of(value: &Value, kind: FieldKind, case_sensitive: bool) -> Key {
    let text = match value {
        Value::Null => return Key::Null,
        Value::Bool(yes) => return Key::Bool(*yes),
        Value::Number(number) => {
            return number.as_f64().map_or(Key::Null, |number| Key::Number(Number(number)));
        }
        Value::String(text) => text,
        other => return Key::Text(other.to_string()),
    };
    match kind {
        // an empty text is none
        _ if text.is_empty() => Key::Null,
        FieldKind::Id | FieldKind::Reference => Key::Text(ids::stored(text).to_owned()),
        FieldKind::Date => dates::wire_day(text).map_or(Key::Null, Key::Time),
        FieldKind::DateTime => dates::millis(text).map_or(Key::Null, Key::Time),
        _ if case_sensitive => Key::Text(text.clone()),
        _ => Key::Text(fold(text)),
    }
}

/// Text without its case.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Whether a text folds to that one; without a copy in the usual case.
pub(super) fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { text.to_lowercase() == folded }
}
