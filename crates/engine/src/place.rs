//! Place: find out whose record an unlinked one is. By the id the other side carries, then by the key of its object;
//! where nobody has it, it is created there, if that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use model::{Side, Sides, Values};
use store::{HistoryEntry, Intent, Link, LinkState, Mark, NewLink, Outcome, Resting, Tx};

use crate::connection::Connection;
use crate::create::NewRecord;
use crate::error::EngineError;
use crate::inside::Scopes;
use crate::pair::Pair;
use crate::schema::{Route, Schema};
use crate::settings::CreateAs;
use crate::side::{Key, RecordState, Refusal};

/// An unlinked record and the mark that led to it.
struct Stray {
    mark: Mark,
    record: RecordState,
}

/// A create of ours whose outcome nobody recorded: one of the two records is what came of it.
struct Recovered {
    /// The side it was made on.
    target: Side,
    intent: Intent,
    /// What both sides agreed on then.
    shadows: Sides<Values>,
}

/// Where a stray belongs.
enum Place {
    /// With this record, which nobody else is linked to.
    With(Box<RecordState>, Option<Recovered>),
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
        let mut found = self.side(side).read(object, &ids, &schema.fields_of(side, object)).await?;
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
        self.store.transaction(|tx| gone.iter().try_for_each(|mark| self.clear(tx, mark)))?;
        let (strays_inside, outside): (Vec<Stray>, Vec<Stray>) =
            strays.into_iter().partition(|stray| scopes.holds_anywhere(&stray.record.id));
        let mut strays = strays_inside;
        for stray in outside {
            self.leave(side, &stray, None)?;
        }
        // The oldest of several that share a key comes first.
        strays.sort_by(|a, b| (a.record.created, &a.record.id).cmp(&(b.record.created, &b.record.id)));
        let places = self.find_places(&schema, side, object, &strays).await?;
        let mut pairs = Vec::new();
        let mut creates: Vec<NewRecord> = Vec::new();
        for (stray, place) in strays.into_iter().zip(places) {
            match place {
                Place::With(counterpart, recovered) => {
                    pairs.push(self.link(side, stray, *counterpart, recovered)?);
                }
                Place::Shares { key, with } => self.refuse_shared(side, &stray, &key, &with)?,
                Place::Nowhere => match self.creation(&schema, side, &stray.record, &scopes).cloned() {
                    Ok(route) => creates.push(NewRecord { mark: stray.mark, record: stray.record, route }),
                    Err(refusal) => self.leave(side, &stray, refusal)?,
                },
            }
        }
        self.create(side, creates).await?;
        Ok(pairs)
    }

    /// The mapping by which a record that the other side lacks is created there.
    fn creation<'a>(
        &self,
        schema: &'a Schema,
        side: Side,
        record: &'a RecordState,
        scopes: &'a Scopes,
    ) -> Result<&'a Route, Option<Refusal>> {
        let mut routes = schema
            .routes_of(side, &record.object)
            .filter(|route| route.mapping.creates(side.other()))
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
        let key = key_of(route, side, record);
        if route.mapping.hubspot_object == "contacts" && key.is_none() && !self.settings.create_without_email
        {
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
                        intent.map(|intent| recovered(intent, side, &stray.record)),
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
                    *place = Some(Place::With(Box::new(found.clone()), Some(recovered)));
                }
            }
        }
        Ok(())
    }

    /// Counterparts by the object's key.
    async fn places_by_key(
        &self,
        schema: &Schema,
        side: Side,
        object: &str,
        strays: &[Stray],
        places: &mut [Option<Place>],
        taken: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let other = side.other();
        let Some(first) = schema.routes_of(side, object).next() else { return Ok(()) };
        let Some((key, _, _)) = key_fields(first) else { return Ok(()) };
        let keys: Vec<Option<String>> = strays
            .iter()
            .zip(places.iter())
            .map(|(stray, place)| if place.is_some() { None } else { key_of(first, side, &stray.record) })
            .collect();
        let wanted: Vec<String> =
            keys.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        // Counterparts, in order of preference of their object, each the oldest first.
        let mut candidates: BTreeMap<String, Vec<RecordState>> = BTreeMap::new();
        for counterpart_object in counterpart_objects(schema, side, object) {
            let fields = schema.fields_of(other, &counterpart_object);
            let mut records = self.side(other).find(&counterpart_object, key, &wanted, &fields).await?;
            records.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
            let Some(route) = schema.routes_of(side, object).find(|r| r.object(other) == counterpart_object)
            else {
                continue;
            };
            for record in records {
                if let Some(key) = key_of(route, other, &record) {
                    candidates.entry(key).or_default().push(record);
                }
            }
        }
        // Records of this side that share the key: the first of them is the one in step.
        let mut sharers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if side == Side::Salesforce {
            for sibling_object in sibling_objects(schema, side, object) {
                let fields = schema.fields_of(side, &sibling_object);
                let mut records = self.side(side).find(&sibling_object, key, &wanted, &fields).await?;
                records.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
                let Some(route) = schema.routes_of(side, &sibling_object).next() else { continue };
                for record in records {
                    if let Some(key) = key_of(route, side, &record) {
                        sharers.entry(key).or_default().push(record.id.clone());
                    }
                }
            }
        }
        let mut claimed: BTreeSet<String> = BTreeSet::new();
        for ((stray, place), key) in strays.iter().zip(places.iter_mut()).zip(keys) {
            let Some(key) = key else { continue };
            let all: &[RecordState] = candidates.get(&key).map_or(&[], Vec::as_slice);
            let mut blocked = Vec::new();
            let mut choice = None;
            for candidate in all {
                let link = self.store.link_of(&self.id, other, &candidate.object, &candidate.id)?;
                match link {
                    Some(link) if !may_be_replaced(&link, side) => blocked.push(link.record(side).to_owned()),
                    _ if taken.contains(&candidate.id) => blocked.push(candidate.id.clone()),
                    _ => {
                        choice = Some(candidate);
                        break;
                    }
                }
            }
            let sharers: &[String] = sharers.get(&key).map_or(&[], Vec::as_slice);
            let older = sharers.first().filter(|id| **id != stray.record.id);
            *place = Some(if !blocked.is_empty() {
                Place::Shares { key, with: blocked }
            } else if let Some(older) = older {
                // It will be in step through its own mark; make sure that it has one.
                Place::Shares { key, with: vec![older.clone()] }
            } else if !claimed.insert(key.clone()) {
                let with = strays.iter().filter(|s| s.record.id != stray.record.id);
                let with = with.filter(|s| key_of(first, side, &s.record).as_ref() == Some(&key));
                Place::Shares { with: with.map(|s| s.record.id.clone()).collect(), key }
            } else if let Some(choice) = choice {
                taken.insert(choice.id.clone());
                Place::With(Box::new(choice.clone()), None)
            } else {
                Place::Nowhere
            });
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
            .intent
            .sent
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

/// A link whose record on `side` was deleted may give way to a new record there.
fn may_be_replaced(link: &Link, side: Side) -> bool {
    match link.state {
        LinkState::Active => false,
        LinkState::Resting(Resting::DeletedInHubSpot) => side == Side::HubSpot,
        LinkState::Resting(Resting::DeletedInSalesforce) => side == Side::Salesforce,
        LinkState::Resting(Resting::Outside | Resting::Apart) => false,
    }
}

fn counterpart_objects(schema: &Schema, side: Side, object: &str) -> Vec<String> {
    schema.routes_of(side, object).map(|route| route.object(side.other()).to_owned()).collect()
}

/// Objects of `side` that map to the same object as `object`, in order of preference up to and including it.
fn sibling_objects(schema: &Schema, side: Side, object: &str) -> Vec<String> {
    let Some(counterpart) = counterpart_objects(schema, side, object).into_iter().next() else {
        return Vec::new();
    };
    let mut siblings: Vec<String> = Vec::new();
    for route in schema.routes_of(side.other(), &counterpart) {
        siblings.push(route.object(side).to_owned());
        if route.object(side) == object {
            break;
        }
    }
    siblings
}

/// The key of a route's object and the field that holds it on each side.
fn key_fields(route: &Route) -> Option<(Key, &str, &str)> {
    match route.mapping.hubspot_object.as_str() {
        "contacts" => Some((Key::Email, "email", "Email")),
        "companies" => Some((Key::Domain, "domain", "Website")),
        _ => None,
    }
}

/// A record's key, in the form in which keys are compared.
fn key_of(route: &Route, side: Side, record: &RecordState) -> Option<String> {
    let (key, hubspot, salesforce) = key_fields(route)?;
    let field = match side {
        Side::HubSpot => hubspot,
        Side::Salesforce => salesforce,
    };
    let text = record.values.get(field)?.to_string();
    let text = text.trim().to_lowercase();
    let text = match key {
        Key::Domain => domain_of(&text).to_owned(),
        Key::Email | Key::Marker => text,
    };
    (!text.is_empty()).then_some(text)
}

/// The domain in a web address: no scheme, no `www.`, no path.
pub(crate) fn domain_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.strip_prefix("www.").unwrap_or(host)
}

/// What both sides agreed on when Tandem made the record: what was sent, as the platform stored it.
fn recovered(intent: Intent, target: Side, made: &RecordState) -> Recovered {
    let mut shadows = Sides::<Values>::default();
    *shadows.get_mut(target.other()) = intent.source.clone();
    let stored = intent.sent.iter().map(|(field, sent)| {
        // Where the platform has rewritten what it was given, what it holds now is what it stored.
        let now = made.values.get(field).filter(|now| model::same_text(sent, now));
        (field.clone(), now.unwrap_or(sent).clone())
    });
    *shadows.get_mut(target) = stored.collect();
    Recovered { target, shadows, intent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_is_left_of_a_web_address() {
        for address in
            ["https://www.acme.example/en?x=1", "http://acme.example", "www.acme.example", "acme.example"]
        {
            assert_eq!(domain_of(address), "acme.example");
        }
    }
}
