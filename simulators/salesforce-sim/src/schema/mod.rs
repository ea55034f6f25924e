//! Objects and fields, and how the org describes them.

mod custom;
mod custom_object;
mod describe;
mod object;
mod org;
mod parse;
mod remove;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::rules::formula::Formula;
use crate::soql::{ChildRelationship, FieldInfo, FieldKind};

pub(crate) use custom::{coordinates, custom_field};
pub(crate) use custom_object::custom_object;
pub(crate) use describe::{Around, RecordTypeInfo};
pub(crate) use object::setup_object;
pub(crate) use parse::objects_of;
pub(crate) use parse::standard;

/// A field.
#[derive(Debug, Clone, Default)]
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
    /// Labels of choices that are shown otherwise than they are stored.
    pub choice_labels: BTreeMap<String, String>,
    /// What a new record holds when it brings nothing.
    pub default: Option<Value>,
    pub targets: Vec<String>,
    pub relationship: Option<String>,
    /// What becomes of the record when the one it refers to is deleted.
    pub on_delete: OnDelete,
    /// The place among the masters of its object, for a master-detail field.
    pub master: Option<u32>,
    pub formula: Option<Arc<Formula>>,
    /// The display format of an auto-number: `A-{0000}`.
    pub auto_number: Option<String>,
    pub help: Option<String>,
    pub custom: bool,
    pub external_id: bool,
    pub unique: bool,
    pub case_sensitive: bool,
}

/// What becomes of a record when the one it refers to is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// The field is emptied.
    #[default]
    Clear,
    /// It is deleted too.
    Cascade,
    /// The delete is refused.
    Restrict,
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
        self.has('c') && !self.has('n') && !self.has('d') && self.kind != "boolean" && self.default.is_none()
    }

    pub fn info(&self) -> FieldInfo {
        let mut info = FieldInfo::new(self.name.clone(), self.kind());
        info.custom = self.custom;
        info.filterable = self.has('F');
        info.groupable = self.has('G');
        info.sortable = self.has('S');
        info.case_sensitive = self.case_sensitive;
        info.reference_to.clone_from(&self.targets);
        // Some texts name a relationship to what an org does not have.
        if !self.targets.is_empty() {
            info.relationship_name.clone_from(&self.relationship);
        }
        info
    }
}

/// A field of another object that refers to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub object: String,
    pub field: String,
    pub name: Option<String>,
    pub on_delete: OnDelete,
}

/// An object.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectDef {
    pub name: String,
    pub prefix: String,
    pub label: String,
    pub plural: String,
    /// What can be done with it; the letters are explained in `standard.txt`.
    pub flags: String,
    pub writable: bool,
    pub custom: bool,
    pub fields: IndexMap<String, Arc<FieldDef>>,
    /// Child relationships that have a name.
    pub children: Vec<ChildRelationship>,
    /// All fields that refer to it, named or not.
    pub links: Vec<Link>,
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

    pub fn can(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// Forgets another object: no field of it refers to this one, and none of this one to it.
    pub fn unlink(&mut self, object: &str) {
        self.links.retain(|link| link.object != object);
        self.children.retain(|child| child.object != object);
        for field in
            self.fields.values_mut().filter(|field| field.targets.iter().any(|target| target == object))
        {
            Arc::make_mut(field).targets.retain(|target| target != object);
        }
    }

    /// Notes that a field of another object refers to this one.
    pub fn link(&mut self, link: Link) {
        if self.links.iter().any(|known| known.object == link.object && known.field == link.field) {
            return;
        }
        if let Some(name) = &link.name {
            self.children.push(ChildRelationship {
                name: name.clone(),
                object: link.object.clone(),
                field: link.field.clone(),
            });
        }
        self.links.push(link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around() -> Around<'static> {
        Around { version: "66.0", base_url: "http://127.0.0.1:8102", record_types: Vec::new(), hidden: None }
    }

    #[test]
    fn describe_has_the_attributes_that_clients_read() {
        let objects = standard();
        let contact = objects["Contact"].describe(&around());
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

    #[test]
    fn every_link_names_a_field_that_refers_back() {
        let objects = standard();
        for object in objects.values() {
            for link in &object.links {
                let child = objects.get(&link.object).unwrap_or_else(|| panic!("no object {}", link.object));
                let (_, field) =
                    child.field(&link.field).unwrap_or_else(|| panic!("{}.{}", link.object, link.field));
                assert!(field.targets.contains(&object.name), "{}.{}", link.object, link.field);
            }
        }
    }

    #[test]
    fn key_prefixes_are_told_apart() {
        let objects = standard();
        let prefixes: std::collections::HashSet<&str> = objects.values().map(|o| o.prefix.as_str()).collect();
        assert_eq!(prefixes.len(), objects.len());
        assert!(prefixes.iter().all(|prefix| prefix.len() == 3));
    }
}
