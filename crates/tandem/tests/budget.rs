//! A pass keeps within its calls, says until when it waits, and loses nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use common::{Sim, stderr};
use serde_json::Value;

#[test]
fn a_pass_stops_at_its_allocation_and_goes_on_when_there_is_more() {
    let sim = Sim::start(&["--contacts", "40"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = folder.path().join("tandem.toml");
    let sync = |allocation: u64| {
        std::fs::write(&settings, format!("[budget]\nallocation = {allocation}\n")).unwrap();
        let mut command = sim.tandem();
        command.args(["sync", "--once", "--json", "--config"]).arg(&settings).arg("--data").arg(&data);
        command.output().unwrap()
    };
    let before = sim.salesforce_calls();
    let stopped = sync(14);
    assert!(!stopped.status.success());
    assert!(stderr(&stopped).contains("14 of the 14 Salesforce calls"), "{}", stderr(&stopped));
    assert!(sim.salesforce_calls() - before <= 14, "{}", sim.salesforce_calls() - before);

    let status = sim.tandem().args(["status", "--json", "--data"]).arg(&data).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(
        (status["budget"]["used"].as_u64(), status["budget"]["allocation"].as_u64()),
        (Some(14), Some(14))
    );
    assert!(status["budget"]["held_until"].is_string(), "{status}");
    assert!(status["state_reason"].as_str().unwrap().contains("goes on by itself at"), "{status}");

    let done = sync(10_000);
    assert!(done.status.success(), "{}", stderr(&done));
    let status = sim.tandem().args(["status", "--json", "--data"]).arg(&data).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert!(status["state_reason"].is_null(), "{status}");
    let linked: u64 =
        status["links"].as_array().unwrap().iter().filter_map(|link| link["links"].as_u64()).sum();
    assert!(linked >= sim.records("salesforce", "Contact"), "{status}");
}
