//! What can go wrong, in HubSpot's own words where it said any.

use std::collections::BTreeMap;

use transport::TransportError;

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
