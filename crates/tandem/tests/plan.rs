//! The plan says what the pass then does, field by field, and does nothing itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::collections::BTreeMap;

use common::Sim;
use serde_json::Value;

/// Created and written values: side, object, field, value.
type Writes = BTreeMap<(String, String, String, String), u64>;

fn key(of: &Value, field: &Value, value: &Value) -> (String, String, String, String) {
    // HubSpot cuts a web address down to its domain when it stores it, so the history has another value than the plan;
    // and a record that is still to be made has no id yet.
    let field_name = text(field);
    let reference = field_name.starts_with("association:")
        || ["AccountId", "ParentId", "OpportunityContactRoles"].contains(&field_name.as_str());
    let value = if reference || field == "domain" { String::new() } else { text(value) };
    (text(&of["side"]), text(&of["object"]), text(field), value)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn planned(plan: &Value) -> Writes {
    let mut writes = Writes::new();
    for record in plan["records"].as_array().unwrap() {
        if !matches!(record["action"].as_str().unwrap(), "create" | "update") {
            continue;
        }
        for field in record["fields"].as_array().unwrap().iter().filter(|field| !field["field"].is_null()) {
            *writes.entry(key(record, &field["field"], &field["after"])).or_default() += 1;
        }
    }
    writes
}

fn done(history: &str) -> Writes {
    let mut writes = Writes::new();
    for line in history.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["outcome"] == "written" {
            *writes.entry(key(&line, &line["field"], &line["after"])).or_default() += 1;
        }
    }
    writes
}

#[test]
fn the_plan_is_what_the_pass_then_does() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let output = sim.tandem().args(arguments).arg("--data").arg(&data).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let plan: Value = serde_json::from_str(&run(&["plan", "--json"])).unwrap();
    assert!(!data.exists(), "a plan keeps nothing");
    for side in ["hubspot", "salesforce"] {
        let writes = sim.stats(side)["writes"].clone();
        assert!(writes.as_object().unwrap().is_empty(), "{side} was written: {writes}");
    }

    let figures: Value =
        serde_json::from_str(run(&["sync", "--once", "--json"]).lines().last().unwrap()).unwrap();
    let history = run(&["history", "--json", "--limit", "1000000"]);
    let (planned, done) = (planned(&plan), done(&history));
    assert!(planned.len() > 100, "{}", planned.len());
    for (key, times) in &planned {
        assert_eq!(done.get(key), Some(times), "planned and not done: {key:?}");
    }
    assert_eq!(planned.len(), done.len(), "done and not planned");
    assert_eq!(plan["figures"]["linked"], figures["linked"]);

    let again: Value = serde_json::from_str(&run(&["plan", "--json"])).unwrap();
    let left: Vec<&Value> =
        again["counts"].as_array().unwrap().iter().filter(|count| count["action"] != "refuse").collect();
    assert!(left.is_empty(), "in step, and yet: {left:?}");
}

#[test]
fn a_plan_for_a_settings_file_shows_what_it_would_change_for_records_that_are_linked() {
    let sim = Sim::start(&["--contacts", "20"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sim.sync(&data);
    let settings = folder.path().join("tandem.toml");
    std::fs::write(
        &settings,
        "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
         fields = [{ hubspot = \"email\", salesforce = \"Email\" }, { hubspot = \"lastname\", salesforce = \"LastName\" },\n\
         { hubspot = \"lastname\", salesforce = \"Department\", rule = \"always_hubspot\" }]\n",
    )
    .unwrap();
    let output = sim
        .tandem()
        .args(["plan", "--json", "--config"])
        .arg(&settings)
        .arg("--data")
        .arg(&data)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let updates: Vec<&Value> = plan["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["action"] == "update" && record["side"] == "salesforce")
        .collect();
    let contacts = sim.stats("salesforce")["records"]["Contact"].as_u64().unwrap();
    assert_eq!(updates.len() as u64, contacts);
    assert_eq!(updates[0]["fields"][0]["field"], "Department");
}
