//! Why a step of a set-up could not be done.

use crate::error::EngineError;

/// Why a step of a set-up could not be done.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It is refused, for a reason that a person can do something about.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// A platform or the store could not be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A refusal, with what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The set-up is finished, or was discarded.
    #[error("this set-up is finished or was discarded; begin a new one")]
    NoSuchDraft,
    /// Something before this step is missing.
    #[error("an earlier step is not done yet")]
    TooEarly,
    /// The sign-in is not one that was begun here, or it took too long.
    #[error("this sign-in was not begun here or took longer than 15 minutes; begin it again")]
    UnknownSignIn,
    /// The person said no.
    #[error("access was not granted: {0}")]
    Denied(String),
    /// The operator's app is not known.
    #[error("the client id and the client secret of your app are needed; enter both")]
    NoApp,
    /// The HubSpot account has a connection already.
    #[error(
        "HubSpot account {account} is connected already ({connection}); an account has one connection at most"
    )]
    AccountConnected {
        /// The account.
        account: String,
        /// Its connection.
        connection: String,
    },
    /// Scopes are missing.
    #[error("the app or token lacks these scopes: {}; add them in HubSpot and connect again", .0.join(", "))]
    MissingScopes(Vec<String>),
    /// HubSpot or Salesforce refused the credentials.
    #[error("{0}")]
    Credentials(String),
    /// The org's edition has no API.
    #[error(
        "the org is of the {edition}, which has no access to the API; Enterprise, Unlimited, Performance and Developer \
             Edition have it, Professional Edition can add it"
    )]
    Edition {
        /// The edition, or what is known of it.
        edition: String,
    },
    /// The box says sandbox and the org is none, or the other way round.
    #[error("{}", kind(*.sandbox))]
    NotThatKind {
        /// Whether the org is a sandbox.
        sandbox: bool,
    },
    /// The address is no address of Salesforce.
    #[error("'{0}' is no address of a Salesforce org; it looks like acme.my.salesforce.com")]
    NoSuchHost(String),
    /// The record page has no room.
    #[error(
        "the page '{0}' has no region that the embed window could be put in; add it in the Lightning App Builder"
    )]
    NoRegion(String),
    /// The package cannot be made for this address.
    #[error("{0}")]
    Package(String),
    /// The settings do not fit.
    #[error("{0}")]
    Settings(String),
    /// Something that was chosen needs what the org does not grant.
    #[error("what was chosen needs permissions that are missing in Salesforce: {}; grant them, or choose otherwise", .0.join(", "))]
    Prerequisites(Vec<String>),
}

fn kind(is_sandbox: bool) -> &'static str {
    if is_sandbox {
        "this org is a sandbox; tick the box for it and sign in again"
    } else {
        "this org is no sandbox; clear the box and sign in again"
    }
}

impl Refused {
    /// The name of the reason, for catalogues and programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::NoSuchDraft => "no-such-draft",
            Self::TooEarly => "too-early",
            Self::UnknownSignIn => "unknown-sign-in",
            Self::Denied(_) => "denied",
            Self::NoApp => "no-app",
            Self::AccountConnected { .. } => "account-connected",
            Self::MissingScopes(_) => "missing-scopes",
            Self::Credentials(_) => "credentials",
            Self::Edition { .. } => "edition",
            Self::NotThatKind { sandbox: true } => "is-sandbox",
            Self::NotThatKind { sandbox: false } => "is-no-sandbox",
            Self::NoSuchHost(_) => "no-such-host",
            Self::NoRegion(_) => "no-region",
            Self::Package(_) => "package",
            Self::Settings(_) => "settings",
            Self::Prerequisites(_) => "prerequisites",
        }
    }

    /// What the reason names; empty where it names nothing.
    #[must_use]
    pub fn names(&self) -> String {
        match self {
            Self::Denied(text)
            | Self::Credentials(text)
            | Self::NoSuchHost(text)
            | Self::NoRegion(text)
            | Self::Package(text)
            | Self::Settings(text)
            | Self::Edition { edition: text } => text.clone(),
            Self::MissingScopes(names) | Self::Prerequisites(names) => names.join(", "),
            Self::AccountConnected { account, connection } => format!("{account} ({connection})"),
            _ => String::new(),
        }
    }
}

impl From<store::StoreError> for SetupError {
    fn from(error: store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// What a Salesforce client said, as an error of a set-up.
pub(super) fn of_salesforce(error: &::salesforce::Error) -> SetupError {
    SetupError::Engine(EngineError::Platform { message: error.to_string(), passing: error.is_temporary() })
}

/// What a HubSpot client said, as an error of a set-up.
pub(super) fn of_hubspot(error: &::hubspot::Error) -> SetupError {
    SetupError::Engine(EngineError::Platform { message: error.to_string(), passing: error.is_temporary() })
}
