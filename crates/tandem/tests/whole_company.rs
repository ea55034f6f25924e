//! The sample company, synced as a script would: everybody arrives, or is in `tandem errors` with a reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use common::Sim;
use serde_json::Value;

fn lines(sim: &Sim, command: &[&str], data: &std::path::Path) -> Vec<Value> {
    let output = sim.tandem().args(command).args(["--json", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_row_arrives_or_is_among_the_errors() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let data = tempfile::tempdir().unwrap();
    sim.sync(data.path());
    let status = lines(&sim, &["status"], data.path()).remove(0);
    let linked = |object: &str| -> u64 {
        let links = status["links"].as_array().unwrap().iter().filter(|link| link["salesforce"] == object);
        links.filter_map(|link| link["links"].as_u64()).sum()
    };
    let errors = lines(&sim, &["errors", "--all"], data.path());
    for error in &errors {
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert!(!error["remedy"].as_str().unwrap().is_empty());
    }
    for object in ["Account", "Contact", "Lead", "Opportunity"] {
        let whole =
            errors.iter().filter(|error| error["object"] == object && error["field"].is_null()).count()
                as u64;
        assert_eq!(sim.records("salesforce", object), linked(object) + whole, "{object}");
    }
    let left: Vec<&Value> =
        errors.iter().filter(|error| error["side"] == "hubspot" && error["field"].is_null()).collect();
    assert_eq!(sim.records("hubspot", "contacts"), linked("Contact") + linked("Lead") + left.len() as u64);

    let again = sim.sync(data.path());
    for side in ["hubspot", "salesforce"] {
        assert_eq!(
            (again[side]["created"].as_u64(), again[side]["updated"].as_u64()),
            (Some(0), Some(0)),
            "{again}"
        );
    }
}

#[test]
fn history_says_why_a_value_changed() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let data = tempfile::tempdir().unwrap();
    sim.sync(data.path());
    let history = lines(&sim, &["history"], data.path());
    assert!(!history.is_empty());
    for row in history.iter().filter(|row| row["outcome"] == "written") {
        assert!(!row["why"].as_str().unwrap().is_empty(), "{row}");
        assert!(!row["reason"].as_str().unwrap().is_empty(), "{row}");
    }
    let record = history[0]["record"].as_str().unwrap();
    let of_record = lines(&sim, &["history", record], data.path());
    assert!(of_record.iter().any(|row| row["record"] == record));
}
