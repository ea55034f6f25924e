//! Reconcile and apply: plan each pair with the pure merge, write the difference in batches, and record what both
//! sides then hold.

use std::collections::{BTreeMap, BTreeSet};

use model::{EditTime, FieldPair, Kind, PairPlan, PairView, Side, Sides, Value, Values};
use store::{HistoryEntry, Intent, NewIntent, Outcome, Resting, SyncError, Tx};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::pair::Pair;
use crate::plant::Plant;
use crate::remedy;
use crate::schema::Route;
use crate::side::{RecordState, Refusal, Written};
use crate::waiting::Awaited;

/// How often one pair is sent again within a pass without the fields that were refused.
const ROUNDS: usize = 4;

/// A pair on its way through planning and writing.
struct Work {
    pair: Pair,
    /// What each side held when the two last agreed, with what is known of writes whose outcome was not recorded.
    shadows: Sides<Values>,
    plan: PairPlan,
    times: BTreeMap<(Side, String), EditTime>,
    /// Fields (by index of the pair) that a platform refused this time.
    set_aside: BTreeMap<usize, (Side, Refusal)>,
    /// What each written side now stores.
    stored: Sides<Values>,
    calls: Sides<Option<String>>,
    /// The side's refusal of the whole record.
    failed: Sides<Option<Refusal>>,
    /// Whether the side gave no answer, so that the write may have taken effect.
    unknown: Sides<bool>,
    /// History of writes that an earlier run made and could not record.
    recovered: Vec<HistoryEntry>,
    wrote: Sides<bool>,
    /// Those that each side's record refers to and that have no counterpart.
    awaited: Sides<Vec<Awaited>>,
}

