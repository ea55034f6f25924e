//! Objects as components.

use serde_json::{Map, Value, json};

use super::{Who, field, kinds, problem};
use crate::State;
use crate::error::Refusal;

impl State {
    /// The names of all objects that are components.
    pub(super) fn object_names(&self) -> Vec<String> {
        let own = self.org.tables.values().filter(|table| table.def.writable || is_custom(&table.def.name));
        own.map(|table| table.def.name.clone()).collect()
    }

    /// An object's own metadata, with its fields and other components inside.
    pub(super) fn object_metadata(&self, name: &str) -> Option<(String, Value)> {
        let table = self.org.table(name)?;
        let name = table.def.name.clone();
        let mut map = Map::new();
        if is_custom(&name) {
            map.insert("deploymentStatus".into(), json!("Deployed"));
        }
        let fields: Vec<Value> = table
            .def
            .fields
            .values()
            .filter(|field| !is_system(&field.name))
            .map(|field| {
                let metadata = match field.custom {
                    true => {
                        self.field_metadata(&format!("{name}.{}", field.name)).map(|(_, metadata)| metadata)
                    }
                    false => None,
                };
                with_name(&field.name, &metadata.unwrap_or_else(|| field::metadata_of(field)))
            })
            .collect();
        map.insert("fields".into(), json!(fields));
        let object = kinds::find("CustomObject")?;
        for (element, kind) in object.children.iter().filter(|(_, kind)| *kind != "CustomField") {
            let inside: Vec<Value> = self
                .setup
                .components
                .of_kind(kind)
                .filter_map(|child| {
                    let (parent, own) = child.full_name.split_once('.')?;
                    parent.eq_ignore_ascii_case(&name).then(|| with_name(own, &child.body))
                })
                .collect();
            if !inside.is_empty() {
                map.insert((*element).to_owned(), json!(inside));
            }
        }
        if let Some(own) = self.setup.components.get("CustomObject", &name) {
            let own = own.body.as_object().into_iter().flatten();
            map.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        } else {
            map.insert("label".into(), json!(table.def.label));
            map.insert("pluralLabel".into(), json!(table.def.plural));
            map.insert("sharingModel".into(), json!("ReadWrite"));
        }
        Some((name, Value::Object(map)))
    }

    pub(super) fn check_object(&self, name: &str, body: &Value) -> Result<(), Refusal> {
        if self.org.table(name).is_some() {
            return Ok(());
        }
        if !is_custom(name) {
            let message = format!("Entity Of Type CustomObject Named {name} Cannot Be Found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        }
        let needed: &[&str] = match name {
            _ if name.ends_with("__mdt") || body.get("customSettingsType").is_some() => &["label"],
            _ if name.ends_with("__e") => &["label", "pluralLabel"],
            _ => &["label", "pluralLabel", "nameField", "sharingModel"],
        };
        for key in needed {
            // assumed: which of them is named first
            if body.get(key).is_none() {
                let message = format!("Must specify a {key} for a CustomObject");
                return Err(problem("REQUIRED_FIELD_MISSING", message).about(*key));
            }
        }
        Ok(())
    }

    /// Makes or changes an object with all that its file holds; answers whether it is new.
    pub(super) fn save_object(&mut self, name: &str, body: &Value, who: &Who) -> Result<bool, Refusal> {
        self.check_object(name, body)?;
        let kind = kinds::find("CustomObject").ok_or_else(Refusal::not_found)?;
        let created = self.org.table(name).is_none();
        if created {
            let made = self.org.add_custom_object(name, body, who.now);
            made.map_err(|message| problem("FIELD_INTEGRITY_EXCEPTION", message))?;
        }
        let mut own = Map::new();
        for (key, value) in body.as_object().into_iter().flatten().filter(|(key, _)| *key != "fullName") {
            match kind.children.iter().find(|(element, _)| element == key) {
                Some((_, child)) => {
                    for part in super::xml::list(Some(value)) {
                        let Some(part_name) = part.get("fullName").and_then(Value::as_str) else { continue };
                        self.save_component(
                            child,
                            &format!("{name}.{part_name}"),
                            &without_name(part),
                            Vec::new(),
                            who,
                        )?;
                    }
                }
                None => drop(own.insert(key.clone(), value.clone())),
            }
        }
        if !own.is_empty() || created {
            self.setup.components.put(kind, name, Value::Object(own), who);
        }
        Ok(created)
    }

    pub(super) fn remove_object(&mut self, name: &str, who: &Who) -> Result<(), Refusal> {
        if !is_custom(name) || self.org.table(name).is_none() {
            let message = format!("In field: fullName - no CustomObject named {name} found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        }
        self.lift_all(name, who);
        self.org.remove_object(name);
        for grant in super::rows::holding(&self.org, "FieldPermissions", "SobjectType", name) {
            super::rows::delete(&mut self.org, super::rows::text(&grant, "Id"), who);
        }
        self.setup.components.remove("CustomObject", name);
        self.setup.components.remove_children(name);
        self.setup.forget("CustomObject", name);
        self.org.described_at = Some(who.now);
        Ok(())
    }
}

/// Whether an object of this name is one of the org's own.
pub(crate) fn is_custom(name: &str) -> bool {
    ["__c", "__e", "__mdt"].iter().any(|ending| name.ends_with(ending))
}

/// Fields that no file of an object names.
fn is_system(name: &str) -> bool {
    matches!(
        name,
        "Id" | "IsDeleted"
            | "CreatedDate"
            | "CreatedById"
            | "LastModifiedDate"
            | "LastModifiedById"
            | "SystemModstamp"
            | "LastViewedDate"
            | "LastReferencedDate"
            | "LastActivityDate"
    )
}

/// A body with its name in front.
pub(crate) fn with_name(name: &str, body: &Value) -> Value {
    let mut map = Map::new();
    map.insert("fullName".into(), json!(name));
    map.extend(body.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(map)
}

/// A body without its name.
pub(crate) fn without_name(body: &Value) -> Value {
    let rest = body.as_object().into_iter().flatten();
    let rest = rest.filter(|(key, _)| *key != "fullName" && *key != "@xsi:type");
    Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect())
}
