//! The plan: what the next pass would do, found out by rehearsing it. The rehearsal is the pass itself, on a copy of the
//! store and with writes that are only pretended; so it cannot say anything else than what the pass then does.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ObjectMapping, Side, Value};
use serde::Serialize;
use store::{ErrorFilter, ErrorRow, HistoryFilter, HistoryRow, HistoryScope, LinkId, Outcome, SyncError};

use crate::brake::BrakeStop;
use crate::connection::Connection;
use crate::error::EngineError;
use crate::figures::Figures;
use crate::settings::Settings;
use crate::side::PRETENDED;

/// What a pass would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// How many records of each object, by what would happen to them.
    pub counts: Vec<PlanCount>,
    /// Each record with what would happen to it, in the order in which it would.
    pub records: Vec<PlannedRecord>,
    /// What the brake would stop the pass for; nothing where it would not.
    pub brake: Vec<BrakeStop>,
    /// What the rehearsal read, and what it cost.
    pub figures: Figures,
}

/// How many records of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanCount {
    /// Their side.
    pub side: Side,
    /// Their object.
    pub object: String,
    /// What would happen to them.
    pub action: Action,
    /// How many.
    pub records: u64,
}

/// What would happen to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It would be made.
    Create,
    /// Fields of it would be written.
    Update,
    /// It would be linked with one that is there.
    Link,
    /// It would go into the recycle bin.
    Delete,
    /// Its link would rest, be resumed or be moved.
    Relink,
    /// An edit of it would be declined.
    Decline,
    /// It, or a field of it, could not be synced.
    Refuse,
}

impl Action {
    /// The word in tables and in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Link => "link",
            Self::Delete => "delete",
            Self::Relink => "relink",
            Self::Decline => "decline",
            Self::Refuse => "refuse",
        }
    }
}

/// A record with what would happen to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedRecord {
    /// Its side.
    pub side: Side,
    /// Its object.
    pub object: String,
    /// Its id; none where it is still to be made.
    pub record: Option<String>,
    /// The id of the record it is, or would be, in step with.
    pub counterpart: Option<String>,
    /// What would happen to it.
    pub action: Action,
    /// Its fields.
    pub fields: Vec<PlannedField>,
}

/// A field with what would happen to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedField {
    /// Its name; none where it is about the whole record.
    pub field: Option<String>,
    /// What it holds, in words.
    pub before: Option<String>,
    /// What it would hold, in words.
    pub after: Option<String>,
    /// Why: the name of a reason, or what the platform or the mapping has against it.
    pub reason: String,
    /// What a person can do about it, where something stands against it.
    pub remedy: Option<String>,
}

impl Connection {
    /// What a pass would do now; with `settings`, what it would do under those. Nothing is written on either platform
    /// or in the store.
    ///
    /// # Errors
    /// When a platform cannot be asked, the store cannot be read, or the settings do not fit.
    pub async fn plan(&self, settings: Option<Settings>) -> Result<Plan, EngineError> {
        let store = Arc::new(self.store.fork()?);
        let before: Vec<ErrorRow> = store.errors(&self.id, &ErrorFilter::default())?;
        let sides = self.preview_sides();
        let rehearsal =
            self.rehearsal(store, settings.clone().unwrap_or_else(|| self.settings.clone()), sides);
        if let Some(settings) = &settings {
            rehearsal.look_again_after(&self.settings, settings)?;
        }
        let _waiting = self.meter.for_a_person();
        rehearsal.sync_once().await?;
        rehearsal.written_down(&before)
    }

    /// Marks what settings that have changed may change: the linked records of each mapping that is new or different.
    /// What was outside may be inside now, so its objects are gone through from the beginning.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn look_again_after(&self, before: &Settings, after: &Settings) -> Result<(), EngineError> {
        let others_own = before.owners != after.owners;
        let owned =
            |mapping: &ObjectMapping| mapping.fields.iter().any(|field| field.hubspot == "hubspot_owner_id");
        let polled = before.activities.salesforce_tasks;
        let (before, after) = (before.mappings(), after.mappings());
        let same = |mapping: &ObjectMapping| before.contains(mapping) && !(others_own && owned(mapping));
        let changed: Vec<&ObjectMapping> =
            after.iter().filter(|mapping| mapping.enabled && !same(mapping)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut last: Option<LinkId> = None;
        loop {
            let links = self.store.links_after(&self.id, last, 1_000)?;
            let Some(end) = links.last() else { break };
            last = Some(end.id);
            for mapping in &changed {
                let ids: Vec<String> = links
                    .iter()
                    .filter(|link| {
                        [Side::HubSpot, Side::Salesforce]
                            .into_iter()
                            .all(|side| link.object(side) == mapping.object(side))
                    })
                    .map(|link| link.record(Side::Salesforce).to_owned())
                    .collect();
                let object = mapping.object(Side::Salesforce);
                self.store.mark_many(
                    &self.id,
                    Side::Salesforce,
                    object,
                    &ids,
                    store::Cause::Person,
                    self.now(),
                )?;
            }
        }
        for mapping in changed {
            for side in [Side::HubSpot, Side::Salesforce] {
                // What is taken up from a moment on goes on from where it was.
                let known = before.iter().any(|known| known.object(side) == mapping.object(side));
                if Self::starts_now(side, mapping.object(side)) && known && (side == Side::HubSpot || polled)
                {
                    continue;
                }
                self.store.clear_cursor(&self.id, &crate::detect::stream(side, mapping.object(side)))?;
            }
        }
        Ok(())
    }