impl Connection {
    /// Brings these pairs in step and records the outcome.
    pub(crate) async fn reconcile(&self, pairs: Vec<Pair>) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        let mut by_route: BTreeMap<(String, String), Vec<Pair>> = BTreeMap::new();
        for pair in pairs {
            let key =
                (pair.link.object(Side::HubSpot).to_owned(), pair.link.object(Side::Salesforce).to_owned());
            by_route.entry(key).or_default().push(pair);
        }
        for ((hubspot, salesforce), pairs) in by_route {
            match schema.route(&hubspot, &salesforce) {
                Some(route) => self.reconcile_route(route, pairs).await?,
                // The mapping was switched off: the link waits for it.
                None => self.store.transaction(|tx| {
                    pairs.iter().flat_map(|pair| &pair.marks).try_for_each(|mark| self.clear(tx, mark))
                })?,
            }
        }
        Ok(())
    }

    async fn reconcile_route(&self, route: &Route, pairs: Vec<Pair>) -> Result<(), EngineError> {
        let (pairs, off): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| {
            [Side::HubSpot, Side::Salesforce]
                .into_iter()
                .all(|side| !route.is_off_line(side, &pair.record(side).values))
        });
        for pair in off {
            self.rest(&pair.link, Resting::Outside, Side::Salesforce, &pair.marks)?;
        }
        let records = pairs
            .iter()
            .flat_map(|pair| [Side::HubSpot, Side::Salesforce].map(|side| (side, &pair.record(side).values)));
        self.know_owners(route, records).await?;
        let mut works = Vec::with_capacity(pairs.len());
        for pair in pairs {
            works.push(self.take_up(route, pair)?);
        }
        self.ask_times(route, &mut works).await?;
        let mut works = self.hold_blanks(works)?;
        for side in [Side::Salesforce, Side::HubSpot] {
            self.write(route, &mut works, side).await?;
        }
        self.store.transaction(|tx| works.iter().try_for_each(|work| self.record(tx, route, work)))?;
        Ok(())
    }

    /// Of these, those that clear no filled field, or may now.
    fn hold_blanks(&self, works: Vec<Work>) -> Result<Vec<Work>, EngineError> {
        let mut going = Vec::with_capacity(works.len());
        for work in works {
            let link = &work.pair.link;
            let blanks: Vec<(Side, &str)> = [Side::HubSpot, Side::Salesforce]
                .into_iter()
                .filter_map(|side| {
                    let clears =
                        |write: &&model::FieldWrite| write.after.is_blank() && !write.before.is_blank();
                    work.plan.writes(side).iter().find(clears).map(|write| (side, write.field.as_str()))
                })
                .collect();
            // Both sides of a pair are held and let go together: one by one, each would wait for the other for ever.
            if blanks.iter().all(|(side, _)| self.is_free(*side, link.object(*side), link.record(*side))) {
                going.push(work);
                continue;
            }
            for (side, field) in blanks {
                self.hold(side, link.object(side), link.record(side), Some(field), &work.pair.marks)?;
            }
        }
        Ok(going)
    }

    /// Plans a pair, after taking into account the writes of an earlier run whose outcome was never recorded.
    fn take_up(&self, route: &Route, pair: Pair) -> Result<Work, EngineError> {
        let mut shadows = pair.link.shadows.clone();
        let mut recovered = Vec::new();
        let intents = self.store.intents_of_link(pair.link.id)?;
        for intent in &intents {
            recovered.extend(self.recover(route, &pair, &mut shadows, intent));
        }
        let mut work = Work {
            shadows,
            plan: PairPlan::default(),
            times: BTreeMap::new(),
            set_aside: BTreeMap::new(),
            stored: Sides { hubspot: Values::new(), salesforce: Values::new() },
            calls: Sides { hubspot: None, salesforce: None },
            failed: Sides { hubspot: None, salesforce: None },
            unknown: Sides { hubspot: false, salesforce: false },
            recovered,
            wrote: Sides { hubspot: false, salesforce: false },
            awaited: Sides {
                hubspot: self.unlinked_references(route, Side::HubSpot, &pair.hubspot.values),
                salesforce: self.unlinked_references(route, Side::Salesforce, &pair.salesforce.values),
            },
            pair,
        };
        self.decide(route, &mut work);
        Ok(work)
    }

    /// A write that was sent but not recorded: where the target holds what was sent, the two sides agreed at that
    /// moment, and what either holds beyond that is an edit made since.
    fn recover(
        &self,
        route: &Route,
        pair: &Pair,
        shadows: &mut Sides<Values>,
        intent: &Intent,
    ) -> Vec<HistoryEntry> {
        let target = intent.target;
        let mut recovered = Vec::new();
        for field_pair in &route.pairs {
            let (target_field, source_field) = (field_pair.field(target), field_pair.field(target.other()));
            let (Some(sent), Some(now)) =
                (intent.sent.get(&target_field.name), pair.record(target).values.get(&target_field.name))
            else {
                continue;
            };
            let shadow = shadows.get(target).get(&target_field.name);
            let Some(before) = intent.held.get(&target_field.name).or(shadow).cloned() else { continue };
            if before == *now {
                continue;
            }
            let whole = model::same_stored(sent, now, field_pair, target);
            let after = match (&target_field.kind, whole) {
                (_, true) => now.clone(),
                // A set may have been written in part.
                (Kind::References { .. }, false) => written_of_set(&before, sent, now),
                _ => continue,
            };
            if after == before {
                continue;
            }
            shadows.get_mut(target).insert(target_field.name.clone(), after.clone());
            if let Some(source) = intent.source.get(&source_field.name).filter(|_| whole) {
                shadows.get_mut(target.other()).insert(source_field.name.clone(), source.clone());
            }
            let before = Some(before);
            recovered.push(HistoryEntry {
                run: self.run_name(),
                at: intent.created_at,
                side: target,
                object: pair.link.object(target).to_owned(),
                record: pair.link.record(target).to_owned(),
                link: Some(pair.link.id),
                field: Some(target_field.name.clone()),
                before,
                after: Some(after),
                cause: "recovered".to_owned(),
                reason: intent.reasons.get(&target_field.name).cloned().unwrap_or_default(),
                outcome: Outcome::Written,
                call: None,
            });
        }
        recovered
    }

    fn decide(&self, route: &Route, work: &mut Work) {
        let links = self.links();
        let context = self.convert_context(&links);
        let (hubspot, salesforce) = (&work.pair.hubspot.values, &work.pair.salesforce.values);
        let pairs = route.pairs_for(Some(hubspot), Some(salesforce));
        work.plan = model::plan_pair(&PairView {
            pairs: &pairs,
            hubspot: &work.pair.hubspot.values,
            salesforce: &work.pair.salesforce.values,
            shadows: &work.shadows,
            times: &|side, field| {
                work.times.get(&(side, field.to_owned())).copied().unwrap_or(EditTime::NotAsked)
            },
            context: &context,
        });
        crate::activities::settle(route, &work.pair, &work.shadows, &mut work.plan);
        if let Some(moving) = &work.pair.moving {
            work.plan.write_only(moving.side.other(), &route.pairs);
        }
    }

    /// Asks for the times of the edits where the rule needs them, and plans those pairs again.
    async fn ask_times(&self, route: &Route, works: &mut [Work]) -> Result<(), EngineError> {
        let asking: Vec<usize> = works
            .iter()
            .enumerate()
            .filter(|(_, work)| !work.plan.need_times.is_empty())
            .map(|(index, _)| index)
            .collect();
        if asking.is_empty() {
            return Ok(());
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            let question: Vec<(RecordState, Vec<String>)> = asking
                .iter()
                .filter_map(|index| works.get(*index))
                .map(|work| {
                    let fields = work.plan.need_times.iter().filter_map(|index| route.pairs.get(*index));
                    let fields = fields.map(|pair| pair.field(side).name.clone()).collect();
                    (work.pair.record(side).clone(), fields)
                })
                .collect();
            let offset = self.side(side).clock_offset();
            let times = self.side(side).edit_times(&question).await?;
            for index in &asking {
                let Some(work) = works.get_mut(*index) else { continue };
                let fields = work.plan.need_times.clone();
                for pair in fields.iter().filter_map(|index| route.pairs.get(*index)) {
                    let field = &pair.field(side).name;
                    let time = times.get(&(work.pair.record(side).id.clone(), field.clone()));
                    let time = match time.copied().unwrap_or(EditTime::Unknown) {
                        // Both platforms' times on our clock.
                        EditTime::At(at) => EditTime::At(at.checked_sub(offset).unwrap_or(at)),
                        unknown => unknown,
                    };
                    work.times.insert((side, field.clone()), time);
                }
            }
        }
        for index in asking {
            if let Some(work) = works.get_mut(index) {
                self.decide(route, work);
            }
        }
        Ok(())
    }

    /// Writes what is planned for `side`, in batches; what a platform refuses by field is set aside and the rest of the
    /// record sent again.
    async fn write(&self, route: &Route, works: &mut [Work], side: Side) -> Result<(), EngineError> {
        let object = route.object(side);
        let api = self.side(side);
        for _ in 0..ROUNDS {
            let mut rows: Vec<(usize, Values)> = Vec::new();
            for (index, work) in works.iter().enumerate() {
                let values = work.to_write(route, side);
                if !values.is_empty() && work.is_open(side) {
                    rows.push((index, values));
                }
            }
            if rows.is_empty() {
                return Ok(());
            }
            self.note_intents(route, works, side, &rows)?;
            let request: Vec<(String, Values)> = rows
                .iter()
                .filter_map(|(index, values)| {
                    works.get(*index).map(|work| (work.pair.record(side).id.clone(), values.clone()))
                })
                .collect();
            self.add_missing_choices(route, side, request.iter().map(|(_, values)| values)).await?;
            let outcomes = api.update(object, &request, route.fields(side)).await?;
            for ((index, sent), outcome) in rows.into_iter().zip(outcomes) {
                let Some(work) = works.get_mut(index) else { continue };
                match outcome {
                    Written::Stored { values, call, .. } => {
                        let mut stored = sent;
                        if self.options.planted(Plant::OneShadow) {
                            // Planted: what was sent stands for what was stored.
                        } else {
                            stored.extend(values);
                        }
                        *work.stored.get_mut(side) = stored;
                        *work.calls.get_mut(side) = call;
                        *work.wrote.get_mut(side) = true;
                        self.figures.add(side, |figures| figures.updated += 1);
                    }
                    Written::Refused(refusal) => work.refuse(route, side, refusal, &sent),
                    Written::Unknown => *work.unknown.get_mut(side) = true,
                }
            }
        }
        // Still refused after as many rounds: the record waits with what was said last.
        for work in works.iter_mut() {
            if work.is_open(side) && !work.to_write(route, side).is_empty() {
                let last = work.set_aside.values().find(|(at, _)| *at == side);
                *work.failed.get_mut(side) = last.map(|(_, refusal)| refusal.clone());
            }
        }
        Ok(())
    }

    /// Writes down what is about to be sent, so that after a crash a write that took effect is known as ours.
    fn note_intents(
        &self,
        route: &Route,
        works: &[Work],
        side: Side,
        rows: &[(usize, Values)],
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.store.transaction(|tx| {
            for (index, sent) in rows {
                let Some(work) = works.get(*index) else { continue };
                let mut source = Values::new();
                let mut reasons = BTreeMap::new();
                let mut held = Values::new();
                for pair in &route.pairs {
                    let name = &pair.field(side).name;
                    if sent.contains_key(name) {
                        let from = &pair.field(side.other()).name;
                        if let Some(value) = work.pair.record(side.other()).values.get(from) {
                            source.insert(from.clone(), value.clone());
                        }
                        if let Some(write) = work.plan.writes(side).iter().find(|write| write.field == *name)
                        {
                            reasons.insert(name.clone(), write.reason.as_str().to_owned());
                            held.insert(name.clone(), write.before.clone());
                        }
                    }
                }
                tx.put_intent(&NewIntent {
                    connection: self.id.clone(),
                    link: Some(work.pair.link.id),
                    target: side,
                    target_object: route.object(side).to_owned(),
                    source_object: route.object(side.other()).to_owned(),
                    source_record: work.pair.record(side.other()).id.clone(),
                    source,
                    sent: sent.clone(),
                    held,
                    reasons,
                    created_at: now,
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Records what became of a pair: shadows, history, errors, marks, in the caller's transaction.
    fn record(&self, tx: &Tx<'_>, route: &Route, work: &Work) -> Result<(), store::StoreError> {
        let now = self.now();
        let link = &work.pair.link;
        let cause = work.pair.cause();
        for entry in &work.recovered {
            tx.add_history(&self.id, entry)?;
        }
        let mut shadows = work.shadows.clone();
        note_unmatched(route, work, &mut shadows);
        for index in &work.plan.moved {
            if let Some(pair) = route.pairs.get(*index) {
                for side in [Side::HubSpot, Side::Salesforce] {
                    let name = &pair.field(side).name;
                    if let Some(value) = work.pair.record(side).values.get(name) {
                        shadows.get_mut(side).insert(name.clone(), value.clone());
                    }
                }
            }
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            if !work.wrote.get(side) {
                continue;
            }
            let sent = work.to_write(route, side);
            for write in work.plan.writes(side).iter().filter(|write| sent.contains_key(&write.field)) {
                let stored = work.stored.get(side).get(&write.field).cloned().unwrap_or(write.after.clone());
                tx.add_history(
                    &self.id,
                    &HistoryEntry {
                        run: self.run_name(),
                        at: now,
                        side,
                        object: link.object(side).to_owned(),
                        record: link.record(side).to_owned(),
                        link: Some(link.id),
                        field: Some(write.field.clone()),
                        before: Some(write.before.clone()),
                        after: Some(stored.clone()),
                        cause: cause.clone(),
                        reason: write.reason.as_str().to_owned(),
                        outcome: Outcome::Written,
                        call: work.calls.get(side).clone(),
                    },
                )?;
                for pair in route.pairs.iter().filter(|pair| pair.field(side).name == write.field) {
                    // A union that changes both sides agrees only when both have been written.
                    let other = side.other();
                    let also = work.plan.writes(other).iter().any(|w| w.field == pair.field(other).name);
                    if also && !work.wrote.get(other) {
                        continue;
                    }
                    shadows.get_mut(side).insert(write.field.clone(), stored.clone());
                    if !also {
                        let from = &pair.field(other).name;
                        let value = if self.options.planted(Plant::OneShadow) {
                            Some(&stored)
                        } else {
                            work.pair.record(other).values.get(from)
                        };
                        if let Some(value) = value {
                            shadows.get_mut(other).insert(from.clone(), value.clone());
                        }
                    }
                }
            }
        }
        for declined in &work.plan.declined {
            if !work.wrote.get(declined.side) {
                continue;
            }
            tx.add_history(
                &self.id,
                &HistoryEntry {
                    run: self.run_name(),
                    at: now,
                    side: declined.side,
                    object: link.object(declined.side).to_owned(),
                    record: link.record(declined.side).to_owned(),
                    link: Some(link.id),
                    field: Some(declined.field.clone()),
                    before: Some(declined.value.clone()),
                    after: None,
                    cause: cause.clone(),
                    reason: declined.reason.as_str().to_owned(),
                    outcome: Outcome::Declined,
                    call: None,
                },
            )?;
        }
        if shadows != link.shadows {
            tx.update_shadows(link.id, &shadows, now)?;
        }
        if !link.is_active() {
            tx.set_link_state(link.id, store::LinkState::Active, now)?;
            let outside = link.state == store::LinkState::Resting(store::Resting::Outside);
            let reason = if outside { "inside_again" } else { "restored" };
            let entry = self.life_entry(link, Side::Salesforce, &work.pair.marks, reason, Outcome::Resumed);
            tx.add_history(&self.id, &entry)?;
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            // A passing refusal may have been the answer to a second try, after the first took effect unanswered.
            let passing = work.failed.get(side).as_ref().is_some_and(|refusal| refusal.passing);
            if !work.unknown.get(side) && !passing {
                tx.close_intents_of_link(link.id, side)?;
            }
        }
        self.record_errors(tx, route, work)?;
        if let Some(moving) = &work.pair.moving
            && !work.is_unsettled()
        {
            let mut moved = link.clone();
            moved.shadows = shadows;
            return self.move_on(tx, &moved, moving, Some(route), &work.pair.marks);
        }
        self.release(tx, work)?;
        let joined = |write: &model::FieldWrite| write.field == crate::campaigns::MEMBERS;
        if *work.wrote.get(Side::Salesforce) && work.plan.salesforce.iter().any(joined) {
            // What Salesforce says of the new members goes on to HubSpot.
            let (object, record) = (link.object(Side::Salesforce), link.record(Side::Salesforce));
            tx.mark(&self.id, Side::Salesforce, object, record, store::Cause::Link, now)?;
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            self.note_waiting(tx, route, side, link.record(side), work.awaited.get(side))?;
        }
        Ok(())
    }

    fn record_errors(&self, tx: &Tx<'_>, route: &Route, work: &Work) -> Result<(), store::StoreError> {
        let now = self.now();
        let link = &work.pair.link;
        let mut standing: BTreeSet<(Side, String)> = BTreeSet::new();
        for misfit in &work.plan.misfits {
            let Some(pair) = route.pairs.get(misfit.pair) else { continue };
            if crate::activities::only_waits(route, &misfit.misfit) {
                continue;
            }
            let side = misfit.to.other();
            let field = pair.field(side).name.clone();
            if let model::Misfit::UnmatchedOwner { value, .. } = &misfit.misfit {
                self.note_unmatched_owner(tx, side, value)?;
                continue;
            }
            tx.set_error(
                &self.id,
                &SyncError {
                    side,
                    object: link.object(side).to_owned(),
                    record: link.record(side).to_owned(),
                    field: Some(field.clone()),
                    category: remedy::for_misfit(&misfit.misfit).as_str().to_owned(),
                    code: misfit.misfit.code().to_owned(),
                    message: misfit.misfit.to_string(),
                    remedy: misfit.misfit.remedy(),
                    at: now,
                },
            )?;
            standing.insert((side, field));
        }
        for (index, (target, refusal)) in &work.set_aside {
            let Some(pair) = route.pairs.get(*index) else { continue };
            let side = target.other();
            let field = pair.field(side).name.clone();
            let error =
                self.error_of(link.object(side), side, link.record(side), Some(field.clone()), refusal);
            tx.set_error(&self.id, &error)?;
            standing.insert((side, field));
        }
        for target in [Side::HubSpot, Side::Salesforce] {
            let Some(refusal) = work.failed.get(target) else { continue };
            let side = target.other();
            let error = self.error_of(link.object(side), side, link.record(side), None, refusal);
            tx.set_error(&self.id, &error)?;
            standing.insert((side, String::new()));
        }
        for side in [Side::HubSpot, Side::Salesforce] {
            if !work.unknown.get(side.other()) {
                let keep: Vec<String> =
                    standing.iter().filter(|(s, _)| *s == side).map(|(_, field)| field.clone()).collect();
                tx.resolve_errors(&self.id, side, link.object(side), link.record(side), &keep, now)?;
            }
        }
        Ok(())
    }

    /// Clears the marks of a finished pair; those of a failed one wait.
    fn release(&self, tx: &Tx<'_>, work: &Work) -> Result<(), store::StoreError> {
        let fields_wait = !work.set_aside.is_empty();
        let unknown = *work.unknown.get(Side::HubSpot) || *work.unknown.get(Side::Salesforce);
        let refusals = [Side::HubSpot, Side::Salesforce].map(|side| (side, work.failed.get(side)));
        for (side, refusal) in refusals {
            if refusal.is_some() {
                self.figures.add(side.other(), |figures| figures.failed += 1);
            }
        }
        let failed = refusals.iter().find_map(|(_, refusal)| refusal.as_ref());
        let is_stuck = !unknown && (failed.is_some() || fields_wait || !work.plan.misfits.is_empty());
        for side in [Side::HubSpot, Side::Salesforce] {
            self.remember_stuck(side, work.pair.record(side), is_stuck);
        }
        for mark in &work.pair.marks {
            if unknown {
                self.postpone(tx, mark, true)?;
            } else if let Some(refusal) = failed {
                self.postpone(tx, mark, refusal.passing)?;
            } else if fields_wait {
                self.postpone(tx, mark, false)?;
            } else {
                self.clear(tx, mark)?;
            }
        }
        Ok(())
    }
}

impl Work {
    /// The planned values of `side`, less those set aside.
    fn to_write(&self, route: &Route, side: Side) -> Values {
        let aside = |field: &str| {
            self.set_aside.iter().any(|(index, (at, _))| {
                *at == side && route.pairs.get(*index).is_some_and(|pair| pair.field(side).name == field)
            })
        };
        self.plan
            .writes(side)
            .iter()
            .filter(|write| !aside(&write.field))
            .map(|write| (write.field.clone(), write.after.clone()))
            .collect()
    }

    /// Whether `side` has neither taken nor refused the write, and has not left it open.
    fn is_open(&self, side: Side) -> bool {
        self.failed.get(side).is_none() && !self.unknown.get(side) && !self.wrote.get(side)
    }

    /// Whether it is not known what came of a write, or it may well be taken the next time.
    fn is_unsettled(&self) -> bool {
        [Side::HubSpot, Side::Salesforce].into_iter().any(|side| {
            *self.unknown.get(side) || self.failed.get(side).as_ref().is_some_and(|refusal| refusal.passing)
        })
    }

    fn refuse(&mut self, route: &Route, side: Side, refusal: Refusal, sent: &Values) {
        let named: Vec<usize> = route
            .pairs
            .iter()
            .enumerate()
            .filter(|(_, pair)| {
                let name = &pair.field(side).name;
                sent.contains_key(name) && refusal.fields.iter().any(|field| field.eq_ignore_ascii_case(name))
            })
            .map(|(index, _)| index)
            .collect();
        if named.is_empty() || refusal.passing {
            *self.failed.get_mut(side) = Some(refusal);
        } else {
            for index in named {
                self.set_aside.insert(index, (side, refusal.clone()));
            }
        }
    }
}

/// What a set held once those of its members were written that were: what a person changed besides is not among it.
fn written_of_set(before: &Value, sent: &Value, now: &Value) -> Value {
    let members = |value: &Value| match value {
        Value::Choices(ids) => ids.clone(),
        _ => BTreeSet::new(),
    };
    let (before, sent, now) = (members(before), members(sent), members(now));
    let given = now.difference(&before).filter(|id| sent.contains(*id));
    let kept = before.iter().filter(|id| now.contains(*id) || sent.contains(*id));
    let after: BTreeSet<String> = kept.chain(given).cloned().collect();
    if after.is_empty() { Value::Blank } else { Value::Choices(after) }
}

/// Two records met, and nobody goes with the owner of one. What the other holds is kept, so that a later edit there is
/// known as one; the owner counts as an edit that has not gone across yet, and does so once somebody goes with it.
fn note_unmatched(route: &Route, work: &Work, shadows: &mut Sides<Values>) {
    let unmatched = work
        .plan
        .misfits
        .iter()
        .filter(|misfit| matches!(misfit.misfit, model::Misfit::UnmatchedOwner { .. }));
    for misfit in unmatched {
        let Some(pair) = route.pairs.get(misfit.pair) else { continue };
        let (kept, open) = (misfit.to, misfit.to.other());
        let met = [kept, open].iter().any(|side| !shadows.get(*side).contains_key(&pair.field(*side).name));
        if met {
            let held = work.pair.record(kept).values.get(&pair.field(kept).name).cloned().unwrap_or_default();
            shadows.get_mut(kept).insert(pair.field(kept).name.clone(), held);
            shadows.get_mut(open).insert(pair.field(open).name.clone(), Value::Blank);
        }
    }
}

/// Which pairs of a route write to or read from `field` on `side`.
pub(crate) fn pairs_of<'a>(
    pairs: &'a [FieldPair],
    side: Side,
    field: &'a str,
) -> impl Iterator<Item = &'a FieldPair> {
    pairs.iter().filter(move |pair| pair.field(side).name == field)
}
