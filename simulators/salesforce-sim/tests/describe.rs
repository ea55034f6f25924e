//! What the org says of its objects, beside what real orgs said of theirs.
//!
//! The second test reads answers recorded from real orgs, where `RECORDED_DESCRIBES` names a folder of them
//! (`GET_sobjects_Account_describe.json`, …). They are not part of this repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests are here")]

mod common;

use std::collections::BTreeSet;

use common::Org;
use serde_json::Value;

const OBJECT_KEYS: &str = "actionOverrides activateable associateEntityType associateParentEntity childRelationships \
    compactLayoutable createable custom customSetting deepCloneable defaultImplementation deletable \
    deprecatedAndHidden extendedBy extendsInterfaces feedEnabled fields hasSubtypes implementedBy \
    implementsInterfaces isInterface isSubtype keyPrefix label labelPlural layoutable listviewable lookupLayoutable \
    mergeable mruEnabled name namedLayoutInfos networkScopeFieldName queryable recordTypeInfos replicateable \
    retrieveable searchLayoutable searchable sobjectDescribeOption supportedScopes triggerable undeletable updateable \
    urls";
const FIELD_KEYS: &str = "aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula \
    cascadeDelete caseSensitive compoundFieldName controllerName createable custom defaultValue defaultValueFormula \
    defaultedOnCreate dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted externalId \
    extraTypeInfo filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable highScaleNumber htmlFormatted \
    idLookup inlineHelpText label length mask maskType name nameField namePointing nillable permissionable \
    picklistValues polymorphicForeignKey precision queryByDistance referenceTargetField referenceTo relationshipName \
    relationshipOrder restrictedDelete restrictedPicklist scale searchPrefilterable soapType sortable type unique \
    updateable writeRequiresMasterRead";

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_object_and_field_has_the_attributes_that_clients_read() {
    let org = Org::new();
    let global = org.get("/sobjects").await.json();
    for summary in global["sobjects"].as_array().unwrap() {
        let name = summary["name"].as_str().unwrap();
        let described = org.get(&format!("/sobjects/{name}/describe")).await.json();
        assert_eq!(keys(&described), OBJECT_KEYS.split_whitespace().collect(), "{name}");
        for (key, value) in summary.as_object().unwrap().iter().filter(|(key, _)| *key != "urls") {
            assert_eq!(&described[key], value, "{name}.{key}");
        }
        let mut names = BTreeSet::new();
        for field in described["fields"].as_array().unwrap() {
            let path = format!("{name}.{}", field["name"]);
            assert_eq!(keys(field), FIELD_KEYS.split_whitespace().collect(), "{path}");
            assert!(names.insert(field["name"].as_str().unwrap().to_owned()), "{path} twice");
            for number in ["byteLength", "digits", "length", "precision", "scale"] {
                assert!(field[number].is_u64(), "{path} {number}");
            }
            let picks = matches!(field["type"].as_str(), Some("picklist" | "multipicklist" | "combobox"));
            assert!(picks || field["picklistValues"] == serde_json::json!([]), "{path}");
            assert_eq!(field["type"] == "reference", field["referenceTo"] != serde_json::json!([]), "{path}");
        }
        assert!(names.contains("Id"), "{name}");
        for child in described["childRelationships"].as_array().unwrap() {
            assert_eq!(child.as_object().unwrap().len(), 8, "{child}");
        }
    }
}

/// Where a recorded org was set up in its own way, or an older release said something else.
fn known_difference(object: &str, field: &str, key: &str) -> bool {
    matches!(
        (object, field, key),
        // Lists that the simulator keeps short.
        (_, "RecurrenceTimeZoneSidKey", "picklistValues")
            | ("Task" | "Event", "WhatId", "referenceTo")
            // Only there is a date not aggregated.
            | ("Event", "ActivityDate", "aggregatable")
    )
}

#[tokio::test]
async fn descriptions_say_what_real_orgs_said() {
    let Some(folder) = std::env::var_os("RECORDED_DESCRIBES") else { return };
    let org = Org::new();
    let global = org.get("/sobjects").await.json();
    let known: BTreeSet<&str> = global["sobjects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    let mut differences = Vec::new();
    let mut compared = 0;
    for object in ["Account", "Contact", "Lead", "Opportunity", "Case", "Event", "OpportunityContactRole"] {
        let path = std::path::Path::new(&folder).join(format!("GET_sobjects_{object}_describe.json"));
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let ours = org.get(&format!("/sobjects/{object}/describe")).await.json();
        let skipped = ["fields", "childRelationships", "urls", "recordTypeInfos", "supportedScopes"];
        for (key, value) in
            recorded.as_object().unwrap().iter().filter(|(k, _)| !skipped.contains(&k.as_str()))
        {
            compared += 1;
            if &ours[key] != value {
                differences.push(format!("{object}.{key}: {value}, and ours {}", ours[key]));
            }
        }
        for key in keys(&recorded["urls"]) {
            let older = [
                "defaultValues",
                "caseArticleSuggestions",
                "caseRowArticleSuggestions",
                "eventSeriesUpdates",
            ];
            if !older.contains(&key) && ours["urls"].get(key).is_none() {
                differences.push(format!("{object}.urls.{key} is missing"));
            }
        }
        for field in recorded["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            if field["custom"] == true || name.ends_with("__c") {
                continue;
            }
            let own = ours["fields"].as_array().unwrap().iter().find(|own| own["name"] == name);
            let Some(own) = own else {
                differences.push(format!("{object}.{name} is missing"));
                continue;
            };
            for (key, value) in field.as_object().unwrap() {
                compared += 1;
                if &own[key] != value && !known_difference(object, name, key) {
                    differences.push(format!("{object}.{name}.{key}: {value}, and ours {}", own[key]));
                }
            }
        }
        for child in recorded["childRelationships"].as_array().unwrap() {
            let (child_object, field) = (child["childSObject"].as_str().unwrap(), &child["field"]);
            // Users of portals, which the simulator has none of.
            if matches!(child_object, "User" | "UserRole") {
                continue;
            }
            if !known.contains(child_object)
                || child_object.ends_with("__c")
                || field.as_str().unwrap().ends_with("__c")
            {
                continue;
            }
            let own = ours["childRelationships"].as_array().unwrap().iter();
            let mut own = own.filter(|own| own["childSObject"] == child_object && &own["field"] == field);
            compared += 1;
            if own.next() != Some(child) {
                differences.push(format!("{object}: relationship of {child_object}.{field}: {child}"));
            }
        }
    }
    assert!(compared > 10_000, "compared {compared}");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
