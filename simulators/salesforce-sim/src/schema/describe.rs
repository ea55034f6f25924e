//! How the org describes its objects and fields.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{FieldDef, ObjectDef, OnDelete};
use crate::soql::FieldKind;

/// The record type that every object has.
const MASTER: &str = "012000000000000AAA";

/// What a description depends on beside the object itself.
#[derive(Debug, Clone)]
pub(crate) struct Around<'a> {
    pub version: &'a str,
    pub base_url: &'a str,
    pub record_types: Vec<RecordTypeInfo>,
    /// Fields that the user who asks may not see.
    pub hidden: Option<&'a HashSet<String>>,
}

/// A record type, as the object it belongs to describes it.
#[derive(Debug, Clone)]
pub(crate) struct RecordTypeInfo {
    pub id: String,
    pub name: String,
    pub developer_name: String,
    pub active: bool,
    pub available: bool,
    pub default: bool,
}

impl FieldDef {
    fn choices(&self) -> Vec<Value> {
        let own = self.choices.iter();
        own.map(|value| {
            let label = self.choice_labels.get(value).unwrap_or(value);
            let default = self.default.as_ref().and_then(Value::as_str) == Some(value);
            json!({"active": true, "defaultValue": default, "label": label, "validFor": null, "value": value})
        })
        .collect()
    }

    fn extra_type_info(&self, object: &str) -> Value {
        let person = matches!(object, "Contact" | "Lead" | "User");
        match (self.kind.as_str(), self.name.as_str()) {
            ("textarea", _) if self.has('h') => json!("richtextarea"),
            ("textarea", _) => json!("plaintextarea"),
            ("url", "PhotoUrl") => json!("imageurl"),
            ("string" | "picklist", "FirstName" | "LastName" | "Salutation" | "MiddleName" | "Suffix")
                if person =>
            {
                json!("personname")
            }
            ("string", "Name") if person => json!("personname"),
            ("string", "Name") if object == "Account" => json!("switchablepersonname"),
            _ => Value::Null,
        }
    }

    /// The field as describe answers it.
    pub fn describe(&self, object: &str) -> Value {
        let text = matches!(
            self.kind.as_str(),
            "string"
                | "email"
                | "phone"
                | "url"
                | "textarea"
                | "picklist"
                | "multipicklist"
                | "combobox"
                | "encryptedstring"
        );
        let byte_length = match self.kind.as_str() {
            "id" | "reference" => 18,
            _ if text && self.has('b') => self.length,
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
            "time" => "xsd:time",
            "address" => "urn:address",
            "location" => "urn:location",
            "anyType" => "xsd:anyType",
            _ => "xsd:string",
        };
        let default = match &self.default {
            Some(value) => value.clone(),
            None if self.kind == "boolean" && self.formula.is_none() => json!(false),
            None => Value::Null,
        };
        let aggregatable =
            !matches!(self.kind.as_str(), "address" | "location" | "boolean" | "multipicklist" | "anyType")
                && (self.kind() != FieldKind::LongText || self.has('S'));
        // The number of lines shown.
        let precision = if self.kind == "multipicklist" { 4 } else { self.precision };
        let calculated = self.has('C') || self.formula.is_some();
        let detail = self.master.is_some();
        let polymorphic = self.targets.len() > 1;
        json!({
            "aggregatable": aggregatable,
            "aiPredictionField": false,
            "autoNumber": self.auto_number.is_some(),
            "byteLength": byte_length,
            "calculated": calculated,
            "calculatedFormula": self.formula.as_ref().map(|formula| &formula.text),
            "cascadeDelete": detail,
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
            "encrypted": self.kind == "encryptedstring",
            "externalId": self.external_id,
            "extraTypeInfo": self.extra_type_info(object),
            "filterable": self.has('F'),
            "filteredLookupInfo": null,
            "formulaTreatNullNumberAsZero": self.formula.is_some(),
            "groupable": self.has('G'),
            "highScaleNumber": false,
            "htmlFormatted": self.has('h'),
            "idLookup": self.has('k') || self.external_id,
            "inlineHelpText": self.help,
            "label": self.label,
            "length": self.length,
            "mask": null,
            "maskType": null,
            "name": self.name,
            "nameField": self.has('N'),
            "namePointing": polymorphic,
            "nillable": self.has('n'),
            "permissionable": self.has('p'),
            "picklistValues": self.choices(),
            "polymorphicForeignKey": polymorphic,
            "precision": precision,
            "queryByDistance": matches!(self.kind.as_str(), "address" | "location"),
            "referenceTargetField": null,
            "referenceTo": self.targets,
            "relationshipName": self.relationship,
            "relationshipOrder": self.master,
            "restrictedDelete": self.on_delete == OnDelete::Restrict,
            "restrictedPicklist": self.has('r'),
            "scale": self.scale,
            "searchPrefilterable": self.has('s'),
            "soapType": soap,
            "sortable": self.has('S'),
            "type": self.kind,
            "unique": self.unique,
            "updateable": self.has('u'),
            "writeRequiresMasterRead": false,
        })
    }
}

