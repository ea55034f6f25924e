//! Doing what an undo has planned, with intents before each write and history after it, as any pass does.

use std::collections::{BTreeMap, BTreeSet};

use model::{Side, Values};
use store::{HistoryEntry, Link, LinkId, LinkState, NewIntent, Outcome, Resting, Tx};

use super::{UNDO, UndoAction, UndoOutcome, UndoPlan, UndoScope, UndoStep};
use crate::connection::Connection;
use crate::error::EngineError;
use crate::remedy;
use crate::side::{Refusal, Written};

/// How often one record is sent again without the fields that were refused.
const ROUNDS: usize = 4;

impl Connection {
    /// Takes back `scope`, and answers every step with what became of it. Both sides then count as agreed as they are:
    /// nothing is written again until somebody edits.
    ///
    /// # Errors
    /// When a platform cannot be asked or the store cannot be used. What was done until then stands and is in the history.
    pub async fn undo(&self, scope: &UndoScope, force: bool) -> Result<UndoPlan, EngineError> {
        // The run that is under way finishes its batch, and goes on when this is done.
        let _turn = self.turn.lock().await;
        let _waiting = self.meter.for_a_person();
        let beside = self.beside();
        let mut plan = beside.plan_undo(scope, force).await?;
        beside.begin_run(UNDO)?;
        plan.run = Some(beside.run_name());
        let done = beside.apply_undo(&mut plan.steps).await;
        beside.finish_run(done.as_ref().err())?;
        self.wake.notify_one();
        done.map(|()| plan)
    }

