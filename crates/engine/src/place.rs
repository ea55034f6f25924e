//! Place: find out whose record an unlinked one is. By the id the other side carries, then by the key of its object;
//! where nobody has it, it is created there, if that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use model::{MatchBy, Side, Sides, Values};
use store::{Cause, HistoryEntry, Intent, Link, Mark, NewLink, Outcome, Tx};

use crate::accounts::makes_accounts;
use crate::activities::Readiness;
use crate::connection::Connection;
use crate::create::NewRecord;
use crate::error::EngineError;
use crate::inside::Scopes;
use crate::pair::Pair;
use crate::schema::{Route, Schema};
use crate::settings::CreateAs;
use crate::side::{Key, RecordState, Refusal, is_written_apart};
use crate::waiting::Awaited;

/// An unlinked record and the mark that led to it.
pub(crate) struct Stray {
    pub mark: Mark,
    /// With the fields that hold keys, mapped or not.
    pub record: RecordState,
}

/// A create of ours whose outcome nobody recorded: one of the two records is what came of it.
pub(crate) struct Recovered {
    /// The side it was made on.
    target: Side,
    intent: Intent,
    /// What both sides agreed on then.
    shadows: Sides<Values>,
}

/// Where a stray belongs.
pub(crate) enum Place {
    /// With this record, which nobody else is linked to.
    With(Box<RecordState>, Option<Box<Recovered>>),
    /// It shares its key with others and is not the one that is in step.
    Shares { key: String, with: Vec<String> },
    /// With nobody: it may be created.
    Nowhere,
}

impl Connection {
    /// Finds the counterparts of unlinked records. Answers the pairs that could be linked; the rest is created, refused
    /// or left alone here.
    pub(crate) async fn place(
        &self,
        side: Side,
        object: &str,
        marks: Vec<Mark>,
    ) -> Result<Vec<Pair>, EngineError> {
        let schema = self.schema().await?;
        let ids: Vec<String> = marks.iter().map(|mark| mark.record.clone()).collect();
        let fields = schema.matching_fields(side, object);
        // Only what a large read has just brought is not asked for again; whom somebody hints at is.
        let (just_read, hinted): (Vec<&Mark>, Vec<&Mark>) =
            marks.iter().partition(|mark| matches!(mark.cause, Cause::Poll | Cause::Import));
        let names = |marks: &[&Mark]| marks.iter().map(|mark| mark.record.clone()).collect::<Vec<_>>();
        let (mut found, older) = self.side(side).read_first(object, &names(&just_read), &fields).await?;
        if !hinted.is_empty() {
            found.extend(self.side(side).read(object, &names(&hinted), &fields).await?);
        }
        let mut strays = Vec::new();
        let mut gone = Vec::new();
        let scopes = self.scopes(side, object, &ids).await?;
        let origins = self.await_origins(side, object, &ids).await?;
        for mark in marks {
            match found.remove(&mark.record).filter(|record| !record.deleted) {
                // A converted lead: its contact is another record, with a mark of its own.
                Some(record) if record.life.successor.is_some() => gone.push(mark),
                // The link of what was merged into this one moves here; the mark, which stays, is then worked on.
                Some(record) if self.inherit(side, &record).await? => {}
                Some(record) => match origins.get(&record.id) {
                    Some(origin) => self.wait_for_origin(side, origin, &mark)?,
                    None => strays.push(Stray { mark, record }),
                },
                None => gone.push(mark),
            }
        }
        let now = self.now();
        self.store.transaction(|tx| {
            gone.iter().try_for_each(|mark| {
                // What could not be synced of a record is no trouble once it is gone.
                tx.resolve_errors(&self.id, side, object, &mark.record, &[], now)?;
                self.clear(tx, mark)
            })
        })?;
        let (strays_inside, outside): (Vec<Stray>, Vec<Stray>) =
            strays.into_iter().partition(|stray| scopes.holds_anywhere(&stray.record.id));
        let mut strays = strays_inside;
        for stray in outside {
            self.leave(side, &stray, None)?;
        }
        // The oldest of several that share a key comes first.
        strays.sort_by(|a, b| (a.record.created, &a.record.id).cmp(&(b.record.created, &b.record.id)));
        let places = self.find_places(&schema, side, object, &strays).await?;
        let alone =
            self.without_contact(&schema, side, object, strays.iter().map(|stray| &stray.record)).await?;
        let mut pairs = Vec::new();
        let mut creates: Vec<NewRecord> = Vec::new();
        let fresh = self.read_matched(side, object, &strays, &places, &older, &fields).await?;
        for (mut stray, place) in strays.into_iter().zip(places) {
            if older.contains(&stray.record.id) && matches!(place, Place::With(..)) {
                // What has become of it meanwhile is seen when its mark, which stays, is worked on next.
                let Some(now) = fresh.get(&stray.record.id) else { continue };
                if now.deleted || now.life.successor.is_some() {
                    continue;
                }
                stray.record = now.clone();
            }
            let creation = self.creation(&schema, side, &stray, &scopes).cloned();
            schema.keep_mapped(side, &mut stray.record);
            match place {
                Place::With(counterpart, recovered) => {
                    pairs.push(self.link(
                        side,
                        stray,
                        *counterpart,
                        recovered.map(|recovered| *recovered),
                    )?);
                }
                Place::Shares { key, with } => self.refuse_shared(side, &stray, &key, &with)?,
                Place::Nowhere => match creation {
                    Ok(route) if alone.contains(&stray.record.id) && makes_accounts(&route) => {
                        self.leave(side, &stray, None)?;
                    }
                    Ok(route) => match self.readiness(&route, side, &stray.record) {
                        Readiness::Ready => {
                            creates.push(NewRecord { mark: stray.mark, record: stray.record, route });
                        }
                        Readiness::Waits(awaited) => self.let_wait(&route, side, &stray, &awaited)?,
                        Readiness::Stays => self.leave(side, &stray, None)?,
                    },
                    Err(refusal) => self.leave(side, &stray, refusal)?,
                },
            }
        }
        self.create(side, creates).await?;
        Ok(pairs)
    }

