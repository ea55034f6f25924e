//! Owners: which person of one side is which of the other. They go together as the settings say, else by email; the
//! lists are kept, and asked for again when they are old or somebody appears whom they do not have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use model::{OWNERS, Side, Sides, Value, Values};
use store::{Cause, SyncError, Tx};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::remedy::Category;
use crate::schema::Route;
use crate::settings::{OwnerSettings, UnmatchedOwner};
use crate::side::Person;

/// How old the lists may be, and how old they must be before somebody unknown has them asked for again.
const OLD: SignedDuration = SignedDuration::from_hours(1);
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// The owners of both sides, and who goes with whom.
#[derive(Debug, Default)]
pub(crate) struct OwnerMap {
    people: Sides<BTreeMap<String, Person>>,
    /// From each side's id to the other's.
    matched: Sides<BTreeMap<String, String>>,
    /// Who stands in for those whom nobody goes with, by the side of the one who is replaced.
    instead: Sides<Option<String>>,
    read_at: Option<Timestamp>,
}

impl OwnerMap {
    pub fn new(settings: &OwnerSettings, people: Sides<Vec<Person>>, now: Timestamp) -> Self {
        let mut map = Self { read_at: Some(now), ..Self::default() };
        for pair in &settings.pairs {
            map.matched.hubspot.entry(pair.hubspot.clone()).or_insert_with(|| pair.salesforce.clone());
            map.matched.salesforce.entry(pair.salesforce.clone()).or_insert_with(|| pair.hubspot.clone());
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            // Only who is active can be given a record; who has left may still have some.
            let mut active: BTreeMap<String, &str> = BTreeMap::new();
            for person in people.get(side.other()).iter().filter(|person| person.active) {
                if let Some(email) = plain(person) {
                    active.entry(email).or_insert(&person.id);
                }
            }
            for person in people.get(side) {
                let other = plain(person).and_then(|email| active.get(&email).map(|id| (*id).to_owned()));
                if let Some(other) = other {
                    map.matched.get_mut(side).entry(person.id.clone()).or_insert(other);
                }
            }
        }
        if let UnmatchedOwner::Use { hubspot, salesforce } = &settings.unmatched {
            map.instead = Sides { hubspot: salesforce.clone(), salesforce: hubspot.clone() };
        }
        let by_id = |people: Vec<Person>| {
            people.into_iter().map(|person| (person.id.clone(), person)).collect::<BTreeMap<_, _>>()
        };
        map.people = Sides { hubspot: by_id(people.hubspot), salesforce: by_id(people.salesforce) };
        map
    }

    /// Who of the other side goes with this owner of `side`.
    pub fn counterpart(&self, side: Side, id: &str) -> Option<String> {
        self.matched.get(side).get(id).or(self.instead.get(side).as_ref()).cloned()
    }

    fn is_known(&self, side: Side, id: &str) -> bool {
        self.people.get(side).contains_key(id) || self.matched.get(side).contains_key(id)
    }

    /// Whether this is the user that Tandem is connected as.
    fn is_us(&self, side: Side, id: &str) -> bool {
        self.people.get(side).get(id).is_some_and(|person| person.is_us)
    }

    fn age(&self, now: Timestamp) -> SignedDuration {
        self.read_at.map_or(SignedDuration::MAX, |then| now.duration_since(then))
    }

    /// The owner in words.
    fn name(&self, side: Side, id: &str) -> String {
        let Some(person) = self.people.get(side).get(id) else { return id.to_owned() };
        match (person.name.trim(), person.email.as_deref()) {
            ("", None) => id.to_owned(),
            ("", Some(email)) => email.to_owned(),
            (name, None) => name.to_owned(),
            (name, Some(email)) => format!("{name} ({email})"),
        }
    }
}

/// An email as emails are compared.
fn plain(person: &Person) -> Option<String> {
    let email = person.email.as_deref()?.trim().to_lowercase();
    (!email.is_empty()).then_some(email)
}

/// The object under which an owner without a match is reported.
fn object_of(side: Side) -> &'static str {
    match side {
        Side::HubSpot => OWNERS,
        Side::Salesforce => "User",
    }
}

impl Connection {
    /// The owners as they were last read.
    pub(crate) fn owner_map(&self) -> Arc<OwnerMap> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes sure that the lists of owners are there and know those whom records of this route name.
    pub(crate) async fn know_owners<'a>(
        &self,
        route: &Route,
        records: impl Iterator<Item = (Side, &'a Values)>,
    ) -> Result<(), EngineError> {
        let owned: Vec<_> = route.pairs.iter().filter(|pair| pair.hubspot.is_owner()).collect();
        if owned.is_empty() {
            return Ok(());
        }
        let mut named: BTreeSet<(Side, &str)> = BTreeSet::new();
        for (side, values) in records {
            for pair in &owned {
                if let Some(Value::Reference(id)) = values.get(&pair.field(side).name) {
                    named.insert((side, id));
                }
            }
        }
        let map = self.owner_map();
        let age = map.age(self.now());
        let unknown = || named.iter().any(|(side, id)| !map.is_known(*side, id));
        if age < FRESH || (age < OLD && !unknown()) {
            return Ok(());
        }
        self.read_owners().await
    }

