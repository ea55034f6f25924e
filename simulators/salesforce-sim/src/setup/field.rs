//! Fields as components: what the Metadata and Tooling APIs say of a field, and making, changing and deleting one.

use serde_json::{Map, Value, json};

use super::{Who, kinds, problem};
use crate::State;
use crate::error::Refusal;
use crate::schema::{self, FieldDef};

/// The metadata of a field, from its definition.
pub(crate) fn metadata_of(field: &FieldDef) -> Value {
    let kind = match field.kind.as_str() {
        "string" | "id" => "Text",
        "textarea" if field.length > 255 => "LongTextArea",
        "textarea" => "TextArea",
        "email" => "Email",
        "phone" => "Phone",
        "url" => "Url",
        "boolean" => "Checkbox",
        "date" => "Date",
        "datetime" => "DateTime",
        "currency" => "Currency",
        "percent" => "Percent",
        "int" | "double" => "Number",
        "picklist" | "combobox" => "Picklist",
        "multipicklist" => "MultiselectPicklist",
        "reference" => "Lookup",
        "address" => "Address",
        "location" => "Location",
        _ => "Text",
    };
    let mut map = Map::new();
    if field.custom {
        map.insert("externalId".into(), json!(field.external_id));
    }
    map.insert("label".into(), json!(field.label));
    match kind {
        "Text" | "LongTextArea" => drop(map.insert("length".into(), json!(field.length))),
        "Number" | "Currency" | "Percent" => {
            let whole = if field.kind == "int" { field.digits } else { field.precision };
            map.insert("precision".into(), json!(whole));
            map.insert("scale".into(), json!(field.scale));
        }
        "Lookup" => {
            map.insert("referenceTo".into(), json!(field.targets.first()));
            map.insert("relationshipName".into(), json!(field.relationship));
        }
        "Checkbox" => drop(map.insert("defaultValue".into(), json!("false"))),
        _ => {}
    }
    if kind != "Checkbox" {
        map.insert("required".into(), json!(field.is_required()));
    }
    map.insert("type".into(), json!(kind));
    if kind == "Text" && field.custom {
        map.insert("unique".into(), json!(field.unique));
        if field.unique {
            map.insert("caseSensitive".into(), json!(field.case_sensitive));
        }
    }
    if matches!(kind, "Picklist" | "MultiselectPicklist") {
        let values: Vec<Value> = field
            .choices
            .iter()
            .map(|choice| json!({"fullName": choice, "default": false, "label": choice}))
            .collect();
        let set =
            json!({"restricted": field.has('r'), "valueSetDefinition": {"sorted": false, "value": values}});
        map.insert("valueSet".into(), set);
    }
    Value::Object(map)
}

impl State {
    /// The metadata of `Object.Field`; nothing where there is no such field.
    pub(super) fn field_metadata(&self, full_name: &str) -> Option<(String, Value)> {
        let (object, name) = full_name.split_once('.')?;
        let table = self.org.table(object)?;
        let (_, field) = table.def.field(name)?;
        let mut metadata = metadata_of(field);
        let kept = self.setup.components.get("CustomField", full_name);
        if let (Some(own), Some(all)) =
            (kept.and_then(|kept| kept.body.as_object()), metadata.as_object_mut())
        {
            all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Some((format!("{}.{}", table.def.name, field.name), metadata))
    }

    /// Why a field cannot be saved as this.
    pub(super) fn check_field(
        &self,
        full_name: &str,
        body: &Value,
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let (object, name) = full_name.split_once('.').ok_or_else(|| {
            problem("INVALID_FULL_NAME", format!("Invalid fullName: {full_name}")).about("fullName")
        })?;
        if self.org.table(object).is_none() && !knows(object) {
            let message = format!("Entity Of Type CustomObject Named {object} Cannot Be Found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        }
        if !name.ends_with("__c") {
            let known = self.org.table(object).is_some_and(|table| table.def.field(name).is_some());
            // Standard fields take a few changes; making one is not possible.
            return if known {
                Ok(())
            } else {
                let message = format!("Custom field names must end with __c: {name}");
                Err(problem("INVALID_FULL_NAME", message).about("fullName"))
            };
        }
        let plain = name.trim_end_matches("__c");
        let good = plain.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
            && plain.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
            && !plain.ends_with('_')
            && plain.len() <= 40;
        if !good {
            let message = "The object name you entered is incorrect. It can only contain alphanumeric characters, must \
                           begin with a letter, cannot end with an underscore or contain two consecutive underscores";
            return Err(problem("FIELD_INTEGRITY_EXCEPTION", message).about("fullName"));
        }
        if body.get("label").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(problem(
                "REQUIRED_FIELD_MISSING",
                "Required fields are missing: [CustomField.label]",
            )
            .about("label"));
        }
        schema::custom_field(name, body).map_err(|message| problem("FIELD_INTEGRITY_EXCEPTION", message))?;
        if let Some(target) = body.get("referenceTo").and_then(Value::as_str)
            && self.org.table(target).is_none()
            && !knows(target)
        {
            let message = format!("referenceTo value of '{target}' does not resolve to a valid sObject type");
            return Err(problem("FIELD_INTEGRITY_EXCEPTION", message).about("referenceTo"));
        }
        Ok(())
    }

    /// Makes or changes a field; answers whether it is new.
    pub(super) fn save_field(&mut self, full_name: &str, body: &Value, who: &Who) -> Result<bool, Refusal> {
        self.check_field(full_name, body, &|_| false)?;
        let (object, name) = full_name.split_once('.').unwrap_or((full_name, ""));
        let kind = kinds::find("CustomField").ok_or_else(Refusal::not_found)?;
        let mut created = false;
        if name.ends_with("__c") {
            created = self
                .org
                .put_custom_field(object, name, body, who.now)
                .map_err(|message| problem("FIELD_INTEGRITY_EXCEPTION", message))?;
            // On the platform nobody sees such a field, not even who made it, until a profile or permission set grants it.
            if created && self.setup.grant_new_fields {
                self.org.grant_to_profiles(object, name, who);
            } else {
                self.org.weigh_grants_of(object, name);
            }
        }
        self.setup.components.put(kind, full_name, body.clone(), who);
        self.org.described_at = Some(who.now);
        Ok(created)
    }

    /// Deletes a field with all that records hold in it.
    pub(super) fn remove_field(&mut self, full_name: &str, who: &Who) -> Result<(), Refusal> {
        let missing = || {
            problem(
                "INVALID_CROSS_REFERENCE_KEY",
                format!("In field: fullName - no CustomField named {full_name} found"),
            )
        };
        let (object, name) = full_name.split_once('.').ok_or_else(missing)?;
        let table = self.org.table_mut(object).ok_or_else(missing)?;
        let found = table.def.field(name).map(|(_, field)| std::sync::Arc::clone(field));
        let field = found.filter(|field| field.custom).ok_or_else(missing)?;
        if field.kind == "location" {
            schema::coordinates(&field).iter().for_each(|part| table.remove_field(&part.name));
        }
        table.remove_field(name);
        self.setup.components.remove("CustomField", full_name);
        self.setup.forget("CustomField", full_name);
        for row in super::rows::holding(&self.org, "FieldPermissions", "Field", full_name) {
            super::rows::delete(&mut self.org, super::rows::text(&row, "Id"), who);
        }
        self.org.described_at = Some(who.now);
        Ok(())
    }
}
