//! Components as rows of the Tooling API.

use serde_json::{Map, Value, json};

use crate::State;
use crate::org::api_time;
use crate::schema::FieldDef;
use crate::setup::kinds;
use crate::setup::rows::text;

/// The kind of component that an object of the Tooling API shows.
pub(super) fn kind_of(object: &str) -> Option<&'static kinds::Kind> {
    let name = match object {
        "RemoteProxy" => "RemoteSiteSetting",
        "EntityDefinition" | "FieldDefinition" => return None,
        other => other,
    };
    kinds::find(name)
}

impl State {
    /// The rows of an object of the Tooling API.
    pub(super) fn tooling_rows(&mut self, object: &str) -> Vec<Map<String, Value>> {
        match object {
            "EntityDefinition" => self.entity_rows(),
            "FieldDefinition" => self.field_rows(),
            _ => match kind_of(object) {
                Some(kind) => {
                    let mut names = self.component_names(kind.name);
                    names.retain(|name| object != "CustomObject" || crate::setup::is_custom(name));
                    names.iter().filter_map(|name| self.component_row(object, kind, name)).collect()
                }
                None => self.package_rows(object),
            },
        }
    }

    fn entity_rows(&mut self) -> Vec<Map<String, Value>> {
        let names: Vec<String> = self.org.tables.keys().cloned().collect();
        let mut rows = Vec::new();
        for name in names {
            let id = self.entity_id(&name);
            let Some(table) = self.org.table(&name) else { continue };
            let writable = table.def.writable;
            rows.push(map(json!({
                "Id": id, "DurableId": id, "QualifiedApiName": name, "DeveloperName": name.trim_end_matches("__c"),
                "MasterLabel": table.def.label, "Label": table.def.label, "PluralLabel": table.def.plural,
                "KeyPrefix": table.def.prefix, "NamespacePrefix": null, "IsCustomizable": writable,
                "IsCustomSetting": false, "IsEverCreatable": writable, "IsEverDeletable": writable,
                "IsEverUpdatable": writable, "IsLayoutable": writable, "IsQueryable": true, "IsRetrieveable": true,
                "IsSearchable": writable, "IsTriggerable": writable, "IsWorkflowEnabled": writable,
                "PublisherId": if name.ends_with("__c") { "<local>" } else { "System" },
            })));
        }
        rows
    }

    fn field_rows(&mut self) -> Vec<Map<String, Value>> {
        let names: Vec<String> = self.org.tables.keys().cloned().collect();
        let mut rows = Vec::new();
        for name in names {
            let entity = self.entity_id(&name);
            let fields: Vec<std::sync::Arc<FieldDef>> = self
                .org
                .table(&name)
                .map(|table| table.def.fields.values().cloned().collect())
                .unwrap_or_default();
            for field in fields {
                let durable = match (field.custom, kinds::find("CustomField")) {
                    (true, Some(kind)) => {
                        let id = self.component_id(kind, &format!("{name}.{}", field.name));
                        format!("{entity}.{}", id.get(..15).unwrap_or(&id))
                    }
                    _ => format!("{entity}.{}", field.name.trim_end_matches("Id")),
                };
                rows.push(field_row(&field, &durable, &entity));
            }
        }
        rows
    }

    /// Standard objects go by their names here, those of the org's own by their ids.
    fn entity_id(&mut self, name: &str) -> String {
        match kinds::find("CustomObject") {
            Some(kind) if name.ends_with("__c") => {
                let id = self.component_id(kind, name);
                id.get(..15).unwrap_or(&id).to_owned()
            }
            _ => name.to_owned(),
        }
    }

