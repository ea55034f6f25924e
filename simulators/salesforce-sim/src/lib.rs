//! A Salesforce org on loopback: the APIs, and a console to look at and edit records.
//!
//! State is in memory, time comes from a [`sim_base::Clock`], chance from a seed; nothing runs in the background. The
//! router works on a socket and, called directly, without one. No code is shared with the API client: a mistake made
//! there must not be able to hide here.

// A described field is one large JSON literal.
#![recursion_limit = "256"]

mod api;
mod auth;
mod bulk;
mod console;
mod crm;
mod dml;
mod embed;
mod error;
mod gate;
mod geo;
mod ids;
mod journal;
mod load;
mod oauth;
mod org;
mod packages;
mod permissions;
mod pubsub;
mod purge;
mod routes;
mod rules;
mod schema;
mod service;
mod settings;
mod setup;
mod soap;
pub mod soql;
mod sosl;
mod storage;
mod web;
mod xml;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sim_base::{Clock, FaultPlan, Faults, Stats, StatsSnapshot};

pub use crm::{Converted, Currency, LeadConversion};
pub use dml::DuplicateRule;
pub use error::Refusal;
pub use load::{LoadError, LoadReport, RefusedRow};
pub use pubsub::{
    CdcFaults, CdcSettings, ChannelMember, DeliveredEvent, EventBatch, EventRefusal, ManagedSubscription,
    MemberSetting, Replay,
};
pub use rules::{FieldAccess, ObjectAccess};

use crate::auth::Auth;
use crate::dml::Writer;
use crate::org::{Org, RowData};

/// Which of the platform's limits are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limits {
    /// Calls are counted and reported, and never refused.
    #[default]
    None,
    /// As a Developer Edition org: 15,000 calls in any 24 hours.
    Real,
}

/// How an org is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the time comes from.
    pub clock: Clock,
    /// Where ids and tokens come from.
    pub seed: u64,
    /// Which limits are kept.
    pub limits: Limits,
    /// The org's own address, as `instance_url` names it.
    pub base_url: String,
    /// Whether it calls itself a sandbox.
    pub sandbox: bool,
    /// PEM of the public key that JWT assertions must be signed with; unchecked where there is none.
    pub jwt_public_key: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            seed: 0,
            limits: Limits::None,
            base_url: "http://127.0.0.1:8102".to_owned(),
            sandbox: false,
            jwt_public_key: None,
        }
    }
}

/// What a caller needs to get in.
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    /// The connected app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The integration user.
    pub username: String,
    /// Their password.
    pub password: String,
    /// What callers outside the org's networks put after the password.
    pub security_token: String,
    /// A session that does not end.
    pub access_token: String,
    /// Buys further sessions.
    pub refresh_token: String,
    /// The org.
    pub org_id: String,
    /// The integration user's id.
    pub user_id: String,
}

/// A record as a person sees it: every field that holds something.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// Its id.
    pub id: String,
    /// Values as the API answers them, without nulls.
    pub fields: BTreeMap<String, Value>,
    /// Whether it lies in the recycle bin.
    pub deleted: bool,
    /// Who changed it last.
    pub last_modified_by: String,
}

/// A simulated org. Clones share its state.
#[derive(Debug, Clone)]
pub struct SalesforceSim(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    faults: Faults,
    stats: Stats,
    state: Mutex<State>,
    seed: u64,
    sandbox: bool,
}

#[derive(Debug)]
struct State {
    org: Org,
    /// What `reset` goes back to.
    start: Org,
    auth: Auth,
    base_url: String,
    limits: Limits,
    duplicate_rule: DuplicateRule,
    person: Arc<str>,
    integration: Arc<str>,
    service: service::Service,
    setup: setup::Setup,
    /// What `reset` goes back to.
    start_setup: setup::Setup,
    events: pubsub::Events,
}

