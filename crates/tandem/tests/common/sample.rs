//! What both sides hold, and what was planned and done, to be compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Sim;

/// Every mapped field of every live record, associations and contact roles included: side, object, record, field.
pub type Held = BTreeMap<(String, String, String, String), Value>;

/// What both sides hold in the mapped fields.
pub fn held(sim: &Sim) -> Held {
    let mut held = Held::new();
    for mapping in engine::Settings::recommended().objects.iter().filter(|mapping| mapping.enabled) {
        let names = mapping.fields.iter().map(|field| field.hubspot.clone());
        let (ties, fields): (Vec<String>, Vec<String>) =
            names.partition(|name| name.starts_with("association:"));
        let records = sim.hubspot_records(&mapping.hubspot_object, fields);
        let ids: Vec<String> = records.keys().cloned().collect();
        keep(&mut held, "hubspot", &mapping.hubspot_object, records);
        for tie in ties {
            let to = tie.split(':').nth(1).unwrap();
            associated(sim, &mut held, &mapping.hubspot_object, to, &ids);
        }
        let mut fields: Vec<String> = mapping.fields.iter().map(|field| field.salesforce.clone()).collect();
        // Contact roles are records of their own, and this org has one currency.
        fields
            .retain(|field| !matches!(field.as_str(), "Id" | "OpportunityContactRoles" | "CurrencyIsoCode"));
        fields.sort();
        fields.dedup();
        let rows = sim.query(&format!("SELECT Id, {} FROM {}", fields.join(", "), mapping.salesforce_object));
        let rows = rows.into_iter().map(|row| (row["Id"].as_str().unwrap().to_owned(), row));
        keep(&mut held, "salesforce", &mapping.salesforce_object, rows.collect());
    }
    for role in sim.query("SELECT OpportunityId, ContactId, Role, IsPrimary FROM OpportunityContactRole") {
        let of = |name: &str| role[name].as_str().unwrap().to_owned();
        let field = format!("contact role of {}", of("ContactId"));
        let key = ("salesforce".into(), "Opportunity".into(), of("OpportunityId"), field);
        held.insert(key, json!([role["Role"], role["IsPrimary"]]));
    }
    held
}

/// Whom records of one object are associated with, and how.
fn associated(sim: &Sim, held: &mut Held, from: &str, to: &str, ids: &[String]) {
    for some in ids.chunks(1000) {
        let inputs: Vec<Value> = some.iter().map(|id| json!({ "id": id })).collect();
        let path = format!("/crm/v4/associations/{from}/{to}/batch/read");
        let answer = sim.change("POST", "hubspot", &path, &json!({ "inputs": inputs }));
        for row in answer["results"].as_array().into_iter().flatten() {
            let record = row["from"]["id"].as_str().unwrap();
            for link in row["to"].as_array().unwrap() {
                let types = link["associationTypes"].as_array().unwrap();
                let types: Vec<&Value> = types.iter().map(|one| &one["typeId"]).collect();
                let field = format!("associated with {to} {}", link["toObjectId"]);
                held.insert(("hubspot".into(), from.into(), record.into(), field), json!(types));
            }
        }
    }
}

fn keep(held: &mut Held, side: &str, object: &str, records: BTreeMap<String, Value>) {
    for (id, values) in records {
        held.insert((side.into(), object.into(), id.clone(), "is there".into()), true.into());
        for (field, value) in values.as_object().unwrap() {
            if field != "attributes" && !value.is_null() && value != "" {
                held.insert((side.into(), object.into(), id.clone(), field.clone()), value.clone());
            }
        }
    }
}

/// What differs between two moments, in words.
pub fn differences(before: &Held, after: &Held) -> Vec<String> {
    let mut told = Vec::new();
    for (key, value) in before {
        if after.get(key) != Some(value) {
            told.push(format!("{key:?} was {value}, is {:?}", after.get(key)));
        }
    }
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    told.extend(new.map(|(key, value)| format!("{key:?} is new: {value}")));
    told
}

/// Created and written values: side, object, field, value, and how often.
pub type Writes = BTreeMap<(String, String, String, String), u64>;

fn key(of: &Value, field: &Value, value: &Value) -> (String, String, String, String) {
    // HubSpot cuts a web address down to its domain when it stores it, so the history has another value than the plan;
    // and a record that is still to be made has no id yet.
    let field_name = text(field);
    let reference = field_name.starts_with("association:")
        || ["AccountId", "ParentId", "OpportunityContactRoles"].contains(&field_name.as_str());
    let value = if reference || field == "domain" { String::new() } else { text(value) };
    (text(&of["side"]), text(&of["object"]), text(field), value)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a plan would create and write.
pub fn planned(plan: &Value) -> Writes {
    let mut writes = Writes::new();
    for record in plan["records"].as_array().unwrap() {
        if !matches!(record["action"].as_str().unwrap(), "create" | "update") {
            continue;
        }
        for field in record["fields"].as_array().unwrap().iter().filter(|field| !field["field"].is_null()) {
            *writes.entry(key(record, &field["field"], &field["after"])).or_default() += 1;
        }
    }
    writes
}

/// What the history says was written.
pub fn done(history: &str) -> Writes {
    let mut writes = Writes::new();
    for line in history.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["outcome"] == "written" {
            *writes.entry(key(&line, &line["field"], &line["after"])).or_default() += 1;
        }
    }
    writes
}
