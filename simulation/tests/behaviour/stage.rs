//! The stage: both simulators and the engine, with names for the records that a story is about.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use engine::{Figures, Options, Plan, Settings};
use model::Side;
use serde_json::Value;
use simulation::memory::CallLine;
use simulation::profile::Profile;
use simulation::world::{World, connection_id};

use crate::expect::Group;
use crate::table::{Scenario, What};

/// An object and an id.
pub type Known = (String, String);

/// The world of one story.
pub struct Stage {
    pub world: World,
    /// The settings, as they are being changed.
    pub settings: Value,
    pub names: BTreeMap<(Side, String), Known>,
    pub segments: BTreeMap<String, String>,
    /// Rules of the org that lists of records are collected in.
    pub hidden: Vec<Value>,
    pub protected: Vec<Value>,
    pub faults: BTreeMap<Side, Vec<sim_base::FaultRule>>,
    /// Mappings that the last pass left out, and why.
    pub left_out: Vec<(String, String)>,
    /// How the last pass ended.
    pub last: Option<Result<Figures, String>>,
    /// Writes that were sent during the last pass.
    pub wrote: Vec<String>,
    dirty: bool,
}

/// Plays a scenario. Answers what is wrong with it.
pub fn play(scenario: &Scenario) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut stage = Stage::new().map_err(|error| format!("{error:#}"))?;
        stage.play(scenario).await
    })
}

impl Stage {
    fn new() -> anyhow::Result<Self> {
        let settings = Settings::recommended();
        Ok(Self {
            settings: serde_json::to_value(&settings)?,
            world: World::new(Profile::calm(7), settings, None)?,
            names: BTreeMap::new(),
            segments: BTreeMap::new(),
            hidden: Vec::new(),
            protected: Vec::new(),
            faults: BTreeMap::new(),
            left_out: Vec::new(),
            last: None,
            wrote: Vec::new(),
            dirty: true,
        })
    }

    async fn play(&mut self, scenario: &Scenario) -> Result<(), String> {
        let mut group = Group::default();
        let mut last = 0;
        for row in &scenario.rows {
            let done = match &row.what {
                What::Step(step) => match self.end(&mut group).await {
                    Ok(()) => {
                        self.dirty |= !matches!(step.act, crate::row::Act::Sync | crate::row::Act::InStep);
                        self.step(step).await
                    }
                    Err(error) => return Err(self.told(scenario, last, &error)),
                },
                What::Then(expected) => self.expect(&mut group, expected).await,
            };
            done.map_err(|error| self.told(scenario, row.line, &error))?;
            last = row.line;
        }
        self.end(&mut group).await.map_err(|error| self.told(scenario, last, &error))
    }

    async fn expect(&mut self, group: &mut Group, expected: &crate::row::Expected) -> anyhow::Result<()> {
        if !group.begun {
            if self.dirty {
                self.sync().await?;
            }
            self.dirty = false;
            *group = Group::begin(self)?;
        }
        group.check(self, expected)
    }

    /// Ends a group of expectations: nothing is left over, and a further pass writes nothing.
    async fn end(&mut self, group: &mut Group) -> anyhow::Result<()> {
        if !group.begun {
            return Ok(());
        }
        std::mem::take(group).finish(self)?;
        if matches!(self.last, Some(Ok(_))) {
            self.rests().await?;
        }
        Ok(())
    }

    /// Lets time pass.
    pub async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn log_length(&self) -> usize {
        self.world.memory.log.lock().map(|log| log.len()).unwrap_or_default()
    }

    /// The calls since a moment that wrote something.
    fn writes_since(&self, from: usize) -> Vec<String> {
        let log = self.world.memory.log.lock();
        let lines = log.iter().flat_map(|log| log.iter().skip(from)).filter(|line| writes(line));
        lines.map(|line| format!("{} {} {} {}", line.side, line.method, line.target, line.body)).collect()
    }

    fn refused_since(&self, from: usize) -> bool {
        let log = self.world.memory.log.lock();
        let refused = |line: &CallLine| {
            let answer = line.answer.replace(' ', "");
            line.status == 207 || line.status >= 400 || answer.contains("\"success\":false")
        };
        log.iter().flat_map(|log| log.iter().skip(from)).any(refused)
    }