    async fn read_owners(&self) -> Result<(), EngineError> {
        let people = Sides {
            hubspot: self.side(Side::HubSpot).owners().await?,
            salesforce: self.side(Side::Salesforce).owners().await?,
        };
        let map = Arc::new(OwnerMap::new(&self.settings.owners, people, self.now()));
        *self.owners.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&map);
        let now = self.now();
        self.store.transaction(|tx| {
            for side in [Side::HubSpot, Side::Salesforce] {
                let gained = map.people.get(side).keys().filter(|id| map.counterpart(side, id).is_some());
                for id in gained {
                    tx.resolve_errors(&self.id, side, object_of(side), id, &[], now)?;
                    for (object, record) in tx.waiting_for(&self.id, side, id)? {
                        tx.mark(&self.id, side, &object, &record, Cause::Link, now)?;
                    }
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Says, once for an owner and not for each record, that nobody goes with it. Of the user that Tandem is connected as
    /// nobody need be told: it owns what Tandem has made.
    pub(crate) fn unmatched_owner(&self, side: Side, id: &str) -> Option<SyncError> {
        let owners = self.owner_map();
        if owners.is_us(side, id) {
            return None;
        }
        let (name, other) = (owners.name(side, id), side.other());
        Some(SyncError {
            side,
            object: object_of(side).to_owned(),
            record: id.to_owned(),
            field: None,
            category: Category::Association.as_str().to_owned(),
            code: "UNMATCHED_OWNER".to_owned(),
            message: format!(
                "Nobody in {other} goes with the {side} owner {name}. Records keep the owner they have in {other}; new \
                 ones get whom {other} gives them."
            ),
            remedy: format!(
                "Give them an active user with the same email in {other}, pair the two owners in the settings, or name \
                 somebody there who stands in."
            ),
            at: self.now(),
        })
    }

    /// Notes that nobody goes with an owner.
    pub(crate) fn note_unmatched_owner(
        &self,
        tx: &Tx<'_>,
        side: Side,
        id: &str,
    ) -> Result<(), store::StoreError> {
        match self.unmatched_owner(side, id) {
            Some(error) => tx.set_error(&self.id, &error).map(|_| ()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::OwnerPair;

    fn person(id: &str, email: &str, active: bool) -> Person {
        Person { id: id.into(), name: String::new(), email: Some(email.into()), active, is_us: false }
    }

    fn map(settings: &OwnerSettings) -> OwnerMap {
        let people = Sides {
            hubspot: vec![
                person("1", "Ann@Acme.example", true),
                person("2", "bob@acme.example", false),
                person("3", "only@hubspot.example", true),
            ],
            salesforce: vec![
                person("005A", "ann@acme.example", false),
                person("005B", "ANN@acme.example", true),
                person("005C", "bob@acme.example", true),
            ],
        };
        OwnerMap::new(settings, people, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn people_go_together_by_email_and_only_active_ones_are_given_records() {
        let map = map(&OwnerSettings::default());
        assert_eq!(map.counterpart(Side::HubSpot, "1").as_deref(), Some("005B"));
        assert_eq!(map.counterpart(Side::HubSpot, "2").as_deref(), Some("005C"));
        assert_eq!(map.counterpart(Side::HubSpot, "3"), None);
        assert_eq!(map.counterpart(Side::Salesforce, "005A").as_deref(), Some("1"));
        assert_eq!(map.counterpart(Side::Salesforce, "005C"), None, "Bob has left HubSpot");
    }

    #[test]
    fn a_pair_of_the_settings_comes_first_and_somebody_may_stand_in() {
        let pairs = vec![OwnerPair { hubspot: "1".into(), salesforce: "005C".into() }];
        let unmatched = UnmatchedOwner::Use { hubspot: None, salesforce: Some("005B".into()) };
        let map = map(&OwnerSettings { pairs, unmatched });
        assert_eq!(map.counterpart(Side::HubSpot, "1").as_deref(), Some("005C"));
        assert_eq!(map.counterpart(Side::Salesforce, "005C").as_deref(), Some("1"));
        assert_eq!(map.counterpart(Side::HubSpot, "3").as_deref(), Some("005B"));
    }
}
