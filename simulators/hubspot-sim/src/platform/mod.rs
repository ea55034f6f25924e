//! What an account has besides its records: who is told of changes, lists, imports and exports, automation,
//! forms.

pub(crate) mod automation;
pub(crate) mod feed;
pub(crate) mod journal;
pub(crate) mod lists;
pub(crate) mod marketing;
pub(crate) mod settings;
pub(crate) mod timeline;
pub(crate) mod transfers;
pub(crate) mod webhooks;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use automation::Automation;
use feed::Feed;
use journal::Journal;
use lists::Lists;
use marketing::Marketing;
use settings::PlatformSettings;
use timeline::Timeline;
use transfers::Transfers;
use webhooks::Webhooks;

/// The state of all that, part of the account, so that a reset takes it back as well.
#[derive(Debug, Clone)]
pub(crate) struct Platform {
    pub(crate) settings: PlatformSettings,
    pub(crate) feed: Feed,
    pub(crate) webhooks: Webhooks,
    pub(crate) lists: Lists,
    pub(crate) journal: Journal,
    pub(crate) transfers: Transfers,
    pub(crate) automation: Automation,
    pub(crate) marketing: Marketing,
    pub(crate) timeline: Timeline,
    pub(crate) chance: ChaCha8Rng,
}

impl Platform {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0x0070_6c61_7466_6f72);
        Self {
            settings: PlatformSettings::default(),
            feed: Feed::default(),
            webhooks: Webhooks::new(&mut chance),
            lists: Lists::default(),
            journal: Journal::default(),
            transfers: Transfers::default(),
            automation: Automation::default(),
            marketing: Marketing::default(),
            timeline: Timeline::default(),
            chance,
        }
    }

    /// Whether anybody wants to know what happens to records.
    pub(crate) fn listening(&self) -> bool {
        self.webhooks.listening() || self.journal.listening()
    }
}

/// A UUID drawn from a seeded source.
pub(crate) fn uuid(chance: &mut ChaCha8Rng) -> String {
    use rand::RngExt;
    uuid::Builder::from_random_bytes(chance.random()).into_uuid().to_string()
}
