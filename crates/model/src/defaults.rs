//! The automatic mappings of the standard fields of both platforms.

use crate::{ChoiceMap, FieldMapping, ObjectMapping, SyncRule};

/// Every object of the recommended settings, parents before children. An existing Contact is preferred to a Lead.
#[must_use]
pub fn object_mappings() -> Vec<ObjectMapping> {
    vec![companies(), contacts(), leads(), deals()]
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
    ];
    ObjectMapping::new("contacts", "Contact", with_opt_out(fields(&pairs)))
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
    ];
    ObjectMapping::new("contacts", "Lead", with_opt_out(fields(&pairs)))
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
    ];
    ObjectMapping::new("companies", "Account", fields(&pairs))
}

fn deals() -> ObjectMapping {
    let mut mapped = fields(&[
        ("dealname", "Name"),
        ("amount", "Amount"),
        ("closedate", "CloseDate"),
        ("dealstage", "StageName"),
        ("description", "Description"),
    ]);
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
    let stages = stages.iter().map(|(hubspot, salesforce)| ((*hubspot).to_owned(), (*salesforce).to_owned()));
    if let Some(stage) = mapped.iter_mut().find(|field| field.hubspot == "dealstage") {
        stage.choices = ChoiceMap(stages.collect());
    }
    ObjectMapping::new("deals", "Opportunity", mapped)
}
