//! The table of behaviour: each scenario tells in plain lines how the sync behaves, and is played with the real engine
//! and both simulators. `scenarios/README.md` says how to read and write them.
//!
//!     cargo test -p simulation --test behaviour            all of them
//!     cargo test -p simulation --test behaviour email      those with "email" in their name

mod act;
mod coverage;
mod expect;
mod meta;
mod row;
mod stage;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::table::Scenario;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = meta::trials();
    match scenarios() {
        Ok(scenarios) => {
            let known = scenarios.clone();
            trials.push(Trial::test("every-scenario-is-listed", move || {
                coverage::check(&known).map_err(Failed::from)
            }));
            let known = scenarios.clone();
            trials.push(Trial::test("every-kind-of-error-is-shown", move || {
                coverage::errors(&known).map_err(Failed::from)
            }));
            trials.extend(scenarios.into_iter().map(|scenario| {
                Trial::test(scenario.name.clone(), move || stage::play(&scenario).map_err(Failed::from))
            }));
        }
        Err(error) => trials.push(Trial::test("the-table-is-readable", move || Err(Failed::from(error)))),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every scenario, in the order of the files' names.
fn scenarios() -> Result<Vec<Scenario>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/scenarios");
    let files = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let mut scenarios = Vec::new();
    for file in files {
        scenarios.extend(table::read(&file)?);
    }
    let mut names = BTreeSet::new();
    for scenario in &scenarios {
        if !names.insert(&scenario.name) {
            return Err(format!("two scenarios are called {}", scenario.name));
        }
    }
    if scenarios.is_empty() { Err("there is not a single scenario".into()) } else { Ok(scenarios) }
}
