//! A connection at work: one HubSpot account with one Salesforce org, and everything its engine needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use model::{ConnectionId, ConvertContext, Side, Sides, Values};
use store::{Link, Mark, Store, SyncError, Tx};
use tokio::sync::Notify;
use transport::World;

use crate::brake::BrakeState;
use crate::budget::Meter;
use crate::error::EngineError;
use crate::figures::{Counter, Figures};
use crate::options::Options;
use crate::owners::OwnerMap;
use crate::plant::Plant;
use crate::references::Links;
use crate::remedy;
use crate::schema::{self, MappingProblem, Schema};
use crate::settings::Settings;
use crate::side::{HubSpotSide, RecordState, Refusal, SalesforceSide, SideApi};

/// Checks settings against what both platforms describe, changing nothing. Answers automatic mappings that are left out.
///
/// # Errors
/// When a platform cannot be asked, or a mapping that a person chose does not fit.
pub async fn check_mappings(
    settings: &Settings,
    hubspot: &hubspot::Client,
    salesforce: &salesforce::Client,
) -> Result<Vec<MappingProblem>, EngineError> {
    let (hubspot, salesforce) = (HubSpotSide::new(hubspot.clone()), SalesforceSide::new(salesforce.clone()));
    let (schema, _) = schema::read(settings, &hubspot, &salesforce, jiff::tz::TimeZone::UTC).await?;
    Ok(schema.problems)
}

/// What records held, by side, object and id.
type Stuck = BTreeMap<(Side, String, String), Values>;

/// The clients of both platforms.
pub(crate) struct Clients {
    pub hubspot: hubspot::Client,
    pub salesforce: salesforce::Client,
}

/// The engine of one connection. One task decides; everything it knows is in the store.
pub struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) store: Arc<Store>,
    pub(crate) settings: Settings,
    pub(crate) options: Options,
    pub(crate) figures: Arc<Counter>,
    pub(crate) wake: Arc<Notify>,
    world: World,
    sides: Sides<Arc<dyn SideApi>>,
    /// For what only one platform has; none in a rehearsal.
    pub(crate) clients: Option<Clients>,
    pub(crate) meter: Arc<Meter>,
    /// Told when Salesforce is to be polled before its time.
    pub(crate) poll_now: Notify,
    /// As `poll_now`, for HubSpot.
    pub(crate) poll_hubspot_now: Notify,
    /// What each task waits for.
    pub(crate) trouble: Mutex<BTreeMap<&'static str, String>>,
    /// HubSpot calls that the store knows of.
    pub(crate) counted: std::sync::atomic::AtomicU64,
    pub(crate) known_schema: Mutex<Option<(Timestamp, Arc<Schema>)>>,
    /// Held while the platforms are asked to describe themselves, so that they are asked once.
    pub(crate) describing: tokio::sync::Mutex<()>,
    run: Mutex<String>,
    pub(crate) owners: Arc<Mutex<Arc<OwnerMap>>>,
    /// Choices that were added, or could not be, since the mappings were read.
    pub(crate) added_choices: Mutex<BTreeSet<(Side, String, String, String)>>,
    /// What records held when they could not be brought in step: a poll that sees the same again need not look again.
    stuck: Arc<Mutex<Stuck>>,
    pub(crate) brake: Arc<Mutex<BrakeState>>,
    /// Held by whoever decides and writes: the run, or what a person asked for beside it.
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
    /// Whether this is only to find out what a pass would do.
    pub(crate) rehearsing: bool,
}

impl Connection {
    /// An engine for the connection `id` of `store`, with the clients of its two sides.
    #[must_use]
    pub fn new(
        id: ConnectionId,
        store: Arc<Store>,
        settings: Settings,
        options: Options,
        world: World,
        hubspot: hubspot::Client,
        salesforce: salesforce::Client,
    ) -> Self {
        let (budget, clock) = (settings.budget, world.clock.clone());
        let meter = Arc::new(Meter::new(id.clone(), store.clone(), budget, clock, options.plant));
        salesforce.set_gate(meter.clone());
        let clients = Some(Clients { hubspot: hubspot.clone(), salesforce: salesforce.clone() });
        let sides: Sides<Arc<dyn SideApi>> = Sides {
            hubspot: Arc::new(HubSpotSide::new(hubspot)),
            salesforce: Arc::new(SalesforceSide::new(salesforce)),
        };
        let of = Self::of(id, store, settings, options, world, sides, meter);
        Self { clients, ..of }
    }

