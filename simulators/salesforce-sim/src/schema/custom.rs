//! Objects and fields of the org's own, from the `Metadata` that the Tooling API and the Metadata API take.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{FieldDef, OnDelete};
use crate::rules::formula::Formula;

/// A field of the org's own.
pub(crate) fn custom_field(name: &str, metadata: &Value) -> Result<FieldDef, String> {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let number = |key: &str| {
        let value = metadata.get(key)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|n| u32::try_from(n).ok())
    };
    let yes = |key: &str| metadata.get(key).is_some_and(|v| v == &json!(true) || v == &json!("true"));
    let kind = text("type").ok_or("Required fields are missing: [Type]")?;
    let decimals = |scale| (number("precision").unwrap_or(18), number("scale").unwrap_or(scale));
    let mut field = FieldDef {
        name: name.to_owned(),
        label: text("label").unwrap_or(name).to_owned(),
        custom: true,
        external_id: yes("externalId"),
        unique: yes("unique"),
        case_sensitive: yes("caseSensitive"),
        help: text("inlineHelpText").map(ToOwned::to_owned),
        ..FieldDef::default()
    };
    let formula = text("formula");
    field.kind = match kind {
        "Text" | "AutoNumber" => "string",
        "TextArea" | "LongTextArea" | "Html" => "textarea",
        "EncryptedText" => "encryptedstring",
        "Email" => "email",
        "Phone" => "phone",
        "Url" => "url",
        "Checkbox" => "boolean",
        "Date" => "date",
        "DateTime" => "datetime",
        "Time" => "time",
        "Number" => "double",
        "Currency" => "currency",
        "Percent" => "percent",
        "Picklist" => "picklist",
        "MultiselectPicklist" => "multipicklist",
        "Lookup" | "MasterDetail" => "reference",
        "Location" => "location",
        other => return Err(format!("Unsupported field type: {other}")),
    }
    .to_owned();
    field.length = match kind {
        "Text" if formula.is_some() => 1_300,
        "Text" | "TextArea" | "Url" | "Picklist" => number("length").unwrap_or(255),
        "EncryptedText" => number("length").unwrap_or(175),
        "LongTextArea" | "Html" => number("length").unwrap_or(32_768),
        "Email" => 80,
        "Phone" => 40,
        "AutoNumber" => 30,
        "MultiselectPicklist" => 4_099,
        "Lookup" | "MasterDetail" => 18,
        _ => 0,
    };
    (field.precision, field.scale) = match kind {
        "Number" => decimals(0),
        "Currency" | "Percent" => decimals(2),
        _ => (0, 0),
    };
    choices(&mut field, metadata);
    field.flags = flags(&field, kind, yes("required"), formula.is_some());
    if field.kind == "picklist" && restricted(metadata)
        || field.kind == "multipicklist" && restricted(metadata)
    {
        field.flags.push('r');
    }
    match kind {
        "Lookup" | "MasterDetail" => reference(&mut field, kind, metadata)?,
        "AutoNumber" => field.auto_number = Some(text("displayFormat").unwrap_or("{0}").to_owned()),
        _ => {}
    }
    if let Some(formula) = formula {
        field.formula = Some(Arc::new(Formula::parse(formula)?));
    } else if let Some(default) = metadata.get("defaultValue").filter(|value| !value.is_null()) {
        field.default = default_of(&field, default);
    }
    Ok(field)
}

/// The two numbers that a geolocation is made of: `Place__Latitude__s` and `Place__Longitude__s`.
pub(crate) fn coordinates(location: &FieldDef) -> [FieldDef; 2] {
    let stem = location.name.trim_end_matches("__c");
    ["Latitude", "Longitude"].map(|part| FieldDef {
        name: format!("{stem}__{part}__s"),
        label: format!("{} ({part})", location.label),
        kind: "double".to_owned(),
        precision: 18,
        scale: 15,
        flags: "ncuFSp".to_owned(),
        compound: Some(location.name.clone()),
        custom: true,
        ..FieldDef::default()
    })
}

