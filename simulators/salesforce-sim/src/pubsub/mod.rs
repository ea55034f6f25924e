//! Change Data Capture and platform events: the stream of events, and the Pub/Sub API that serves it.
//!
//! The stream can be read in two ways: over gRPC (`service`), and by plain calls ([`SalesforceSim::events_since`]), for
//! tests that have no socket and drive the clock themselves.

mod avro;
mod body;
mod bus;
mod changes;
mod channels;
mod faults;
mod managed;
mod platform;
mod publish;
mod read;
mod schema;
mod service;
mod session;
mod settings;
mod setup;
mod wire;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

pub use channels::ChannelMember;
pub use faults::CdcFaults;
pub use managed::ManagedSubscription;
pub use read::{DeliveredEvent, EventBatch, EventRefusal, Replay};
pub use settings::{CdcSettings, MemberSetting};

pub(crate) use changes::Changes;
use channels::Channels;
use faults::Dice;
use schema::EventSchema;

use crate::org::Org;
use crate::{SalesforceSim, State};

/// What has happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ChangeType {
    Create,
    Update,
    Delete,
    Undelete,
    GapCreate,
    GapUpdate,
    GapDelete,
    GapUndelete,
    GapOverflow,
}

impl ChangeType {
    /// In the order of their numbers.
    const NAMES: [&str; 10] = [
        "CREATE",
        "UPDATE",
        "DELETE",
        "UNDELETE",
        "GAP_CREATE",
        "GAP_UPDATE",
        "GAP_DELETE",
        "GAP_UNDELETE",
        "GAP_OVERFLOW",
        "SNAPSHOT",
    ];

    fn as_gap(self) -> Self {
        match self {
            Self::Create => Self::GapCreate,
            Self::Update => Self::GapUpdate,
            Self::Delete => Self::GapDelete,
            Self::Undelete => Self::GapUndelete,
            gap => gap,
        }
    }
}

/// Everything of one org that has to do with events.
#[derive(Debug)]
pub(crate) struct Events {
    pub channels: Channels,
    pub managed: Vec<ManagedSubscription>,
    bus: bus::Bus,
    dice: Dice,
    /// Every schema that an event was ever written with, by id.
    schemas: HashMap<String, Arc<EventSchema>>,
    /// The schema of each object's events as it is now.
    current: HashMap<String, Arc<EventSchema>>,
    /// The schemas of platform events, by name.
    platform: BTreeMap<String, Arc<EventSchema>>,
    transactions: u64,
    calls: u64,
    seed: u64,
    /// Deliveries by minute, for the allocation of 24 hours.
    delivered: VecDeque<(i64, u64)>,
    /// How many deliveries are allowed in 24 hours, where that is set.
    delivery_limit: Option<u64>,
    /// A transaction with more changes than this overflows.
    overflow_after: u64,
    keep_alive: Duration,
    idle_close: Duration,
    news: watch::Sender<u64>,
}

impl Events {
    pub fn new(seed: u64) -> Self {
        Self {
            channels: Channels::default(),
            managed: Vec::new(),
            bus: bus::Bus::new(seed),
            dice: Dice::new(CdcFaults::default()),
            schemas: HashMap::new(),
            current: HashMap::new(),
            platform: BTreeMap::new(),
            transactions: 0,
            calls: 0,
            seed,
            delivered: VecDeque::new(),
            delivery_limit: None,
            overflow_after: 100_000,
            keep_alive: Duration::from_secs(270),
            idle_close: Duration::from_secs(60),
            news: watch::Sender::new(0),
        }
    }

    /// Forgets all events and counts. Channels and settings stay; replay ids of before are not valid any more.
    pub fn forget(&mut self) {
        self.bus.lose();
        self.delivered.clear();
        self.managed.iter_mut().for_each(ManagedSubscription::forget);
    }

    /// A name in the form of a UUID; different for each purpose and number.
    fn uuid(&self, purpose: u64, number: u64) -> String {
        let high = bus::mix(self.seed ^ purpose << 56 ^ number);
        let low = bus::mix(high ^ number);
        uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// Wakes those who wait for events.
    fn tell(&self) {
        self.news.send_replace(self.bus.tip());
    }

    /// The schema of an object's change events, as its fields are now.
    fn schema_of(&mut self, org: &Org, entity: &str) -> Option<Arc<EventSchema>> {
        let def = &org.table(entity)?.def;
        let record_types = org.table("RecordType").is_some_and(|table| table.live() > 0);
        let print = schema::print_of(def, record_types);
        if let Some(known) = self.current.get(entity).filter(|known| known.print == print) {
            return Some(Arc::clone(known));
        }
        let schema = Arc::new(schema::change_event(def, record_types));
        self.current.insert(entity.to_owned(), Arc::clone(&schema));
        self.schemas.insert(schema.id.clone(), Arc::clone(&schema));
        Some(schema)
    }

    /// Deliveries of the last 24 hours.
    fn used(&mut self, now: Timestamp) -> u64 {
        let day_ago = now.as_second() / 60 - 24 * 60;
        while self.delivered.front().is_some_and(|(minute, _)| *minute <= day_ago) {
            self.delivered.pop_front();
        }
        self.delivered.iter().map(|(_, count)| count).sum()
    }

    fn count(&mut self, now: Timestamp, delivered: u64) {
        let minute = now.as_second() / 60;
        match self.delivered.back_mut() {
            Some((last, count)) if *last == minute => *count += delivered,
            _ => self.delivered.push_back((minute, delivered)),
        }
    }
}

/// The `changeOrigin` of what a call to an API changes: `com/salesforce/api/rest/66.0;client=…`.
pub(crate) fn origin(api: &str, version: &str, client: Option<&str>) -> String {
    let client = client.map(|client| format!(";client={client}")).unwrap_or_default();
    format!("com/salesforce/api/{api}/{}{client}", version.trim_start_matches('v'))
}

/// The `changeOrigin` of what a person does in the user interface.
pub(crate) const BY_A_PERSON: &str = "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/";

impl State {
    /// Ends a transaction: tells the event bus what it has changed. To be called once for each, when nothing of it can
    /// be taken back any more.
    pub(crate) fn publish_changes(&mut self, origin: &str, now: Timestamp) {
        if !self.org.changes.is_empty() {
            let touched = self.org.changes.take();
            self.events.publish_changes(&self.org, touched, origin, now);
        }
    }
}

impl SalesforceSim {
    /// Does `work` without publishing events, as when an org is filled with the data of a test.
    pub fn quietly<T>(&self, work: impl FnOnce(&Self) -> T) -> T {
        let before = self.with_org_mut(|org| org.changes.set_quiet(true));
        let done = work(self);
        self.with_org_mut(|org| org.changes.set_quiet(before));
        done
    }
}
