//! What both sides hold of what is kept in step, ties between records included, to be compared with another moment.

use std::collections::BTreeMap;

use simulation::world::World;

use crate::invariants::text_of;

/// What is held, by what holds it.
pub type Snapshot = BTreeMap<String, String>;

/// The mapped fields of every live record of mapped objects, whom HubSpot records are associated with and how, and the
/// contact roles of opportunities.
pub fn take(world: &World) -> Snapshot {
    let mut held = Snapshot::new();
    for mapping in world.settings().objects.iter().filter(|mapping| mapping.enabled) {
        let (here, there) = (&mapping.hubspot_object, &mapping.salesforce_object);
        for record in world.hubspot.records(here) {
            held.insert(format!("HubSpot {here} {}", record.id), "there".into());
            for field in &mapping.fields {
                let value = record.properties.get(&field.hubspot).filter(|value| !value.is_empty());
                if let Some(value) = value {
                    held.insert(format!("HubSpot {here} {} {}", record.id, field.hubspot), value.clone());
                }
            }
            for (other, links) in &record.associations {
                for (id, types) in links {
                    held.insert(
                        format!("HubSpot {here} {} with {other} {id}", record.id),
                        format!("{types:?}"),
                    );
                }
            }
        }
        for record in world.salesforce.records(there) {
            held.insert(format!("Salesforce {there} {}", record.id), "there".into());
            for field in &mapping.fields {
                let value = record.fields.get(&field.salesforce).map(text_of).unwrap_or_default();
                if !value.is_empty() {
                    held.insert(format!("Salesforce {there} {} {}", record.id, field.salesforce), value);
                }
            }
        }
    }
    for role in world.salesforce.records("OpportunityContactRole") {
        let of = |field: &str| role.fields.get(field).map(text_of).unwrap_or_default();
        held.insert(
            format!("Salesforce Opportunity {} with Contact {}", of("OpportunityId"), of("ContactId")),
            of("Role"),
        );
    }
    held
}

/// What differs between two moments, each in a line.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let changed = before.iter().filter(|(key, value)| after.get(*key) != Some(value));
    let changed = changed.map(|(key, value)| format!("{key} was {value:?} and is {:?}", after.get(key)));
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    changed.chain(new.map(|(key, value)| format!("{key} is new: {value:?}"))).collect()
}
