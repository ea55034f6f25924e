//! What people do in the account, outside the API: not counted as API writes, and named in the history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::HubSpotSim;
use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::owners::PERSON;
use crate::property::{Choice, Property, PropertyType, standard, title_case};
use crate::record::{Record, Version};
use crate::registry;
use crate::write::Claimed;

/// Why the account refused what a person wanted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimError {
    /// No such kind of record.
    #[error("there is no object {0}")]
    UnknownObject(String),
    /// No such record.
    #[error("there is no such record: {0}")]
    NotFound(String),
    /// The account refuses, as it would refuse the API.
    #[error("{message}")]
    Refused {
        /// The status the API would answer.
        status: u16,
        /// The account's words.
        message: String,
    },
}

impl From<ApiError> for SimError {
    fn from(error: ApiError) -> Self {
        Self::Refused { status: error.status, message: error.message }
    }
}

/// What a property held at some time, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The value; empty when it was cleared.
    pub value: String,
    /// When it was written.
    pub at: Timestamp,
    /// `INTEGRATION` for the API, `CRM_UI` for people.
    pub source_type: String,
    /// The app's id, or `userId:N`.
    pub source_id: String,
}

/// A record with all it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordView {
    /// The record's id.
    pub id: String,
    /// Every property with a value, calculated ones too.
    pub properties: BTreeMap<String, String>,
    /// What each stored property has held, the newest first.
    pub history: BTreeMap<String, Vec<HistoryEntry>>,
    /// Whether it is in the recycle bin.
    pub archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// By object: the associated live records with the association type ids.
    pub associations: BTreeMap<String, Vec<(String, Vec<u32>)>>,
}

