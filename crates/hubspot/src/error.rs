//! What can go wrong, in HubSpot's own words where it said any.

use std::collections::BTreeMap;

use serde_json::Value;
use transport::{Response, TransportError};

use crate::lenient;

/// Why a call did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer came, and none of the tries can have changed anything that repeating would not change the same way.
    #[error("HubSpot could not be asked: {0}")]
    Transport(#[from] TransportError),
    /// The token was refused.
    #[error("HubSpot refused the access token ({0}); check HUBSPOT_TOKEN, or authorise the app again")]
    Unauthorized(Box<ApiError>),
    /// The token lacks scopes, or its user a permission.
    #[error("HubSpot denied access ({api}){}", scopes_hint(scopes))]
    Forbidden {
        /// Scopes that HubSpot says would be needed.
        scopes: Vec<String>,
        /// What HubSpot said.
        api: Box<ApiError>,
    },
    /// Still over a short-term rate limit after every try.
    #[error(
        "HubSpot still refused for calling too often after {tries} tries ({api}); is another program using the same app?"
    )]
    RateLimited {
        /// How often the call was tried.
        tries: u32,
        /// What HubSpot said.
        api: Box<ApiError>,
    },
    /// A daily limit is used up; it is renewed at midnight in the portal's time zone.
    #[error(
        "HubSpot's daily limit of calls is used up ({0}); it is renewed at midnight in the portal's time zone"
    )]
    LimitExceeded(Box<ApiError>),
    /// The record or other thing asked for does not exist.
    #[error("HubSpot found nothing there ({0})")]
    NotFound(Box<ApiError>),
    /// Any other refusal.
    #[error("HubSpot refused the call ({0})")]
    Api(Box<ApiError>),
    /// The call may or may not have taken effect; it was not sent again because repeating it could do it twice.
    #[error("it is not known whether HubSpot carried out {what}: {reason}")]
    Ambiguous {
        /// What had been asked for.
        what: String,
        /// Why the outcome is not known.
        reason: String,
    },
    /// An answer came that could not be understood.
    #[error("HubSpot's answer to {what} could not be understood ({reason}); it begins: {body}")]
    Decode {
        /// What had been asked for.
        what: String,
        /// What was wrong with the answer.
        reason: String,
        /// The answer's first characters.
        body: String,
    },
    /// The authorisation server refused.
    #[error("HubSpot refused the authorisation ({error}: {description}); connect the portal again")]
    OAuth {
        /// The error's short name, such as `invalid_grant`.
        error: String,
        /// HubSpot's explanation.
        description: String,
    },
    /// New tokens could not be kept, so they were not used.
    #[error("new HubSpot tokens could not be saved, so they were not used: {0}")]
    TokenStore(String),
    /// The caller asked for something HubSpot would certainly refuse; nothing was sent.
    #[error("not sent to HubSpot: {0}")]
    InvalidRequest(String),
}

fn scopes_hint(scopes: &[String]) -> String {
    if scopes.is_empty() { String::new() } else { format!("; add to the app: {}", scopes.join(", ")) }
}

impl Error {
    /// What HubSpot said, where it said anything in its own form.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Unauthorized(api) | Self::LimitExceeded(api) | Self::NotFound(api) | Self::Api(api) => {
                Some(api)
            }
            Self::Forbidden { api, .. } | Self::RateLimited { api, .. } => Some(api),
            _ => None,
        }
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
            Self::Transport(_) | Self::RateLimited { .. } | Self::LimitExceeded(_) => true,
            Self::Api(api) => api.status >= 500 || matches!(api.status, 423 | 477),
            _ => false,
        }
    }
}

/// A refusal as HubSpot worded it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// HubSpot's category, such as `VALIDATION_ERROR`.
    pub category: Option<String>,
    /// Finer category, where given.
    pub sub_category: Option<String>,
    /// HubSpot's message, word for word (or the start of a body that was not JSON).
    pub message: String,
    /// The id that HubSpot's support can look up.
    pub correlation_id: Option<String>,
    /// Which rate limit was hit, such as `TEN_SECONDLY_ROLLING` or `DAILY`.
    pub policy: Option<String>,
    /// Named values that go with the message.
    pub context: BTreeMap<String, Vec<String>>,
    /// The single complaints inside.
    pub details: Vec<ErrorDetail>,
}

/// One complaint inside a refusal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorDetail {
    /// HubSpot's message.
    pub message: String,
    /// Short code, such as `PROPERTY_DOESNT_EXIST`.
    pub code: Option<String>,
    /// Named values that go with the message.
    pub context: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if let Some(category) = &self.category {
            write!(f, " {category}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(id) = &self.correlation_id {
            write!(f, ", correlation id {id}")?;
        }
        Ok(())
    }
}

