//! All connections of an installation at work, each on its own: one in trouble does not slow another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::ConnectionId;
use secrecy::SecretString;
use store::{ConnectionRow, ConnectionState, Store};
use tokio::task::JoinHandle;
use transport::World;

use crate::access::{HubSpotAccess, Keeper, SalesforceAccess};
use crate::brake::resume_after_brake;
use crate::connection::Connection;
use crate::credentials::Credentials;
use crate::error::EngineError;
use crate::events::Events;
use crate::run::{Stop, Stopper, stopper};
use crate::settings::Settings;

/// How long a batch in hand may take to finish once told to stop.
const LAST_BATCH: Duration = Duration::from_secs(60);
/// The longest wait before a run that ended is begun again.
const LONGEST: Duration = Duration::from_secs(300);

/// Opens connections, keeps them at work, and stops them.
pub struct Supervisor {
    store: Arc<Store>,
    world: World,
    credentials: Credentials,
    places: Mutex<BTreeMap<ConnectionId, Arc<Place>>>,
}

/// Where one connection works. Whoever starts, stops or changes it holds `running`.
#[derive(Default)]
struct Place {
    open: Mutex<Option<Arc<Connection>>>,
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    stop: Stopper,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Nothing is opened or started yet.
    #[must_use]
    pub fn new(store: Arc<Store>, world: World, credentials: Credentials) -> Arc<Self> {
        Arc::new(Self { store, world, credentials, places: Mutex::default() })
    }

