//! What the platform stores when it is given a value, or why it refuses it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Property, PropertyType};
use crate::error::ApiError;
use crate::time;

const LONGEST: usize = 65_536;

/// Why one value is refused.
#[derive(Debug, Clone)]
pub(crate) struct Invalid {
    pub(crate) property: String,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Invalid {
    pub(crate) fn new(property: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { property: property.to_owned(), code, message: message.into() }
    }
}

/// One refusal for all refused values of a request.
pub(crate) fn refusal(invalid: &[Invalid], portal: u64) -> ApiError {
    let list: Vec<Value> = invalid
        .iter()
        .map(|one| {
            json!({
                "isValid": false,
                "message": one.message,
                "error": one.code,
                "name": one.property,
                "localizedErrorMessage": one.message,
                "portalId": portal,
            })
        })
        .collect();
    let mut error = ApiError::validation(format!("Property values were not valid: {}", Value::Array(list)));
    error.errors = invalid
        .iter()
        .map(|one| {
            json!({
                "message": one.message,
                "code": one.code,
                "context": { "propertyName": [one.property] },
            })
        })
        .collect();
    error
}

/// The text of a JSON value in a property; nothing for a list or an object.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        // assumed: null clears, as the empty string does
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What is stored for `raw`; `None` clears. `current` is what the record holds now.
pub(crate) fn normalise(
    property: &Property,
    raw: &str,
    current: Option<&str>,
) -> Result<Option<String>, Invalid> {
    if raw.is_empty() {
        return Ok(None);
    }
    let invalid = |code, message: String| Err(Invalid::new(&property.name, code, message));
    match property.kind {
        PropertyType::String | PropertyType::PhoneNumber => {
            if raw.chars().count() > LONGEST {
                // assumed: the code for a text that is too long
                return invalid("PROPERTY_VALUE_TOO_LONG", format!("The value is longer than {LONGEST}."));
            }
            match property.name.as_str() {
                "email" => match email(raw) {
                    Some(email) => Ok(Some(email)),
                    None => invalid("INVALID_EMAIL", format!("Email address {raw} is invalid")),
                },
                "hs_additional_emails" => {
                    let emails: Vec<String> = raw.split(';').filter_map(email).collect();
                    Ok((!emails.is_empty()).then(|| emails.join(";")))
                }
                "domain" => Ok(Some(domain(raw))),
                _ => Ok(Some(raw.to_owned())),
            }
        }
        PropertyType::Number => match number(raw) {
            Some(number) => Ok(Some(number)),
            None => invalid("INVALID_LONG", format!("{raw} was not a valid long.")),
        },
        PropertyType::Bool => match raw.trim().to_ascii_lowercase().as_str() {
            flag @ ("true" | "false") => Ok(Some(flag.to_owned())),
            _ => invalid(
                "INVALID_OPTION",
                format!(
                    "{raw} was not one of the allowed options: [label: \"Yes\"\nvalue: \"true\"\n, label: \"No\"\nvalue: \"false\"\n]"
                ),
            ),
        },
        PropertyType::Date => match time::parse(raw) {
            Some(ms) if time::is_midnight(ms) => Ok(Some(time::day(ms))),
            _ => invalid("INVALID_DATE", format!("{raw} was not a valid date.")),
        },
        PropertyType::DateTime => match time::parse(raw) {
            Some(ms) => Ok(Some(time::iso(ms))),
            None => invalid("INVALID_DATE", format!("{raw} was not a valid date.")),
        },
        PropertyType::Enumeration => enumeration(property, raw, current),
    }
}

fn enumeration(property: &Property, raw: &str, current: Option<&str>) -> Result<Option<String>, Invalid> {
    let allowed = |value: &str| property.options.iter().any(|choice| choice.value == value);
    let refuse = |value: &str| {
        let options: Vec<String> = property
            .options
            .iter()
            .map(|choice| format!("label: \"{}\"\nvalue: \"{}\"\n", choice.label, choice.value))
            .collect();
        Invalid::new(
            &property.name,
            "INVALID_OPTION",
            format!("{value} was not one of the allowed options: [{}]", options.join(", ")),
        )
    };
    if !property.multiple() {
        return if allowed(raw) { Ok(Some(raw.to_owned())) } else { Err(refuse(raw)) };
    }
    // A leading semicolon adds to what is there; without it the list is replaced.
    let mut chosen: Vec<&str> = Vec::new();
    if raw.starts_with(';') {
        chosen.extend(current.unwrap_or_default().split(';').filter(|value| !value.is_empty()));
    }
    for value in raw.split(';').map(str::trim).filter(|value| !value.is_empty()) {
        if !allowed(value) {
            return Err(refuse(value));
        }
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    Ok((!chosen.is_empty()).then(|| chosen.join(";")))
}

/// The address in lower case and without blanks around it, if it is one.
pub(crate) fn email(raw: &str) -> Option<String> {
    let email = raw.trim().to_lowercase();
    let (local, host) = email.split_once('@')?;
    let fine = !local.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !host.contains("..")
        && !host.contains('@')
        && !email.chars().any(|c| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')'));
    fine.then_some(email)
}

/// assumed: a domain is stored in lower case, without scheme and path
fn domain(raw: &str) -> String {
    let lower = raw.trim().to_lowercase();
    let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    bare.split(['/', '?']).next().unwrap_or_default().to_owned()
}

fn number(raw: &str) -> Option<String> {
    let text = raw.trim();
    if let Ok(number) = Decimal::from_str_exact(text) {
        return Some(number.to_string());
    }
    if let Ok(number) = Decimal::from_scientific(text) {
        return Some(number.to_string());
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|_| text.to_owned())
}
