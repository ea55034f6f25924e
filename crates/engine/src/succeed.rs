//! Succeed: what becomes of a link whose record lives on as another, after a merge or the conversion of a lead.
//!
//! The link moves to the record that lives on, with its shadows: what differs from them there counts as an edit of that
//! side, and an edit made meanwhile on the other side is still one. Where the record that lives on has a link already, that
//! one stays; the other record is parted, and a person is told.

use std::collections::BTreeMap;

use model::{Side, Sides, Value, Values};
use store::{Cause, HistoryEntry, Link, LinkState, Mark, Outcome, Resting, Tx};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::pair::{Moving, Pair};
use crate::schema::Route;
use crate::side::{RecordName, RecordState, Refusal};

/// How often a record may have been merged into one that was merged in turn.
const GENERATIONS: usize = 8;

/// A linked record that lives on as another.
pub(crate) struct Heir {
    pub link: Link,
    pub marks: Vec<Mark>,
    /// The side on which it does.
    pub side: Side,
    /// What is left of it under its own id.
    pub record: RecordState,
    /// The record of the other side, where it is still there.
    pub counterpart: Option<RecordState>,
}

impl Connection {
    /// Moves these links. Answers pairs whose old record still has something to say before its link moves.
    pub(crate) async fn succeed(&self, heirs: Vec<Heir>) -> Result<Vec<Pair>, EngineError> {
        let schema = self.schema().await?;
        let mut last_words = Vec::new();
        for heir in heirs {
            let Heir { link, marks, side, record, counterpart } = heir;
            let Some(first) = record.life.successor.clone() else { continue };
            let (successor, values) = self.lives_on_as(side, first).await?;
            let (hubspot, salesforce) = match side {
                Side::HubSpot => (successor.object.as_str(), link.object(Side::Salesforce)),
                Side::Salesforce => (link.object(Side::HubSpot), successor.object.as_str()),
            };
            let Some(route) = schema.route(hubspot, salesforce).cloned() else {
                self.nowhere_to_go(&link, side, &successor, &marks)?;
                continue;
            };
            let moving =
                Moving { side, route, values, companions: record.life.companions.clone(), successor };
            // A converted lead can be read, and so what was last typed into it can still reach HubSpot.
            let speaks = !record.deleted && link.is_active();
            match counterpart {
                Some(counterpart) if speaks => {
                    let (hubspot, salesforce) = match side {
                        Side::HubSpot => (record, counterpart),
                        Side::Salesforce => (counterpart, record),
                    };
                    last_words.push(Pair { link, marks, hubspot, salesforce, moving: Some(moving) });
                }
                _ => {
                    let old = schema.route(link.object(Side::HubSpot), link.object(Side::Salesforce));
                    self.store.transaction(|tx| self.move_on(tx, &link, &moving, old, &marks))?;
                }
            }
        }
        Ok(last_words)
    }

    /// The record that one lives on as, and what it holds where it can be read.
    async fn lives_on_as(
        &self,
        side: Side,
        mut name: RecordName,
    ) -> Result<(RecordName, Option<Values>), EngineError> {
        let schema = self.schema().await?;
        for _ in 0..GENERATIONS {
            let fields = schema.fields_of(side, &name.object);
            let ids = std::slice::from_ref(&name.id);
            let found = self.side(side).read(&name.object, ids, &fields).await?.remove(&name.id);
            match found {
                Some(found) if found.life.successor.is_some() => {
                    let Some(next) = found.life.successor else { break };
                    name = next;
                }
                found => return Ok((name, found.filter(|found| !found.deleted).map(|found| found.values))),
            }
        }
        Ok((name, None))
    }

