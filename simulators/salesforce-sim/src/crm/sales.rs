//! Opportunities, contact roles and cases.

use serde_json::{Value, json};

use super::Given;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData, api_time};

impl Org {
    pub(super) fn prepare_opportunity(
        &self,
        row: &mut RowData,
        before: Option<&RowData>,
        given: &Given,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        let moved = before.is_none_or(|old| old.cell("StageName") != row.cell("StageName"));
        if moved {
            let stage = row.text("StageName").unwrap_or_default().to_owned();
            let known = self.holding("OpportunityStage", "MasterLabel", &stage).into_iter().next();
            if let Some(stage) = &known {
                if !row.gives(given, "Probability") {
                    row.put_cell("Probability", json!(stage.cell("DefaultProbability").as_f64()));
                }
                if !row.gives(given, "ForecastCategoryName") {
                    let category = stage.cell("ForecastCategoryName").clone();
                    row.put_cell("ForecastCategoryName", category);
                }
            }
            let stage_says = |name: &str| known.as_ref().is_some_and(|stage| stage.yes(name));
            row.put_cell("IsClosed", json!(stage_says("IsClosed")));
            row.put_cell("IsWon", json!(stage_says("IsWon")));
            if before.is_some() {
                row.put_cell("LastStageChangeDate", json!(api_time(writer.now.as_second())));
            }
        }
        let category = match row.text("ForecastCategoryName") {
            Some("Best Case") => json!("BestCase"),
            Some("Commit") => json!("Forecast"),
            Some("Most Likely") => json!("MostLikely"),
            Some(other) => json!(other),
            None => Value::Null,
        };
        row.put_cell("ForecastCategory", category);
        let expected = row.cell("Amount").as_f64().zip(row.cell("Probability").as_f64());
        let expected = expected.map(|(amount, percent)| (amount * percent).round() / 100.0);
        row.put_cell("ExpectedRevenue", expected.map_or(Value::Null, |own| json!(own)));
        if let Some(day) = row.text("CloseDate").and_then(|day| day.parse::<jiff::civil::Date>().ok()) {
            let quarter = (day.month() - 1) / 3 + 1;
            row.put_cell("FiscalYear", json!(day.year()));
            row.put_cell("FiscalQuarter", json!(quarter));
            row.put_cell("Fiscal", json!(format!("{} {quarter}", day.year())));
        }
        Ok(())
    }

    pub(super) fn follow_opportunity(&mut self, row: &RowData, before: Option<&RowData>, writer: &Writer) {
        let told = ["StageName", "Amount", "CloseDate", "Probability", "ExpectedRevenue", "ForecastCategory"];
        if before.is_none_or(|old| told.iter().any(|name| old.cell(name) != row.cell(name))) {
            let mut cells: Vec<(&str, Value)> = vec![("OpportunityId", json!(row.id))];
            cells.extend(told.iter().map(|name| (*name, row.cell(name).clone())));
            if let Some(old) = before {
                cells.push(("PrevAmount", old.cell("Amount").clone()));
                cells.push(("PrevCloseDate", old.cell("CloseDate").clone()));
            }
            self.record("OpportunityHistory", &cells, writer);
        }
        // The contact that a new opportunity names becomes its primary contact.
        if before.is_none()
            && let Some(contact) = row.text("ContactId")
        {
            let cells =
                [("OpportunityId", json!(row.id)), ("ContactId", json!(contact)), ("IsPrimary", json!(true))];
            self.record("OpportunityContactRole", &cells, writer);
        }
    }

    /// An opportunity has one primary contact; the last one set.
    pub(super) fn follow_role(&mut self, row: &RowData, writer: &Writer) {
        if !row.yes("IsPrimary") {
            return;
        }
        let Some(opportunity) = row.text("OpportunityId") else { return };
        let second = writer.now.as_second();
        for other in self.holding("OpportunityContactRole", "OpportunityId", opportunity) {
            if other.id != row.id {
                self.adjust("OpportunityContactRole", other, &[("IsPrimary", json!(false))], second);
            }
        }
        if let Some(held) = self.table("Opportunity").and_then(|table| table.rows.get(opportunity)) {
            self.adjust("Opportunity", held, &[("ContactId", row.cell("ContactId").clone())], second);
        }
    }

    pub(super) fn prepare_case(
        &self,
        row: &mut RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        if before.is_none_or(|old| old.cell("ParentId") != row.cell("ParentId")) {
            self.hierarchy("Case", "ParentId", row)?;
        }
        let status = row.text("Status").unwrap_or_default().to_owned();
        let closed = self.holding("CaseStatus", "MasterLabel", &status).iter().any(|own| own.yes("IsClosed"));
        let was = before.is_some_and(|old| old.yes("IsClosed"));
        row.put_cell("IsClosed", json!(closed));
        if closed != was {
            let at = if closed { json!(api_time(writer.now.as_second())) } else { Value::Null };
            row.put_cell("ClosedDate", at);
        }
        let contact = row.text("ContactId").and_then(|id| self.table("Contact")?.rows.get(id));
        let of = |name: &str| contact.as_ref().map_or(Value::Null, |contact| contact.cell(name).clone());
        if before.is_none() && row.cell("AccountId").is_null() {
            row.put_cell("AccountId", of("AccountId"));
        }
        for (own, theirs) in [
            ("ContactPhone", "Phone"),
            ("ContactMobile", "MobilePhone"),
            ("ContactEmail", "Email"),
            ("ContactFax", "Fax"),
        ] {
            row.put_cell(own, of(theirs));
        }
        Ok(())
    }
}
