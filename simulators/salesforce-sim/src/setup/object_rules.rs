//! Validation rules and record types as components: saving one puts it into force.

use serde_json::{Value, json};

use super::rows::{self, text};
use super::xml::list;
use super::{Who, problem};
use crate::State;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::rules::formula::Formula;
use crate::rules::{ValidationRule, is_yes};
use crate::schema::ObjectDef;

impl State {
    /// Why a validation rule cannot be saved as this. Fields that the same call brings along need not be there yet.
    pub(super) fn check_validation_rule(
        &self,
        full_name: &str,
        body: &Value,
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        for key in ["errorConditionFormula", "errorMessage"] {
            if text(body, key).is_empty() {
                let message = format!("Required field is missing: {key}");
                return Err(problem("REQUIRED_FIELD_MISSING", message).about(key));
            }
        }
        let refused = |message: String| {
            let message = format!("Error in formula: {message}");
            problem("FIELD_INTEGRITY_EXCEPTION", message).about("errorConditionFormula")
        };
        let formula = Formula::parse(text(body, "errorConditionFormula")).map_err(refused)?;
        let object = full_name.split_once('.').map_or(full_name, |(object, _)| object);
        let Some(table) = self.org.table(object) else { return Ok(()) };
        let missing = |name: &str| !has(&table.def, name) && !knows(&format!("{}.{name}", table.def.name));
        if let Some(unknown) = formula.first_names().into_iter().find(|name| missing(name)) {
            return Err(refused(format!("Field {unknown} does not exist. Check spelling.")));
        }
        let shown = text(body, "errorDisplayField");
        if !shown.is_empty() && missing(shown) {
            let message =
                format!("In field: errorDisplayField - no CustomField named {object}.{shown} found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        }
        Ok(())
    }

    /// Puts a component into force that is more than a description.
    pub(super) fn enforce(
        &mut self,
        kind: &str,
        full_name: &str,
        body: &Value,
        who: &Who,
    ) -> Result<(), Refusal> {
        match kind {
            "ValidationRule" => self.enforce_validation_rule(full_name, body),
            "RecordType" => {
                self.make_record_type(full_name, body, who);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enforce_validation_rule(&mut self, full_name: &str, body: &Value) -> Result<(), Refusal> {
        let formula = Formula::parse(text(body, "errorConditionFormula"));
        let condition = formula.map_err(|message| problem("FIELD_INTEGRITY_EXCEPTION", message))?;
        let (object, name) = full_name.split_once('.').unwrap_or((full_name, ""));
        let object = self.org.table(object).map_or(object, |table| &table.def.name).to_owned();
        self.org.forget_validation_rule(&object, name);
        let field = text(body, "errorDisplayField");
        self.org.rules.validation.push(ValidationRule {
            object,
            name: name.to_owned(),
            active: body.get("active").is_none_or(|own| is_yes(Some(own))),
            condition,
            message: text(body, "errorMessage").to_owned(),
            field: (!field.is_empty()).then(|| field.to_owned()),
            code: "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            component: true,
        });
        Ok(())
    }

    fn make_record_type(&mut self, full_name: &str, body: &Value, who: &Who) {
        let (object, developer) = full_name.split_once('.').unwrap_or((full_name, ""));
        let label = Some(text(body, "label")).filter(|label| !label.is_empty()).unwrap_or(developer);
        let new = self.record_type_row(full_name).is_none();
        let writer = Writer::new(std::sync::Arc::clone(&who.user), who.now);
        let Some(id) = self.org.add_record_type(object, developer, label, &writer) else { return };
        let active = body.get("active").is_none_or(|own| is_yes(Some(own)));
        let cells = json!({"Name": label, "IsActive": active, "Description": body.get("description")});
        rows::update(&mut self.org, &id, &cells, who);
        // As with fields: nobody can choose it until a profile or permission set says so.
        if new && !self.setup.grant_new_fields {
            self.org.rules.closed_record_types.insert(id);
        }
    }

    /// Takes out of force what a component that is deleted stood for.
    pub(super) fn lift(&mut self, kind: &str, full_name: &str, who: &Who) {
        let (object, name) = full_name.split_once('.').unwrap_or((full_name, ""));
        match kind {
            "ValidationRule" => self.org.forget_validation_rule(object, name),
            "RecordType" => {
                if let Some(row) = self.record_type_row(full_name) {
                    let id = text(&row, "Id");
                    rows::delete(&mut self.org, id, who);
                    self.org.rules.default_record_types.retain(|_, own| own != id);
                    self.org.rules.closed_record_types.remove(id);
                    self.org.described_at = Some(who.now);
                }
            }
            _ => {}
        }
    }

    /// Takes all rules and record types of an object out of force.
    pub(super) fn lift_all(&mut self, object: &str, who: &Who) {
        self.org.rules.validation.retain(|rule| !rule.object.eq_ignore_ascii_case(object));
        for row in rows::holding(&self.org, "RecordType", "SobjectType", object) {
            rows::delete(&mut self.org, text(&row, "Id"), who);
        }
    }

    /// The row of a record type: `Account.Partner`.
    pub(super) fn record_type_row(&self, full_name: &str) -> Option<Value> {
        let (object, name) = full_name.split_once('.')?;
        let found = rows::holding(&self.org, "RecordType", "DeveloperName", name);
        found.into_iter().find(|row| text(row, "SobjectType").eq_ignore_ascii_case(object))
    }

    /// Lets users choose the record types that the file of a profile or permission set shows, and no longer those that a
    /// profile hides.
    pub(super) fn show_record_types(&mut self, kind: &str, body: &Value) {
        for own in list(body.get("recordTypeVisibilities")) {
            let Some(row) = self.record_type_row(text(own, "recordType")) else { continue };
            let id = text(&row, "Id").to_owned();
            let visible = rows::yes(own, "visible") || is_yes(own.get("visible"));
            if visible {
                self.org.rules.closed_record_types.remove(&id);
            } else if kind == "Profile" {
                self.org.rules.closed_record_types.insert(id.clone());
            }
            if visible && is_yes(own.get("default")) {
                self.org.rules.default_record_types.insert(text(&row, "SobjectType").to_owned(), id);
            }
        }
    }
}

/// Whether an object has a field or a relationship of this name; names of the org's own data begin with a dollar.
fn has(def: &ObjectDef, name: &str) -> bool {
    let relationship = |own: &str| own.eq_ignore_ascii_case(name);
    name.starts_with('$')
        || def.field(name).is_some()
        || def.fields.values().any(|field| field.relationship.as_deref().is_some_and(relationship))
}
