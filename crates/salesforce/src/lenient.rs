//! Reading JSON that may hold nulls for lists, or values of another shape.

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The default for null and for anything of another shape: a field nobody depends on must not fail the whole answer.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(parse_time))
}

/// Salesforce writes `2026-11-24T00:00:00.000+0000`.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().and_then(|parsed| parsed.to_timestamp().ok())
    })
}