    /// A component as a row.
    pub(super) fn component_row(
        &mut self,
        object: &str,
        kind: &'static kinds::Kind,
        name: &str,
    ) -> Option<Map<String, Value>> {
        let (full_name, metadata) = self.read_component(kind.name, name)?;
        let known = self.properties(kind, &full_name);
        let (parent, own) = full_name.split_once('.').unwrap_or(("", &full_name));
        let mut row = map(json!({
            "Id": known.id, "FullName": full_name, "NamespacePrefix": known.namespace,
            "ManageableState": if known.namespace.is_some() { "installed" } else { "unmanaged" },
            "CreatedDate": api_time(known.created.0), "CreatedById": &*known.created.1,
            "LastModifiedDate": api_time(known.modified.0), "LastModifiedById": &*known.modified.1,
            "DeveloperName": own.trim_end_matches("__c"),
            "MasterLabel": metadata.get("masterLabel").or_else(|| metadata.get("label")),
            "Description": metadata.get("description"),
        }));
        let more = match object {
            "CustomField" => {
                let entity = self.entity_id(parent);
                json!({
                    "TableEnumOrId": entity, "EntityDefinitionId": entity, "Length": metadata.get("length"),
                    "Precision": metadata.get("precision"), "Scale": metadata.get("scale"),
                    "InlineHelpText": metadata.get("inlineHelpText"),
                })
            }
            "CustomObject" => json!({"SharingModel": metadata.get("sharingModel")}),
            "ValidationRule" => json!({
                "ValidationName": own, "Active": metadata.get("active"), "EntityDefinitionId": self.entity_id(parent),
                "ErrorDisplayField": metadata.get("errorDisplayField"), "ErrorMessage": metadata.get("errorMessage"),
            }),
            "RecordType" => json!({
                "Name": metadata.get("label"), "IsActive": metadata.get("active"), "SobjectType": parent,
                "EntityDefinitionId": self.entity_id(parent),
            }),
            "Layout" => {
                let (parent, own) = full_name.split_once('-').unwrap_or(("", &full_name));
                let entity = self.entity_id(parent);
                json!({
                    "Name": own, "TableEnumOrId": entity, "EntityDefinitionId": entity, "LayoutType": "Standard",
                    "ShowSubmitAndAttachButton": false,
                })
            }
            "FlexiPage" => {
                let entity = match text(&metadata, "sobjectType") {
                    "" => Value::Null,
                    parent => json!(self.entity_id(parent)),
                };
                json!({
                    "Type": metadata.get("type"), "EntityDefinitionId": entity,
                    "ParentFlexiPage": metadata.get("parentFlexiPage"),
                })
            }
            "RemoteProxy" => json!({
                "SiteName": full_name, "EndpointUrl": metadata.get("url"), "IsActive": metadata.get("isActive"),
                "DisableProtocolSecurity": metadata.get("disableProtocolSecurity"),
            }),
            "CspTrustedSite" => {
                let given = metadata.as_object().into_iter().flatten();
                Value::Object(given.map(|(key, value)| (capital(key), value.clone())).collect())
            }
            "PlatformEventChannel" => json!({
                "ChannelType": metadata.get("channelType"), "EventType": metadata.get("eventType"),
            }),
            "PlatformEventChannelMember" => json!({
                "EventChannel": metadata.get("eventChannel"), "SelectedEntity": metadata.get("selectedEntity"),
            }),
            "LightningComponentBundle" => json!({
                "IsExposed": metadata.get("isExposed"), "ApiVersion": number(&metadata, "apiVersion"),
            }),
            "ApexClass" | "ApexTrigger" | "ApexPage" => {
                let kept = self.setup.components.get(kind.name, &full_name);
                let content = kept.and_then(|kept| {
                    let (_, bytes) = kept.files.iter().find(|(name, _)| !name.ends_with("-meta.xml"))?;
                    String::from_utf8(bytes.clone()).ok()
                });
                json!({
                    "Name": full_name, "Body": content, "Markup": content, "IsValid": true,
                    "Status": metadata.get("status").cloned().unwrap_or(json!("Active")),
                    "ApiVersion": number(&metadata, "apiVersion"),
                    "LengthWithoutComments": content.as_ref().map_or(0, String::len),
                })
            }
            _ => Value::Null,
        };
        if let Value::Object(more) = more {
            row.extend(more);
        }
        row.insert("Metadata".into(), metadata);
        Some(row)
    }
}

fn field_row(field: &FieldDef, durable: &str, entity: &str) -> Map<String, Value> {
    let name = field.name.trim_end_matches("__c");
    map(json!({
        "Id": durable, "DurableId": durable, "QualifiedApiName": field.name, "DeveloperName": name,
        "MasterLabel": field.label, "Label": field.label, "EntityDefinitionId": entity, "DataType": data_type(field),
        "ValueTypeId": field.kind, "Length": field.length, "Precision": field.precision.max(field.digits),
        "Scale": field.scale, "NamespacePrefix": null, "RelationshipName": field.relationship,
        "ReferenceTo": {"referenceTo": field.targets}, "IsCalculated": field.has('C'),
        "IsCompound": field.kind == "address", "IsIndexed": field.external_id || field.unique || field.has('k'),
        "IsNameField": field.has('N'), "IsNillable": field.has('n'),
    }))
}

/// How the pages of the setup call a field's type.
fn data_type(field: &FieldDef) -> String {
    match field.kind.as_str() {
        "string" if field.external_id && field.unique => {
            let cases = if field.case_sensitive { "Sensitive" } else { "Insensitive" };
            format!("Text({}) (External ID) (Unique Case {cases})", field.length)
        }
        "string" if field.external_id => format!("Text({}) (External ID)", field.length),
        "string" => format!("Text({})", field.length),
        "textarea" if field.length > 255 => format!("Long Text Area({})", field.length),
        "textarea" => "Text Area(255)".to_owned(),
        "double" | "int" => {
            format!("Number({}, {})", field.precision.max(field.digits) - field.scale, field.scale)
        }
        "currency" => format!("Currency({}, {})", field.precision - field.scale, field.scale),
        "percent" => format!("Percent({}, {})", field.precision - field.scale, field.scale),
        "boolean" => "Checkbox".to_owned(),
        "datetime" => "Date/Time".to_owned(),
        "multipicklist" => "Picklist (Multi-Select)".to_owned(),
        "reference" => format!("Lookup({})", field.targets.join(",")),
        "url" => "URL(255)".to_owned(),
        other => capital(other),
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn number(metadata: &Value, key: &str) -> Value {
    match metadata.get(key) {
        Some(Value::String(text)) => text.parse::<f64>().map_or(Value::Null, |number| json!(number)),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

pub(super) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
