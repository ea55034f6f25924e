//! The recycle bin: what goes with a deleted record, and comes back with it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};
use crate::schema::{Link, OnDelete};

/// What became of another record when one was deleted.
#[derive(Debug, Clone)]
pub(crate) enum Gone {
    /// It was deleted too.
    Deleted(String, String),
    /// Its field was emptied.
    Cleared { object: String, id: String, field: String },
}

/// Cascades of accounts into contacts into cases end; this is in case they do not.
const DEEPEST: usize = 10;

impl Org {
    /// Refuses where records keep this one from going.
    pub(crate) fn may_go(&self, object: &str, row: &RowData) -> Result<(), Refusal> {
        let Some(table) = self.table(object) else { return Ok(()) };
        for link in table.def.links.iter().filter(|link| link.on_delete == OnDelete::Restrict) {
            let holders = self.holding(&link.object, &link.field, &row.id);
            if holders.is_empty() {
                continue;
            }
            let plural =
                self.table(&link.object).map_or(link.object.clone(), |child| child.def.plural.clone());
            let name = |row: &RowData| {
                let name = ["CaseNumber", "Name"].iter().find_map(|name| row.text(name));
                name.unwrap_or(&row.id).to_owned()
            };
            let names: Vec<String> = holders.iter().map(name).collect();
            let message = format!(
                "Your attempt to delete {} could not be completed because it is associated with the following {}.: {}\n",
                name(row),
                plural.to_lowercase(),
                names.join(", ")
            );
            return Err(Refusal::new("DELETE_FAILED", message));
        }
        Ok(())
    }

    /// Deletes what goes with a record, and empties the fields that refer to it.
    pub(crate) fn let_go(&mut self, object: &str, id: &str, writer: &Writer, depth: usize) {
        let links: Vec<Link> = self.table(object).map(|table| table.def.links.clone()).unwrap_or_default();
        let mut gone = Vec::new();
        for link in links {
            for row in self.holding(&link.object, &link.field, id) {
                let child = row.id.clone();
                if link.on_delete == OnDelete::Cascade {
                    if depth < DEEPEST {
                        self.let_go(&link.object, &child, writer, depth + 1);
                    }
                    self.bury(&link.object, row, writer);
                    gone.push(Gone::Deleted(link.object.clone(), child));
                } else if self.table(&link.object).is_some_and(|table| table.def.writable) {
                    let stamp = writer.now.as_second();
                    self.adjust(&link.object, row, &[(&link.field, Value::Null)], stamp);
                    let (object, field) = (link.object.clone(), link.field.clone());
                    gone.push(Gone::Cleared { object, id: child, field });
                }
            }
        }
        if !gone.is_empty() {
            self.gone.insert(id.to_owned(), gone);
        }
    }

    /// Puts a record into the recycle bin.
    pub(crate) fn bury(&mut self, object: &str, mut row: RowData, writer: &Writer) {
        row.deleted = true;
        row.modified_at = writer.now.as_second();
        row.modified_by = Arc::clone(&writer.user);
        row.modstamp = row.modified_at.max(row.modstamp);
        self.put(object, row);
    }

    /// Takes a record out of the recycle bin, with all that went with it.
    pub(crate) fn dig_up(&mut self, object: &str, mut row: RowData, writer: &Writer, depth: usize) {
        let id = row.id.clone();
        row.deleted = false;
        row.modstamp = writer.now.as_second().max(row.modstamp);
        row.modified_at = row.modstamp;
        row.modified_by = Arc::clone(&writer.user);
        self.put(object, row);
        for gone in self.gone.remove(&id).unwrap_or_default() {
            match gone {
                Gone::Deleted(object, child) => {
                    let row = self.table(&object).and_then(|table| table.rows.get(&child));
                    if let Some(row) = row.filter(|row| row.deleted && depth < DEEPEST) {
                        self.dig_up(&object, row, writer, depth + 1);
                    }
                }
                Gone::Cleared { object, id: child, field } => {
                    let row = self.table(&object).and_then(|table| table.rows.get(&child));
                    if let Some(row) = row.filter(|row| row.cell(&field).is_null()) {
                        self.adjust(&object, row, &[(&field, json!(id))], writer.now.as_second());
                    }
                }
            }
        }
    }
}