    /// Lets a link go on with the record that lives on, or parts its other record where that has a link already.
    pub(crate) fn move_on(
        &self,
        tx: &Tx<'_>,
        link: &Link,
        moving: &Moving,
        old: Option<&Route>,
        marks: &[Mark],
    ) -> Result<(), store::StoreError> {
        let (side, heir) = (moving.side, &moving.successor);
        let now = self.now();
        let holder = tx.link_of(&self.id, side, &heir.object, &heir.id)?;
        match holder.filter(|holder| holder.id != link.id) {
            Some(holder) if !gives_way(&holder, side) => {
                self.part_from_holder(tx, link, side, heir, &holder)?
            }
            holder => {
                if let Some(holder) = holder {
                    tx.delete_link(holder.id)?;
                }
                let shadows = inherited(link, side, old, &moving.route, moving.values.as_ref());
                tx.move_link(link.id, side, &heir.object, &heir.id, &shadows, now)?;
                let reason = if heir.object == link.object(side) { "merged" } else { "converted" };
                let entry = HistoryEntry {
                    object: heir.object.clone(),
                    record: heir.id.clone(),
                    before: Some(Value::Reference(link.record(side).to_owned())),
                    after: Some(Value::Reference(heir.id.clone())),
                    ..self.life_entry(link, side, marks, reason, Outcome::Moved)
                };
                tx.add_history(&self.id, &entry)?;
            }
        }
        tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], now)?;
        tx.mark(&self.id, side, &heir.object, &heir.id, Cause::Link, now)?;
        for companion in &moving.companions {
            tx.mark(&self.id, side, &companion.object, &companion.id, Cause::Link, now)?;
        }
        marks.iter().try_for_each(|mark| self.clear(tx, mark))
    }

    /// Parts a record from one that has become part of another, which is in step with `holder`'s.
    fn part_from_holder(
        &self,
        tx: &Tx<'_>,
        link: &Link,
        side: Side,
        heir: &RecordName,
        holder: &Link,
    ) -> Result<(), store::StoreError> {
        let other = side.other();
        if link.state == LinkState::Resting(Resting::Apart) {
            return Ok(());
        }
        tx.set_link_state(link.id, LinkState::Resting(Resting::Apart), self.now())?;
        for target in [Side::HubSpot, Side::Salesforce] {
            tx.close_intents_of_link(link.id, target)?;
        }
        let entry = HistoryEntry {
            before: Some(Value::Reference(link.record(side).to_owned())),
            ..self.life_entry(link, other, &[], "merged", Outcome::Unlinked)
        };
        tx.add_history(&self.id, &entry)?;
        if holder.record(other) == link.record(other) {
            return Ok(());
        }
        let refusal = Refusal {
            code: "MERGED_APART".into(),
            message: format!(
                "Its {side} record {} was merged into {}, which is in step with {other} {} {}. This one is in step with \
                 nothing any more.",
                link.record(side),
                heir.id,
                holder.object(other),
                holder.record(other)
            ),
            fields: Vec::new(),
            existing: Some(holder.record(other).to_owned()),
            passing: false,
        };
        tx.resolve_errors(&self.id, other, link.object(other), link.record(other), &[], self.now())?;
        tx.set_error(&self.id, &self.error_of(link.object(other), other, link.record(other), None, &refusal))
    }

    /// The record lives on as one of an object that is not in step.
    fn nowhere_to_go(
        &self,
        link: &Link,
        side: Side,
        heir: &RecordName,
        marks: &[Mark],
    ) -> Result<(), EngineError> {
        let other = side.other();
        let refusal = Refusal {
            code: "CONVERTED_APART".into(),
            message: format!(
                "Its {} {} was converted to {} {}, and no mapping keeps that in step.",
                link.object(side),
                link.record(side),
                heir.object,
                heir.id
            ),
            fields: Vec::new(),
            existing: None,
            passing: false,
        };
        let error = self.error_of(link.object(other), other, link.record(other), None, &refusal);
        self.store.transaction(|tx| {
            tx.set_error(&self.id, &error)?;
            marks.iter().try_for_each(|mark| self.postpone(tx, mark, false))
        })?;
        Ok(())
    }

    /// Lets the links of records that were merged into this one move to it. Answers whether there were any.
    pub(crate) async fn inherit(&self, side: Side, heir: &RecordState) -> Result<bool, EngineError> {
        let mut links = self.links_of_merged(side, heir)?;
        if links.is_empty() {
            return Ok(false);
        }
        let schema = self.schema().await?;
        // The link that has been kept in step the longest stays.
        links.sort_by_key(|link| (!link.is_active(), link.created_at, link.id));
        let mut any = false;
        self.store.transaction(|tx| {
            for link in &links {
                let route = schema.route(link.object(Side::HubSpot), link.object(Side::Salesforce));
                let Some(route) = route else { continue };
                any = true;
                let moving = Moving {
                    side,
                    route: route.clone(),
                    values: Some(heir.values.clone()),
                    companions: Vec::new(),
                    successor: RecordName { object: heir.object.clone(), id: heir.id.clone() },
                };
                self.move_on(tx, link, &moving, Some(route), &[])?;
            }
            Ok(())
        })?;
        Ok(any)
    }

    /// The links, not parted ones, of records that were merged into this one.
    pub(crate) fn links_of_merged(
        &self,
        side: Side,
        record: &RecordState,
    ) -> Result<Vec<Link>, store::StoreError> {
        if record.life.merged.is_empty() {
            return Ok(Vec::new());
        }
        let links = self.store.links_by_ids(&self.id, side, &record.object, &record.life.merged)?;
        Ok(links.into_iter().filter(|link| link.state != LinkState::Resting(Resting::Apart)).collect())
    }

    /// Of these unlinked records, those that are what a linked record has become; its own mark moves the link.
    pub(crate) async fn await_origins(
        &self,
        side: Side,
        object: &str,
        ids: &[String],
    ) -> Result<BTreeMap<String, RecordName>, EngineError> {
        if side != Side::Salesforce || object != "Contact" {
            return Ok(BTreeMap::new());
        }
        let counts = self.store.link_counts(&self.id)?;
        if !counts.iter().any(|(_, salesforce, links)| salesforce == "Lead" && *links > 0) {
            return Ok(BTreeMap::new());
        }
        let mut awaited = BTreeMap::new();
        for (id, origin) in self.side(side).origins(object, ids).await? {
            if self.store.link_of(&self.id, side, &origin.object, &origin.id)?.is_some() {
                awaited.insert(id, origin);
            }
        }
        Ok(awaited)
    }

    /// Lets a record wait until the link of the one that it came from has moved to it.
    pub(crate) fn wait_for_origin(
        &self,
        side: Side,
        origin: &RecordName,
        mark: &Mark,
    ) -> Result<(), EngineError> {
        self.store.transaction(|tx| {
            tx.mark(&self.id, side, &origin.object, &origin.id, Cause::Link, self.now())?;
            self.postpone(tx, mark, true)
        })?;
        Ok(())
    }

    /// A line of history about what happened to a link.
    pub(crate) fn life_entry(
        &self,
        link: &Link,
        side: Side,
        marks: &[Mark],
        reason: &str,
        outcome: Outcome,
    ) -> HistoryEntry {
        HistoryEntry {
            run: self.run_name(),
            at: self.now(),
            side,
            object: link.object(side).to_owned(),
            record: link.record(side).to_owned(),
            link: Some(link.id),
            field: None,
            before: None,
            after: None,
            cause: marks.first().map_or_else(|| "link".to_owned(), |mark| mark.cause.as_str().to_owned()),
            reason: reason.to_owned(),
            outcome,
            call: None,
        }
    }
}

