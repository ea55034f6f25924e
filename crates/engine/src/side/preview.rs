//! A side that is only pretended to be written: a rehearsal sees what it would have written, and the platform nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{EditTime, Field, NewProperty, Side, Value, Values};

use crate::custom::NewObject;
use crate::import::Chosen;

use super::{
    Answer, ChangesPage, ChosenPage, Key, Life, Person, RecordName, RecordState, Roster, RosterPage, Segment,
    SideApi, SideError, Whereabouts, Written,
};
use crate::campaigns::{MEMBERS, STATUSES, statuses_after};

/// How the ids of records begin that a rehearsal pretends to have made.
pub(crate) const PRETENDED: &str = "new:";

/// What was pretended so far, by object and id.
#[derive(Debug, Default)]
struct Pretended {
    written: BTreeMap<(String, String), Values>,
    created: BTreeMap<(String, String), RecordState>,
    deleted: Vec<(String, String)>,
    /// Properties that were not there, by object.
    fields: BTreeMap<String, Vec<Field>>,
    next: u64,
}

/// A side whose reads are real and whose writes are kept here.
pub(crate) struct PreviewSide {
    real: Arc<dyn SideApi>,
    pretended: Mutex<Pretended>,
}

impl PreviewSide {
    pub fn new(real: Arc<dyn SideApi>) -> Self {
        Self { real, pretended: Mutex::default() }
    }

    fn pretended(&self) -> MutexGuard<'_, Pretended> {
        self.pretended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These fields without those that are only pretended to be there.
    fn real_fields(&self, object: &str, fields: &[Field]) -> Vec<Field> {
        let pretended = self.pretended();
        let made = pretended.fields.get(object).map_or(&[][..], Vec::as_slice);
        fields.iter().filter(|field| !made.iter().any(|made| made.name == field.name)).cloned().collect()
    }

    /// A record as it would be by now: what was only pretended to be made holds nothing yet.
    fn as_written(&self, mut record: RecordState) -> RecordState {
        let pretended = self.pretended();
        for made in pretended.fields.get(&record.object).into_iter().flatten() {
            record.values.entry(made.name.clone()).or_insert(Value::Blank);
        }
        let key = (record.object.clone(), record.id.clone());
        if let Some(values) = pretended.written.get(&key) {
            record.values.extend(values.iter().map(|(field, value)| (field.clone(), value.clone())));
            record.modified_by_us = true;
        }
        record.deleted |= pretended.deleted.contains(&key);
        record
    }

    /// What Salesforce would then say of the members of campaigns.
    async fn said_of_members(&self, before: &Values, written: &Values) -> Result<Values, SideError> {
        let Some(members) = written.get(MEMBERS) else { return Ok(Values::new()) };
        let said = statuses_after(self.real.as_ref(), before, members).await?;
        Ok(Values::from([(STATUSES.to_owned(), said)]))
    }

    fn create(&self, object: &str, rows: &[(String, Values)]) -> Vec<Written> {
        let mut pretended = self.pretended();
        let made = rows.iter().map(|(marker, values)| {
            pretended.next += 1;
            let id = format!("{PRETENDED}{}-{}", object.to_lowercase(), pretended.next);
            let record = RecordState {
                object: object.to_owned(),
                id: id.clone(),
                values: values.clone(),
                created: None,
                modified: None,
                modified_by_us: true,
                deleted: false,
                marker: Some(marker.clone()),
                life: Life::default(),
            };
            pretended.created.insert((object.to_owned(), id.clone()), record);
            Written::Stored { id, values: values.clone(), call: None }
        });
        made.collect()
    }
}

impl SideApi for PreviewSide {
    fn side(&self) -> Side {
        self.real.side()
    }

