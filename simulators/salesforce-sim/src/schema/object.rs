//! Objects of the org's own that hold settings or events, from their metadata.

use serde_json::Value;

use super::ObjectDef;
use super::parse::{AUDIT, field_of};

/// A custom setting, a kind of custom metadata, or a platform event, without the fields that its metadata lists.
pub(crate) fn setup_object(name: &str, prefix: &str, metadata: &Value) -> ObjectDef {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let label = text("label").unwrap_or_else(|| name.split("__").next().unwrap_or(name));
    let (event, kind) = (name.ends_with("__e"), name.ends_with("__mdt"));
    let mut def = ObjectDef {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        label: label.to_owned(),
        plural: text("pluralLabel").unwrap_or(label).to_owned(),
        flags: if kind { "" } else { "cud" }.to_owned(),
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
    add("IsDeleted|Deleted|boolean|dFSG");
    add("Name|Name|string:80|ncudkNFSG");
    add("SetupOwnerId|Location|reference:18>Organization,Profile,User=SetupOwner|cudFSG");
    AUDIT.iter().for_each(|line| def.add(field_of(line)));
    def
}
