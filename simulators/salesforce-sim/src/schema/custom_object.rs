//! Objects of the org's own, from the `Metadata` that the Metadata API takes.

use serde_json::Value;

use super::parse::{AUDIT, field_of, history_object};
use super::{FieldDef, Link, ObjectDef};

/// An object of the org's own, the object that records its history, and what refers to what.
pub(crate) struct CustomObject {
    pub object: ObjectDef,
    pub history: ObjectDef,
    pub links: Vec<(String, Link)>,
}

/// An object of the org's own, from its `label`, `pluralLabel`, `nameField` and `enableHistory`; and the object that
/// records its history.
pub(crate) fn custom_object(
    name: &str,
    prefix: &str,
    history_prefix: &str,
    metadata: &Value,
) -> Result<CustomObject, String> {
    if !name.ends_with("__c") {
        return Err(format!("{name} is no name of a custom object: it must end with __c"));
    }
    let label = metadata.get("label").and_then(Value::as_str).unwrap_or_else(|| name.trim_end_matches("__c"));
    let plural = metadata.get("pluralLabel").and_then(Value::as_str).unwrap_or(label);
    let mut def = ObjectDef {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        label: label.to_owned(),
        plural: plural.to_owned(),
        flags: "cudUlSXtr".to_owned(),
        writable: true,
        custom: true,
        ..ObjectDef::default()
    };
    let name_field = metadata.get("nameField").cloned().unwrap_or(Value::Null);
    let name_label = name_field.get("label").and_then(Value::as_str).unwrap_or("Name");
    let auto = name_field.get("type").and_then(Value::as_str) == Some("AutoNumber");
    let format = name_field.get("displayFormat").and_then(Value::as_str).unwrap_or("{0}");
    let own_name = if auto {
        FieldDef {
            auto_number: Some(format.to_owned()),
            ..field_of(&format!("Name|{name_label}|string:80|dkNFSG"))
        }
    } else {
        field_of(&format!("Name|{name_label}|string:80|ncudkNFSG"))
    };
    let detail = metadata.get("sharingModel").and_then(Value::as_str) == Some("ControlledByParent");
    def.add(field_of("Id|Record ID|id:18|dkFSG"));
    if !detail {
        def.add(field_of("OwnerId|Owner ID|reference:18>Group,User=Owner|cudFSG"));
    }
    def.add(field_of("IsDeleted|Deleted|boolean|dFSG"));
    def.add(own_name);
    AUDIT.iter().for_each(|line| def.add(field_of(line)));
    for line in [
        "LastActivityDate|Last Activity Date|date|nFSG",
        "LastViewedDate|Last Viewed Date|datetime|nFS",
        "LastReferencedDate|Last Referenced Date|datetime|nFS",
    ] {
        def.add(field_of(line));
    }
    let mut links = Vec::new();
    let history = name.replace("__c", "__History");
    let history = history_object(name, history_prefix, &history, "ParentId", &mut links);
    Ok(CustomObject { object: def, history, links })
}
