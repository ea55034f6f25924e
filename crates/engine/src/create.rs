//! Create: make on the other side what nobody there has, once and only once.
//!
//! Before the call an intent is on disk; the new record carries its origin's id as a marker, by which a create whose
//! answer was lost is found again.

use std::collections::BTreeMap;

use model::{Side, Sides, Value, Values};
use store::{HistoryEntry, Link, Mark, NewIntent, NewLink, Outcome, SyncError, Tx};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::plant::Plant;
use crate::remedy;
use crate::schema::Route;
use crate::side::{RecordState, Refusal, Written};
use crate::waiting::Awaited;

/// How often one record is sent again without the fields that were refused.
const ROUNDS: usize = 4;

/// A record that the other side lacks.
pub(crate) struct NewRecord {
    pub mark: Mark,
    pub record: RecordState,
    pub route: Route,
}

struct Job {
    new: NewRecord,
    values: Values,
    misfits: Vec<SyncError>,
    outcome: Option<Done>,
}

enum Done {
    Created {
        id: String,
        stored: Values,
        call: Option<String>,
    },
    /// The platform says that this record is already there.
    Exists {
        id: String,
        refusal: Refusal,
    },
    Refused(Refusal),
    Unknown,
}

impl Connection {
    /// Creates these records of `side` on the other side, and links them.
    pub(crate) async fn create(&self, side: Side, records: Vec<NewRecord>) -> Result<(), EngineError> {
        let mut by_object: BTreeMap<String, Vec<NewRecord>> = BTreeMap::new();
        for new in records {
            by_object.entry(new.route.object(side.other()).to_owned()).or_default().push(new);
        }
        for (object, records) in by_object {
            for new in &records {
                self.know_owners(&new.route, std::iter::once((side, &new.record.values))).await?;
            }
            let mut jobs: Vec<Job> = records.into_iter().map(|new| self.prepare(side, new)).collect();
            self.call(side.other(), &object, &mut jobs).await?;
            for job in jobs {
                let awaited = self.unlinked_references(&job.new.route, side, &job.new.record.values);
                self.store.transaction(|tx| self.record_created(tx, side, &job, &awaited))?;
            }
        }
        Ok(())
    }

    /// What the new record will hold; what does not fit is left out and said.
    fn prepare(&self, side: Side, new: NewRecord) -> Job {
        let links = self.links();
        let values = &new.record.values;
        let pairs = match side {
            Side::HubSpot => new.route.pairs_for(Some(values), None),
            Side::Salesforce => new.route.pairs_for(None, Some(values)),
        };
        let mut plan = model::plan_create(side, &pairs, values, &self.convert_context(&links));
        crate::activities::settle_new(&new.route, side.other(), &mut plan.values);
        drop(pairs);
        let mut misfits = Vec::new();
        for misfit in &plan.misfits {
            let Some(pair) = new.route.pairs.get(misfit.pair) else { continue };
            if let model::Misfit::UnmatchedOwner { value, .. } = &misfit.misfit {
                misfits.extend(self.unmatched_owner(side, value));
                continue;
            }
            if crate::activities::only_waits(&new.route, &misfit.misfit) {
                continue;
            }
            misfits.push(SyncError {
                side,
                object: new.record.object.clone(),
                record: new.record.id.clone(),
                field: Some(pair.field(side).name.clone()),
                category: remedy::for_misfit(&misfit.misfit).as_str().to_owned(),
                code: misfit.misfit.code().to_owned(),
                message: misfit.misfit.to_string(),
                remedy: misfit.misfit.remedy(),
                at: self.now(),
            });
        }
        let outcome = (!plan.missing_required.is_empty()).then(|| {
            let fields = plan.missing_required.join(", ");
            Done::Refused(Refusal {
                code: "REQUIRED_FIELD_MISSING".into(),
                message: format!(
                    "{} needs {fields} to create a {}, and this record has nothing there.",
                    side.other(),
                    new.route.object(side.other())
                ),
                fields: plan.missing_required,
                existing: None,
                passing: false,
            })
        });
        Job { values: plan.values, misfits, outcome, new }
    }

