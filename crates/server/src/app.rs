//! What every page may reach.

use std::sync::Arc;

use engine::Supervisor;
use jiff::Timestamp;
use model::ConnectionId;
use serde_json::Value;
use store::{AuditEntry, Store, StoreError};

use crate::access::form::FormKey;
use crate::access::oidc::Oidc;
use crate::access::{Access, Signed};
use crate::jobs::Jobs;

/// What every page may reach. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Where everything is read and kept.
    pub store: Arc<Store>,
    /// The connections at work; nothing where only the store is looked at.
    pub supervisor: Option<Arc<Supervisor>>,
    /// Who may come in.
    pub access: Access,
    /// Further places to go: their names and addresses.
    pub links: Arc<[(String, String)]>,
    /// The address people and platforms call, such as `https://tandem.example`, where it is known; without a slash at its end.
    pub public_url: Option<Arc<str>>,
    /// The time.
    pub now: fn() -> Timestamp,
    /// What is at work in the background.
    pub(crate) jobs: Jobs,
    /// The identity provider people may sign in with, where there is one.
    pub oidc: Option<Arc<Oidc>>,
    pub(crate) form_key: FormKey,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("access", &self.access).finish_non_exhaustive()
    }
}

impl App {
    /// The pages over `store`.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn new(store: Arc<Store>, access: Access) -> Result<Self, StoreError> {
        let form_key = FormKey::of(&store)?;
        Ok(Self {
            store,
            supervisor: None,
            access,
            links: Arc::new([]),
            public_url: None,
            now: Timestamp::now,
            oidc: None,
            form_key,
            jobs: Jobs::default(),
        })
    }

    /// With the connections at work.
    #[must_use]
    pub fn with_supervisor(self, supervisor: Arc<Supervisor>) -> Self {
        Self { supervisor: Some(supervisor), ..self }
    }

    /// With further places to go.
    #[must_use]
    pub fn with_links(self, links: Vec<(String, String)>) -> Self {
        Self { links: links.into(), ..self }
    }

    /// With the address people and platforms call.
    #[must_use]
    pub fn with_public_url(self, url: Option<&str>) -> Self {
        Self { public_url: url.map(|url| url.trim_end_matches('/').into()), ..self }
    }

    /// With an identity provider people may sign in with.
    #[must_use]
    pub fn with_oidc(self, oidc: Option<Oidc>) -> Self {
        Self { oidc: oidc.map(Arc::new), ..self }
    }

    /// Notes in the audit what somebody changed. Neither value may hold a secret.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note(
        &self,
        signed: &Signed,
        connection: Option<&ConnectionId>,
        what: &str,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), StoreError> {
        let who = signed.name.clone();
        let entry = AuditEntry { at: (self.now)(), who, what: what.to_owned(), before, after };
        self.store.note(connection, &entry)
    }

    /// Whether browsers come over TLS, so that cookies may be kept to it.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}
