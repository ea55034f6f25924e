//! Ten thousand contacts on each side, half of them the same people: one sync, no twins, few calls; and the same end
//! when the engine is killed again and again on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use common::Sim;
use serde_json::Value;

const PEOPLE: u64 = 10_000;
const ALL: u64 = PEOPLE + PEOPLE / 2;

/// What every contact holds in Salesforce, by email.
fn salesforce_contacts(sim: &Sim) -> BTreeMap<String, Value> {
    let rows = sim.query("SELECT Email, FirstName, LastName, Phone, Title, MailingCity FROM Contact");
    assert_eq!(rows.len() as u64, ALL, "a twin, or somebody is missing");
    let by_email: BTreeMap<String, Value> = rows
        .into_iter()
        .map(|mut row| {
            row.as_object_mut().unwrap().remove("attributes");
            (row["Email"].as_str().unwrap().to_owned(), row)
        })
        .collect();
    assert_eq!(by_email.len() as u64, ALL, "two contacts with one email");
    by_email
}

#[test]
fn one_sync_links_everybody_once_with_few_calls_and_the_next_writes_nothing() {
    let sim = Sim::start(&["--contacts", "10000"]);
    let data = tempfile::tempdir().unwrap();
    let figures = sim.sync(data.path());
    assert_eq!(figures["linked"], ALL);
    assert_eq!(figures["hubspot"]["failed"], 0);
    assert_eq!(figures["salesforce"]["failed"], 0);
    assert_eq!(sim.records("hubspot", "contacts"), ALL);
    let contacts = salesforce_contacts(&sim);
    // The shared people: Salesforce's value where it has one, else HubSpot's (the default rule).
    for contact in contacts.values() {
        assert!(contact["LastName"].is_string());
        assert!(contact["MailingCity"].is_string() || contact["Phone"].is_string(), "{contact}");
    }
    let calls = sim.salesforce_calls();
    let share = calls as f64 / ALL as f64;
    println!("{calls} Salesforce calls for {ALL} records synced: {share:.4} a record");
    assert!(share <= 0.02, "{share}");

    let before = (sim.writes("hubspot", "contacts"), sim.writes("salesforce", "Contact"));
    let figures = sim.sync(data.path());
    assert_eq!(figures["linked"], 0);
    assert_eq!((sim.writes("hubspot", "contacts"), sim.writes("salesforce", "Contact")), before);
}

#[test]
fn killed_at_ten_moments_the_sync_comes_to_the_same_end() {
    let undisturbed = Sim::start(&["--contacts", "10000"]);
    let data = tempfile::tempdir().unwrap();
    undisturbed.sync(data.path());
    let expected = salesforce_contacts(&undisturbed);

    let sim = Sim::start(&["--contacts", "10000"]);
    let data = tempfile::tempdir().unwrap();
    let done = |sim: &Sim| sim.writes("hubspot", "contacts") + sim.writes("salesforce", "Contact");
    for kill in 1..=10_u64 {
        let mut engine = sim
            .tandem()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment is a share of the work, not of the clock.
        let share = kill * 1_700;
        while done(&sim) < share {
            assert!(engine.try_wait().unwrap().is_none(), "the engine ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        engine.kill().unwrap();
        engine.wait().unwrap();
    }
    sim.sync(data.path());
    let again = sim.sync(data.path());
    assert_eq!(again["linked"], 0);
    assert_eq!(sim.records("hubspot", "contacts"), ALL);
    assert_eq!(salesforce_contacts(&sim), expected);
}