    async fn call(&self, target: Side, object: &str, jobs: &mut [Job]) -> Result<(), EngineError> {
        let api = self.side(target);
        for _ in 0..ROUNDS {
            let open: Vec<usize> = jobs
                .iter()
                .enumerate()
                .filter(|(_, job)| job.outcome.is_none())
                .map(|(index, _)| index)
                .collect();
            let Some(first) = open.first().and_then(|index| jobs.get(*index)) else { return Ok(()) };
            let fields = first.new.route.fields(target).to_vec();
            if !self.options.planted(Plant::NoIntent) {
                self.note_creates(target, object, open.iter().filter_map(|index| jobs.get(*index)))?;
            }
            let rows: Vec<(String, Values)> = open
                .iter()
                .filter_map(|index| jobs.get(*index))
                .map(|job| (job.new.record.id.clone(), job.values.clone()))
                .collect();
            self.add_missing_choices(&first.new.route.clone(), target, rows.iter().map(|(_, values)| values))
                .await?;
            let outcomes = if self.options.planted(Plant::UnsafeRetry) {
                api.create_carelessly(object, &rows, &fields).await?
            } else {
                api.create(object, &rows, &fields).await?
            };
            for (index, outcome) in open.into_iter().zip(outcomes) {
                let Some(job) = jobs.get_mut(index) else { continue };
                match outcome {
                    Written::Stored { id, values, call } => {
                        self.figures.add(target, |figures| figures.created += 1);
                        job.outcome = Some(Done::Created { id, stored: values, call });
                    }
                    Written::Unknown => job.outcome = Some(Done::Unknown),
                    Written::Refused(refusal) => self.refused(target, job, refusal),
                }
            }
        }
        for job in jobs.iter_mut().filter(|job| job.outcome.is_none()) {
            job.outcome = Some(Done::Refused(Refusal {
                code: "OTHER".into(),
                message: format!("{target} kept refusing fields of this record."),
                fields: Vec::new(),
                existing: None,
                passing: false,
            }));
        }
        Ok(())
    }

    fn refused(&self, target: Side, job: &mut Job, refusal: Refusal) {
        if let Some(existing) = refusal.existing.clone() {
            job.outcome = Some(Done::Exists { id: existing, refusal });
            return;
        }
        let named: Vec<String> = job
            .values
            .keys()
            .filter(|name| refusal.fields.iter().any(|field| field.eq_ignore_ascii_case(name)))
            .filter(|name| !required(&job.new.route, target, name))
            .cloned()
            .collect();
        if named.is_empty() || refusal.passing {
            job.outcome = Some(Done::Refused(refusal));
            return;
        }
        for name in named {
            job.values.remove(&name);
            let source = crate::reconcile::pairs_of(&job.new.route.pairs, target, &name).next();
            let source = source.map(|pair| pair.field(target.other()).name.clone());
            job.misfits.push(self.error_of(
                &job.new.record.object,
                target.other(),
                &job.new.record.id,
                source,
                &refusal,
            ));
        }
    }

