//! An edit on either platform reaches the other by a webhook or a change event, with polls a day apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::Sim;
use serde_json::{Value, json};

/// A running Tandem, ended when this goes away.
struct Served {
    child: Child,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(sim: &Sim, folder: &std::path::Path) -> Served {
    let settings = folder.join("tandem.toml");
    std::fs::write(&settings, "hubspot_poll_seconds = 86400\nsalesforce_poll_seconds = 86400\n").unwrap();
    let text = |pointer: &str| sim.ready.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let mut child = sim
        .tandem()
        .env("HUBSPOT_CLIENT_SECRET", text("/hubspot/client_secret"))
        .env("SALESFORCE_PUBSUB_ENDPOINT", format!("http://{}", text("/salesforce/pubsub_endpoint")))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&settings)
        .arg("--data")
        .arg(folder.join("data"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = lines.by_ref().map(Result::unwrap).find_map(|line| {
        let at = line.find("http://")?;
        Some(line[at..].split_whitespace().next().unwrap().to_owned())
    });
    // What it goes on to say must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Served { child, url: url.expect("it says where its page is") }
}

/// HubSpot calls this address when a contact's title is edited.
fn subscribe(sim: &Sim, url: &str) {
    let app = &sim.ready["hubspot"]["app_id"];
    let key = sim.ready["hubspot"]["developer_key"].as_str().unwrap();
    let (account, org) = (&sim.ready["hubspot"]["account_id"], &sim.ready["salesforce"]["org_id"]);
    let target = format!("{url}/webhooks/hubspot/{account}-{}", org.as_str().unwrap());
    let settings = json!({"targetUrl": target, "throttling": {"maxConcurrentRequests": 10}});
    sim.change("PUT", "hubspot", &format!("/webhooks/v3/{app}/settings?hapikey={key}"), &settings);
    let subscription =
        json!({"eventType": "contact.propertyChange", "propertyName": "jobtitle", "active": true});
    sim.change("POST", "hubspot", &format!("/webhooks/v3/{app}/subscriptions?hapikey={key}"), &subscription);
}

/// Waits for something that nothing but a hint brings about.
fn arrives(what: &str, there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what} never arrived");
        std::thread::sleep(Duration::from_millis(250));
    }
}

#[test]
fn an_edit_reaches_the_other_side_without_a_poll() {
    let sim = Sim::start(&["--pubsub", "127.0.0.1:0"]);
    let person = json!({"properties": {"email": "grace@tundra.example", "lastname": "Haddad"}});
    let made = sim.change("POST", "hubspot", "/crm/v3/objects/contacts", &person);
    let hubspot = made["id"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let served = serve(&sim, folder.path());
    subscribe(&sim, &served.url);
    arrives("the contact", || sim.records("salesforce", "Contact") == 1);
    let row = sim.query("SELECT Id FROM Contact").remove(0);
    let salesforce = row["Id"].as_str().unwrap();

    let path = format!("/crm/v3/objects/contacts/{hubspot}");
    sim.change("PATCH", "hubspot", &path, &json!({"properties": {"jobtitle": "Heard by webhook"}}));
    arrives("the title from HubSpot", || {
        sim.query("SELECT Title FROM Contact")[0]["Title"] == "Heard by webhook"
    });

    let path = format!("/services/data/v66.0/sobjects/Contact/{salesforce}");
    // What happened before the events are followed is not heard: somebody goes on editing until it is.
    let edits = Cell::new(0);
    arrives("a title from Salesforce", || {
        edits.set(edits.get() + 1);
        let title = format!("Heard by change event {}", edits.get());
        sim.change("PATCH", "salesforce", &path, &json!({ "Title": title }));
        let held = sim.hubspot_records("contacts", vec!["jobtitle".to_owned()]);
        held[&hubspot]["jobtitle"].as_str().is_some_and(|held| held.starts_with("Heard by change event"))
    });
}
