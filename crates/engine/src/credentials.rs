//! What the operator of this installation gives: addresses, apps, and access for a connection made without the wizard.

use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::SecretString;
use store::SecretKey;
use url::Url;

use crate::{Events, Options};

/// HubSpot's own API.
const HUBSPOT_API: &str = "https://api.hubapi.com";
/// HubSpot's own pages.
const HUBSPOT_WEB: &str = "https://app.hubspot.com";

/// What the operator of this installation gives, and the key of what it keeps.
#[derive(Clone)]
pub struct Credentials {
    /// Opens the secrets in the store.
    pub key: SecretKey,
    /// Where HubSpot's API is.
    pub hubspot_api: Url,
    /// Where people authorise apps in HubSpot.
    pub hubspot_web: Url,
    /// The operator's HubSpot app.
    pub hubspot_app: GivenApp,
    /// Where people sign in to Salesforce, in place of Salesforce's own hosts.
    pub salesforce_login: Option<Url>,
    /// The operator's Salesforce app.
    pub salesforce_app: GivenApp,
    /// Access for the connection that is made without the wizard.
    pub environment: Option<Environment>,
    /// Where this installation's pages are, as browsers reach them.
    pub public_url: Option<Url>,
    /// The version (`04t…`) of the packaged Salesforce package, where the operator has one.
    pub package_version: Option<String>,
    /// How connections work.
    pub options: Options,
    /// Where change events come from; polls alone where there is no such place.
    pub events: Option<Arc<dyn EventSource>>,
}

/// An app as the operator registered it; what is missing is asked for where it is needed.
#[derive(Debug, Clone, Default)]
pub struct GivenApp {
    /// Its public id.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretString>,
}

/// Access that was given for this run and is not kept.
#[derive(Debug, Clone)]
pub struct Environment {
    /// To HubSpot.
    pub hubspot: hubspot::Auth,
    /// To Salesforce.
    pub salesforce: salesforce::Auth,
}

/// Knows where an org's change events are.
pub trait EventSource: Send + Sync {
    /// The change events of the client's org; none where they cannot be had.
    fn of(&self, client: salesforce::Client) -> BoxFuture<'_, Option<Arc<dyn Events>>>;
}

impl Credentials {
    /// The platforms' own addresses, and nothing else given.
    ///
    /// # Errors
    /// Never in practice: the addresses are fixed.
    pub fn new(key: SecretKey) -> Result<Self, url::ParseError> {
        Ok(Self {
            key,
            hubspot_api: HUBSPOT_API.parse()?,
            hubspot_web: HUBSPOT_WEB.parse()?,
            hubspot_app: GivenApp::default(),
            salesforce_login: None,
            salesforce_app: GivenApp::default(),
            environment: None,
            public_url: None,
            package_version: None,
            options: Options::default(),
            events: None,
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("hubspot_api", &self.hubspot_api.as_str())
            .field("salesforce_login", &self.salesforce_login.as_ref().map(Url::as_str))
            .finish_non_exhaustive()
    }
}
