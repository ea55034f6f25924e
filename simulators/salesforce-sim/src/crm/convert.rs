//! Converting a lead into a contact, an account and an opportunity.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData, api_time};

/// What a lead is to become; as SOAP's `convertLead` takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LeadConversion {
    /// The lead.
    pub lead_id: String,
    /// The status it gets; one that says converted.
    pub converted_status: String,
    /// An account that is there already.
    pub account_id: Option<String>,
    /// A contact that is there already.
    pub contact_id: Option<String>,
    /// An opportunity that is there already.
    pub opportunity_id: Option<String>,
    /// The new opportunity's name; the company's where there is none.
    pub opportunity_name: Option<String>,
    /// Whether to make no opportunity.
    pub do_not_create_opportunity: bool,
    /// Who owns what is made; the lead's owner where there is none.
    pub owner_id: Option<String>,
    /// Whether the contact's lead source gives way to the lead's.
    pub overwrite_lead_source: bool,
    /// Whether the new owner is told; nobody is here.
    pub send_notification_email: bool,
}

/// What a lead has become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Converted {
    /// The lead.
    pub lead_id: String,
    /// Its account.
    pub account_id: String,
    /// Its contact.
    pub contact_id: String,
    /// Its opportunity, if one was made.
    pub opportunity_id: Option<String>,
}

