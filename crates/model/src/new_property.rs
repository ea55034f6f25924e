//! The HubSpot property that is made for a Salesforce field.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::convert::plain;
use crate::{Access, ChoiceList, ChoiceOption, Field, Kind, TextFormat};

/// The longest text that a property holds.
const LONGEST_TEXT: usize = 65_536;
/// The longest name that a property can have.
const LONGEST_NAME: usize = 100;
/// The group in which properties are put that were made for Salesforce fields.
pub const PROPERTY_GROUP: &str = "salesforce";
/// How people see that group.
pub const PROPERTY_GROUP_LABEL: &str = "Salesforce";

/// A HubSpot property to be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewProperty {
    /// Its object.
    pub object: String,
    /// Its internal name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// `string`, `number`, `date`, `datetime`, `bool` or `enumeration`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How forms show it.
    pub field_type: &'static str,
    /// The group it is put in.
    pub group: &'static str,
    /// What it says about itself.
    pub description: String,
    /// Its options.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ChoiceOption>,
}

impl NewProperty {
    /// The property as HubSpot will describe it once it is made.
    #[must_use]
    pub fn as_field(&self) -> Field {
        let list = || ChoiceList { options: self.options.clone(), restricted: true };
        let text = |format| Kind::Text { max_length: Some(LONGEST_TEXT), format };
        let kind = match (self.kind, self.field_type) {
            ("number", _) => Kind::Number { integer_digits: None, decimals: None },
            ("date", _) => Kind::Date,
            ("datetime", _) => Kind::DateTime,
            ("enumeration", "booleancheckbox") => Kind::Boolean,
            ("enumeration", "checkbox") => Kind::MultiChoice(list()),
            ("enumeration", _) => Kind::Choice(list()),
            (_, "phonenumber") => text(TextFormat::Phone),
            (_, "html") => text(TextFormat::Rich),
            (_, "textarea") => text(TextFormat::Long),
            _ => text(TextFormat::Plain),
        };
        Field {
            name: self.name.clone(),
            label: self.label.clone(),
            kind,
            access: Access::ReadWrite,
            required: false,
            unique: false,
        }
    }
}

/// The property for a field; none for one that refers to other records. Names and labels that are there are kept clear of.
pub(crate) fn new_property(
    object: &str,
    field: &Field,
    names: &BTreeSet<String>,
    labels: &BTreeSet<String>,
) -> Option<NewProperty> {
    let (kind, field_type) = types(&field.kind)?;
    let label = match field.label.trim() {
        "" => field.name.clone(),
        label if labels.contains(&plain(label)) => format!("{label} (Salesforce)"),
        label => label.to_owned(),
    };
    Some(NewProperty {
        object: object.to_owned(),
        name: name_for(&field.name, names),
        label,
        kind,
        field_type,
        group: PROPERTY_GROUP,
        description: format!("The Salesforce field {}.", field.name),
        options: options(&field.kind),
    })
}

fn types(kind: &Kind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        Kind::Text { format: TextFormat::Long, .. } => ("string", "textarea"),
        Kind::Text { format: TextFormat::Rich, .. } => ("string", "html"),
        Kind::Text { format: TextFormat::Phone, .. } => ("string", "phonenumber"),
        Kind::Text { .. } => ("string", "text"),
        Kind::Number { .. } => ("number", "number"),
        Kind::Boolean => ("enumeration", "booleancheckbox"),
        Kind::Date => ("date", "date"),
        Kind::DateTime => ("datetime", "date"),
        Kind::Choice(_) => ("enumeration", "select"),
        Kind::MultiChoice(_) => ("enumeration", "checkbox"),
        Kind::Reference { .. } | Kind::References { .. } => return None,
    })
}

fn options(kind: &Kind) -> Vec<ChoiceOption> {
    let option = |value: &str, label: &str| ChoiceOption {
        value: value.to_owned(),
        label: label.to_owned(),
        active: true,
    };
    match kind {
        Kind::Boolean => vec![option("true", "Yes"), option("false", "No")],
        Kind::Choice(list) | Kind::MultiChoice(list) => distinct(list),
        _ => Vec::new(),
    }
}

/// The choices that are offered. HubSpot wants each value and each label once, and no semicolon in a value.
fn distinct(list: &ChoiceList) -> Vec<ChoiceOption> {
    let (mut values, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let mut options = Vec::new();
    for choice in list.options.iter().filter(|choice| choice.active && !choice.value.contains(';')) {
        if !values.insert(choice.value.clone()) {
            continue;
        }
        let mut label = choice.label.clone();
        if !labels.insert(label.to_lowercase()) {
            label = format!("{label} ({})", choice.value);
            labels.insert(label.to_lowercase());
        }
        options.push(ChoiceOption { label, ..choice.clone() });
    }
    options
}

/// A property name derived from an API name: small letters, digits and underscores, beginning with a letter.
fn name_for(field: &str, names: &BTreeSet<String>) -> String {
    let base = field.strip_suffix("__c").unwrap_or(field);
    let mut name = String::new();
    let mut before = '_';
    for character in base.chars() {
        // `AnnualRevenue` reads as `annual_revenue`.
        if character.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('_');
        }
        let written = if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
        if written != '_' || !name.ends_with('_') {
            name.push(written);
        }
        before = character;
    }
    let name = name.trim_matches('_').to_owned();
    let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    let name = if begins_well { name } else { format!("salesforce_{name}") };
    let cut = |name: &str, room: usize| name.chars().take(room).collect::<String>();
    let first = cut(&name, LONGEST_NAME);
    if !names.contains(&first) {
        return first;
    }
    let second = cut(&format!("salesforce_{name}"), LONGEST_NAME);
    if !names.contains(&second) {
        return second;
    }
    let numbered = (2_u32..).map(|number| format!("{}_{number}", cut(&name, LONGEST_NAME - 11)));
    numbered.into_iter().find(|name| !names.contains(name)).unwrap_or(second)
}
