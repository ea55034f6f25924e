//! Objects and fields, and how the org describes them.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::soql::{ChildRelationship, FieldInfo, FieldKind};

const STANDARD: &str = include_str!("standard.txt");

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct FieldDef {
    pub name: String,
    pub label: String,
    /// The `type` of describe.
    pub kind: String,
    pub length: u32,
    pub precision: u32,
    pub scale: u32,
    pub digits: u32,
    pub flags: String,
    pub compound: Option<String>,
    pub choices: Vec<String>,
    pub targets: Vec<String>,
    pub relationship: Option<String>,
    pub custom: bool,
    pub external_id: bool,
    pub unique: bool,
    pub case_sensitive: bool,
}

impl FieldDef {
    pub fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    pub fn kind(&self) -> FieldKind {
        FieldKind::from_describe(&self.kind, self.length)
    }

    /// Whether a new record must bring it.
    pub fn is_required(&self) -> bool {
        self.has('c') && !self.has('n') && !self.has('d') && self.kind != "boolean"
    }

    pub fn info(&self) -> FieldInfo {
        let mut info = FieldInfo::new(self.name.clone(), self.kind());
        info.custom = self.custom;
        info.filterable = self.has('F');
        info.groupable = self.has('G');
        info.sortable = self.has('S');
        info.case_sensitive = self.case_sensitive;
        info.reference_to.clone_from(&self.targets);
        info.relationship_name.clone_from(&self.relationship);
        info
    }

    /// The field as describe answers it.
    pub fn describe(&self) -> Value {
        let text = matches!(
            self.kind.as_str(),
            "string" | "email" | "phone" | "url" | "textarea" | "picklist" | "multipicklist" | "combobox"
        );
        let byte_length = match self.kind.as_str() {
            "id" | "reference" => 18,
            _ if text => self.length * 3,
            _ => 0,
        };
        let soap = match self.kind.as_str() {
            "id" | "reference" => "tns:ID",
            "boolean" => "xsd:boolean",
            "int" => "xsd:int",
            "double" | "currency" | "percent" => "xsd:double",
            "date" => "xsd:date",
            "datetime" => "xsd:dateTime",
            "address" => "urn:address",
            _ => "xsd:string",
        };
        let default = if self.kind == "boolean" { json!(false) } else { Value::Null };
        let choices: Vec<Value> = self
            .choices
            .iter()
            .map(|value| json!({"active": true, "defaultValue": false, "label": value, "validFor": null, "value": value}))
            .collect();
        let aggregatable =
            self.kind != "address" && self.kind != "boolean" && self.kind() != FieldKind::LongText;
        json!({
            "aggregatable": aggregatable,
            "aiPredictionField": false,
            "autoNumber": false,
            "byteLength": byte_length,
            "calculated": self.has('C'),
            "calculatedFormula": null,
            "cascadeDelete": false,
            "caseSensitive": self.case_sensitive,
            "compoundFieldName": self.compound,
            "controllerName": null,
            "createable": self.has('c'),
            "custom": self.custom,
            "defaultValue": default,
            "defaultValueFormula": null,
            "defaultedOnCreate": self.has('d'),
            "dependentPicklist": false,
            "deprecatedAndHidden": false,
            "digits": self.digits,
            "displayLocationInDecimal": false,
            "encrypted": false,
            "externalId": self.external_id,
            "extraTypeInfo": if self.kind == "textarea" { json!("plaintextarea") } else { Value::Null },
            "filterable": self.has('F'),
            "filteredLookupInfo": null,
            "formulaTreatNullNumberAsZero": false,
            "groupable": self.has('G'),
            "highScaleNumber": false,
            "htmlFormatted": false,
            "idLookup": self.has('k') || self.external_id,
            "inlineHelpText": null,
            "label": self.label,
            "length": self.length,
            "mask": null,
            "maskType": null,
            "name": self.name,
            "nameField": self.has('N'),
            "namePointing": self.targets.len() > 1,
            "nillable": self.has('n'),
            "permissionable": self.has('n') && (self.has('c') || self.has('u')),
            "picklistValues": choices,
            "polymorphicForeignKey": self.targets.len() > 1,
            "precision": self.precision,
            "queryByDistance": self.kind == "address",
            "referenceTargetField": null,
            "referenceTo": self.targets,
            "relationshipName": self.relationship,
            "relationshipOrder": null,
            "restrictedDelete": false,
            "restrictedPicklist": self.has('r'),
            "scale": self.scale,
            "searchPrefilterable": self.kind == "reference",
            "soapType": soap,
            "sortable": self.has('S'),
            "type": self.kind,
            "unique": self.unique,
            "updateable": self.has('u'),
            "writeRequiresMasterRead": false,
        })
    }
}