    /// What this rehearsal did, as a plan.
    pub(crate) fn written_down(&self, before: &[ErrorRow]) -> Result<Plan, EngineError> {
        let scope = HistoryScope { run: Some(self.run_name()), ..HistoryScope::default() };
        let history = self.store.history_within(&self.id, &scope, &HistoryFilter::default())?;
        let mut records: Vec<PlannedRecord> = Vec::new();
        let mut places: BTreeMap<(Side, String, String, Action), usize> = BTreeMap::new();
        let created: Vec<(Side, String)> = history
            .iter()
            .filter(|row| row.entry.outcome == Outcome::Created)
            .map(|row| (row.entry.side, row.entry.record.clone()))
            .collect();
        for row in &history {
            let entry = &row.entry;
            let made = created.contains(&(entry.side, entry.record.clone()));
            let action = action_of(row, made);
            let key = (entry.side, entry.object.clone(), entry.record.clone(), action);
            let at = match places.get(&key) {
                Some(at) => *at,
                None => {
                    records.push(PlannedRecord {
                        side: entry.side,
                        object: entry.object.clone(),
                        record: real(&entry.record),
                        counterpart: self.counterpart(entry.link, entry.side)?,
                        action,
                        fields: Vec::new(),
                    });
                    places.insert(key, records.len() - 1);
                    records.len() - 1
                }
            };
            let says_nothing = entry.field.is_none() && matches!(action, Action::Create | Action::Link);
            if let Some(record) = records.get_mut(at).filter(|_| !says_nothing) {
                record.fields.push(PlannedField {
                    field: entry.field.clone(),
                    before: entry.before.as_ref().map(shown),
                    after: entry.after.as_ref().map(shown),
                    reason: entry.reason.clone(),
                    remedy: None,
                });
            }
        }
        for error in self.store.errors(&self.id, &ErrorFilter::default())? {
            let refused = error.error;
            if before.iter().any(|known| SyncError { at: refused.at, ..known.error.clone() } == refused) {
                continue;
            }
            records.push(PlannedRecord {
                side: refused.side,
                counterpart: None,
                object: refused.object,
                record: real(&refused.record),
                action: Action::Refuse,
                fields: vec![PlannedField {
                    field: refused.field,
                    before: None,
                    after: None,
                    reason: refused.message,
                    remedy: Some(refused.remedy),
                }],
            });
        }
        let mut counts: BTreeMap<(Side, String, Action), u64> = BTreeMap::new();
        for record in &records {
            *counts.entry((record.side, record.object.clone(), record.action)).or_default() += 1;
        }
        let counts = counts
            .into_iter()
            .map(|((side, object, action), records)| PlanCount { side, object, action, records })
            .collect();
        Ok(Plan { counts, records, brake: self.brake_seen(), figures: self.figures() })
    }

    fn counterpart(&self, link: Option<LinkId>, side: Side) -> Result<Option<String>, EngineError> {
        let Some(link) = link else { return Ok(None) };
        let link = self.store.link(link)?;
        Ok(link.and_then(|link| real(link.record(side.other()))))
    }
}

/// A value in words; a record that is still to be made has no id.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if matches!(value, Value::Reference(_) | Value::Choices(_)) && text.contains(PRETENDED) {
        let parts = text.split(';').map(|id| real(id).unwrap_or_else(|| "a new record".to_owned()));
        return parts.collect::<Vec<_>>().join(";");
    }
    text
}

fn real(id: &str) -> Option<String> {
    (!id.starts_with(PRETENDED)).then(|| id.to_owned())
}

fn action_of(row: &HistoryRow, made: bool) -> Action {
    match row.entry.outcome {
        Outcome::Created => Action::Create,
        Outcome::Written if made => Action::Create,
        Outcome::Written => Action::Update,
        Outcome::Declined => Action::Decline,
        Outcome::Linked => Action::Link,
        Outcome::Deleted => Action::Delete,
        Outcome::Unlinked | Outcome::Resumed | Outcome::Restored | Outcome::Moved | Outcome::Erased => {
            Action::Relink
        }
    }
}