fn object_of(account: &Account, name: &str) -> Result<usize, SimError> {
    account.find_kind(name).ok_or_else(|| SimError::UnknownObject(name.to_owned()))
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

pub(crate) fn values_map<K, V>(properties: impl IntoIterator<Item = (K, V)>) -> Map<String, Value>
where
    K: Into<String>,
    V: Into<String>,
{
    properties.into_iter().map(|(name, value)| (name.into(), Value::String(value.into()))).collect()
}

pub(crate) fn person() -> Source {
    Source::person(PERSON)
}

impl Account {
    /// Creates a record as a person would.
    pub(crate) fn person_creates(
        &mut self,
        object: usize,
        properties: &Map<String, Value>,
        now: i64,
    ) -> Result<u64, ApiError> {
        let values = self.prepare(object, properties, None, &person())?;
        self.check_unique(object, &values, None, &Claimed::new())?;
        Ok(self.insert(object, values, &person(), now))
    }

    /// Edits a record as a person would, in that person's name.
    pub(crate) fn person_edits(
        &mut self,
        object: usize,
        id: u64,
        properties: &Map<String, Value>,
        by: &Source,
        now: i64,
    ) -> Result<bool, ApiError> {
        let record = self.live(object, id).ok_or_else(ApiError::record_not_found)?;
        let values = self.prepare(object, properties, Some(record), by)?;
        self.check_unique(object, &values, Some(id), &Claimed::new())?;
        Ok(self.apply(object, id, values, by, now))
    }

    /// Makes sure a property is there, with these choices among its own.
    pub(crate) fn ensure_property(
        &mut self,
        object: usize,
        name: &str,
        kind: PropertyType,
        choices: &[&str],
        now: i64,
    ) {
        let (group, _) = standard::group_of(self.kind(object));
        let store = &mut self.stores[object];
        let property = store
            .properties
            .entry(name.to_lowercase())
            .or_insert_with(|| Property::custom(&name.to_lowercase(), &title_case(name), kind, &group, now));
        property.archived = None;
        for choice in choices {
            if !property.options.iter().any(|known| known.value == *choice) {
                let order = i64::try_from(property.options.len()).unwrap_or_default();
                property.options.push(Choice::new(choice, &title_case(choice), order));
            }
        }
    }

    fn entry(&self, version: &Version<'_>) -> HistoryEntry {
        let source = self.sources.get(usize::from(version.source));
        HistoryEntry {
            value: version.value.unwrap_or_default().to_owned(),
            at: moment(version.at),
            source_type: source.map(|source| source.kind.to_owned()).unwrap_or_default(),
            source_id: source.map(|source| source.id.clone()).unwrap_or_default(),
        }
    }

    fn view(&self, object: usize, record: &Record) -> RecordView {
        let store = &self.stores[object];
        let mut history = BTreeMap::new();
        for key in record.keys() {
            if let Some(property) = store.property(key) {
                let versions = record.versions(key);
                history.insert(property.name.clone(), versions.iter().map(|one| self.entry(one)).collect());
            }
        }
        let mut associations = BTreeMap::new();
        for (other, kind) in self.kinds() {
            let links = self.links((object, record.id), other);
            if !links.is_empty() {
                let links = links.into_iter().map(|(id, types)| (id.to_string(), types)).collect();
                associations.insert(kind.name.clone(), links);
            }
        }
        RecordView {
            id: record.id.to_string(),
            properties: self.values_of(object, record),
            history,
            archived: record.archived.is_some(),
            created_at: moment(record.created),
            updated_at: moment(record.modified),
            associations,
        }
    }
}

fn parse_id(id: &str) -> Result<u64, SimError> {
    id.parse().map_err(|_| SimError::NotFound(id.to_owned()))
}

impl HubSpotSim {
    /// Creates a record as a person would, and answers its id.
    ///
    /// # Errors
    /// What the platform itself would refuse: unknown properties, values that do not fit, an email that is taken.
    pub fn create_record<K: Into<String>, V: Into<String>>(
        &self,
        object: &str,
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<String, SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let object = object_of(&account, object)?;
        Ok(account.person_creates(object, &values_map(properties), now)?.to_string())
    }

    /// Edits a record as a person would; an empty value clears. Answers whether anything changed.
    ///
    /// # Errors
    /// What the platform itself would refuse, and a record that is not there.
    pub fn edit_record<K: Into<String>, V: Into<String>>(
        &self,
        object: &str,
        id: &str,
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<bool, SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let (object, number) = (object_of(&account, object)?, parse_id(id)?);
        if account.live(object, number).is_none() {
            return Err(SimError::NotFound(id.to_owned()));
        }
        Ok(account.person_edits(object, number, &values_map(properties), &person(), now)?)
    }

    /// Moves a record to the recycle bin, as a person would. Answers whether it was live.
    ///
    /// # Errors
    /// An unknown object, or an id that is not a number.
    pub fn archive_record(&self, object: &str, id: &str) -> Result<bool, SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let (object, id) = (object_of(&account, object)?, parse_id(id)?);
        Ok(account.acting_as(person(), |account| account.archive(object, id, now)))
    }

    /// Takes a record out of the recycle bin. Answers whether it was in it.
    ///
    /// # Errors
    /// A unique value that another record has taken since.
    pub fn restore_record(&self, object: &str, id: &str) -> Result<bool, SimError> {
        let now = self.0.now();
        self.0.empty_bin(now);
        let mut account = self.0.write();
        let (object, id) = (object_of(&account, object)?, parse_id(id)?);
        Ok(account.acting_as(person(), |account| account.restore(object, id, now))?)
    }

    /// A record, live or archived.
    #[must_use]
    pub fn record(&self, object: &str, id: &str) -> Option<RecordView> {
        let id: u64 = id.parse().ok()?;
        let account = self.0.read();
        let object = account.find_kind(object)?;
        let record = account.stores[object].records.get(id)?;
        Some(account.view(object, record))
    }

    /// Every live record of an object, in the order of creation; nothing for an unknown object.
    #[must_use]
    pub fn records(&self, object: &str) -> Vec<RecordView> {
        let account = self.0.read();
        let Some(object) = account.find_kind(object) else { return Vec::new() };
        let live = account.stores[object].records.values().filter(|record| record.archived.is_none());
        live.map(|record| account.view(object, record)).collect()
    }

    /// Makes sure an object has a property, with these choices among its own if it is an enumeration.
    ///
    /// # Errors
    /// An unknown object.
    pub fn ensure_property(
        &self,
        object: &str,
        name: &str,
        kind: PropertyType,
        choices: &[&str],
    ) -> Result<(), SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let object = object_of(&account, object)?;
        account.ensure_property(object, name, kind, choices, now);
        Ok(())
    }

    /// Associates two records, as the primary company when `primary` and one of them is a company.
    ///
    /// # Errors
    /// An unknown object, or a record that is not there.
    pub fn associate(&self, from: (&str, &str), to: (&str, &str), primary: bool) -> Result<(), SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let one = (object_of(&account, from.0)?, parse_id(from.1)?);
        let other = (object_of(&account, to.0)?, parse_id(to.1)?);
        for end in [one, other] {
            if account.live(end.0, end.1).is_none() {
                return Err(SimError::NotFound(end.1.to_string()));
            }
        }
        let at = account.tick(now);
        account.acting_as(person(), |account| {
            match (primary, one.0 == registry::COMPANIES, other.0 == registry::COMPANIES) {
                (true, false, true) => account.link_primary(one, other.1, at),
                (true, true, false) => account.link_primary(other, one.1, at),
                _ => account.put_link(one, other, &[], false, at),
            }
        });
        Ok(())
    }

    /// Ends the association of two records. Answers whether there was one.
    ///
    /// # Errors
    /// An unknown object, or an id that is not a number.
    pub fn dissociate(&self, from: (&str, &str), to: (&str, &str)) -> Result<bool, SimError> {
        let now = self.0.now();
        let mut account = self.0.write();
        let one = (object_of(&account, from.0)?, parse_id(from.1)?);
        let other = (object_of(&account, to.0)?, parse_id(to.1)?);
        let at = account.tick(now);
        Ok(account.acting_as(person(), |account| account.unlink(one, other, at)))
    }
}
