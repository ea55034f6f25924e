//! Bad input is named, with what to do, ends with an error, and changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::path::Path;
use std::process::Command;

use common::{Sim, stderr, tandem};

fn refused(command: &mut Command, named: &[&str]) {
    let output = command.output().unwrap();
    let said = stderr(&output);
    assert!(!output.status.success(), "{said}");
    for word in named {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
}

fn sync(sim: &Sim, data: &Path) -> Command {
    let mut command = sim.tandem();
    command.args(["sync", "--once", "--data"]).arg(data);
    command
}

fn untouched(sim: &Sim) {
    for side in ["hubspot", "salesforce"] {
        assert_eq!(sim.stats(side)["writes"].as_object().unwrap().len(), 0, "{side} was written to");
    }
}

#[test]
fn a_missing_token_is_named() {
    let data = tempfile::tempdir().unwrap();
    refused(tandem().args(["sync", "--once", "--data"]).arg(data.path()), &["HUBSPOT_TOKEN"]);
}

#[test]
fn a_wrong_token_is_named_and_nothing_is_kept() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let data = tempfile::tempdir().unwrap();
    refused(sync(&sim, data.path()).env("HUBSPOT_TOKEN", "pat-na1-wrong"), &["HubSpot", "HUBSPOT_TOKEN"]);
    refused(sync(&sim, data.path()).env("SALESFORCE_ACCESS_TOKEN", "00Dwrong"), &["Salesforce", "token"]);
    untouched(&sim);
}

#[test]
fn a_host_that_cannot_be_reached_is_named() {
    let sim = Sim::start(&[]);
    let data = tempfile::tempdir().unwrap();
    refused(
        sync(&sim, data.path()).env("HUBSPOT_BASE_URL", "http://127.0.0.1:1"),
        &["127.0.0.1:1", "HubSpot"],
    );
    refused(
        sync(&sim, data.path()).env("SALESFORCE_INSTANCE_URL", "no address"),
        &["SALESFORCE_INSTANCE_URL", "https://"],
    );
}

#[test]
fn an_unknown_field_in_a_mapping_is_named_and_changes_nothing() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("settings.toml");
    let mapping = "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
                   fields = [{ hubspot = \"email\", salesforce = \"Email\" }, { hubspot = \"shoe_size\", salesforce = \"Title\" }]\n";
    std::fs::write(&file, mapping).unwrap();
    refused(sync(&sim, data.path()).arg("--config").arg(&file), &["shoe_size", "contacts"]);
    untouched(&sim);
}

#[test]
fn a_read_only_field_is_refused_with_a_rule_that_fits() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("settings.toml");
    let mapping = "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
                   fields = [{ hubspot = \"jobtitle\", salesforce = \"Name\", rule = \"two_way\" }]\n";
    std::fs::write(&file, mapping).unwrap();
    refused(sync(&sim, data.path()).arg("--config").arg(&file), &["Name", "Always use Salesforce"]);
    untouched(&sim);
}

#[test]
fn a_malformed_line_of_settings_is_shown_with_its_place() {
    let sim = Sim::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("settings.toml");
    std::fs::write(&file, "create_contacts_as = \"contact\"\ncreate_contact_as = 3\n").unwrap();
    refused(
        sync(&sim, data.path()).arg("--config").arg(&file),
        &["settings.toml", "line 2", "create_contact_as"],
    );
    std::fs::write(&file, "create_contacts_as = contact\n").unwrap();
    refused(sync(&sim, data.path()).arg("--config").arg(&file), &["settings.toml", "line 1"]);
}

#[test]
fn two_engines_on_one_folder_are_kept_apart() {
    let sim = Sim::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(data.path().join("tandem.lock")).unwrap();
    lock.lock().unwrap();
    refused(&mut sync(&sim, data.path()), &["another Tandem"]);
}

#[test]
fn a_dataset_that_is_not_there_is_named() {
    refused(
        tandem().args([
            "sim",
            "--hubspot",
            "127.0.0.1:0",
            "--salesforce",
            "127.0.0.1:0",
            "--dataset",
            "/no/such",
        ]),
        &["/no/such", "hubspot/"],
    );
}

#[test]
fn a_folder_without_data_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    for command in ["status", "errors", "history"] {
        refused(tandem().args([command, "--data"]).arg(data.path()), &["tandem sync --once"]);
    }
}
