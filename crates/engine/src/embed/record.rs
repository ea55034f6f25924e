//! A HubSpot record in short: its name, where it stands, whose it is; its associations; the history of its properties.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hubspot::{BatchRead, Property, Record};
use jiff::Timestamp;
use serde::Serialize;

use super::timeline::moment;
use super::{EmbedError, HubSpotRecord};
use crate::connection::Connection;

/// Associated records of each object that are shown.
const EACH: usize = 50;
/// Changes that are shown.
const CHANGES: usize = 200;

/// A property and what it says, both as people read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The property's internal name.
    pub property: String,
    /// Its label in HubSpot.
    pub label: String,
    /// Its value as people read it.
    pub value: String,
    /// The moment, where it is one.
    pub at: Option<Timestamp>,
}

/// A HubSpot record in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// What people call it.
    pub name: String,
    /// Its email, where it is a contact that has one.
    pub email: Option<String>,
    /// Lifecycle, owner, stage and the like, as far as they are filled.
    pub facts: Vec<Fact>,
}

/// A record that another is associated with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Associated {
    /// Its object.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is to the record: labels such as "Decision maker".
    pub labels: Vec<String>,
}

/// A former or present value of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PropertyChange {
    /// When it was set.
    pub at: Option<Timestamp>,
    /// The property's label.
    pub label: String,
    /// The value; empty where it was cleared.
    pub value: String,
    /// What set it, in HubSpot's words, such as `CRM_UI` or an app's name.
    pub source: String,
}

/// What is told of a record at a glance, by its object.
fn told(object: &str) -> &'static [&'static str] {
    match object {
        "contacts" => &[
            "lifecyclestage",
            "hs_lead_status",
            "hubspot_owner_id",
            "company",
            "recent_conversion_event_name",
            "recent_conversion_date",
            "hs_email_open",
            "hs_email_click",
            "hs_analytics_num_page_views",
            "hs_analytics_last_timestamp",
            "notes_last_contacted",
        ],
        "companies" => &[
            "lifecyclestage",
            "hs_lead_status",
            "hubspot_owner_id",
            "domain",
            "num_associated_contacts",
            "num_associated_deals",
            "notes_last_contacted",
        ],
        "deals" => {
            &["pipeline", "dealstage", "amount", "closedate", "hubspot_owner_id", "notes_last_contacted"]
        }
        _ => &["hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"],
    }
}

/// What a record is called by, in the order of preference.
fn naming(object: &str) -> &'static [&'static str] {
    match object {
        "contacts" => &["firstname", "lastname", "email"],
        "companies" => &["name", "domain"],
        "deals" => &["dealname"],
        "tickets" => &["subject"],
        _ => &["name"],
    }
}

fn name_of(object: &str, record: &Record) -> String {
    let get = |name: &str| record.get(name);
    let whole = match object {
        "contacts" => {
            let both =
                [get("firstname"), get("lastname")].into_iter().flatten().collect::<Vec<_>>().join(" ");
            Some(both).filter(|both| !both.is_empty()).or_else(|| get("email").map(ToOwned::to_owned))
        }
        _ => naming(object).iter().find_map(|name| get(name)).map(ToOwned::to_owned),
    };
    whole.unwrap_or_else(|| record.id.clone())
}

impl Connection {
    /// A HubSpot record in short.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, or has no such record.
    pub async fn embed_summary(&self, record: &HubSpotRecord) -> Result<RecordSummary, EmbedError> {
        let client = self.hubspot()?;
        let object = record.object.as_str();
        let wanted: Vec<String> =
            naming(object).iter().chain(told(object)).map(|name| (*name).to_owned()).collect();
        let (found, properties, pipelines) = futures::join!(
            client.get(object, &record.id, None, &wanted),
            client.properties(object),
            self.stage_names(object)
        );
        let found =
            found?.ok_or_else(|| EmbedError::Gone { object: object.to_owned(), id: record.id.clone() })?;
        let (properties, pipelines) = (by_name(properties?), pipelines?);
        let owners = match found.get("hubspot_owner_id") {
            Some(_) => self.owner_names().await?,
            None => BTreeMap::new(),
        };
        let facts = told(object).iter().filter_map(|name| {
            let raw = found.get(name)?;
            let property = properties.get(*name)?;
            let known =
                owners.get(raw).filter(|_| *name == "hubspot_owner_id").or_else(|| pipelines.get(raw));
            let at = (property.kind == "datetime" || property.kind == "date").then(|| moment(raw)).flatten();
            let value = known.cloned().unwrap_or_else(|| shown(property, raw));
            Some(Fact { property: (*name).to_owned(), label: property.label.clone(), value, at })
        });
        Ok(RecordSummary {
            name: name_of(object, &found),
            email: found.get("email").filter(|_| object == "contacts").map(ToOwned::to_owned),
            facts: facts.collect(),
        })
    }