    fn time_zone(&self) -> Answer<'_, TimeZone> {
        self.real.time_zone()
    }

    fn describe<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Field>> {
        Box::pin(async move {
            let mut fields = self.real.describe(object).await?;
            fields.extend(self.pretended().fields.get(object).cloned().unwrap_or_default());
            Ok(fields)
        })
    }

    fn may_have_changed(&self, since: Timestamp) -> Answer<'_, bool> {
        self.real.may_have_changed(since)
    }

    fn ensure_marker<'a>(&'a self, _: &'a str, _: &'a [Field]) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn changes<'a>(
        &'a self,
        object: &'a str,
        since: Option<Timestamp>,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChangesPage> {
        Box::pin(async move {
            let real = self.real_fields(object, fields);
            self.real.changes(object, since, page, &real).await
        })
    }

    fn chosen<'a>(
        &'a self,
        object: &'a str,
        choice: &'a Chosen,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChosenPage> {
        Box::pin(async move {
            let real = self.real_fields(object, fields);
            self.real.chosen(object, choice, page, &real).await
        })
    }

    fn account(&self) -> Answer<'_, String> {
        self.real.account()
    }

    fn beside(&self, account: &str) {
        self.real.beside(account);
    }

    fn labels<'a>(&'a self, object: &'a str) -> Answer<'a, (String, String)> {
        self.real.labels(object)
    }

    fn create_property<'a>(&'a self, new: &'a NewProperty) -> Answer<'a, bool> {
        let mut pretended = self.pretended();
        let fields = pretended.fields.entry(new.object.clone()).or_default();
        let made = !fields.iter().any(|known| known.name == new.name);
        if made {
            fields.push(new.as_field());
        }
        Box::pin(std::future::ready(Ok(made)))
    }

    fn object_called<'a>(&'a self, name: &'a str) -> Answer<'a, Option<String>> {
        self.real.object_called(name)
    }

    fn create_object<'a>(&'a self, new: &'a NewObject) -> Answer<'a, String> {
        Box::pin(std::future::ready(Ok(new.name.clone())))
    }

    fn make_associable<'a>(&'a self, _: &'a str, _: &'a str) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn read_first<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, (BTreeMap<String, RecordState>, BTreeSet<String>)> {
        Box::pin(async move {
            if ids.iter().any(|id| id.starts_with(PRETENDED)) || !self.pretended().fields.is_empty() {
                return Ok((self.read(object, ids, fields).await?, BTreeSet::new()));
            }
            let (found, older) = self.real.read_first(object, ids, fields).await?;
            Ok((found.into_iter().map(|(id, record)| (id, self.as_written(record))).collect(), older))
        })
    }

    fn add_choices<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: &'a [(String, String)],
    ) -> Answer<'a, Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn read<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, BTreeMap<String, RecordState>> {
        Box::pin(async move {
            let (made, real): (Vec<String>, Vec<String>) =
                ids.iter().cloned().partition(|id| id.starts_with(PRETENDED));
            let asked = self.real_fields(object, fields);
            let mut found =
                if real.is_empty() { BTreeMap::new() } else { self.real.read(object, &real, &asked).await? };
            for id in made {
                let made = self.pretended().created.get(&(object.to_owned(), id.clone())).cloned();
                found.extend(made.map(|record| (id, record)));
            }
            Ok(found.into_iter().map(|(id, record)| (id, self.as_written(record))).collect())
        })
    }

    fn whereabouts<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Whereabouts>> {
        self.real.whereabouts(object, ids)
    }

    fn origins<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<(String, RecordName)>> {
        self.real.origins(object, ids)
    }

    fn inside<'a>(
        &'a self,
        object: &'a str,
        scope: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeSet<String>> {
        Box::pin(async move {
            // Whether a record would be inside that is not there yet, nobody can say: it is made, and looked at then.
            let (made, real): (Vec<String>, Vec<String>) =
                ids.iter().cloned().partition(|id| id.starts_with(PRETENDED));
            let mut inside = if real.is_empty() {
                BTreeSet::new()
            } else {
                self.real.inside(object, scope, &real).await?
            };
            inside.extend(made);
            Ok(inside)
        })
    }

    fn roster<'a>(
        &'a self,
        object: &'a str,
        roster: &'a Roster,
        page: Option<String>,
    ) -> Answer<'a, RosterPage> {
        self.real.roster(object, roster, page)
    }

    fn segments<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Segment>> {
        self.real.segments(object)
    }

    fn check_scope<'a>(&'a self, object: &'a str, scope: &'a str) -> Answer<'a, Option<String>> {
        self.real.check_scope(object, scope)
    }

    fn find<'a>(
        &'a self,
        object: &'a str,
        key: Key,
        keys: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<RecordState>> {
        Box::pin(async move {
            let asked = self.real_fields(object, fields);
            let mut found = self.real.find(object, key.clone(), keys, &asked).await?;
            let made: Vec<RecordState> = self
                .pretended()
                .created
                .values()
                .filter(|record| record.object == object && holds(record, key.clone(), keys))
                .cloned()
                .collect();
            found.extend(made);
            Ok(found.into_iter().map(|record| self.as_written(record)).collect())
        })
    }

    fn edit_times<'a>(
        &'a self,
        records: &'a [(RecordState, Vec<String>)],
    ) -> Answer<'a, BTreeMap<(String, String), EditTime>> {
        Box::pin(async move {
            let real: Vec<(RecordState, Vec<String>)> =
                records.iter().filter(|(record, _)| !record.id.starts_with(PRETENDED)).cloned().collect();
            if real.is_empty() { Ok(BTreeMap::new()) } else { self.real.edit_times(&real).await }
        })
    }

    fn update<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let mut further: BTreeMap<&String, Values> = BTreeMap::new();
            for (id, values) in rows.iter().filter(|(_, values)| values.contains_key(MEMBERS)) {
                let found = self.read(object, std::slice::from_ref(id), fields).await?;
                let before = found.into_values().next().map(|record| record.values).unwrap_or_default();
                further.insert(id, self.said_of_members(&before, values).await?);
            }
            let mut pretended = self.pretended();
            let done = rows.iter().map(|(id, values)| {
                let written = pretended.written.entry((object.to_owned(), id.clone())).or_default();
                let further = further.remove(id).unwrap_or_default();
                written.extend(values.iter().map(|(field, value)| (field.clone(), value.clone())));
                written.extend(further);
                Written::Stored { id: id.clone(), values: values.clone(), call: None }
            });
            Ok(done.collect())
        })
    }

    fn create<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        _: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let made = self.create(object, rows);
            for ((_, values), made) in rows.iter().zip(&made) {
                if let (true, Written::Stored { id, .. }) = (values.contains_key(MEMBERS), made) {
                    let further = self.said_of_members(&Values::new(), values).await?;
                    let key = (object.to_owned(), id.clone());
                    self.pretended().written.entry(key).or_default().extend(further);
                }
            }
            Ok(made)
        })
    }

    fn create_carelessly<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        _: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(std::future::ready(Ok(self.create(object, rows))))
    }

    fn delete<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<Written>> {
        self.pretended().deleted.extend(ids.iter().map(|id| (object.to_owned(), id.clone())));
        let done = ids.iter().map(|id| Written::Stored { id: id.clone(), values: Values::new(), call: None });
        Box::pin(std::future::ready(Ok(done.collect())))
    }

    fn owners(&self) -> Answer<'_, Vec<Person>> {
        self.real.owners()
    }

    fn clock_offset(&self) -> SignedDuration {
        self.real.clock_offset()
    }

    fn calls(&self) -> u64 {
        self.real.calls()
    }
}

/// Whether a pretended record would be found by one of these keys.
fn holds(record: &RecordState, key: Key, keys: &[String]) -> bool {
    let held = |names: &[&str]| -> Option<String> {
        names.iter().find_map(|name| record.values.get(*name)).map(Value::to_string)
    };
    let held = match key {
        Key::Email => held(&["email", "Email"]),
        Key::Domain => {
            held(&["domain", "Website"]).map(|address| crate::keys::domain_of(&address).to_owned())
        }
        Key::Marker => record.marker.clone(),
        Key::Field(name) => held(&[&name]),
    };
    held.is_some_and(|held| keys.iter().any(|key| key.eq_ignore_ascii_case(held.trim())))
}
