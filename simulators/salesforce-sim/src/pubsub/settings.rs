//! The part of `/_sim/settings` that is about events.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::channels::ChannelMember;
use super::faults::{CdcFaults, Dice};
use super::managed::ManagedSubscription;
use crate::SalesforceSim;

/// An object on a channel: its name, or more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum MemberSetting {
    /// The name alone.
    Name(String),
    /// With fields that every event carries.
    Member(ChannelMember),
}

/// What can be set about events. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CdcSettings {
    /// The objects of each channel (`ChangeEvents`, `…__chn`); `null` takes a custom channel away.
    pub channels: BTreeMap<String, Option<Vec<MemberSetting>>>,
    /// Whether no more than five objects may be selected, as in an org without the add-on.
    pub limit_entities: Option<bool>,
    /// Objects that the subscriber may not see.
    pub denied: Option<Vec<String>>,
    /// Platform events with their fields and the types of these; `null` takes one away.
    pub platform_events: BTreeMap<String, Option<BTreeMap<String, String>>>,
    /// Managed subscriptions, added or changed by their names.
    pub managed_subscriptions: Vec<ManagedSubscription>,
    /// Deliveries allowed in 24 hours, whatever the limits; 0 goes back to what the limits say.
    pub delivery_limit: Option<u64>,
    /// How many changes of one transaction are told before it overflows.
    pub overflow_after: Option<u64>,
    /// An idle subscription is told so after this time.
    pub keep_alive_ms: Option<u64>,
    /// A subscription that asks for nothing ends after this time.
    pub idle_close_ms: Option<u64>,
    /// What goes wrong with events from now on.
    pub faults: Option<CdcFaults>,
}

impl SalesforceSim {
    /// Makes a custom channel (`…__chn`).
    ///
    /// # Errors
    /// When a channel cannot be called so.
    pub fn add_channel(&self, channel: &str) -> Result<(), String> {
        self.state().events.channels.add(channel)
    }

    /// Selects an object on a channel (`ChangeEvents` or a custom one).
    ///
    /// # Errors
    /// When there is no such channel, or no more objects may be selected.
    pub fn select_entity(&self, channel: &str, member: ChannelMember) -> Result<(), String> {
        self.state().events.channels.select(channel, member)
    }

    /// Takes an object from a channel; answers whether it was there.
    pub fn unselect_entity(&self, channel: &str, entity: &str) -> bool {
        self.state().events.channels.unselect(channel, entity)
    }

    /// Sets what is said about events.
    ///
    /// # Errors
    /// What cannot be set so, in words. What comes before it is set.
    pub fn set_cdc(&self, settings: CdcSettings) -> Result<(), String> {
        let mut state = self.state();
        let events = &mut state.events;
        for (channel, members) in settings.channels {
            match members {
                None => drop(events.channels.remove(&channel)),
                Some(members) => {
                    let members = members.into_iter().map(|member| match member {
                        MemberSetting::Name(entity) => ChannelMember { entity, ..ChannelMember::default() },
                        MemberSetting::Member(member) => member,
                    });
                    events.channels.replace(&channel, members.collect())?;
                }
            }
        }
        if let Some(limited) = settings.limit_entities {
            events.channels.limited = limited;
        }
        if let Some(denied) = settings.denied {
            events.channels.denied = denied.into_iter().collect();
        }
        for (name, fields) in settings.platform_events {
            match fields {
                None => drop(events.remove_platform_event(&name)),
                Some(fields) => {
                    let fields = fields.iter().map(|(name, kind)| (name.as_str(), kind.as_str()));
                    events.define_platform_event(&name, fields)?;
                }
            }
        }
        if let Some(limit) = settings.delivery_limit {
            events.delivery_limit = (limit > 0).then_some(limit);
        }
        if let Some(most) = settings.overflow_after {
            events.overflow_after = most;
        }
        if let Some(time) = settings.keep_alive_ms {
            events.keep_alive = Duration::from_millis(time);
        }
        if let Some(time) = settings.idle_close_ms {
            events.idle_close = Duration::from_millis(time);
        }
        if let Some(faults) = settings.faults {
            if faults.lose_replay {
                events.bus.lose();
            }
            events.dice = Dice::new(CdcFaults { lose_replay: false, ..faults });
        }
        for subscription in settings.managed_subscriptions {
            state.put_managed_subscription(subscription);
        }
        Ok(())
    }
}
