//! Campaigns and their members.

use serde_json::{Value, json};

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData, api_time};

/// What a member shows of the lead or contact it stands for.
const SHOWN: [&str; 15] = [
    "Salutation",
    "Name",
    "FirstName",
    "LastName",
    "Title",
    "Email",
    "Phone",
    "Fax",
    "MobilePhone",
    "Description",
    "DoNotCall",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
    "LeadSource",
    "OwnerId",
];

impl Org {
    pub(super) fn prepare_member(
        &self,
        row: &mut RowData,
        before: Option<&RowData>,
        writer: &Writer,
    ) -> Result<(), Refusal> {
        // With both, only the contact counts.
        if before.is_none() && !row.cell("ContactId").is_null() {
            row.put_cell("LeadId", Value::Null);
        }
        let person = row.text("ContactId").or_else(|| row.text("LeadId")).map(ToOwned::to_owned);
        let Some(person) = person else {
            // assumed: the code and the wording; that one of the two must be there is documented
            let message = "Required fields are missing: [LeadId, ContactId]";
            let mut refusal = Refusal::new("REQUIRED_FIELD_MISSING", message);
            refusal.fields = vec!["LeadId".to_owned(), "ContactId".to_owned()];
            return Err(refusal);
        };
        let campaign = row.text("CampaignId").unwrap_or_default().to_owned();
        if before.is_none() {
            let field = if row.cell("ContactId").is_null() { "LeadId" } else { "ContactId" };
            let held = self.holding("CampaignMember", field, &person);
            if held.iter().any(|member| member.text("CampaignId") == Some(&campaign)) {
                return Err(Refusal::new("DUPLICATE_VALUE", "Already a campaign member."));
            }
        }
        let statuses = self.holding("CampaignMemberStatus", "CampaignId", &campaign);
        if row.cell("Status").is_null()
            && let Some(default) = statuses.iter().find(|status| status.yes("IsDefault"))
        {
            row.put_cell("Status", default.cell("Label").clone());
        }
        let own = statuses.iter().find(|status| status.cell("Label") == row.cell("Status"));
        let responded = own.is_some_and(|own| own.yes("HasResponded"));
        row.put_cell("HasResponded", json!(responded));
        if responded && row.cell("FirstRespondedDate").is_null() {
            row.put_cell("FirstRespondedDate", json!(api_time(writer.now.as_second()).get(..10)));
        }
        self.show_person(row, &person);
        Ok(())
    }

    fn show_person(&self, row: &mut RowData, id: &str) {
        let Some((table, person)) = self.find(id) else { return };
        let lead = table.def.name == "Lead";
        for name in SHOWN {
            let own = if name == "OwnerId" { "LeadOrContactOwnerId" } else { name };
            row.put_cell(own, person.cell(name).clone());
        }
        for part in ["Street", "City", "State", "PostalCode", "Country"] {
            let theirs = if lead { part.to_owned() } else { format!("Mailing{part}") };
            row.put_cell(part, person.cell(&theirs).clone());
        }
        row.put_cell("LeadOrContactId", json!(id));
        row.put_cell("Type", json!(table.def.name));
        let company = if lead {
            person.cell("Company").clone()
        } else {
            let account = person.text("AccountId").and_then(|id| self.table("Account")?.rows.get(id));
            account.map_or(Value::Null, |account| account.cell("Name").clone())
        };
        row.put_cell("CompanyOrAccount", company);
    }

    /// A new campaign has two statuses for its members.
    pub(super) fn follow_campaign(&mut self, row: &RowData, writer: &Writer) {
        for (order, label, default, responded) in [(3, "Sent", true, false), (4, "Responded", false, true)] {
            let cells = [
                ("CampaignId", json!(row.id)),
                ("Label", json!(label)),
                ("SortOrder", json!(order)),
                ("IsDefault", json!(default)),
                ("HasResponded", json!(responded)),
            ];
            self.record("CampaignMemberStatus", &cells, writer);
        }
        self.count_members(&row.id);
    }

    /// How many members a campaign has, and how many of them have responded.
    pub(crate) fn count_members(&mut self, campaign: &str) {
        let members = self.holding("CampaignMember", "CampaignId", campaign);
        let count = |fits: &dyn Fn(&RowData) -> bool| json!(members.iter().filter(|row| fits(row)).count());
        let contacts = count(&|row| !row.cell("ContactId").is_null());
        let leads = count(&|row| row.cell("ContactId").is_null());
        let responses = count(&|row| row.yes("HasResponded"));
        let converted = count(&|row| !row.cell("ContactId").is_null() && !row.cell("LeadId").is_null());
        let Some(row) = self.table("Campaign").and_then(|table| table.rows.get(campaign)) else { return };
        let stamp = row.modstamp;
        let cells = [
            ("NumberOfContacts", contacts),
            ("NumberOfLeads", leads),
            ("NumberOfResponses", responses),
            ("NumberOfConvertedLeads", converted),
        ];
        self.adjust("Campaign", row, &cells, stamp);
    }
}
