//! Objects and fields of the org's own, and record types.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Looking;
use crate::dml::Writer;
use crate::org::{Org, RowData, Table};
use crate::schema::{FieldDef, Link, coordinates, custom_field, custom_object, setup_object};
use crate::setup::Who;

/// Whether metadata says yes, as JSON or as the text that XML has.
pub(crate) fn is_yes(value: Option<&Value>) -> bool {
    value.is_some_and(|own| own == &json!(true) || own == &json!("true"))
}

impl Table {
    /// Adds a field; a checkbox is there, and not set, in the records that were made before it.
    pub(crate) fn add_field_everywhere(&mut self, field: FieldDef) {
        let checkbox = field.kind == "boolean" && field.formula.is_none();
        let name = field.name.clone();
        self.add_field(field);
        let Some((at, _)) = self.def.field(&name).filter(|_| checkbox) else { return };
        let rows: Vec<RowData> = self.rows.iter().map(|row| row.unpacked()).collect();
        for mut row in rows {
            row.set(at, json!(false));
            self.put(row);
        }
    }
}

impl Org {
    /// Makes an object of the org's own, with its history; the fields that its metadata lists are made by the caller.
    pub fn add_custom_object(&mut self, name: &str, metadata: &Value, now: Timestamp) -> Result<(), String> {
        if self.table(name).is_some() {
            return Ok(());
        }
        self.described_at = Some(now);
        let setting = metadata.get("customSettingsType").is_some();
        if setting || !name.ends_with("__c") {
            let first = match name {
                _ if name.ends_with("__e") => 'e',
                _ if name.ends_with("__mdt") => 'm',
                _ => 'a',
            };
            let prefix = self.free_prefix(first);
            self.add_object(setup_object(name, &prefix, metadata));
            return Ok(());
        }
        let made = custom_object(name, &self.free_prefix('a'), &self.free_prefix('h'), metadata)?;
        self.add_object(made.object);
        self.add_object(made.history);
        for (object, link) in made.links {
            if let Some(table) = self.table_mut(&object) {
                table.def.link(link);
            }
        }
        if is_yes(metadata.get("enableActivities")) {
            self.allow_activities(name);
        }
        Ok(())
    }

