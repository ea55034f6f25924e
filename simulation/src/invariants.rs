//! The invariants, each under its name, checked with the engine at rest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use model::Side;
use serde_json::Value;
use store::{HistoryFilter, Outcome};

use crate::history::{Ledger, Made};
use crate::oracle::{self, Edit};
use crate::outcome::Totals;
use crate::people::{FIELDS, same};
use simulation::memory::CallLine;
use simulation::world::{World, connection_id};

/// Every live contact of both sides.
pub fn all_records(world: &World) -> Vec<(Side, String)> {
    let hubspot = world.hubspot.records("contacts").into_iter().map(|record| (Side::HubSpot, record.id));
    let salesforce =
        world.salesforce.records("Contact").into_iter().map(|record| (Side::Salesforce, record.id));
    hubspot.chain(salesforce).collect()
}

/// What a record holds of a field.
pub fn held(world: &World, side: Side, id: &str, field: &str) -> Option<String> {
    match side {
        Side::HubSpot => world.hubspot.record("contacts", id)?.properties.get(field).map(ToString::to_string),
        Side::Salesforce => world.salesforce.record("Contact", id)?.fields.get(field).map(text_of),
    }
}

/// A value as a text; nothing as an empty one.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Checks everything and notes what the pairs agree on now.
pub async fn check(world: &World, ledger: &mut Ledger, totals: &mut Totals) -> anyhow::Result<Vec<String>> {
    let mut violations = Vec::new();
    let store = world.store()?;
    if !store.integrity_check()?.is_empty() {
        violations.push("Survives: the database does not pass its own check".to_owned());
    }
    if store.open_intents(&connection_id())? > 0 {
        violations.push("Survives: an intent was never resolved".to_owned());
    }
    let links = store.links_after(&connection_id(), None, usize::MAX)?;
    let pairs: BTreeSet<(String, String)> = links
        .iter()
        .map(|link| (link.record(Side::HubSpot).to_owned(), link.record(Side::Salesforce).to_owned()))
        .collect();
    never_twins(world, ledger, &pairs, &mut violations);
    let log: Vec<CallLine> = world.memory.log.lock().map(|log| log.clone()).unwrap_or_default();
    let writes = Writes::read(&log);
    let mut agreed = BTreeMap::new();
    for (h, s) in &pairs {
        let mut values = Vec::new();
        for (index, field) in FIELDS.iter().enumerate() {
            let on_hubspot = held(world, Side::HubSpot, h, field.hubspot).unwrap_or_default();
            let on_salesforce = held(world, Side::Salesforce, s, field.salesforce).unwrap_or_default();
            if !same(field.kind, &on_hubspot, &on_salesforce) {
                violations.push(format!(
                    "Converges: {h}/{s} {}: HubSpot holds {on_hubspot:?}, Salesforce {on_salesforce:?}",
                    field.hubspot
                ));
            }
            edits_stand(
                ledger,
                &writes,
                (h, s),
                index,
                [&on_hubspot, &on_salesforce],
                totals,
                &mut violations,
            );
            values.push(on_hubspot);
        }
        agreed.insert((h.clone(), s.clone()), values);
    }
    ledger.agreed = agreed;
    explains(&store, &writes, &mut violations)?;
    drop(store);
    rests(world, &mut violations).await?;
    Ok(violations)
}

/// Every record that a person made has exactly one counterpart, and Tandem has made nothing else.
fn never_twins(
    world: &World,
    ledger: &Ledger,
    pairs: &BTreeSet<(String, String)>,
    violations: &mut Vec<String>,
) {
    let made: BTreeSet<(Side, &str)> = ledger.made.iter().map(|made| (made.side, made.id.as_str())).collect();
    let mut linked: BTreeSet<(Side, &str)> = BTreeSet::new();
    for (h, s) in pairs {
        linked.insert((Side::HubSpot, h));
        linked.insert((Side::Salesforce, s));
        if !made.contains(&(Side::HubSpot, h.as_str())) && !made.contains(&(Side::Salesforce, s.as_str())) {
            violations.push(format!("NeverTwins: nobody made either of {h} and {s}, and both are there"));
        }
    }
    for (side, id) in all_records(world) {
        match (linked.contains(&(side, id.as_str())), made.contains(&(side, id.as_str()))) {
            (true, _) => {}
            (false, true) => violations.push(format!("Converges: {side} {id} has no counterpart")),
            (false, false) => {
                violations.push(format!("NeverTwins: {side} {id} was made by Tandem and belongs to nobody"))
            }
        }
    }
}

