//! What can go wrong, in Salesforce's own words where it said any.

use transport::TransportError;

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
            Self::Transport(_) | Self::RateLimited { .. } | Self::LimitExceeded(_) => true,
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
