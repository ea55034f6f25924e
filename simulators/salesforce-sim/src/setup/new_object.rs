//! Objects of the org's own.

use serde_json::Value;

use crate::org::Org;
use crate::schema::{self, FieldDef, Link, OnDelete};

impl Org {
    /// Adds an object of the org's own, from its metadata.
    pub fn add_setup_object(&mut self, name: &str, metadata: &Value) {
        let first = match name {
            _ if name.ends_with("__e") => "e",
            _ if name.ends_with("__mdt") => "m",
            _ => "a",
        };
        let prefix = self.free_prefix(first);
        self.add_object(schema::setup_object(name, &prefix, metadata));
    }

    /// Lets the objects that a field refers to know of it.
    pub fn link_field(&mut self, object: &str, field: &FieldDef, relationship: Option<&str>) {
        for target in &field.targets {
            let Some(table) = self.table_mut(target) else { continue };
            table.def.link(Link {
                object: object.to_owned(),
                field: field.name.clone(),
                name: relationship.map(|name| format!("{name}__r")),
                on_delete: if field.master.is_some() { OnDelete::Cascade } else { field.on_delete },
            });
        }
    }

    /// The first beginning of ids that no object has: `a00`, `a01` ..
    fn free_prefix(&self, first: &str) -> String {
        let mut number = 0_u32;
        loop {
            let prefix = format!("{first}{number:02}");
            if !self.is_prefix(&prefix) || number == 99 {
                return prefix;
            }
            number += 1;
        }
    }
}
