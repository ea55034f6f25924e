//! What came of a history, and what all histories share.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use simulation::world::World;

/// What came of a history.
#[derive(Debug, Default)]
pub struct Outcome {
    pub violations: Vec<String>,
    /// Everything that went over the wire and every value at the end, as one number.
    pub digest: u64,
    pub story: Vec<String>,
    pub totals: Totals,
}

impl Outcome {
    /// Adds what came of another history of the same seed.
    pub fn join(&mut self, other: Self) {
        self.violations.extend(other.violations);
        self.story.extend(other.story);
        self.digest = self.digest.rotate_left(1) ^ other.digest;
        self.totals.add(&other.totals);
    }
}

/// What happened in all histories together.
#[derive(Debug, Default, Clone)]
pub struct Totals {
    pub histories: u64,
    pub edits: u64,
    pub kills: u64,
    pub calls: u64,
    pub refused_or_lost: u64,
    /// Edits made between Tandem's look at a record and its write to the same field: no rule covers them, because
    /// neither platform has a conditional batch write.
    pub raced: u64,
    /// Histories in which the allocation of calls was used up.
    pub held: u64,
    /// Writes of Tandem that were taken back by an undo.
    pub undone: u64,
}

impl Totals {
    pub fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.edits += other.edits;
        self.kills += other.kills;
        self.calls += other.calls;
        self.refused_or_lost += other.refused_or_lost;
        self.raced += other.raced;
        self.held += other.held;
        self.undone += other.undone;
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} histories: {} edits, {} kills, {} calls of which {} refused or lost, {} edits raced by a write, {} times \
             out of calls, {} writes undone",
            self.histories,
            self.edits,
            self.kills,
            self.calls,
            self.refused_or_lost,
            self.raced,
            self.held,
            self.undone
        )
    }
}

/// Plays a history in one thread on a paused clock; one that cannot be played to its end is a violation.
pub fn in_one_thread(what: &str, history: impl Future<Output = anyhow::Result<Outcome>>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let done = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(history));
    done.unwrap_or_else(|error| Outcome {
        violations: vec![format!("Survives: {what} could not be played to its end: {error:#}")],
        ..Outcome::default()
    })
}

/// Everything that went over the wire, as one number.
pub fn digest_of_calls(world: &World) -> u64 {
    let log = world.memory.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut hasher = DefaultHasher::new();
    for line in log.iter() {
        (line.at.as_nanosecond(), &line.method, &line.target, &line.body, line.status).hash(&mut hasher);
    }
    hasher.finish()
}

/// Every call, as a line of a story.
pub fn tell_calls(world: &World, story: &mut Vec<String>) {
    let log = world.memory.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    story.extend(log.iter().map(|line| {
        format!(
            "    {} {} {} {} -> {} {}",
            line.at, line.side, line.method, line.target, line.status, line.body
        )
    }));
}
