//! What an undo would do: the history of its span, folded record by record and field by field, against what both sides
//! hold now.

use std::collections::{BTreeMap, BTreeSet};

use model::{Side, Value};
use store::{
    HistoryEntry, HistoryFilter, HistoryRow, HistoryScope, Link, LinkId, LinkState, Outcome, Resting,
};

use super::{UNDO, UndoAction, UndoPlan, UndoScope, UndoStep};
use crate::connection::Connection;
use crate::error::EngineError;
use crate::side::RecordState;

type RecordKey = (Side, String, String);

/// What was done to one field within the span.
struct FieldSpan {
    before: Option<Value>,
    after: Option<Value>,
    link: Option<LinkId>,
    lines: Vec<i64>,
}

/// What was first done to a record or link within the span, which is what has to be taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Made,
    Deleted,
    Linked,
    Parted,
}

/// A record's or link's first event and all lines about it.
struct Whole {
    first: First,
    link: Option<LinkId>,
    lines: Vec<i64>,
}

/// The history of the span, folded.
#[derive(Default)]
struct Spans {
    fields: BTreeMap<(RecordKey, String), FieldSpan>,
    records: BTreeMap<RecordKey, Whole>,
    links: BTreeMap<LinkId, (RecordKey, Whole)>,
    /// What cannot be taken back, with the reason.
    fixed: Vec<(RecordKey, &'static str)>,
}

impl Spans {
    fn fold(rows: &[HistoryRow]) -> Self {
        let mut spans = Self::default();
        for row in rows {
            spans.add(row);
        }
        spans
    }

    fn add(&mut self, row: &HistoryRow) {
        let entry = &row.entry;
        let key = (entry.side, entry.object.clone(), entry.record.clone());
        let by_undo = entry.reason == UNDO;
        match entry.outcome {
            Outcome::Written => self.add_field(key, row),
            Outcome::Created => self.add_record(key, First::Made, row),
            Outcome::Deleted => self.add_record(key, First::Deleted, row),
            Outcome::Linked => self.add_link(key, First::Linked, row),
            Outcome::Unlinked if by_undo => self.add_link(key, First::Parted, row),
            Outcome::Resumed if by_undo => self.add_link(key, First::Linked, row),
            Outcome::Moved => {
                self.fixed
                    .push((key, "The link followed a merge or a conversion, which cannot be taken back."));
            }
            Outcome::Erased => self.fixed.push((key, "What was erased is gone for good.")),
            // A declined edit changed nothing; a link rests and resumes with its records.
            Outcome::Declined | Outcome::Unlinked | Outcome::Resumed | Outcome::Restored => {}
        }
    }

    fn add_field(&mut self, key: RecordKey, row: &HistoryRow) {
        let HistoryEntry { field: Some(field), before, after, link, .. } = &row.entry else { return };
        let span = self.fields.entry((key, field.clone())).or_insert_with(|| FieldSpan {
            before: before.clone(),
            after: None,
            link: *link,
            lines: Vec::new(),
        });
        span.after.clone_from(after);
        span.lines.push(row.id);
    }

    fn add_record(&mut self, key: RecordKey, first: First, row: &HistoryRow) {
        let link = row.entry.link;
        let whole = self.records.entry(key).or_insert_with(|| Whole { first, link, lines: Vec::new() });
        whole.lines.push(row.id);
    }

    fn add_link(&mut self, key: RecordKey, first: First, row: &HistoryRow) {
        let Some(link) = row.entry.link else { return };
        let whole = || (key, Whole { first, link: Some(link), lines: Vec::new() });
        self.links.entry(link).or_insert_with(whole).1.lines.push(row.id);
    }
}

impl Connection {
    /// What an undo of `scope` would do now; nothing is written. What somebody changed since is left alone, unless
    /// `force` is set.
    ///
    /// # Errors
    /// When a platform cannot be asked or the store cannot be read.
    pub async fn plan_undo(&self, scope: &UndoScope, force: bool) -> Result<UndoPlan, EngineError> {
        let spans = Spans::fold(&self.lines_to_undo(scope)?);
        let now = self.read_for_undo(&spans).await?;
        let mut steps = Vec::new();
        self.undo_links(&spans, &now, &mut steps)?;
        self.undo_fields(&spans, &now, force, &mut steps).await?;
        self.undo_records(&spans, &now, force, &mut steps)?;
        for (key, why) in &spans.fixed {
            steps.push(step(UndoAction::Leave, key, None).because(why));
        }
        Ok(UndoPlan { run: None, steps })
    }