    /// What the operator gave.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where everything is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// An open connection, at work or paused; none where it was never started, or could not be opened.
    #[must_use]
    pub fn connection(&self, id: &ConnectionId) -> Option<Arc<Connection>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let open = places.get(id)?.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clone()
    }

    /// Starts every connection that is kept. One that cannot be opened says so in its state; the others start.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn start_all(&self) -> Result<(), EngineError> {
        for row in self.store.connections()? {
            if let Err(error) = self.start(&row.id).await {
                tracing::error!(connection = row.id.as_str(), %error, "a connection could not be started");
                self.store.set_waiting_reason(&row.id, Some(&error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Starts a connection; nothing happens where it is at work already.
    ///
    /// # Errors
    /// When there is no such connection, or no access is kept for it.
    pub async fn start(&self, id: &ConnectionId) -> Result<(), EngineError> {
        let place = self.place(id);
        let mut running = place.running.lock().await;
        if running.is_none() {
            *running = Some(self.begin(id, &place)?);
        }
        Ok(())
    }

    /// Lets a connection's changes wait.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn pause(&self, id: &ConnectionId, reason: &str) -> Result<(), EngineError> {
        self.row(id)?;
        Ok(self.store.set_connection_state(id, ConnectionState::Paused, Some(reason))?)
    }

    /// Lets a connection go on, after a pause or after the brake stopped it. With `release_brake`, what the brake stopped is
    /// done, and nothing beyond it.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn resume(&self, id: &ConnectionId, release_brake: bool) -> Result<(), EngineError> {
        self.row(id)?;
        resume_after_brake(&self.store, id, release_brake, self.world.clock.now())?;
        self.store.set_connection_state(id, ConnectionState::Active, None)?;
        if let Some(connection) = self.connection(id) {
            connection.wake();
        }
        Ok(())
    }

    /// Has a connection work under the settings and the access that are kept now. One that is not at work is started.
    ///
    /// # Errors
    /// When there is no such connection, or no access is kept for it.
    pub async fn reload(&self, id: &ConnectionId) -> Result<(), EngineError> {
        let place = self.place(id);
        let mut running = place.running.lock().await;
        end(&mut running).await;
        *running = Some(self.begin(id, &place)?);
        Ok(())
    }

    /// Keeps other settings and works under them; what they change for records that are linked already is looked at again.
    ///
    /// # Errors
    /// When there is no such connection, or the store cannot be used. Then the former settings stand.
    pub async fn change_settings(&self, id: &ConnectionId, settings: &Settings) -> Result<(), EngineError> {
        let row = self.row(id)?;
        let kept = serde_json::to_value(settings).map_err(|error| unwritten(&error))?;
        let place = self.place(id);
        let mut running = place.running.lock().await;
        end(&mut running).await;
        let changed = (|| {
            let (connection, _) = self.open(&row)?;
            connection.look_again_after(connection.settings(), settings)?;
            self.store.update_settings(id, &kept)?;
            Ok(())
        })();
        // Whatever came of it, the connection works on.
        *running = Some(self.begin(id, &place)?);
        changed
    }

    /// Seals other access for a connection and works with it.
    ///
    /// # Errors
    /// When there is no such connection, or the store cannot be used.
    pub async fn change_access(
        &self,
        id: &ConnectionId,
        hubspot: Option<&HubSpotAccess>,
        salesforce: Option<&SalesforceAccess>,
    ) -> Result<(), EngineError> {
        self.row(id)?;
        let place = self.place(id);
        let mut running = place.running.lock().await;
        // Stopped first: what the former access renews must not take the new one's place.
        end(&mut running).await;
        let keeper = self.keeper(id.as_str());
        if let Some(access) = hubspot {
            keeper.keep_hubspot(access)?;
        }
        if let Some(access) = salesforce {
            keeper.keep_salesforce(access)?;
        }
        *running = Some(self.begin(id, &place)?);
        Ok(())
    }

    /// Stops a connection and forgets it with everything kept of it. No record of either platform is touched.
    ///
    /// # Errors
    /// When there is no such connection, or the store cannot be used.
    pub async fn disconnect(&self, id: &ConnectionId) -> Result<(), EngineError> {
        let row = self.row(id)?;
        let place = self.place(id);
        let mut running = place.running.lock().await;
        end(&mut running).await;
        // Access that nobody needs any more ends; should Salesforce not be reached, it ends with its own time.
        if self.keeper(id.as_str()).salesforce()?.is_some()
            && let Ok((_, client)) = self.open(&row)
            && let Err(error) = client.revoke().await
        {
            tracing::warn!(%error, "the access to Salesforce could not be ended");
        }
        *place.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.store.delete_connection(id)?;
        drop(running);
        self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }

    /// Stops all connections; each finishes the batch it has in hand.
    pub async fn stop(&self) {
        let places: Vec<Arc<Place>> =
            self.places.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let ending = places.iter().map(|place| async {
            end(&mut *place.running.lock().await).await;
        });
        futures::future::join_all(ending).await;
    }

    /// The secret with which HubSpot signs its calls to a connection.
    #[must_use]
    pub fn webhook_secret(&self, id: &ConnectionId) -> Option<SecretString> {
        match self.keeper(id.as_str()).hubspot() {
            Ok(Some(HubSpotAccess::OAuth { client_secret, .. })) => Some(client_secret.into()),
            _ => self.credentials.hubspot_app.client_secret.clone(),
        }
    }

    pub(crate) fn keeper(&self, owner: &str) -> Keeper {
        Keeper::new(self.store.clone(), self.credentials.key.clone(), owner)
    }

    fn place(&self, id: &ConnectionId) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(id.clone()).or_default())
    }

    fn row(&self, id: &ConnectionId) -> Result<ConnectionRow, EngineError> {
        let row = self.store.connection(id)?;
        row.ok_or_else(|| EngineError::Settings(format!("there is no connection {id} here")))
    }

    /// Opens the connection anew and sets it to work.
    fn begin(&self, id: &ConnectionId, place: &Place) -> Result<Running, EngineError> {
        let (connection, client) = self.open(&self.row(id)?)?;
        let connection = Arc::new(connection);
        *place.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&connection));
        let (stop, stopped) = stopper();
        let source = self.credentials.events.clone();
        let task = tokio::spawn(async move {
            let following = async {
                let events = match source {
                    Some(source) => source.of(client).await,
                    None => None,
                };
                if let Some(events) = events {
                    follow(&connection, &*events, stopped.clone()).await;
                }
            };
            futures::future::join(keep_running(&connection, stopped.clone()), following).await;
        });
        Ok(Running { stop, task })
    }

    /// The engine of a connection and the client of its org. Nobody is asked anything.
    fn open(&self, row: &ConnectionRow) -> Result<(Connection, salesforce::Client), EngineError> {
        let settings: Settings = serde_json::from_value(row.settings.clone()).map_err(|error| {
            EngineError::Settings(format!("the settings of {} cannot be read: {error}", row.name))
        })?;
        let keeper = self.keeper(row.id.as_str());
        let environment = self.credentials.environment.as_ref();
        let missing = |platform: &str| {
            EngineError::Settings(format!(
                "no access to {platform} is kept for {}, and none is given in the environment; connect {platform} again",
                row.name
            ))
        };
        let hubspot = match keeper.hubspot()? {
            Some(access) => keeper.hubspot_auth(access),
            None => environment.map(|given| given.hubspot.clone()).ok_or_else(|| missing("HubSpot"))?,
        };
        let salesforce = match keeper.salesforce()? {
            Some(access) => keeper.salesforce_auth(access),
            None => environment.map(|given| given.salesforce.clone()).ok_or_else(|| missing("Salesforce"))?,
        };
        let hubspot = hubspot::Client::new(
            self.world.clone(),
            hubspot::Config::new(self.credentials.hubspot_api.clone(), hubspot),
        );
        let salesforce = salesforce::Client::new(self.world.clone(), salesforce::Config::new(salesforce));
        let connection = Connection::new(
            row.id.clone(),
            self.store.clone(),
            settings,
            self.credentials.options.clone(),
            self.world.clone(),
            hubspot,
            salesforce.clone(),
        );
        Ok((connection, salesforce))
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

fn unwritten(error: &serde_json::Error) -> EngineError {
    EngineError::Settings(format!("the settings cannot be written: {error}"))
}

/// Stops what runs and waits for it. What does not end in time is cut off: whatever it had not finished is still marked.
async fn end(running: &mut Option<Running>) {
    let Some(Running { stop, mut task }) = running.take() else { return };
    stop.stop();
    if tokio::time::timeout(LAST_BATCH, &mut task).await.is_err() {
        task.abort();
    }
}

/// Runs the connection until told to stop. A run that ends by itself says why in the connection's state and is begun again
/// after a while.
async fn keep_running(connection: &Arc<Connection>, mut stop: Stop) {
    let mut failures = 0_u32;
    while !stop.is_set() {
        // A task of its own: should it break down, the connection is begun again all the same.
        let mut run = Cut(tokio::spawn({
            let (connection, stop) = (Arc::clone(connection), stop.clone());
            async move { connection.run(stop).await }
        }));
        let told = match (&mut run.0).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => format!("the engine broke down ({error}); please report this"),
        };
        tracing::error!(connection = connection.id.as_str(), told, "a connection came to a halt");
        if let Err(error) = connection.store.set_waiting_reason(&connection.id, Some(&told)) {
            tracing::error!(%error, "the store cannot be used");
        }
        failures = failures.saturating_add(1);
        let pause = Duration::from_secs(2).saturating_mul(2_u32.saturating_pow(failures.min(10)));
        connection.wait(connection.world().chance.jitter(pause.min(LONGEST)), &mut stop).await;
    }
}

async fn follow(connection: &Connection, events: &dyn Events, stop: Stop) {
    if let Err(error) = connection.follow(events, stop).await {
        tracing::error!(%error, "change events are no longer followed; polls go on");
    }
}

/// A task that ends with whoever waits for it.
struct Cut<T>(JoinHandle<T>);

impl<T> Drop for Cut<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
