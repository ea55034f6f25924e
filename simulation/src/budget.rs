//! Days with few calls, by seed: people edit more than the allocation can carry, and the engine is killed again and
//! again. Here the invariant `KeepsTheBudget` is checked: within any 24 hours no more Salesforce calls than the
//! allocation; what could not be done waits, nothing is dropped, and it goes on by itself.

use std::collections::VecDeque;
use std::time::Duration;

use engine::{Budget, Plant, Settings};
use jiff::{SignedDuration, Timestamp};
use model::{FieldMapping, ObjectMapping, Side, SyncRule};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, json};
use sim_base::FaultPlan;
use simulation::profile::Profile;
use simulation::world::{World, connection_id};

use crate::outcome::{Outcome, digest_of_calls, in_one_thread, tell_calls};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long people leave it alone at the end: as long as it may take for a whole allocation to be free again, twice.
const CALM: u64 = 50 * 3600;
const FIELDS: [(&str, &str); 2] = [("jobtitle", "Title"), ("city", "MailingCity")];

struct Days<'a> {
    world: &'a World,
    chance: ChaCha8Rng,
    allocation: u64,
    typed: u32,
    outcome: Outcome,
}

/// Plays the days of one seed.
pub fn play(seed: u64, plant: Option<Plant>) -> Outcome {
    let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0xb0d6);
    let profile = Profile::draw(seed, &mut chance);
    // HubSpot's calls are another matter: its polls are as far apart as days allow to be played.
    let poll = [Duration::from_secs(600), Duration::from_secs(60)];
    let profile = Profile { poll, kill_after_create: false, ..profile };
    let allocation = chance.random_range(70..160);
    in_one_thread("the days", async {
        let world = World::new(profile, settings(allocation), plant)?;
        let mut days = Days { world: &world, chance, allocation, typed: 0, outcome: Outcome::default() };
        days.play().await?;
        days.outcome.digest = digest_of_calls(&world);
        tell_calls(&world, &mut days.outcome.story);
        days.outcome.story.sort();
        Ok(days.outcome)
    })
}

fn settings(allocation: u64) -> Settings {
    let fields = [("email", "Email"), ("lastname", "LastName")].into_iter().chain(FIELDS);
    let fields = fields.map(|(hubspot, salesforce)| FieldMapping::new(hubspot, salesforce, SyncRule::TwoWay));
    Settings {
        chosen: true,
        objects: vec![ObjectMapping::new("contacts", "Contact", fields.collect())],
        budget: Budget { allocation: Some(allocation), ..Budget::default() },
        ..Settings::recommended()
    }
}