    /// The records that a HubSpot record is associated with.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn embed_associations(&self, record: &HubSpotRecord) -> Result<Vec<Associated>, EmbedError> {
        let each =
            ["contacts", "companies", "deals", "tickets"].map(|object| self.associated(record, object));
        let mut all = Vec::new();
        for found in futures::future::join_all(each).await {
            all.extend(found?);
        }
        Ok(all)
    }

    async fn associated(
        &self,
        record: &HubSpotRecord,
        object: &'static str,
    ) -> Result<Vec<Associated>, EmbedError> {
        let client = self.hubspot()?;
        let own = std::slice::from_ref(&record.id);
        let links = client.associations_batch_read(&record.object, object, own).await?;
        let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for link in links.into_values().flatten().take(EACH) {
            let named = link.types.into_iter().filter_map(|kind| kind.label);
            labels.entry(link.id).or_default().extend(named);
        }
        if labels.is_empty() {
            return Ok(Vec::new());
        }
        let properties = naming(object).iter().map(|name| (*name).to_owned()).collect();
        let read = BatchRead { ids: labels.keys().cloned().collect(), properties, ..BatchRead::default() };
        let found = client.batch_read(object, &read).await?.found;
        let mut all: Vec<Associated> = found
            .iter()
            .map(|other| Associated {
                object,
                id: other.id.clone(),
                name: name_of(object, other),
                labels: labels.get(&other.id).cloned().unwrap_or_default(),
            })
            .collect();
        all.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.id.cmp(&other.id)));
        Ok(all)
    }

    /// Former values of a record's properties: those that are kept in step, and those told at a glance.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, or has no such record.
    pub async fn embed_history(&self, record: &HubSpotRecord) -> Result<Vec<PropertyChange>, EmbedError> {
        let client = self.hubspot()?;
        let object = record.object.as_str();
        let properties = by_name(client.properties(object).await?);
        let mapped = self.settings().objects.iter().filter(|mapping| mapping.hubspot_object == object);
        let names: BTreeSet<String> = mapped
            .flat_map(|mapping| mapping.fields.iter().map(|field| field.hubspot.clone()))
            .chain(told(object).iter().map(|name| (*name).to_owned()))
            .filter(|name| properties.contains_key(name))
            .collect();
        let read = BatchRead {
            ids: vec![record.id.clone()],
            with_history: names.into_iter().collect(),
            ..BatchRead::default()
        };
        let found = client.batch_read(object, &read).await?.found;
        let found = found
            .into_iter()
            .next()
            .ok_or_else(|| EmbedError::Gone { object: object.to_owned(), id: record.id.clone() })?;
        let owners = self.owner_names().await?;
        let mut changes: Vec<PropertyChange> = Vec::new();
        for (name, entries) in found.history {
            let Some(property) = properties.get(&name) else { continue };
            for entry in entries {
                let raw = entry.value.unwrap_or_default();
                let owner = owners.get(&raw).filter(|_| name == "hubspot_owner_id");
                changes.push(PropertyChange {
                    at: entry.timestamp,
                    label: property.label.clone(),
                    value: owner.cloned().unwrap_or_else(|| shown(property, &raw)),
                    source: entry.source_label.or(entry.source_type).unwrap_or_default(),
                });
            }
        }
        changes.sort_by(|one, other| {
            Reverse(one.at).cmp(&Reverse(other.at)).then_with(|| one.label.cmp(&other.label))
        });
        changes.truncate(CHANGES);
        Ok(changes)
    }

    /// The owners' names by their ids.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn owner_names(&self) -> Result<BTreeMap<String, String>, EmbedError> {
        let owners = self.hubspot()?.owners(false).await?;
        let name = |owner: &hubspot::Owner| {
            let both = [owner.first_name.as_deref(), owner.last_name.as_deref()];
            let both = both.into_iter().flatten().collect::<Vec<_>>().join(" ");
            if both.trim().is_empty() {
                owner.email.clone().unwrap_or_else(|| owner.id.clone())
            } else {
                both
            }
        };
        Ok(owners.iter().map(|owner| (owner.id.clone(), name(owner))).collect())
    }

    /// Labels of pipelines and stages by their ids.
    async fn stage_names(&self, object: &str) -> Result<BTreeMap<String, String>, EmbedError> {
        if !matches!(object, "deals" | "tickets") {
            return Ok(BTreeMap::new());
        }
        let pipelines = self.hubspot()?.pipelines(object).await?;
        let of_pipeline = |pipeline: hubspot::Pipeline| {
            let own = (pipeline.id, pipeline.label);
            let stages = pipeline.stages.into_iter().map(|stage| (stage.id, stage.label));
            stages.chain([own]).collect::<Vec<_>>()
        };
        Ok(pipelines.into_iter().flat_map(of_pipeline).collect())
    }
}

fn by_name(properties: Vec<Property>) -> BTreeMap<String, Property> {
    properties.into_iter().map(|property| (property.name.clone(), property)).collect()
}

/// A value as people read it: choices by their labels.
fn shown(property: &Property, raw: &str) -> String {
    if property.options.is_empty() {
        return raw.to_owned();
    }
    let label = |value: &str| {
        let option = property.options.iter().find(|option| option.value == value);
        option.map_or_else(|| value.to_owned(), |option| option.label.clone())
    };
    raw.split(';').map(label).collect::<Vec<_>>().join(", ")
}
