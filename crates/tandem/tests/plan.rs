//! A plan for other settings. That a plan is what the pass then does is in `sample_org.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use common::Sim;
use serde_json::Value;

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
