//! What the embed window and the record card show of one record, and what can be done from there.
//!
//! Everything is read at the moment it is asked for; nothing of it is kept.

mod enroll;
mod hosts;
mod record;
mod secret;
mod sync;
mod text;
mod timeline;

pub use enroll::{EnrollChoices, HubSpotUser};
pub use hosts::frame_hosts;
pub use record::{Associated, Fact, PropertyChange, RecordSummary};
pub use secret::{embed_secret, embed_secrets, rotate_embed_secret};
pub use sync::{Standing, SyncProblem, SyncState, sync_state};
pub use timeline::{Activity, ActivityKind, Timeline, moment};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::remedy;

/// A record of HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HubSpotRecord {
    /// Its object, such as `contacts`.
    pub object: String,
    /// Its id.
    pub id: String,
}

/// Why something could not be shown or done.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// HubSpot cannot be asked by this connection: it is a rehearsal.
    #[error("this connection has no HubSpot client")]
    NoClient,
    /// The record is gone in HubSpot.
    #[error("HubSpot has no {object} {id} any more")]
    Gone {
        /// Its object.
        object: String,
        /// Its id.
        id: String,
    },
    /// Only contacts can be enrolled.
    #[error("only contacts can be enrolled")]
    NotAContact,
    /// The contact has no email.
    #[error("the contact has no email address in HubSpot")]
    NoEmail,
    /// The person is no user of the HubSpot account.
    #[error("no active HubSpot user has the email address of the Salesforce user {0}")]
    NoHubSpotUser(String),
    /// HubSpot refused, in its own words.
    #[error("{message}")]
    HubSpot {
        /// What HubSpot said.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// The engine could not find out.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<hubspot::Error> for EmbedError {
    fn from(error: hubspot::Error) -> Self {
        let api = error.api();
        let code = api.and_then(|api| api.sub_category.clone().or_else(|| api.category.clone()));
        let message = api.map_or_else(|| error.to_string(), |api| api.message.clone());
        Self::HubSpot { remedy: remedy::for_code(&code.unwrap_or_default()).fix.to_owned(), message }
    }
}

impl From<store::StoreError> for EmbedError {
    fn from(error: store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl Connection {
    fn hubspot(&self) -> Result<&hubspot::Client, EmbedError> {
        self.clients.as_ref().map(|clients| &clients.hubspot).ok_or(EmbedError::NoClient)
    }

    /// The pages that may show the embed window in a frame: those of the connected org and no others.
    ///
    /// # Errors
    /// When it is not known where the org is.
    pub async fn embed_frame_hosts(&self) -> Result<Vec<String>, EmbedError> {
        Ok(frame_hosts(&self.salesforce_address().await?))
    }

    /// Where the connected org's pages are.
    ///
    /// # Errors
    /// When Salesforce cannot be asked.
    pub async fn salesforce_address(&self) -> Result<url::Url, EmbedError> {
        let clients = self.clients.as_ref().ok_or(EmbedError::NoClient)?;
        clients.salesforce.instance_url().await.map_err(|error| {
            EmbedError::Engine(EngineError::Platform { message: error.to_string(), passing: true })
        })
    }
}