/// A link whose record on the other side is gone gives way to one whose is there.
fn gives_way(holder: &Link, side: Side) -> bool {
    let gone = match side {
        Side::HubSpot => Resting::DeletedInSalesforce,
        Side::Salesforce => Resting::DeletedInHubSpot,
    };
    holder.state == LinkState::Resting(gone)
}

/// What the two sides agreed on, in the fields of the record that lives on. Where that record holds nothing and the old
/// one did, nothing was agreed: that it was not taken over is no wish to clear it.
fn inherited(
    link: &Link,
    side: Side,
    old: Option<&Route>,
    new: &Route,
    values: Option<&Values>,
) -> Sides<Values> {
    let other = side.other();
    let mut shadows = Sides::<Values>::default();
    for pair in &new.pairs {
        let (own, across) = (&pair.field(side).name, &pair.field(other).name);
        let was = old.and_then(|old| old.pairs.iter().find(|known| known.field(other).name == *across));
        let Some(was) = was.map(|was| &was.field(side).name) else { continue };
        let (Some(here), Some(there)) =
            (link.shadows.get(side).get(was), link.shadows.get(other).get(across))
        else {
            continue;
        };
        let now = values.and_then(|values| values.get(own));
        if now.is_some_and(Value::is_blank) && !here.is_blank() {
            continue;
        }
        shadows.get_mut(side).insert(own.clone(), here.clone());
        shadows.get_mut(other).insert(across.clone(), there.clone());
    }
    shadows
}
