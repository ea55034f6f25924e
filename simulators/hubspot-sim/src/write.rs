//! Changing records: checked first, then done.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::platform::feed::What;
use crate::property::value::{Invalid, normalise, refusal, text_of};
use crate::record::Record;
use crate::registry::{COMPANIES, CONTACTS};

/// Values that have passed all checks, by the property's key.
pub(crate) type Values = Vec<(u32, Option<String>)>;

/// Unique values earlier rows of the same request have taken.
pub(crate) type Claimed = HashMap<(u32, String), u64>;

fn borrowed(values: &Values) -> Vec<(u32, Option<&str>)> {
    values.iter().map(|(key, value)| (*key, value.as_deref())).collect()
}

impl Account {
    /// Checks and normalises what is to be written to a new record or to `current`.
    pub(crate) fn prepare(
        &self,
        object: usize,
        given: &Map<String, Value>,
        current: Option<&Record>,
        source: &Source,
    ) -> Result<Values, ApiError> {
        let store = &self.stores[object];
        let mut values: Values = Vec::with_capacity(given.len());
        let mut invalid = Vec::new();
        for (name, value) in given {
            let name = name.to_lowercase();
            let Some((key, property)) = store.active(&name) else {
                let message = format!("Property \"{name}\" does not exist");
                invalid.push(Invalid::new(&name, "PROPERTY_DOESNT_EXIST", message));
                continue;
            };
            let Some(raw) = text_of(value) else {
                return Err(ApiError::validation(
                    "Invalid input JSON: Cannot deserialize value of type `java.lang.String`",
                ));
            };
            if property.read_only_value() {
                let message = format!("\"{name}\" is a calculated property; its value cannot be set.");
                invalid.push(Invalid::new(&name, "READ_ONLY_VALUE", message));
                continue;
            }
            let before = current.and_then(|record| record.stored(key, i64::MAX));
            if property.external_options {
                // assumed: the code for an owner that does not exist
                if !raw.is_empty() && !self.owners.iter().any(|owner| owner.id == raw && !owner.archived) {
                    let message = format!("{raw} was not a valid owner id");
                    invalid.push(Invalid::new(&name, "INVALID_OWNER_ID", message));
                    continue;
                }
                values.push((key, (!raw.is_empty()).then_some(raw)));
                continue;
            }
            let checked = normalise(property, &raw, before).and_then(|value| {
                let rules = store.rules.get(&key).into_iter().flatten();
                let failed = value
                    .as_deref()
                    .and_then(|value| rules.filter_map(|rule| rule.check(property, value).err()).next());
                failed.map_or(Ok(value), Err)
            });
            match checked {
                Ok(Some(value)) if object == CONTACTS && self.is_blocked(&name, &value, before) => {
                    // assumed: the code is that of an import; what other calls are answered is told nowhere
                    let message = format!(
                        "{value} belongs to a contact who was deleted for good and cannot be used again"
                    );
                    invalid.push(Invalid::new(&name, "GDPR_BLACKLISTED_EMAIL", message));
                }
                Ok(value) => {
                    let backwards = name == "lifecyclestage"
                        && !source.is_person()
                        && self.is_backwards(object, before, value.as_deref());
                    // assumed: a step back in the lifecycle is passed over in silence
                    if !backwards {
                        values.push((key, value));
                    }
                }
                Err(refused) => invalid.push(refused),
            }
        }
        if let Err(refused) = self.check_pipeline(object, &mut values, current) {
            invalid.push(refused);
        }
        if let Err(refused) = self.check_company(object, &values) {
            invalid.push(refused);
        }
        if !invalid.is_empty() {
            return Err(refusal(&invalid, self.portal));
        }
        if current.is_none() {
            self.check_required(object, &values)?;
        }
        Ok(values)
    }

    /// Whether an address is that of somebody who was deleted for good.
    fn is_blocked(&self, name: &str, value: &str, before: Option<&str>) -> bool {
        matches!(name, "email" | "hs_additional_emails")
            && before != Some(value)
            && value.split(';').any(|address| self.blocked.contains(&address.to_lowercase()))
    }

    fn is_backwards(&self, object: usize, before: Option<&str>, after: Option<&str>) -> bool {
        let (Some(before), Some(after)) = (before, after) else { return false };
        let Some((_, property)) = self.stores[object].active("lifecyclestage") else { return false };
        let place = |value: &str| property.options.iter().position(|choice| choice.value == value);
        place(after) < place(before)
    }

