//! References cross over: the company of a contact, the contacts of a deal, owners.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use common::Sim;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A call over a plain socket; the tests need no more of HTTP than that.
fn send(sim: &Sim, base: &str, token: &str, method: &str, path: &str, body: &Value) -> Value {
    let command = sim.tandem();
    let known = |name: &str| {
        let value = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
        value.unwrap().to_str().unwrap().to_owned()
    };
    let (base, token) = (known(base), known(token));
    let host = base.strip_prefix("http://").unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.split(' ').nth(1).unwrap().starts_with('2'), "{method} {path}: {head}\n{body}");
    serde_json::from_str(body).unwrap_or(Value::Null)
}

fn hubspot(sim: &Sim, method: &str, path: &str, body: &Value) -> Value {
    send(sim, "HUBSPOT_BASE_URL", "HUBSPOT_TOKEN", method, path, body)
}

fn salesforce(sim: &Sim, method: &str, path: &str, body: &Value) -> Value {
    let path = format!("/services/data/v66.0{path}");
    send(sim, "SALESFORCE_INSTANCE_URL", "SALESFORCE_ACCESS_TOKEN", method, &path, body)
}

fn get(sim: &Sim, path: &str) -> Value {
    hubspot(sim, "GET", path, &Value::Null)
}

fn lines(sim: &Sim, command: &[&str], data: &Path) -> Vec<Value> {
    let output = sim.tandem().args(command).args(["--json", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The HubSpot record's id in a marker, which names its account before it.
fn marked(row: &Value) -> String {
    let marker = text(&row["Tandem_HubSpot_Id__c"]);
    marker.split_once(':').map_or(marker.clone(), |(_, id)| id.to_owned())
}

/// Salesforce ids by the id of the HubSpot record they are in step with, as records made by Tandem say.
fn pairs(sim: &Sim, object: &str, hubspot: &str) -> BTreeMap<String, String> {
    let soql = format!("SELECT Id, Tandem_HubSpot_Id__c FROM {object} WHERE Tandem_HubSpot_Id__c != null");
    let mut pairs: BTreeMap<String, String> =
        sim.query(&soql).iter().map(|row| (marked(row), text(&row["Id"]))).collect();
    let mut after = String::from("0");
    loop {
        let page = get(
            sim,
            &format!("/crm/v3/objects/{hubspot}?limit=100&properties=tandem_salesforce_id&after={after}"),
        );
        for record in page["results"].as_array().unwrap() {
            if let Some(id) = record["properties"]["tandem_salesforce_id"].as_str() {
                pairs.insert(text(&record["id"]), id.to_owned());
            }
        }
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    pairs
}

fn primary_company(sim: &Sim, object: &str, id: &str) -> Option<String> {
    let links = get(sim, &format!("/crm/v4/objects/{object}/{id}/associations/companies"));
    let primary = links["results"].as_array().unwrap().iter().find(|link| {
        link["associationTypes"].as_array().unwrap().iter().any(|kind| kind["label"] == "Primary")
    });
    primary.map(|link| text(&link["toObjectId"]))
}

#[test]
fn the_company_of_a_contact_and_the_account_go_together() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let folder = tempfile::tempdir().unwrap();
    sim.sync(folder.path());
    let companies = pairs(&sim, "Account", "companies");
    let contacts = pairs(&sim, "Contact", "contacts");
    let accounts: BTreeMap<String, Value> = sim
        .query("SELECT Id, AccountId FROM Contact")
        .into_iter()
        .map(|row| (text(&row["Id"]), row["AccountId"].clone()))
        .collect();
    let mut compared = 0;
    for (contact, there) in contacts.iter().take(120) {
        let Some(company) = primary_company(&sim, "contacts", contact) else {
            assert!(
                accounts[there].is_null() || !companies.values().any(|id| *id == text(&accounts[there])),
                "contact {contact} has no company, and its account is {}",
                accounts[there]
            );
            continue;
        };
        if let Some(account) = companies.get(&company) {
            assert_eq!(text(&accounts[there]), *account, "contact {contact}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
    let waiting: Vec<Value> = lines(&sim, &["errors"], folder.path())
        .into_iter()
        .filter(|error| error["code"] == "UNLINKED_REFERENCE")
        .collect();
    assert!(waiting.is_empty(), "{waiting:?}");
}

#[test]
fn an_association_edited_in_hubspot_and_a_contact_role_given_in_salesforce_cross_over() {
    let sim = Sim::start(&["--dataset", "demo"]);
    let folder = tempfile::tempdir().unwrap();
    sim.sync(folder.path());
    // A deal with a role for a contact that is in step.
    let contacts = pairs(&sim, "Contact", "contacts");
    let deals = pairs(&sim, "Opportunity", "deals");
    let (contact, there) = contacts.iter().next().unwrap();
    let (deal, opportunity) = deals.iter().next().unwrap();
    salesforce(
        &sim,
        "POST",
        "/sobjects/OpportunityContactRole",
        &json!({"OpportunityId": opportunity, "ContactId": there}),
    );
    sim.sync(folder.path());
    let of_deal = |deal: &str| -> BTreeSet<String> {
        let links = get(&sim, &format!("/crm/v4/objects/deals/{deal}/associations/contacts"));
        links["results"].as_array().unwrap().iter().map(|link| text(&link["toObjectId"])).collect()
    };
    assert!(of_deal(deal).contains(contact), "{:?}", of_deal(deal));
    // Another contact joins the deal in HubSpot, and the first one leaves.
    let (second, second_there) = contacts.iter().nth(1).unwrap();
    let links = format!("/crm/v4/objects/deals/{deal}/associations");
    hubspot(&sim, "PUT", &format!("{links}/default/contacts/{second}"), &Value::Null);
    hubspot(&sim, "DELETE", &format!("{links}/contacts/{contact}"), &Value::Null);
    // The company of a contact changes, and nothing else of it.
    let companies = pairs(&sim, "Account", "companies");
    let before = primary_company(&sim, "contacts", second);
    let (company, account) = companies.iter().find(|(id, _)| Some(*id) != before.as_ref()).unwrap();
    hubspot(
        &sim,
        "PUT",
        &format!("/crm/v4/objects/contacts/{second}/associations/companies/{company}"),
        &json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]),
    );
    std::thread::sleep(std::time::Duration::from_secs(1));
    sim.sync(folder.path());
    let roles = sim.query(&format!(
        "SELECT ContactId FROM OpportunityContactRole WHERE OpportunityId = '{opportunity}'"
    ));
    let roles: BTreeSet<String> = roles.iter().map(|role| text(&role["ContactId"])).collect();
    assert!(roles.contains(second_there) && !roles.contains(there), "{roles:?}");
    let held = sim.query(&format!("SELECT AccountId FROM Contact WHERE Id = '{second_there}'"));
    // Prefer Salesforce: its account stands, unless it had none.
    if before.is_none() {
        assert_eq!(text(&held[0]["AccountId"]), *account);
    } else {
        assert_eq!(primary_company(&sim, "contacts", second), before);
    }
    let again = sim.sync(folder.path());
    for side in ["hubspot", "salesforce"] {
        assert_eq!(again[side]["updated"].as_u64(), Some(0), "{again}");
    }
}

#[test]
fn owners_go_by_email_and_one_without_a_match_is_reported_once() {
    let sim = Sim::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let owners = get(&sim, "/crm/v3/owners?limit=100");
    let owners = owners["results"].as_array().unwrap();
    // The simulated org's people have other addresses than the account's; one of them gets an owner's, in capitals.
    let somebody =
        sim.query("SELECT Id FROM User WHERE IsActive = true AND UserType = 'Standard' ORDER BY Id");
    let path = format!("/sobjects/User/{}", text(&somebody.last().unwrap()["Id"]));
    let address = text(&owners[0]["email"]).to_uppercase();
    salesforce(&sim, "PATCH", &path, &json!({"Email": address}));
    let users = sim.query("SELECT Id, Email FROM User WHERE IsActive = true");
    let email = |value: &Value| text(value).to_lowercase();
    let matched = owners.iter().find_map(|owner| {
        let user = users.iter().find(|user| email(&user["Email"]) == email(&owner["email"]))?;
        Some((text(&owner["id"]), text(&user["Id"])))
    });
    assert!(matched.is_some());
    let alone =
        owners.iter().find(|owner| !users.iter().any(|user| email(&user["Email"]) == email(&owner["email"])));
    let mut made = Vec::new();
    for (number, owner) in [matched.as_ref().map(|(id, _)| id.clone()), alone.map(|owner| text(&owner["id"]))]
        .into_iter()
        .flatten()
        .enumerate()
    {
        for copy in 0..2 {
            made.push((
                owner.clone(),
                hubspot(
                    &sim,
                    "POST",
                    "/crm/v3/objects/companies",
                    &json!({"properties": {
                        "name": format!("Owned {number} {copy}"), "hubspot_owner_id": owner,
                        "domain": format!("owned{number}{copy}.example"),
                    }}),
                ),
            ));
        }
    }
    assert!(!made.is_empty(), "the simulated account has no owners");
    sim.sync(folder.path());
    let accounts = sim.query("SELECT Tandem_HubSpot_Id__c, OwnerId FROM Account");
    if let Some((owner, user)) = &matched {
        for (_, record) in made.iter().filter(|(of, _)| of == owner) {
            let account = accounts.iter().find(|row| marked(row) == text(&record["id"])).unwrap();
            assert_eq!(text(&account["OwnerId"]), *user);
        }
    }
    let errors = lines(&sim, &["errors"], folder.path());
    let unmatched: Vec<&Value> = errors.iter().filter(|error| error["code"] == "UNMATCHED_OWNER").collect();
    if let Some(alone) = alone {
        let said: Vec<&&Value> = unmatched.iter().filter(|error| error["record"] == alone["id"]).collect();
        assert_eq!(said.len(), 1, "{unmatched:?}");
        let record = made.iter().find(|(of, _)| *of == text(&alone["id"])).unwrap();
        let kept = get(
            &sim,
            &format!("/crm/v3/objects/companies/{}?properties=hubspot_owner_id", text(&record.1["id"])),
        );
        assert_eq!(kept["properties"]["hubspot_owner_id"], alone["id"], "the owner stays");
    }
}
