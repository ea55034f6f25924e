//! Why no events come, and what the caller can do.

/// Why a subscription could not be opened, or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The token is not good, or no longer. Get another and subscribe again.
    #[error("Salesforce refused the access token for change events ({0}); get a new one and subscribe again")]
    Auth(String),
    /// Events may have been missed: the place to read on from is too old, or the stream was reset.
    #[error(
        "Salesforce does not know the place to read change events on from ({0}); look at all records once, then \
         subscribe to the newest events"
    )]
    ReplayInvalid(String),
    /// There is no such channel, or nothing is selected on it.
    #[error(
        "Salesforce has no channel {topic} ({message}); select the objects under Setup, Change Data Capture, or correct \
         the channel's name"
    )]
    TopicMissing {
        /// The channel.
        topic: String,
        /// What Salesforce said.
        message: String,
    },
    /// The user may not hear these events.
    #[error(
        "Salesforce does not let this user hear change events ({0}); give it View All on the objects, or View All Data"
    )]
    Forbidden(String),
    /// The deliveries of 24 hours are used up.
    #[error("the org's event deliveries for 24 hours are used up ({0}); poll until they are free again")]
    LimitExceeded(String),
    /// It may work later.
    #[error("Salesforce's event service cannot be reached now ({0}); try again in a while")]
    Unavailable(String),
    /// Salesforce has ended the subscription without a reason.
    #[error("Salesforce has ended the subscription to change events; subscribe again")]
    Ended,
    /// Any other refusal.
    #[error("Salesforce refused the subscription to change events ({code}: {message})")]
    Refused {
        /// Salesforce's own code, or the status where there was none.
        code: String,
        /// Its explanation.
        message: String,
    },
    /// The address cannot be used.
    #[error(
        "{0} is not an address of the Pub/Sub API; give host and port, as in api.pubsub.salesforce.com:7443"
    )]
    Address(String),
}

impl EventError {
    /// Whether subscribing again, with the same access and from the same place, may help by itself.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Ended)
    }

    /// Whether events may have been missed, so that polls must find what has changed.
    #[must_use]
    pub fn lost_events(&self) -> bool {
        matches!(self, Self::ReplayInvalid(_))
    }

    pub(crate) fn from_status(status: &tonic::Status, topic: &str) -> Self {
        use tonic::Code;
        let code =
            status.metadata().get("error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
        let message = match status.message() {
            "" => status.code().to_string(),
            message => message.to_owned(),
        };
        let suffix = code.strip_prefix("sfdc.platform.eventbus.grpc.").unwrap_or_default();
        match suffix {
            "subscription.fetch.replayid.corrupted" | "subscription.fetch.replayid.validation.failed" => {
                Self::ReplayInvalid(message)
            }
            "topic.not.found" => Self::TopicMissing { topic: topic.to_owned(), message },
            "topic.meta.permission" | "schema.meta.permission" | "subscription.topic.cannot.subscribe" => {
                Self::Forbidden(message)
            }
            "subscription.limit.exceeded" => Self::LimitExceeded(message),
            "service.unavailable"
            | "topic.api.unavailable"
            | "schema.api.unavailable"
            | "subscription.internal.error"
            | "service.protection.triggered"
            | "service.protection.stream.limit.triggered"
            | "concurrent.client.limit.exceeded" => Self::Unavailable(message),
            _ if suffix.starts_with("service.auth.") => Self::Auth(message),
            _ => match status.code() {
                Code::Unauthenticated => Self::Auth(message),
                Code::PermissionDenied => Self::Forbidden(message),
                Code::NotFound => Self::TopicMissing { topic: topic.to_owned(), message },
                Code::Unavailable
                | Code::Cancelled
                | Code::Aborted
                | Code::DeadlineExceeded
                | Code::Internal
                | Code::Unknown => Self::Unavailable(message),
                other => Self::Refused {
                    code: if code.is_empty() { format!("{other:?}") } else { code.to_owned() },
                    message,
                },
            },
        }
    }
}
