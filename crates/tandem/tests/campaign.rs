//! Campaigns: listed, and joined by a person's command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use common::{Sim, stderr};
use serde_json::{Value, json};

#[test]
fn a_contact_is_added_to_a_campaign_and_a_campaign_that_is_over_says_no() {
    let sim = Sim::start(&["--contacts", "5"]);
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("tandem.toml");
    std::fs::write(&settings, "campaigns = true\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = sim.tandem();
        command.args(arguments).arg("--config").arg(&settings);
        let output = command.arg("--data").arg(folder.path().join("data")).output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(stderr(&output))
        }
    };
    let campaign = |name: &str, active: bool| {
        let made = json!({ "Name": name, "IsActive": active });
        let made = sim.change("POST", "salesforce", "/services/data/v66.0/sobjects/Campaign", &made);
        made["id"].as_str().unwrap().to_owned()
    };
    let (spring, over) = (campaign("Spring", true), campaign("Over", false));
    run(&["sync", "--once"]).unwrap();
    let listed: Value = serde_json::from_str(&run(&["campaign", "list", "--json"]).unwrap()).unwrap();
    assert_eq!(listed[0], json!({ "id": over, "name": "Over", "active": false }));
    assert_eq!(listed[1]["name"], "Spring");

    let contact = sim.hubspot_records("contacts", vec!["email".to_owned()]).into_keys().next().unwrap();
    let said = run(&["campaign", "add", &contact, &over]).unwrap_err();
    assert!(said.contains("'Over'") && said.contains("not active"), "{said}");
    let said = run(&["campaign", "add", &contact, &spring, "--status", "Dancing"]).unwrap_err();
    assert!(said.contains("no member status 'Dancing'") && said.contains("Sent, Responded"), "{said}");
    let said = run(&["campaign", "add", "1", &spring]).unwrap_err();
    assert!(said.contains("not in step"), "{said}");
    assert!(sim.query("SELECT Id FROM CampaignMember").is_empty(), "what is refused makes no member");

    run(&["campaign", "add", &contact, &spring, "--status", "Responded"]).unwrap();
    let members = sim.query("SELECT Status, CampaignId FROM CampaignMember");
    assert_eq!((members.len(), &members[0]["Status"]), (1, &json!("Responded")));
    let again = run(&["campaign", "add", &contact, &spring]).unwrap_err();
    assert!(again.contains("already"), "{again}");
    run(&["sync", "--once"]).unwrap();
    let held = sim.hubspot_records(
        "contacts",
        vec![engine::CAMPAIGNS_PROPERTY.to_owned(), engine::CAMPAIGN_STATUSES_PROPERTY.to_owned()],
    );
    assert_eq!(held[&contact][engine::CAMPAIGNS_PROPERTY], spring.as_str());
    assert_eq!(held[&contact][engine::CAMPAIGN_STATUSES_PROPERTY], "Spring: Responded");
}
