//! Inside: which records a mapping is about. A segment says so in HubSpot, a filter in Salesforce; a pair is inside when both
//! its records are.

use std::collections::{BTreeMap, BTreeSet};

use model::{ObjectMapping, Side};
use store::{LinkState, Outcome, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::pair::Pair;

/// Who of some records is inside, by the object of the other side that they would be in step with.
#[derive(Debug, Default)]
pub(crate) struct Scopes(BTreeMap<String, Option<BTreeSet<String>>>);

impl Scopes {
    /// Whether a record is inside the mapping with this object of the other side.
    pub fn holds(&self, counterpart: &str, id: &str) -> bool {
        match self.0.get(counterpart) {
            Some(Some(inside)) => inside.contains(id),
            Some(None) | None => true,
        }
    }

    /// Whether a record is inside any mapping.
    pub fn holds_anywhere(&self, id: &str) -> bool {
        self.0.is_empty()
            || self.0.values().any(|inside| inside.as_ref().is_none_or(|inside| inside.contains(id)))
    }

    /// Whether any mapping leaves records of the object outside.
    pub fn bounds(&self) -> bool {
        self.0.values().any(Option::is_some)
    }
}

/// The segment or filter of a mapping's side.
pub(crate) fn scope_of(mapping: &ObjectMapping, side: Side) -> Option<&str> {
    let scope = match side {
        Side::HubSpot => mapping.segment.as_deref(),
        Side::Salesforce => mapping.salesforce_filter.as_deref(),
    };
    scope.map(str::trim).filter(|scope| !scope.is_empty())
}

impl Connection {
    /// Who of these records of `side` is inside, as the platform says now.
    pub(crate) async fn scopes(
        &self,
        side: Side,
        object: &str,
        ids: &[String],
    ) -> Result<Scopes, EngineError> {
        let schema = self.schema().await?;
        let mut scopes = Scopes::default();
        let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for route in schema.routes_of(side, object) {
            let counterpart = route.object(side.other()).to_owned();
            let inside = match scope_of(&route.mapping, side) {
                None => None,
                Some(scope) => {
                    if !asked.contains_key(scope) {
                        asked.insert(scope, self.side(side).inside(object, scope, ids).await?);
                    }
                    asked.get(scope).cloned()
                }
            };
            scopes.0.insert(counterpart, inside);
        }
        Ok(scopes)
    }

    /// Of these pairs, those that are inside. The links of the others rest, and nothing more is done about them.
    pub(crate) async fn keep_inside(&self, pairs: Vec<Pair>) -> Result<Vec<Pair>, EngineError> {
        let mut objects: BTreeMap<(Side, String), Vec<String>> = BTreeMap::new();
        for pair in &pairs {
            for side in [Side::HubSpot, Side::Salesforce] {
                let ids = objects.entry((side, pair.link.object(side).to_owned())).or_default();
                ids.push(pair.link.record(side).to_owned());
            }
        }
        let mut scopes: BTreeMap<(Side, String), Scopes> = BTreeMap::new();
        for ((side, object), ids) in objects {
            let found = self.scopes(side, &object, &ids).await?;
            scopes.insert((side, object), found);
        }
        let (inside, outside): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| {
            [Side::HubSpot, Side::Salesforce].into_iter().all(|side| {
                scopes
                    .get(&(side, pair.link.object(side).to_owned()))
                    .is_none_or(|found| found.holds(pair.link.object(side.other()), pair.link.record(side)))
            })
        });
        for pair in outside {
            self.step_outside(&pair)?;
        }
        Ok(inside)
    }

    fn step_outside(&self, pair: &Pair) -> Result<(), EngineError> {
        let (link, now) = (&pair.link, self.now());
        self.store.transaction(|tx| {
            if link.state != LinkState::Resting(Resting::Outside) {
                tx.set_link_state(link.id, LinkState::Resting(Resting::Outside), now)?;
                let reason = Resting::Outside.as_str();
                let entry = self.life_entry(link, Side::Salesforce, &pair.marks, reason, Outcome::Unlinked);
                tx.add_history(&self.id, &entry)?;
            }
            for side in [Side::HubSpot, Side::Salesforce] {
                tx.close_intents_of_link(link.id, side)?;
                tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], now)?;
            }
            pair.marks.iter().try_for_each(|mark| self.clear(tx, mark))
        })?;
        Ok(())
    }
}