/// An object.
#[derive(Debug, Clone)]
pub(crate) struct ObjectDef {
    pub name: String,
    pub prefix: String,
    pub label: String,
    pub plural: String,
    pub writable: bool,
    pub fields: IndexMap<String, Arc<FieldDef>>,
    pub children: Vec<ChildRelationship>,
    by_lower: HashMap<String, usize>,
}

impl ObjectDef {
    /// A field and its place, by its name in any case.
    pub fn field(&self, name: &str) -> Option<(usize, &Arc<FieldDef>)> {
        let at = match self.fields.get_index_of(name) {
            Some(at) => at,
            None => *self.by_lower.get(&name.to_ascii_lowercase())?,
        };
        self.fields.get_index(at).map(|(_, field)| (at, field))
    }

    pub fn field_at(&self, at: usize) -> Option<&Arc<FieldDef>> {
        self.fields.get_index(at).map(|(_, field)| field)
    }

    pub fn add(&mut self, field: FieldDef) {
        let (at, _) = self.fields.insert_full(field.name.clone(), Arc::new(field.clone()));
        self.by_lower.insert(field.name.to_ascii_lowercase(), at);
    }

    fn flags(&self) -> Map<String, Value> {
        let own = json!({
            "activateable": false, "associateEntityType": null, "associateParentEntity": null,
            "createable": self.writable, "custom": false, "customSetting": false, "deepCloneable": false,
            "deletable": self.writable, "deprecatedAndHidden": false, "feedEnabled": self.writable,
            "hasSubtypes": false, "isInterface": false, "isSubtype": false, "keyPrefix": self.prefix,
            "label": self.label, "labelPlural": self.plural, "layoutable": self.writable,
            "mergeable": matches!(self.name.as_str(), "Account" | "Contact" | "Lead"),
            "mruEnabled": self.writable, "name": self.name, "queryable": true, "replicateable": true,
            "retrieveable": true, "searchable": self.writable, "triggerable": self.writable,
            "undeletable": self.fields.contains_key("IsDeleted"), "updateable": self.writable,
        });
        match own {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn urls(&self, version: &str) -> Value {
        let base = format!("/services/data/v{version}/sobjects/{}", self.name);
        json!({
            "compactLayouts": format!("{base}/describe/compactLayouts"),
            "rowTemplate": format!("{base}/{{ID}}"),
            "describe": format!("{base}/describe"),
            "layouts": format!("{base}/describe/layouts"),
            "sobject": base,
        })
    }

    /// The object as the list of all objects names it.
    pub fn summary(&self, version: &str) -> Value {
        let mut summary = self.flags();
        summary.insert("urls".into(), self.urls(version));
        Value::Object(summary)
    }

    /// The object with all its fields.
    pub fn describe(&self, version: &str) -> Value {
        let mut described = self.flags();
        let children: Vec<Value> = self
            .children
            .iter()
            .map(|child| {
                json!({
                    "cascadeDelete": false, "childSObject": child.object, "deprecatedAndHidden": false,
                    "field": child.field, "junctionIdListNames": [], "junctionReferenceTo": [],
                    "relationshipName": child.name, "restrictedDelete": false,
                })
            })
            .collect();
        let more = json!({
            "actionOverrides": [],
            "childRelationships": children,
            "compactLayoutable": self.writable,
            "defaultImplementation": null,
            "extendedBy": null,
            "extendsInterfaces": null,
            "fields": self.fields.values().map(|field| field.describe()).collect::<Vec<_>>(),
            "implementedBy": null,
            "implementsInterfaces": null,
            "listviewable": null,
            "lookupLayoutable": null,
            "namedLayoutInfos": [],
            "networkScopeFieldName": null,
            "recordTypeInfos": [{
                "active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
                "master": true, "name": "Master", "recordTypeId": "012000000000000AAA",
                "urls": {"layout": format!(
                    "/services/data/v{version}/sobjects/{}/describe/layouts/012000000000000AAA", self.name
                )},
            }],
            "searchLayoutable": self.writable,
            "sobjectDescribeOption": "FULL",
            "supportedScopes": [
                {"label": format!("All {}", self.plural.to_lowercase()), "name": "everything"},
                {"label": format!("My {}", self.plural.to_lowercase()), "name": "mine"},
            ],
            "urls": self.urls(version),
        });
        if let Value::Object(more) = more {
            described.extend(more);
        }
        Value::Object(described)
    }
}

/// The standard objects, in the order of the table.
pub(crate) fn standard() -> IndexMap<String, ObjectDef> {
    let mut objects: IndexMap<String, ObjectDef> = IndexMap::new();
    let mut current: Option<ObjectDef> = None;
    for line in STANDARD.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(head) = line.strip_prefix("@ ") {
            if let Some(done) = current.take() {
                objects.insert(done.name.clone(), done);
            }
            let mut parts = head.split('|').map(ToOwned::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            current = Some(ObjectDef {
                name: next(),
                prefix: next(),
                label: next(),
                plural: next(),
                writable: next().contains('w'),
                fields: IndexMap::new(),
                children: Vec::new(),
                by_lower: HashMap::new(),
            });
        } else if let Some(object) = &mut current {
            match line.strip_prefix("+ ") {
                Some(child) => object.children.extend(child_of(child)),
                None => object.add(field_of(line)),
            }
        }
    }
    if let Some(done) = current {
        objects.insert(done.name.clone(), done);
    }
    objects
}

fn child_of(text: &str) -> Option<ChildRelationship> {
    let (path, name) = text.split_once('=')?;
    let (object, field) = path.split_once('.')?;
    Some(ChildRelationship { name: name.to_owned(), object: object.to_owned(), field: field.to_owned() })
}

fn field_of(line: &str) -> FieldDef {
    let mut parts = line.split('|');
    let mut next = || parts.next().unwrap_or_default();
    let (name, label, kind, flags, compound, choices) = (next(), next(), next(), next(), next(), next());
    let (kind, reference) = kind.split_once('>').map_or((kind, None), |(kind, to)| (kind, Some(to)));
    let (kind, size) = kind.split_once(':').unwrap_or((kind, ""));
    let (first, second) = size.split_once(',').unwrap_or((size, ""));
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let decimal = matches!(kind, "double" | "currency" | "percent");
    let (targets, relationship) = reference.and_then(|to| to.split_once('=')).unwrap_or_default();
    FieldDef {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        length: if decimal || kind == "int" { 0 } else { number(first) },
        precision: if decimal { number(first) } else { 0 },
        scale: number(second),
        digits: if kind == "int" { number(first) } else { 0 },
        flags: flags.to_owned(),
        compound: (!compound.is_empty()).then(|| compound.to_owned()),
        choices: choices.split(';').filter(|choice| !choice.is_empty()).map(ToOwned::to_owned).collect(),
        targets: targets.split(',').filter(|target| !target.is_empty()).map(ToOwned::to_owned).collect(),
        relationship: (!relationship.is_empty()).then(|| relationship.to_owned()),
        custom: false,
        external_id: false,
        unique: false,
        case_sensitive: false,
    }
}

/// A field of the org's own, from the `Metadata` that the Tooling API takes.
pub(crate) fn custom_field(name: &str, metadata: &Value) -> Result<FieldDef, String> {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let number = |key: &str| metadata.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let yes = |key: &str| metadata.get(key).and_then(Value::as_bool).unwrap_or(false);
    let kind = text("type").ok_or("Required fields are missing: [Type]")?;
    let (kind, length, precision, scale) = match kind {
        "Text" => ("string", number("length").unwrap_or(255), 0, 0),
        "TextArea" => ("textarea", 255, 0, 0),
        "LongTextArea" | "Html" => ("textarea", number("length").unwrap_or(32_768), 0, 0),
        "Email" => ("email", 80, 0, 0),
        "Phone" => ("phone", 40, 0, 0),
        "Url" => ("url", 255, 0, 0),
        "Checkbox" => ("boolean", 0, 0, 0),
        "Date" => ("date", 0, 0, 0),
        "DateTime" => ("datetime", 0, 0, 0),
        "Number" => ("double", 0, number("precision").unwrap_or(18), number("scale").unwrap_or(0)),
        "Currency" => ("currency", 0, number("precision").unwrap_or(18), number("scale").unwrap_or(2)),
        "Percent" => ("percent", 0, number("precision").unwrap_or(18), number("scale").unwrap_or(2)),
        "Picklist" => ("picklist", 255, 0, 0),
        "MultiselectPicklist" => ("multipicklist", 4_099, 0, 0),
        other => return Err(format!("Unsupported field type: {other}")),
    };
    let value_set = metadata.get("valueSet");
    let choices = value_set
        .and_then(|set| set.get("valueSetDefinition")?.get("value")?.as_array())
        .map(|values| {
            let names = values.iter().filter_map(|value| {
                let name = value.get("valueName").or_else(|| value.get("fullName"))?;
                name.as_str().map(ToOwned::to_owned)
            });
            names.collect()
        })
        .unwrap_or_default();
    let restricted = value_set.and_then(|set| set.get("restricted")?.as_bool()).unwrap_or(false);
    let long = kind == "textarea" && length > 255;
    let mut flags = if long { "ncu".to_owned() } else { "ncuFS".to_owned() };
    if !long && !matches!(kind, "double" | "currency" | "percent" | "datetime" | "multipicklist") {
        flags.push('G');
    }
    if kind == "boolean" {
        flags = "cudFSG".to_owned();
    } else if yes("required") {
        flags.retain(|flag| flag != 'n');
    }
    if restricted {
        flags.push('r');
    }
    Ok(FieldDef {
        name: name.to_owned(),
        label: text("label").unwrap_or(name).to_owned(),
        kind: kind.to_owned(),
        length,
        precision,
        scale,
        digits: 0,
        flags,
        compound: None,
        choices,
        targets: Vec::new(),
        relationship: None,
        custom: true,
        external_id: yes("externalId"),
        unique: yes("unique"),
        case_sensitive: yes("caseSensitive"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describe_has_the_attributes_that_clients_read() {
        let objects = standard();
        let contact = objects["Contact"].describe("66.0");
        let email =
            contact["fields"].as_array().unwrap().iter().find(|f| f["name"] == "Email").unwrap().clone();
        assert_eq!(email["type"], "email");
        assert_eq!(email["length"], 80);
        assert_eq!(email["byteLength"], 240);
        assert_eq!(email["idLookup"], true);
        assert_eq!(contact["keyPrefix"], "003");
    }

    #[test]
    fn a_last_name_is_required_and_a_first_name_is_not() {
        let objects = standard();
        assert!(objects["Contact"].field("lastname").unwrap().1.is_required());
        assert!(!objects["Contact"].field("FirstName").unwrap().1.is_required());
        assert!(objects["Lead"].field("Company").unwrap().1.is_required());
    }
}
