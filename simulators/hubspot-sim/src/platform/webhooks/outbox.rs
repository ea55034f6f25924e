//! Events that wait to be sent, and requests under way. Whoever drives the simulator asks for what is due and
//! reports what became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::{WebhookFaults, signature};
use crate::HubSpotSim;
use crate::account::Account;
use crate::platform::settings::Signature;

/// Events in one request.
const BATCH: usize = 100;
/// Requests under way at once.
const CONCURRENT: usize = 10;
/// How long the receiver has.
const TIMEOUT: i64 = 5000;
/// How often a request that fails is sent again, and until when.
const RETRIES: u32 = 10;
const GIVEN_UP_AFTER: i64 = 86_400_000;

/// A request to send: a batch of events, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// By this number the outcome is reported.
    pub id: u64,
    /// Where to; the method is POST.
    pub url: String,
    /// The headers, signatures among them.
    pub headers: Vec<(String, String)>,
    /// A JSON array of events.
    pub body: String,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver answered with this status; anything but 2xx is sent again.
    Answered(u16),
    /// There was no connection, or no answer within five seconds.
    Failed,
}

#[derive(Debug, Clone)]
struct Event {
    body: Map<String, Value>,
    happened: i64,
    attempt: u32,
}

#[derive(Debug, Clone)]
struct UnderWay {
    events: Vec<Event>,
    until: i64,
}

/// The outbox.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox {
    /// By the time they are due, then in the order they were put in.
    waiting: BTreeMap<(i64, u64), Event>,
    under_way: BTreeMap<u64, UnderWay>,
    events: u64,
    deliveries: u64,
    places: u64,
    chance: Option<(u64, ChaCha8Rng)>,
}

impl Outbox {
    /// The number of the next event. It says nothing about order, as on the platform.
    pub(super) fn event_number(&mut self) -> u64 {
        self.events += 1;
        // A step coprime to the modulus visits every number once.
        1_000_000_000 + self.events.wrapping_mul(2_654_435_761) % 3_000_000_019
    }

    fn chance(&mut self, seed: u64) -> &mut ChaCha8Rng {
        if self.chance.as_ref().is_some_and(|(held, _)| *held != seed) {
            self.chance = None;
        }
        let fresh = || (seed, ChaCha8Rng::seed_from_u64(seed ^ 0x7765_6268));
        &mut self.chance.get_or_insert_with(fresh).1
    }

    /// Puts an event in, or loses it, or puts it in twice, as chance has it.
    pub(super) fn put(&mut self, body: Map<String, Value>, at: i64, faults: &WebhookFaults) {
        let sure = |probability: f64| probability.clamp(0.0, 1.0);
        let chance = self.chance(faults.seed);
        if faults.loss > 0.0 && chance.random_bool(sure(faults.loss)) {
            return;
        }
        let copies =
            if faults.duplication > 0.0 && chance.random_bool(sure(faults.duplication)) { 2 } else { 1 };
        for _ in 0..copies {
            let chance = self.chance(faults.seed);
            let (shortest, longest) =
                (faults.delay_ms.0.max(0), faults.delay_ms.1.max(faults.delay_ms.0).max(0));
            let mut due = at + if longest > 0 { chance.random_range(shortest..=longest) } else { 0 };
            if faults.reordering > 0.0 && chance.random_bool(sure(faults.reordering)) {
                due += chance.random_range(0..=faults.reorder_ms.max(1));
            }
            self.place(Event { body: body.clone(), happened: at, attempt: 0 }, due);
        }
    }

    fn place(&mut self, event: Event, due: i64) {
        self.places += 1;
        self.waiting.insert((due, self.places), event);
    }

    /// What failed comes back later, unless it has been tried often enough.
    fn again(&mut self, events: Vec<Event>, now: i64, seed: u64) {
        for mut event in events {
            event.attempt += 1;
            // assumed: the pause doubles, with a random part; the documents give only the number and the day
            let pause = 60_000_i64 << (event.attempt - 1).min(9);
            let due = now + pause / 2 + self.chance(seed).random_range(0..=pause / 2);
            if event.attempt > RETRIES || due > event.happened + GIVEN_UP_AFTER {
                continue;
            }
            event.body.insert("attemptNumber".into(), json!(event.attempt));
            self.place(event, due);
        }
    }

