//! One world: both simulators, the wire, the disk, and an engine that can be killed and started again.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use engine::{Connection, Options, Plant, Settings, stopper};
use hubspot_sim::HubSpotSim;
use jiff::Timestamp;
use model::{ConnectionId, Sides};
use salesforce_sim::SalesforceSim;
use secrecy::SecretString;
use sim_base::Clock as SimClock;
use store::{ConnectionRow, ConnectionState, Durability, Store};
use transport::{Chance, Clock, TokioClock};

use crate::memory::{HUBSPOT, Memory, SALESFORCE};
use crate::profile::Profile;

/// Both simulators, the wire, the disk, and perhaps a running engine.
pub struct World {
    /// The time, which passes when everything waits.
    pub clock: TokioClock,
    /// The wire.
    pub memory: Arc<Memory>,
    /// The HubSpot account.
    pub hubspot: HubSpotSim,
    /// The Salesforce org.
    pub salesforce: SalesforceSim,
    /// How much goes wrong.
    pub profile: Profile,
    settings: Mutex<Settings>,
    plant: Option<Plant>,
    chance: Chance,
    disk: tempfile::TempDir,
    running: Mutex<Option<Running>>,
}

struct Running {
    connection: Arc<Connection>,
    task: tokio::task::JoinHandle<Result<(), engine::EngineError>>,
    _stopper: engine::Stopper,
}

/// The one connection of a world.
#[must_use]
pub fn connection_id() -> ConnectionId {
    ConnectionId::new("simulated")
}

impl World {
    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// When there is no room for the disk.
    pub fn new(profile: Profile, settings: Settings, plant: Option<Plant>) -> anyhow::Result<Self> {
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().context("a fixed start")?;
        let clock = TokioClock::starting_at(start);
        let sim_clock = SimClock::new(move || clock.now());
        let hubspot = HubSpotSim::new(hubspot_sim::Options {
            clock: sim_clock.clone(),
            seed: profile.seed,
            search_lag: profile.search_lag,
            ..hubspot_sim::Options::default()
        });
        let salesforce = SalesforceSim::new(salesforce_sim::Options {
            clock: sim_clock,
            seed: profile.seed,
            base_url: SALESFORCE.to_owned(),
            ..salesforce_sim::Options::default()
        });
        let memory =
            Memory::new(hubspot.router(), salesforce.router(), Chance::from_seed(profile.seed), clock);
        let disk = match std::fs::metadata("/dev/shm") {
            Ok(shm) if shm.is_dir() => tempfile::tempdir_in("/dev/shm")?,
            _ => tempfile::tempdir()?,
        };
        Ok(Self {
            chance: Chance::from_seed(profile.seed ^ 0xfeed),
            running: Mutex::new(None),
            clock,
            memory,
            hubspot,
            salesforce,
            profile,
            settings: Mutex::new(settings),
            plant,
            disk,
        })
    }

    /// The store as it is on disk.
    ///
    /// # Errors
    /// When the disk cannot be used.
    pub fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.disk.path().join("tandem.db"), Durability::ProcessOnly)?)
    }

    /// A connection on the store as it is on disk, as a new process would open it.
    ///
    /// # Errors
    /// When the disk cannot be used.
    pub fn connect(&self, options: Options) -> anyhow::Result<Arc<Connection>> {
        let store = self.store()?;
        let settings = self.settings();
        let before = store.connection(&connection_id())?.map(|known| known.settings);
        if before.is_none() {
            store.create_connection(&ConnectionRow {
                id: connection_id(),
                name: "Simulated".into(),
                hubspot_account: "1".into(),
                salesforce_org: "2".into(),
                state: ConnectionState::Active,
                state_reason: None,
                settings: serde_json::to_value(&settings)?,
                created_at: self.clock.now(),
            })?;
        }
        let world = transport::World {
            transport: self.memory.clone(),
            clock: Arc::new(self.clock),
            chance: self.chance.clone(),
        };
        let token = SecretString::from(self.hubspot.access().token);
        let hubspot = hubspot::Config::new(HUBSPOT.parse()?, hubspot::Auth::Token(token));
        let access = self.salesforce.access();
        // Not the session that never ends: one that the platform may end at any time, and that can be renewed.
        let salesforce = salesforce::Config::new(salesforce::Auth::ClientCredentials {
            login_url: SALESFORCE.parse()?,
            client_id: access.client_id,
            client_secret: SecretString::from(access.client_secret),
        });
        let store = Arc::new(store);
        let connection = Connection::new(
            connection_id(),
            Arc::clone(&store),
            settings.clone(),
            options,
            world.clone(),
            hubspot::Client::new(world.clone(), hubspot),
            salesforce::Client::new(world, salesforce),
        );
        let after = serde_json::to_value(&settings)?;
        if let Some(before) = before.filter(|before| *before != after) {
            connection.look_again_after(&serde_json::from_value(before)?, &settings)?;
            store.update_settings(&connection_id(), &after)?;
        }
        Ok(Arc::new(connection))
    }

    /// The settings that the engine is started with.
    pub fn settings(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Other settings, from the next start of the engine on.
    pub fn set_settings(&self, settings: Settings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    fn options(&self) -> Options {
        let [hubspot, salesforce] = self.profile.poll;
        Options {
            poll_interval: Sides { hubspot, salesforce },
            first_retry: std::time::Duration::from_secs(5),
            longest_retry: std::time::Duration::from_secs(120),
            plant: self.plant,
            ..Options::default()
        }
    }

    /// Starts the engine from disk.
    ///
    /// # Errors
    /// When the disk cannot be used.
    pub fn start(&self) -> anyhow::Result<()> {
        let connection = self.connect(self.options())?;
        let (stopper, stop) = stopper();
        let task = tokio::spawn({
            let connection = connection.clone();
            async move { connection.run(stop).await }
        });
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Running { connection, task, _stopper: stopper });
        Ok(())
    }

    /// Kills the engine wherever it is; answers how it had ended if it already had.
    pub async fn kill(&self) -> Option<String> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        running.task.abort();
        drop(running.connection);
        match running.task.await {
            Ok(Ok(())) => Some("the engine ended by itself".to_owned()),
            Ok(Err(error)) => Some(format!("the engine gave up: {error}")),
            Err(error) if error.is_panic() => Some(format!("the engine panicked: {error}")),
            Err(_) => None,
        }
    }

    /// Whether an engine runs.
    pub fn is_running(&self) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Hints that a record may have changed; while no engine runs, nobody is there to be told.
    ///
    /// # Errors
    /// When the disk cannot be used.
    pub fn hint(&self, side: model::Side, object: &str, record: &str) -> anyhow::Result<()> {
        if let Some(running) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            running.connection.hint(side, object, record)?;
        }
        Ok(())
    }

    /// A pass of its own, with polls, on a store that no engine uses.
    ///
    /// # Errors
    /// What ends the pass.
    pub async fn pass(&self) -> anyhow::Result<engine::Figures> {
        let options = Options { plant: self.plant, ..Options::default() };
        Ok(self.connect(options)?.sync_once().await?)
    }
}
