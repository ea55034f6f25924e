//! Validation rules, record locks, record types, and the owner that a rule assigns.

use serde_json::{Value, json};

use super::Looking;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};
use crate::schema::ObjectDef;
use crate::soql::Record;

impl Org {
    /// Takes a validation rule away.
    pub(crate) fn forget_validation_rule(&mut self, object: &str, name: &str) {
        self.rules.validation.retain(|rule| {
            !(rule.object.eq_ignore_ascii_case(object) && rule.name.eq_ignore_ascii_case(name))
        });
    }

    /// What the org's validation rules have against a record.
    pub(crate) fn validate(
        &self,
        def: &ObjectDef,
        row: &RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) -> Result<(), Vec<Refusal>> {
        let rules = self.rules.validation.iter().filter(|rule| rule.active && rule.object == def.name);
        let refusals: Vec<Refusal> = rules
            .filter(|rule| {
                let before = before.map(|before| before as &dyn Record);
                let new = before.is_none();
                rule.condition.holds(&Looking {
                    org: self,
                    def,
                    row,
                    before,
                    new,
                    now: writer.now,
                    user: Some(&writer.user),
                })
            })
            .map(|rule| {
                let refusal = Refusal::new(rule.code, rule.message.clone());
                match &rule.field {
                    Some(field) => refusal.about(field.clone()),
                    None => refusal,
                }
            })
            .collect();
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    /// Refuses where somebody else holds one of these records.
    pub(crate) fn unlocked<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a str>,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        if self.rules.locks.is_empty() {
            return Ok(());
        }
        let now = writer.now.as_second();
        self.rules.locks.retain(|lock| lock.times != Some(0) && lock.until.is_none_or(|until| now < until));
        for id in ids {
            if let Some(lock) = self.rules.locks.iter_mut().find(|lock| lock.ids.contains(id)) {
                lock.times = lock.times.map(|times| times - 1);
                let message = format!("unable to obtain exclusive access to this record or 1 records: {id}");
                return Err(Refusal::new("UNABLE_TO_LOCK_ROW", message));
            }
        }
        Ok(())
    }

    /// The parents of a record, which are locked while it is made.
    pub(crate) fn parents_of(&self, def: &ObjectDef, row: &RowData) -> Vec<String> {
        if self.rules.locks.is_empty() {
            return Vec::new();
        }
        let fields = def.fields.values().enumerate().filter(|(_, field)| field.kind == "reference");
        fields.filter_map(|(at, _)| row.get(at).as_str().map(ToOwned::to_owned)).collect()
    }

    /// Fills in the record type, and refuses one that is not for this object and user.
    pub(crate) fn settle_record_type(
        &self,
        def: &ObjectDef,
        row: &mut RowData,
        new: bool,
    ) -> Result<(), Refusal> {
        let Some((at, _)) = def.field("RecordTypeId") else { return Ok(()) };
        let given = row.get(at).as_str().map(ToOwned::to_owned);
        match given.as_deref() {
            None if new => {
                if let Some(default) = self.rules.default_record_types.get(&def.name) {
                    row.set(at, json!(default));
                }
                Ok(())
            }
            None => Ok(()),
            // The one that every object has is stored as none.
            Some("012000000000000AAA") => {
                row.set(at, Value::Null);
                Ok(())
            }
            Some(id) => {
                let known = self.record_types(&def.name);
                if known.iter().any(|own| own.id == id && own.available) {
                    return Ok(());
                }
                let message = format!("Record Type ID: this ID value isn't valid for the user: {id}");
                Err(Refusal::new("INVALID_CROSS_REFERENCE_KEY", message).about("RecordTypeId"))
            }
        }
    }

    /// The owner that the active assignment rule gives to a new record.
    pub(crate) fn assigned(&self, def: &ObjectDef, row: &RowData, writer: &Writer) -> Option<String> {
        let looking = Looking {
            org: self,
            def,
            row,
            before: None,
            new: true,
            now: writer.now,
            user: Some(&writer.user),
        };
        let mut rules = self.rules.assignment.iter().filter(|rule| rule.object == def.name);
        let rule = rules.find(|rule| rule.condition.as_ref().is_none_or(|own| own.holds(&looking)))?;
        Some(rule.owner.clone())
    }

    /// Refuses an owner who cannot own records of this object.
    pub(crate) fn may_own(&self, def: &ObjectDef, row: &RowData) -> Result<(), Refusal> {
        let Some((at, _)) = def.field("OwnerId") else { return Ok(()) };
        let Some(id) = row.get(at).as_str() else { return Ok(()) };
        let Some((table, owner)) = self.find(id) else { return Ok(()) };
        if table.def.name == "User" && *owner.value("IsActive") == json!(false) {
            let short = id.get(..15).unwrap_or(id);
            let kind = def.label.to_lowercase();
            let message = format!("operation performed with inactive user [{short}] as owner of {kind}");
            return Err(Refusal::new("INACTIVE_OWNER_OR_USER", message));
        }
        if table.def.name == "Group" {
            let queues = self.table("QueueSobject");
            let held = queues.and_then(|queues| {
                let (at, _) = queues.def.field("QueueId")?;
                Some(queues.holders(at, id))
            });
            let fits = held.into_iter().flatten().any(|row| *row.value("SobjectType") == json!(def.name));
            if !fits {
                // assumed: the code; the wording is that of the user interface
                let message = "Queue not associated with this SObject type";
                return Err(Refusal::new("FIELD_INTEGRITY_EXCEPTION", message).about("OwnerId"));
            }
        }
        Ok(())
    }
}
