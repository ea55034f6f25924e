//! Seeded whole-system histories of the real engine against both simulators.
//!
//! One seed is one history: people edit both sides while the engine polls, is hinted, loses answers, is refused, is
//! killed at any wait and started again from disk. Time is paused, chance is seeded, and everything runs in one thread,
//! so a seed that fails fails again.

mod budget;
mod history;
mod invariants;
mod lives;
mod oracle;
mod outcome;
mod people;
mod snapshot;
mod ties;
mod web;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use engine::Plant;

use crate::outcome::{Outcome, Totals};

/// Plays seeded histories of the whole system and checks the invariants.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Play this one seed and tell what happens in it.
    #[arg(long)]
    replay: Option<u64>,
    /// Plant a mistake (no-intent, one-shadow, no-overlap, no-generation, unsafe-retry, forgets-calls, or all, one after the other)
    /// and expect that a seed finds it.
    #[arg(long)]
    plant: Option<String>,
    /// Play each seed once, without comparing it with a second time.
    #[arg(long)]
    once: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.replay {
        return replay(seed, arguments.plant.as_deref());
    }
    match arguments.plant.as_deref() {
        None => play(&arguments),
        Some("all") => {
            let mut code = ExitCode::SUCCESS;
            for plant in Plant::ALL {
                if !find(&arguments, plant) {
                    code = ExitCode::FAILURE;
                }
            }
            code
        }
        Some(name) => match name.parse() {
            Ok(plant) if find(&arguments, plant) => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(2)
            }
        },
    }
}

fn replay(seed: u64, plant: Option<&str>) -> ExitCode {
    let plant = match plant.map(str::parse).transpose() {
        Ok(plant) => plant,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let outcome = history::play(seed, plant);
    for line in &outcome.story {
        println!("{line}");
    }
    report(seed, &outcome);
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, outcome: &Outcome) {
    for violation in &outcome.violations {
        println!("seed {seed}: {violation}");
    }
}

/// Plays all seeds and answers whether every one of them keeps the invariants.
fn play(arguments: &Arguments) -> ExitCode {
    let failed = Mutex::new(BTreeMap::new());
    let totals = Mutex::new(Totals::default());
    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
    each(seeds, |seed| {
        let outcome = history::play(seed, None);
        let mut violations = outcome.violations.clone();
        if !arguments.once && history::play(seed, None).digest != outcome.digest {
            violations.push("Replays: the same seed had two different histories".to_owned());
        }
        if let Ok(mut totals) = totals.lock() {
            totals.add(&outcome.totals);
        }
        if !violations.is_empty()
            && let Ok(mut failed) = failed.lock()
        {
            failed.insert(seed, violations);
        }
        true
    });
    let failed = failed.into_inner().unwrap_or_default();
    for (seed, violations) in &failed {
        for violation in violations {
            println!("seed {seed}: {violation}");
        }
        println!("seed {seed}: play it again with --replay {seed}");
    }
    let totals = totals.into_inner().unwrap_or_default();
    println!("{totals}");
    println!("{} passed, {} failed", arguments.seeds - failed.len() as u64, failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays seeds with a mistake planted until one finds it.
fn find(arguments: &Arguments, plant: Plant) -> bool {
    let found: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
    each(seeds, |seed| {
        let outcome = history::play(seed, Some(plant));
        let Ok(mut found) = found.lock() else { return false };
        if let Some(violation) = outcome.violations.first()
            && found.as_ref().is_none_or(|(first, _)| seed < *first)
        {
            *found = Some((seed, violation.clone()));
        }
        found.is_none()
    });
    match found.into_inner().ok().flatten() {
        Some((seed, violation)) => {
            println!("planted {plant}: found by seed {seed}: {violation}");
            true
        }
        None => {
            println!("planted {plant}: not found by any of {} seeds", arguments.seeds);
            false
        }
    }
}

/// Does `work` for each seed on every processor, until it answers no.
fn each(seeds: std::ops::Range<u64>, work: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || !work(seed) {
                        next.store(seeds.end, Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
    });
}
