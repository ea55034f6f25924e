//! Permission sets and profiles as components: their files say the same as their rows.

use serde_json::{Map, Value, json};

use super::rows::{self, text, yes};
use super::xml::list;
use super::{Who, kinds, problem};
use crate::State;
use crate::error::Refusal;

/// Elements of a file that rows hold.
const IN_ROWS: [&str; 6] =
    ["label", "description", "fieldPermissions", "objectPermissions", "userPermissions", "fullName"];
const OBJECT: [(&str, &str); 6] = [
    ("allowCreate", "PermissionsCreate"),
    ("allowDelete", "PermissionsDelete"),
    ("allowEdit", "PermissionsEdit"),
    ("allowRead", "PermissionsRead"),
    ("modifyAllRecords", "PermissionsModifyAllRecords"),
    ("viewAllRecords", "PermissionsViewAllRecords"),
];

impl State {
    /// The row of a permission set, or of the one behind a profile.
    pub(crate) fn permission_set_row(&self, kind: &str, full_name: &str) -> Option<Value> {
        if kind == "Profile" {
            // Files call the profile of administrators by another name than the rows do.
            let name =
                if full_name.eq_ignore_ascii_case("Admin") { "System Administrator" } else { full_name };
            let profile = rows::holding(&self.org, "Profile", "Name", name).into_iter().next()?;
            return rows::holding(&self.org, "PermissionSet", "ProfileId", text(&profile, "Id"))
                .into_iter()
                .next();
        }
        let found = rows::holding(&self.org, "PermissionSet", "Name", full_name);
        found.into_iter().find(|row| !yes(row, "IsOwnedByProfile"))
    }

    pub(super) fn permission_set_names(&self, kind: &str) -> Vec<String> {
        if kind == "Profile" {
            let profiles = rows::all(&self.org, "Profile");
            let name = |row: &Value| match text(row, "Name") {
                "System Administrator" => "Admin".to_owned(),
                other => other.to_owned(),
            };
            return profiles.iter().map(name).collect();
        }
        let sets = rows::all(&self.org, "PermissionSet");
        sets.iter()
            .filter(|row| !yes(row, "IsOwnedByProfile"))
            .map(|row| text(row, "Name").to_owned())
            .collect()
    }

