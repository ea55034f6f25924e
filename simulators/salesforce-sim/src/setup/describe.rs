//! What the Metadata API says of itself.

use serde_json::{Value, json};

use super::kinds;

/// The answer of `describeMetadata`.
pub(super) fn describe() -> Value {
    let objects: Vec<Value> = kinds::all()
        .iter()
        .filter(|kind| !kind.child)
        .map(|kind| {
            let mut value = json!({
                "directoryName": kind.directory,
                "inFolder": false,
                "metaFile": kind.meta_file,
                "xmlName": kind.name,
            });
            if !kind.suffix.is_empty() {
                value["suffix"] = json!(kind.suffix);
            }
            if !kind.children.is_empty() {
                let children: Vec<&str> = kind.children.iter().map(|(_, child)| *child).collect();
                value["childXmlNames"] = json!(children);
            }
            value
        })
        .collect();
    json!({
        "metadataObjects": objects,
        "organizationNamespace": "",
        "partialSaveAllowed": true,
        "testRequired": false,
    })
}
