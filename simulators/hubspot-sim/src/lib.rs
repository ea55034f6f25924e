//! A HubSpot account on loopback: the API, and a console to look at and edit records.
//!
//! Everything is kept in memory and nothing happens by itself: time comes from the clock it is given, chance
//! from the seed, and all work is done while a request is answered. So a run can be had again, exactly.

mod account;
mod association_types;
mod associations;
mod console;
mod error;
mod http;
mod limits;
mod links;
mod load;
mod merge;
mod modified;
mod oauth;
mod owners;
mod people;
mod pipelines;
mod platform;
mod property;
mod pump;
mod record;
mod registry;
mod routes;
mod schemas;
mod search;
mod sensitive;
mod table;
mod time;
mod unique;
mod view;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

use axum::Router;
use jiff::SignedDuration;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use sim_base::{Clock, FaultPlan, Stats, StatsSnapshot};

pub use limits::Limits;
pub use load::{LoadError, LoadReport, RefusedRow};
pub use people::{HistoryEntry, RecordView, SimError};
pub use platform::webhooks::{DeliveryOutcome, WebhookDelivery, WebhookFaults};
pub use property::PropertyType;
pub use pump::pump;

/// How a simulated account is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the time comes from.
    pub clock: Clock,
    /// Where chance comes from: credentials, request ids.
    pub seed: u64,
    /// Whether calls are ever refused for their number.
    pub limits: Limits,
    /// How long a change takes to be found by a search.
    pub search_lag: SignedDuration,
    /// The id of the account.
    pub portal_id: u64,
    /// The id of the app that calls the API, as property history names it.
    pub app_id: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            seed: 1,
            limits: Limits::None,
            search_lag: SignedDuration::ZERO,
            portal_id: 44_956_899,
            app_id: 8_151_242,
        }
    }
}

/// All that is needed to call the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// A static access token, which does not expire.
    pub token: String,
    /// The OAuth app's client id.
    pub client_id: String,
    /// The OAuth app's client secret.
    pub client_secret: String,
    /// A refresh token, as if the app had been connected already.
    pub refresh_token: String,
    /// The id of the account.
    pub account_id: u64,
    /// The id of the app.
    pub app_id: u64,
    /// The key of the app's developer account, for `hapikey` in the settings of webhooks.
    pub developer_key: String,
}

/// A simulated account. Clones are the same account.
#[derive(Debug, Clone)]
pub struct HubSpotSim(Arc<http::Sim>);

impl HubSpotSim {
    /// A new, empty account with the standard properties, one deal pipeline and a few owners.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let now = options.clock.now().as_millisecond();
        let oauth = oauth::OAuth::new(ChaCha8Rng::seed_from_u64(options.seed));
        let mut account = account::Account::new(options.portal_id, options.app_id, oauth, now);
        account.platform = platform::Platform::new(options.seed);
        let lag = i64::try_from(options.search_lag.as_millis()).unwrap_or(0).max(0);
        let settings =
            http::Settings { limits: options.limits, search_lag: lag, tier: limits::Tier::default() };
        Self(Arc::new(http::Sim {
            clock: options.clock,
            settings: RwLock::new(settings),
            first_settings: settings,
            baseline: Mutex::new(account.clone()),
            account: RwLock::new(account),
            limiter: Mutex::default(),
            secure: false.into(),
            stats: Stats::default(),
            faults: sim_base::Faults::default(),
            ids: Mutex::new(ChaCha8Rng::seed_from_u64(options.seed ^ 0x5151)),
        }))
    }

    /// The API and the console, to be served on a socket or called in memory.
    pub fn router(&self) -> Router {
        let sim = Arc::clone(&self.0);
        Router::new().fallback(move |request: axum::extract::Request| {
            let sim = Arc::clone(&sim);
            async move { sim.serve(request).await }
        })
    }

    /// What is needed to call the account.
    #[must_use]
    pub fn access(&self) -> Access {
        let account = self.0.read();
        let oauth = &account.oauth;
        Access {
            token: oauth.static_token.clone(),
            client_id: oauth.client_id.clone(),
            client_secret: oauth.client_secret.clone(),
            refresh_token: oauth.first_refresh.clone(),
            account_id: account.portal,
            app_id: account.app,
            developer_key: account.platform.webhooks.developer_key.clone(),
        }
    }

    /// What the account has been asked and has done.
    #[must_use]
    pub fn stats(&self) -> StatsSnapshot {
        self.0.stats.snapshot(self.0.counts())
    }

    /// Puts a fault plan in force; an empty one heals everything.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.0.break_things(plan);
    }

    /// Sets how long a change takes to be found by a search.
    pub fn set_search_lag(&self, lag: SignedDuration) {
        let lag = i64::try_from(lag.as_millis()).unwrap_or(0).max(0);
        self.0.set_settings(|settings| settings.search_lag = lag);
    }

    /// Says that the account is served over TLS, so that addresses in its answers begin with `https`.
    pub fn set_secure(&self, secure: bool) {
        self.0.secure.store(secure, std::sync::atomic::Ordering::Relaxed);
    }

    /// Sets whether calls are ever refused for their number.
    pub fn set_limits(&self, limits: Limits) {
        self.0.set_settings(|settings| settings.limits = limits);
    }

    /// Makes the state of this moment the one a reset goes back to.
    pub fn mark_start(&self) {
        self.0.mark_start();
    }

    /// Goes back to the state just after start: what `mark_start` or the last loaded data set left.
    pub fn reset(&self) {
        self.0.reset();
    }
}

impl http::Sim {
    /// Puts a fault plan in force, for requests and for webhooks.
    fn break_things(&self, plan: FaultPlan) {
        let seed = if plan.webhooks.seed == 0 { plan.seed } else { plan.webhooks.seed };
        self.write().platform.settings.webhooks = WebhookFaults { seed, ..plan.webhooks };
        self.faults.set(plan);
    }

    /// Live records by object.
    fn counts(&self) -> BTreeMap<String, u64> {
        let account = self.read();
        let used = account.stores.iter().filter(|store| !store.kind.purged);
        used.map(|store| (store.kind.name.clone(), store.live_count())).collect()
    }
}
