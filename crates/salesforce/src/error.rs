//! What can go wrong, in Salesforce's own words where it said any.

use serde_json::Value;
use transport::{Response, TransportError};

/// Why a call did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer came, and none of the tries can have changed anything that repeating would not change the same way.
    #[error("Salesforce could not be asked: {0}")]
    Transport(#[from] TransportError),
    /// The token was refused and could not be renewed.
    #[error("Salesforce refused the access token ({0}); check the token, or connect the org again")]
    Unauthorized(Box<ApiError>),
    /// The user may not do that.
    #[error("Salesforce denied access ({0}); the integration user lacks a permission, or API access is off")]
    Forbidden(Box<ApiError>),
    /// Too many calls at the same moment, still so after every try.
    #[error("Salesforce was still too busy for this org after {tries} tries ({api})")]
    RateLimited {
        /// How often the call was tried.
        tries: u32,
        /// What Salesforce said.
        api: Box<ApiError>,
    },
    /// The org's calls for 24 hours are used up.
    #[error(
        "the org's API calls for the last 24 hours are used up ({0}); calls become free again hour by hour"
    )]
    LimitExceeded(Box<ApiError>),
    /// The record or other thing asked for does not exist, or the user may not know that it does.
    #[error("Salesforce found nothing there ({0})")]
    NotFound(Box<ApiError>),
    /// The record changed after the moment that the update was made conditional on; nothing was written.
    #[error("the record changed in the meantime, so nothing was written ({0})")]
    Changed(Box<ApiError>),
    /// Any other refusal.
    #[error("Salesforce refused the call ({0})")]
    Api(Box<ApiError>),
    /// The call may or may not have taken effect; it was not sent again because repeating it could do it twice.
    #[error("it is not known whether Salesforce carried out {what}: {reason}")]
    Ambiguous {
        /// What had been asked for.
        what: String,
        /// Why the outcome is not known.
        reason: String,
    },
    /// An answer came that could not be understood.
    #[error("Salesforce's answer to {what} could not be understood ({reason}); it begins: {body}")]
    Decode {
        /// What had been asked for.
        what: String,
        /// What was wrong with the answer.
        reason: String,
        /// The answer's first characters.
        body: String,
    },
    /// The authorisation server refused.
    #[error("Salesforce refused the login ({error}: {description}); {}", login_hint(error, description))]
    OAuth {
        /// The error's short name, such as `invalid_grant`.
        error: String,
        /// Salesforce's explanation.
        description: String,
    },
    /// New tokens could not be kept, so they were not used.
    #[error("new Salesforce tokens could not be saved, so they were not used: {0}")]
    TokenStore(String),
    /// The call was not made, to stay within what was set aside for this program; nothing was sent.
    #[error("{0}")]
    Held(String),
    /// The caller asked for something Salesforce would certainly refuse; nothing was sent.
    #[error("not sent to Salesforce: {0}")]
    InvalidRequest(String),
}

fn login_hint(error: &str, description: &str) -> &'static str {
    if description.contains("approved") {
        "an administrator must approve the app for this user"
    } else if error.starts_with("invalid_client") {
        "check the app's id and secret"
    } else {
        "connect the org again"
    }
}

impl Error {
    /// What Salesforce said, where it said anything in its own form.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Unauthorized(api)
            | Self::Forbidden(api)
            | Self::LimitExceeded(api)
            | Self::NotFound(api) => Some(api),
            Self::Changed(api) | Self::Api(api) | Self::RateLimited { api, .. } => Some(api),
            _ => None,
        }
    }

    /// Salesforce's code, such as `INVALID_FIELD`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.api()?.code.as_deref()
    }

    /// Whether the call may have taken effect although it failed.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Ambiguous { .. })
    }

    /// Whether the same call may succeed later with nothing changed by a person.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Transport(_) | Self::RateLimited { .. } | Self::LimitExceeded(_) | Self::Held(_) => true,
            Self::Api(api) => {
                api.status >= 500
                    || matches!(
                        api.code.as_deref(),
                        Some("UNABLE_TO_LOCK_ROW" | "QUERY_TIMEOUT" | "ENTITY_IS_LOCKED")
                    )
            }
            _ => false,
        }
    }
}

/// A refusal as Salesforce worded it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// The first complaint's code, such as `INVALID_FIELD`.
    pub code: Option<String>,
    /// The first complaint, word for word (or the start of a body that was not JSON).
    pub message: String,
    /// All complaints.
    pub details: Vec<ErrorDetail>,
}

/// One complaint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorDetail {
    /// Code, such as `DUPLICATE_VALUE`.
    pub code: Option<String>,
    /// Message.
    pub message: String,
    /// Fields complained about.
    pub fields: Vec<String>,
    /// Records that this one would have duplicated, where Salesforce names them.
    pub duplicate_ids: Vec<String>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        write!(f, ": {}", self.message)?;
        let fields: Vec<&str> =
            self.details.iter().flat_map(|detail| &detail.fields).map(String::as_str).collect();
        if !fields.is_empty() {
            write!(f, " [{}]", fields.join(", "))?;
        }
        Ok(())
    }
}

