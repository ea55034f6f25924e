//! A record as the API shows it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::record::{Record, Version};
use crate::sensitive::Seen;
use crate::time::iso;

/// Which properties an answer has.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// The properties asked for; the defaults of the kind when there are none.
    pub(crate) properties: Vec<String>,
    pub(crate) history: Vec<String>,
    pub(crate) associations: Vec<usize>,
    /// Every property that has a value, as after a write.
    pub(crate) all: bool,
    /// Only those named, besides the ones that are always there.
    pub(crate) exact: bool,
    /// Which guarded values it may hold.
    pub(crate) seen: Seen,
}

impl Account {
    /// Writes a record out as it was at `as_of`.
    pub(crate) fn show(
        &self,
        object: usize,
        record: &Record,
        shape: &Shape,
        as_of: i64,
    ) -> Map<String, Value> {
        let store = &self.stores[object];
        let mut names: BTreeSet<&str> = [store.kind.created, store.kind.modified, "hs_object_id"].into();
        if shape.all {
            names.extend(record.keys().filter_map(|key| store.property(key)).map(|one| one.name.as_str()));
            let computed = store.properties.values().filter(|one| one.computed.is_some());
            names.extend(computed.map(|one| one.name.as_str()));
        } else if shape.properties.is_empty() && !shape.exact {
            names.extend(store.kind.defaults.iter().map(String::as_str));
        } else {
            names.extend(shape.properties.iter().map(String::as_str));
        }
        names.extend(shape.history.iter().map(String::as_str));
        let mut properties = Map::new();
        for name in names {
            let Some((key, property)) = store.active(name) else { continue };
            if !shape.seen.has(property.sensitivity) {
                continue;
            }
            match self.value(object, record, key, as_of) {
                Some(value) => {
                    properties.insert(property.name.clone(), Value::String(value.into_owned()));
                }
                None if shape.all => {}
                None => {
                    properties.insert(property.name.clone(), Value::Null);
                }
            }
        }
        let mut body = Map::new();
        body.insert("id".into(), json!(record.id.to_string()));
        body.insert("properties".into(), Value::Object(properties));
        if !shape.history.is_empty() {
            let mut all = Map::new();
            for name in &shape.history {
                if let Some((key, property)) = store.active(name) {
                    all.insert(property.name.clone(), Value::Array(self.history(object, record, key)));
                }
            }
            body.insert("propertiesWithHistory".into(), Value::Object(all));
        }
        body.insert("createdAt".into(), json!(iso(record.created)));
        body.insert("updatedAt".into(), json!(iso(record.modified_as_of(as_of))));
        let archived = record.archived.filter(|at| *at <= as_of);
        body.insert("archived".into(), json!(archived.is_some()));
        if let Some(at) = archived {
            body.insert("archivedAt".into(), json!(iso(at)));
        }
        if !shape.associations.is_empty() {
            let mut all = Map::new();
            for other in &shape.associations {
                if let Some(links) = self.links_json((object, record.id), *other) {
                    all.insert(self.kind(*other).name.clone(), links);
                }
            }
            if !all.is_empty() {
                body.insert("associations".into(), Value::Object(all));
            }
        }
        let url = format!(
            "https://app.hubspot.com/contacts/{}/record/{}/{}",
            self.portal, store.kind.type_id, record.id
        );
        body.insert("url".into(), json!(url));
        body
    }

    fn version_json(&self, version: &Version<'_>) -> Value {
        let mut one = Map::new();
        one.insert("value".into(), json!(version.value.unwrap_or_default()));
        one.insert("timestamp".into(), json!(iso(version.at)));
        if let Some(source) = self.sources.get(usize::from(version.source)) {
            one.insert("sourceType".into(), json!(source.kind));
            one.insert("sourceId".into(), json!(source.id));
            if let Some(label) = &source.label {
                one.insert("sourceLabel".into(), json!(label));
            }
            if let Some(user) = source.user {
                one.insert("updatedByUserId".into(), json!(user));
            }
        }
        Value::Object(one)
    }

    /// All versions of a value, the newest first.
    pub(crate) fn history(&self, object: usize, record: &Record, key: u32) -> Vec<Value> {
        let versions = record.versions(key);
        if !versions.is_empty() {
            return versions.iter().map(|version| self.version_json(version)).collect();
        }
        // assumed: a calculated value has one version, as old as the record's last change
        let value = self.value(object, record, key, i64::MAX);
        value
            .map(|value| json!({ "value": value, "timestamp": iso(record.modified), "sourceType": "CALCULATED" }))
            .into_iter()
            .collect()
    }

    /// The record a path or a row names: by its id, or by the value of a unique property.
    pub(crate) fn locate(&self, object: usize, id: &str, by: Option<&str>) -> Result<u64, ApiError> {
        let store = &self.stores[object];
        match by.filter(|by| *by != "hs_object_id") {
            Some(by) => {
                let key = store.active(&by.to_lowercase()).map(|(key, _)| key);
                let taken =
                    key.and_then(|key| store.unique.get(&key)).ok_or_else(|| self.not_unique(object, by))?;
                taken.get(id.trim()).ok_or_else(ApiError::record_not_found)
            }
            None => match id.trim().parse::<i64>() {
                Err(_) => Err(ApiError::object_not_found("Object not found.  objectId are usually numeric.")
                    .with_context("id", id)),
                Ok(..=0) => {
                    Err(ApiError::object_not_found("Object not found. objectId is usually positive.")
                        .with_context("id", id))
                }
                Ok(id) => {
                    let id = id.unsigned_abs();
                    let id = store.merged.get(&id).copied().unwrap_or(id);
                    if store.records.contains(id) { Ok(id) } else { Err(ApiError::record_not_found()) }
                }
            },
        }
    }

    pub(crate) fn not_unique(&self, object: usize, by: &str) -> ApiError {
        ApiError::validation(format!(
            "Unable to perform update/upsert by non-unique {} property {by} in portal ID {}",
            self.stores[object].kind.type_id, self.portal
        ))
    }

    /// Every value a record has, stored or calculated.
    pub(crate) fn values_of(&self, object: usize, record: &Record) -> BTreeMap<String, String> {
        let store = &self.stores[object];
        let mut all = BTreeMap::new();
        for (name, property) in &store.properties {
            let stored_or_computed = property.archived.is_none();
            if let Some(key) = store.key(name).filter(|_| stored_or_computed)
                && let Some(value) = self.value(object, record, key, i64::MAX)
            {
                all.insert(name.clone(), value.into_owned());
            }
        }
        all
    }
}