/// The field holds a value that the rules allow after all the edits of this epoch.
fn edits_stand(
    ledger: &Ledger,
    writes: &Writes,
    (h, s): (&str, &str),
    field: usize,
    now: [&str; 2],
    totals: &mut Totals,
    violations: &mut Vec<String>,
) {
    let Some(edited) = FIELDS.get(field) else { return };
    let began = ledger.epoch_began.unwrap_or(Timestamp::MIN);
    let of_pair = |edit: &&Edit| {
        edit.at >= began
            && match edit.side {
                Side::HubSpot => edit.record == h,
                Side::Salesforce => edit.record == s,
            }
    };
    let all: Vec<&Edit> = ledger.edits.iter().filter(of_pair).collect();
    let edits: Vec<&Edit> = all.iter().filter(|edit| edit.field == field).copied().collect();
    let others = all.len() > edits.len();
    let born = |side: Side, id: &str| -> Option<&Made> {
        ledger.made.iter().find(|made| made.side == side && made.id == id && made.epoch == ledger.epoch)
    };
    let value = |made: &Made| made.values.get(field).cloned().unwrap_or_default();
    let before = ledger.agreed.get(&(h.to_owned(), s.to_owned())).and_then(|values| values.get(field));
    let allowed = match (before, born(Side::HubSpot, h), born(Side::Salesforce, s)) {
        (Some(before), ..) => oracle::allowed(edited.rule, before, &edits, others),
        (None, Some(hubspot), Some(salesforce)) => {
            oracle::first_agreement(edited.rule, &value(hubspot), &value(salesforce))
        }
        (None, Some(made), None) | (None, None, Some(made)) => {
            let agreed = oracle::after_creation(edited.rule, made.side, &value(made));
            oracle::allowed(edited.rule, &agreed, &edits, others)
        }
        (None, None, None) => return,
    };
    if allowed.iter().any(|value| same(edited.kind, value, now[0]) || same(edited.kind, value, now[1])) {
        return;
    }
    let raced = edits
        .iter()
        .filter(|edit| writes.raced(edit.side, &edit.record, edited.name(edit.side), edit.at))
        .count();
    if raced > 0 {
        totals.raced += raced as u64;
        return;
    }
    let cleared = edits.iter().any(|edit| edit.value.trim().is_empty());
    let name = if cleared && !edits.iter().any(|edit| !edit.value.trim().is_empty()) {
        "BlankIsNoEdit"
    } else {
        "LosesNoEdit"
    };
    violations.push(format!(
        "{name}: {h}/{s} {} ({:?}) holds {:?} and {:?}; the rules allow {allowed:?} after {edits:?} on {before:?}",
        edited.hubspot, edited.rule, now[0], now[1]
    ));
}

/// What Tandem wrote, and when it had last looked.
struct Writes {
    rows: Vec<Written>,
    looks: Vec<(Side, Timestamp, String)>,
}

struct Written {
    at: Timestamp,
    side: Side,
    record: String,
    fields: BTreeMap<String, String>,
    created: bool,
}

impl Writes {
    fn read(log: &[CallLine]) -> Self {
        let mut rows = Vec::new();
        let mut looks = Vec::new();
        for line in log {
            if line.is_write() && line.status < 300 {
                rows.extend(rows_of(line));
            } else if line.target.contains("/batch/read") && !has_history(&line.body) {
                looks.push((line.side, line.at, line.body.clone()));
            } else if line.target.contains("/query") {
                looks.push((line.side, line.at, line.target.clone()));
            }
        }
        Self { rows, looks }
    }

