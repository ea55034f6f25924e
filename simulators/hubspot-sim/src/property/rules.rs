//! Rules an account sets for the values of a property, besides what its type asks for.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Property;
use super::value::Invalid;
use crate::time;

/// Every type of rule there is.
static TYPES: &[&str] = &[
    "AFTER_DATETIME_DURATION",
    "AFTER_DURATION",
    "ALPHANUMERIC",
    "BEFORE_DATETIME_DURATION",
    "BEFORE_DURATION",
    "DAYS_OF_WEEK",
    "DECIMAL",
    "DOMAIN",
    "EMAIL",
    "EMAIL_ALLOWED_DOMAINS",
    "EMAIL_BLOCKED_DOMAINS",
    "END_DATE",
    "END_DATETIME",
    "FORMAT",
    "MAX_LENGTH",
    "MAX_NUMBER",
    "MIN_LENGTH",
    "MIN_NUMBER",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
    "REGEX",
    "SPECIAL_CHARACTERS",
    "START_DATE",
    "START_DATETIME",
    "URL",
    "URL_ALLOWED_DOMAINS",
    "URL_BLOCKED_DOMAINS",
    "WHITESPACE",
];

/// One rule for one property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) kind: &'static str,
    pub(crate) arguments: Vec<String>,
    pub(crate) normalise: bool,
}

/// The type of rule a path names.
pub(crate) fn kind_of(name: &str) -> Option<&'static str> {
    TYPES.iter().copied().find(|kind| kind.eq_ignore_ascii_case(name))
}

impl Rule {
    pub(crate) fn json(&self) -> Value {
        json!({
            "ruleType": self.kind,
            "ruleArguments": self.arguments,
            "shouldApplyNormalization": self.normalise,
        })
    }

    /// Refuses a value the rule does not allow.
    /// assumed: the code and the wording; rules that compare with the present moment, patterns and formats are
    /// kept and shown but refuse nothing
    pub(crate) fn check(&self, property: &Property, value: &str) -> Result<(), Invalid> {
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        let host = || value.rsplit_once('@').map_or(value, |(_, host)| host);
        let page =
            || value.split_once("://").map_or(value, |(_, rest)| rest).split('/').next().unwrap_or_default();
        let names = |host: &str| self.arguments.iter().any(|one| one.eq_ignore_ascii_case(host));
        let compared = |pair: Option<(Decimal, Decimal)>, fits: fn(Decimal, Decimal) -> bool| {
            pair.is_none_or(|(value, limit)| fits(value, limit))
        };
        let numbers = || value.parse::<Decimal>().ok().zip(first.parse::<Decimal>().ok());
        let length = || Some(Decimal::from(value.chars().count())).zip(first.parse::<Decimal>().ok());
        let moments = || {
            let pair = time::parse(value).zip(time::parse(first));
            pair.map(|(value, limit)| (Decimal::from(value), Decimal::from(limit)))
        };
        let fine = match self.kind {
            "MIN_LENGTH" => compared(length(), |value, limit| value >= limit),
            "MAX_LENGTH" => compared(length(), |value, limit| value <= limit),
            "MIN_NUMBER" => compared(numbers(), |value, limit| value >= limit),
            "MAX_NUMBER" => compared(numbers(), |value, limit| value <= limit),
            "START_DATE" | "START_DATETIME" => compared(moments(), |value, limit| value >= limit),
            "END_DATE" | "END_DATETIME" => compared(moments(), |value, limit| value <= limit),
            "ALPHANUMERIC" => value.chars().all(|c| c.is_alphanumeric() || c.is_whitespace()),
            "SPECIAL_CHARACTERS" => value.chars().all(|c| c.is_alphanumeric() || c.is_whitespace()),
            "WHITESPACE" => !value.chars().any(char::is_whitespace),
            "EMAIL_ALLOWED_DOMAINS" => names(host()),
            "EMAIL_BLOCKED_DOMAINS" => !names(host()),
            "URL_ALLOWED_DOMAINS" => names(page()),
            "URL_BLOCKED_DOMAINS" => !names(page()),
            _ => true,
        };
        if fine {
            return Ok(());
        }
        let message = format!("{value} does not pass the rule {} ({})", self.kind, self.arguments.join(", "));
        Err(Invalid::new(&property.name, "PROPERTY_VALIDATION_RULE_FAILED", message))
    }
}