    fn lines_to_undo(&self, scope: &UndoScope) -> Result<Vec<HistoryRow>, EngineError> {
        let mut filter = HistoryFilter::default();
        let mut within = HistoryScope::default();
        match scope {
            UndoScope::Record(record) | UndoScope::RecordOf { record, .. } => {
                filter.record = Some(record.clone())
            }
            UndoScope::Run(run) => within.run = Some(run.clone()),
            UndoScope::Since(since) => within.since = Some(*since),
        }
        let mut rows = self.store.history_within(&self.id, &within, &filter)?;
        if let UndoScope::RecordOf { side, object, record } = scope {
            let link = self.store.link_of(&self.id, *side, object, record)?;
            rows.retain(|row| row.is_about(*side, object, record, link.as_ref()));
        }
        // What a run did is taken back once. A longer span holds its undos too, which cancel out.
        if matches!(scope, UndoScope::Run(_)) {
            rows.retain(|row| row.undone_by.is_none());
        }
        Ok(rows)
    }

    /// All records of the span and their counterparts, as they are now.
    async fn read_for_undo(&self, spans: &Spans) -> Result<BTreeMap<RecordKey, RecordState>, EngineError> {
        let schema = self.schema().await?;
        let mut wanted: BTreeMap<(Side, String), BTreeSet<String>> = BTreeMap::new();
        let keys = spans.fields.keys().map(|(key, _)| key).chain(spans.records.keys());
        for (side, object, record) in keys {
            wanted.entry((*side, object.clone())).or_default().insert(record.clone());
        }
        for link in spans.links.keys() {
            if let Some(link) = self.store.link(*link)? {
                for side in [Side::HubSpot, Side::Salesforce] {
                    let records = wanted.entry((side, link.object(side).to_owned())).or_default();
                    records.insert(link.record(side).to_owned());
                }
            }
        }
        let mut now = BTreeMap::new();
        for ((side, object), records) in wanted {
            let fields = schema.fields_of(side, &object);
            if fields.is_empty() {
                continue;
            }
            let records: Vec<String> = records.into_iter().collect();
            for some in records.chunks(self.options.batch.max(1)) {
                let found = self.side(side).read(&object, some, &fields).await?;
                let alive = found.into_values().filter(|record| !record.deleted);
                now.extend(alive.map(|record| ((side, object.clone(), record.id.clone()), record)));
            }
        }
        Ok(now)
    }

    fn undo_links(
        &self,
        spans: &Spans,
        now: &BTreeMap<RecordKey, RecordState>,
        steps: &mut Vec<UndoStep>,
    ) -> Result<(), EngineError> {
        for (id, (key, whole)) in &spans.links {
            let Some(link) = self.store.link(*id)? else { continue };
            let apart = link.state == LinkState::Resting(Resting::Apart);
            let alive = [Side::HubSpot, Side::Salesforce].into_iter().all(|side| {
                now.contains_key(&(side, link.object(side).to_owned(), link.record(side).to_owned()))
            });
            let action = match whole.first {
                First::Linked if !apart => UndoAction::Part,
                First::Parted if apart && alive => UndoAction::Relink,
                _ => continue,
            };
            steps.push(step(action, key, Some(&link)).taking_back(&whole.lines));
        }
        Ok(())
    }

