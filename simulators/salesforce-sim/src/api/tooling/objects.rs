//! The objects of the Tooling API that are no tables.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::soql::{FieldInfo, FieldKind};

/// Fields that most components share.
const SHARED: &str = "FullName:component,Metadata:complex,NamespacePrefix,ManageableState,CreatedDate:datetime,\
                      CreatedById:reference>User=CreatedBy,LastModifiedDate:datetime,\
                      LastModifiedById:reference>User=LastModifiedBy";

/// An object of the Tooling API.
#[derive(Debug)]
pub(super) struct ToolingObject {
    pub name: &'static str,
    pub prefix: &'static str,
    label: &'static str,
    pub verbs: &'static str,
    pub fields: Vec<ToolingField>,
}

#[derive(Debug)]
pub(super) struct ToolingField {
    pub name: &'static str,
    kind: &'static str,
    target: Option<(&'static str, &'static str)>,
}

static OBJECTS: LazyLock<Vec<ToolingObject>> = LazyLock::new(|| {
    let lines = include_str!("objects.txt").lines();
    lines.filter(|line| !line.starts_with('#') && !line.is_empty()).filter_map(read).collect()
});

fn read(line: &'static str) -> Option<ToolingObject> {
    let mut parts = line.split('|');
    let (name, prefix, label, verbs) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let own = parts
        .next()?
        .split(',')
        .flat_map(|text| if text == "…" { SHARED.split(',') } else { text.split(',') });
    let fields = std::iter::once("Id:id").chain(own).map(field).collect();
    Some(ToolingObject { name, prefix, label, verbs, fields })
}

fn field(text: &'static str) -> ToolingField {
    let (text, target) = text.split_once('>').map_or((text, None), |(text, to)| (text, to.split_once('=')));
    let (name, kind) = text.split_once(':').unwrap_or((text, "text"));
    ToolingField { name, kind, target }
}

/// All of them.
pub(super) fn all() -> &'static [ToolingObject] {
    &OBJECTS
}

/// The object of that name, in whatever case.
pub(super) fn find(name: &str) -> Option<&'static ToolingObject> {
    OBJECTS.iter().find(|object| object.name.eq_ignore_ascii_case(name))
}

impl ToolingField {
    pub fn info(&self) -> FieldInfo {
        let kind = match self.kind {
            "id" => FieldKind::Id,
            "reference" => FieldKind::Reference,
            "boolean" => FieldKind::Boolean,
            "number" => FieldKind::Number,
            "datetime" => FieldKind::DateTime,
            "long" => FieldKind::LongText,
            "complex" => FieldKind::Compound,
            _ => FieldKind::Text,
        };
        let mut info = FieldInfo::new(self.name, kind);
        if let Some((target, relationship)) = self.target {
            info.reference_to = vec![target.to_owned()];
            info.relationship_name = Some(relationship.to_owned());
        }
        info
    }

    fn describe(&self, verbs: &str) -> Value {
        let info = self.info();
        let (kind, soap) = match self.kind {
            "id" => ("id", "tns:ID"),
            "reference" => ("reference", "tns:ID"),
            "boolean" => ("boolean", "xsd:boolean"),
            "number" => ("int", "xsd:int"),
            "datetime" => ("datetime", "xsd:dateTime"),
            "long" => ("textarea", "xsd:string"),
            "complex" => ("complexvalue", "urn:Metadata"),
            _ => ("string", "xsd:string"),
        };
        let system = matches!(self.kind, "id" | "datetime" | "reference");
        let length = match kind {
            "id" | "reference" => 18,
            "string" => 255,
            "textarea" => 1_000_000,
            _ => 0,
        };
        json!({
            "createable": verbs.contains('c') && !system, "custom": false, "defaultValue": null,
            "filterable": info.filterable, "groupable": info.groupable, "label": self.name, "length": length,
            "name": self.name, "nameField": self.name == "DeveloperName", "nillable": self.kind != "id",
            "picklistValues": [], "referenceTo": info.reference_to, "relationshipName": info.relationship_name,
            "soapType": soap, "sortable": info.sortable, "type": kind, "unique": false,
            "updateable": verbs.contains('u') && !system,
        })
    }
}

impl ToolingObject {
    /// The object in the list of all.
    pub fn summary(&self, version: &str) -> Value {
        let base = format!("/services/data/v{version}/tooling/sobjects/{}", self.name);
        json!({
            "activateable": false, "createable": self.verbs.contains('c'), "custom": false, "customSetting": false,
            "deletable": self.verbs.contains('d'), "deprecatedAndHidden": false, "feedEnabled": false,
            "keyPrefix": self.prefix, "label": self.label, "labelPlural": format!("{}s", self.label),
            "layoutable": false, "mergeable": false, "name": self.name, "queryable": true, "replicateable": false,
            "retrieveable": true, "searchable": false, "triggerable": false, "undeletable": false,
            "updateable": self.verbs.contains('u'),
            "urls": {"rowTemplate": format!("{base}/{{ID}}"), "describe": format!("{base}/describe"), "sobject": base},
        })
    }

    pub fn describe(&self, version: &str) -> Value {
        let mut described = self.summary(version);
        described["fields"] = self.fields.iter().map(|field| field.describe(self.verbs)).collect();
        described["childRelationships"] = json!([]);
        described["recordTypeInfos"] = json!([]);
        described
    }
}
