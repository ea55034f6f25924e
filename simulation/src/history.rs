//! One history: what people do, when the engine dies, and the calms in which the invariants are checked.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use engine::Plant;
use jiff::Timestamp;
use model::Side;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sim_base::FaultPlan;
use transport::Clock;

use crate::oracle::Edit;
use crate::outcome::{Outcome, digest_of_calls, in_one_thread, tell_calls};
use crate::people::{FIELDS, ensure_fields, settings, typed};
use crate::{budget, invariants, lives, ties};
use simulation::profile::{Hints, Profile};
use simulation::world::World;

/// How long a calm lasts: longer than any wait of the engine in it.
const CALM: Duration = Duration::from_secs(25 * 60);

/// A record that a person made.
#[derive(Debug, Clone)]
pub struct Made {
    pub side: Side,
    pub id: String,
    /// The epoch it was made in.
    pub epoch: u32,
    /// What it held then, by field.
    pub values: Vec<String>,
}

/// All that people did.
#[derive(Debug, Default)]
pub struct Ledger {
    pub made: Vec<Made>,
    pub edits: Vec<Edit>,
    /// What each pair agreed on in the last calm: HubSpot id, Salesforce id, values by field.
    pub agreed: BTreeMap<(String, String), Vec<String>>,
    pub epoch: u32,
    pub epoch_began: Option<Timestamp>,
}

struct Driver<'a> {
    world: &'a World,
    chance: ChaCha8Rng,
    ledger: Ledger,
    outcome: Outcome,
    typed: u32,
    kills_left: u32,
    hints: Vec<(Timestamp, Side, String)>,
}

/// Plays one seed.
pub fn play(seed: u64, plant: Option<Plant>) -> Outcome {
    if plant == Some(Plant::ForgetsCalls) {
        return budget::play(seed, plant);
    }
    let mut outcome = play_edits(seed, plant);
    if plant.is_none() {
        outcome.join(lives::play(seed));
        outcome.join(ties::play(seed));
        outcome.join(budget::play(seed, None));
    }
    outcome
}

fn play_edits(seed: u64, plant: Option<Plant>) -> Outcome {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let profile = Profile::draw(seed, &mut chance);
    in_one_thread("the history", async {
        let world = World::new(profile, settings(), plant)?;
        ensure_fields(&world)?;
        let mut driver = Driver {
            kills_left: world.profile.kills,
            world: &world,
            chance,
            ledger: Ledger::default(),
            outcome: Outcome::default(),
            typed: 0,
            hints: Vec::new(),
        };
        driver.play().await?;
        Ok(driver.outcome)
    })
}

