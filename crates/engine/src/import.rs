//! Import: records that a person chose are brought to the other side, although nothing may be made there by itself. They go
//! the way of every other record: marked, placed, made or linked, reconciled.
//!
//! What is imported and how far it has come is on disk, so that an import that was cut short goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use model::Side;
use serde::{Deserialize, Serialize};
use store::{Cause, ErrorFilter, HistoryFilter, HistoryScope, Outcome};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::plan::Plan;
use crate::side::ChosenPage;

/// Ids taken from a list at a time.
const PAGE: usize = 1_000;
/// Refusals that a summary names one by one.
const NAMED: usize = 100;

/// Records that a person chose: all that meet every condition, or those listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chosen {
    /// In Salesforce a SOQL condition or the id of a list view, in HubSpot the list id of a segment.
    pub condition: Option<String>,
    /// Only those made at this moment or later.
    pub created_since: Option<Timestamp>,
    /// Only those changed at this moment or later.
    pub modified_since: Option<Timestamp>,
    /// These records, whatever the conditions.
    pub ids: Option<Vec<String>>,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The side the records are on.
    pub from: Side,
    /// Their object.
    pub object: String,
    /// Which of them.
    pub chosen: Chosen,
}

/// A record that could not be imported, or a field of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRefusal {
    /// Its id.
    pub record: String,
    /// The field, where the rest of the record was imported.
    pub field: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Records chosen.
    pub chosen: u64,
    /// Of those, made on the other side.
    pub imported: u64,
    /// Linked with one that was there.
    pub linked: u64,
    /// In step before; looked at again.
    pub in_step: u64,
    /// Left alone: gone, outside the segment or filter, or without a mapping that makes them.
    pub skipped: u64,
    /// Not imported because something stands against it.
    pub refused: u64,
    /// The refusals, the first hundred of them.
    pub refusals: Vec<ImportRefusal>,
}

/// An import under way, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Standing {
    import: Import,
    /// Where the next page starts.
    page: Option<String>,
    /// The page in hand: marked, and perhaps not worked to its end.
    in_hand: Vec<String>,
    /// Of those, the ones that were in step before.
    in_step: Vec<String>,
    /// When that page was marked; a record that was made on the other side since then was made by this import.
    since: Timestamp,
    last: bool,
    /// How many records there are in all, where the platform said so.
    total: Option<u64>,
    summary: ImportSummary,
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportProgress {
    /// What is imported.
    pub import: Import,
    /// How many records there are in all, where the platform said so.
    pub total: Option<u64>,
    /// What has become of those seen to.
    pub summary: ImportSummary,
}

impl Connection {
    fn import_name(&self) -> String {
        format!("import:{}", self.id.as_str())
    }

