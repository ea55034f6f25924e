//! Merging accounts, contacts, leads or cases.

use serde_json::{Value, json};

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};

impl Org {
    /// Merges up to two records into a third: what refers to them refers to it, and they are deleted. Answers the ids of
    /// the records that refer to it now.
    pub fn merge_records(
        &mut self,
        object: &str,
        master: &str,
        victims: &[String],
        writer: &Writer,
    ) -> Result<Vec<String>, Refusal> {
        let table = self.table(object).ok_or_else(|| crate::dml::no_type(object))?;
        let object = table.def.name.clone();
        if !table.def.can('m') && object != "Case" {
            let message = format!("entity type {object} does not support merge");
            return Err(Refusal::new("INVALID_TYPE_FOR_OPERATION", message));
        }
        if victims.is_empty() || victims.len() > 2 {
            // assumed: the wording
            let message = "Merge requires one or two records to merge into the master record";
            return Err(Refusal::new("INVALID_OPERATION", message));
        }
        let master = self.live(&object, master)?;
        let mut rows = Vec::new();
        for id in victims {
            let row = self.live(&object, id)?;
            if row.id == master.id {
                let message = "The master record cannot be merged into itself";
                return Err(Refusal::new("INVALID_OPERATION", message));
            }
            if row.yes("IsConverted") || master.yes("IsConverted") {
                let message = "cannot reference converted lead";
                return Err(Refusal::new("CANNOT_UPDATE_CONVERTED_LEAD", message));
            }
            rows.push(row);
        }
        let ids = rows.iter().map(|row| row.id.as_str()).chain([master.id.as_str()]);
        let ids: Vec<String> = ids.map(ToOwned::to_owned).collect();
        self.unlocked(ids.iter().map(String::as_str), writer)?;
        let mut moved = Vec::new();
        for row in rows {
            self.move_children(&object, &row.id, &master.id, writer, &mut moved);
            let id = row.id.clone();
            self.bury(&object, row, writer);
            let row = self.table(&object).and_then(|table| table.rows.get(&id));
            if let Some(mut row) = row {
                row.put_cell("MasterRecordId", json!(master.id));
                self.put(&object, row);
            }
        }
        if let Some(mut row) = self.table(&object).and_then(|table| table.rows.get(&master.id)) {
            row.modified_at = writer.now.as_second();
            row.modified_by = std::sync::Arc::clone(&writer.user);
            row.modstamp = row.modified_at.max(row.modstamp);
            self.put(&object, row);
        }
        Ok(moved)
    }

    /// Makes what refers to one record refer to another.
    fn move_children(
        &mut self,
        object: &str,
        from: &str,
        to: &str,
        writer: &Writer,
        moved: &mut Vec<String>,
    ) {
        let links = self.table(object).map(|table| table.def.links.clone()).unwrap_or_default();
        let second = writer.now.as_second();
        for link in links.iter().filter(|link| link.field != "MasterRecordId") {
            for row in self.holding(&link.object, &link.field, from) {
                if self.is_twin(&link.object, &link.field, &row, to) {
                    self.bury(&link.object, row, writer);
                    continue;
                }
                // Nothing refers to itself.
                let value = if row.id == to { Value::Null } else { json!(to) };
                moved.push(row.id.clone());
                self.adjust(&link.object, row, &[(&link.field, value)], second);
            }
        }
    }

    /// Whether the other record has the same place already: in a campaign, or in an opportunity.
    fn is_twin(&self, object: &str, field: &str, row: &RowData, to: &str) -> bool {
        let place = match object {
            "CampaignMember" if field != "LeadOrContactId" => "CampaignId",
            "OpportunityContactRole" if field == "ContactId" => "OpportunityId",
            "AccountContactRelation" if field == "ContactId" => "AccountId",
            "AccountContactRelation" => "ContactId",
            _ => return false,
        };
        self.holding(object, field, to).iter().any(|other| other.cell(place) == row.cell(place))
    }
}
