//! Tasks and events: whom and what they are about.

use serde_json::{Value, json};

use super::Given;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData, api_time};

impl Org {
    pub(super) fn prepare_activity(
        &self,
        object: &str,
        row: &mut RowData,
        before: Option<&RowData>,
        given: &Given,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        let who = row.text("WhoId").map(ToOwned::to_owned);
        let what = row.text("WhatId").map(ToOwned::to_owned);
        let of = |id: &Option<String>| {
            id.as_deref().and_then(|id| self.object_of(id)).unwrap_or_default().to_owned()
        };
        if of(&who) == "Lead" && what.is_some() {
            // assumed: the wording; that an activity of a lead has no WhatId is documented
            let message = "Related To ID: can't be set when Name ID is a lead";
            return Err(Refusal::new("FIELD_INTEGRITY_EXCEPTION", message).about("WhatId"));
        }
        row.put_cell("AccountId", self.account_of(who.as_deref(), what.as_deref()));
        if object == "Task" {
            self.prepare_task(row, before, writer);
            Ok(())
        } else {
            prepare_event(row, before, given)
        }
    }

    /// The account of what an activity is about, or else of whom.
    fn account_of(&self, who: Option<&str>, what: Option<&str>) -> Value {
        let of = |id: &str| {
            let (table, row) = self.find(id)?;
            if table.def.name == "Account" {
                return Some(json!(row.id));
            }
            Some(row.cell("AccountId").clone()).filter(|account| !account.is_null())
        };
        what.and_then(of).or_else(|| who.and_then(of)).unwrap_or(Value::Null)
    }

    fn prepare_task(&self, row: &mut RowData, before: Option<&RowData>, writer: &Writer) {
        let status = row.text("Status").unwrap_or_default().to_owned();
        let closed = self.holding("TaskStatus", "MasterLabel", &status).iter().any(|own| own.yes("IsClosed"));
        let was = before.is_some_and(|old| old.yes("IsClosed"));
        row.put_cell("IsClosed", json!(closed));
        if closed != was {
            let at = if closed { json!(api_time(writer.now.as_second())) } else { Value::Null };
            row.put_cell("CompletedDateTime", at);
        }
        let high = row.text("Priority") == Some("High");
        row.put_cell("IsHighPriority", json!(high));
    }
}

/// An event's start, end and length follow from one another.
fn prepare_event(row: &mut RowData, before: Option<&RowData>, given: &Given) -> Result<(), Refusal> {
    let moment = |row: &RowData, name: &str| {
        let text = row.text(name)?.replace(".000+0000", "Z");
        text.parse::<jiff::Timestamp>().ok().map(|at| at.as_second())
    };
    if row.yes("IsAllDayEvent") {
        let day = row.text("ActivityDate").map(ToOwned::to_owned);
        let day =
            day.or_else(|| row.text("StartDateTime").and_then(|at| at.get(..10)).map(ToOwned::to_owned));
        if let Some(day) = day {
            let start = format!("{day}T00:00:00.000+0000");
            row.put_cell("StartDateTime", json!(start));
            row.put_cell("ActivityDateTime", json!(start));
        }
        if row.cell("DurationInMinutes").is_null() {
            row.put_cell("DurationInMinutes", json!(1440));
        }
    }
    let start =
        if before.is_some() && !row.gives(given, "StartDateTime") && row.gives(given, "ActivityDateTime") {
            moment(row, "ActivityDateTime")
        } else {
            moment(row, "StartDateTime").or_else(|| moment(row, "ActivityDateTime"))
        };
    let by_end = !row.gives(given, "DurationInMinutes") && row.gives(given, "EndDateTime");
    let length = row.cell("DurationInMinutes").as_i64().filter(|_| !by_end);
    let end = moment(row, "EndDateTime");
    let minutes = length.or_else(|| end.zip(start).map(|(end, start)| (end - start) / 60));
    let (Some(start), Some(minutes)) = (start, minutes) else {
        // assumed: that these two are the ones that are named
        let missing = vec!["DurationInMinutes".to_owned(), "ActivityDateTime".to_owned()];
        let message = format!("Required fields are missing: [{}]", missing.join(", "));
        let mut refusal = Refusal::new("REQUIRED_FIELD_MISSING", message);
        refusal.fields = missing;
        return Err(refusal);
    };
    if minutes < 0 {
        // assumed: the wording
        let message = "End Date Time: an event cannot end before it starts";
        return Err(Refusal::new("FIELD_INTEGRITY_EXCEPTION", message).about("EndDateTime"));
    }
    let end = start.saturating_add(minutes.saturating_mul(60));
    let day = |second: i64| json!(api_time(second).get(..10));
    row.put_cell("StartDateTime", json!(api_time(start)));
    row.put_cell("ActivityDateTime", json!(api_time(start)));
    row.put_cell("EndDateTime", json!(api_time(end)));
    row.put_cell("DurationInMinutes", json!(minutes));
    row.put_cell("ActivityDate", day(start));
    row.put_cell("EndDate", day(end));
    Ok(())
}