    /// A stage has to be one of its pipeline's; a pipeline that is not named follows from the stage.
    fn check_pipeline(
        &self,
        object: usize,
        values: &mut Values,
        current: Option<&Record>,
    ) -> Result<(), Invalid> {
        let store = &self.stores[object];
        let Some((line_name, stage_name)) = store.kind.pipeline else { return Ok(()) };
        let (Some(line_key), Some(stage_key)) = (store.key(line_name), store.key(stage_name)) else {
            return Ok(());
        };
        let given =
            |key: u32| values.iter().find(|(one, _)| *one == key).and_then(|(_, value)| value.clone());
        let held = |key: u32| current.and_then(|record| record.stored(key, i64::MAX)).map(str::to_owned);
        let Some(stage) = given(stage_key) else { return Ok(()) };
        let line = given(line_key).or_else(|| held(line_key));
        let owner = store.pipelines.values().find(|one| one.stages.contains_key(&stage));
        match (line, owner) {
            (Some(line), Some(owner)) if line != owner.id => Err(Invalid::new(
                stage_name,
                "INVALID_OPTION",
                format!("{stage} was not one of the stages of pipeline {line}"),
            )),
            (None, Some(owner)) => {
                values.push((line_key, Some(owner.id.clone())));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_company(&self, object: usize, values: &Values) -> Result<(), Invalid> {
        let store = &self.stores[object];
        let Some(key) = store.kind.primary_company.and_then(|name| store.key(name)) else { return Ok(()) };
        for (_, value) in values.iter().filter(|(one, _)| *one == key) {
            let Some(value) = value else { continue };
            let there = value.parse().is_ok_and(|id| self.live(COMPANIES, id).is_some());
            if !there {
                let name = store.kind.primary_company.unwrap_or_default();
                return Err(Invalid::new(name, "INVALID_COMPANY_ID", format!("{value} is not a company")));
            }
        }
        Ok(())
    }

    fn check_required(&self, object: usize, values: &Values) -> Result<(), ApiError> {
        let store = &self.stores[object];
        let has = |name: &String| {
            store
                .key(name)
                .is_some_and(|key| values.iter().any(|(one, value)| *one == key && value.is_some()))
        };
        if store.kind.required.iter().all(|group| group.iter().any(has)) {
            return Ok(());
        }
        Err(ApiError::validation(format!(
            "Error creating {}. Some required properties were not set.",
            store.kind.legacy
        )))
    }

    /// Refuses values another record holds. `own` is the record written to; `None` for a new one.
    pub(crate) fn check_unique(
        &mut self,
        object: usize,
        values: &Values,
        own: Option<u64>,
        claimed: &Claimed,
    ) -> Result<Vec<(u32, String)>, ApiError> {
        let store = &self.stores[object];
        let more = store.key("hs_additional_emails");
        let email = store.key("email");
        let mut wanted: Vec<(u32, String)> = Vec::new();
        for (key, value) in values {
            let Some(value) = value else { continue };
            if store.unique.contains_key(key) {
                wanted.push((*key, value.to_lowercase()));
            } else if Some(*key) == more
                && let Some(email) = email
            {
                wanted.extend(value.split(';').map(|one| (email, one.to_lowercase())));
            }
        }
        let clash = wanted.iter().find_map(|(key, value)| {
            let held = store.unique.get(key).and_then(|taken| taken.get(value));
            let held = held.or_else(|| claimed.get(&(*key, value.clone())).copied());
            held.filter(|holder| Some(*holder) != own).map(|holder| (*key, value.clone(), holder))
        });
        let Some((key, value, holder)) = clash else { return Ok(wanted) };
        if object == CONTACTS && Some(key) == email && own.is_none() {
            return Err(ApiError::conflict(format!("Contact already exists. Existing ID: {holder}")));
        }
        let name = store.property(key).map(|property| property.name.clone()).unwrap_or_default();
        let legacy = store.kind.legacy.clone();
        let id = own.unwrap_or_else(|| self.stores[object].next_id());
        Err(ApiError::validation(format!(
            "Cannot set PropertyValueCoordinates{{portalId={}, objectTypeId=ObjectTypeId{{legacyObjectType={legacy}}}, \
             propertyName={name}, value={value}}} on {id}. {holder} already has that value.",
            self.portal
        )))
    }

    /// Creates a record of values that have been checked.
    pub(crate) fn insert(&mut self, object: usize, values: Values, source: &Source, now: i64) -> u64 {
        let at = self.tick(now);
        self.insert_at(object, values, source, at)
    }

    /// Creates a record as of a moment, which may lie in the past when an account is filled.
    pub(crate) fn insert_at(&mut self, object: usize, mut values: Values, source: &Source, at: i64) -> u64 {
        let company = self.take_company(object, &mut values);
        let source = self.source(source);
        let store = &mut self.stores[object];
        let id = store.next_id();
        if object == CONTACTS
            && let Some(stage) = store.key("lifecyclestage")
            && !values.iter().any(|(key, value)| *key == stage && value.is_some())
        {
            values.push((stage, Some("lead".to_owned())));
        }
        store.stamp(&mut values, None, at);
        let mut record = Record::new(id, source, at);
        record.set_all(&borrowed(&values), source, at);
        for (key, value) in store.unique_values(&record) {
            store.unique.entry(key).or_default().insert(&value, id);
        }
        store.by_modified.insert((at, id));
        store.records.insert(record);
        if let Some(Some(company)) = company {
            self.link_primary((object, id), company, at);
        }
        self.note_created(object, id);
        id
    }

    /// Takes the primary company out of the values: it is an association, kept as one.
    fn take_company(&self, object: usize, values: &mut Values) -> Option<Option<u64>> {
        let store = &self.stores[object];
        let key = store.kind.primary_company.and_then(|name| store.key(name))?;
        let at = values.iter().position(|(one, _)| *one == key)?;
        let (_, value) = values.remove(at);
        Some(value.and_then(|id| id.parse().ok()))
    }

    /// Writes checked values to a record; says whether anything changed.
    /// assumed: writing what is there already changes nothing, the time of the last change included
    pub(crate) fn apply(
        &mut self,
        object: usize,
        id: u64,
        mut values: Values,
        source: &Source,
        now: i64,
    ) -> bool {
        let at = self.tick(now);
        let company = self.take_company(object, &mut values);
        let source = self.source(source);
        let store = &self.stores[object];
        store.stamp(&mut values, store.records.get(id), at);
        let mut changed =
            self.modify(object, id, at, |record| record.set_all(&borrowed(&values), source, at));
        match company {
            Some(Some(company)) => changed |= self.link_primary((object, id), company, at),
            Some(None) => changed |= self.unlink_primary((object, id), at),
            None => {}
        }
        changed
    }

    /// Runs `change` on a record and keeps every index true.
    pub(crate) fn modify(
        &mut self,
        object: usize,
        id: u64,
        at: i64,
        change: impl FnOnce(&mut Record) -> bool,
    ) -> bool {
        let store = &mut self.stores[object];
        let Some(record) = store.records.get(id) else { return false };
        let held = store.unique_values(record);
        let was = self.platform.listening().then(|| record.clone());
        let Some(record) = store.records.get_mut(id) else { return false };
        let before = record.modified;
        if !change(record) {
            return false;
        }
        record.modified = before.max(at);
        let (modified, live) = (record.modified, record.archived.is_none());
        if live {
            store.by_modified.remove((before, id));
            store.by_modified.insert((modified, id));
            let holds = store.records.get(id).map(|record| store.unique_values(record)).unwrap_or_default();
            if held != holds {
                store.release(&held, id);
                for (key, value) in holds {
                    store.unique.entry(key).or_default().insert(&value, id);
                }
            }
        }
        if let Some(was) = was {
            self.note_changes(object, &was);
        }
        true
    }

    /// Moves a record to the recycle bin; false when it is not there.
    pub(crate) fn archive(&mut self, object: usize, id: u64, now: i64) -> bool {
        let at = self.tick(now);
        let store = &mut self.stores[object];
        let Some(record) = store.live(id) else { return false };
        let held = store.unique_values(record);
        store.release(&held, id);
        let Some(record) = store.records.get_mut(id) else { return false };
        store.by_modified.remove((record.modified, id));
        record.archived = Some(at);
        record.modified = record.modified.max(at);
        store.archived.insert((at, id));
        let links = record.links.others();
        for (other, other_id) in links {
            self.refresh_primary((usize::from(other), other_id), at);
        }
        self.note(object, id, at, What::Deleted);
        true
    }

    /// Takes a record out of the recycle bin, unless another now holds one of its unique values.
    pub(crate) fn restore(&mut self, object: usize, id: u64, now: i64) -> Result<bool, ApiError> {
        let at = self.tick(now);
        let store = &mut self.stores[object];
        let Some(record) = store.records.get(id) else { return Ok(false) };
        let Some(since) = record.archived else { return Ok(false) };
        let held = store.unique_values(record);
        let clash =
            held.iter().find_map(|(key, value)| store.unique.get(key).and_then(|taken| taken.get(value)));
        if let Some(holder) = clash {
            return Err(ApiError::conflict(format!("Record already exists. Existing ID: {holder}")));
        }
        for (key, value) in held {
            store.unique.entry(key).or_default().insert(&value, id);
        }
        let Some(record) = store.records.get_mut(id) else { return Ok(false) };
        record.archived = None;
        record.modified = record.modified.max(at);
        store.archived.remove(&(since, id));
        store.by_modified.insert((record.modified, id));
        let links = record.links.others();
        for (other, other_id) in links {
            self.refresh_primary((usize::from(other), other_id), at);
        }
        self.refresh_primary((object, id), at);
        self.note(object, id, at, What::Restored);
        Ok(true)
    }
}

impl crate::account::Store {
    /// Adds the times the platform keeps itself: when a stage of the lifecycle was reached, and an owner assigned.
    fn stamp(&self, values: &mut Values, current: Option<&Record>, at: i64) {
        let mut times = Vec::new();
        for (key, value) in values.iter() {
            let held = current.and_then(|record| record.stored(*key, i64::MAX));
            let (Some(property), Some(value)) = (self.property(*key), value) else { continue };
            if held == Some(value.as_str()) {
                continue;
            }
            let kept = match property.name.as_str() {
                "lifecyclestage" => self.key(&format!("hs_lifecyclestage_{value}_date")),
                "hubspot_owner_id" => self.key("hubspot_owner_assigneddate"),
                _ => None,
            };
            times.extend(kept.map(|key| (key, Some(crate::time::iso(at)))));
        }
        values.extend(times);
    }

    pub(crate) fn release(&mut self, held: &[(u32, String)], id: u64) {
        for (key, value) in held {
            if let Some(taken) = self.unique.get_mut(key) {
                taken.release(value, id);
            }
        }
    }
}