    pub(super) fn permission_set_metadata(&self, kind: &str, full_name: &str) -> Option<Value> {
        let row = self.permission_set_row(kind, full_name)?;
        let id = text(&row, "Id");
        let mut map = Map::new();
        let mut fields: Vec<Value> = rows::holding(&self.org, "FieldPermissions", "ParentId", id)
            .iter()
            .map(|row| {
                json!({"editable": yes(row, "PermissionsEdit"), "field": text(row, "Field"),
                       "readable": yes(row, "PermissionsRead")})
            })
            .collect();
        fields.sort_by(|one, other| text(one, "field").cmp(text(other, "field")));
        let mut objects: Vec<Value> = rows::holding(&self.org, "ObjectPermissions", "ParentId", id)
            .iter()
            .map(|row| {
                let mut own: Map<String, Value> = OBJECT
                    .iter()
                    .map(|(element, field)| ((*element).to_owned(), json!(yes(row, field))))
                    .collect();
                own.insert("object".into(), json!(text(row, "SobjectType")));
                Value::Object(own)
            })
            .collect();
        objects.sort_by(|one, other| text(one, "object").cmp(text(other, "object")));
        if let Some(kept) = self.setup.components.get(kind, full_name) {
            let rest = kept.body.as_object().into_iter().flatten();
            let rest = rest.filter(|(key, _)| !IN_ROWS.contains(&key.as_str()));
            map.extend(rest.map(|(key, value)| (key.clone(), value.clone())));
        }
        if kind == "PermissionSet" {
            if let Some(description) = row.get("Description") {
                map.insert("description".into(), description.clone());
            }
            map.insert("label".into(), json!(text(&row, "Label")));
        } else {
            map.insert("custom".into(), json!(yes(&row, "IsCustom")));
        }
        if !fields.is_empty() {
            map.insert("fieldPermissions".into(), json!(fields));
        }
        if !objects.is_empty() {
            map.insert("objectPermissions".into(), json!(objects));
        }
        let mut allowed: Vec<&str> = row
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| **value == json!(true))
            .filter_map(|(key, _)| key.strip_prefix("Permissions"))
            .collect();
        allowed.sort_unstable();
        let allowed: Vec<Value> = allowed.iter().map(|name| json!({"enabled": true, "name": name})).collect();
        if !allowed.is_empty() {
            map.insert("userPermissions".into(), json!(allowed));
        }
        Some(Value::Object(map))
    }

    pub(super) fn check_permission_set(
        &self,
        kind: &str,
        full_name: &str,
        body: &Value,
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let missing = |what: &str, name: &str| {
            problem(
                "INVALID_CROSS_REFERENCE_KEY",
                format!(
                    "In field: {what} - no {} named {name} found",
                    if what == "field" { "CustomField" } else { "CustomObject" }
                ),
            )
        };
        if kind == "Profile" {
            self.permission_set_row(kind, full_name).ok_or_else(|| {
                problem(
                    "INVALID_CROSS_REFERENCE_KEY",
                    format!("In field: fullName - no Profile named {full_name} found"),
                )
            })?;
        } else if body.get("label").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(problem("REQUIRED_FIELD_MISSING", "Required field is missing: label").about("label"));
        }
        for own in list(body.get("fieldPermissions")) {
            let name = text(own, "field");
            let (object, field) = name.split_once('.').unwrap_or((name, ""));
            let known = self.org.table(object).is_some_and(|table| table.def.field(field).is_some());
            if !known && !knows(name) {
                return Err(missing("field", name));
            }
            if kind == "PermissionSet" && self.is_always_seen(object, field) {
                let message = format!("You cannot deploy to a required field: {name}");
                return Err(problem("FIELD_INTEGRITY_EXCEPTION", message));
            }
        }
        for own in list(body.get("objectPermissions")) {
            let name = text(own, "object");
            if self.org.table(name).is_none() && !knows(name) {
                return Err(missing("object", name));
            }
        }
        let table = self.org.table("PermissionSet");
        for own in list(body.get("userPermissions")) {
            let name = text(own, "name");
            let known = table.is_some_and(|table| table.def.field(&format!("Permissions{name}")).is_some());
            if !known {
                return Err(problem(
                    "INVALID_CROSS_REFERENCE_KEY",
                    format!("Unknown user permission: {name}"),
                ));
            }
        }
        Ok(())
    }

    /// Whether a field is there that every user sees and whose access cannot be given.
    fn is_always_seen(&self, object: &str, field: &str) -> bool {
        let found = self.org.table(object).and_then(|table| table.def.field(field));
        found.is_some_and(|(_, field)| !field.has('p'))
    }

    /// Makes a permission set say what its file says, or a profile say that too; answers whether it is new.
    pub(super) fn save_permission_set(
        &mut self,
        kind: &'static kinds::Kind,
        full_name: &str,
        body: &Value,
        who: &Who,
    ) -> Result<bool, Refusal> {
        self.check_permission_set(kind.name, full_name, body, &|_| false)?;
        let whole = kind.name == "PermissionSet";
        let mut fields = Map::new();
        if whole {
            fields.insert("Label".into(), body.get("label").cloned().unwrap_or(Value::Null));
            fields.insert("Description".into(), body.get("description").cloned().unwrap_or(Value::Null));
            let names = self.org.table("PermissionSet").map(|table| &table.names);
            let all = names.into_iter().flat_map(|names| names.iter());
            let all = all.filter(|name| name.starts_with("Permissions") && *name != "PermissionSetId");
            fields.extend(all.map(|name| (name.clone(), json!(false))));
        }
        for own in list(body.get("userPermissions")) {
            fields.insert(format!("Permissions{}", text(own, "name")), json!(yes(own, "enabled")));
        }
        let existing = self.permission_set_row(kind.name, full_name);
        let created = existing.is_none();
        let id = match &existing {
            Some(row) => {
                let id = text(row, "Id").to_owned();
                rows::update(&mut self.org, &id, &Value::Object(fields), who);
                id
            }
            None => {
                fields.insert("Name".into(), json!(full_name));
                fields.insert("IsCustom".into(), json!(true));
                fields.insert("IsOwnedByProfile".into(), json!(false));
                rows::insert(&mut self.org, "PermissionSet", &Value::Object(fields), who)
                    .ok_or_else(Refusal::not_found)?
            }
        };
        for own in list(body.get("fieldPermissions")) {
            let field = json!({
                "ParentId": id, "Field": own.get("field"), "SobjectType": text(own, "field").split('.').next(),
                "PermissionsEdit": yes(own, "editable"), "PermissionsRead": yes(own, "readable") || yes(own, "editable"),
            });
            self.put_grant("FieldPermissions", "Field", &field, who);
        }
        for own in list(body.get("objectPermissions")) {
            let mut grant = json!({"ParentId": id, "SobjectType": own.get("object")});
            for (element, name) in OBJECT {
                grant[name] = json!(yes(own, element));
            }
            self.put_grant("ObjectPermissions", "SobjectType", &grant, who);
        }
        if whole {
            self.drop_grants(
                "FieldPermissions",
                "Field",
                &id,
                &list(body.get("fieldPermissions")),
                "field",
                who,
            );
            self.drop_grants(
                "ObjectPermissions",
                "SobjectType",
                &id,
                &list(body.get("objectPermissions")),
                "object",
                who,
            );
        }
        self.show_record_types(kind.name, body);
        self.setup.components.put(kind, full_name, body.clone(), who);
        Ok(created)
    }

    /// Keeps a grant in place of the one about the same thing.
    pub(crate) fn put_grant(&mut self, table: &str, key: &str, grant: &Value, who: &Who) {
        let held = rows::holding(&self.org, table, "ParentId", text(grant, "ParentId"));
        let old = held.iter().find(|row| text(row, key).eq_ignore_ascii_case(text(grant, key)));
        let empty = grant.as_object().into_iter().flatten().all(|(_, value)| *value != json!(true));
        match old {
            Some(row) if empty => rows::delete(&mut self.org, text(row, "Id"), who),
            Some(row) => rows::update(&mut self.org, text(row, "Id"), grant, who),
            None if empty => {}
            None => drop(rows::insert(&mut self.org, table, grant, who)),
        }
    }

    /// Takes away the grants that a file no longer names.
    fn drop_grants(&mut self, table: &str, key: &str, set: &str, named: &[&Value], element: &str, who: &Who) {
        for row in rows::holding(&self.org, table, "ParentId", set) {
            if !named.iter().any(|own| text(own, element).eq_ignore_ascii_case(text(&row, key))) {
                rows::delete(&mut self.org, text(&row, "Id"), who);
            }
        }
    }

    pub(super) fn remove_permission_set(&mut self, full_name: &str, who: &Who) -> Result<(), Refusal> {
        let row = self.permission_set_row("PermissionSet", full_name).ok_or_else(|| {
            let message = format!("In field: fullName - no PermissionSet named {full_name} found");
            problem("INVALID_CROSS_REFERENCE_KEY", message)
        })?;
        let id = text(&row, "Id");
        for (table, key) in [
            ("PermissionSetAssignment", "PermissionSetId"),
            ("FieldPermissions", "ParentId"),
            ("ObjectPermissions", "ParentId"),
        ] {
            for row in rows::holding(&self.org, table, key, id) {
                rows::delete(&mut self.org, text(&row, "Id"), who);
            }
        }
        rows::delete(&mut self.org, id, who);
        self.setup.components.remove("PermissionSet", full_name);
        Ok(())
    }
}