    /// A pass of the engine, after a rehearsal that may write nothing and must foretell what the pass does.
    pub async fn sync(&mut self) -> anyhow::Result<()> {
        let from = self.log_length();
        let planned = self.plan().await;
        let wrote = self.writes_since(from);
        ensure!(wrote.is_empty(), "the plan wrote something:\n  {}", wrote.join("\n  "));
        let from = self.log_length();
        self.last = Some(match self.world.pass().await {
            Ok(figures) => {
                // What a platform will refuse cannot be foretold.
                if let (Ok(plan), false) = (&planned, self.refused_since(from)) {
                    foretold(&plan.figures, &figures)?;
                }
                Ok(figures)
            }
            Err(error) => Err(format!("{error:#}")),
        });
        self.wrote = self.writes_since(from);
        self.left_out = self.problems().await.unwrap_or_default();
        self.adopt()
    }

    async fn problems(&self) -> anyhow::Result<Vec<(String, String)>> {
        let problems = self.world.connect(Options::default())?.mapping_problems().await?;
        Ok(problems.into_iter().map(|one| (one.mapping, one.problem)).collect())
    }

    async fn plan(&self) -> anyhow::Result<Plan> {
        Ok(self.world.connect(Options::default())?.plan(None).await?)
    }

    /// A further pass writes nothing.
    pub async fn rests(&mut self) -> anyhow::Result<()> {
        let from = self.log_length();
        self.world.pass().await?;
        let wrote = self.writes_since(from);
        ensure!(wrote.is_empty(), "one more pass, with nothing left to do, wrote:\n  {}", wrote.join("\n  "));
        self.adopt()
    }

    /// Gives the counterpart of each named record the same name, where the name is free there.
    pub fn adopt(&mut self) -> anyhow::Result<()> {
        for link in self.world.store()?.links_after(&connection_id(), None, usize::MAX)? {
            for side in [Side::HubSpot, Side::Salesforce] {
                let other = side.other();
                let there = (link.object(other).to_owned(), link.record(other).to_owned());
                if self.names.iter().any(|((at, _), known)| *at == other && *known == there) {
                    continue;
                }
                let here = (link.object(side), link.record(side));
                let named = self
                    .names
                    .iter()
                    .find(|((at, _), known)| *at == side && (known.0.as_str(), known.1.as_str()) == here)
                    .map(|((_, name), _)| name.clone());
                if let Some(name) = named {
                    self.names.entry((other, name)).or_insert(there);
                }
            }
        }
        Ok(())
    }

    /// The record of this name.
    pub fn known(&self, side: Side, name: &str) -> anyhow::Result<Known> {
        let known = self.names.get(&(side, name.to_owned())).cloned();
        known.ok_or_else(|| anyhow!("{side} has no record that goes by the name {name}"))
    }

    /// The name of a record, or its id.
    pub fn name_of(&self, side: Side, object: &str, id: &str) -> String {
        let named =
            self.names.iter().find(|((at, _), known)| *at == side && known.0 == object && known.1 == id);
        named.map_or_else(|| format!("{object} {id}"), |((_, name), _)| name.clone())
    }

    /// A value with `@name` replaced by that record's id.
    pub fn filled(&self, side: Side, value: &str) -> anyhow::Result<String> {
        let Some(reference) = value.strip_prefix('@') else { return Ok(value.to_owned()) };
        if let Some(id) = self.segments.get(reference) {
            return Ok(id.clone());
        }
        let (side, name) = match reference.split_once(':') {
            Some(("HubSpot", name)) => (Side::HubSpot, name),
            Some(("Salesforce", name)) => (Side::Salesforce, name),
            Some(_) => bail!("'{value}' names nobody"),
            None => (side, reference),
        };
        Ok(self.known(side, name)?.1)
    }

    /// What a live record holds of a field, as a text; blank where it holds nothing.
    pub fn held(&self, side: Side, object: &str, id: &str, field: &str) -> anyhow::Result<String> {
        match side {
            Side::HubSpot => {
                let record = self.world.hubspot.record(object, id).context("it is not there")?;
                ensure!(!record.archived, "it was deleted");
                Ok(record.properties.get(field).cloned().unwrap_or_default())
            }
            Side::Salesforce => {
                let record = self.world.salesforce.record(object, id).context("it is not there")?;
                ensure!(!record.deleted, "it was deleted");
                Ok(record.fields.get(field).map(text_of).unwrap_or_default())
            }
        }
    }