    /// Makes an object with all its fields as a person does on the setup pages: everybody sees them.
    pub fn add_granted_object(
        &mut self,
        name: &str,
        metadata: &Value,
        writer: &Writer,
    ) -> Result<(), String> {
        let mut metadata = metadata.clone();
        if let Some(own) = metadata.as_object_mut() {
            own.entry("enableActivities").or_insert(json!(true));
        }
        self.add_custom_object(name, &metadata, writer.now)?;
        for field in metadata.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let own = field.get("fullName").and_then(Value::as_str).unwrap_or_default();
            self.add_granted_field(name, own, field, writer)?;
        }
        Ok(())
    }

    /// The first beginning of ids that no object has: `a00`, `a01` ..
    fn free_prefix(&self, first: char) -> String {
        const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let pairs = DIGITS.chars().flat_map(|tens| DIGITS.chars().map(move |ones| (tens, ones)));
        let mut all = pairs.map(|(tens, ones)| [first, tens, ones].iter().collect::<String>());
        // Nobody makes 1,296 objects; one more shares its prefix with the last.
        all.find(|prefix| !self.is_prefix(prefix)).unwrap_or_else(|| format!("{first}ZZ"))
    }

    /// Tasks and events may be about records of this object.
    fn allow_activities(&mut self, object: &str) {
        for activity in ["Task", "Event"] {
            let Some(table) = self.table_mut(activity) else { continue };
            let Some((_, field)) = table.def.field("WhatId") else { continue };
            let mut field = FieldDef::clone(field);
            field.targets.push(object.to_owned());
            table.def.add(field);
            let link = Link {
                object: activity.to_owned(),
                field: "WhatId".to_owned(),
                name: Some(format!("{activity}s")),
                on_delete: crate::schema::OnDelete::Cascade,
            };
            if let Some(table) = self.table_mut(object) {
                table.def.link(link);
            }
        }
    }

    /// Makes a field of the org's own, and grants it to all profiles; one that is there already stays as it is.
    pub fn add_granted_field(
        &mut self,
        object: &str,
        name: &str,
        metadata: &Value,
        writer: &Writer,
    ) -> Result<(), String> {
        let table = self.table(object).ok_or_else(|| format!("no object {object}"))?;
        if table.def.field(name).is_none() {
            self.put_custom_field(object, name, metadata, writer.now)?;
            self.grant_to_profiles(object, name, &Who { user: Arc::clone(&writer.user), now: writer.now });
        }
        Ok(())
    }

    /// Makes or changes a field of the org's own; answers whether it is new. Whether anybody sees it is for its grants to
    /// say.
    pub fn put_custom_field(
        &mut self,
        object: &str,
        name: &str,
        metadata: &Value,
        now: Timestamp,
    ) -> Result<bool, String> {
        let field = custom_field(name, metadata)?;
        let table = self.table(object).ok_or_else(|| format!("no object {object}"))?;
        let new = table.def.field(name).is_none();
        let object = table.def.name.clone();
        for target in &field.targets {
            let known = self.table(target).map(|table| table.def.name.clone());
            let target = known.ok_or_else(|| {
                format!("referenceTo value of '{target}' does not resolve to a valid sObject type")
            })?;
            let child = metadata.get("relationshipName").and_then(Value::as_str);
            let link = Link {
                object: object.clone(),
                field: field.name.clone(),
                name: child.map(|child| format!("{}__r", child.trim_end_matches("__r"))),
                on_delete: field.on_delete,
            };
            if let Some(table) = self.table_mut(&target) {
                table.def.link(link);
            }
        }
        let computed = field.formula.is_some();
        let parts = (field.kind == "location").then(|| coordinates(&field));
        if let Some(table) = self.table_mut(&object) {
            for part in parts.into_iter().flatten() {
                table.add_field(part);
            }
            if new {
                table.add_field_everywhere(field);
            } else {
                table.add_field(field);
            }
        }
        if let Some(tracked) = metadata.get("trackHistory") {
            let fields = self.rules.history.entry(object.clone()).or_default();
            if is_yes(Some(tracked)) {
                fields.insert(name.to_owned());
            } else {
                fields.remove(name);
            }
        }
        if computed {
            self.compute_all(&object, now);
        }
        self.described_at = Some(now);
        Ok(new)
    }

    /// Makes a record type, with the field that tells it; answers its id.
    pub fn add_record_type(
        &mut self,
        object: &str,
        developer: &str,
        name: &str,
        writer: &Writer,
    ) -> Option<String> {
        let table = self.table_mut(object)?;
        let object = table.def.name.clone();
        if table.def.field("RecordTypeId").is_none() {
            table.add_field(FieldDef {
                name: "RecordTypeId".to_owned(),
                label: "Record Type ID".to_owned(),
                kind: "reference".to_owned(),
                length: 18,
                flags: "ncuFSG".to_owned(),
                targets: vec!["RecordType".to_owned()],
                relationship: Some("RecordType".to_owned()),
                ..FieldDef::default()
            });
        }
        self.described_at = Some(writer.now);
        let known = self.record_types(&object);
        if let Some(own) = known.into_iter().find(|own| own.developer_name == developer) {
            return Some(own.id);
        }
        let fields = [
            ("Name", json!(name)),
            ("DeveloperName", json!(developer)),
            ("SobjectType", json!(object)),
            ("IsActive", json!(true)),
            ("IsPersonType", json!(developer == "PersonAccount")),
        ];
        self.record("RecordType", &fields, writer)
    }

    /// Works out the formula fields of a record.
    pub(crate) fn compute(&self, table: &Table, row: &mut RowData, now: Timestamp) {
        let formulas: Vec<(usize, &FieldDef)> = table
            .def
            .fields
            .values()
            .enumerate()
            .filter(|(_, field)| field.formula.is_some())
            .map(|(at, field)| (at, &**field))
            .collect();
        // Formulas may use one another; two rounds are enough for one level.
        for _ in 0..formulas.len().min(2) {
            for (at, field) in &formulas {
                let Some(formula) = &field.formula else { continue };
                let looking = Looking {
                    org: self,
                    def: &table.def,
                    row: &*row,
                    before: None,
                    new: false,
                    now,
                    user: None,
                };
                let value = formula.value(&looking).stored(&field.kind, field.scale);
                row.set(*at, value);
            }
        }
    }

    /// Works out the formula fields of all records of an object; their times of change stay.
    fn compute_all(&mut self, object: &str, now: Timestamp) {
        let Some(table) = self.table(object) else { return };
        let rows: Vec<RowData> = table.rows.iter().map(|row| row.unpacked()).collect();
        for mut row in rows {
            if let Some(table) = self.table(object) {
                self.compute(table, &mut row, now);
            }
            self.put(object, row);
        }
    }

    /// Works out the formulas that look at a record which has changed.
    pub(crate) fn compute_children(&mut self, object: &str, id: &str, now: Timestamp) {
        let mut found = Vec::new();
        let Some(table) = self.table(object) else { return };
        for link in &table.def.links {
            let Some(child) = self.tables.get(&link.object) else { continue };
            let elsewhere =
                |field: &FieldDef| field.formula.as_ref().is_some_and(|own| own.looks_elsewhere());
            if !child.def.fields.values().any(|field| elsewhere(field)) {
                continue;
            }
            let Some((at, _)) = child.def.field(&link.field) else { continue };
            for mut row in child.holders(at, id) {
                self.compute(child, &mut row, now);
                found.push((link.object.clone(), row));
            }
        }
        for (object, row) in found {
            self.put(&object, row);
        }
    }
}