    /// Whether Tandem wrote this field after the edit without having looked at the record in between.
    fn raced(&self, side: Side, record: &str, field: &str, edited: Timestamp) -> bool {
        self.rows.iter().any(|row| {
            let hit = row.side == side
                && row.record == record
                && row.at >= edited
                && row.fields.contains_key(field);
            hit && {
                let looks = self
                    .looks
                    .iter()
                    .filter(|(at_side, at, text)| *at_side == side && *at <= row.at && text.contains(record));
                looks.map(|(_, at, _)| *at).max().is_none_or(|look| look <= edited)
            }
        })
    }
}

fn has_history(body: &str) -> bool {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    parsed.get("propertiesWithHistory").and_then(Value::as_array).is_some_and(|names| !names.is_empty())
}

/// The rows of a write that the platform took, with the ids it answered.
fn rows_of(line: &CallLine) -> Vec<Written> {
    let body: Value = serde_json::from_str(&line.body).unwrap_or_default();
    let answer: Value = serde_json::from_str(&line.answer).unwrap_or_default();
    let text = text_of;
    let fields = |map: Option<&Value>| -> BTreeMap<String, String> {
        let entries = map.and_then(Value::as_object).into_iter().flatten();
        entries.map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut rows = Vec::new();
    match line.side {
        Side::HubSpot => {
            let inputs = list(body.get("inputs"));
            for result in list(answer.get("results")) {
                let trace = result.get("objectWriteTraceId").map(&text);
                let input = inputs.iter().find(|input| input.get("objectWriteTraceId").map(&text) == trace);
                rows.push(Written {
                    at: line.at,
                    side: line.side,
                    record: result.get("id").map(&text).unwrap_or_default(),
                    fields: fields(input.and_then(|input| input.get("properties"))),
                    created: result.get("new") == Some(&Value::Bool(true))
                        || line.target.contains("/batch/create"),
                });
            }
        }
        Side::Salesforce => {
            for (record, result) in list(body.get("records")).iter().zip(list(Some(&answer))) {
                if result.get("success") == Some(&Value::Bool(true)) {
                    rows.push(Written {
                        at: line.at,
                        side: line.side,
                        record: result.get("id").map(&text).unwrap_or_default(),
                        fields: fields(Some(record)),
                        created: result.get("created") == Some(&Value::Bool(true))
                            || record.get("Id").is_none() && line.method == "POST",
                    });
                }
            }
        }
    }
    rows
}

/// Every write has its line of history.
fn explains(store: &store::Store, writes: &Writes, violations: &mut Vec<String>) -> anyhow::Result<()> {
    let history = store.history(&connection_id(), &HistoryFilter::default())?;
    let written: BTreeSet<(Side, &str, &str)> = history
        .iter()
        .filter(|row| row.entry.outcome == Outcome::Written)
        .filter_map(|row| Some((row.entry.side, row.entry.record.as_str(), row.entry.field.as_deref()?)))
        .collect();
    let created: BTreeSet<(Side, &str)> = history
        .iter()
        .filter(|row| row.entry.outcome == Outcome::Created)
        .map(|row| (row.entry.side, row.entry.record.as_str()))
        .collect();
    for row in &writes.rows {
        if row.created && !created.contains(&(row.side, row.record.as_str())) {
            violations
                .push(format!("Explains: {} {} was created and no history says why", row.side, row.record));
        }
        let mapped = |field: &str| FIELDS.iter().any(|known| known.name(row.side) == field);
        for field in row.fields.keys().filter(|field| mapped(field)) {
            if !written.contains(&(row.side, row.record.as_str(), field.as_str())) {
                violations.push(format!(
                    "Explains: {} {} {field} was written and no history says why",
                    row.side, row.record
                ));
            }
        }
    }
    Ok(())
}

/// Two further passes write nothing.
async fn rests(world: &World, violations: &mut Vec<String>) -> anyhow::Result<()> {
    let count = || {
        let log = world.memory.log.lock().map(|log| log.iter().filter(|line| line.is_write()).count());
        log.unwrap_or(0)
    };
    let before = count();
    world.pass().await?;
    world.pass().await?;
    let wrote = count() - before;
    if wrote > 0 {
        violations.push(format!("Rests: with nothing left to do, {wrote} more writes were sent"));
    }
    Ok(())
}
