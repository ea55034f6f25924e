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
}

impl Looking<'_> {
    fn follow(&self, def: &ObjectDef, row: &dyn Record, path: &[String]) -> Val {
        let Some((first, rest)) = path.split_first() else { return Val::Null };
        if rest.is_empty() {
            let Some((_, field)) = def.field(first) else { return Val::Null };
            return Val::of(&row.value(&field.name), &field.kind);
        }
        let mut fields = def.fields.values();
        let named =
            |name: &Option<String>| name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(first));
        let Some(field) = fields.find(|field| named(&field.relationship)) else { return Val::Null };
        let id = row.value(&field.name);
        let parent = id.as_str().and_then(|id| self.org.find(id));
        parent.map_or(Val::Null, |(table, parent)| self.follow(&table.def, &parent, rest))
    }
}

impl Scope for Looking<'_> {
    fn value(&self, path: &[String]) -> Val {
        self.follow(self.def, self.row, path)
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
