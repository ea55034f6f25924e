//! Lives of records, by seed: people let contacts join and leave the segment, delete and restore them, and edit them all
//! the while; and at the end somebody clears a field of far too many. Here the invariants `StaysInside` and `Brakes` are
//! checked.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use engine::{Brake, Settings};
use http_body_util::BodyExt;
use model::{FieldMapping, ObjectMapping, Side, SyncRule};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use sim_base::FaultPlan;
use simulation::profile::Profile;
use simulation::world::{World, connection_id};
use store::{ConnectionState, Link};
use tower::ServiceExt;

use crate::outcome::{Outcome, digest_of_calls, in_one_thread};

const ALLOWED: u64 = 3;
const CALM: Duration = Duration::from_secs(25 * 60);

struct Lives<'a> {
    world: &'a World,
    chance: ChaCha8Rng,
    list: String,
    members: BTreeSet<String>,
    people: Vec<String>,
    typed: u32,
    outcome: Outcome,
}

/// Plays the lives of one seed.
pub fn play(seed: u64) -> Outcome {
    let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0x11fe);
    let profile = Profile::draw(seed, &mut chance);
    let poll = [Duration::from_secs(20), Duration::from_secs(30)];
    let profile = Profile { poll, kills: 0, kill_after_create: false, ..profile };
    in_one_thread("the lives", async {
        let world = World::new(profile, settings(None), None)?;
        let mut lives = Lives {
            world: &world,
            chance,
            list: String::new(),
            members: BTreeSet::new(),
            people: Vec::new(),
            typed: 0,
            outcome: Outcome::default(),
        };
        lives.play().await?;
        lives.outcome.digest = digest_of_calls(&world);
        Ok(lives.outcome)
    })
}

fn settings(segment: Option<String>) -> Settings {
    let fields =
        [("email", "Email"), ("lastname", "LastName"), ("jobtitle", "Title"), ("city", "MailingCity")];
    let fields = fields.map(|(hubspot, salesforce)| FieldMapping::new(hubspot, salesforce, SyncRule::TwoWay));
    let mut contacts = ObjectMapping::new("contacts", "Contact", fields.into());
    contacts.segment = segment;
    Settings {
        chosen: true,
        objects: vec![contacts],
        brake: Brake { percent: 10, at_least: ALLOWED },
        ..Settings::recommended()
    }
}