    fn note_creates<'a>(
        &self,
        target: Side,
        object: &str,
        jobs: impl Iterator<Item = &'a Job>,
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.store.transaction(|tx| {
            for job in jobs {
                tx.put_intent(&NewIntent {
                    connection: self.id.clone(),
                    link: None,
                    target,
                    target_object: object.to_owned(),
                    source_object: job.new.record.object.clone(),
                    source_record: job.new.record.id.clone(),
                    source: sent_from(&job.new.route, target, &job.values, &job.new.record.values),
                    sent: job.values.clone(),
                    held: Values::new(),
                    reasons: BTreeMap::new(),
                    created_at: now,
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn record_created(
        &self,
        tx: &Tx<'_>,
        side: Side,
        job: &Job,
        awaited: &[Awaited],
    ) -> Result<(), store::StoreError> {
        let target = side.other();
        let record = &job.new.record;
        let now = self.now();
        match &job.outcome {
            Some(Done::Created { id, stored, call }) => {
                let link = self.insert_created(tx, side, job, id, stored)?;
                tx.add_history(
                    &self.id,
                    &HistoryEntry {
                        run: self.run_name(),
                        at: now,
                        side: target,
                        object: job.new.route.object(target).to_owned(),
                        record: id.clone(),
                        link: Some(link.id),
                        field: None,
                        before: None,
                        after: None,
                        cause: job.new.mark.cause.as_str().to_owned(),
                        reason: "created".to_owned(),
                        outcome: Outcome::Created,
                        call: call.clone(),
                    },
                )?;
                for (field, sent) in &job.values {
                    tx.add_history(
                        &self.id,
                        &HistoryEntry {
                            run: self.run_name(),
                            at: now,
                            side: target,
                            object: job.new.route.object(target).to_owned(),
                            record: id.clone(),
                            link: Some(link.id),
                            field: Some(field.clone()),
                            before: None,
                            after: Some(stored.get(field).unwrap_or(sent).clone()),
                            cause: job.new.mark.cause.as_str().to_owned(),
                            reason: "created".to_owned(),
                            outcome: Outcome::Written,
                            call: call.clone(),
                        },
                    )?;
                }
                tx.close_intents_of_source(&self.id, side, &record.object, &record.id)?;
                let keep: Vec<String> = job.misfits.iter().filter_map(|error| error.field.clone()).collect();
                for error in &job.misfits {
                    tx.set_error(&self.id, error)?;
                }
                tx.resolve_errors(&self.id, side, &record.object, &record.id, &keep, now)?;
                self.remember_stuck(side, record, !job.misfits.is_empty());
                self.figures.linked(1);
                // Fields that could not go along, or that the platform filled by itself, are agreed on in a second look.
                let misfits: Vec<&String> =
                    job.misfits.iter().filter_map(|error| error.field.as_ref()).collect();
                let agreed = job.new.route.pairs.iter().all(|pair| {
                    link.shadows.get(target).contains_key(&pair.field(target).name)
                        || misfits.contains(&&pair.field(side).name)
                });
                if agreed {
                    self.clear(tx, &job.new.mark)?;
                }
                self.wake_waiting(tx, &link)?;
                self.note_waiting(tx, &job.new.route, side, &record.id, awaited)
            }
            Some(Done::Exists { id, refusal }) => {
                tx.close_intents_of_source(&self.id, side, &record.object, &record.id)?;
                let holder = tx.link_of(&self.id, target, job.new.route.object(target), id)?;
                if holder.is_some() {
                    let mut refusal = refusal.clone();
                    refusal.code = "SHARED_KEY".into();
                    self.figures.add(side, |figures| figures.failed += 1);
                    self.remember_stuck(side, record, true);
                    tx.set_error(&self.id, &self.error_of(&record.object, side, &record.id, None, &refusal))?;
                    return self.postpone(tx, &job.new.mark, false);
                }
                // Found: the two agree for the first time when the mark, which stays, is worked on next.
                let link = tx.insert_link(&self.new_link(side, job, id, Sides::default()))?;
                self.explain_link(tx, &link, side, job.new.mark.cause)?;
                self.wake_waiting(tx, &link)?;
                self.figures.linked(1);
                Ok(())
            }
            Some(Done::Refused(refusal)) => {
                // A passing refusal may have been the answer to a second try, after the first took effect unanswered.
                if !refusal.passing {
                    tx.close_intents_of_source(&self.id, side, &record.object, &record.id)?;
                }
                self.figures.add(side, |figures| figures.failed += 1);
                self.remember_stuck(side, record, true);
                tx.set_error(&self.id, &self.error_of(&record.object, side, &record.id, None, refusal))?;
                self.postpone(tx, &job.new.mark, refusal.passing)
            }
            // The intent stays: the next look finds out what happened.
            Some(Done::Unknown) | None => self.postpone(tx, &job.new.mark, true),
        }
    }

    fn insert_created(
        &self,
        tx: &Tx<'_>,
        side: Side,
        job: &Job,
        id: &str,
        stored: &Values,
    ) -> Result<Link, store::StoreError> {
        let shadows = self.shadows_of_created(side, job, stored);
        tx.insert_link(&self.new_link(side, job, id, shadows))
    }

    /// What both sides hold of the fields on which they now agree: those sent, and those blank on both.
    fn shadows_of_created(&self, side: Side, job: &Job, stored: &Values) -> Sides<Values> {
        let target = side.other();
        let mut shadows = Sides::<Values>::default();
        for pair in &job.new.route.pairs {
            let (from, to) = (&pair.field(side).name, &pair.field(target).name);
            let Some(source) = job.new.record.values.get(from) else { continue };
            let held = match (job.values.get(to), stored.get(to)) {
                (Some(sent), _) if self.options.planted(Plant::OneShadow) => sent.clone(),
                (Some(sent), stored) => stored.unwrap_or(sent).clone(),
                (None, stored) if source.is_blank() && stored.is_none_or(Value::is_blank) => Value::Blank,
                // Nobody goes with the owner: as soon as somebody does, it is an edit that has not gone across yet.
                (None, Some(stored))
                    if target == Side::Salesforce && pair.hubspot.is_owner() && !source.is_blank() =>
                {
                    shadows.get_mut(side).insert(from.clone(), Value::Blank);
                    shadows.get_mut(target).insert(to.clone(), stored.clone());
                    continue;
                }
                (None, stored) if is_in(pair, source) && stored.is_none_or(|held| is_in(pair, held)) => {
                    stored.cloned().unwrap_or_default()
                }
                (None, _) => continue,
            };
            shadows.get_mut(side).insert(from.clone(), source.clone());
            shadows.get_mut(target).insert(to.clone(), held);
        }
        shadows
    }

    fn new_link(&self, side: Side, job: &Job, id: &str, shadows: Sides<Values>) -> NewLink {
        let (hubspot_id, salesforce_id) = match side {
            Side::HubSpot => (job.new.record.id.clone(), id.to_owned()),
            Side::Salesforce => (id.to_owned(), job.new.record.id.clone()),
        };
        NewLink {
            connection: self.id.clone(),
            hubspot_object: job.new.route.mapping.hubspot_object.clone(),
            hubspot_id,
            salesforce_object: job.new.route.mapping.salesforce_object.clone(),
            salesforce_id,
            shadows,
            at: self.now(),
        }
    }
}

/// Whether an opt-out says that the contact has not opted out.
fn is_in(pair: &model::FieldPair, value: &Value) -> bool {
    pair.mapping.rule == model::SyncRule::OptOut && *value != Value::Boolean(true)
}

fn required(route: &Route, side: Side, field: &str) -> bool {
    route.fields(side).iter().any(|known| known.name == field && known.required)
}

/// The source's values of the fields that were sent.
fn sent_from(route: &Route, target: Side, sent: &Values, source: &Values) -> Values {
    route
        .pairs
        .iter()
        .filter(|pair| sent.contains_key(&pair.field(target).name))
        .filter_map(|pair| {
            let name = &pair.field(target.other()).name;
            source.get(name).map(|value| (name.clone(), value.clone()))
        })
        .collect()
}