impl ObjectDef {
    fn attributes(&self) -> Map<String, Value> {
        let history = self.history_of();
        let own = json!({
            "activateable": false,
            "associateEntityType": history.map(|_| "History"),
            "associateParentEntity": history,
            "createable": self.can('c'),
            "custom": self.custom,
            "customSetting": false,
            "deepCloneable": self.can('D'),
            "deletable": self.can('d'),
            "deprecatedAndHidden": false,
            "feedEnabled": self.can('f'),
            "hasSubtypes": false,
            "isInterface": false,
            "isSubtype": false,
            // The histories share one prefix in a real org, and name none.
            "keyPrefix": if history.is_some() { Value::Null } else { json!(self.prefix) },
            "label": self.label,
            "labelPlural": self.plural,
            "layoutable": self.can('l'),
            "mergeable": self.can('m'),
            "mruEnabled": self.can('r'),
            "name": self.name,
            "queryable": true,
            "replicateable": true,
            "retrieveable": true,
            "searchable": self.can('S'),
            "triggerable": self.can('t'),
            "undeletable": self.can('U'),
            "updateable": self.can('u'),
        });
        match own {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// The object whose changes this one records.
    pub fn history_of(&self) -> Option<&str> {
        let history = self.name.ends_with("History") && self.fields.contains_key("NewValue");
        let parent = self.fields.get_index(2).filter(|_| history)?;
        parent.1.targets.first().map(String::as_str)
    }

    fn urls(&self, version: &str) -> Map<String, Value> {
        let base = format!("/services/data/v{version}/sobjects/{}", self.name);
        let mut urls = Map::new();
        let mut add =
            |name: &str, path: &str| drop(urls.insert(name.to_owned(), json!(format!("{base}{path}"))));
        if self.can('l') {
            add("compactLayouts", "/describe/compactLayouts");
        }
        add("rowTemplate", "/{ID}");
        // People, activities and junctions are neither approved nor listed.
        if self.can('r') && !matches!(self.name.as_str(), "User" | "Task" | "Event") {
            add("approvalLayouts", "/describe/approvalLayouts");
            add("listviews", "/listviews");
        }
        add("describe", "/describe");
        if self.can('l') {
            add("quickActions", "/quickActions");
            add("layouts", "/describe/layouts");
        }
        add("", "");
        if let Some(own) = urls.remove("") {
            urls.insert("sobject".into(), own);
        }
        urls
    }

    /// The object as the list of all objects names it.
    pub fn summary(&self, version: &str) -> Value {
        let mut summary = self.attributes();
        summary.insert("urls".into(), Value::Object(self.urls(version)));
        Value::Object(summary)
    }

    /// The object with all its fields.
    pub fn describe(&self, around: &Around<'_>) -> Value {
        let mut described = self.attributes();
        let children: Vec<Value> = self
            .links
            .iter()
            .map(|link| {
                json!({
                    "cascadeDelete": link.on_delete == OnDelete::Cascade, "childSObject": link.object,
                    "deprecatedAndHidden": false, "field": link.field, "junctionIdListNames": [],
                    "junctionReferenceTo": [], "relationshipName": link.name,
                    "restrictedDelete": link.on_delete == OnDelete::Restrict,
                })
            })
            .collect();
        let fields: Vec<Value> = self
            .fields
            .values()
            .filter(|field| !around.hidden.is_some_and(|hidden| hidden.contains(&field.name)))
            .map(|field| field.describe(&self.name))
            .collect();
        let more = json!({
            "actionOverrides": [],
            "childRelationships": children,
            "compactLayoutable": self.can('l'),
            "defaultImplementation": null,
            "extendedBy": null,
            "extendsInterfaces": null,
            "fields": fields,
            "implementedBy": null,
            "implementsInterfaces": null,
            "listviewable": null,
            "lookupLayoutable": null,
            "namedLayoutInfos": [],
            "networkScopeFieldName": null,
            "recordTypeInfos": self.record_types(around),
            "searchLayoutable": self.can('X'),
            "sobjectDescribeOption": "FULL",
            "supportedScopes": self.scopes(),
        });
        if let Value::Object(more) = more {
            described.extend(more);
        }
        let mut urls = self.urls(around.version);
        if self.can('l') {
            let base = around.base_url;
            urls.insert("uiDetailTemplate".into(), json!(format!("{base}/{{ID}}")));
            urls.insert("uiEditTemplate".into(), json!(format!("{base}/{{ID}}/e")));
            urls.insert("uiNewRecord".into(), json!(format!("{base}/{}/e", self.prefix)));
        }
        described.insert("urls".into(), Value::Object(urls));
        Value::Object(described)
    }

    fn record_types(&self, around: &Around<'_>) -> Vec<Value> {
        // Objects without pages have no record types.
        if !self.can('l') || !self.can('r') {
            return Vec::new();
        }
        let info = |id: &str, name: &str, developer: &str, flags: [bool; 4]| {
            let [active, available, default, master] = flags;
            let layout =
                format!("/services/data/v{}/sobjects/{}/describe/layouts/{id}", around.version, self.name);
            json!({
                "active": active, "available": available, "defaultRecordTypeMapping": default,
                "developerName": developer, "master": master, "name": name, "recordTypeId": id,
                "urls": {"layout": layout},
            })
        };
        let types = &around.record_types;
        let mut infos: Vec<Value> = types
            .iter()
            .map(|own| {
                let flags = [own.active, own.available, own.default, false];
                info(&own.id, &own.name, &own.developer_name, flags)
            })
            .collect();
        let default = !types.iter().any(|own| own.default);
        infos.push(info(MASTER, "Master", "Master", [true, true, default, true]));
        infos
    }

    fn scopes(&self) -> Vec<Value> {
        let plural = self.plural.to_lowercase();
        let scope = |label: String, name: &str| json!({"label": label, "name": name});
        let mut scopes = vec![scope(format!("All {plural}"), "everything")];
        let Some((_, owner)) = self.field("OwnerId") else { return scopes };
        let queues = owner.targets.iter().any(|target| target == "Group");
        scopes.push(scope(format!("My {plural}"), "mine"));
        if queues {
            scopes.push(scope(format!("Queue owned {plural}"), "queue_owned"));
        }
        scopes.push(scope("Filter by scope".to_owned(), "scopingRule"));
        scopes.push(scope(format!("My team's {plural}"), "team"));
        if queues {
            scopes.push(scope(format!("User owned {plural}"), "user_owned"));
        }
        scopes
    }
}
