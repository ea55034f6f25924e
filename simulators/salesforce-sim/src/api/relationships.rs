//! Records reached along a relationship: `/sobjects/Contact/{id}/Account`.

use serde_json::Value;

use super::{Api, Call, Done, param, refuse};
use crate::error::Refusal;
use crate::ids;
use crate::soql::Scope;

impl Api<'_> {
    /// Whether the address is that of a record's relationship, and not that of a record by external id.
    pub(super) fn is_relationship(&self, object: &str, id: &str, path: &[&str]) -> bool {
        let Some(table) = self.state.org.table(object) else { return false };
        let of_object = |id: &String| self.state.org.object_of(id) == Some(&table.def.name);
        path.len() <= 5
            && table.def.field(id).is_none()
            && ids::normal(id).as_ref().is_some_and(of_object)
            && path.iter().all(|name| !name.is_empty())
    }

    pub(super) fn relationship(
        &mut self,
        call: &Call,
        object: &str,
        id: &str,
        path: &[&str],
        version: &str,
    ) -> Done {
        let missing = || {
            let message = "The requested resource does not exist";
            vec![Refusal::new("NOT_FOUND", message).with_status(404)]
        };
        let [name, rest @ ..] = path else { return Err(missing()) };
        let table = self.state.org.table(object).ok_or_else(missing)?;
        let id = ids::normal(id).ok_or_else(missing)?;
        let row = table.rows.stored(&id).filter(|row| !row.deleted).ok_or_else(missing)?;
        let parent = table.def.fields.values().position(|field| {
            field.relationship.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
        if let Some(at) = parent {
            let Value::String(parent) = row.get(at) else { return Err(missing()) };
            let target = self.state.org.object_of(&parent).ok_or_else(missing)?.to_owned();
            if !rest.is_empty() {
                return self.relationship(call, &target, &parent, rest, version);
            }
            return self.row(call, &call.method, &target, &parent, version);
        }
        let child = table.def.children.iter().find(|child| child.name.eq_ignore_ascii_case(name)).cloned();
        let child = child.ok_or_else(missing)?;
        if call.method != "GET" || !rest.is_empty() {
            let message = format!("HTTP Method '{}' not allowed. Allowed are GET,HEAD", call.method);
            return refuse(Refusal::new("METHOD_NOT_ALLOWED", message).with_status(405));
        }
        let fields = param(call, "fields").unwrap_or_else(|| {
            let fields = self.state.org.table(&child.object).map(|table| &table.def.fields);
            fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect::<Vec<_>>().join(",")
        });
        let text = format!("SELECT {fields} FROM {} WHERE {} = '{id}'", child.object, child.field);
        self.run_query(call, text, version, Scope::Live, false)
    }
}