impl Lives<'_> {
    async fn play(&mut self) -> anyhow::Result<()> {
        let body = json!({"name": "In step", "objectTypeId": "0-1", "processingType": "MANUAL"});
        let made = self.hubspot("POST", "/crm/v3/lists", body).await?;
        self.list = made["list"]["listId"].as_str().context("a list has an id")?.to_owned();
        self.world.set_settings(settings(Some(self.list.clone())));
        for number in 0..self.chance.random_range(9..14) {
            let (email, last) = (format!("life{number}@company.example"), format!("Life {number}"));
            let fields = [("email", email.as_str()), ("lastname", last.as_str()), ("jobtitle", "Buyer")];
            let id = self.world.hubspot.create_record("contacts", fields)?;
            if number < 6 || self.chance.random_bool(0.6) {
                self.membership(&id, true).await?;
            }
            self.people.push(id);
        }
        for epoch in 0..4 {
            self.count_members().await?;
            let before = self.members.clone();
            let wrote = self.writes().len();
            let faults =
                if epoch % 2 == 1 { self.world.profile.faults.clone() } else { FaultPlan::default() };
            self.world.hubspot.set_faults(faults.clone());
            self.world.salesforce.set_faults(faults);
            self.world.start()?;
            let mut moved = BTreeSet::new();
            let deleted = self.deleted();
            for _ in 0..if epoch == 0 { 0 } else { 12 } {
                self.event(&mut moved).await?;
                tokio::time::sleep(Duration::from_millis(self.chance.random_range(0..40_000))).await;
            }
            self.calm().await?;
            self.count_members().await?;
            self.stays_inside(&before, &moved, &deleted, wrote)?;
            self.converges()?;
        }
        self.brakes().await
    }

    fn tell(&mut self, line: String) {
        let at = transport::Clock::now(&self.world.clock);
        self.outcome.story.push(format!("{at} {line}"));
    }

    async fn calm(&mut self) -> anyhow::Result<()> {
        self.world.hubspot.set_faults(FaultPlan::default());
        self.world.salesforce.set_faults(FaultPlan::default());
        tokio::time::sleep(CALM).await;
        if let Some(trouble) = self.world.kill().await {
            self.outcome.violations.push(format!("Survives: {trouble}"));
        }
        Ok(())
    }

    async fn hubspot(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        // What people do is done again until no fault strikes it.
        for _ in 0..100 {
            let request = http::Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", format!("Bearer {}", self.world.hubspot.access().token))
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))?;
            let response = self.world.hubspot.router().oneshot(request).await?;
            if let (true, Ok(whole)) = (response.status().is_success(), response.into_body().collect().await)
            {
                return Ok(serde_json::from_slice(&whole.to_bytes()).unwrap_or_default());
            }
        }
        anyhow::bail!("{method} {path} was struck by a fault a hundred times")
    }

    async fn membership(&mut self, id: &str, joins: bool) -> anyhow::Result<()> {
        let verb = if joins { "add" } else { "remove" };
        let path = format!("/crm/v3/lists/{}/memberships/{verb}", self.list);
        let healed = self.world.profile.faults.clone();
        self.world.hubspot.set_faults(FaultPlan::default());
        self.hubspot("PUT", &path, json!([id])).await?;
        self.world.hubspot.set_faults(healed);
        if joins {
            self.members.insert(id.to_owned());
        } else {
            self.members.remove(id);
        }
        self.tell(format!("{id}: {verb}"));
        Ok(())
    }

    /// Who is in the segment, as HubSpot says; who is deleted is not.
    async fn count_members(&mut self) -> anyhow::Result<()> {
        let path = format!("/crm/v3/lists/{}/memberships?limit=250", self.list);
        let page = self.hubspot("GET", &path, Value::Null).await?;
        let ids = page["results"].as_array().into_iter().flatten();
        self.members = ids.filter_map(|row| row["recordId"].as_str().map(ToOwned::to_owned)).collect();
        Ok(())
    }

    async fn event(&mut self, moved: &mut BTreeSet<String>) -> anyhow::Result<()> {
        let Some(id) = self.people.choose(&mut self.chance).cloned() else { return Ok(()) };
        let there = self.across(&id)?;
        self.typed += 1;
        let typed = format!("Word {}", self.typed);
        let live = self.is_live(Side::HubSpot, &id);
        match self.chance.random_range(0..8) {
            0 | 1 if live => {
                moved.insert(id.clone());
                let joins = !self.members.contains(&id);
                self.membership(&id, joins).await?;
            }
            2 => {
                moved.insert(id.clone());
                let done = if live {
                    self.world.hubspot.archive_record("contacts", &id)?
                } else {
                    self.world.hubspot.restore_record("contacts", &id)?
                };
                self.tell(format!("{id}: deleted or restored in HubSpot ({done})"));
            }
            3 => {
                if let Some(there) = there {
                    moved.insert(id.clone());
                    let done = if self.is_live(Side::Salesforce, &there) {
                        self.world.salesforce.delete_record("Contact", &there)
                    } else {
                        self.world.salesforce.undelete_record(&there)
                    };
                    self.tell(format!("{there}: deleted or restored in Salesforce ({})", done.is_ok()));
                }
            }
            4 | 5 if live => {
                let field = if self.chance.random_bool(0.5) { "jobtitle" } else { "city" };
                self.world.hubspot.edit_record("contacts", &id, [(field, typed.as_str())])?;
                self.tell(format!("{id} {field} := {typed}"));
            }
            _ => {
                if let Some(there) = there.filter(|there| self.is_live(Side::Salesforce, there)) {
                    let field = if self.chance.random_bool(0.5) { "Title" } else { "MailingCity" };
                    let fields = Map::from_iter([(field.to_owned(), json!(typed))]);
                    if self.world.salesforce.edit_record("Contact", &there, fields).is_ok() {
                        self.tell(format!("{there} {field} := {typed}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn links(&self) -> anyhow::Result<Vec<Link>> {
        Ok(self.world.store()?.links_after(&connection_id(), None, usize::MAX)?)
    }

    fn across(&self, id: &str) -> anyhow::Result<Option<String>> {
        let links = self.links()?;
        let link = links.iter().find(|link| link.record(Side::HubSpot) == id);
        Ok(link.map(|link| link.record(Side::Salesforce).to_owned()))
    }

    fn is_live(&self, side: Side, id: &str) -> bool {
        match side {
            Side::HubSpot => self.world.hubspot.record("contacts", id).is_some_and(|record| !record.archived),
            Side::Salesforce => {
                self.world.salesforce.record("Contact", id).is_some_and(|record| !record.deleted)
            }
        }
    }

    /// The HubSpot ids of pairs that have lost a record.
    fn deleted(&self) -> BTreeSet<String> {
        let gone = |id: &&String| {
            let there = self.across(id).ok().flatten();
            !self.is_live(Side::HubSpot, id)
                || there.is_some_and(|there| !self.is_live(Side::Salesforce, &there))
        };
        self.people.iter().filter(gone).cloned().collect()
    }

    /// Bodies of calls that wrote records.
    fn writes(&self) -> Vec<String> {
        let log = self.world.memory.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        log.iter().filter(|line| line.is_write()).map(|line| line.body.clone()).collect()
    }

    /// Whoever was outside, or had lost a record, for the whole epoch was not written; whoever was never inside has no
    /// counterpart.
    fn stays_inside(
        &mut self,
        before: &BTreeSet<String>,
        moved: &BTreeSet<String>,
        deleted: &BTreeSet<String>,
        wrote: usize,
    ) -> anyhow::Result<()> {
        let writes = self.writes();
        for id in self.people.iter().filter(|id| !moved.contains(*id)) {
            let outside = !before.contains(id) && !self.members.contains(id);
            if !outside && !deleted.contains(id) {
                continue;
            }
            let there = self.across(id)?;
            for record in std::iter::once(id.clone()).chain(there) {
                let quoted = format!("\"{record}\"");
                if writes.iter().skip(wrote).any(|body| body.contains(&quoted)) {
                    self.outcome
                        .violations
                        .push(format!("StaysInside: {record} was written while {id} was out"));
                }
            }
        }
        let linked = self.links()?.len();
        let there = self.world.salesforce.records("Contact").len();
        if there > linked {
            self.outcome.violations.push(format!("StaysInside: {there} contacts came of {linked} links"));
        }
        Ok(())
    }

    /// Pairs that are inside and whole say the same.
    fn converges(&mut self) -> anyhow::Result<()> {
        for link in self.links()? {
            let (h, s) = (link.record(Side::HubSpot).to_owned(), link.record(Side::Salesforce).to_owned());
            let whole = self.is_live(Side::HubSpot, &h) && self.is_live(Side::Salesforce, &s);
            let inside = self.members.contains(&h);
            if whole && inside != link.is_active() {
                let state = format!("{:?}", link.state);
                self.outcome.violations.push(format!("StaysInside: {h}/{s} is {state}; inside: {inside}"));
            }
            if !whole || !inside {
                continue;
            }
            for (one, other) in [("jobtitle", "Title"), ("city", "MailingCity")] {
                let here = self.world.hubspot.record("contacts", &h);
                let here = here.and_then(|record| record.properties.get(one).map(ToString::to_string));
                let there = self.world.salesforce.record("Contact", &s);
                let there =
                    there.and_then(|record| record.fields.get(other)?.as_str().map(ToOwned::to_owned));
                if here.clone().unwrap_or_default() != there.clone().unwrap_or_default() {
                    self.outcome.violations.push(format!("Converges: {h}/{s} {one}: {here:?} and {there:?}"));
                }
            }
        }
        Ok(())
    }

    /// Somebody clears a field of too many contacts: nothing of it reaches HubSpot, and the connection stops.
    async fn brakes(&mut self) -> anyhow::Result<()> {
        let active: Vec<Link> = self.links()?.into_iter().filter(Link::is_active).collect();
        let filled = |link: &&Link| {
            let record = self.world.hubspot.record("contacts", link.record(Side::HubSpot));
            record
                .is_some_and(|record| record.properties.get("jobtitle").is_some_and(|text| !text.is_empty()))
        };
        let many: Vec<Link> = active.iter().filter(filled).cloned().collect();
        if many.len() as u64 <= ALLOWED {
            return Ok(());
        }
        for link in &many {
            let blank = Map::from_iter([("Title".to_owned(), Value::Null)]);
            let done = self.world.salesforce.edit_record("Contact", link.record(Side::Salesforce), blank);
            anyhow::ensure!(done.is_ok(), "a person can clear a field");
        }
        self.world.start()?;
        self.calm().await?;
        for link in &many {
            let record = self.world.hubspot.record("contacts", link.record(Side::HubSpot));
            let held = record.and_then(|record| record.properties.get("jobtitle").map(ToString::to_string));
            if held.unwrap_or_default().is_empty() {
                let id = link.record(Side::HubSpot);
                self.outcome.violations.push(format!("Brakes: {id} was cleared among {}", many.len()));
            }
        }
        let state = self.world.store()?.connection(&connection_id())?.map(|connection| connection.state);
        if state != Some(ConnectionState::Stopped) {
            self.outcome
                .violations
                .push(format!("Brakes: {} cleared, and the connection is {state:?}", many.len()));
        }
        Ok(())
    }
}
