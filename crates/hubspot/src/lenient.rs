//! Reading JSON that may hold numbers for texts, nulls for lists, or times in several forms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The text of a string, number or boolean; nothing for null.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    as_text(&value).ok_or_else(|| serde::de::Error::custom("a text or number was null"))
}

pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(&Value::deserialize(deserializer)?))
}

pub(crate) fn values<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Option<String>>, D::Error> {
    let map = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(map.into_iter().map(|(name, value)| (name, as_text(&value))).collect())
}

/// The default for null and for anything of another shape: a field nobody depends on must not fail the whole answer.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text
            .parse()
            .ok()
            .or_else(|| text.parse().ok().and_then(|millis| Timestamp::from_millisecond(millis).ok())),
        Value::Number(number) => number.as_i64().and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        _ => None,
    })
}

/// Every value of a JSON object as a list of texts.
pub(crate) fn context(value: Option<&Value>) -> BTreeMap<String, Vec<String>> {
    let Some(Value::Object(map)) = value else { return BTreeMap::new() };
    map.iter()
        .map(|(name, value)| {
            let texts = match value {
                Value::Array(list) => list.iter().filter_map(as_text).collect(),
                other => as_text(other).into_iter().collect(),
            };
            (name.clone(), texts)
        })
        .collect()
}
