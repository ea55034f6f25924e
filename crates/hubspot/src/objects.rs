//! Reading, changing and archiving records.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Call;
use crate::owners::Paging;
use crate::paths::segment;
use crate::{ApiError, Client, Error, Record, lenient};

/// Which records to read at once, and what of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchRead {
    /// Record ids, or values of `id_property`. Any number; repeated ones are asked once.
    pub ids: Vec<String>,
    /// A unique property that `ids` are values of; record ids where none.
    pub id_property: Option<String>,
    /// Properties wanted.
    pub properties: Vec<String>,
    /// Properties wanted with their history.
    pub with_history: Vec<String>,
    /// Reads archived records instead of live ones.
    pub archived: bool,
}

/// What a batch read found.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAnswer<T> {
    /// The records, in no particular order. One asked for by an old id of a merged record comes back under its
    /// present id.
    pub found: Vec<T>,
    /// Those asked for that do not exist.
    pub missing: Vec<String>,
}

/// One page of a list of all records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// Properties wanted.
    pub properties: Vec<String>,
    /// Properties wanted with their history (then at most 50 records a page).
    pub with_history: Vec<String>,
    /// Page size, at most 100; 0 for the most.
    pub limit: u32,
    /// Where the page starts, from the page before.
    pub after: Option<String>,
    /// Lists archived records instead of live ones.
    pub archived: bool,
}

/// One page of anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// This page's items.
    pub results: Vec<T>,
    /// Where the next page starts; none on the last.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct RecordPage {
    results: Vec<Record>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

#[derive(Deserialize)]
struct ReadAnswer {
    #[serde(default)]
    results: Vec<Record>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    errors: Vec<Value>,
}

/// Most rows in one batch, and fewer where history is wanted.
pub(crate) const BATCH: usize = 100;
const BATCH_WITH_HISTORY: usize = 50;

