//! What the CRM's own objects do by themselves: fields that follow from others, and rules of their own.

mod activity;
mod campaign;
mod convert;
mod currency;
mod merge;
mod people;
mod recycle;
mod sales;
mod seed;

use std::collections::HashSet;

use serde_json::Value;

pub use convert::{Converted, LeadConversion};
pub use currency::Currency;
pub(crate) use recycle::Gone;
pub(crate) use seed::seed;

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};

/// Which fields a write brought, by place.
pub(crate) type Given = HashSet<usize>;

/// A row with its fields by name.
impl RowData {
    pub(crate) fn cell(&self, name: &str) -> &Value {
        self.def.get_index_of(name).map_or(&Value::Null, |at| self.get(at))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.cell(name).as_str()
    }

    pub(crate) fn yes(&self, name: &str) -> bool {
        self.cell(name) == &Value::Bool(true)
    }

    pub(crate) fn put_cell(&mut self, name: &str, value: Value) {
        if let Some(at) = self.def.get_index_of(name) {
            self.set(at, value);
        }
    }

    fn gives(&self, given: &Given, name: &str) -> bool {
        self.def.get_index_of(name).is_some_and(|at| given.contains(&at))
    }
}

impl Org {
    /// Works out what follows from a record's other fields, and refuses what its object does not allow.
    pub(crate) fn prepare(
        &self,
        object: &str,
        row: &mut RowData,
        before: Option<&RowData>,
        given: &Given,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        match object {
            "Contact" | "Lead" | "User" => self.prepare_person(object, row, before)?,
            "Account" => self.prepare_account(row, before)?,
            "Opportunity" => self.prepare_opportunity(row, before, given, writer)?,
            "Case" => self.prepare_case(row, before, writer)?,
            "Task" | "Event" => self.prepare_activity(object, row, before, given, writer)?,
            "Campaign" => self.hierarchy("Campaign", "ParentId", row)?,
            "CampaignMember" => self.prepare_member(row, before, writer)?,
            "FieldPermissions" => self.prepare_grant(row, before)?,
            _ => {}
        }
        Ok(())
    }

    /// What a write brings about in other records.
    pub(crate) fn follow_up(
        &mut self,
        object: &str,
        row: &RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) {
        match object {
            "Account" => self.follow_account(row, writer),
            "Contact" => self.follow_contact(row, before, writer),
            "Opportunity" => self.follow_opportunity(row, before, writer),
            "OpportunityContactRole" => self.follow_role(row, writer),
            "Campaign" if before.is_none() => self.follow_campaign(row, writer),
            "CampaignMember" => self.count_members(row.text("CampaignId").unwrap_or_default()),
            _ => {}
        }
        self.note_history(object, row, before, writer);
        self.compute_children(object, &row.id, writer.now);
    }

    /// Refuses a record that would be its own ancestor.
    fn hierarchy(&self, object: &str, field: &str, row: &RowData) -> Result<(), Refusal> {
        let mut next = row.text(field).map(ToOwned::to_owned);
        for _ in 0..500 {
            let Some(id) = next else { return Ok(()) };
            if id == row.id {
                let message = "attempt to violate hierarchy constraints";
                return Err(Refusal::new("CIRCULAR_DEPENDENCY", message).about(field));
            }
            let parent = self.table(object).and_then(|table| table.rows.get(&id));
            next = parent.and_then(|parent| parent.text(field).map(ToOwned::to_owned));
        }
        Ok(())
    }

    /// Live records of an object whose field holds this.
    pub(crate) fn holding(&self, object: &str, field: &str, value: &str) -> Vec<RowData> {
        let Some(table) = self.table(object) else { return Vec::new() };
        let Some((at, _)) = table.def.field(field) else { return Vec::new() };
        table.holders(at, value)
    }

    /// Changes a record as the platform does: nobody is asked, and nobody is named as the one who changed it.
    fn adjust(&mut self, object: &str, mut row: RowData, cells: &[(&str, Value)], stamp: i64) {
        let mut changed = false;
        for (name, value) in cells {
            if row.cell(name) != value {
                row.put_cell(name, value.clone());
                changed = true;
            }
        }
        if changed {
            row.modstamp = row.modstamp.max(stamp);
            self.put(object, row);
        }
    }
}
