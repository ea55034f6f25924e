//! Duplicate rules.

use serde_json::{Value, json};

use super::DuplicateCheck;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};
use crate::schema::ObjectDef;

impl Org {
    /// What the org's duplicate rules have against a record.
    pub(crate) fn check_rules_against_duplicates(
        &self,
        def: &ObjectDef,
        row: &RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) -> Result<(), Vec<Refusal>> {
        for rule in self.rules.duplicates.iter().filter(|rule| rule.object == def.name) {
            let applies = if before.is_some() { rule.on_update } else { rule.on_create };
            if !applies || !rule.block && writer.allow_save {
                continue;
            }
            // A record that stays as it was is not compared again.
            let changed = |before: &RowData| {
                rule.fields
                    .iter()
                    .any(|name| def.field(name).is_some_and(|(at, _)| before.get(at) != row.get(at)))
            };
            if before.is_some_and(|before| !changed(before)) {
                continue;
            }
            let found = self.like(rule, def, row);
            if !found.is_empty() {
                return Err(vec![duplicates_detected(rule, &found)]);
            }
        }
        Ok(())
    }

    /// Records of the rule's other object that say the same as this one.
    fn like(&self, rule: &DuplicateCheck, def: &ObjectDef, row: &RowData) -> Vec<String> {
        let Some(table) = self.table(&rule.other) else { return Vec::new() };
        let mut wanted = Vec::new();
        for name in &rule.fields {
            let (Some((own, _)), Some((other, _))) = (def.field(name), table.def.field(name)) else {
                return Vec::new();
            };
            let Some(text) = row.get(own).as_str() else { return Vec::new() };
            wanted.push((other, text.to_owned()));
        }
        let Some(((first, text), rest)) = wanted.split_first() else { return Vec::new() };
        let same = |held: &Value, text: &str| {
            held.as_str().is_some_and(|held| held.to_lowercase() == text.to_lowercase())
        };
        let rows = table.holders(*first, text).into_iter();
        rows.filter(|other| other.id != row.id && rest.iter().all(|(at, text)| same(other.get(*at), text)))
            .map(|other| other.id)
            .collect()
    }
}

fn duplicates_detected(rule: &DuplicateCheck, found: &[String]) -> Refusal {
    let matches: Vec<Value> = found
        .iter()
        .map(|id| {
            let url = format!("/services/data/v66.0/sobjects/{}/{id}", rule.other);
            json!({
                "additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0,
                "record": {"attributes": {"type": rule.other, "url": url}, "Id": id},
            })
        })
        .collect();
    let result = json!({
        "allowSave": !rule.block,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": rule.message,
        "matchResults": [{
            "entityType": rule.other, "errors": [], "matchEngine": "ExactMatchEngine", "size": matches.len(),
            "matchRecords": matches, "rule": format!("{}_Match", rule.name), "success": true,
        }],
    });
    let mut refusal = Refusal::new("DUPLICATES_DETECTED", rule.message.clone());
    refusal.extra = Some(Box::new(("duplicateResult", result)));
    refusal
}
