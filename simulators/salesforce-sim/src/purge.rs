//! Taking records out of the recycle bin for good.

use crate::ids;
use crate::org::Org;

impl Org {
    /// Removes a deleted record for good. Answers whether there was one.
    pub fn purge(&mut self, id: &str) -> bool {
        let Some(id) = ids::normal(id) else { return false };
        let found = self.find(&id).filter(|(_, row)| row.deleted).map(|(table, _)| table.def.name.clone());
        let Some(table) = found.and_then(|object| self.table_mut(&object)) else { return false };
        table.restore(&id, None);
        true
    }
}
