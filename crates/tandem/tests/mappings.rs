//! Mappings that are suggested, properties that are made, records that are imported, settings that are changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::path::{Path, PathBuf};

use common::{Sim, stderr};
use serde_json::Value;

struct Place {
    sim: Sim,
    folder: tempfile::TempDir,
}

impl Place {
    fn new(arguments: &[&str]) -> Self {
        Self { sim: Sim::start(arguments), folder: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.sim.tandem().args(arguments).arg("--data").arg(self.data()).output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(stderr(&output))
        }
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(arguments).unwrap_or_else(|said| panic!("{arguments:?}: {said}"));
        serde_json::from_str(said.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    fn hubspot_contacts(&self) -> u64 {
        self.sim.records("hubspot", "contacts")
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Contacts in step, and nothing made on either side by itself.
const NOTHING_BY_ITSELF: &str = "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
    create_in_hubspot = false\ncreate_in_salesforce = false\nfields = [{ hubspot = \"email\", salesforce = \"Email\" },\n\
    { hubspot = \"lastname\", salesforce = \"LastName\" }]\n";

#[test]
fn an_import_makes_what_is_chosen_although_nothing_is_made_by_itself() {
    let place = Place::new(&["--contacts", "40"]);
    let settings = place.file("tandem.toml", NOTHING_BY_ITSELF);
    place.json(&["sync", "--once", "--json", "--config", &settings]);
    let before = place.hubspot_contacts();
    let everybody = place.sim.query("SELECT Id FROM Contact ORDER BY Id");
    let all = everybody.len() as u64;

    let plan = place.json(&["import", "--object", "Contact", "--dry-run", "--json"]);
    let planned =
        list(&plan, "counts").iter().find(|count| count["action"] == "create").unwrap()["records"].clone();
    assert_eq!(place.hubspot_contacts(), before, "a dry run makes nothing");

    let ids: Vec<&str> = everybody.iter().take(3).map(|row| row["Id"].as_str().unwrap()).collect();
    let file = place.file("ids.txt", &format!("# three\n{}\n", ids.join("\n")));
    let some = place.json(&["import", "--object", "Contact", "--ids", &file, "--json"]);
    assert_eq!(some["chosen"], 3);
    let made = some["imported"].as_u64().unwrap();
    assert_eq!(place.hubspot_contacts(), before + made);

    let rest = place.json(&["import", "--object", "Contact", "--filter", "Email != null", "--json"]);
    let total = made + rest["imported"].as_u64().unwrap();
    assert!(total > 3, "{rest}");
    assert_eq!(planned.as_u64(), Some(total), "the dry run said what was then done: {some} {rest}");
    assert_eq!(place.hubspot_contacts(), before + total);
    assert_eq!(rest["refused"], 0);

    let again = place.json(&["import", "--object", "Contact", "--json"]);
    assert_eq!((again["chosen"].as_u64(), again["in_step"].as_u64()), (Some(all), Some(all)), "{again}");
    let pass = place.json(&["sync", "--once", "--json"]);
    assert_eq!(pass["salesforce"]["created"], 0, "what is only in HubSpot is still not made: {pass}");

    // The other way round.
    let salesforce = place.sim.records("salesforce", "Contact");
    let back = place.json(&["import", "--from", "hubspot", "--object", "contacts", "--json"]);
    let made = back["imported"].as_u64().unwrap();
    assert_eq!(place.sim.records("salesforce", "Contact"), salesforce + made, "{back}");
    assert_eq!(back["chosen"].as_u64(), Some(place.hubspot_contacts()));
}

#[test]
fn an_import_that_cannot_be_understood_says_why() {
    let place = Place::new(&["--contacts", "5"]);
    let ids = place.file("ids.txt", "0035g00000ABCDE\nnonsense\n");
    let said = place.run(&["import", "--object", "Contact", "--ids", &ids]).unwrap_err();
    assert!(said.contains("line 2") && said.contains("'nonsense' is no record id"), "{said}");
    let said = place.run(&["import", "--object", "Campaign"]).unwrap_err();
    assert!(said.contains("Campaign of Salesforce is not in step"), "{said}");
    let said = place.run(&["import", "--resume"]).unwrap_err();
    assert!(said.contains("no import to go on with"), "{said}");
}

#[test]
fn missing_properties_are_shown_first_then_made_mapped_and_filled() {
    let place = Place::new(&["--dataset", "demo"]);
    let preview = place.json(&["mappings", "create-properties", "--object", "Contact", "--json"]);
    let preview = preview.as_array().unwrap().clone();
    assert!(preview.len() > 3, "{preview:?}");
    assert!(preview.iter().all(|new| new["object"] == "contacts" && new["group"] == "salesforce"));
    assert!(preview.iter().any(|new| !list(new, "options").is_empty()), "a picklist brings its options");
    assert!(!place.data().exists(), "a look keeps nothing");

    let made = place.json(&["mappings", "create-properties", "--object", "Contact", "--apply", "--json"]);
    let names: Vec<String> =
        preview.iter().map(|new| format!("contacts.{}", new["name"].as_str().unwrap())).collect();
    let made: Vec<&str> = list(&made, "made").iter().filter_map(Value::as_str).collect();
    assert_eq!(made, names, "exactly what was shown is made");

    let found = place.json(&["mappings", "suggest", "--object", "Contact", "--json"]);
    assert!(found[0]["new_properties"].as_array().unwrap().is_empty(), "{}", found[0]["new_properties"]);
    let mapped = list(&found[0], "mappings").iter().filter(|known| known["by"] == "current").count();
    assert!(mapped >= names.len(), "they are mapped");
    place.json(&["sync", "--once", "--json"]);
    let history = place.run(&["history", "--json", "--limit", "1000000"]).unwrap();
    let filled = history.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).any(|line| {
        let field = line["field"].as_str().unwrap_or_default();
        line["side"] == "hubspot" && names.contains(&format!("contacts.{field}"))
    });
    assert!(filled, "and filled by the next pass");
}

#[test]
fn a_choice_that_is_missing_is_refused_or_added_as_the_mapping_says() {
    let place = Place::new(&["--contacts", "8"]);
    let with = |extra: &str| {
        format!(
            "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
             fields = [{{ hubspot = \"email\", salesforce = \"Email\" }}, {{ hubspot = \"lastname\", salesforce = \"LastName\" }},\n\
             {{ hubspot = \"hs_lead_status\", salesforce = \"LastName\", rule = \"always_salesforce\"{extra} }}]\n"
        )
    };
    let refusing = place.file("refuse.toml", &with(""));
    place.json(&["sync", "--once", "--json", "--config", &refusing]);
    let errors = |place: &Place| {
        let said = place.run(&["errors", "--json"]).unwrap();
        said.lines().filter(|line| line.contains("NOT_A_CHOICE")).count()
    };
    assert!(errors(&place) > 0, "a last name is no lead status");
    let adding = place.file("add.toml", &with(", on_missing_choice = \"add\""));
    place.json(&["sync", "--once", "--json", "--config", &adding]);
    let left = place.run(&["errors", "--json"]).unwrap();
    assert_eq!(errors(&place), 0, "{left}");
    let history = place.run(&["history", "--json", "--limit", "100000"]).unwrap();
    assert!(history.lines().any(|line| line.contains("hs_lead_status") && line.contains("written")));
}

#[test]
fn settings_are_shown_before_they_are_kept_and_every_change_is_noted() {
    let place = Place::new(&["--contacts", "20"]);
    place.json(&["sync", "--once", "--json"]);
    let exported = place.run(&["settings", "export"]).unwrap();
    let same = place.file("same.toml", &exported);
    let plan = place.json(&["settings", "apply", &same, "--json"]);
    assert!(list(&plan, "counts").iter().all(|count| count["action"] == "refuse"), "{}", plan["counts"]);

    let other = place.file(
        "other.toml",
        "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\n\
         fields = [{ hubspot = \"email\", salesforce = \"Email\" }, { hubspot = \"lastname\", salesforce = \"LastName\" },\n\
         { hubspot = \"lastname\", salesforce = \"Department\", rule = \"always_hubspot\" }]\n",
    );
    let plan = place.json(&["settings", "apply", &other, "--json"]);
    assert!(list(&plan, "counts").iter().any(|count| count["action"] == "update"), "{}", plan["counts"]);
    assert!(place.run(&["settings", "history", "--json"]).unwrap().is_empty(), "nothing was kept");

    place.run(&["settings", "apply", &other, "--yes"]).unwrap();
    let listed = place.json(&["mappings", "list", "--json"]);
    assert_eq!(listed[0]["fields"].as_array().unwrap().len(), 3);
    let noted = place.json(&["settings", "history", "--json"]);
    assert_eq!(noted["what"], "settings");
    assert_eq!(noted["after"]["objects"][0]["fields"].as_array().unwrap().len(), 3);
    // A pass without a file works under what is kept.
    place.json(&["sync", "--once", "--json"]);
    assert!(
        place
            .sim
            .query("SELECT Department, LastName FROM Contact")
            .iter()
            .any(|row| { !row["Department"].is_null() && row["Department"] == row["LastName"] })
    );
    assert_eq!(place.json(&["mappings", "list", "--json"]).as_array().unwrap().len(), 1);

    place.run(&["settings", "recommended", "--yes"]).unwrap();
    assert!(place.json(&["mappings", "list", "--json"]).as_array().unwrap().len() > 3);
    assert_eq!(place.run(&["settings", "history", "--json"]).unwrap().lines().count(), 2);
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_the_name_of_their_key() {
    let place = Place::new(&["--contacts", "1"]);
    let object = "[[objects]]\nhubspot_object = \"contacts\"\nsalesforce_object = \"Contact\"\nfields = []\n";
    for (text, named) in [
        ("[brake]\npercent = 120\n".to_owned(), "brake.percent: 120"),
        ("version = 9\n".to_owned(), "version: 9"),
        ("creat_without_email = true\n".to_owned(), "creat_without_email"),
        (format!("{object}{object}"), "objects[1]: contacts and Contact are mapped twice"),
        (
            object.replace(
                "[]",
                "[{ hubspot = \"email\", salesforce = \"Email\" }, { hubspot = \"email\", salesforce = \"Title\" }]",
            ),
            "'email' of HubSpot is written by the mapping with 'Email' already",
        ),
    ] {
        let file = place.file("wrong.toml", &text);
        let said = place.run(&["settings", "apply", &file]).unwrap_err();
        assert!(said.contains(named), "{named}: {said}");
    }
    assert!(!Path::new(&place.data()).exists());
}