    async fn apply_undo(&self, steps: &mut [UndoStep]) -> Result<(), EngineError> {
        for step in steps.iter_mut().filter(|step| step.action == UndoAction::Relink) {
            self.relink(step).await?;
        }
        let mut rows: BTreeMap<(Side, String), BTreeMap<String, Vec<usize>>> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            if step.action == UndoAction::Write {
                let records = rows.entry((step.side, step.object.clone())).or_default();
                records.entry(step.record.clone()).or_default().push(index);
            }
        }
        for ((side, object), records) in rows {
            let records: Vec<Vec<usize>> = records.into_values().collect();
            for some in records.chunks(self.options.batch.max(1)) {
                self.write_back(steps, side, &object, some).await?;
            }
        }
        for step in steps.iter_mut().filter(|step| step.action == UndoAction::Part) {
            self.part(step)?;
        }
        self.delete_made(steps).await
    }

    /// Writes some records of one object, each the steps that name it.
    async fn write_back(
        &self,
        steps: &mut [UndoStep],
        side: Side,
        object: &str,
        records: &[Vec<usize>],
    ) -> Result<(), EngineError> {
        let fields = self.schema().await?.fields_of(side, object);
        for _ in 0..ROUNDS {
            let mut open: Vec<(Vec<usize>, String, Values)> = Vec::new();
            for indexes in records {
                let mut of_record = (Vec::new(), String::new(), Values::new());
                for index in indexes {
                    let Some(step) = steps.get(*index).filter(|step| step.outcome.is_none()) else {
                        continue;
                    };
                    let Some(field) = &step.field else { continue };
                    of_record.0.push(*index);
                    of_record.1.clone_from(&step.record);
                    of_record.2.insert(field.clone(), step.value.clone());
                }
                if !of_record.0.is_empty() {
                    open.push(of_record);
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            self.note_undo(steps, side, object, &open)?;
            let request: Vec<(String, Values)> =
                open.iter().map(|(_, record, values)| (record.clone(), values.clone())).collect();
            let outcomes = self.side(side).update(object, &request, &fields).await?;
            for ((indexes, _, sent), outcome) in open.into_iter().zip(outcomes) {
                match outcome {
                    Written::Stored { mut values, call, .. } => {
                        self.figures.add(side, |figures| figures.updated += 1);
                        for (field, value) in sent {
                            values.entry(field).or_insert(value);
                        }
                        self.record_written_back(steps, side, &indexes, &values, call.as_ref())?;
                    }
                    Written::Refused(refusal) => self.refuse_undo(steps, side, &indexes, &refusal)?,
                    Written::Unknown => settle(steps, &indexes, &UndoOutcome::Unknown),
                }
            }
        }
        Ok(())
    }

    /// Writes down what is about to be sent, so that after a crash it is not taken for a person's edit. What the other
    /// side holds is left out: it goes on counting as it did.
    fn note_undo(
        &self,
        steps: &[UndoStep],
        side: Side,
        object: &str,
        rows: &[(Vec<usize>, String, Values)],
    ) -> Result<(), EngineError> {
        let now = self.now();
        let links = rows.iter().map(|(indexes, ..)| self.link_of_steps(steps, indexes));
        let links: Vec<Option<Link>> = links.collect::<Result<_, _>>()?;
        self.store.transaction(|tx| {
            for ((indexes, _, sent), link) in rows.iter().zip(&links) {
                let Some(link) = link else { continue };
                let written = indexes.iter().filter_map(|index| steps.get(*index));
                let held = written.filter_map(|step| Some((step.field.clone()?, step.held.clone())));
                tx.put_intent(&NewIntent {
                    connection: self.id.clone(),
                    link: Some(link.id),
                    target: side,
                    target_object: object.to_owned(),
                    source_object: link.object(side.other()).to_owned(),
                    source_record: link.record(side.other()).to_owned(),
                    source: Values::new(),
                    sent: sent.clone(),
                    held: held.collect(),
                    reasons: sent.keys().map(|field| (field.clone(), UNDO.to_owned())).collect(),
                    created_at: now,
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn link_of_steps(&self, steps: &[UndoStep], indexes: &[usize]) -> Result<Option<Link>, EngineError> {
        let link = indexes.first().and_then(|index| steps.get(*index)).and_then(|step| step.link);
        Ok(link.map(|link| self.store.link(link)).transpose()?.flatten())
    }

    fn record_written_back(
        &self,
        steps: &mut [UndoStep],
        side: Side,
        indexes: &[usize],
        stored: &Values,
        call: Option<&String>,
    ) -> Result<(), EngineError> {
        let link = self.link_of_steps(steps, indexes)?;
        let now = self.now();
        self.store.transaction(|tx| {
            let mut shadows = link.as_ref().map(|link| link.shadows.clone()).unwrap_or_default();
            for step in indexes.iter().filter_map(|index| steps.get(*index)) {
                let Some(field) = &step.field else { continue };
                let after = stored.get(field).unwrap_or(&step.value).clone();
                shadows.get_mut(side).insert(field.clone(), after.clone());
                let mut entry = self.undo_entry(step, Outcome::Written);
                entry.before = Some(step.held.clone());
                entry.after = Some(after);
                entry.call = call.cloned();
                tx.add_history(&self.id, &entry)?;
                self.mark_taken_back(tx, step)?;
            }
            if let Some(link) = &link {
                tx.update_shadows(link.id, &shadows, now)?;
                tx.close_intents_of_link(link.id, side)?;
            }
            Ok(())
        })?;
        settle(steps, indexes, &UndoOutcome::Done);
        Ok(())
    }

    /// Fields that the platform named are left out of the next try; where it named none, the record is.
    fn refuse_undo(
        &self,
        steps: &mut [UndoStep],
        side: Side,
        indexes: &[usize],
        refusal: &Refusal,
    ) -> Result<(), EngineError> {
        let named: Vec<usize> = indexes
            .iter()
            .filter(|index| {
                let field = steps.get(**index).and_then(|step| step.field.as_deref()).unwrap_or_default();
                refusal.fields.iter().any(|named| named.eq_ignore_ascii_case(field))
            })
            .copied()
            .collect();
        let refused = UndoOutcome::Refused {
            code: refusal.code.clone(),
            message: refusal.message.clone(),
            remedy: remedy::for_code(&refusal.code).fix.to_owned(),
        };
        settle(steps, if named.is_empty() { indexes } else { &named }, &refused);
        if let Some(link) = self.link_of_steps(steps, indexes)? {
            self.store.transaction(|tx| tx.close_intents_of_link(link.id, side))?;
        }
        Ok(())
    }

    /// Puts two records in step again, as they are.
    async fn relink(&self, step: &mut UndoStep) -> Result<(), EngineError> {
        let Some(link) = step.link.map(|link| self.store.link(link)).transpose()?.flatten() else {
            return Ok(());
        };
        let schema = self.schema().await?;
        let mut shadows = link.shadows.clone();
        for side in [Side::HubSpot, Side::Salesforce] {
            let id = link.record(side).to_owned();
            let fields = schema.fields_of(side, link.object(side));
            let found = self.side(side).read(link.object(side), std::slice::from_ref(&id), &fields).await?;
            if let Some(record) = found.get(&id) {
                shadows.get_mut(side).extend(record.values.clone());
            }
        }
        let entry = self.undo_entry(step, Outcome::Resumed);
        self.store.transaction(|tx| {
            tx.update_shadows(link.id, &shadows, entry.at)?;
            tx.set_link_state(link.id, LinkState::Active, entry.at)?;
            tx.add_history(&self.id, &entry)?;
            self.mark_taken_back(tx, step)
        })?;
        step.outcome = Some(UndoOutcome::Done);
        Ok(())
    }

    fn part(&self, step: &mut UndoStep) -> Result<(), EngineError> {
        let Some(link) = step.link.map(|link| self.store.link(link)).transpose()?.flatten() else {
            return Ok(());
        };
        let entry = self.undo_entry(step, Outcome::Unlinked);
        self.store.transaction(|tx| {
            self.part_link(tx, &link, &entry)?;
            self.mark_taken_back(tx, step)
        })?;
        step.outcome = Some(UndoOutcome::Done);
        Ok(())
    }

    fn part_link(&self, tx: &Tx<'_>, link: &Link, entry: &HistoryEntry) -> Result<(), store::StoreError> {
        tx.set_link_state(link.id, LinkState::Resting(Resting::Apart), entry.at)?;
        // What could not be synced between them no longer matters.
        for side in [Side::HubSpot, Side::Salesforce] {
            tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &[], entry.at)?;
        }
        tx.add_history(&self.id, entry)
    }

    /// Puts the records that Tandem made into the recycle bin, children before parents.
    async fn delete_made(&self, steps: &mut [UndoStep]) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        let mut stages: Vec<(Side, String)> = Vec::new();
        for route in schema.routes.iter().rev() {
            for side in [Side::HubSpot, Side::Salesforce] {
                let stage = (side, route.object(side).to_owned());
                if !stages.contains(&stage) {
                    stages.push(stage);
                }
            }
        }
        for (side, object) in stages {
            let wanted = |step: &UndoStep| {
                step.action == UndoAction::Delete && step.side == side && step.object == object
            };
            let indexes: Vec<usize> =
                steps.iter().enumerate().filter(|(_, step)| wanted(step)).map(|(index, _)| index).collect();
            for some in indexes.chunks(self.options.batch.max(1)) {
                self.delete_some(steps, side, &object, some).await?;
            }
        }
        Ok(())
    }

    async fn delete_some(
        &self,
        steps: &mut [UndoStep],
        side: Side,
        object: &str,
        indexes: &[usize],
    ) -> Result<(), EngineError> {
        // Parted first: were this cut short, the record would be there, and not made a second time.
        let mut parted: BTreeSet<LinkId> = BTreeSet::new();
        for step in indexes.iter().filter_map(|index| steps.get(*index)) {
            let Some(link) = step.link.map(|link| self.store.link(link)).transpose()?.flatten() else {
                continue;
            };
            if link.state != LinkState::Resting(Resting::Apart) {
                let mut entry = self.undo_entry(step, Outcome::Unlinked);
                entry.side = side.other();
                link.object(side.other()).clone_into(&mut entry.object);
                link.record(side.other()).clone_into(&mut entry.record);
                self.store.transaction(|tx| self.part_link(tx, &link, &entry))?;
                parted.insert(link.id);
            }
        }
        let ids: Vec<String> =
            indexes.iter().filter_map(|index| steps.get(*index)).map(|step| step.record.clone()).collect();
        let outcomes = self.side(side).delete(object, &ids).await?;
        for (index, outcome) in indexes.iter().zip(outcomes) {
            let Some(step) = steps.get_mut(*index) else { continue };
            step.outcome = Some(match outcome {
                Written::Stored { call, .. } => {
                    self.figures.add(side, |figures| figures.deleted += 1);
                    let mut entry = self.undo_entry(step, Outcome::Deleted);
                    entry.call = call;
                    self.store.transaction(|tx| {
                        tx.add_history(&self.id, &entry)?;
                        self.mark_taken_back(tx, step)
                    })?;
                    UndoOutcome::Done
                }
                Written::Refused(refusal) => {
                    if let Some(link) = step.link.filter(|link| parted.contains(link)) {
                        let entry = self.undo_entry(step, Outcome::Resumed);
                        self.store.transaction(|tx| {
                            tx.set_link_state(link, LinkState::Active, entry.at)?;
                            tx.add_history(&self.id, &entry)
                        })?;
                    }
                    UndoOutcome::Refused {
                        remedy: remedy::for_code(&refusal.code).fix.to_owned(),
                        code: refusal.code,
                        message: refusal.message,
                    }
                }
                Written::Unknown => UndoOutcome::Unknown,
            });
        }
        Ok(())
    }

    fn undo_entry(&self, step: &UndoStep, outcome: Outcome) -> HistoryEntry {
        HistoryEntry {
            run: self.run_name(),
            at: self.now(),
            side: step.side,
            object: step.object.clone(),
            record: step.record.clone(),
            link: step.link,
            field: step.field.clone(),
            before: None,
            after: None,
            cause: store::Cause::Person.as_str().to_owned(),
            reason: UNDO.to_owned(),
            outcome,
            call: None,
        }
    }

    /// The lines that this step takes back say so; if they are of an undo themselves, what that had taken back stands
    /// again.
    fn mark_taken_back(&self, tx: &Tx<'_>, step: &UndoStep) -> Result<(), store::StoreError> {
        let run = self.run_name();
        step.lines.iter().try_for_each(|line| {
            tx.mark_redone(&self.id, *line)?;
            tx.mark_undone(*line, &run)
        })
    }
}

fn settle(steps: &mut [UndoStep], indexes: &[usize], outcome: &UndoOutcome) {
    for index in indexes {
        if let Some(step) = steps.get_mut(*index) {
            step.outcome = Some(outcome.clone());
        }
    }
}