    fn next_at(&self) -> Option<i64> {
        let waiting = self.waiting.keys().next().map(|(due, _)| *due);
        let ending = self.under_way.values().map(|one| one.until).min();
        waiting.into_iter().chain(ending).min()
    }
}

impl Account {
    fn due_deliveries(&mut self, now: i64) -> Vec<WebhookDelivery> {
        let seed = self.platform.settings.webhooks.seed;
        let second = self.platform.settings.webhook_signature == Signature::V2;
        let webhooks = &mut self.platform.webhooks;
        let outbox = &mut webhooks.outbox;
        let late: Vec<u64> =
            outbox.under_way.iter().filter(|(_, one)| one.until <= now).map(|(id, _)| *id).collect();
        for id in late {
            if let Some(one) = outbox.under_way.remove(&id) {
                outbox.again(one.events, now, seed);
            }
        }
        let Some(target) = &webhooks.target else { return Vec::new() };
        let secret = &self.oauth.client_secret;
        let most = target.concurrent.min(CONCURRENT);
        let mut due = Vec::new();
        while outbox.under_way.len() < most {
            let keys: Vec<(i64, u64)> =
                outbox.waiting.range(..=(now, u64::MAX)).map(|(key, _)| *key).take(BATCH).collect();
            if keys.is_empty() {
                break;
            }
            let events: Vec<Event> = keys.iter().filter_map(|key| outbox.waiting.remove(key)).collect();
            let all: Vec<Value> = events.iter().map(|event| Value::Object(event.body.clone())).collect();
            let body = Value::Array(all).to_string();
            outbox.deliveries += 1;
            let id = outbox.deliveries;
            outbox.under_way.insert(id, UnderWay { events, until: now + TIMEOUT });
            let (older, version) = if second {
                (signature::v2(secret, "POST", &target.url, &body), "v2")
            } else {
                (signature::v1(secret, &body), "v1")
            };
            let headers = [
                ("content-type", "application/json".to_owned()),
                ("user-agent", "HubSpot Connect 2.0 (http://dev.hubspot.com/) - WebHooks".to_owned()),
                ("X-HubSpot-Signature", older),
                ("X-HubSpot-Signature-Version", version.to_owned()),
                ("X-HubSpot-Signature-v3", signature::v3(secret, "POST", &target.url, &body, now)),
                ("X-HubSpot-Request-Timestamp", now.to_string()),
            ];
            let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            due.push(WebhookDelivery { id, url: target.url.clone(), headers, body });
        }
        due
    }
}

impl HubSpotSim {
    /// The requests to send now. Each has to be reported with [`Self::delivered`]; one that is not reported
    /// within five seconds counts as failed.
    #[must_use]
    pub fn due_deliveries(&self) -> Vec<WebhookDelivery> {
        let now = self.0.now();
        // Asked often, and mostly there is nothing.
        if self.0.read().platform.webhooks.outbox.next_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.0.write().due_deliveries(now)
    }

    /// Reports what became of a request. Events of one that failed are sent again, up to ten times in a day.
    pub fn delivered(&self, id: u64, outcome: DeliveryOutcome) {
        let now = self.0.now();
        let mut account = self.0.write();
        let seed = account.platform.settings.webhooks.seed;
        let outbox = &mut account.platform.webhooks.outbox;
        let Some(one) = outbox.under_way.remove(&id) else { return };
        if !matches!(outcome, DeliveryOutcome::Answered(200..=299)) {
            outbox.again(one.events, now, seed);
        }
    }

    /// When there will next be something to send, as far as is known now.
    #[must_use]
    pub fn next_delivery_at(&self) -> Option<Timestamp> {
        let at = self.0.read().platform.webhooks.outbox.next_at()?;
        Timestamp::from_millisecond(at).ok()
    }

    /// Sets how unreliable the sending of events is.
    pub fn set_webhook_faults(&self, faults: WebhookFaults) {
        self.0.write().platform.settings.webhooks = faults;
    }
}