/// Fields of a lead, and where an account has them.
const TO_ACCOUNT: [(&str, &str); 13] = [
    ("Company", "Name"),
    ("Street", "BillingStreet"),
    ("City", "BillingCity"),
    ("State", "BillingState"),
    ("PostalCode", "BillingPostalCode"),
    ("Country", "BillingCountry"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("AnnualRevenue", "AnnualRevenue"),
    ("NumberOfEmployees", "NumberOfEmployees"),
    ("Rating", "Rating"),
];

/// Fields of a lead, and where a contact has them.
const TO_CONTACT: [(&str, &str); 18] = [
    ("LastName", "LastName"),
    ("FirstName", "FirstName"),
    ("Salutation", "Salutation"),
    ("Title", "Title"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("MobilePhone", "MobilePhone"),
    ("Fax", "Fax"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
    ("LeadSource", "LeadSource"),
    ("Description", "Description"),
    ("HasOptedOutOfEmail", "HasOptedOutOfEmail"),
    ("HasOptedOutOfFax", "HasOptedOutOfFax"),
    ("DoNotCall", "DoNotCall"),
];

fn copied(lead: &RowData, map: &[(&str, &str)]) -> Map<String, Value> {
    let held = map.iter().filter(|(own, _)| !lead.cell(own).is_null());
    held.map(|(own, theirs)| ((*theirs).to_owned(), lead.cell(own).clone())).collect()
}

impl Org {
    /// Converts a lead; all of it, or nothing.
    pub fn convert_lead(
        &mut self,
        wanted: &LeadConversion,
        writer: &Writer,
    ) -> Result<Converted, Vec<Refusal>> {
        let mark = self.begin();
        let done = self.converted(wanted, writer);
        self.end(mark, done.is_ok());
        done
    }

    fn converted(&mut self, wanted: &LeadConversion, writer: &Writer) -> Result<Converted, Vec<Refusal>> {
        let one = |refusal: Refusal| vec![refusal];
        let mut lead = self.live("Lead", &wanted.lead_id).map_err(one)?;
        self.unlocked([lead.id.as_str()], writer).map_err(one)?;
        if lead.yes("IsConverted") {
            let message = "cannot reference converted lead";
            return Err(one(Refusal::new("CANNOT_UPDATE_CONVERTED_LEAD", message)));
        }
        let statuses = self.holding("LeadStatus", "MasterLabel", &wanted.converted_status);
        if !statuses.iter().any(|status| status.yes("IsConverted")) {
            let message = format!("invalid convertedStatus: {}", wanted.converted_status);
            return Err(one(Refusal::new("INVALID_STATUS", message)));
        }
        let owner = wanted.owner_id.clone().or_else(|| lead.text("OwnerId").map(ToOwned::to_owned));
        let owner = owner.unwrap_or_else(|| writer.user.to_string());
        if self.object_of(&owner) == Some("Group") {
            let message = "Converted objects can only be owned by users. If the lead is owned by a queue, you must \
                           specify a user as the new owner.";
            return Err(one(Refusal::new("INVALID_ID_FIELD", message)));
        }
        let account = self.account_for(wanted, &lead, &owner, writer)?;
        let contact = self.contact_for(wanted, &lead, &account, &owner, writer)?;
        let opportunity = self.opportunity_for(wanted, &lead, &account, &contact, &owner, writer)?;
        self.hand_over(&lead.id, &contact, opportunity.as_deref(), writer);
        let second = writer.now.as_second();
        lead.put_cell("IsConverted", json!(true));
        lead.put_cell("Status", json!(wanted.converted_status));
        lead.put_cell("ConvertedDate", json!(api_time(second).get(..10)));
        lead.put_cell("ConvertedAccountId", json!(account));
        lead.put_cell("ConvertedContactId", json!(contact));
        lead.put_cell("ConvertedOpportunityId", json!(opportunity));
        lead.put_cell("IsUnreadByOwner", json!(false));
        lead.modified_at = second;
        lead.modified_by = Arc::clone(&writer.user);
        lead.modstamp = second.max(lead.modstamp);
        let lead_id = lead.id.clone();
        self.put("Lead", lead);
        Ok(Converted { lead_id, account_id: account, contact_id: contact, opportunity_id: opportunity })
    }

    fn account_for(
        &mut self,
        wanted: &LeadConversion,
        lead: &RowData,
        owner: &str,
        writer: &Writer,
    ) -> Result<String, Vec<Refusal>> {
        let by_contact = |org: &Self, id: &String| {
            let contact = org.live("Contact", id).ok()?;
            contact.text("AccountId").map(ToOwned::to_owned)
        };
        let given = wanted.account_id.clone();
        let given = given.or_else(|| wanted.contact_id.as_ref().and_then(|id| by_contact(self, id)));
        if let Some(id) = given {
            let mut held = self.live("Account", &id).map_err(|refusal| vec![refusal])?;
            let id = held.id.clone();
            // Only what is blank is filled.
            let filled = fill(&mut held, copied(lead, &TO_ACCOUNT));
            if filled {
                touch(&mut held, writer);
                self.put("Account", held);
            }
            return Ok(id);
        }
        let mut fields = copied(lead, &TO_ACCOUNT);
        fields.insert("OwnerId".into(), json!(owner));
        if let Some(source) = lead.text("LeadSource") {
            fields.insert("AccountSource".into(), json!(source));
        }
        self.insert("Account", &fields, writer)
    }

    fn contact_for(
        &mut self,
        wanted: &LeadConversion,
        lead: &RowData,
        account: &str,
        owner: &str,
        writer: &Writer,
    ) -> Result<String, Vec<Refusal>> {
        let Some(id) = &wanted.contact_id else {
            let mut fields = copied(lead, &TO_CONTACT);
            fields.insert("AccountId".into(), json!(account));
            fields.insert("OwnerId".into(), json!(owner));
            return self.insert("Contact", &fields, writer);
        };
        let mut held = self.live("Contact", id).map_err(|refusal| vec![refusal])?;
        if wanted.account_id.is_some() && held.text("AccountId").is_some_and(|own| own != account) {
            // assumed: the wording
            let message = "The contact does not belong to the account";
            return Err(vec![Refusal::new("INVALID_CROSS_REFERENCE_KEY", message).about("contactId")]);
        }
        let id = held.id.clone();
        fill(&mut held, copied(lead, &TO_CONTACT));
        if wanted.overwrite_lead_source && !lead.cell("LeadSource").is_null() {
            held.put_cell("LeadSource", lead.cell("LeadSource").clone());
        }
        touch(&mut held, writer);
        self.put("Contact", held);
        Ok(id)
    }

    fn opportunity_for(
        &mut self,
        wanted: &LeadConversion,
        lead: &RowData,
        account: &str,
        contact: &str,
        owner: &str,
        writer: &Writer,
    ) -> Result<Option<String>, Vec<Refusal>> {
        if let Some(id) = &wanted.opportunity_id {
            let held = self.live("Opportunity", id).map_err(|refusal| vec![refusal])?;
            return Ok(Some(held.id));
        }
        if wanted.do_not_create_opportunity {
            return Ok(None);
        }
        let stages = self.table("OpportunityStage");
        let stage = stages.and_then(|table| table.rows.iter().next().map(|row| row.unpacked()));
        let stage = stage.and_then(|row| row.text("MasterLabel").map(ToOwned::to_owned));
        // The end of the quarter, as the platform chooses it.
        let today = writer.now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let last = (today.month() - 1) / 3 * 3 + 3;
        let close = jiff::civil::Date::new(today.year(), last, 1).map_or(today, |day| day.last_of_month());
        let company = lead.text("Company").unwrap_or_default();
        let name = wanted.opportunity_name.clone().filter(|name| !name.is_empty());
        let mut fields = Map::new();
        // A company's name ends in a dash there, for what the opportunity is about.
        fields.insert("Name".into(), json!(name.unwrap_or_else(|| format!("{company}-"))));
        fields.insert("StageName".into(), json!(stage.unwrap_or_else(|| "Prospecting".to_owned())));
        fields.insert("CloseDate".into(), json!(close.to_string()));
        fields.insert("AccountId".into(), json!(account));
        fields.insert("OwnerId".into(), json!(owner));
        fields.insert("ContactId".into(), json!(contact));
        if let Some(source) = lead.text("LeadSource") {
            fields.insert("LeadSource".into(), json!(source));
        }
        let campaigns = self.holding("CampaignMember", "LeadId", &lead.id);
        if let Some(campaign) = campaigns.last().and_then(|member| member.text("CampaignId")) {
            fields.insert("CampaignId".into(), json!(campaign));
        }
        self.insert("Opportunity", &fields, writer).map(Some)
    }

    /// Activities, notes and campaign memberships of a lead become those of its contact.
    fn hand_over(&mut self, lead: &str, contact: &str, opportunity: Option<&str>, writer: &Writer) {
        let second = writer.now.as_second();
        for activity in ["Task", "Event"] {
            for row in self.holding(activity, "WhoId", lead) {
                let mut cells = vec![("WhoId", json!(contact))];
                if let Some(opportunity) = opportunity {
                    cells.push(("WhatId", json!(opportunity)));
                }
                self.adjust(activity, row, &cells, second);
            }
        }
        for row in self.holding("Note", "ParentId", lead) {
            self.adjust("Note", row, &[("ParentId", json!(contact))], second);
        }
        for row in self.holding("CampaignMember", "LeadId", lead) {
            let campaign = row.text("CampaignId").unwrap_or_default().to_owned();
            let twins = self.holding("CampaignMember", "ContactId", contact);
            if !twins.iter().any(|twin| twin.text("CampaignId") == Some(&campaign)) {
                let cells = [
                    ("ContactId", json!(contact)),
                    ("LeadOrContactId", json!(contact)),
                    ("Type", json!("Contact")),
                ];
                self.adjust("CampaignMember", row, &cells, second);
            }
            self.count_members(&campaign);
        }
    }
}

/// Fills what is blank; answers whether there was any.
fn fill(row: &mut RowData, fields: Map<String, Value>) -> bool {
    let mut filled = false;
    for (name, value) in fields {
        if row.cell(&name).is_null() {
            row.put_cell(&name, value);
            filled = true;
        }
    }
    filled
}

fn touch(row: &mut RowData, writer: &Writer) {
    row.modified_at = writer.now.as_second();
    row.modified_by = Arc::clone(&writer.user);
    row.modstamp = row.modified_at.max(row.modstamp);
}
