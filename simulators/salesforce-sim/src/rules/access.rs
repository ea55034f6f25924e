//! What the integration user may see and do: objects, fields, records.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Access, Looking};
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::Org;
use crate::schema::ObjectDef;
use crate::soql::Record;

/// What a user may do with the records of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectAccess {
    /// Make records.
    pub create: bool,
    /// See the object at all.
    pub read: bool,
    /// Change records.
    pub edit: bool,
    /// Delete records.
    pub delete: bool,
}

impl Default for ObjectAccess {
    fn default() -> Self {
        Self { create: true, read: true, edit: true, delete: true }
    }
}

/// What a user may do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldAccess {
    /// See it.
    pub read: bool,
    /// Change it.
    pub edit: bool,
}

/// What somebody wants to do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    Delete,
}

impl Access {
    fn limits(&self, writer: &Writer) -> bool {
        self.user.as_deref() == Some(&*writer.user)
    }

    /// Whether the user knows of this object.
    pub fn sees_object(&self, object: &str) -> bool {
        self.objects.get(object).is_none_or(|access| access.read)
    }

    /// Whether the user sees this field.
    pub fn sees_field(&self, object: &str, field: &str) -> bool {
        self.field(object, field).read
    }

    /// What the user may do with a field: what is granted, less what the settings take away.
    pub fn field(&self, object: &str, field: &str) -> FieldAccess {
        let of = |limits: &HashMap<String, HashMap<String, FieldAccess>>| {
            limits.get(object).and_then(|fields| fields.get(field)).copied()
        };
        let mut access = of(&self.fields).unwrap_or(FieldAccess { read: true, edit: true });
        if let Some(granted) = of(&self.ungranted) {
            access.read &= granted.read;
            access.edit &= granted.edit;
        }
        access.edit &= access.read;
        access
    }

    /// Whether some field of an object is not the user's to see and change.
    pub fn limits_fields(&self, object: &str) -> bool {
        let any = |limits: &HashMap<String, HashMap<String, FieldAccess>>| {
            limits.get(object).is_some_and(|fields| !fields.is_empty())
        };
        any(&self.fields) || any(&self.ungranted)
    }

    /// The fields of an object that the user does not see.
    pub fn hidden_fields(&self, object: &str) -> HashSet<String> {
        let named = [&self.fields, &self.ungranted].into_iter().filter_map(|limits| limits.get(object));
        named.flatten().filter(|(_, access)| !access.read).map(|(name, _)| name.clone()).collect()
    }

    fn edits_field(&self, object: &str, field: &str) -> bool {
        self.field(object, field).edit
    }
}

impl Org {
    /// An object that the integration user knows of.
    pub fn seen_table(&self, object: &str) -> Option<&crate::org::Table> {
        self.table(object).filter(|table| self.rules.access.sees_object(&table.def.name))
    }

    /// Whether the integration user sees this record.
    pub fn sees(&self, def: &ObjectDef, row: &dyn Record) -> bool {
        self.rules.access.rows.is_empty() || self.shares(def, row, false)
    }

    /// Whether a record is shared with the user, to read or (`to_edit`) to change.
    fn shares(&self, def: &ObjectDef, row: &dyn Record, to_edit: bool) -> bool {
        let mut rules = self.rules.access.rows.iter().filter(|rule| rule.object == def.name);
        !rules.any(|rule| {
            if rule.readable && !to_edit {
                return false;
            }
            let named = rule.ids.as_ref().is_none_or(|ids| {
                let id = row.value("Id");
                id.as_str().is_some_and(|id| ids.contains(id))
            });
            let now = Timestamp::UNIX_EPOCH;
            let looking = Looking {
                org: self,
                def,
                row,
                before: None,
                new: false,
                now,
                user: self.rules.access.user.as_deref(),
            };
            named && rule.condition.as_ref().is_none_or(|condition| condition.holds(&looking))
        })
    }

    /// Whether a writer may do this with records of an object.
    pub(crate) fn may(&self, object: &str, verb: Verb, writer: &Writer) -> Result<(), Refusal> {
        let access = &self.rules.access;
        if !access.limits(writer) {
            return Ok(());
        }
        if !access.sees_object(object) {
            return Err(crate::dml::no_type(object));
        }
        let Some(own) = access.objects.get(object) else { return Ok(()) };
        let refused = |message: String| Err(Refusal::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message));
        match verb {
            Verb::Create if !own.create => refused(format!("entity type cannot be inserted: {object}")),
            Verb::Update if !own.edit => refused(format!("entity type cannot be updated: {object}")),
            // assumed: the code; Apex and the API answer it for records of an object without the permission
            Verb::Delete if !own.delete => Err(no_access()),
            _ => Ok(()),
        }
    }

    /// Whether a writer may change or delete this record.
    pub(crate) fn may_touch(
        &self,
        def: &ObjectDef,
        row: &dyn Record,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        let access = &self.rules.access;
        if access.rows.is_empty() || !access.limits(writer) {
            return Ok(());
        }
        if !self.shares(def, row, false) {
            return Err(unseen());
        }
        if self.shares(def, row, true) { Ok(()) } else { Err(no_access()) }
    }

    /// Whether a writer sees the record that a field is to refer to.
    pub(crate) fn sees_target(&self, id: &serde_json::Value, writer: &Writer) -> bool {
        if self.rules.access.rows.is_empty() || !self.rules.access.limits(writer) {
            return true;
        }
        let target = id.as_str().and_then(|id| self.find(id));
        target.is_none_or(|(table, row)| self.sees(&table.def, &row))
    }

    /// Whether a writer may set this field.
    pub(crate) fn may_set(&self, object: &str, field: &str, writer: &Writer) -> bool {
        !self.rules.access.limits(writer) || self.rules.access.edits_field(object, field)
    }

    /// Whether a writer knows this field.
    pub(crate) fn knows(&self, object: &str, field: &str, writer: &Writer) -> bool {
        !self.rules.access.limits(writer) || self.rules.access.sees_field(object, field)
    }
}

fn no_access() -> Refusal {
    Refusal::new("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
}

fn unseen() -> Refusal {
    let message = "insufficient access rights on cross-reference id";
    Refusal::new("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
}