    fn of(
        id: ConnectionId,
        store: Arc<Store>,
        settings: Settings,
        options: Options,
        world: World,
        sides: Sides<Arc<dyn SideApi>>,
        meter: Arc<Meter>,
    ) -> Self {
        Self {
            meter,
            poll_now: Notify::new(),
            poll_hubspot_now: Notify::new(),
            trouble: Mutex::default(),
            counted: std::sync::atomic::AtomicU64::new(0),
            run: Mutex::new(String::new()),
            owners: Arc::default(),
            stuck: Arc::default(),
            known_schema: Mutex::default(),
            describing: tokio::sync::Mutex::default(),
            brake: Arc::default(),
            turn: Arc::default(),
            rehearsing: false,
            added_choices: Mutex::new(BTreeSet::new()),
            figures: Arc::default(),
            wake: Arc::default(),
            clients: None,
            id,
            store,
            settings,
            options,
            world,
            sides,
        }
    }

    /// This connection with other sides and another store, to rehearse on.
    pub(crate) fn rehearsal(
        &self,
        store: Arc<Store>,
        settings: Settings,
        sides: Sides<Arc<dyn SideApi>>,
    ) -> Self {
        let meter = Arc::clone(&self.meter);
        let of = Self::of(
            self.id.clone(),
            store,
            settings,
            self.options.clone(),
            self.world.clone(),
            sides,
            meter,
        );
        Self { rehearsing: true, ..of }
    }

    /// This connection under a run of its own, for what a person asks for while it is at work: what is done for it is told
    /// apart in the history. Whoever decides in its name holds the turn.
    pub(crate) fn beside(&self) -> Self {
        let of = Self::of(
            self.id.clone(),
            self.store.clone(),
            self.settings.clone(),
            self.options.clone(),
            self.world.clone(),
            self.sides.clone(),
            Arc::clone(&self.meter),
        );
        let known = self.schema_at_hand();
        Self {
            figures: Arc::clone(&self.figures),
            wake: Arc::clone(&self.wake),
            owners: Arc::clone(&self.owners),
            stuck: Arc::clone(&self.stuck),
            brake: Arc::clone(&self.brake),
            turn: Arc::clone(&self.turn),
            known_schema: Mutex::new(known),
            rehearsing: self.rehearsing,
            ..of
        }
    }

    pub(crate) fn side(&self, side: Side) -> &dyn SideApi {
        &**self.sides.get(side)
    }

    pub(crate) fn side_api(&self, side: Side) -> Arc<dyn SideApi> {
        Arc::clone(self.sides.get(side))
    }