/// Default values that are plain constants; `defaultValue` is a formula in metadata, so texts are quoted there.
fn default_of(field: &FieldDef, default: &Value) -> Option<Value> {
    match (field.kind.as_str(), default) {
        ("boolean", Value::String(text)) => Some(json!(text.eq_ignore_ascii_case("true"))),
        ("boolean", other) => Some(other.clone()),
        (_, Value::String(text)) => Some(json!(text.trim_matches(['"', '\'']))),
        (_, other) => Some(other.clone()),
    }
}

fn restricted(metadata: &Value) -> bool {
    let set = metadata.get("valueSet");
    let flag = set.and_then(|set| set.get("restricted"));
    flag.is_some_and(|flag| flag == &json!(true) || flag == &json!("true"))
}

fn choices(field: &mut FieldDef, metadata: &Value) {
    let set = metadata.get("valueSet").and_then(|set| set.get("valueSetDefinition"));
    let values = set.or_else(|| metadata.get("picklist"));
    let values = values.and_then(|set| set.get("value").or_else(|| set.get("picklistValues")));
    let mut labels = BTreeMap::new();
    let list = match values {
        Some(Value::Array(list)) => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => Vec::new(),
    };
    for value in &list {
        let name = value.get("valueName").or_else(|| value.get("fullName")).and_then(Value::as_str);
        let Some(name) = name else { continue };
        if let Some(label) = value.get("label").and_then(Value::as_str).filter(|label| *label != name) {
            labels.insert(name.to_owned(), label.to_owned());
        }
        if value.get("default").is_some_and(|own| own == &json!(true) || own == &json!("true")) {
            field.default = Some(json!(name));
        }
        field.choices.push(name.to_owned());
    }
    field.choice_labels = labels;
}

fn flags(field: &FieldDef, kind: &str, required: bool, formula: bool) -> String {
    let long = field.kind == "textarea" && field.length > 255;
    let mut flags = String::new();
    let nillable = !required && !matches!(kind, "MasterDetail" | "AutoNumber" | "Checkbox");
    if formula || nillable {
        flags.push('n');
    }
    if !formula && !matches!(kind, "AutoNumber" | "Location") {
        flags.push_str("cu");
    }
    if matches!(kind, "Checkbox" | "AutoNumber") && !formula {
        flags.push('d');
    }
    if !long && kind != "EncryptedText" {
        flags.push('F');
        if !matches!(field.kind.as_str(), "multipicklist" | "location") {
            flags.push('S');
        }
        let measured = ["double", "currency", "percent", "datetime", "time", "multipicklist", "location"];
        let composed = formula && field.kind == "string";
        if !composed && !measured.contains(&field.kind.as_str()) {
            flags.push('G');
        }
    }
    if kind == "Html" {
        flags.push('h');
    }
    // Access to required fields and to masters cannot be taken away.
    if formula || nillable || kind == "Checkbox" {
        flags.push('p');
    }
    flags
}

fn reference(field: &mut FieldDef, kind: &str, metadata: &Value) -> Result<(), String> {
    let target = metadata.get("referenceTo").and_then(Value::as_str);
    let target =
        target.ok_or("Must specify 'referenceTo' for a CustomField of type Lookup or MasterDetail")?;
    field.targets = vec![target.to_owned()];
    field.relationship = Some(field.name.trim_end_matches("__c").to_owned() + "__r");
    field.flags.push('s');
    if kind == "MasterDetail" {
        let order = metadata.get("relationshipOrder");
        let order = order.and_then(|order| order.as_u64().or_else(|| order.as_str()?.parse().ok()));
        field.master = Some(order.and_then(|order| u32::try_from(order).ok()).unwrap_or(0));
        field.on_delete = OnDelete::Cascade;
        let reparentable = metadata.get("reparentableMasterDetail");
        if !reparentable.is_some_and(|flag| flag == &json!(true) || flag == &json!("true")) {
            field.flags = field.flags.replace('u', "");
        }
    } else {
        field.on_delete = match metadata.get("deleteConstraint").and_then(Value::as_str) {
            Some("Cascade") => OnDelete::Cascade,
            Some("Restrict") => OnDelete::Restrict,
            _ => OnDelete::Clear,
        };
    }
    Ok(())
}
