//! HubSpot: every value is a text, nothing is null or an empty text.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Unreadable, number, unreadable};
use crate::{Field, Kind, Value};

/// Reads a property value as HubSpot answers it.
///
/// # Errors
/// When the text is not what the property's type allows.
pub fn from_hubspot(field: &Field, raw: Option<&str>) -> Result<Value, Unreadable> {
    let Some(text) = raw.filter(|text| !text.trim().is_empty()) else { return Ok(Value::Blank) };
    let word = text.trim();
    let read = match &field.kind {
        Kind::Text { .. } => Some(Value::Text(text.to_owned())),
        Kind::Number { .. } => number(word).map(Value::number),
        Kind::Boolean => match word {
            "true" | "TRUE" | "yes" | "1" => Some(Value::Boolean(true)),
            "false" | "FALSE" | "no" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        Kind::Date => date(word).map(Value::Date),
        Kind::DateTime => moment(word).map(Value::DateTime),
        Kind::Choice(_) => Some(Value::Choice(word.to_owned())),
        Kind::MultiChoice(_) | Kind::References { .. } => {
            let chosen = word.split(';').map(str::trim).filter(|choice| !choice.is_empty());
            Some(Value::Choices(chosen.map(ToOwned::to_owned).collect()))
        }
        Kind::Reference { .. } => Some(Value::Reference(word.to_owned())),
    };
    read.ok_or_else(|| unreadable(field, text))
}

/// A property value as HubSpot takes it; an empty text clears.
#[must_use]
pub fn to_hubspot(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (Kind::Date, Value::DateTime(at)) => at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().to_string(),
        (_, Value::DateTime(at)) => at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        _ => value.to_string(),
    }
}

/// A day: ISO, or milliseconds at midnight in UTC.
fn date(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    moment(text).map(|at| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date())
}

/// A moment: ISO, or milliseconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}