    /// The ids of the live records of an object.
    pub fn live(&self, side: Side, object: &str) -> Vec<String> {
        match side {
            Side::HubSpot => self.world.hubspot.records(object).into_iter().map(|record| record.id).collect(),
            Side::Salesforce => {
                self.world.salesforce.records(object).into_iter().map(|record| record.id).collect()
            }
        }
    }

    /// What went wrong, with where, and what can help to understand it.
    fn told(&self, scenario: &Scenario, line: usize, error: &anyhow::Error) -> String {
        let mut text =
            format!("{}:{line}: {error:#}\n\n{} ({})\n", scenario.file, scenario.says, scenario.section);
        if let Some(Err(error)) = &self.last {
            text += &format!("\nThe last pass ended with: {error}\n");
        }
        for (mapping, why) in &self.left_out {
            text += &format!("\nLeft out: {mapping}: {why}\n");
        }
        text += "\nNames:\n";
        for ((side, name), (object, id)) in &self.names {
            text += &format!("  {side} {name} = {object} {id}\n");
        }
        if let Ok(store) = self.world.store() {
            text += "\nErrors that stand:\n";
            for row in store.errors(&connection_id(), &store::ErrorFilter::default()).unwrap_or_default() {
                let error = row.error;
                let who = self.name_of(error.side, &error.object, &error.record);
                text += &format!(
                    "  {} {who} {} {:?} {}: {}\n",
                    error.side, error.category, error.field, error.code, error.message
                );
            }
            text += "\nHistory:\n";
            for row in store.history(&connection_id(), &store::HistoryFilter::default()).unwrap_or_default() {
                let row = row.entry;
                let who = self.name_of(row.side, &row.object, &row.record);
                let (before, after) = (row.before.map(|v| v.to_string()), row.after.map(|v| v.to_string()));
                text += &format!(
                    "  {} {who} {:?} {} {}: {before:?} -> {after:?}\n",
                    row.side,
                    row.field,
                    row.outcome.as_str(),
                    row.reason
                );
            }
        }
        text += "\nWrites of the last pass:\n";
        for line in &self.wrote {
            text += &format!("  {line}\n");
        }
        text
    }
}

/// A field's value as people read it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn foretold(plan: &Figures, done: &Figures) -> anyhow::Result<()> {
    for side in [Side::HubSpot, Side::Salesforce] {
        let (plan, done) = (plan.side(side), done.side(side));
        let all = |figures: &engine::SideFigures| (figures.created, figures.updated, figures.deleted);
        ensure!(
            all(plan) == all(done),
            "{side}: the plan foretold {:?} records created, updated, deleted, and the pass did {:?}",
            all(plan),
            all(done)
        );
    }
    Ok(())
}

/// Whether a row of a Salesforce call was taken; one that does not answer row by row was, as a whole.
fn succeeded(line: &CallLine) -> bool {
    let answer: Value = serde_json::from_str(&line.answer).unwrap_or_default();
    let rows: Vec<&Value> =
        answer.as_array().into_iter().flatten().filter_map(|row| row.get("success")).collect();
    rows.is_empty() || rows.contains(&&Value::Bool(true))
}

/// Whether a call wrote something that a person could see; a refused one did not.
fn writes(line: &CallLine) -> bool {
    if line.method == "GET" {
        return false;
    }
    let target = line.target.as_str();
    match line.side {
        _ if line.status >= 400 => false,
        Side::HubSpot => {
            let reads = ["/search", "/batch/read", "/oauth/", "/properties/", "/token"];
            !reads.iter().any(|read| target.contains(read)) && !line.answer.contains("\"results\":[]")
        }
        Side::Salesforce if !succeeded(line) => false,
        Side::Salesforce if target.contains("/composite/sobjects") && line.method == "POST" => {
            line.body.contains("\"records\"")
        }
        Side::Salesforce => {
            let reads =
                ["/services/oauth2", "/tooling/", "/jobs/query", "/query", "/sobjects/FieldPermissions"];
            !reads.iter().any(|read| target.contains(read))
        }
    }
}