impl SalesforceSim {
    /// An org with its standard objects, two users and no records.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let now = options.clock.now();
        let (org, users) = service::new_org(now, options.sandbox);
        let chance = ChaCha8Rng::seed_from_u64(options.seed ^ 0x5a1e_5f0c);
        let mut auth = Auth::new(users.org.clone(), users.integration.clone(), chance);
        auth.jwt_key = options.jwt_public_key;
        let mut state = State {
            start: org.clone(),
            org,
            auth,
            base_url: options.base_url,
            limits: options.limits,
            duplicate_rule: DuplicateRule::Off,
            person: users.person.into(),
            integration: users.integration.into(),
            service: service::Service::default(),
            setup: setup::Setup::default(),
            start_setup: setup::Setup::default(),
            events: pubsub::Events::new(options.seed),
        };
        state.grant_all(&setup::Who { user: Arc::clone(&state.integration), now });
        state.start = state.org.clone();
        Self(Arc::new(Inner {
            clock: options.clock,
            faults: Faults::default(),
            stats: Stats::default(),
            state: Mutex::new(state),
            seed: options.seed,
            sandbox: options.sandbox,
        }))
    }

    /// Everything that is served.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_org<T>(&self, look: impl FnOnce(&Org) -> T) -> T {
        look(&self.state().org)
    }

    fn with_org_mut<T>(&self, change: impl FnOnce(&mut Org) -> T) -> T {
        change(&mut self.state().org)
    }

    /// What a caller needs to get in.
    #[must_use]
    pub fn access(&self) -> Access {
        let state = self.state();
        let auth = &state.auth;
        Access {
            client_id: auth.client_id.clone(),
            client_secret: auth.client_secret.clone(),
            username: auth.username.clone(),
            password: auth.password.clone(),
            security_token: auth.security_token(),
            access_token: auth.access_token.clone(),
            refresh_token: auth.refresh_token.clone(),
            org_id: auth.org_id.clone(),
            user_id: auth.user_id.clone(),
        }
    }

    /// Tells the org its own address, once it is known.
    pub fn set_base_url(&self, base_url: &str) {
        self.state().base_url = base_url.trim_end_matches('/').to_owned();
    }

    /// The counters of `GET /_sim/stats`.
    #[must_use]
    pub fn stats(&self) -> StatsSnapshot {
        let records = self.with_org(|org| {
            org.tables
                .iter()
                .filter(|(_, t)| t.def.writable)
                .map(|(name, t)| (name.clone(), t.live()))
                .collect()
        });
        self.0.stats.snapshot(records)
    }

    /// Sets the counters back to nothing.
    pub fn reset_stats(&self) {
        self.0.stats.reset();
    }

    /// What to break from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.break_events(&plan);
        self.0.faults.set(plan);
    }

    /// What the rule against duplicates does from now on.
    pub fn set_duplicate_rule(&self, rule: DuplicateRule) {
        self.state().duplicate_rule = rule;
    }

    /// Which limits are kept from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.state().limits = limits;
    }

    /// What `reset` goes back to from now on.
    pub fn mark_start(&self) {
        let mut state = self.state();
        state.org.changes.take();
        state.start = state.org.clone();
        state.start_setup = state.setup.clone();
        state.start.changes = pubsub::Changes::default();
    }

    /// Goes back to the start: records, counters, faults.
    pub fn reset(&self) {
        let mut state = self.state();
        state.org = state.start.clone();
        state.setup = state.start_setup.clone();
        state.service = service::Service::default();
        state.events.forget();
        drop(state);
        self.0.stats.reset();
        self.set_faults(FaultPlan { seed: self.0.seed, ..FaultPlan::default() });
    }

    fn person(&self, state: &State) -> Writer {
        Writer { allow_save: true, ..Writer::new(Arc::clone(&state.person), self.0.clock.now()) }
    }

    /// Makes a record as a person would, in the user interface.
    ///
    /// # Errors
    /// What the platform has against it.
    pub fn create_record(&self, object: &str, fields: Map<String, Value>) -> Result<String, Vec<Refusal>> {
        let mut state = self.state();
        let writer = self.person(&state);
        let done = state.org.insert(object, &fields, &writer);
        state.publish_changes(pubsub::BY_A_PERSON, writer.now);
        done
    }

    /// Changes a record as a person would.
    ///
    /// # Errors
    /// What the platform has against it.
    pub fn edit_record(
        &self,
        object: &str,
        id: &str,
        fields: Map<String, Value>,
    ) -> Result<(), Vec<Refusal>> {
        let mut state = self.state();
        let writer = self.person(&state);
        let done = state.org.update(object, id, &fields, &writer);
        state.publish_changes(pubsub::BY_A_PERSON, writer.now);
        done
    }

    /// Deletes a record as a person would.
    ///
    /// # Errors
    /// What the platform has against it.
    pub fn delete_record(&self, object: &str, id: &str) -> Result<(), Refusal> {
        let mut state = self.state();
        let writer = self.person(&state);
        let done = state.org.delete(object, id, &writer);
        state.publish_changes(pubsub::BY_A_PERSON, writer.now);
        done
    }

    /// Takes a record out of the recycle bin as a person would.
    ///
    /// # Errors
    /// When it is not there.
    pub fn undelete_record(&self, id: &str) -> Result<(), Refusal> {
        let mut state = self.state();
        let writer = self.person(&state);
        let done = state.org.undelete(id, &writer);
        state.publish_changes(pubsub::BY_A_PERSON, writer.now);
        done
    }

    /// A record, deleted or not.
    #[must_use]
    pub fn record(&self, object: &str, id: &str) -> Option<RecordView> {
        self.with_org(|org| {
            let table = org.table(object)?;
            table.rows.get(&ids::normal(id)?).map(|row| view(&row))
        })
    }

    /// The live records of an object, oldest first.
    #[must_use]
    pub fn records(&self, object: &str) -> Vec<RecordView> {
        self.with_org(|org| {
            let Some(table) = org.table(object) else { return Vec::new() };
            table.rows.live_after(0).map(|row| view(&row.unpacked())).collect()
        })
    }

    /// Makes sure that an object has this field of the org's own, and that everybody sees it, as a person leaves it who
    /// makes it on the setup pages; `metadata` as the Tooling API takes it.
    ///
    /// # Errors
    /// When there is no such object, or the definition is no good.
    pub fn ensure_custom_field(&self, object: &str, name: &str, metadata: &Value) -> Result<(), String> {
        self.changed(|org, writer, _| org.add_granted_field(object, name, metadata, writer))
    }
}

fn view(row: &RowData) -> RecordView {
    let fields = row.values.iter().filter_map(|(at, value)| {
        let name = row.def.get_index(usize::from(*at))?;
        Some((name.clone(), value.clone()))
    });
    let mut fields: BTreeMap<String, Value> = fields.collect();
    fields.insert("Id".into(), json!(row.id));
    fields.insert("LastModifiedDate".into(), json!(org::api_time(row.modified_at)));
    RecordView {
        id: row.id.clone(),
        fields,
        deleted: row.deleted,
        last_modified_by: row.modified_by.to_string(),
    }
}
