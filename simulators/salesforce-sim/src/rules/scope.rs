//! How formulas see records.

use jiff::Timestamp;

use super::formula::{Scope, Val};
use crate::org::Org;
use crate::schema::ObjectDef;
use crate::soql::Record;

/// A record that a formula looks at, and what it was before.
pub(crate) struct Looking<'a> {
    pub org: &'a Org,
    pub def: &'a ObjectDef,
    pub row: &'a dyn Record,
    pub before: Option<&'a dyn Record>,
    pub new: bool,
    pub now: Timestamp,
    /// Who writes: `$User` and `$Profile`.
    pub user: Option<&'a str>,
}

impl Looking<'_> {
    fn follow(&self, def: &ObjectDef, row: &dyn Record, path: &[String]) -> Val {
        let Some((first, rest)) = path.split_first() else { return Val::Null };
        if rest.is_empty() {
            let Some((_, field)) = def.field(first) else { return Val::Null };
            return Val::of(&row.value(&field.name), &field.kind);
        }
        let mut fields = def.fields.values();
        // `Owner:User` names the object that a relationship leads to.
        let first = first.split(':').next().unwrap_or(first);
        let named =
            |name: &Option<String>| name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(first));
        let Some(field) = fields.find(|field| named(&field.relationship)) else { return Val::Null };
        let id = row.value(&field.name);
        let parent = id.as_str().and_then(|id| self.org.find(id));
        parent.map_or(Val::Null, |(table, parent)| self.follow(&table.def, &parent, rest))
    }
}

impl Looking<'_> {
    /// A value of the org's own: `$User.Email`, `$RecordType.DeveloperName`. What is not known is blank.
    fn global(&self, name: &str, path: &[String]) -> Val {
        let user = || self.org.find(self.user?);
        let of_user = |field: &str| {
            let (_, user) = user()?;
            self.org.find(user.value(field).as_str()?)
        };
        let found = match name.to_ascii_lowercase().as_str() {
            "$user" => user(),
            "$profile" => of_user("ProfileId"),
            "$userrole" => of_user("UserRoleId"),
            "$recordtype" => self.row.value("RecordTypeId").as_str().and_then(|id| self.org.find(id)),
            "$organization" => self.org.table("Organization").and_then(|table| {
                let row = table.rows.iter().next()?;
                Some((table, row.unpacked()))
            }),
            // Custom permissions are granted to nobody.
            "$permission" => return Val::Bool(false),
            _ => None,
        };
        found.map_or(Val::Null, |(table, row)| self.follow(&table.def, &row, path))
    }
}

impl Scope for Looking<'_> {
    fn value(&self, path: &[String]) -> Val {
        match path.split_first() {
            Some((first, rest)) if first.starts_with('$') => self.global(first, rest),
            _ => self.follow(self.def, self.row, path),
        }
    }

    fn look_up(&self, wanted: &[String], key: &[String], value: &str) -> Val {
        let ([_, object, _, wanted], [_, _, _, key]) = (wanted, key) else { return Val::Null };
        let Some(table) = self.org.table(object) else { return Val::Null };
        let Some((at, _)) = table.def.field(key) else { return Val::Null };
        let held = table.holders(at, value);
        held.first().map_or(Val::Null, |row| self.follow(&table.def, row, std::slice::from_ref(wanted)))
    }

    fn prior(&self, path: &[String]) -> Val {
        self.follow(self.def, self.before.unwrap_or(self.row), path)
    }

    fn is_new(&self) -> bool {
        self.new
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