impl Client {
    /// One page of all records, oldest first.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn list(&self, object: &str, list: &List) -> Result<Page<Record>, Error> {
        let most: u32 = if list.with_history.is_empty() { 100 } else { 50 };
        let limit = if list.limit == 0 { most } else { list.limit.min(most) };
        let mut call =
            Call::new(format!("listing {object}"), Method::GET, self.inner().paths.objects(object))
                .query("limit", limit.to_string());
        if !list.properties.is_empty() {
            call = call.query("properties", list.properties.join(","));
        }
        if !list.with_history.is_empty() {
            call = call.query("propertiesWithHistory", list.with_history.join(","));
        }
        if list.archived {
            call = call.query("archived", "true");
        }
        if let Some(after) = &list.after {
            call = call.query("after", after);
        }
        let page: RecordPage = self.ask(&call).await?;
        Ok(Page { results: page.results, after: page.paging.after() })
    }

    /// One record, by its id or a unique property's value; none where it does not exist. Asked by an old id of a
    /// merged record, it comes under its present id.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn get(
        &self,
        object: &str,
        id: &str,
        id_property: Option<&str>,
        properties: &[String],
    ) -> Result<Option<Record>, Error> {
        let mut call = Call::new(format!("reading {object} {id}"), Method::GET, self.record_path(object, id));
        if !properties.is_empty() {
            call = call.query("properties", properties.join(","));
        }
        if let Some(id_property) = id_property {
            call = call.query("idProperty", id_property);
        }
        match self.ask(&call).await {
            Ok(record) => Ok(Some(record)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes one record, also by an old id of a merged one, which batches do not take. An empty text clears.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn update(
        &self,
        object: &str,
        id: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<Record, Error> {
        let call = Call::new(format!("changing {object} {id}"), Method::PATCH, self.record_path(object, id));
        self.ask(&call.json(json!({ "properties": properties }))).await
    }

    /// Archives one record; one that is gone already is no error.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn archive(&self, object: &str, id: &str) -> Result<(), Error> {
        let call =
            Call::new(format!("archiving {object} {id}"), Method::DELETE, self.record_path(object, id));
        match self.inner().send(&call).await {
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads many records, in as many calls as that takes.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn batch_read(&self, object: &str, read: &BatchRead) -> Result<BatchAnswer<Record>, Error> {
        let mut seen = BTreeSet::new();
        let ids: Vec<&String> = read.ids.iter().filter(|id| seen.insert(id.as_str())).collect();
        let size = if read.with_history.is_empty() { BATCH } else { BATCH_WITH_HISTORY };
        let mut properties = read.properties.clone();
        if let Some(id_property) = &read.id_property
            && !properties.contains(id_property)
        {
            // Without it there would be no telling which record answers which id.
            properties.push(id_property.clone());
        }
        let path = format!("{}/batch/read", self.inner().paths.objects(object));
        let mut whole = BatchAnswer { found: Vec::with_capacity(ids.len()), missing: Vec::new() };
        for part in ids.chunks(size) {
            let inputs: Vec<Value> = part.iter().map(|id| json!({ "id": id })).collect();
            let mut body = json!({
                "inputs": inputs,
                "properties": properties,
                "propertiesWithHistory": read.with_history,
            });
            if let Some(id_property) = &read.id_property {
                body["idProperty"] = json!(id_property);
            }
            let mut call = Call::new(format!("reading {object}"), Method::POST, path.as_str()).reading();
            if read.archived {
                call = call.query("archived", "true");
            }
            let answer: ReadAnswer = self.ask(&call.json(body)).await?;
            whole.missing.extend(missing(part, &answer, read.id_property.as_deref())?);
            whole.found.extend(answer.results);
        }
        Ok(whole)
    }

    /// Archives many records, in as many calls as that takes.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses; earlier parts of a long list may then be archived already.
    pub async fn batch_archive(&self, object: &str, ids: &[String]) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        let ids: Vec<&String> = ids.iter().filter(|id| seen.insert(id.as_str())).collect();
        let path = format!("{}/batch/archive", self.inner().paths.objects(object));
        for part in ids.chunks(BATCH) {
            let inputs: Vec<Value> = part.iter().map(|id| json!({ "id": id })).collect();
            let call = Call::new(format!("archiving {object}"), Method::POST, path.as_str()).repeatable();
            self.inner().send(&call.json(json!({ "inputs": inputs }))).await?;
        }
        Ok(())
    }

    fn record_path(&self, object: &str, id: &str) -> String {
        format!("{}/{}", self.inner().paths.objects(object), segment(id))
    }
}

/// Which of the ids asked for do not exist.
fn missing(asked: &[&String], answer: &ReadAnswer, id_property: Option<&str>) -> Result<Vec<String>, Error> {
    if answer.results.len() >= asked.len() {
        return Ok(Vec::new());
    }
    let mut named = BTreeSet::new();
    for error in &answer.errors {
        let api = ApiError::from_json(207, error);
        if api.category.as_deref().is_some_and(|category| category != "OBJECT_NOT_FOUND") {
            return Err(Error::Api(Box::new(api)));
        }
        named.extend(["ids", "id"].iter().flat_map(|key| api.named(key)).map(str::to_owned));
    }
    let named: Vec<String> =
        asked.iter().filter(|id| named.contains(id.as_str())).map(ToString::to_string).collect();
    if named.len() + answer.results.len() >= asked.len() {
        return Ok(named);
    }
    // HubSpot did not name them all: those that no record answers to.
    let mut answered = BTreeSet::new();
    for record in &answer.results {
        match id_property {
            Some(property) => {
                answered.extend(record.get(property).map(str::to_lowercase));
                if property == "email" {
                    answered.extend(
                        record
                            .get("hs_additional_emails")
                            .iter()
                            .flat_map(|list| list.split(';'))
                            .map(str::to_lowercase),
                    );
                }
            }
            None => {
                answered.insert(record.id.clone());
                answered.extend(
                    record
                        .get("hs_merged_object_ids")
                        .iter()
                        .flat_map(|list| list.split(';'))
                        .map(str::to_owned),
                );
            }
        }
    }
    Ok(asked.iter().filter(|id| !answered.contains(&id.to_lowercase())).map(ToString::to_string).collect())
}
