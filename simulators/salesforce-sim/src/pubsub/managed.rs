//! Managed subscriptions: the server remembers how far each has come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bus;
use super::channels::Topic;
use super::read::{EventRefusal, Replay};
use crate::{State, ids};

/// A `ManagedEventSubscription` of the org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedSubscription {
    /// Its id; made up when it is left out.
    #[serde(default)]
    pub id: String,
    /// Its name.
    pub developer_name: String,
    /// The topic, such as `/data/ChangeEvents`.
    pub topic: String,
    /// `LATEST` or `EARLIEST`: where it starts while nothing is committed.
    #[serde(default = "latest")]
    pub default_replay: String,
    /// `LATEST` or `EARLIEST`: where it starts when what was committed is not valid any more.
    #[serde(default = "latest")]
    pub error_recovery_replay: String,
    /// `RUN` or `STOP`.
    #[serde(default = "run")]
    pub state: String,
    #[serde(skip)]
    committed: Option<u64>,
    #[serde(skip)]
    active: bool,
}

fn latest() -> String {
    "LATEST".to_owned()
}

fn run() -> String {
    "RUN".to_owned()
}

fn preset(name: &str) -> Replay {
    if name == "EARLIEST" { Replay::Earliest } else { Replay::Latest }
}

impl ManagedSubscription {
    pub(super) fn forget(&mut self) {
        self.committed = None;
    }
}

fn refused(status: &'static str, code: &str, message: &str) -> EventRefusal {
    EventRefusal::new(status, &format!("managed.subscription.{code}"), message)
}

impl State {
    /// Puts a managed subscription into the org, or another in place of the one with its name. Answers its id.
    pub(crate) fn put_managed_subscription(&mut self, mut wanted: ManagedSubscription) -> String {
        let all = &mut self.events.managed;
        let old = all.iter().position(|known| known.developer_name == wanted.developer_name);
        match old.map(|at| &mut all[at]) {
            Some(known) => {
                (wanted.committed, wanted.active) = (known.committed, known.active);
                if wanted.id.is_empty() {
                    wanted.id.clone_from(&known.id);
                }
                *known = wanted;
                known.id.clone()
            }
            None => {
                if wanted.id.is_empty() {
                    wanted.id = ids::make("18x", all.len() as u64 + 1);
                }
                all.push(wanted);
                all.last().map(|known| known.id.clone()).unwrap_or_default()
            }
        }
    }

    /// Opens a managed subscription, by its id or its name; answers its place in the list, its topic, and where it
    /// starts.
    pub(super) fn open_managed(
        &mut self,
        id: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(usize, Topic, u64), EventRefusal> {
        if id.is_empty() == name.is_empty() {
            let message = "Provide either the subscription ID or the developer name.";
            return Err(refused("INVALID_ARGUMENT", "id.or.developer.name.empty", message));
        }
        if !id.is_empty() && !matches!(id.len(), 15 | 18) {
            let message = "The subscription ID must have 15 or 18 characters.";
            return Err(refused("INVALID_ARGUMENT", "subscription.id.invalid", message));
        }
        let wanted = |known: &ManagedSubscription| match name {
            "" => known.id.get(..15) == id.get(..15),
            name => known.developer_name == name,
        };
        let at = self.events.managed.iter().position(wanted).ok_or_else(|| match name {
            "" => refused("NOT_FOUND", "subscription.id.not.found", "There is no subscription with this ID."),
            _ => {
                let message = "There is no subscription with this developer name.";
                refused("NOT_FOUND", "developer.name.not.found", message)
            }
        })?;
        let known = self.events.managed[at].clone();
        if known.state != "RUN" {
            let message = "The subscription is stopped. Set its state to RUN.";
            return Err(refused("FAILED_PRECONDITION", "config.stopped", message));
        }
        if known.active {
            let message = "There is an active subscription with this ID.";
            return Err(refused("ALREADY_EXISTS", "already.active", message));
        }
        self.events.bus.expire(now.as_millisecond());
        let replay = match known.committed {
            Some(number) if self.events.bus.holds(number) => Replay::After(bus::replay_id(number)),
            Some(_) => preset(&known.error_recovery_replay),
            None => preset(&known.default_replay),
        };
        let (topic, from) = self.subscribe(&known.topic, &replay, now)?;
        self.events.managed[at].active = true;
        Ok((at, topic, from))
    }

    pub(super) fn close_managed(&mut self, at: usize) {
        if let Some(known) = self.events.managed.get_mut(at) {
            known.active = false;
        }
    }

    /// Remembers how far a subscription has come; `sent` is the last place that it was told of.
    pub(super) fn commit(&mut self, at: usize, replay_id: &[u8], sent: u64) -> Result<(), String> {
        let number = bus::place(replay_id).ok_or("The replay ID is missing or not valid.")?;
        if number > sent {
            return Err("The replay ID was committed before it was delivered.".to_owned());
        }
        if !self.events.bus.holds(number) {
            return Err("The replay ID is not within the retention window.".to_owned());
        }
        let known = self.events.managed.get_mut(at).ok_or("The subscription was deleted.")?;
        if known.committed.is_some_and(|committed| number < committed) {
            return Err("The replay ID is older than the one that is committed.".to_owned());
        }
        known.committed = Some(number);
        Ok(())
    }
}
