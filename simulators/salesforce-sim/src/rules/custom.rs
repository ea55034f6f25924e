//! Objects and fields of the org's own, and record types.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Looking;
use crate::dml::Writer;
use crate::org::{Org, RowData, Table};
use crate::schema::{FieldDef, Link, custom_field, custom_object};

/// Key prefixes of an org's own objects.
fn prefix(letter: char, number: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |at: usize| DIGITS.get(at % 36).copied().map_or('0', char::from);
    [letter, digit(number / 36), digit(number)].iter().collect()
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
    /// Makes an object of the org's own, with its history.
    pub fn add_custom_object(&mut self, name: &str, metadata: &Value, now: Timestamp) -> Result<(), String> {
        if self.table(name).is_some() {
            return Ok(());
        }
        let number = self.tables.values().filter(|table| table.def.custom).count();
        let made = custom_object(name, &prefix('a', number), &prefix('h', number + 36), metadata)?;
        self.add_table(Table::new(made.object));
        self.add_table(Table::new(made.history));
        for (object, link) in made.links {
            if let Some(table) = self.table_mut(&object) {
                table.def.link(link);
            }
        }
        if metadata.get("enableActivities").is_none_or(|own| own == &json!(true) || own == &json!("true")) {
            self.allow_activities(name);
        }
        if let Some(tracked) = metadata.get("fields").and_then(Value::as_array) {
            for field in tracked {
                let own = field.get("fullName").and_then(Value::as_str).unwrap_or_default();
                self.add_custom_field(name, own, field, now)?;
            }
        }
        self.described_at = Some(now);
        Ok(())
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

    /// Makes a field of the org's own; one that is there already stays as it is.
    pub fn add_custom_field(
        &mut self,
        object: &str,
        name: &str,
        metadata: &Value,
        now: Timestamp,
    ) -> Result<(), String> {
        let field = custom_field(name, metadata)?;
        let table = self.table(object).ok_or_else(|| format!("no object {object}"))?;
        if table.def.field(name).is_some() {
            return Ok(());
        }
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
        if let Some(table) = self.table_mut(&object) {
            table.add_field_everywhere(field);
        }
        if metadata.get("trackHistory") == Some(&json!(true)) {
            self.rules.history.entry(object.clone()).or_default().insert(name.to_owned());
        }
        if computed {
            self.compute_all(&object, now);
        }
        self.described_at = Some(now);
        Ok(())
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
                let looking =
                    Looking { org: self, def: &table.def, row: &*row, before: None, new: false, now };
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
