//! What differs between two settings, for people.

use engine::Settings;
use model::{ObjectMapping, Side};
use serde_json::Value;

use crate::said;
use crate::texts::Texts;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about, such as `Contacts ↔ Contact`; empty for the whole connection.
    pub about: String,
    /// What is different.
    pub what: String,
    /// What it was.
    pub before: String,
    /// What it will be.
    pub after: String,
}

/// What two objects are called together.
#[must_use]
pub fn pair_name(t: Texts, mapping: &ObjectMapping) -> String {
    let hubspot = said::object(t, Side::HubSpot, &mapping.hubspot_object);
    let salesforce = said::object(t, Side::Salesforce, &mapping.salesforce_object);
    format!("{hubspot} ↔ {salesforce}")
}

/// What differs between the settings that stand and others.
#[must_use]
pub fn differences(t: Texts, before: &Settings, after: &Settings) -> Vec<Difference> {
    let mut found = Vec::new();
    for mapping in &after.objects {
        let about = pair_name(t, mapping);
        let same = |known: &&ObjectMapping| {
            known.hubspot_object == mapping.hubspot_object
                && known.salesforce_object == mapping.salesforce_object
        };
        match before.objects.iter().find(same) {
            Some(known) => of_mapping(t, &about, known, mapping, &mut found),
            None => found.push(Difference {
                about,
                what: t.get("settings-diff-object"),
                before: String::new(),
                after: t.get("settings-diff-new"),
            }),
        }
    }
    for mapping in &before.objects {
        let kept = after.objects.iter().any(|other| {
            other.hubspot_object == mapping.hubspot_object
                && other.salesforce_object == mapping.salesforce_object
        });
        if !kept {
            found.push(Difference {
                about: pair_name(t, mapping),
                what: t.get("settings-diff-object"),
                before: t.get("settings-diff-was"),
                after: t.get("settings-diff-removed"),
            });
        }
    }
    let (before, after) = (json(before), json(after));
    of_values(t, "", &before, &after, &["objects"], &mut found);
    found
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn of_mapping(
    t: Texts,
    about: &str,
    before: &ObjectMapping,
    after: &ObjectMapping,
    found: &mut Vec<Difference>,
) {
    of_values(t, about, &json(before), &json(after), &["fields"], found);
    for field in &after.fields {
        let what = format!("{} ↔ {}", field.hubspot, field.salesforce);
        let known = before
            .fields
            .iter()
            .find(|known| known.hubspot == field.hubspot && known.salesforce == field.salesforce);
        match known {
            None => found.push(Difference {
                about: about.to_owned(),
                what,
                before: t.get("settings-diff-not-mapped"),
                after: said::rule(t, field.rule),
            }),
            Some(known) if known.rule != field.rule => found.push(Difference {
                about: about.to_owned(),
                what,
                before: said::rule(t, known.rule),
                after: said::rule(t, field.rule),
            }),
            Some(known) if known != field => found.push(Difference {
                about: about.to_owned(),
                what,
                before: shown(t, &json(known)),
                after: shown(t, &json(field)),
            }),
            Some(_) => {}
        }
    }
    for field in &before.fields {
        let kept = after
            .fields
            .iter()
            .any(|other| other.hubspot == field.hubspot && other.salesforce == field.salesforce);
        if !kept {
            found.push(Difference {
                about: about.to_owned(),
                what: format!("{} ↔ {}", field.hubspot, field.salesforce),
                before: said::rule(t, field.rule),
                after: t.get("settings-diff-not-mapped"),
            });
        }
    }
}

/// The keys under which two values differ, but for `others`.
fn of_values(
    t: Texts,
    about: &str,
    before: &Value,
    after: &Value,
    others: &[&str],
    found: &mut Vec<Difference>,
) {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (was, will) = (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
        if was == will || others.contains(&key.as_str()) {
            continue;
        }
        let named = format!("settings-key-{}", key.replace('_', "-"));
        found.push(Difference {
            about: about.to_owned(),
            what: if t.has(&named) { t.get(&named) } else { key.clone() },
            before: shown(t, was),
            after: shown(t, will),
        });
    }
}

/// A value of a setting, for people.
fn shown(t: Texts, value: &Value) -> String {
    match value {
        Value::Null => t.get("settings-value-none"),
        Value::Bool(true) => t.get("settings-value-yes"),
        Value::Bool(false) => t.get("settings-value-no"),
        Value::String(text) => text.clone(),
        other => said::short(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use model::{FieldMapping, SyncRule};

    use super::*;
    use crate::texts::Language;

    #[test]
    fn every_change_is_told_and_nothing_else() {
        let t = Texts(Language::English);
        let before = Settings::recommended();
        assert_eq!(differences(t, &before, &before), []);
        let mut after = before.clone();
        after.objects[1].enabled = false;
        after.objects[1].fields[0].rule = SyncRule::TwoWay;
        after.objects[1].fields.remove(1);
        after.objects[1].fields.push(FieldMapping::new("hobby", "Hobby__c", SyncRule::TwoWay));
        after.brake.percent = 3;
        let told = differences(t, &before, &after);
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told.iter().any(|found| found.what == "hobby ↔ Hobby__c" && found.after == "Two-way"));
        assert!(told.iter().any(|found| found.about.is_empty() && found.after.contains('3')));
        assert!(told.iter().any(|found| found.before == "yes" && found.after == "no"));
    }
}
