//! Delete: what becomes of a record whose counterpart is gone. It is kept, or follows into its recycle bin, as the mapping
//! says; the link rests either way, and resumes when both are there again. Of a person whom HubSpot has forgotten for good,
//! nothing is kept here either.

use std::collections::BTreeMap;

use model::{OnDelete, Side, Sides};
use store::{HistoryEntry, Link, LinkState, Mark, Outcome, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::side::{Refusal, Whereabouts, Written};

/// A pair that has lost a record.
pub(crate) struct Bereft {
    pub link: Link,
    pub marks: Vec<Mark>,
    /// Whose record is still there.
    pub there: Sides<bool>,
    /// Whose record the platform still knows, in the recycle bin or live.
    pub binned: Sides<bool>,
}

impl Bereft {
    /// The side whose record is still there; none where both are gone.
    fn left(&self) -> Option<Side> {
        [Side::HubSpot, Side::Salesforce].into_iter().find(|side| *self.there.get(*side))
    }

    fn why(&self) -> Resting {
        match self.left() {
            Some(Side::HubSpot) => Resting::DeletedInSalesforce,
            Some(Side::Salesforce) | None => Resting::DeletedInHubSpot,
        }
    }

    /// The side whose history says that the link rests.
    fn told(&self) -> Side {
        self.left().unwrap_or(Side::Salesforce)
    }
}

impl Connection {
    /// Lets the links of these pairs rest, after what is left of them has followed where it should.
    pub(crate) async fn bereave(&self, pairs: Vec<Bereft>) -> Result<(), EngineError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let schema = self.schema().await?;
        let whereabouts = self.whereabouts(&pairs).await?;
        let mut follow: BTreeMap<(Side, String), Vec<Bereft>> = BTreeMap::new();
        for pair in pairs {
            let found = |side: Side| {
                let key = (side, pair.link.object(side).to_owned(), pair.link.record(side).to_owned());
                whereabouts.get(&key).copied()
            };
            let forgotten = found(Side::HubSpot) == Some(Whereabouts::Gone);
            if !forgotten && pair.link.state == LinkState::Resting(Resting::Outside) {
                if let Some(left) = pair.left() {
                    // Back inside while its counterpart is gone: the restoration is to be noticed.
                    let (object, id) = (pair.link.object(left).to_owned(), pair.link.record(left).to_owned());
                    let scopes = self.scopes(left, &object, std::slice::from_ref(&id)).await?;
                    if scopes.bounds() && scopes.holds(pair.link.object(left.other()), &id) {
                        self.rest(&pair.link, pair.why(), pair.told(), &pair.marks)?;
                        continue;
                    }
                }
                // A deletion while outside is none of ours.
                self.store.transaction(|tx| pair.marks.iter().try_for_each(|mark| self.clear(tx, mark)))?;
                continue;
            }
            if found(Side::Salesforce) == Some(Whereabouts::Hidden) && !forgotten {
                self.out_of_sight(&pair)?;
                continue;
            }
            let route = schema.route(pair.link.object(Side::HubSpot), pair.link.object(Side::Salesforce));
            let follows = |left: &Side| {
                pair.link.is_active()
                    && route.is_some_and(|route| route.mapping.when_deleted(left.other()) == OnDelete::Delete)
            };
            match pair.left().filter(follows) {
                Some(left) => {
                    follow.entry((left, pair.link.object(left).to_owned())).or_default().push(pair);
                }
                None if forgotten => self.forget(&pair, true)?,
                // Both are gone, and the link rests already.
                None if pair.left().is_none() && !pair.link.is_active() => self
                    .store
                    .transaction(|tx| pair.marks.iter().try_for_each(|mark| self.clear(tx, mark)))?,
                None => {
                    self.rest(&pair.link, pair.why(), pair.told(), &pair.marks)?;
                    self.say_what_keeps_it(&pair)?;
                }
            }
        }
        for ((side, object), pairs) in follow {
            let pairs = self.hold_deletions(side, &object, pairs)?;
            if pairs.is_empty() {
                continue;
            }
            let ids: Vec<String> = pairs.iter().map(|pair| pair.link.record(side).to_owned()).collect();
            let outcomes = self.side(side).delete(&object, &ids).await?;
            for (pair, outcome) in pairs.iter().zip(outcomes) {
                let key = (
                    side.other(),
                    pair.link.object(side.other()).into(),
                    pair.link.record(side.other()).into(),
                );
                let forgotten = side == Side::Salesforce && whereabouts.get(&key) == Some(&Whereabouts::Gone);
                self.record_deleted(side, pair, outcome, forgotten)?;
            }
        }
        Ok(())
    }

    /// Where the records are that a read did not find at all.
    async fn whereabouts(
        &self,
        pairs: &[Bereft],
    ) -> Result<BTreeMap<(Side, String, String), Whereabouts>, EngineError> {
        let mut asked: BTreeMap<(Side, String), Vec<String>> = BTreeMap::new();
        for pair in pairs {
            for side in [Side::HubSpot, Side::Salesforce] {
                if !pair.there.get(side) && !pair.binned.get(side) {
                    let ids = asked.entry((side, pair.link.object(side).to_owned())).or_default();
                    ids.push(pair.link.record(side).to_owned());
                }
            }
        }
        let mut found = BTreeMap::new();
        for ((side, object), ids) in asked {
            for (id, place) in self.side(side).whereabouts(&object, &ids).await? {
                found.insert((side, object.clone(), id), place);
            }
        }
        Ok(found)
    }

    /// Salesforce does not answer with the record, not even as a deleted one. That it was deleted is not said by that: the
    /// connected user may only have lost sight of it. Nothing is done about the other record.
    fn out_of_sight(&self, pair: &Bereft) -> Result<(), EngineError> {
        let link = &pair.link;
        if !link.is_active() || !pair.there.get(Side::HubSpot) {
            self.store.transaction(|tx| pair.marks.iter().try_for_each(|mark| self.clear(tx, mark)))?;
            return Ok(());
        }
        let refusal = Refusal {
            code: "NOT_VISIBLE".into(),
            message: format!(
                "Salesforce does not show {} {} to the connected user any more.",
                link.object(Side::Salesforce),
                link.record(Side::Salesforce)
            ),
            fields: Vec::new(),
            existing: None,
            passing: false,
        };
        let side = Side::HubSpot;
        self.figures.add(side, |figures| figures.failed += 1);
        let error = self.error_of(link.object(side), side, link.record(side), None, &refusal);
        self.store.transaction(|tx| {
            tx.set_error(&self.id, &error)?;
            pair.marks.iter().try_for_each(|mark| self.postpone(tx, mark, false))
        })?;
        Ok(())
    }

    /// Erases what is kept of a record that HubSpot has deleted for good; with `tell`, says that Salesforce keeps its own.
    fn forget(&self, pair: &Bereft, tell: bool) -> Result<(), EngineError> {
        let (link, now) = (&pair.link, self.now());
        // One that was in the recycle bin until its time was up needs nobody's attention.
        let tell = tell && link.is_active() && *pair.there.get(Side::Salesforce);
        self.store.transaction(|tx| {
            tx.erase(link, now)?;
            if link.state != LinkState::Resting(Resting::DeletedInHubSpot) {
                tx.set_link_state(link.id, LinkState::Resting(Resting::DeletedInHubSpot), now)?;
            }
            let entry =
                self.life_entry(link, Side::HubSpot, &pair.marks, "deleted_for_good", Outcome::Erased);
            tx.add_history(&self.id, &entry)?;
            if tell {
                let side = Side::Salesforce;
                let refusal = Refusal {
                    code: "ERASED_IN_HUBSPOT".into(),
                    message: "Its HubSpot record was deleted for good. What was kept of it here is erased; Salesforce \
                              still has its own record."
                        .into(),
                    fields: Vec::new(),
                    existing: None,
                    passing: false,
                };
                tx.set_error(
                    &self.id,
                    &self.error_of(link.object(side), side, link.record(side), None, &refusal),
                )?;
            }
            pair.marks.iter().try_for_each(|mark| self.clear(tx, mark))
        })?;
        self.forget_stuck_pair(link);
        Ok(())
    }

    /// A record came back whose counterpart is in the recycle bin as well: the platforms let only a person take it out.
    fn say_what_keeps_it(&self, pair: &Bereft) -> Result<(), EngineError> {
        let (LinkState::Resting(was), Some(left)) = (pair.link.state, pair.left()) else { return Ok(()) };
        // It rests for the same reason as before, or both are gone: nothing came back.
        if was == pair.why() || was == Resting::Outside {
            return Ok(());
        }
        let gone = left.other();
        let refusal = Refusal {
            code: "COUNTERPART_DELETED".into(),
            message: format!(
                "This record is there again, but its counterpart {} {} is still deleted in {gone}.",
                pair.link.object(gone),
                pair.link.record(gone)
            ),
            fields: Vec::new(),
            existing: None,
            passing: false,
        };
        let error = self.error_of(pair.link.object(left), left, pair.link.record(left), None, &refusal);
        self.store.transaction(|tx| tx.set_error(&self.id, &error))?;
        Ok(())
    }

    fn record_deleted(
        &self,
        side: Side,
        pair: &Bereft,
        outcome: Written,
        forgotten: bool,
    ) -> Result<(), EngineError> {
        let link = &pair.link;
        match outcome {
            Written::Stored { call, .. } => {
                self.figures.add(side, |figures| figures.deleted += 1);
                let entry = HistoryEntry {
                    call,
                    ..self.life_entry(link, side, &pair.marks, pair.why().as_str(), Outcome::Deleted)
                };
                self.store.transaction(|tx| tx.add_history(&self.id, &entry))?;
                if forgotten {
                    return self.forget(pair, false);
                }
                self.rest(link, pair.why(), side, &pair.marks)
            }
            Written::Refused(refusal) => {
                self.figures.add(side, |figures| figures.failed += 1);
                let error = self.error_of(link.object(side), side, link.record(side), None, &refusal);
                self.store.transaction(|tx| {
                    tx.set_error(&self.id, &error)?;
                    pair.marks.iter().try_for_each(|mark| self.postpone(tx, mark, refusal.passing))
                })?;
                Ok(())
            }
            // Deleting what is deleted changes nothing, so it is simply asked again.
            Written::Unknown => {
                self.store
                    .transaction(|tx| pair.marks.iter().try_for_each(|mark| self.postpone(tx, mark, true)))?;
                Ok(())
            }
        }
    }
}