    /// Whether an import was cut short; it goes on with [`Connection::import`] and nothing named.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unfinished_import(&self) -> Result<Option<Import>, EngineError> {
        let standing: Option<Option<Standing>> = self.store.setting(&self.import_name())?;
        Ok(standing.flatten().map(|standing| standing.import))
    }

    /// How far the import has come that is under way, or was cut short.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn import_progress(&self) -> Result<Option<ImportProgress>, EngineError> {
        let standing: Option<Option<Standing>> = self.store.setting(&self.import_name())?;
        Ok(standing.flatten().map(|standing| ImportProgress {
            import: standing.import,
            total: standing.total,
            summary: standing.summary,
        }))
    }

    /// Gives up the import that was cut short; what it brought stays.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn forget_import(&self) -> Result<(), EngineError> {
        Ok(self.store.put_setting(&self.import_name(), &None::<Standing>)?)
    }

    /// Imports records, or goes on with the import that was cut short where none is named.
    ///
    /// # Errors
    /// When a platform cannot be asked, the store cannot be used, or the object is not in step. What was imported stays,
    /// and the import can go on later.
    pub async fn import(&self, import: Option<Import>) -> Result<ImportSummary, EngineError> {
        if self.rehearsing {
            return self.import_here(import).await;
        }
        // The run that is under way finishes its batch, and goes on when this is done.
        let _turn = self.turn.lock().await;
        let _waiting = self.meter.for_a_person();
        let done = self.beside().import_here(import).await;
        self.wake.notify_one();
        done
    }

    async fn import_here(&self, import: Option<Import>) -> Result<ImportSummary, EngineError> {
        self.begin_run("import")?;
        let done = self.import_pages(import).await;
        self.finish_run(done.as_ref().err())?;
        done
    }

    /// What an import would do. Nothing is written on either platform or in the store.
    ///
    /// # Errors
    /// As for [`Connection::import`].
    pub async fn plan_import(&self, import: Import) -> Result<Plan, EngineError> {
        let store = Arc::new(self.store.fork()?);
        let before = store.errors(&self.id, &ErrorFilter::default())?;
        let sides = self.preview_sides();
        let rehearsal = self.rehearsal(store, self.settings.clone(), sides);
        rehearsal.import(Some(import)).await?;
        rehearsal.written_down(&before)
    }

    async fn import_pages(&self, import: Option<Import>) -> Result<ImportSummary, EngineError> {
        let name = self.import_name();
        let mut standing = match import {
            Some(import) => Standing {
                import,
                page: None,
                in_hand: Vec::new(),
                in_step: Vec::new(),
                since: self.now(),
                last: false,
                total: None,
                summary: ImportSummary::default(),
            },
            None => self.store.setting::<Option<Standing>>(&name)?.flatten().ok_or_else(|| {
                EngineError::Settings("There is no import to go on with. Name what is to be imported.".into())
            })?,
        };
        let schema = self.schema().await?;
        let Import { from, object, .. } = standing.import.clone();
        if schema.routes_of(from, &object).next().is_none() {
            let known = schema.objects(from).join(", ");
            return Err(EngineError::Settings(format!(
                "{object} of {from} is not in step, so it cannot be imported. In step are: {known}. Switch its mapping on first."
            )));
        }
        loop {
            if standing.in_hand.is_empty() && !standing.last {
                let page = self.chosen_page(&standing).await?;
                let linked = self.store.links_by_ids(&self.id, from, &object, &page.ids)?;
                standing.in_step = linked
                    .iter()
                    .filter(|link| link.is_active())
                    .map(|link| link.record(from).to_owned())
                    .collect();
                standing.last = page.next.is_none();
                standing.page = page.next;
                standing.in_hand = page.ids;
                standing.since = self.now();
                if standing.summary.chosen == 0 {
                    standing.total = page.total;
                }
                standing.summary.chosen += standing.in_hand.len() as u64;
                self.store.mark_many(
                    &self.id,
                    from,
                    &object,
                    &standing.in_hand,
                    Cause::Import,
                    self.now(),
                )?;
                self.store.put_setting(&name, &Some(&standing))?;
            }
            while self.work_batch().await? {}
            self.count(&mut standing)?;
            standing.in_hand.clear();
            standing.in_step.clear();
            if standing.last {
                self.store.put_setting(&name, &None::<Standing>)?;
                return Ok(standing.summary);
            }
            self.store.put_setting(&name, &Some(&standing))?;
        }
    }

    async fn chosen_page(&self, standing: &Standing) -> Result<ChosenPage, EngineError> {
        let Import { from, object, chosen } = &standing.import;
        let Some(ids) = &chosen.ids else {
            let fields = self.schema().await?.matching_fields(*from, object);
            return Ok(self.side(*from).chosen(object, chosen, standing.page.clone(), &fields).await?);
        };
        let start: usize = standing.page.as_deref().and_then(|page| page.parse().ok()).unwrap_or(0);
        let end = start.saturating_add(PAGE).min(ids.len());
        let named: BTreeSet<&String> = ids.get(start..end).unwrap_or_default().iter().collect();
        Ok(ChosenPage {
            ids: named.into_iter().cloned().collect(),
            next: (end < ids.len()).then(|| end.to_string()),
            total: Some(ids.len() as u64),
        })
    }

    /// Counts what became of the page in hand.
    fn count(&self, standing: &mut Standing) -> Result<(), EngineError> {
        let Import { from, object, .. } = standing.import.clone();
        let links = self.store.links_by_ids(&self.id, from, &object, &standing.in_hand)?;
        let links: BTreeMap<&str, &str> =
            links.iter().map(|link| (link.record(from), link.record(from.other()))).collect();
        let scope = HistoryScope {
            side: Some(from.other()),
            since: Some(standing.since),
            outcome: Some(Outcome::Created),
            ..HistoryScope::default()
        };
        let history = self.store.history_within(&self.id, &scope, &HistoryFilter::default())?;
        let made: BTreeSet<&str> = history.iter().map(|row| row.entry.record.as_str()).collect();
        let mut refusals: BTreeMap<String, Vec<ImportRefusal>> = BTreeMap::new();
        for error in self.store.errors(&self.id, &ErrorFilter::default())? {
            let error = error.error;
            if error.side == from && error.object == object {
                refusals.entry(error.record.clone()).or_default().push(ImportRefusal {
                    record: error.record,
                    field: error.field,
                    message: error.message,
                    remedy: error.remedy,
                });
            }
        }
        let summary = &mut standing.summary;
        for id in &standing.in_hand {
            let said = refusals.remove(id).unwrap_or_default();
            match links.get(id.as_str()) {
                Some(_) if standing.in_step.contains(id) => summary.in_step += 1,
                Some(there) if made.contains(there) => summary.imported += 1,
                Some(_) => summary.linked += 1,
                None if said.is_empty() => summary.skipped += 1,
                None => summary.refused += 1,
            }
            let room = NAMED.saturating_sub(summary.refusals.len());
            summary.refusals.extend(said.into_iter().take(room));
        }
        Ok(())
    }
}
