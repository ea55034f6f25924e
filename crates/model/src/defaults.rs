//! The automatic mappings of the standard fields of both platforms.

use crate::{ChoiceMap, FieldMapping, ObjectMapping, SyncRule};

/// Every object of the recommended settings, parents before children. An existing Contact is preferred to a Lead.
#[must_use]
pub fn object_mappings() -> Vec<ObjectMapping> {
    vec![companies(), contacts(), leads(), deals(), tickets()]
}

/// The owner, who goes either way: the later change stands.
fn owner() -> FieldMapping {
    FieldMapping::new("hubspot_owner_id", "OwnerId", SyncRule::TwoWay)
}

/// The mapping of `field` with choices that go together although they are spelled differently.
fn with_choices(fields: &mut [FieldMapping], hubspot: &str, choices: &[(&str, &str)]) {
    let choices =
        choices.iter().map(|(hubspot, salesforce)| ((*hubspot).to_owned(), (*salesforce).to_owned()));
    if let Some(field) = fields.iter_mut().find(|field| field.hubspot == hubspot) {
        field.choices = ChoiceMap(choices.collect());
    }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldMapping> {
    pairs
        .iter()
        .map(|(hubspot, salesforce)| FieldMapping::new(*hubspot, *salesforce, SyncRule::default()))
        .collect()
}

fn with_opt_out(mut fields: Vec<FieldMapping>) -> Vec<FieldMapping> {
    fields.push(FieldMapping::new("hs_email_optout", "HasOptedOutOfEmail", SyncRule::OptOut));
    fields
}

fn contacts() -> ObjectMapping {
    let pairs = [
        ("email", "Email"),
        ("firstname", "FirstName"),
        ("lastname", "LastName"),
        ("salutation", "Salutation"),
        ("jobtitle", "Title"),
        ("phone", "Phone"),
        ("mobilephone", "MobilePhone"),
        ("fax", "Fax"),
        ("address", "MailingStreet"),
        ("city", "MailingCity"),
        ("state", "MailingState"),
        ("zip", "MailingPostalCode"),
        ("country", "MailingCountry"),
        ("association:companies", "AccountId"),
    ];
    let mut mapped = fields(&pairs);
    mapped.push(owner());
    ObjectMapping::new("contacts", "Contact", with_opt_out(mapped))
}

fn leads() -> ObjectMapping {
    let pairs = [
        ("email", "Email"),
        ("firstname", "FirstName"),
        ("lastname", "LastName"),
        ("salutation", "Salutation"),
        ("jobtitle", "Title"),
        ("phone", "Phone"),
        ("mobilephone", "MobilePhone"),
        ("fax", "Fax"),
        ("company", "Company"),
        ("website", "Website"),
        ("address", "Street"),
        ("city", "City"),
        ("state", "State"),
        ("zip", "PostalCode"),
        ("country", "Country"),
        ("industry", "Industry"),
        ("annualrevenue", "AnnualRevenue"),
    ];
    let mut mapped = fields(&pairs);
    mapped.push(owner());
    ObjectMapping::new("contacts", "Lead", with_opt_out(mapped))
}

fn companies() -> ObjectMapping {
    let pairs = [
        ("name", "Name"),
        ("domain", "Website"),
        ("phone", "Phone"),
        ("industry", "Industry"),
        ("address", "BillingStreet"),
        ("city", "BillingCity"),
        ("state", "BillingState"),
        ("zip", "BillingPostalCode"),
        ("country", "BillingCountry"),
        ("numberofemployees", "NumberOfEmployees"),
        ("annualrevenue", "AnnualRevenue"),
        ("description", "Description"),
        ("association:companies:parent", "ParentId"),
    ];
    let mut mapped = fields(&pairs);
    mapped.push(owner());
    ObjectMapping::new("companies", "Account", mapped)
}

fn deals() -> ObjectMapping {
    let mut mapped = fields(&[
        ("dealname", "Name"),
        ("amount", "Amount"),
        ("closedate", "CloseDate"),
        ("dealstage", "StageName"),
        ("dealtype", "Type"),
        ("description", "Description"),
        ("deal_currency_code", "CurrencyIsoCode"),
        ("association:companies", "AccountId"),
        ("association:contacts", "OpportunityContactRoles"),
    ]);
    mapped.push(owner());
    // The stages that a new HubSpot account and a new Salesforce org come with, by how far they have come.
    let stages = [
        ("appointmentscheduled", "Prospecting"),
        ("qualifiedtobuy", "Qualification"),
        ("qualifiedtobuy", "Needs Analysis"),
        ("presentationscheduled", "Value Proposition"),
        ("decisionmakerboughtin", "Id. Decision Makers"),
        ("decisionmakerboughtin", "Perception Analysis"),
        ("contractsent", "Proposal/Price Quote"),
        ("contractsent", "Negotiation/Review"),
        ("closedwon", "Closed Won"),
        ("closedlost", "Closed Lost"),
    ];
    with_choices(&mut mapped, "dealstage", &stages);
    let types = [
        ("newbusiness", "New Customer"),
        ("existingbusiness", "Existing Customer - Upgrade"),
        ("existingbusiness", "Existing Customer - Replacement"),
        ("existingbusiness", "Existing Customer - Downgrade"),
    ];
    with_choices(&mut mapped, "dealtype", &types);
    ObjectMapping::new("deals", "Opportunity", mapped)
}

/// Tickets are in step where somebody switches them on.
fn tickets() -> ObjectMapping {
    let mut mapped = fields(&[
        ("subject", "Subject"),
        ("content", "Description"),
        ("hs_pipeline_stage", "Status"),
        ("hs_ticket_priority", "Priority"),
        ("association:companies", "AccountId"),
        ("association:contacts:one", "ContactId"),
    ]);
    mapped.push(owner());
    // The stages and statuses that new accounts and orgs come with.
    with_choices(
        &mut mapped,
        "hs_pipeline_stage",
        &[("1", "New"), ("2", "Working"), ("3", "Working"), ("3", "Escalated"), ("4", "Closed")],
    );
    with_choices(
        &mut mapped,
        "hs_ticket_priority",
        &[("HIGH", "High"), ("MEDIUM", "Medium"), ("LOW", "Low"), ("URGENT", "High")],
    );
    ObjectMapping { enabled: false, ..ObjectMapping::new("tickets", "Case", mapped) }
}
