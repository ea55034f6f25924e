use model::{FieldMapping, SyncRule};
use serde_json::json;

use crate::place::{play, settings};

/// HubSpot properties by what they hold.
const PROPERTIES: [(&str, &str, &str); 12] = [
    ("t_line", "string", "text"),
    ("t_lines", "string", "textarea"),
    ("t_rich", "string", "html"),
    ("t_phone", "string", "phonenumber"),
    ("t_number", "number", "number"),
    ("t_check", "bool", "booleancheckbox"),
    ("t_date", "date", "date"),
    ("t_moment", "datetime", "date"),
    ("t_select", "enumeration", "select"),
    ("t_radio", "enumeration", "radio"),
    ("t_boxes", "enumeration", "checkbox"),
    ("hubspot_owner_id", "", ""),
];

/// Salesforce fields by what they hold, with their definition where they are made for this.
fn fields() -> Vec<(&'static str, Option<serde_json::Value>)> {
    let list = json!({"valueSetDefinition": {"value": [{"fullName": "a", "label": "A"}]}});
    vec![
        ("S_Text__c", Some(json!({"label": "S Text", "type": "Text", "length": 80}))),
        (
            "S_Long__c",
            Some(json!({"label": "S Long", "type": "LongTextArea", "length": 4000, "visibleLines": 3})),
        ),
        ("S_Rich__c", Some(json!({"label": "S Rich", "type": "Html", "length": 4000, "visibleLines": 10}))),
        ("S_Phone__c", Some(json!({"label": "S Phone", "type": "Phone"}))),
        ("S_Url__c", Some(json!({"label": "S Url", "type": "Url"}))),
        ("S_Number__c", Some(json!({"label": "S Number", "type": "Number", "precision": 10, "scale": 2}))),
        (
            "S_Currency__c",
            Some(json!({"label": "S Currency", "type": "Currency", "precision": 10, "scale": 2})),
        ),
        ("S_Percent__c", Some(json!({"label": "S Percent", "type": "Percent", "precision": 5, "scale": 2}))),
        ("S_Check__c", Some(json!({"label": "S Check", "type": "Checkbox", "defaultValue": "false"}))),
        ("S_Date__c", Some(json!({"label": "S Date", "type": "Date"}))),
        ("S_Moment__c", Some(json!({"label": "S Moment", "type": "DateTime"}))),
        ("S_Pick__c", Some(json!({"label": "S Pick", "type": "Picklist", "valueSet": list}))),
        (
            "S_Multi__c",
            Some(
                json!({"label": "S Multi", "type": "MultiselectPicklist", "visibleLines": 3, "valueSet": list}),
            ),
        ),
        ("OwnerId", None),
        ("ReportsToId", None),
    ]
}

/// Which pairs go together under a rule that writes both sides: `+` yes, `-` refused. Columns as in [`fields`]: text, long,
/// rich, phone, address; number, currency, percent; yes/no; date, moment; choice, choices; owner, record.
const TABLE: [(&str, &str); 12] = [
    ("t_line", "++-++ +++ + ++ ++ --"),
    ("t_lines", "++-++ +++ + ++ ++ --"),
    ("t_rich", "--+-- --- - -- -- --"),
    ("t_phone", "++-++ +++ + ++ ++ --"),
    ("t_number", "++-++ +++ - -- +- --"),
    ("t_check", "++-++ --- + -- +- --"),
    ("t_date", "++-++ --- - ++ -- --"),
    ("t_moment", "++-++ --- - ++ -- --"),
    ("t_select", "++-++ +++ + -- +- --"),
    ("t_radio", "++-++ +++ + -- +- --"),
    ("t_boxes", "++-++ --- - -- -+ --"),
    ("hubspot_owner_id", "----- --- - -- -- +-"),
];

#[test]
fn every_pair_of_types_is_taken_or_refused_in_words() {
    play(settings(), async |place| {
        for (name, kind, shown) in PROPERTIES.iter().filter(|(_, kind, _)| !kind.is_empty()) {
            let option = |value: &str, label: &str, place: u32| json!({"value": value, "label": label, "displayOrder": place});
            let options = match *kind {
                "bool" => json!([option("true", "Yes", 0), option("false", "No", 1)]),
                "enumeration" => json!([option("a", "A", 0)]),
                _ => json!([]),
            };
            let body = json!({"name": name, "label": name, "type": kind, "fieldType": shown,
                              "groupName": "contactinformation", "options": options});
            place.hubspot_call("POST", "/crm/v3/properties/contacts", body).await;
        }
        for (name, metadata) in fields() {
            if let Some(metadata) = metadata {
                place.world.salesforce.ensure_custom_field("Contact", name, &metadata).unwrap();
            }
        }
        let connection = place.open();
        let mut wrong = Vec::new();
        for (property, expected) in TABLE {
            let expected = expected.chars().filter(|mark| *mark != ' ');
            for ((field, _), expected) in fields().into_iter().zip(expected) {
                let mapping = FieldMapping::new(property, field, SyncRule::TwoWay);
                let said = connection.why_not("contacts", "Contact", &mapping).await.unwrap();
                let refused = said.as_ref().is_some_and(|said| {
                    said.contains(property) && said.contains(field) && said.contains("do not go together: ")
                });
                if (expected == '-') != refused || (expected == '+') != said.is_none() {
                    wrong.push(format!("{property} and {field}: expected {expected}, said {said:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn a_mapping_that_would_write_what_cannot_be_written_is_refused_with_the_rule_that_can() {
    play(settings(), async |place| {
        let formula = json!({"label": "Twice", "type": "Text", "formula": "LastName"});
        place.world.salesforce.ensure_custom_field("Contact", "Twice__c", &formula).unwrap();
        let connection = place.open();
        let mapping = FieldMapping::new("city", "Twice__c", SyncRule::TwoWay);
        let said = connection.why_not("contacts", "Contact", &mapping).await.unwrap().unwrap();
        assert!(said.contains("'Twice__c' cannot be written in Salesforce"), "{said}");
        assert!(said.contains("Always use Salesforce"), "{said}");
        let mapping = FieldMapping::new("city", "Twice__c", SyncRule::AlwaysSalesforce);
        assert_eq!(connection.why_not("contacts", "Contact", &mapping).await.unwrap(), None);
        let missing = FieldMapping::new("no_such", "LastName", SyncRule::TwoWay);
        let said = connection.why_not("contacts", "Contact", &missing).await.unwrap().unwrap();
        assert!(said.contains("HubSpot has no property 'no_such' on contacts"), "{said}");
    });
}