/// How much of a body that cannot be understood is kept.
const KEPT: usize = 200;

pub(crate) fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(KEPT).collect()
}

/// What a refusal says, and whether it is worded as HubSpot words its refusals.
pub(crate) fn parse_refusal(response: &Response) -> (ApiError, bool) {
    let status = response.status().as_u16();
    match serde_json::from_slice::<Value>(response.body()) {
        Ok(value) if value.get("message").is_some() || value.get("category").is_some() => {
            (ApiError::from_json(status, &value), true)
        }
        _ => {
            let start = start_of(response.body());
            let message = if start.trim().is_empty() { "(no explanation)".to_owned() } else { start };
            (ApiError { status, message, ..ApiError::default() }, false)
        }
    }
}

/// The error that a refusal amounts to.
pub(crate) fn classify(response: &Response) -> Error {
    if let Ok(value) = serde_json::from_slice::<Value>(response.body())
        && let Some(error) = value.get("error").and_then(Value::as_str)
    {
        let description = value.get("error_description").or_else(|| value.get("message"));
        return Error::OAuth {
            error: error.to_owned(),
            description: description.and_then(lenient::as_text).unwrap_or_default(),
        };
    }
    let (api, worded) = parse_refusal(response);
    let api = Box::new(api);
    match api.status {
        401 => Error::Unauthorized(api),
        403 => Error::Forbidden { scopes: missing_scopes(&api), api },
        // An unknown route answers with a web page: that is our mistake, not a missing record.
        404 if worded => Error::NotFound(api),
        _ => Error::Api(api),
    }
}

fn missing_scopes(api: &ApiError) -> Vec<String> {
    const KEYS: [&str; 2] = ["requiredGranularScopes", "requiredScopes"];
    let contexts = api.details.iter().map(|detail| &detail.context).chain([&api.context]);
    let mut scopes: Vec<String> = contexts
        .flat_map(|context| KEYS.iter().filter_map(|key| context.get(*key)))
        .flatten()
        .cloned()
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

impl ApiError {
    pub(crate) fn from_json(status: u16, value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(lenient::as_text);
        let details = value.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            status,
            category: text("category").or_else(|| text("errorType")),
            sub_category: text("subCategory"),
            message: text("message").unwrap_or_else(|| "(no explanation)".to_owned()),
            correlation_id: text("correlationId"),
            policy: text("policyName"),
            context: lenient::context(value.get("context")),
            details: details
                .iter()
                .map(|detail| ErrorDetail {
                    message: detail.get("message").and_then(lenient::as_text).unwrap_or_default(),
                    code: detail.get("code").or_else(|| detail.get("subCategory")).and_then(lenient::as_text),
                    context: lenient::context(detail.get("context")),
                })
                .collect(),
        }
    }

    /// Every value of a context entry, here and in the details.
    pub(crate) fn named(&self, key: &str) -> Vec<&str> {
        let contexts = [&self.context].into_iter().chain(self.details.iter().map(|detail| &detail.context));
        contexts.filter_map(|context| context.get(key)).flatten().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(bytes::Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    #[test]
    fn a_refused_token_says_what_to_do() {
        let error = classify(&response(
            401,
            r#"{"status":"error","message":"Authentication credentials not found.","correlationId":"c-1","category":"INVALID_AUTHENTICATION"}"#,
        ));
        let text = error.to_string();
        assert!(text.contains("check HUBSPOT_TOKEN") && text.contains("c-1"), "{text}");
    }

    #[test]
    fn missing_scopes_are_named() {
        let error = classify(&response(
            403,
            r#"{"status":"error","message":"This app hasn't been granted all required scopes.","category":"MISSING_SCOPES","errors":[{"message":"x","context":{"requiredGranularScopes":["crm.objects.contacts.read"]}}]}"#,
        ));
        assert!(error.to_string().contains("add to the app: crm.objects.contacts.read"), "{error}");
    }

    #[test]
    fn an_unknown_route_is_not_a_missing_record() {
        let error = classify(&response(404, "<html>Not here</html>"));
        assert!(matches!(&error, Error::Api(api) if api.message.contains("<html>")), "{error:?}");
    }

    #[test]
    fn a_refused_refresh_token_keeps_both_words() {
        let error = classify(&response(
            400,
            r#"{"error":"invalid_grant","error_description":"refresh token is invalid","status":"BAD_REFRESH_TOKEN","message":"refresh token is invalid"}"#,
        ));
        assert!(error.to_string().contains("invalid_grant: refresh token is invalid"), "{error}");
    }
}