/// How much of a body that cannot be understood is kept.
const KEPT: usize = 200;

pub(crate) fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(KEPT).collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

impl ErrorDetail {
    pub(crate) fn from_json(value: &Value) -> Self {
        let message = text(value, "message").unwrap_or_default();
        let fields = value.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            code: text(value, "errorCode").or_else(|| text(value, "statusCode")),
            fields: fields.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            duplicate_ids: duplicate_ids(value, &message),
            message,
        }
    }
}

/// The records that a complaint about duplicates names, in its details or in its message.
fn duplicate_ids(value: &Value, message: &str) -> Vec<String> {
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut ids: Vec<String> = value
        .get("duplicateResult")
        .map(|result| list(result, "matchResults"))
        .unwrap_or_default()
        .iter()
        .flat_map(|matched| list(matched, "matchRecords"))
        .filter_map(|matched| text(matched.get("record")?, "Id"))
        .collect();
    if let Some((_, rest)) = message.split_once("record with id: ") {
        let id: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        if matches!(id.len(), 15 | 18) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// What a refusal says, and whether it is worded as Salesforce words its refusals.
pub(crate) fn parse_refusal(response: &Response) -> (ApiError, bool) {
    let status = response.status().as_u16();
    let body = serde_json::from_slice::<Value>(response.body()).ok();
    let complaints = match &body {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let details: Vec<ErrorDetail> = complaints
        .iter()
        .filter(|one| one.get("errorCode").is_some() || one.get("message").is_some())
        .map(ErrorDetail::from_json)
        .collect();
    if let Some(first) = details.first() {
        let (code, message) = (first.code.clone(), first.message.clone());
        return (ApiError { status, code, message, details }, true);
    }
    let start = start_of(response.body());
    let message = match (status, start.trim()) {
        (300, urls) => format!("the external id belongs to more than one record: {urls}"),
        (_, "") => "(no explanation)".to_owned(),
        (_, start) => start.to_owned(),
    };
    (ApiError { status, message, ..ApiError::default() }, false)
}

/// The error that a refusal amounts to.
pub(crate) fn classify(response: &Response) -> Error {
    if let Ok(value) = serde_json::from_slice::<Value>(response.body())
        && let Some(error) = text(&value, "error")
    {
        return Error::OAuth { error, description: text(&value, "error_description").unwrap_or_default() };
    }
    let (api, worded) = parse_refusal(response);
    let api = Box::new(api);
    match api.status {
        401 => Error::Unauthorized(api),
        // The addresses of sign-in say it with a word of their own.
        403 if api.message.contains("_OAuth_Token") => Error::Unauthorized(api),
        403 => Error::Forbidden(api),
        // Without Salesforce's own words the address itself is wrong.
        404 if worded => Error::NotFound(api),
        412 => Error::Changed(api),
        _ => Error::Api(api),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(bytes::Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    #[test]
    fn the_first_complaint_gives_code_and_message_and_fields_are_named() {
        let error = classify(&response(
            400,
            r#"[{"message":"Required fields are missing: [LastName]","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]"#,
        ));
        assert_eq!(error.code(), Some("REQUIRED_FIELD_MISSING"));
        assert_eq!(
            error.to_string(),
            "Salesforce refused the call (HTTP 400 REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] [LastName])"
        );
    }

    #[test]
    fn duplicates_are_read_from_the_message_and_from_the_rule_result() {
        let unique = serde_json::json!({"statusCode":"DUPLICATE_VALUE","message":"duplicate value found: Ext__c duplicates value on record with id: 003000000000001AAA"});
        assert_eq!(ErrorDetail::from_json(&unique).duplicate_ids, ["003000000000001AAA"]);
        let rule = serde_json::json!({"errorCode":"DUPLICATES_DETECTED","message":"Use an existing record?",
            "duplicateResult":{"matchResults":[{"matchRecords":[{"record":{"Id":"003000000000002AAA"}}]}]}});
        assert_eq!(ErrorDetail::from_json(&rule).duplicate_ids, ["003000000000002AAA"]);
    }

    #[test]
    fn a_body_that_is_no_json_is_kept_by_its_start() {
        let error = classify(&response(400, &format!("<html>{}</html>", "x".repeat(1_000))));
        assert!(error.to_string().contains("<html>xxx") && error.to_string().len() < 300, "{error}");
    }

    #[test]
    fn an_unapproved_app_says_who_can_help() {
        let error = classify(&response(
            400,
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
        ));
        assert!(error.to_string().contains("an administrator must approve the app"), "{error}");
    }
}
