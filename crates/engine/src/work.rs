//! Work on marks: find the pairs behind them, read both sides, and hand them on to be placed or reconciled.

use std::collections::{BTreeMap, BTreeSet};

use model::{Side, Sides};
use store::{HistoryEntry, Link, LinkState, Mark, Outcome, Resting};

use crate::connection::Connection;
use crate::delete::Bereft;
use crate::error::EngineError;
use crate::pair::Pair;
use crate::side::RecordState;
use crate::succeed::Heir;

impl Connection {
    /// Works on one batch of due marks, parents before children. Answers whether there was anything to do.
    pub(crate) async fn work_batch(&self) -> Result<bool, EngineError> {
        for (side, object) in self.stages().await? {
            let marks = self.store.due_marks(&self.id, side, &object, self.now(), self.options.batch)?;
            if !marks.is_empty() {
                self.work_on(side, &object, marks).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The objects of both sides in the order they are worked: parents first, and Salesforce before HubSpot so that an
    /// existing Salesforce record is found before one is made.
    async fn stages(&self) -> Result<Vec<(Side, String)>, EngineError> {
        let schema = self.schema().await?;
        let mut stages: Vec<(Side, String)> = Vec::new();
        for hubspot_object in schema.objects(Side::HubSpot) {
            for route in schema.routes_of(Side::HubSpot, &hubspot_object) {
                stages.push((Side::Salesforce, route.mapping.salesforce_object.clone()));
            }
            stages.push((Side::HubSpot, hubspot_object));
        }
        Ok(stages)
    }

    async fn work_on(&self, side: Side, object: &str, marks: Vec<Mark>) -> Result<(), EngineError> {
        let ids: Vec<String> = marks.iter().map(|mark| mark.record.clone()).collect();
        let mut links: BTreeMap<String, Link> = self
            .store
            .links_by_ids(&self.id, side, object, &ids)?
            .into_iter()
            .map(|link| (link.record(side).to_owned(), link))
            .collect();
        let mut linked = Vec::new();
        let mut unlinked = Vec::new();
        for mark in marks {
            match links.remove(&mark.record) {
                Some(link) => linked.push((link, mark)),
                None => unlinked.push(mark),
            }
        }
        let mut pairs = self.hydrate(side, linked).await?;
        // A link may just have moved to one of these; its mark, which stays, is then worked on next.
        let ids: Vec<String> = unlinked.iter().map(|mark| mark.record.clone()).collect();
        let links = self.store.links_by_ids(&self.id, side, object, &ids)?;
        unlinked.retain(|mark| !links.iter().any(|link| link.record(side) == mark.record));
        if !unlinked.is_empty() {
            pairs.extend(self.place(side, object, unlinked).await?);
        }
        let pairs = self.keep_inside(pairs).await?;
        self.reconcile(pairs).await
    }

    /// Reads both sides of linked pairs as they are now. Pairs that have lost a side are put to rest here.
    async fn hydrate(&self, side: Side, linked: Vec<(Link, Mark)>) -> Result<Vec<Pair>, EngineError> {
        if linked.is_empty() {
            return Ok(Vec::new());
        }
        // Marks on the counterparts are answered by the same look; they are noted before it, so that one set while we
        // look is kept.
        let other = side.other();
        let mut counterparts = BTreeMap::new();
        for (object, ids) in by_object(linked.iter().map(|(link, _)| link), other) {
            for mark in self.store.marks_of(&self.id, other, &object, &ids)? {
                counterparts.insert((object.clone(), mark.record.clone()), mark);
            }
        }
        let mut hubspot = self.read_linked(linked.iter().map(|(link, _)| link), Side::HubSpot).await?;
        let mut salesforce = self.read_linked(linked.iter().map(|(link, _)| link), Side::Salesforce).await?;
        let mut pairs = Vec::new();
        let mut heirs = Vec::new();
        let mut bereft = Vec::new();
        for (link, mark) in linked {
            let counterpart =
                counterparts.remove(&(link.object(other).to_owned(), link.record(other).to_owned()));
            let marks: Vec<Mark> = std::iter::once(mark).chain(counterpart).collect();
            let on_hubspot = hubspot.remove(link.record(Side::HubSpot));
            let on_salesforce = salesforce.remove(link.record(Side::Salesforce));
            if link.state == LinkState::Resting(Resting::Apart) {
                self.leave_apart(&link, &marks, on_hubspot.as_ref(), on_salesforce.as_ref())?;
                continue;
            }
            let lives_on = |record: &Option<RecordState>| {
                record.as_ref().is_some_and(|record| record.life.successor.is_some())
            };
            let live = |record: Option<RecordState>| record.filter(|record| !record.deleted);
            match (on_hubspot, on_salesforce) {
                (Some(record), salesforce) if record.life.successor.is_some() => {
                    let counterpart = salesforce.filter(|record| !record.deleted);
                    heirs.push(Heir { link, marks, side: Side::HubSpot, record, counterpart });
                }
                (hubspot, salesforce) if lives_on(&salesforce) => {
                    let Some(record) = salesforce else { continue };
                    let counterpart = live(hubspot);
                    heirs.push(Heir { link, marks, side: Side::Salesforce, record, counterpart });
                }
                (hubspot, salesforce) => {
                    // Deleted, but still known there: in the recycle bin.
                    let binned = Sides { hubspot: hubspot.is_some(), salesforce: salesforce.is_some() };
                    match (live(hubspot), live(salesforce)) {
                        (Some(hubspot), Some(salesforce)) => {
                            pairs.push(Pair { link, marks, hubspot, salesforce, moving: None });
                        }
                        (hubspot, salesforce) => bereft.push(Bereft {
                            link,
                            marks,
                            there: Sides { hubspot: hubspot.is_some(), salesforce: salesforce.is_some() },
                            binned,
                        }),
                    }
                }
            }
        }
        for pair in &pairs {
            if self.links_of_merged(Side::HubSpot, &pair.hubspot)?.iter().any(|old| old.id != pair.link.id) {
                self.inherit(Side::HubSpot, &pair.hubspot).await?;
            }
        }
        self.bereave(bereft).await?;
        pairs.extend(self.succeed(heirs).await?);
        Ok(pairs)
    }

    /// A parted link is not worked; that one of its records is gone settles what a person was told of it.
    fn leave_apart(
        &self,
        link: &Link,
        marks: &[Mark],
        hubspot: Option<&RecordState>,
        salesforce: Option<&RecordState>,
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.store.transaction(|tx| {
            for (side, record) in [(Side::HubSpot, hubspot), (Side::Salesforce, salesforce)] {
                if record.is_none_or(|record| record.deleted) {
                    tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], now)?;
                }
            }
            marks.iter().try_for_each(|mark| self.clear(tx, mark))
        })?;
        Ok(())
    }

    async fn read_linked(
        &self,
        links: impl Iterator<Item = &Link>,
        side: Side,
    ) -> Result<BTreeMap<String, RecordState>, EngineError> {
        let schema = self.schema().await?;
        let mut found = BTreeMap::new();
        for (object, ids) in by_object(links, side) {
            let fields = schema.fields_of(side, &object);
            found.extend(self.side(side).read(&object, &ids, &fields).await?);
        }
        Ok(found)
    }

    /// Puts a link to rest. The record of `left`, which is left as it is, is the one whose history says so.
    pub(crate) fn rest(
        &self,
        link: &Link,
        why: Resting,
        left: Side,
        marks: &[Mark],
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.store.transaction(|tx| {
            for side in [Side::HubSpot, Side::Salesforce] {
                tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], now)?;
            }
            if link.state != LinkState::Resting(why) {
                tx.set_link_state(link.id, LinkState::Resting(why), now)?;
                for target in [Side::HubSpot, Side::Salesforce] {
                    tx.close_intents_of_link(link.id, target)?;
                }
                tx.add_history(
                    &self.id,
                    &HistoryEntry {
                        run: self.run_name(),
                        at: now,
                        side: left,
                        object: link.object(left).to_owned(),
                        record: link.record(left).to_owned(),
                        link: Some(link.id),
                        field: None,
                        before: None,
                        after: None,
                        cause: marks.first().map_or_else(String::new, |mark| mark.cause.as_str().to_owned()),
                        reason: why.as_str().to_owned(),
                        outcome: Outcome::Unlinked,
                        call: None,
                    },
                )?;
            }
            for side in [Side::HubSpot, Side::Salesforce] {
                tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], now)?;
            }
            for mark in marks {
                self.clear(tx, mark)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// The records of `side` that these links name, by object.
fn by_object<'a>(links: impl Iterator<Item = &'a Link>, side: Side) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for link in links {
        ids.entry(link.object(side).to_owned()).or_default().insert(link.record(side).to_owned());
    }
    ids.into_iter().map(|(object, ids)| (object, ids.into_iter().collect())).collect()
}
