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
    let standing = || -> Value {
        let status = sim.tandem().args(["status", "--json", "--data"]).arg(&data).output().unwrap();
        serde_json::from_slice(&status.stdout).unwrap()
    };
    let first = sync(10_000);
    assert!(first.status.success(), "{}", stderr(&first));
    let used = standing()["budget"]["used"].as_u64().unwrap();
    assert!((10..200).contains(&used), "{used}");
    let title = serde_json::json!({ "Title": "Keeper of calls" });
    for row in sim.query("SELECT Id FROM Contact").iter().take(5) {
        let path = format!("/services/data/v66.0/sobjects/Contact/{}", row["Id"].as_str().unwrap());
        sim.change("PATCH", "salesforce", &path, &title);
    }

    let before = sim.salesforce_calls();
    let allocation = used + 6;
    let stopped = sync(allocation);
    assert!(!stopped.status.success());
    assert!(
        stderr(&stopped).contains(&format!("{allocation} of the {allocation} Salesforce calls")),
        "{}",
        stderr(&stopped)
    );
    // Asking who the user is comes before there is a connection to count for.
    assert!(sim.salesforce_calls() - before <= 7, "{}", sim.salesforce_calls() - before);
    let status = standing();
    let budget = &status["budget"];
    assert_eq!(
        (budget["used"].as_u64(), budget["allocation"].as_u64()),
        (Some(allocation), Some(allocation))
    );
    assert!(budget["held_until"].is_string(), "{status}");
    assert!(status["state_reason"].as_str().unwrap().contains("goes on by itself at"), "{status}");

    let done = sync(10_000);
    assert!(done.status.success(), "{}", stderr(&done));
    let status = standing();
    assert!(status["state_reason"].is_null(), "{status}");
    let titles = sim.hubspot_records("contacts", vec!["jobtitle".to_owned()]);
    assert!(titles.values().any(|values| values["jobtitle"] == "Keeper of calls"), "nothing is lost");
}
