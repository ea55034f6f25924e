//! The sample company, with all its objects and their ties, synced where both sides have it and where one side is empty:
//! the plan is what the pass then does, a second pass writes nothing, and an undo takes both sides back exactly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::path::Path;

use common::Sim;
use common::sample::{differences, done, held, planned};
use serde_json::Value;

fn run(sim: &Sim, data: &Path, arguments: &[&str]) -> String {
    let output = sim.tandem().args(arguments).arg("--data").arg(data).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(sim: &Sim, data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(run(sim, data, arguments).lines().last().unwrap()).unwrap()
}

fn writes(sim: &Sim) -> (Value, Value) {
    (sim.stats("hubspot")["writes"].clone(), sim.stats("salesforce")["writes"].clone())
}

/// The folder of the sample company with this side's records only.
fn only(side: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../simulators/datasets/demo").join(side);
    let to = folder.path().join(side);
    std::fs::create_dir_all(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    folder
}

/// A plan, a pass, a second pass, an undo, and two passes after it.
fn there_and_back(dataset: &str) {
    let sim = Sim::start(&["--dataset", dataset]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = held(&sim);

    let plan: Value = serde_json::from_str(&run(&sim, &data, &["plan", "--json"])).unwrap();
    assert!(!data.exists(), "a plan keeps nothing");
    for side in [writes(&sim).0, writes(&sim).1] {
        assert!(side.as_object().unwrap().is_empty(), "the plan wrote: {side}");
    }
    let figures = sim.sync(&data);
    let history = run(&sim, &data, &["history", "--json", "--limit", "1000000"]);
    let (planned, done) = (planned(&plan), done(&history));
    assert!(planned.len() > 100, "{}", planned.len());
    for (key, times) in &planned {
        assert_eq!(done.get(key), Some(times), "planned and not done: {key:?}");
    }
    assert_eq!(planned.len(), done.len(), "done and not planned");
    assert_eq!(plan["figures"]["linked"], figures["linked"]);
    let synced = held(&sim);
    assert_ne!(before, synced);

    let again: Value = serde_json::from_str(&run(&sim, &data, &["plan", "--json"])).unwrap();
    let left: Vec<&Value> =
        again["counts"].as_array().unwrap().iter().filter(|count| count["action"] != "refuse").collect();
    assert!(left.is_empty(), "in step, and yet: {left:?}");
    let wrote = writes(&sim);
    sim.sync(&data);
    assert_eq!(writes(&sim), wrote, "a second pass writes nothing");

    // The second pass was a run, too; the first is the one that wrote.
    let first: Value = serde_json::from_str(history.lines().last().unwrap()).unwrap();
    let run_name = first["run"].as_str().unwrap().to_owned();
    let plan = json(&sim, &data, &["undo", "--run", &run_name, "--json"]);
    assert!(plan["run"].is_null());
    assert!(plan["steps"].as_array().unwrap().len() > 100);
    assert_eq!(held(&sim), synced, "a plan writes nothing");
    let undone = json(&sim, &data, &["undo", "--run", &run_name, "--yes", "--json"]);
    for step in undone["steps"].as_array().unwrap() {
        assert_eq!(step["outcome"], "done", "{step}");
    }
    let told = differences(&before, &held(&sim));
    assert!(told.is_empty(), "{} differences: {:#?}", told.len(), &told[..told.len().min(20)]);

    let wrote = writes(&sim);
    sim.sync(&data);
    sim.sync(&data);
    assert_eq!(writes(&sim), wrote, "it stays taken back");
    let told = differences(&before, &held(&sim));
    assert!(told.is_empty(), "{} differences later: {:#?}", told.len(), &told[..told.len().min(20)]);
    let history = run(&sim, &data, &["history", "--json", "--limit", "1000000"]);
    let undone = history.lines().filter(|line| line.contains("\"reason\":\"undo\"")).count();
    assert!(undone > 100, "{undone}");
}

#[test]
fn both_sides_have_the_company() {
    there_and_back("demo");
}

#[test]
fn an_empty_org_gets_the_account_s_company() {
    let folder = only("hubspot");
    there_and_back(folder.path().to_str().unwrap());
}

#[test]
fn an_empty_account_gets_the_org_s_company() {
    let folder = only("salesforce");
    there_and_back(folder.path().to_str().unwrap());
}
