//! Setting a connection up, step by step, as the guide has it: connect HubSpot, sign in to Salesforce, see whether everything
//! is in place, install the package, put the embed window on pages, choose how to sync, look at what it would do, begin.
//!
//! The logic without any page. Everything answered is kept in the store, and what is secret is sealed.

mod answers;
mod choose;
mod drafts;
mod embed;
mod error;
mod finish;
mod hubspot;
mod package;
mod prerequisites;
mod salesforce;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::credentials::GivenApp;
use crate::error::EngineError;
use crate::supervisor::Supervisor;

pub use answers::{Account, Answers, EmbedState, LoginPlace, Org, PackageState, Step, Way};
pub use choose::{Outcome, Preview, Segment};
pub use embed::Page;
pub use error::{Refused, SetupError};
pub use hubspot::HUBSPOT_CALLBACK;
pub use prerequisites::{Finding, Need, Prerequisite, may_choose, may_go_on};
pub use salesforce::SALESFORCE_CALLBACK;

/// An app that the operator registered with a platform.
#[derive(Clone)]
pub struct App {
    /// Its public id.
    pub client_id: String,
    /// Its secret; Salesforce apps may have none.
    pub client_secret: Option<String>,
}

impl App {
    /// The app that was given to this installation, if any.
    fn of(given: &GivenApp) -> Option<Self> {
        let client_secret = given.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        given.client_id.clone().map(|client_id| Self { client_id, client_secret })
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Sets connections up.
pub struct Setup {
    supervisor: Arc<Supervisor>,
    changing: Mutex<()>,
    previews: Mutex<BTreeMap<String, choose::Asked>>,
    /// One client for each set-up and platform: what it renews must not be renewed by another at the same time.
    hubspot: Mutex<BTreeMap<String, ::hubspot::Client>>,
    salesforce: Mutex<BTreeMap<String, ::salesforce::Client>>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}

impl Setup {
    /// Sets up connections that this supervisor then works.
    #[must_use]
    pub fn new(supervisor: Arc<Supervisor>) -> Arc<Self> {
        Arc::new(Self {
            supervisor,
            changing: Mutex::default(),
            previews: Mutex::default(),
            hubspot: Mutex::default(),
            salesforce: Mutex::default(),
        })
    }

    /// Whether the operator's own HubSpot app is known, so that nobody has to enter one.
    #[must_use]
    pub fn has_hubspot_app(&self) -> bool {
        App::of(&self.supervisor.credentials().hubspot_app).is_some_and(|app| app.client_secret.is_some())
    }

    /// Whether the operator's own Salesforce app is known.
    #[must_use]
    pub fn has_salesforce_app(&self) -> bool {
        App::of(&self.supervisor.credentials().salesforce_app).is_some()
    }

    /// Whether the operator has named a packaged version to install.
    #[must_use]
    pub fn has_packaged_version(&self) -> bool {
        self.supervisor.credentials().package_version.is_some()
    }

    /// The address that a platform sends people back to, for the operator to register with the app.
    ///
    /// # Errors
    /// When this installation does not know where its pages are.
    pub fn callback(&self, path: &str) -> Result<String, SetupError> {
        Ok(format!("{}{path}", self.public_url()?))
    }

    fn public_url(&self) -> Result<String, SetupError> {
        let url = self.supervisor.credentials().public_url.as_ref().ok_or_else(|| {
            let text = "TANDEM_PUBLIC_URL is not set; it says where browsers reach Tandem";
            EngineError::Settings(text.to_owned())
        })?;
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn now(&self) -> Timestamp {
        self.supervisor.world().clock.now()
    }

    /// The client of the account that a set-up has connected.
    fn hubspot_of(&self, draft: &str) -> Result<::hubspot::Client, SetupError> {
        if let Some(known) = locked(&self.hubspot).get(draft) {
            return Ok(known.clone());
        }
        let keeper = self.supervisor.keeper(draft);
        let access = keeper.hubspot()?.ok_or(Refused::TooEarly)?;
        let url = self.supervisor.credentials().hubspot_api.clone();
        let config = ::hubspot::Config::new(url, keeper.hubspot_auth(access));
        let client = ::hubspot::Client::new(self.supervisor.world().clone(), config);
        Ok(locked(&self.hubspot).entry(draft.to_owned()).or_insert(client).clone())
    }

    /// The client of the org that a set-up has connected.
    fn salesforce_of(&self, draft: &str) -> Result<::salesforce::Client, SetupError> {
        if let Some(known) = locked(&self.salesforce).get(draft) {
            return Ok(known.clone());
        }
        let keeper = self.supervisor.keeper(draft);
        let access = keeper.salesforce()?.ok_or(Refused::TooEarly)?;
        let config = ::salesforce::Config::new(keeper.salesforce_auth(access));
        let client = ::salesforce::Client::new(self.supervisor.world().clone(), config);
        Ok(locked(&self.salesforce).entry(draft.to_owned()).or_insert(client).clone())
    }

    /// Forgets what is only in memory of a set-up.
    fn forget(&self, draft: &str) {
        locked(&self.hubspot).remove(draft);
        locked(&self.salesforce).remove(draft);
        self.forget_preview(draft);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
