//! Channels, and which objects are selected on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::{event_name, object_name};

/// The channel that has all selected objects.
pub(crate) const ALL: &str = "ChangeEvents";
/// Objects that may be selected in an org without the add-on.
pub(crate) const MOST_OBJECTS: usize = 5;

/// An object selected on a channel, as `PlatformEventChannelMember` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelMember {
    /// The object's API name, such as `Account`.
    pub entity: String,
    /// Fields that every event carries, changed or not.
    #[serde(default)]
    pub enriched_fields: Vec<String>,
}

/// The channels of an org. `ChangeEvents` is always there; others end in `__chn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channels {
    members: BTreeMap<String, BTreeMap<String, ChannelMember>>,
    /// Objects that the subscriber may not see.
    pub denied: BTreeSet<String>,
    /// Whether no more objects may be selected than a Developer Edition allows.
    pub limited: bool,
}

impl Default for Channels {
    /// assumed: a new org has nothing selected; the simulator selects what a CRM integration listens to, so that a
    /// subscriber hears something without setup
    fn default() -> Self {
        let mut channels = Self { members: BTreeMap::new(), denied: BTreeSet::new(), limited: false };
        let usual = ["Account", "Contact", "Lead", "Opportunity", "Task"].map(|entity| {
            (entity.to_owned(), ChannelMember { entity: entity.to_owned(), enriched_fields: Vec::new() })
        });
        channels.members.insert(ALL.to_owned(), usual.into_iter().collect());
        channels
    }
}

impl Channels {
    /// Makes a custom channel.
    pub fn add(&mut self, channel: &str) -> Result<(), String> {
        if !channel.ends_with("__chn") {
            return Err(format!("the name of a custom channel ends in __chn; {channel} does not"));
        }
        self.members.entry(channel.to_owned()).or_default();
        Ok(())
    }

    /// Takes a custom channel away, with its members.
    pub fn remove(&mut self, channel: &str) -> bool {
        channel != ALL && self.members.remove(channel).is_some()
    }

    /// Selects an object on a channel.
    pub fn select(&mut self, channel: &str, member: ChannelMember) -> Result<(), String> {
        let selected: BTreeSet<&String> = self.members.values().flat_map(BTreeMap::keys).collect();
        if self.limited && selected.len() >= MOST_OBJECTS && !selected.contains(&member.entity) {
            return Err(format!(
                "no more than {MOST_OBJECTS} objects can be selected for Change Data Capture"
            ));
        }
        let members =
            self.members.get_mut(channel).ok_or_else(|| format!("there is no channel {channel}"))?;
        members.insert(member.entity.clone(), member);
        Ok(())
    }

    /// Takes an object from a channel.
    pub fn unselect(&mut self, channel: &str, entity: &str) -> bool {
        self.members.get_mut(channel).is_some_and(|members| members.remove(entity).is_some())
    }

    /// Puts other members in place of a channel's.
    pub fn replace(&mut self, channel: &str, members: Vec<ChannelMember>) -> Result<(), String> {
        if channel != ALL {
            self.add(channel)?;
        }
        self.members.insert(channel.to_owned(), BTreeMap::new());
        members.into_iter().try_for_each(|member| self.select(channel, member))
    }

    /// The channels with their members.
    pub fn all(&self) -> &BTreeMap<String, BTreeMap<String, ChannelMember>> {
        &self.members
    }

    /// Whether events of this object are published at all.
    pub fn is_selected(&self, entity: &str) -> bool {
        self.members.values().any(|members| members.contains_key(entity))
    }

    /// Fields that the events of an object carry on any of its channels.
    /// assumed: the simulator writes an event once, so that a field enriched on one channel is there on all
    pub fn enriched(&self, entity: &str) -> Vec<&str> {
        let members = self.members.values().filter_map(|members| members.get(entity));
        members.flat_map(|member| member.enriched_fields.iter().map(String::as_str)).collect()
    }
}

/// What a topic's name asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `/data/ChangeEvents` or `/data/X__chn`
    Channel(String),
    /// `/data/AccountChangeEvent`, by the object.
    Entity(String),
    /// `/event/Order__e`
    Platform(String),
}

/// Names tell cases apart.
pub(crate) fn parse(topic: &str) -> Option<Topic> {
    if let Some(name) = topic.strip_prefix("/event/") {
        return name.ends_with("__e").then(|| Topic::Platform(name.to_owned()));
    }
    let name = topic.strip_prefix("/data/")?;
    if name == ALL || name.ends_with("__chn") {
        return Some(Topic::Channel(name.to_owned()));
    }
    let entity = object_name(name)?;
    (event_name(&entity) == name).then_some(Topic::Entity(entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(entity: &str) -> ChannelMember {
        ChannelMember { entity: entity.to_owned(), ..ChannelMember::default() }
    }

    #[test]
    fn topics_are_told_apart_by_their_names() {
        assert_eq!(parse("/data/ChangeEvents"), Some(Topic::Channel("ChangeEvents".into())));
        assert_eq!(parse("/data/Crm__chn"), Some(Topic::Channel("Crm__chn".into())));
        assert_eq!(parse("/data/Visit__ChangeEvent"), Some(Topic::Entity("Visit__c".into())));
        assert_eq!(parse("/event/Order__e"), Some(Topic::Platform("Order__e".into())));
        assert_eq!(parse("/data/changeevents"), None);
        assert_eq!(parse("/data/Visit__cChangeEvent"), None);
        assert_eq!(parse("AccountChangeEvent"), None);
    }

    #[test]
    fn a_limited_org_selects_five_objects_each_counted_once() {
        let mut channels = Channels { limited: true, ..Channels::default() };
        channels.add("Crm__chn").unwrap();
        channels.select("Crm__chn", member("Account")).unwrap();
        assert!(channels.select("Crm__chn", member("Campaign")).is_err());
        assert!(channels.unselect(ALL, "Task"));
        channels.select("Crm__chn", member("Campaign")).unwrap();
        assert!(channels.is_selected("Campaign") && !channels.is_selected("Task"));
    }
}
