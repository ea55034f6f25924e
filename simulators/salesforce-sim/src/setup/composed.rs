//! Reading components: those that were saved, and those that the org has without anybody saving them.

use serde_json::Value;

use super::object::without_name;
use super::{kinds, standard_pages};
use crate::State;

impl State {
    /// A component's name as the org spells it, and its metadata; nothing where there is no such component.
    pub(crate) fn read_component(&self, kind: &str, full_name: &str) -> Option<(String, Value)> {
        match kind {
            "CustomField" => self.field_metadata(full_name),
            "CustomObject" => self.object_metadata(full_name),
            "PermissionSet" | "Profile" => {
                let body = self.permission_set_metadata(kind, full_name)?;
                Some((full_name.to_owned(), body))
            }
            _ => {
                if let Some(kept) = self.setup.components.get(kind, full_name) {
                    return Some((kept.full_name.clone(), without_name(&kept.body)));
                }
                let page = standard_pages::find(&self.org, kind, full_name)?;
                Some((full_name.to_owned(), page))
            }
        }
    }

    /// The names of all components of a kind.
    pub(crate) fn component_names(&self, kind: &str) -> Vec<String> {
        let Some(kind) = kinds::find(kind) else { return Vec::new() };
        match kind.name {
            "CustomField" => {
                let own = self.org.tables.values().flat_map(|table| {
                    let fields = table.def.fields.values().filter(|field| field.custom);
                    fields.map(|field| format!("{}.{}", table.def.name, field.name))
                });
                own.collect()
            }
            "CustomObject" => self.object_names(),
            "PermissionSet" | "Profile" => self.permission_set_names(kind.name),
            _ => {
                let mut names = standard_pages::names(&self.org, kind.name);
                for kept in self.setup.components.of_kind(kind.name) {
                    if !names.iter().any(|name| name.eq_ignore_ascii_case(&kept.full_name)) {
                        names.push(kept.full_name.clone());
                    }
                }
                names
            }
        }
    }
}
