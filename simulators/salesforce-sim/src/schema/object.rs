//! Objects of the org's own, from their metadata.

use serde_json::Value;

use super::parse::field_of;
use super::{FieldDef, ObjectDef};

const AUDIT: [&str; 5] = [
    "CreatedDate|Created Date|datetime|dFS",
    "CreatedById|Created By ID|reference:18>User=CreatedBy|dFSG",
    "LastModifiedDate|Last Modified Date|datetime|dFS",
    "LastModifiedById|Last Modified By ID|reference:18>User=LastModifiedBy|dFSG",
    "SystemModstamp|System Modstamp|datetime|dFS",
];

/// An object of the org's own without the fields that its metadata lists: a custom object, a custom setting, a kind of
/// custom metadata, or a platform event.
pub(crate) fn setup_object(name: &str, prefix: &str, metadata: &Value) -> ObjectDef {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let label = text("label").unwrap_or_else(|| name.split("__").next().unwrap_or(name));
    let setting = text("customSettingsType").is_some();
    let (event, kind) = (name.ends_with("__e"), name.ends_with("__mdt"));
    let plain = !setting && !event && !kind;
    let mut def = ObjectDef {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        label: label.to_owned(),
        plural: text("pluralLabel").unwrap_or(label).to_owned(),
        flags: if plain {
            "cudUlSXtr"
        } else if kind {
            ""
        } else {
            "cud"
        }
        .to_owned(),
        writable: !kind,
        custom: true,
        ..ObjectDef::default()
    };
    let mut add = |line: &str| def.add(field_of(line));
    if event {
        add("ReplayId|Replay ID|string:1000|n");
        add("EventUuid|Event UUID|string:36|nFSG");
        add(AUDIT[0]);
        add(AUDIT[1]);
        return def;
    }
    add("Id|Record ID|id:18|dkFSG");
    if kind {
        add("DeveloperName|Custom Metadata Record Name|string:40|cuFSG");
        add("MasterLabel|Label|string:40|cuNFSG");
        add("Language|Master Language|picklist:40|cudrFSG||*en_US");
        add("NamespacePrefix|Namespace Prefix|string:15|nFSG");
        add("Label|Label|string:40|cuFSG");
        add("QualifiedApiName|Qualified API Name|string:70|nFSG");
        add("SystemModstamp|System Modstamp|datetime|dFS");
        return def;
    }
    let detail = text("sharingModel") == Some("ControlledByParent");
    if plain && !detail {
        add("OwnerId|Owner ID|reference:18>Group,User=Owner|cudFSG");
    }
    add("IsDeleted|Deleted|boolean|dFSG");
    let name_label = metadata.pointer("/nameField/label").and_then(Value::as_str).unwrap_or("Name");
    if metadata.pointer("/nameField/type").and_then(Value::as_str) == Some("AutoNumber") {
        let format = metadata.pointer("/nameField/displayFormat").and_then(Value::as_str).unwrap_or("{0}");
        let own = field_of(&format!("Name|{name_label}|string:80|dkNFSG"));
        def.add(FieldDef { auto_number: Some(format.to_owned()), ..own });
    } else {
        add(&format!("Name|{name_label}|string:80|ncudkNFSG"));
    }
    if setting {
        def.add(field_of("SetupOwnerId|Location|reference:18>Organization,Profile,User=SetupOwner|cudFSG"));
    }
    AUDIT.iter().for_each(|line| def.add(field_of(line)));
    if plain {
        for line in [
            "LastActivityDate|Last Activity Date|date|nFSG",
            "LastViewedDate|Last Viewed Date|datetime|nFS",
            "LastReferencedDate|Last Referenced Date|datetime|nFS",
        ] {
            def.add(field_of(line));
        }
    }
    def
}
