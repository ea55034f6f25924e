//! Undo by record and by field: what is taken back stays so, and an undo can be undone. That a whole first sync is taken
//! back is in `sample_org.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::path::Path;

use common::Sim;
use serde_json::Value;

fn run(sim: &Sim, data: &Path, arguments: &[&str]) -> String {
    let output = sim.tandem().args(arguments).arg("--data").arg(data).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(sim: &Sim, data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(run(sim, data, arguments).lines().last().unwrap()).unwrap()
}

/// A Salesforce contact in step, with its HubSpot counterpart.
fn some_pair(sim: &Sim, data: &Path) -> (String, String) {
    for row in sim.query("SELECT Id, Title FROM Contact") {
        let id = row["Id"].as_str().unwrap();
        let history = run(sim, data, &["history", id, "--json"]);
        for line in history.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if line["side"] == "hubspot" && line["object"] == "contacts" {
                return (id.to_owned(), line["record"].as_str().unwrap().to_owned());
            }
        }
    }
    panic!("no contact is in step");
}

fn title(sim: &Sim, contact: &str) -> Value {
    sim.query(&format!("SELECT Title FROM Contact WHERE Id = '{contact}'"))[0]["Title"].clone()
}

fn job_title(sim: &Sim, contact: &str) -> Value {
    sim.hubspot_records("contacts", vec!["jobtitle".to_owned()])[contact]["jobtitle"].clone()
}

fn set_title(sim: &Sim, contact: &str, title: &str) {
    let path = format!("/services/data/v66.0/sobjects/Contact/{contact}");
    sim.change("PATCH", "salesforce", &path, &serde_json::json!({ "Title": title }));
}

fn set_job_title(sim: &Sim, contact: &str, title: &str) {
    let path = format!("/crm/v3/objects/contacts/{contact}");
    sim.change("PATCH", "hubspot", &path, &serde_json::json!({ "properties": { "jobtitle": title } }));
}

#[test]
fn a_written_field_goes_back_and_an_undo_can_be_undone() {
    let sim = Sim::start(&["--contacts", "20"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sim.sync(&data);
    let (salesforce, hubspot) = some_pair(&sim, &data);
    let before = job_title(&sim, &hubspot);
    set_title(&sim, &salesforce, "Keeper of bees");
    sim.sync(&data);
    assert_eq!(job_title(&sim, &hubspot), "Keeper of bees");

    let first = json(&sim, &data, &["undo", "--run", "last", "--yes", "--json"]);
    assert_eq!(first["steps"].as_array().unwrap().len(), 1, "{first}");
    assert_eq!(
        (first["steps"][0]["action"].clone(), first["steps"][0]["outcome"].clone()),
        ("write".into(), "done".into())
    );
    assert_eq!(job_title(&sim, &hubspot), before);
    assert_eq!(title(&sim, &salesforce), "Keeper of bees", "the edit that caused it is a person's");
    let figures = sim.sync(&data);
    assert_eq!(
        (figures["hubspot"]["updated"].clone(), figures["salesforce"]["updated"].clone()),
        (0.into(), 0.into())
    );
    let again = json(&sim, &data, &["undo", &salesforce, "--json"]);
    let told = again["steps"].as_array().unwrap();
    assert!(told.iter().all(|step| step["field"] != "jobtitle"), "taken back already: {again}");

    let run = first["run"].as_str().unwrap();
    json(&sim, &data, &["undo", "--run", run, "--yes", "--json"]);
    assert_eq!(job_title(&sim, &hubspot), "Keeper of bees");
    let figures = sim.sync(&data);
    assert_eq!(
        (figures["hubspot"]["updated"].clone(), figures["salesforce"]["updated"].clone()),
        (0.into(), 0.into())
    );

    set_title(&sim, &salesforce, "Keeper of wasps");
    sim.sync(&data);
    assert_eq!(job_title(&sim, &hubspot), "Keeper of wasps", "the next edit flows as ever");
}

#[test]
fn what_somebody_changed_since_is_left_unless_it_is_forced() {
    let sim = Sim::start(&["--contacts", "20"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sim.sync(&data);
    let (salesforce, hubspot) = some_pair(&sim, &data);
    let before = job_title(&sim, &hubspot);
    set_title(&sim, &salesforce, "Baker");
    sim.sync(&data);
    set_job_title(&sim, &hubspot, "Brewer");

    let left = json(&sim, &data, &["undo", "--run", "last", "--yes", "--json"]);
    let step = &left["steps"][0];
    assert_eq!((step["action"].clone(), step["conflict"].clone()), ("leave".into(), true.into()), "{left}");
    assert_eq!(job_title(&sim, &hubspot), "Brewer");
    let text = run(&sim, &data, &["undo", "--run", "last"]);
    assert!(text.contains("--force takes them back too"), "{text}");

    json(&sim, &data, &["undo", "--run", "last", "--force", "--yes", "--json"]);
    assert_eq!(job_title(&sim, &hubspot), before);
}

#[test]
fn a_record_made_and_taken_back_is_not_made_again_and_its_deletion_says_who_can_restore_it() {
    let sim = Sim::start(&["--contacts", "20"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sim.sync(&data);
    let new = serde_json::json!({ "LastName": "Newcomer", "Email": "newcomer@company.example" });
    sim.change("POST", "salesforce", "/services/data/v66.0/sobjects/Contact", &new);
    let contacts = sim.records("hubspot", "contacts");
    sim.sync(&data);
    assert_eq!(sim.records("hubspot", "contacts"), contacts + 1);

    let undone = json(&sim, &data, &["undo", "--run", "last", "--yes", "--json"]);
    assert_eq!(sim.records("hubspot", "contacts"), contacts, "{undone}");
    sim.sync(&data);
    assert_eq!(sim.records("hubspot", "contacts"), contacts);
    let undo = undone["run"].as_str().unwrap();
    let back = json(&sim, &data, &["undo", "--run", undo, "--json"]);
    assert_eq!(back["steps"][0]["action"], "leave");
    assert!(back["steps"][0]["why"].as_str().unwrap().contains("Restore"), "{back}");
}