impl Days<'_> {
    async fn play(&mut self) -> anyhow::Result<()> {
        self.tell(format!("{} calls within 24 hours", self.allocation));
        for number in 0..self.chance.random_range(3..7) {
            self.make_someone(number)?;
        }
        self.world.start()?;
        let days = self.chance.random_range(2..4);
        for day in 0..days {
            self.break_things(day % 2 == 0);
            let kill = self.chance.random_range(0..20);
            for edit in 0..self.chance.random_range(20..30) {
                self.edit()?;
                let pause = self.chance.random_range(1..1200);
                self.wait(pause).await;
                if edit == kill {
                    self.die().await?;
                }
            }
            let pause = self.chance.random_range(0..12) * 3600;
            self.wait(pause).await;
            self.die().await?;
        }
        self.break_things(false);
        self.wait(CALM).await;
        if let Some(trouble) = self.world.kill().await {
            self.outcome.violations.push(format!("Survives: {trouble}"));
        }
        self.keeps_the_budget();
        self.converges()
    }

    fn tell(&mut self, line: String) {
        let at = transport::Clock::now(&self.world.clock);
        self.outcome.story.push(format!("{at} {line}"));
    }

    async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    async fn die(&mut self) -> anyhow::Result<()> {
        self.tell("killed, and started again".into());
        if let Some(trouble) = self.world.kill().await {
            self.outcome.violations.push(format!("Survives: {trouble}"));
        }
        let pause = self.chance.random_range(1..90);
        self.wait(pause).await;
        self.world.start()
    }

    fn break_things(&self, stormy: bool) {
        let plan = if stormy { self.world.profile.faults.clone() } else { FaultPlan::default() };
        self.world.hubspot.set_faults(plan.clone());
        self.world.salesforce.set_faults(plan);
    }

    fn make_someone(&mut self, number: u32) -> anyhow::Result<()> {
        let (email, last) = (format!("day{number}@company.example"), format!("Day {number}"));
        if self.chance.random_bool(0.5) {
            self.world.hubspot.create_record("contacts", [("email", &email), ("lastname", &last)])?;
        } else {
            let fields = Map::from_iter([("Email".into(), json!(email)), ("LastName".into(), json!(last))]);
            let made = self.world.salesforce.create_record("Contact", fields);
            anyhow::ensure!(made.is_ok(), "a person can make a contact");
        }
        Ok(())
    }

    fn edit(&mut self) -> anyhow::Result<()> {
        self.typed += 1;
        let value = format!("Word {}", self.typed);
        let Some((hubspot, salesforce)) = FIELDS.choose(&mut self.chance) else { return Ok(()) };
        let side = if self.chance.random_bool(0.5) { Side::HubSpot } else { Side::Salesforce };
        let ids: Vec<String> = match side {
            Side::HubSpot => self.world.hubspot.records("contacts").into_iter().map(|one| one.id).collect(),
            Side::Salesforce => {
                self.world.salesforce.records("Contact").into_iter().map(|one| one.id).collect()
            }
        };
        let Some(id) = ids.choose(&mut self.chance) else { return Ok(()) };
        match side {
            Side::HubSpot => {
                self.world.hubspot.edit_record("contacts", id, [(*hubspot, value.as_str())])?;
            }
            Side::Salesforce => {
                let fields = Map::from_iter([((*salesforce).to_owned(), json!(value))]);
                let done = self.world.salesforce.edit_record("Contact", id, fields);
                anyhow::ensure!(done.is_ok(), "a person can edit a contact");
            }
        }
        self.world.hint(side, crate::history::object(side), id)?;
        self.tell(format!("{side} {id} := {value}"));
        Ok(())
    }

    /// Within any 24 hours the org counts no more calls than were allocated.
    fn keeps_the_budget(&mut self) {
        let log = self.world.memory.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut within: VecDeque<Timestamp> = VecDeque::new();
        let (mut most, mut last, mut all) = (0, Timestamp::MIN, 0_u64);
        for line in log.iter().filter(|line| line.is_counted()) {
            all += 1;
            within.push_back(line.at);
            while within.front().is_some_and(|first| line.at.duration_since(*first) >= DAY) {
                within.pop_front();
            }
            if within.len() as u64 > most {
                (most, last) = (within.len() as u64, line.at);
            }
        }
        drop(log);
        if most > self.allocation {
            self.outcome.violations.push(format!(
                "KeepsTheBudget: {most} Salesforce calls in the 24 hours until {last}; {} were allocated",
                self.allocation
            ));
        }
        // What a fault strikes on its way in the org never counts.
        let counted = self.world.salesforce.stats().counted_calls;
        if counted > all {
            self.outcome
                .violations
                .push(format!("KeepsTheBudget: the org counted {counted} calls, and only {all} were seen"));
        }
        self.outcome.totals.held = u64::from(most >= self.allocation * 9 / 10);
    }

    /// Nothing was dropped: in the end everybody is there once on either side, and says the same.
    fn converges(&mut self) -> anyhow::Result<()> {
        let links = self.world.store()?.links_after(&connection_id(), None, usize::MAX)?;
        let (here, there) =
            (self.world.hubspot.records("contacts").len(), self.world.salesforce.records("Contact").len());
        if (here, there) != (links.len(), links.len()) {
            self.outcome
                .violations
                .push(format!("Converges: {here} and {there} contacts, and {} links", links.len()));
        }
        for link in links {
            let (h, s) = (link.record(Side::HubSpot), link.record(Side::Salesforce));
            for (hubspot, salesforce) in FIELDS {
                let one = crate::invariants::held(self.world, Side::HubSpot, h, hubspot).unwrap_or_default();
                let other = crate::invariants::held(self.world, Side::Salesforce, s, salesforce);
                if one != other.clone().unwrap_or_default() {
                    self.outcome
                        .violations
                        .push(format!("Converges: {h}/{s} {hubspot}: {one:?} and {other:?}"));
                }
            }
        }
        Ok(())
    }
}