impl Driver<'_> {
    fn tell(&mut self, line: String) {
        let at = self.world.clock.now();
        self.outcome.story.push(format!("{at} {line}"));
    }

    async fn play(&mut self) -> anyhow::Result<()> {
        let profile = self.world.profile.clone();
        self.tell(format!("{profile:?}"));
        for number in 0..profile.people {
            self.make_someone(number, true)?;
        }
        for epoch in 0..=profile.epochs {
            self.ledger.epoch = epoch;
            self.ledger.epoch_began = Some(self.world.clock.now());
            self.storm(epoch)?;
            if epoch > 0 {
                for _ in 0..profile.edits {
                    let pause = Duration::from_millis(self.chance.random_range(0..30_000));
                    self.wait(pause).await?;
                    self.event().await?;
                }
            } else {
                self.wait(Duration::from_secs(60)).await?;
            }
            self.calm().await?;
            self.check().await?;
            if !self.outcome.violations.is_empty() {
                break;
            }
        }
        self.finish()
    }

    /// Lets things go wrong from now on.
    fn storm(&mut self, epoch: u32) -> anyhow::Result<()> {
        let profile = &self.world.profile;
        let seed = profile.seed.wrapping_add(u64::from(epoch));
        let plan = FaultPlan::of_rules(seed, profile.faults.rules.clone());
        self.world.hubspot.set_faults(plan.clone());
        self.world.salesforce.set_faults(plan);
        if profile.kill_after_create && self.chance.random_bool(0.7) {
            self.world.memory.kill_after_create.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        if !self.world.is_running() {
            self.world.start()?;
        }
        Ok(())
    }

    /// Nothing goes wrong any more and nobody edits; the engine comes to rest.
    async fn calm(&mut self) -> anyhow::Result<()> {
        self.world.memory.kill_after_create.store(false, std::sync::atomic::Ordering::Relaxed);
        self.world.hubspot.set_faults(FaultPlan::default());
        self.world.salesforce.set_faults(FaultPlan::default());
        if !self.world.is_running() {
            self.world.start()?;
        }
        self.tell("calm".into());
        self.wait(CALM).await
    }

    /// Lets time pass, delivering hints; if the engine dies meanwhile, it comes back after a while.
    async fn wait(&mut self, pause: Duration) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + pause;
        loop {
            self.deliver_hints()?;
            let now = self.world.clock.now();
            let next = self.hints.iter().map(|(at, ..)| *at).min();
            let until_hint =
                next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO));
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let step = until_hint.map_or(left, |hint| hint.min(left)).max(Duration::from_millis(1));
            tokio::select! {
                () = tokio::time::sleep(step) => {}
                () = self.world.memory.killed.notified() => self.die("killed right after a create").await?,
            }
        }
    }

    fn deliver_hints(&mut self) -> anyhow::Result<()> {
        let now = self.world.clock.now();
        let (due, later): (Vec<_>, Vec<_>) = self.hints.drain(..).partition(|(at, ..)| *at <= now);
        self.hints = later;
        for (_, side, record) in due {
            self.world.hint(side, object(side), &record)?;
        }
        Ok(())
    }

    /// The engine dies and, after people have done what they like, starts again from disk.
    async fn die(&mut self, how: &str) -> anyhow::Result<()> {
        self.outcome.totals.kills += 1;
        self.tell(how.to_owned());
        if let Some(trouble) = self.world.kill().await {
            self.outcome.violations.push(format!("Survives: {trouble}"));
        }
        self.pounce()?;
        let down = Duration::from_secs(self.chance.random_range(1..90));
        tokio::time::sleep(down).await;
        self.tell("started again".into());
        self.world.start()
    }

    /// Somebody clears or changes a field of a record that Tandem has just made.
    fn pounce(&mut self) -> anyhow::Result<()> {
        let known: Vec<(Side, String)> =
            self.ledger.made.iter().map(|made| (made.side, made.id.clone())).collect();
        let new: Vec<(Side, String)> = invariants::all_records(self.world)
            .into_iter()
            .filter(|record| !known.contains(record))
            .filter(|(side, id)| {
                !self
                    .ledger
                    .agreed
                    .keys()
                    .any(|(h, s)| if *side == Side::HubSpot { h == id } else { s == id })
            })
            .collect();
        for (side, id) in new {
            let field = self.chance.random_range(0..FIELDS.len());
            let value = if self.chance.random_bool(0.7) { String::new() } else { self.something(field) };
            self.edit(side, &id, field, value)?;
        }
        Ok(())
    }

    async fn event(&mut self) -> anyhow::Result<()> {
        let dice = self.chance.random_range(0..100);
        match dice {
            0..8 => {
                let number = 1000 + u32::try_from(self.ledger.made.len()).unwrap_or(0);
                self.make_someone(number, false)
            }
            8..14 if self.kills_left > 0 => {
                self.kills_left -= 1;
                // Dies at the next moment that time passes.
                self.world.memory.killed.notify_one();
                Ok(())
            }
            14..30 => {
                // Both sides of one pair, at about the same time.
                let Some((h, s)) = self.some_pair() else { return Ok(()) };
                let field = self.chance.random_range(0..FIELDS.len());
                let (one, other) = (self.something(field), self.something(field));
                self.edit(Side::HubSpot, &h, field, one)?;
                self.edit(Side::Salesforce, &s, field, other)
            }
            30..50 => self.burst().await,
            _ => {
                let Some((h, s)) = self.some_pair() else { return Ok(()) };
                let field = self.chance.random_range(0..FIELDS.len());
                let value = self.something(field);
                if self.chance.random_bool(0.5) {
                    self.edit(Side::HubSpot, &h, field, value)
                } else {
                    self.edit(Side::Salesforce, &s, field, value)
                }
            }
        }
    }

    /// A few edits of one record in quick succession, so that some fall while Tandem works on it.
    async fn burst(&mut self) -> anyhow::Result<()> {
        let Some((h, s)) = self.some_pair() else { return Ok(()) };
        for _ in 0..self.chance.random_range(2..5) {
            let field = self.chance.random_range(0..FIELDS.len());
            let value = self.something(field);
            let (side, id) =
                if self.chance.random_bool(0.5) { (Side::HubSpot, &h) } else { (Side::Salesforce, &s) };
            self.edit(side, id, field, value)?;
            if self.world.profile.hints == Hints::Reliable {
                // This hint is quick as well as sure.
                self.hints.push((self.world.clock.now(), side, id.clone()));
            }
            let pause = Duration::from_millis(self.chance.random_range(20..600));
            self.wait(pause).await?;
        }
        Ok(())
    }

    fn some_pair(&mut self) -> Option<(String, String)> {
        let pairs: Vec<(String, String)> = self.ledger.agreed.keys().cloned().collect();
        pairs.choose(&mut self.chance).cloned()
    }

    fn something(&mut self, field: usize) -> String {
        self.typed += 1;
        let kind = FIELDS.get(field).map_or(crate::people::Typed::Text, |field| field.kind);
        typed(&mut self.chance, kind, self.typed)
    }

    fn edit(&mut self, side: Side, id: &str, field: usize, value: String) -> anyhow::Result<()> {
        let Some(edited) = FIELDS.get(field) else { return Ok(()) };
        let before = invariants::held(self.world, side, id, edited.name(side));
        if before.as_deref().unwrap_or_default().trim() == value.trim() {
            return Ok(());
        }
        set(self.world, side, id, &[(edited.name(side), value.as_str())])?;
        self.tell(format!("{side} {id} {} := {value:?} (was {before:?})", edited.name(side)));
        let at = self.world.clock.now();
        self.ledger.edits.push(Edit { at, side, record: id.to_owned(), field, value });
        self.outcome.totals.edits += 1;
        self.hint(side, id);
        Ok(())
    }

    fn hint(&mut self, side: Side, id: &str) {
        let (lost, doubled, late) = match self.world.profile.hints {
            Hints::Lossy => (0.5, 0.2, 8_000),
            Hints::Reliable => (0.0, 0.3, 8_000),
            Hints::Once => (0.0, 0.0, 250),
        };
        let times = u32::from(!self.chance.random_bool(lost)) + u32::from(self.chance.random_bool(doubled));
        for _ in 0..times {
            let delay = jiff::SignedDuration::from_millis(self.chance.random_range(0..late));
            let at = self.world.clock.now();
            let at = at.checked_add(delay).unwrap_or(at);
            self.hints.push((at, side, id.to_owned()));
        }
    }

    fn make_someone(&mut self, number: u32, first: bool) -> anyhow::Result<()> {
        let email = self.chance.random_bool(0.75).then(|| format!("Person.{number}@Company.example"));
        let sides: &[Side] = match self.chance.random_range(0..4) {
            0 | 1 if first && email.is_some() => &[Side::HubSpot, Side::Salesforce],
            0 | 2 => &[Side::HubSpot],
            _ => &[Side::Salesforce],
        };
        for side in sides {
            let values: Vec<String> = (0..FIELDS.len()).map(|field| self.something(field)).collect();
            let last = format!("Person {number}");
            let mut fields: Vec<(&str, &str)> = FIELDS
                .iter()
                .zip(&values)
                .filter(|(_, value)| !value.trim().is_empty())
                .map(|(field, value)| (field.name(*side), value.as_str()))
                .collect();
            let (last_name, email_name) = match side {
                Side::HubSpot => ("lastname", "email"),
                Side::Salesforce => ("LastName", "Email"),
            };
            fields.push((last_name, &last));
            if let Some(email) = &email {
                fields.push((email_name, email));
            }
            let id = create(self.world, *side, &fields)?;
            self.tell(format!("{side} {id} made: {fields:?}"));
            let epoch = self.ledger.epoch;
            self.ledger.made.push(Made { side: *side, id: id.clone(), epoch, values });
            self.hint(*side, &id);
        }
        Ok(())
    }

    /// Checks every invariant, with the engine at rest, then lets it go on.
    async fn check(&mut self) -> anyhow::Result<()> {
        if let Some(trouble) = self.world.kill().await {
            self.outcome.violations.push(format!("Survives: {trouble}"));
            return Ok(());
        }
        let found = invariants::check(self.world, &mut self.ledger, &mut self.outcome.totals).await?;
        self.outcome.violations.extend(found);
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        tell_calls(self.world, &mut self.outcome.story);
        let mut hasher = DefaultHasher::new();
        digest_of_calls(self.world).hash(&mut hasher);
        for (side, id) in invariants::all_records(self.world) {
            for field in FIELDS {
                invariants::held(self.world, side, &id, field.name(side)).hash(&mut hasher);
            }
        }
        self.outcome.digest = hasher.finish();
        self.outcome.totals.histories = 1;
        let log = self.world.memory.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.outcome.totals.calls = log.len() as u64;
        self.outcome.totals.refused_or_lost = log.iter().filter(|line| line.status >= 400).count() as u64;
        drop(log);
        self.outcome.story.sort();
        Ok(())
    }
}

pub fn object(side: Side) -> &'static str {
    match side {
        Side::HubSpot => "contacts",
        Side::Salesforce => "Contact",
    }
}

fn set(world: &World, side: Side, id: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
    match side {
        Side::HubSpot => {
            world.hubspot.edit_record("contacts", id, fields.iter().copied())?;
            Ok(())
        }
        Side::Salesforce => {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), json_of(value))).collect();
            world.salesforce.edit_record("Contact", id, fields).map_err(|refusals| refused(&refusals))
        }
    }
}

fn create(world: &World, side: Side, fields: &[(&str, &str)]) -> anyhow::Result<String> {
    match side {
        Side::HubSpot => Ok(world.hubspot.create_record("contacts", fields.iter().copied())?),
        Side::Salesforce => {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), json_of(value))).collect();
            world.salesforce.create_record("Contact", fields).map_err(|refusals| refused(&refusals))
        }
    }
}

fn json_of(value: &str) -> serde_json::Value {
    if value.trim().is_empty() { serde_json::Value::Null } else { value.into() }
}

fn refused(refusals: &[salesforce_sim::Refusal]) -> anyhow::Error {
    let messages: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
    anyhow::anyhow!("the simulated org refused what a person typed: {}", messages.join("; "))
}