    /// The settings it works under.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The run that is under way, for history rows.
    pub(crate) fn run_name(&self) -> String {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a run begins; its history rows carry its name.
    pub(crate) fn begin_run(&self, kind: &str) -> Result<(), EngineError> {
        let name = format!("run-{:016x}", self.world.chance.bits());
        self.store.begin_run(&self.id, &name, kind, self.now())?;
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = name;
        Ok(())
    }

    /// Notes how the run ended.
    pub(crate) fn finish_run(&self, error: Option<&EngineError>) -> Result<(), EngineError> {
        let outcome = error.map_or_else(|| "finished".to_owned(), ToString::to_string);
        let figures = serde_json::to_value(self.figures()).unwrap_or_default();
        self.store.finish_run(&self.run_name(), &outcome, &figures, self.now())?;
        Ok(())
    }

    /// Mappings that cannot be worked, with the reason.
    ///
    /// # Errors
    /// When a platform cannot be asked.
    pub async fn mapping_problems(&self) -> Result<Vec<MappingProblem>, EngineError> {
        Ok(self.schema().await?.problems.clone())
    }

    pub(crate) fn convert_context<'a>(&'a self, links: &'a Links<'a>) -> ConvertContext<'a> {
        let time_zone =
            self.schema_at_hand().map_or(jiff::tz::TimeZone::UTC, |(_, known)| known.time_zone.clone());
        ConvertContext { time_zone, references: links }
    }

    /// Remembers what a record held when it, or a field of it, could not be brought in step; or forgets it.
    pub(crate) fn remember_stuck(&self, side: Side, record: &RecordState, is_stuck: bool) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (side, record.object.clone(), record.id.clone());
        if is_stuck {
            stuck.insert(key, record.values.clone());
        } else {
            stuck.remove(&key);
        }
    }

    /// Forgets what records held when they could not be brought in step: what they held may well do now.
    pub(crate) fn forget_stuck(&self) {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether this record is stuck and holds what it held then.
    pub(crate) fn is_stuck_as_it_was(&self, side: Side, record: &RecordState) -> bool {
        let stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.get(&(side, record.object.clone(), record.id.clone())) == Some(&record.values)
    }

    /// Forgets what the records of a link held.
    pub(crate) fn forget_stuck_pair(&self, link: &Link) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        for side in [Side::HubSpot, Side::Salesforce] {
            stuck.remove(&(side, link.object(side).to_owned(), link.record(side).to_owned()));
        }
    }

    /// What has been done since the engine was made.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = self.figures.now();
        figures.hubspot.calls = self.side(Side::HubSpot).calls();
        figures.salesforce.calls = self.side(Side::Salesforce).calls();
        figures
    }

    /// Notes that a record may have changed; what it holds is found out later.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn hint(&self, side: Side, object: &str, record: &str) -> Result<(), EngineError> {
        self.store.mark_many(&self.id, side, object, &[record.to_owned()], store::Cause::Hint, self.now())?;
        self.wake.notify_one();
        Ok(())
    }

    /// Has both sides looked at now, without waiting for the next poll.
    pub fn look_now(&self) {
        self.poll_now.notify_one();
        self.poll_hubspot_now.notify_one();
        self.wake();
    }

    /// Has the engine look for marks that somebody else has set.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Clears a mark whose record has been seen to, unless it was set again meanwhile.
    pub(crate) fn clear(&self, tx: &Tx<'_>, mark: &Mark) -> Result<(), store::StoreError> {
        if self.options.planted(Plant::NoGeneration) {
            return tx.clear_mark_of_any_generation(mark);
        }
        tx.clear_mark(mark).map(|_| ())
    }

    /// Lets a mark wait: shortly where the trouble may pass by itself, longer with each try where a person must act.
    pub(crate) fn postpone(&self, tx: &Tx<'_>, mark: &Mark, passing: bool) -> Result<(), store::StoreError> {
        let tries = mark.tries.saturating_add(1);
        let delay = if passing {
            self.options.retry_delay(tries.min(4)).min(std::time::Duration::from_secs(120)) / 6
        } else {
            self.options.retry_delay(tries)
        };
        let delay = self.world.chance.jitter(delay);
        let until = self.now().checked_add(delay).unwrap_or(Timestamp::MAX);
        tx.postpone_mark(mark, until, tries).map(|_| ())
    }

    pub(crate) fn error_of(
        &self,
        object: &str,
        side: Side,
        record: &str,
        field: Option<String>,
        refusal: &Refusal,
    ) -> SyncError {
        let remedy = remedy::for_code(&refusal.code);
        SyncError {
            side,
            object: object.to_owned(),
            record: record.to_owned(),
            field,
            category: remedy.category.as_str().to_owned(),
            code: refusal.code.clone(),
            message: refusal.message.clone(),
            remedy: remedy.fix.to_owned(),
            at: self.now(),
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).finish_non_exhaustive()
    }
}
