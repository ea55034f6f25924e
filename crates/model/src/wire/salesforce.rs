//! Salesforce: JSON values, nothing is null; moments as `2026-11-24T00:00:00.000+0000`.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::{Unreadable, number as decimal, unreadable};
use crate::{Field, Kind, Value, salesforce_id_18};

/// Reads a field value as Salesforce answers it.
///
/// # Errors
/// When the value is not what the field's type allows.
pub fn from_salesforce(field: &Field, raw: &Json) -> Result<Value, Unreadable> {
    let read = match (&field.kind, raw) {
        (_, Json::Null) => Some(Value::Blank),
        (_, Json::String(text)) if text.trim().is_empty() => Some(Value::Blank),
        (Kind::Boolean, Json::Bool(yes)) => Some(Value::Boolean(*yes)),
        (Kind::Number { .. }, Json::Number(number)) => decimal(&number.to_string()).map(Value::number),
        (Kind::Number { .. }, Json::String(text)) => decimal(text.trim()).map(Value::number),
        (Kind::Date, Json::String(text)) => {
            // A moment may stand where a day is expected; anything else behind the day is not one.
            let day = text.split_once('T').map_or(text.as_str(), |(day, _)| day);
            day.trim().parse::<Date>().ok().map(Value::Date)
        }
        (Kind::DateTime, Json::String(text)) => salesforce_time(text).map(Value::DateTime),
        (Kind::Choice(_), Json::String(text)) => Some(Value::Choice(text.clone())),
        (Kind::MultiChoice(_) | Kind::References { .. }, Json::String(text)) => {
            let chosen = text.split(';').map(str::trim).filter(|choice| !choice.is_empty());
            Some(Value::Choices(chosen.map(ToOwned::to_owned).collect()))
        }
        (Kind::Reference { .. }, Json::String(text)) => {
            Some(Value::Reference(salesforce_id_18(text).unwrap_or_else(|| text.clone())))
        }
        (Kind::Text { .. }, Json::String(text)) => Some(Value::Text(text.clone())),
        (Kind::Text { .. }, Json::Number(number)) => Some(Value::Text(number.to_string())),
        (Kind::Text { .. }, Json::Bool(yes)) => Some(Value::Text(yes.to_string())),
        _ => None,
    };
    read.ok_or_else(|| unreadable(field, &raw.to_string()))
}

/// A field value as Salesforce takes it; null clears.
#[must_use]
pub fn to_salesforce(field: &Field, value: &Value) -> Json {
    match value {
        Value::Blank => Json::Null,
        Value::Boolean(yes) => Json::Bool(*yes),
        Value::Number(number) => match (&field.kind, number.to_string().parse::<serde_json::Number>()) {
            (Kind::Number { .. }, Ok(json)) if decimal(&json.to_string()) == Some(*number) => {
                Json::Number(json)
            }
            // More digits than a JSON number keeps go as a text, whole.
            _ => Json::String(number.to_string()),
        },
        Value::DateTime(at) => match field.kind {
            Kind::Date => Json::String(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().to_string()),
            _ => Json::String(at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()),
        },
        other => Json::String(other.to_string()),
    }
}

/// A moment as Salesforce writes it: `+0000` without a colon, or any ISO form.
#[must_use]
pub fn salesforce_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
}
