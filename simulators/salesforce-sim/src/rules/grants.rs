//! Field-level security: which fields the connected user's profile and permission sets grant.
//!
//! The rows of `FieldPermissions` decide. What they deny is kept beside them, so that a query need not ask them for each
//! field; it is worked out anew whenever such a row, an assignment or a field changes.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::FieldAccess;
use crate::error::Refusal;
use crate::org::{Org, RowData};
use crate::schema::{FieldDef, ObjectDef};
use crate::setup::Who;
use crate::setup::rows;

const ROWS: &str = "FieldPermissions";

/// Whether access to fields depends on the rows of this object.
pub(crate) fn decides(object: &str) -> bool {
    matches!(object, ROWS | "PermissionSetAssignment")
}

/// The field whose grant this one follows: parts of an address follow the address.
fn governing<'a>(def: &'a ObjectDef, field: &'a FieldDef) -> &'a FieldDef {
    let whole = field.compound.as_deref().and_then(|whole| def.field(whole));
    whole.map(|(_, whole)| &**whole).filter(|whole| whole.has('p')).unwrap_or(field)
}

/// The fields of an object that grants are given for.
fn granted_one_by_one(def: &ObjectDef) -> impl Iterator<Item = &FieldDef> {
    let own = def.fields.values().map(|field| &**field);
    own.filter(|field| field.has('p') && std::ptr::eq(governing(def, field), *field))
}

/// Whether anybody who may change a field at all could change this one.
fn can_change(def: &ObjectDef, field: &FieldDef) -> bool {
    let part = |own: &&Arc<FieldDef>| own.compound.as_deref() == Some(&field.name) && own.has('u');
    field.has('u') || field.has('c') || def.fields.values().any(|own| part(&own))
}

impl Org {
    /// From now on, this user sees and changes only what is granted.
    pub fn hold_to_grants(&mut self, user: Arc<str>) {
        self.rules.access.user = Some(user);
        self.weigh_all_grants();
    }

    /// Grants all fields of the standard objects to those who hold this permission set.
    pub fn grant_standard_fields(&mut self, set: &str, who: &Who) {
        let mut grants = Vec::new();
        for table in self.tables.values().filter(|table| table.def.name != ROWS) {
            for field in granted_one_by_one(&table.def) {
                grants.push(grant(set, &table.def, field));
            }
        }
        for row in grants {
            rows::insert(self, ROWS, &row, who);
        }
    }

    /// Grants a field to all profiles, as the setup pages suggest it to whoever makes one there.
    pub fn grant_to_profiles(&mut self, object: &str, field: &str, who: &Who) {
        let Some(table) = self.table(object) else { return };
        let Some((_, own)) = table.def.field(field) else { return };
        if own.has('p') {
            let key = format!("{}.{}", table.def.name, own.name);
            let grant = grant("", &table.def, own);
            for set in
                rows::all(self, "PermissionSet").iter().filter(|set| rows::yes(set, "IsOwnedByProfile"))
            {
                let parent = json!(rows::text(set, "Id"));
                let held = self.grants_of(&key).iter().any(|row| *row.cell("ParentId") == parent);
                if !held {
                    let mut grant = grant.clone();
                    grant["ParentId"] = parent;
                    rows::insert(self, ROWS, &grant, who);
                }
            }
        }
        self.weigh_grants_of(object, field);
    }

    /// The rows that grant a field: `Contact.Phone`.
    fn grants_of(&self, key: &str) -> Vec<RowData> {
        self.holding(ROWS, "Field", key)
    }