    async fn undo_fields(
        &self,
        spans: &Spans,
        now: &BTreeMap<RecordKey, RecordState>,
        force: bool,
        steps: &mut Vec<UndoStep>,
    ) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        for ((key, name), span) in &spans.fields {
            // What goes into the recycle bin goes with all it holds.
            if spans.records.get(key).is_some_and(|whole| whole.first == First::Made) {
                continue;
            }
            let link = span.link.map(|id| self.store.link(id)).transpose()?.flatten();
            let mut step = step(UndoAction::Leave, key, link.as_ref()).taking_back(&span.lines);
            step.field = Some(name.clone());
            let Some(record) = now.get(key) else {
                steps.push(step.because("The record is gone, or its mapping is switched off."));
                continue;
            };
            let held = record.values.get(name).cloned();
            let field = schema.fields_of(key.0, &key.1).into_iter().find(|field| field.name == *name);
            let (Some(held), Some(field)) = (held, field) else {
                steps.push(step.because("The field is no longer mapped."));
                continue;
            };
            step.now = Some(held.to_string());
            let Some(before) = &span.before else {
                steps.push(step.because("What it held before is not known."));
                continue;
            };
            step.then = Some(before.to_string());
            if same(&held, before) {
                continue;
            }
            step.value = before.clone();
            step.conflict = !span.after.as_ref().is_some_and(|after| same(after, &held));
            step.held = held;
            if link.as_ref().is_none_or(|link| link.record(key.0) != key.2) {
                step.why = Some("The link that it was written for is gone.".to_owned());
            } else if field.access != model::Access::ReadWrite {
                step.why = Some("The field can no longer be written.".to_owned());
            } else if let Some(link) = &link
                && !self.store.intents_of_link(link.id)?.is_empty()
            {
                step.why = Some("A write of this record is still open; run a pass first.".to_owned());
            } else if step.conflict {
                step.why = Some("It was changed after Tandem wrote it.".to_owned());
                if force {
                    step.action = UndoAction::Write;
                }
            } else {
                step.action = UndoAction::Write;
            }
            steps.push(step);
        }
        Ok(())
    }

    fn undo_records(
        &self,
        spans: &Spans,
        now: &BTreeMap<RecordKey, RecordState>,
        force: bool,
        steps: &mut Vec<UndoStep>,
    ) -> Result<(), EngineError> {
        for (key, whole) in &spans.records {
            let link = whole.link.map(|id| self.store.link(id)).transpose()?.flatten();
            let mut step = step(UndoAction::Leave, key, link.as_ref()).taking_back(&whole.lines);
            match (whole.first, now.get(key)) {
                (First::Made, Some(record)) => {
                    for ((of, _), span) in &spans.fields {
                        if of == key {
                            step.lines.extend(&span.lines);
                        }
                    }
                    step.conflict = link.as_ref().is_some_and(|link| edited_since(link, key.0, record));
                    if step.conflict {
                        step.why = Some("It was changed after Tandem made it.".to_owned());
                    }
                    if !step.conflict || force {
                        step.action = UndoAction::Delete;
                    }
                    steps.push(step);
                }
                (First::Deleted, None) => steps.push(step.because(match key.0 {
                    Side::HubSpot => {
                        "HubSpot's API cannot restore a record. Restore it on the page of the object (Actions, Restore \
                         records), within 90 days."
                    }
                    Side::Salesforce => {
                        "A deletion is not taken back by itself. Restore the record from Salesforce's Recycle Bin, within \
                         15 days."
                    }
                })),
                _ => {}
            }
        }
        Ok(())
    }
}

impl UndoStep {
    fn because(mut self, why: &str) -> Self {
        self.why = Some(why.to_owned());
        self
    }

    fn taking_back(mut self, lines: &[i64]) -> Self {
        self.lines.extend(lines);
        self
    }
}

fn step(action: UndoAction, key: &RecordKey, link: Option<&Link>) -> UndoStep {
    UndoStep {
        action,
        side: key.0,
        object: key.1.clone(),
        record: key.2.clone(),
        counterpart: link.map(|link| link.record(key.0.other()).to_owned()),
        field: None,
        now: None,
        then: None,
        why: None,
        conflict: false,
        outcome: None,
        link: link.map(|link| link.id),
        value: Value::Blank,
        held: Value::Blank,
        lines: Vec::new(),
    }
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_blank() && other.is_blank())
}

/// Whether the record of `side` holds something else than when the two last agreed.
fn edited_since(link: &Link, side: Side, record: &RecordState) -> bool {
    let shadow = link.shadows.get(side);
    // A Salesforce record is never without an owner: where none was agreed on, it is one whom nobody goes with.
    let open =
        |field: &str, agreed: &Value| side == Side::Salesforce && field == "OwnerId" && agreed.is_blank();
    record.values.iter().any(|(field, value)| {
        shadow.get(field).is_some_and(|agreed| !same(agreed, value) && !open(field, agreed))
    })
}