    /// The strays that go with a record of the other side, read anew where they were not read just now: the two are about
    /// to be compared.
    async fn read_matched(
        &self,
        side: Side,
        object: &str,
        strays: &[Stray],
        places: &[Place],
        older: &BTreeSet<String>,
        fields: &[model::Field],
    ) -> Result<BTreeMap<String, RecordState>, EngineError> {
        let matched = strays.iter().zip(places).filter(|(_, place)| matches!(place, Place::With(..)));
        let ids: Vec<String> =
            matched.map(|(stray, _)| stray.record.id.clone()).filter(|id| older.contains(id)).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(self.side(side).read(object, &ids, fields).await?)
    }

    /// The mapping by which a record that the other side lacks is created there.
    fn creation<'a>(
        &self,
        schema: &'a Schema,
        side: Side,
        stray: &'a Stray,
        scopes: &'a Scopes,
    ) -> Result<&'a Route, Option<Refusal>> {
        let record = &stray.record;
        // What a person imports is made although nothing is made by itself.
        let asked_for = stray.mark.cause == Cause::Import;
        let mut routes = schema
            .routes_of(side, &record.object)
            .filter(|route| asked_for || route.mapping.creates(side.other()))
            .filter(|route| scopes.holds(route.object(side.other()), &record.id));
        let wanted = match self.settings.create_contacts_as {
            CreateAs::Contact => "Contact",
            CreateAs::Lead => "Lead",
        };
        let route = match side {
            Side::Salesforce => routes.next(),
            Side::HubSpot if record.object == "contacts" => {
                routes.find(|route| route.mapping.salesforce_object == wanted)
            }
            Side::HubSpot => routes.next(),
        };
        let route = route.ok_or(None)?;
        if route.is_off_line(side, &record.values) {
            return Err(None);
        }
        let by_email = route.steps.iter().find(|step| step.by == MatchBy::Email);
        let has_email = by_email.is_some_and(|step| !step.of(side, record).is_empty());
        if route.mapping.hubspot_object == "contacts" && !has_email && !self.settings.create_without_email {
            return Err(Some(Refusal {
                code: "NO_KEY".into(),
                message: "The record has no email, and creating records without email is switched off."
                    .into(),
                fields: Vec::new(),
                existing: None,
                passing: false,
            }));
        }
        Ok(route)
    }

    async fn find_places(
        &self,
        schema: &Schema,
        side: Side,
        object: &str,
        strays: &[Stray],
    ) -> Result<Vec<Place>, EngineError> {
        let mut places: Vec<Option<Place>> = strays.iter().map(|_| None).collect();
        // The strays may have been taken by one another's counterparts in this very batch.
        let mut taken: BTreeSet<String> = BTreeSet::new();
        self.places_by_marker(schema, side, object, strays, &mut places, &mut taken).await?;
        self.places_by_key(schema, side, object, strays, &mut places, &mut taken).await?;
        Ok(places.into_iter().map(|place| place.unwrap_or(Place::Nowhere)).collect())
    }

    /// Counterparts that carry this record's id, or whose id this record carries.
    async fn places_by_marker(
        &self,
        schema: &Schema,
        side: Side,
        object: &str,
        strays: &[Stray],
        places: &mut [Option<Place>],
        taken: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let other = side.other();
        for counterpart_object in counterpart_objects(schema, side, object) {
            let fields = schema.fields_of(other, &counterpart_object);
            // This record was made by Tandem from the one whose id it carries.
            let carried: Vec<String> =
                strays.iter().filter_map(|stray| stray.record.marker.clone()).collect();
            if !carried.is_empty() {
                let origins = self.side(other).read(&counterpart_object, &carried, &fields).await?;
                let free = self.free(other, &counterpart_object, origins.keys())?;
                for (stray, place) in strays.iter().zip(places.iter_mut()) {
                    let Some(origin) = stray.record.marker.as_ref().and_then(|id| origins.get(id)) else {
                        continue;
                    };
                    if place.is_some()
                        || origin.deleted
                        || !free.contains(&origin.id)
                        || taken.contains(&origin.id)
                    {
                        continue;
                    }
                    let intent = self.store.intent_for_source(&self.id, other, &origin.object, &origin.id)?;
                    taken.insert(origin.id.clone());
                    *place = Some(Place::With(
                        Box::new(origin.clone()),
                        intent.map(|intent| Box::new(recovered(intent, side, &stray.record))),
                    ));
                }
            }
            // A create of ours whose outcome nobody recorded.
            let mut asked: BTreeMap<String, Intent> = BTreeMap::new();
            for stray in strays {
                if let Some(intent) =
                    self.store.intent_for_source(&self.id, side, object, &stray.record.id)?
                {
                    asked.insert(stray.record.id.clone(), intent);
                }
            }
            if asked.is_empty() {
                continue;
            }
            let keys: Vec<String> = asked.keys().cloned().collect();
            let made = self.side(other).find(&counterpart_object, Key::Marker, &keys, &fields).await?;
            let free = self.free(other, &counterpart_object, made.iter().map(|record| &record.id))?;
            for (stray, place) in strays.iter().zip(places.iter_mut()) {
                let found = made.iter().find(|record| record.marker.as_deref() == Some(&stray.record.id));
                let (Some(found), Some(intent)) = (found, asked.get(&stray.record.id)) else { continue };
                if place.is_none() && free.contains(&found.id) && taken.insert(found.id.clone()) {
                    let recovered = recovered(intent.clone(), other, found);
                    *place = Some(Place::With(Box::new(found.clone()), Some(Box::new(recovered))));
                }
            }
        }
        Ok(())
    }

    /// Of these records, those that no link names.
    fn free<'a>(
        &self,
        side: Side,
        object: &str,
        ids: impl Iterator<Item = &'a String>,
    ) -> Result<BTreeSet<String>, EngineError> {
        let ids: Vec<String> = ids.cloned().collect();
        let linked: BTreeSet<String> = self
            .store
            .links_by_ids(&self.id, side, object, &ids)?
            .into_iter()
            .map(|link| link.record(side).to_owned())
            .collect();
        Ok(ids.into_iter().filter(|id| !linked.contains(id)).collect())
    }

    /// Links a stray with its counterpart. Answers the pair, ready to be reconciled.
    fn link(
        &self,
        side: Side,
        stray: Stray,
        counterpart: RecordState,
        recovered: Option<Recovered>,
    ) -> Result<Pair, EngineError> {
        let now = self.now();
        let other = side.other();
        let (hubspot, salesforce) = match side {
            Side::HubSpot => (stray.record, counterpart),
            Side::Salesforce => (counterpart, stray.record),
        };
        let new = NewLink {
            connection: self.id.clone(),
            hubspot_object: hubspot.object.clone(),
            hubspot_id: hubspot.id.clone(),
            salesforce_object: salesforce.object.clone(),
            salesforce_id: salesforce.id.clone(),
            shadows: recovered.as_ref().map(|recovered| recovered.shadows.clone()).unwrap_or_default(),
            at: now,
        };
        let counterpart = if side == Side::HubSpot { &salesforce } else { &hubspot };
        let ids = std::slice::from_ref(&counterpart.id);
        let marks = self.store.marks_of(&self.id, other, &counterpart.object, ids)?;
        let old = self.store.link_of(&self.id, other, &counterpart.object, &counterpart.id)?;
        let link = self.store.transaction(|tx| {
            if let Some(old) = old {
                tx.delete_link(old.id)?;
            }
            let link = tx.insert_link(&new)?;
            match &recovered {
                Some(recovered) => self.explain_recovered(tx, &link, recovered)?,
                None => self.explain_link(tx, &link, side, stray.mark.cause)?,
            }
            self.wake_waiting(tx, &link)?;
            for (source, record) in [(Side::HubSpot, &hubspot), (Side::Salesforce, &salesforce)] {
                tx.close_intents_of_source(&self.id, source, &record.object, &record.id)?;
            }
            Ok(link)
        })?;
        self.figures.linked(1);
        let marks = std::iter::once(stray.mark).chain(marks).collect();
        Ok(Pair { link, marks, hubspot, salesforce, moving: None })
    }

    /// Notes that a record of `side` was linked with one that was there.
    pub(crate) fn explain_link(
        &self,
        tx: &Tx<'_>,
        link: &Link,
        side: Side,
        cause: store::Cause,
    ) -> Result<(), store::StoreError> {
        let entry = HistoryEntry {
            run: self.run_name(),
            at: self.now(),
            side,
            object: link.object(side).to_owned(),
            record: link.record(side).to_owned(),
            link: Some(link.id),
            field: None,
            before: None,
            after: Some(model::Value::Reference(link.record(side.other()).to_owned())),
            cause: cause.as_str().to_owned(),
            reason: "matched".to_owned(),
            outcome: Outcome::Linked,
            call: None,
        };
        tx.add_history(&self.id, &entry)
    }

    /// The history that a create would have written had it not been cut short.
    fn explain_recovered(
        &self,
        tx: &Tx<'_>,
        link: &Link,
        recovered: &Recovered,
    ) -> Result<(), store::StoreError> {
        let target = recovered.target;
        let entry = |field: Option<&String>, outcome: Outcome| HistoryEntry {
            run: self.run_name(),
            at: recovered.intent.created_at,
            side: target,
            object: link.object(target).to_owned(),
            record: link.record(target).to_owned(),
            link: Some(link.id),
            field: field.cloned(),
            before: None,
            after: field.and_then(|field| recovered.shadows.get(target).get(field).cloned()),
            cause: "recovered".to_owned(),
            reason: "created".to_owned(),
            outcome,
            call: None,
        };
        tx.add_history(&self.id, &entry(None, Outcome::Created))?;
        recovered
            .shadows
            .get(target)
            .keys()
            .try_for_each(|field| tx.add_history(&self.id, &entry(Some(field), Outcome::Written)))
    }

    fn refuse_shared(
        &self,
        side: Side,
        stray: &Stray,
        key: &str,
        with: &[String],
    ) -> Result<(), EngineError> {
        let refusal = Refusal {
            code: "SHARED_KEY".into(),
            message: format!("Several records share the key '{key}': this one and {}.", with.join(", ")),
            fields: Vec::new(),
            existing: with.first().cloned(),
            passing: false,
        };
        self.leave(side, stray, Some(refusal))
    }

    /// Lets a record wait until one of those that it is about is in step.
    fn let_wait(
        &self,
        route: &Route,
        side: Side,
        stray: &Stray,
        awaited: &[Awaited],
    ) -> Result<(), EngineError> {
        self.figures.add(side, |figures| figures.skipped += 1);
        self.store.transaction(|tx| {
            self.clear(tx, &stray.mark)?;
            self.note_waiting(tx, route, side, &stray.record.id, awaited)
        })?;
        Ok(())
    }

    /// Leaves a record alone: with an error that waits, or quietly where the settings say so.
    fn leave(&self, side: Side, stray: &Stray, refusal: Option<Refusal>) -> Result<(), EngineError> {
        self.store.transaction(|tx| match &refusal {
            Some(refusal) => {
                self.figures.add(side, |figures| figures.failed += 1);
                self.remember_stuck(side, &stray.record, true);
                tx.set_error(
                    &self.id,
                    &self.error_of(&stray.record.object, side, &stray.record.id, None, refusal),
                )?;
                self.postpone(tx, &stray.mark, false)
            }
            None => {
                self.figures.add(side, |figures| figures.skipped += 1);
                self.clear(tx, &stray.mark)
            }
        })?;
        Ok(())
    }
}

fn counterpart_objects(schema: &Schema, side: Side, object: &str) -> Vec<String> {
    schema.routes_of(side, object).map(|route| route.object(side.other()).to_owned()).collect()
}

/// What both sides agreed on when Tandem made the record: what was sent, as the platform stored it.
fn recovered(intent: Intent, target: Side, made: &RecordState) -> Recovered {
    let mut shadows = Sides::<Values>::default();
    *shadows.get_mut(target.other()) = intent.source.clone();
    let stored = intent.sent.iter().filter_map(|(field, sent)| {
        let now = made.values.get(field);
        // It may never have been written: that it is not there is then no edit, and the two agree on it yet.
        if is_written_apart(target, field) && now != Some(sent) {
            return None;
        }
        // Where the platform has rewritten what it was given, what it holds now is what it stored.
        let now = now.filter(|now| model::same_text(sent, now));
        Some((field.clone(), now.unwrap_or(sent).clone()))
    });
    *shadows.get_mut(target) = stored.collect();
    Recovered { target, shadows, intent }
}
