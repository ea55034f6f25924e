//! The properties every account is born with.

use super::industry::INDUSTRIES;
use super::{Choice, Computed, Property, PropertyType, title_case};
use crate::registry::Kind;

/// How a standard property is written down below.
pub(super) enum Is {
    Text,
    Area,
    Html,
    Phone,
    Num,
    Day,
    Moment,
    Flag,
    Pick(&'static [(&'static str, &'static str)]),
    Radio(&'static [(&'static str, &'static str)]),
    Many(&'static [(&'static str, &'static str)]),
    /// Options that come from elsewhere: owners, pipelines, industries.
    Open,
    Calc(PropertyType, Computed),
    /// Set by the platform alone, and kept.
    Kept(PropertyType),
}
use Is::*;

pub(super) type Row = (&'static str, &'static str, Is);

static LIFECYCLE: &[(&str, &str)] = &[
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

/// When each stage of the lifecycle was reached.
fn lifecycle_dates() -> Vec<Row> {
    vec![
        ("hs_lifecyclestage_subscriber_date", "Became a Subscriber Date", Kept(PropertyType::DateTime)),
        ("hs_lifecyclestage_lead_date", "Became a Lead Date", Kept(PropertyType::DateTime)),
        (
            "hs_lifecyclestage_marketingqualifiedlead_date",
            "Became a Marketing Qualified Lead Date",
            Kept(PropertyType::DateTime),
        ),
        (
            "hs_lifecyclestage_salesqualifiedlead_date",
            "Became a Sales Qualified Lead Date",
            Kept(PropertyType::DateTime),
        ),
        ("hs_lifecyclestage_opportunity_date", "Became an Opportunity Date", Kept(PropertyType::DateTime)),
        ("hs_lifecyclestage_customer_date", "Became a Customer Date", Kept(PropertyType::DateTime)),
        ("hs_lifecyclestage_evangelist_date", "Became an Evangelist Date", Kept(PropertyType::DateTime)),
        ("hs_lifecyclestage_other_date", "Became an Other Lifecycle Date", Kept(PropertyType::DateTime)),
    ]
}

static LEAD_STATUS: &[(&str, &str)] = &[
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
];

static ROLES: &[(&str, &str)] = &[
    ("BLOCKER", "Blocker"),
    ("BUDGET_HOLDER", "Budget Holder"),
    ("CHAMPION", "Champion"),
    ("DECISION_MAKER", "Decision Maker"),
    ("END_USER", "End User"),
    ("EXECUTIVE_SPONSOR", "Executive Sponsor"),
    ("INFLUENCER", "Influencer"),
    ("LEGAL_AND_COMPLIANCE", "Legal & Compliance"),
    ("OTHER", "Other"),
];

static SOURCES: &[(&str, &str)] = &[
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
];

static CURRENCIES: &[(&str, &str)] = &[
    ("USD", "US Dollar"),
    ("EUR", "Euro"),
    ("GBP", "Pound Sterling"),
    ("JPY", "Japanese Yen"),
    ("CHF", "Swiss Franc"),
    ("CAD", "Canadian Dollar"),
    ("AUD", "Australian Dollar"),
];

fn everywhere() -> Vec<Row> {
    vec![
        ("hs_object_id", "Record ID", Calc(PropertyType::Number, Computed::ObjectId)),
        ("hs_object_source", "Record creation source", Calc(PropertyType::String, Computed::SourceType)),
        ("hs_object_source_id", "Record creation source ID", Calc(PropertyType::String, Computed::SourceId)),
        ("hs_object_source_label", "Record source", Calc(PropertyType::String, Computed::SourceType)),
        (
            "hs_object_source_user_id",
            "Record creation source user ID",
            Calc(PropertyType::Number, Computed::SourceUser),
        ),
        ("hubspot_owner_id", "Owner", Open),
        ("hs_merged_object_ids", "Merged record IDs", Kept(PropertyType::String)),
        ("hs_unique_creation_key", "Unique creation key", Kept(PropertyType::String)),
        ("hubspot_team_id", "HubSpot Team", Kept(PropertyType::String)),
        ("hubspot_owner_assigneddate", "Owner assigned date", Kept(PropertyType::DateTime)),
    ]
}

fn contacts() -> Vec<Row> {
    vec![
        ("email", "Email", Text),
        ("firstname", "First Name", Text),
        ("lastname", "Last Name", Text),
        ("num_conversion_events", "Number of Form Submissions", Kept(PropertyType::Number)),
        ("recent_conversion_date", "Recent Conversion Date", Kept(PropertyType::DateTime)),
        ("recent_conversion_event_name", "Recent Conversion", Kept(PropertyType::String)),
        ("hs_latest_sequence_enrolled", "Last sequence enrolled", Kept(PropertyType::Number)),
        ("hs_latest_sequence_enrolled_date", "Last sequence enrolled date", Kept(PropertyType::DateTime)),
        ("hs_document_last_revisited", "Recent Document Revisit Date", Kept(PropertyType::DateTime)),
        ("salutation", "Salutation", Text),
        ("phone", "Phone Number", Phone),
        ("mobilephone", "Mobile Phone Number", Phone),
        ("fax", "Fax Number", Text),
        ("jobtitle", "Job Title", Text),
        ("job_function", "Job function", Text),
        ("seniority", "Seniority", Text),
        ("company", "Company Name", Text),
        ("company_size", "Company size", Text),
        ("industry", "Industry", Text),
        ("website", "Website URL", Text),
        ("address", "Street Address", Text),
        ("city", "City", Text),
        ("state", "State/Region", Text),
        ("zip", "Postal Code", Text),
        ("country", "Country/Region", Text),
        (
            "hs_language",
            "Preferred language",
            Pick(&[
                ("en", "English"),
                ("de", "German"),
                ("fr", "French"),
                ("es", "Spanish"),
                ("it", "Italian"),
                ("ja", "Japanese"),
                ("pt", "Portuguese"),
                ("nl", "Dutch"),
                ("pl", "Polish"),
                ("zh", "Chinese"),
            ]),
        ),
        ("annualrevenue", "Annual Revenue", Text),
        (
            "numemployees",
            "Number of Employees",
            Pick(&[
                ("1-5", "1-5"),
                ("5-25", "5-25"),
                ("25-50", "25-50"),
                ("50-100", "50-100"),
                ("100-500", "100-500"),
                ("500-1000", "500-1000"),
                ("1000+", "1000+"),
            ]),
        ),
        ("date_of_birth", "Date of birth", Text),
        ("gender", "Gender", Text),
        ("marital_status", "Marital Status", Text),
        ("degree", "Degree", Text),
        ("school", "School", Text),
        ("start_date", "Start date", Text),
        ("message", "Message", Area),
        ("twitterhandle", "Twitter Username", Text),
        ("hs_linkedin_url", "LinkedIn URL", Text),
        ("linkedinbio", "LinkedIn Bio", Text),
        ("hs_timezone", "Time Zone", Text),
        ("lifecyclestage", "Lifecycle Stage", Radio(LIFECYCLE)),
        ("hs_lead_status", "Lead Status", Radio(LEAD_STATUS)),
        ("hs_buying_role", "Buying Role", Many(ROLES)),
        ("hs_persona", "Persona", Radio(&[("persona_1", "Persona 1"), ("persona_2", "Persona 2")])),
        (
            "hs_legal_basis",
            "Legal basis for processing contact's data",
            Many(&[
                ("Legitimate interest – prospect/lead", "Legitimate interest – prospect/lead"),
                ("Legitimate interest – existing customer", "Legitimate interest – existing customer"),
                ("Performance of a contract", "Performance of a contract"),
                ("Freely given consent from contact", "Freely given consent from contact"),
                ("Not applicable", "Not applicable"),
            ]),
        ),
        ("hs_marketable_status", "Marketing contact status", Kept(PropertyType::Bool)),
        ("hs_email_optout", "Unsubscribed from all email", Flag),
        ("hs_email_bad_address", "Invalid email address", Kept(PropertyType::Bool)),
        ("hs_email_bounce", "Marketing emails bounced", Kept(PropertyType::Number)),
        ("hs_additional_emails", "Additional email addresses", Text),
        ("hs_email_domain", "Email Domain", Calc(PropertyType::String, Computed::EmailDomain)),
        ("hs_is_contact", "Is a contact", Calc(PropertyType::Bool, Computed::IsContact)),
        ("hs_is_unworked", "Contact unworked", Calc(PropertyType::Bool, Computed::Unworked)),
        ("hs_pipeline", "Pipeline", Calc(PropertyType::String, Computed::ContactPipeline)),
        ("hs_all_contact_vids", "All vids for a contact", Calc(PropertyType::String, Computed::AllVids)),
        ("hs_calculated_merged_vids", "Merged vids with timestamps of a contact", Kept(PropertyType::String)),
        ("hs_analytics_source", "Original Traffic Source", Pick(SOURCES)),
        ("hs_latest_source", "Latest Traffic Source", Pick(SOURCES)),
        ("associatedcompanyid", "Primary Associated Company ID", Num),
        (
            "num_associated_deals",
            "Number of Associated Deals",
            Calc(PropertyType::Number, Computed::DealCount),
        ),
        ("notes_last_contacted", "Last Contacted", Kept(PropertyType::DateTime)),
        ("notes_last_updated", "Last Activity Date", Kept(PropertyType::DateTime)),
        ("hubspotscore", "HubSpot Score", Kept(PropertyType::Number)),
        ("closedate", "Close Date", Moment),
        ("createdate", "Create Date", Calc(PropertyType::DateTime, Computed::Created)),
        ("lastmodifieddate", "Last Modified Date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

fn companies() -> Vec<Row> {
    vec![
        ("name", "Company name", Text),
        ("domain", "Company Domain Name", Text),
        ("website", "Website URL", Text),
        ("phone", "Phone Number", Phone),
        ("address", "Street Address", Text),
        ("address2", "Street Address 2", Text),
        ("city", "City", Text),
        ("state", "State/Region", Text),
        ("zip", "Postal Code", Text),
        ("country", "Country/Region", Text),
        ("timezone", "Time Zone", Text),
        ("industry", "Industry", Open),
        (
            "type",
            "Type",
            Pick(&[
                ("PROSPECT", "Prospect"),
                ("PARTNER", "Partner"),
                ("RESELLER", "Reseller"),
                ("VENDOR", "Vendor"),
                ("OTHER", "Other"),
            ]),
        ),
        ("description", "Description", Area),
        ("about_us", "About Us", Area),
        ("annualrevenue", "Annual Revenue", Num),
        ("numberofemployees", "Number of Employees", Num),
        ("is_public", "Is Public", Flag),
        ("total_money_raised", "Total Money Raised", Text),
        ("linkedin_company_page", "LinkedIn Company Page", Text),
        ("linkedinbio", "LinkedIn Bio", Text),
        ("facebook_company_page", "Facebook Company Page", Text),
        ("twitterhandle", "Twitter Handle", Text),
        ("lifecyclestage", "Lifecycle Stage", Radio(LIFECYCLE)),
        ("hs_lead_status", "Lead Status", Radio(LEAD_STATUS)),
        ("hs_target_account", "Target Account", Flag),
        (
            "hs_ideal_customer_profile",
            "Ideal Customer Profile Tier",
            Pick(&[("tier_1", "Tier 1"), ("tier_2", "Tier 2"), ("tier_3", "Tier 3")]),
        ),
        ("hs_analytics_source", "Original Traffic Source", Pick(SOURCES)),
        ("hs_parent_company_id", "Parent Company", Kept(PropertyType::Number)),
        ("hs_additional_domains", "Additional Domains", Text),
        (
            "num_associated_contacts",
            "Number of Associated Contacts",
            Calc(PropertyType::Number, Computed::ContactCount),
        ),
        (
            "num_associated_deals",
            "Number of Associated Deals",
            Calc(PropertyType::Number, Computed::DealCount),
        ),
        ("notes_last_contacted", "Last Contacted", Kept(PropertyType::DateTime)),
        ("notes_last_updated", "Last Activity Date", Kept(PropertyType::DateTime)),
        ("closedate", "Close Date", Moment),
        ("createdate", "Create Date", Calc(PropertyType::DateTime, Computed::Created)),
        ("hs_lastmodifieddate", "Last Modified Date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

fn deals() -> Vec<Row> {
    vec![
        ("dealname", "Deal Name", Text),
        ("amount", "Amount", Num),
        (
            "amount_in_home_currency",
            "Amount in company currency",
            Calc(PropertyType::Number, Computed::AmountHome),
        ),
        ("deal_currency_code", "Currency", Pick(CURRENCIES)),
        ("closedate", "Close Date", Moment),
        ("pipeline", "Pipeline", Open),
        ("dealstage", "Deal Stage", Open),
        (
            "dealtype",
            "Deal Type",
            Radio(&[("newbusiness", "New Business"), ("existingbusiness", "Existing Business")]),
        ),
        ("description", "Deal Description", Area),
        ("hs_next_step", "Next step", Text),
        ("hs_priority", "Priority", Pick(&[("low", "Low"), ("medium", "Medium"), ("high", "High")])),
        ("hs_forecast_amount", "Forecast Amount", Num),
        ("hs_forecast_probability", "Forecast Probability", Num),
        (
            "hs_manual_forecast_category",
            "Forecast Category",
            Pick(&[
                ("OMIT", "Not forecasted"),
                ("PIPELINE", "Pipeline"),
                ("BEST_CASE", "Best case"),
                ("COMMIT", "Commit"),
                ("CLOSED", "Closed won"),
            ]),
        ),
        ("closed_lost_reason", "Closed Lost Reason", Area),
        ("closed_won_reason", "Closed Won Reason", Area),
        ("hs_analytics_source", "Original Traffic Source", Pick(SOURCES)),
        ("hs_primary_associated_company", "Primary Associated Company", Kept(PropertyType::Number)),
        ("hs_deal_stage_probability", "Deal probability", Calc(PropertyType::Number, Computed::Probability)),
        ("hs_is_closed", "Is Deal Closed?", Calc(PropertyType::Bool, Computed::Closed)),
        ("hs_is_closed_won", "Is Closed Won", Calc(PropertyType::Bool, Computed::ClosedWon)),
        (
            "num_associated_contacts",
            "Number of Associated Contacts",
            Calc(PropertyType::Number, Computed::ContactCount),
        ),
        ("notes_last_contacted", "Last Contacted", Kept(PropertyType::DateTime)),
        ("notes_last_updated", "Last Activity Date", Kept(PropertyType::DateTime)),
        ("createdate", "Create Date", Calc(PropertyType::DateTime, Computed::Created)),
        ("hs_lastmodifieddate", "Last Modified Date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

fn tickets() -> Vec<Row> {
    vec![
        ("subject", "Ticket name", Text),
        ("content", "Ticket description", Area),
        ("hs_pipeline", "Pipeline", Open),
        ("hs_pipeline_stage", "Ticket status", Open),
        (
            "hs_ticket_priority",
            "Priority",
            Pick(&[("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High"), ("URGENT", "Urgent")]),
        ),
        (
            "hs_ticket_category",
            "Category",
            Many(&[
                ("PRODUCT_ISSUE", "Product Issue"),
                ("BILLING_ISSUE", "Billing Issue"),
                ("FEATURE_REQUEST", "Feature Request"),
                ("GENERAL_INQUIRY", "General Inquiry"),
            ]),
        ),
        ("closed_date", "Close date", Moment),
        ("createdate", "Create date", Calc(PropertyType::DateTime, Computed::Created)),
        ("hs_lastmodifieddate", "Last modified date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

/// What an object that a schema defines has from the start.
fn custom() -> Vec<Row> {
    vec![
        ("hs_pipeline", "Pipeline", Open),
        ("hs_pipeline_stage", "Pipeline stage", Open),
        ("hs_createdate", "Object create date/time", Calc(PropertyType::DateTime, Computed::Created)),
        (
            "hs_lastmodifieddate",
            "Object last modified date/time",
            Calc(PropertyType::DateTime, Computed::Modified),
        ),
    ]
}

fn choices(list: &[(&str, &str)]) -> Vec<Choice> {
    list.iter().zip(0..).map(|((value, label), order)| Choice::new(value, label, order)).collect()
}

fn build(kind: &Kind, row: Row, group: &str, born: i64) -> Property {
    let (name, label, is) = row;
    let (of, field_type, options) = match is {
        Text => (PropertyType::String, "text", Vec::new()),
        Area => (PropertyType::String, "textarea", Vec::new()),
        Html => (PropertyType::String, "html", Vec::new()),
        Phone => (PropertyType::String, "phonenumber", Vec::new()),
        Num => (PropertyType::Number, "number", Vec::new()),
        Day => (PropertyType::Date, "date", Vec::new()),
        Moment => (PropertyType::DateTime, "date", Vec::new()),
        Flag => (
            PropertyType::Bool,
            "booleancheckbox",
            vec![Choice::new("true", "Yes", 0), Choice::new("false", "No", 1)],
        ),
        Pick(list) => (PropertyType::Enumeration, "select", choices(list)),
        Radio(list) => (PropertyType::Enumeration, "radio", choices(list)),
        Many(list) => (PropertyType::Enumeration, "checkbox", choices(list)),
        Open => (PropertyType::Enumeration, "select", Vec::new()),
        Calc(of, _) | Kept(of) => {
            let field_type = match of {
                PropertyType::DateTime | PropertyType::Date => "date",
                PropertyType::Number => "number",
                PropertyType::Bool => "booleancheckbox",
                _ => "text",
            };
            (of, field_type, Vec::new())
        }
    };
    let mut property = Property::custom(name, label, of, group, born);
    property.field_type = field_type.to_owned();
    property.options = options;
    property.built_in = true;
    property.form_field = kind.name == "contacts" && matches!(is, Text | Phone | Pick(_) | Radio(_));
    property.read_only = matches!(is, Kept(_));
    if let Calc(_, computed) = is {
        property.calculated = !matches!(computed, Computed::ObjectId);
        property.computed = Some(computed);
    }
    if name == "hubspot_owner_id" {
        property.external_options = true;
    }
    if kind.name == "companies" && name == "industry" {
        property.options = INDUSTRIES
            .split_whitespace()
            .zip(0..)
            .map(|(value, order)| Choice::new(value, &title_case(value), order))
            .collect();
    }
    property
}

/// The property group that built-in properties of this kind are in: its name and its label.
pub(crate) fn group_of(kind: &Kind) -> (String, String) {
    let (one, _) = &kind.labels;
    if kind.custom {
        return (format!("{}_information", kind.singular), format!("{one} information"));
    }
    let name = match kind.name.as_str() {
        "tasks" | "calls" | "emails" | "meetings" | "notes" => kind.singular.clone(),
        "postal_mail" => "postal_mail".to_owned(),
        "communications" => "communication".to_owned(),
        _ => format!("{}information", kind.singular.replace('_', "")),
    };
    (name, format!("{one} information"))
}

/// All built-in properties of a kind.
pub(crate) fn properties(kind: &Kind, born: i64) -> Vec<Property> {
    let rows = match kind.name.as_str() {
        "contacts" => contacts().into_iter().chain(lifecycle_dates()).collect(),
        "companies" => companies().into_iter().chain(lifecycle_dates()).collect(),
        "deals" => deals(),
        "tickets" => tickets(),
        name => super::further::rows(name).unwrap_or_else(custom),
    };
    let (group, _) = group_of(kind);
    rows.into_iter().chain(everywhere()).map(|row| build(kind, row, &group, born)).collect()
}
