//! Property definitions: what a value may be, and who may set it.

mod further;
pub(crate) mod industry;
pub(crate) mod rules;
pub(crate) mod standard;
pub(crate) mod value;

use serde_json::{Map, Value, json};

use crate::sensitive::Sensitivity;
use crate::time::iso;

/// The type of a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyType {
    /// Free text.
    String,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A calendar day.
    Date,
    /// A moment, to the millisecond.
    DateTime,
    /// One or, for a checkbox, several of the options.
    Enumeration,
    /// A telephone number, kept as text.
    PhoneNumber,
}

impl PropertyType {
    /// The name the API uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Enumeration => "enumeration",
            Self::PhoneNumber => "phone_number",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "enumeration" => Self::Enumeration,
            "phone_number" => Self::PhoneNumber,
            _ => return None,
        })
    }

    pub(crate) fn field_types(self) -> &'static [&'static str] {
        match self {
            Self::Bool => &["booleancheckbox", "calculation_equation"],
            Self::Enumeration => &["select", "booleancheckbox", "checkbox", "radio", "calculation_equation"],
            Self::Date | Self::DateTime => &["date"],
            Self::String => &["text", "textarea", "file", "html", "phonenumber", "calculation_equation"],
            Self::Number => &["number", "calculation_equation"],
            Self::PhoneNumber => &["phonenumber", "text"],
        }
    }
}

/// One choice of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) order: i64,
    pub(crate) hidden: bool,
    pub(crate) description: String,
}

impl Choice {
    pub(crate) fn new(value: &str, label: &str, order: i64) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            order,
            hidden: false,
            description: String::new(),
        }
    }
}

/// A value nobody sets: it follows from the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Computed {
    ObjectId,
    Created,
    Modified,
    SourceType,
    SourceId,
    SourceUser,
    EmailDomain,
    IsContact,
    Unworked,
    ContactPipeline,
    ContactCount,
    DealCount,
    Closed,
    ClosedWon,
    Probability,
    AmountHome,
    LineAmount,
    AllVids,
}

/// A property of one kind of record.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: PropertyType,
    pub(crate) field_type: String,
    pub(crate) group: String,
    pub(crate) description: String,
    pub(crate) options: Vec<Choice>,
    pub(crate) display_order: i64,
    pub(crate) unique: bool,
    pub(crate) hidden: bool,
    pub(crate) form_field: bool,
    pub(crate) calculated: bool,
    pub(crate) external_options: bool,
    pub(crate) built_in: bool,
    pub(crate) read_only: bool,
    pub(crate) computed: Option<Computed>,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) archived: Option<i64>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Only custom properties name who made them.
    pub(crate) created_by: Option<String>,
}

impl Property {
    pub(crate) fn custom(name: &str, label: &str, kind: PropertyType, group: &str, now: i64) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            field_type: kind.field_types().first().copied().unwrap_or("text").to_owned(),
            group: group.to_owned(),
            description: String::new(),
            options: Vec::new(),
            display_order: -1,
            unique: false,
            hidden: false,
            form_field: false,
            calculated: false,
            external_options: false,
            built_in: false,
            read_only: false,
            computed: None,
            sensitivity: Sensitivity::Plain,
            archived: None,
            created: now,
            updated: now,
            created_by: None,
        }
    }

    pub(crate) fn multiple(&self) -> bool {
        self.kind == PropertyType::Enumeration && self.field_type == "checkbox"
    }

    pub(crate) fn read_only_value(&self) -> bool {
        self.read_only || self.calculated || self.computed.is_some()
    }

    /// The definition as the API shows it.
    pub(crate) fn json(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .map(|choice| {
                json!({
                    "label": choice.label,
                    "value": choice.value,
                    "displayOrder": choice.order,
                    "hidden": choice.hidden,
                    "description": choice.description,
                })
            })
            .collect();
        let mut body = Map::new();
        body.insert("updatedAt".into(), json!(iso(self.updated)));
        body.insert("createdAt".into(), json!(iso(self.created)));
        body.insert("name".into(), json!(self.name));
        body.insert("label".into(), json!(self.label));
        body.insert("type".into(), json!(self.kind.name()));
        body.insert("fieldType".into(), json!(self.field_type));
        body.insert("description".into(), json!(self.description));
        body.insert("groupName".into(), json!(self.group));
        body.insert("options".into(), Value::Array(options));
        if let Some(user) = &self.created_by {
            body.insert("createdUserId".into(), json!(user));
            body.insert("updatedUserId".into(), json!(user));
        }
        body.insert("displayOrder".into(), json!(self.display_order));
        body.insert("calculated".into(), json!(self.calculated));
        body.insert("externalOptions".into(), json!(self.external_options));
        body.insert("archived".into(), json!(self.archived.is_some()));
        if let Some(at) = self.archived {
            body.insert("archivedAt".into(), json!(iso(at)));
        }
        body.insert("hasUniqueValue".into(), json!(self.unique));
        body.insert("hidden".into(), json!(self.hidden));
        if self.built_in {
            body.insert("hubspotDefined".into(), json!(true));
        }
        let definition_closed = self.built_in;
        body.insert(
            "modificationMetadata".into(),
            json!({
                "archivable": !self.built_in,
                "readOnlyDefinition": definition_closed,
                "readOnlyOptions": definition_closed && (self.options.is_empty() || self.read_only_value()),
                "readOnlyValue": self.read_only_value(),
            }),
        );
        body.insert("formField".into(), json!(self.form_field));
        body.insert("dataSensitivity".into(), json!(self.sensitivity.name()));
        Value::Object(body)
    }
}

/// Turns `MARKET_RESEARCH` or `annual_budget` into words a person reads.
pub(crate) fn title_case(name: &str) -> String {
    let words: Vec<String> = name
        .split(['_', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let lower = word.to_lowercase();
            let mut letters = lower.chars();
            match letters.next() {
                Some(first) => first.to_uppercase().chain(letters).collect(),
                None => lower,
            }
        })
        .collect();
    words.join(" ")
}