    /// Works out anew what the user may do with one field, and with those that follow it.
    pub fn weigh_grants_of(&mut self, object: &str, field: &str) {
        let Some(user) = self.rules.access.user.clone() else { return };
        let sets = self.permission_sets_of(&user);
        let Some(table) = self.table(object) else {
            self.rules.access.ungranted.remove(object);
            return;
        };
        let (object, def) = (table.def.name.clone(), &table.def);
        let Some((_, own)) = def.field(field) else {
            if let Some(fields) = self.rules.access.ungranted.get_mut(&object) {
                fields.remove(field);
            }
            return;
        };
        let own = governing(def, own);
        let grants = self.grants_of(&format!("{object}.{}", own.name));
        let held =
            |row: &&RowData| row.text("ParentId").is_some_and(|parent| sets.iter().any(|set| set == parent));
        let mut access = FieldAccess { read: false, edit: false };
        grants.iter().filter(held).for_each(|row| widen(&mut access, row));
        let access = if own.has('p') { access } else { FieldAccess { read: true, edit: true } };
        let follows = |one: &&Arc<FieldDef>| std::ptr::eq(governing(def, one), own);
        let names: Vec<String> = def.fields.values().filter(follows).map(|one| one.name.clone()).collect();
        let whole = access.read && (access.edit || !can_change(def, own));
        let denied = self.rules.access.ungranted.entry(object).or_default();
        for name in names {
            if whole {
                denied.remove(&name);
            } else {
                denied.insert(name, access);
            }
        }
    }

    /// Works out anew what the user may do with every field.
    pub fn weigh_all_grants(&mut self) {
        let Some(user) = self.rules.access.user.clone() else { return };
        let mut granted: HashMap<String, FieldAccess> = HashMap::new();
        for set in self.permission_sets_of(&user) {
            for row in self.holding(ROWS, "ParentId", &set) {
                let key = row.text("Field").unwrap_or_default().to_ascii_lowercase();
                widen(granted.entry(key).or_insert(FieldAccess { read: false, edit: false }), &row);
            }
        }
        let mut denied: HashMap<String, HashMap<String, FieldAccess>> = HashMap::new();
        for table in self.tables.values() {
            let def = &table.def;
            for field in def.fields.values() {
                let own = governing(def, field);
                if !own.has('p') {
                    continue;
                }
                let key = format!("{}.{}", def.name, own.name).to_ascii_lowercase();
                let access = granted.get(&key).copied().unwrap_or(FieldAccess { read: false, edit: false });
                if !access.read || !access.edit && can_change(def, own) {
                    denied.entry(def.name.clone()).or_default().insert(field.name.clone(), access);
                }
            }
        }
        self.rules.access.ungranted = denied;
    }

    /// Refuses a grant that cannot be given.
    pub(crate) fn prepare_grant(&self, row: &mut RowData, before: Option<&RowData>) -> Result<(), Refusal> {
        let key = row.text("Field").unwrap_or_default().to_owned();
        let (object, name) = key.split_once('.').unwrap_or((&key, ""));
        let found = self.table(object).and_then(|table| Some((table, table.def.field(name)?.1)));
        // Fields that everybody sees are no choices of this list.
        let Some((table, field)) = found.filter(|(_, field)| field.has('p')) else {
            let message = format!("Field Name: bad value for restricted picklist field: {key}");
            return Err(Refusal::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).about("Field"));
        };
        row.put_cell("Field", json!(format!("{}.{}", table.def.name, field.name)));
        row.put_cell("SobjectType", json!(table.def.name));
        if row.yes("PermissionsEdit") && !row.yes("PermissionsRead") {
            // assumed: the wording
            let message = "Field Permissions: edit access needs read access: set PermissionsRead too";
            return Err(Refusal::new("FIELD_INTEGRITY_EXCEPTION", message).about("PermissionsRead"));
        }
        let twin = |own: &RowData| own.id != row.id && own.cell("ParentId") == row.cell("ParentId");
        if before.is_none() && self.grants_of(&key).iter().any(twin) {
            let message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>";
            return Err(Refusal::new("DUPLICATE_VALUE", message));
        }
        Ok(())
    }
}

/// A row that grants a field as far as it goes.
fn grant(set: &str, def: &ObjectDef, field: &FieldDef) -> Value {
    json!({
        "ParentId": set, "SobjectType": def.name, "Field": format!("{}.{}", def.name, field.name),
        "PermissionsRead": true, "PermissionsEdit": can_change(def, field),
    })
}

fn widen(access: &mut FieldAccess, row: &RowData) {
    access.read |= row.yes("PermissionsRead");
    access.edit |= row.yes("PermissionsEdit");
}
