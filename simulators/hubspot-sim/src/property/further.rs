//! The built-in properties of activities, commerce objects, leads, feedback and users.

use super::standard::Is::*;
use super::standard::Row;
use super::{Computed, PropertyType};

fn times() -> [Row; 2] {
    [
        ("hs_createdate", "Create date", Calc(PropertyType::DateTime, Computed::Created)),
        ("hs_lastmodifieddate", "Last modified date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

fn of_activities() -> Vec<Row> {
    let mut rows = vec![
        ("hs_timestamp", "Activity date", Moment),
        ("hs_attachment_ids", "Attached file IDs", Text),
        ("hs_activity_type", "Activity type", Text),
        ("hs_body_preview", "Body preview", Kept(PropertyType::String)),
        ("hs_queue_membership_ids", "Queue membership IDs", Text),
    ];
    rows.extend(times());
    rows
}

static DONE: &[(&str, &str)] = &[
    ("NOT_STARTED", "Not started"),
    ("IN_PROGRESS", "In progress"),
    ("WAITING", "Waiting"),
    ("DEFERRED", "Deferred"),
    ("COMPLETED", "Completed"),
];

fn tasks() -> Vec<Row> {
    vec![
        ("hs_task_subject", "Task Title", Text),
        ("hs_task_body", "Task Notes", Html),
        ("hs_task_status", "Task Status", Pick(DONE)),
        (
            "hs_task_priority",
            "Priority",
            Pick(&[("NONE", "None"), ("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High")]),
        ),
        ("hs_task_type", "Task Type", Pick(&[("EMAIL", "Email"), ("CALL", "Call"), ("TODO", "To Do")])),
        ("hs_task_reminders", "Reminders", Text),
        ("hs_task_completion_date", "Completed at", Kept(PropertyType::DateTime)),
    ]
}

fn calls() -> Vec<Row> {
    vec![
        ("hs_call_title", "Call Title", Text),
        ("hs_call_body", "Call notes", Html),
        ("hs_call_direction", "Call direction", Pick(&[("INBOUND", "Inbound"), ("OUTBOUND", "Outbound")])),
        (
            "hs_call_disposition",
            "Call outcome",
            Pick(&[
                ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
                ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
                ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
                ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
                ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
                ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
            ]),
        ),
        ("hs_call_duration", "Call duration", Num),
        ("hs_call_from_number", "From number", Text),
        ("hs_call_to_number", "To Number", Text),
        ("hs_call_recording_url", "Recording URL", Text),
        (
            "hs_call_status",
            "Call status",
            Pick(&[
                ("BUSY", "Busy"),
                ("CALLING_CRM_USER", "Calling CRM user"),
                ("CANCELED", "Canceled"),
                ("COMPLETED", "Completed"),
                ("CONNECTING", "Connecting"),
                ("FAILED", "Failed"),
                ("IN_PROGRESS", "In progress"),
                ("NO_ANSWER", "No answer"),
                ("QUEUED", "Queued"),
                ("RINGING", "Ringing"),
            ]),
        ),
        ("hs_call_source", "Call source", Text),
        ("hs_call_has_transcript", "Call has transcript", Flag),
    ]
}

fn emails() -> Vec<Row> {
    vec![
        ("hs_email_subject", "Email subject", Text),
        ("hs_email_text", "Email body", Area),
        ("hs_email_html", "Email HTML", Html),
        (
            "hs_email_direction",
            "Email direction",
            Pick(&[
                ("EMAIL", "Email"),
                ("INCOMING_EMAIL", "Incoming email"),
                ("FORWARDED_EMAIL", "Forwarded email"),
            ]),
        ),
        (
            "hs_email_status",
            "Email send status",
            Pick(&[
                ("BOUNCED", "Bounced"),
                ("FAILED", "Failed"),
                ("SCHEDULED", "Scheduled"),
                ("SENDING", "Sending"),
                ("SENT", "Sent"),
            ]),
        ),
        ("hs_email_headers", "Email headers", Area),
        ("hs_email_from_email", "Email from address", Kept(PropertyType::String)),
        ("hs_email_from_firstname", "Email from first name", Kept(PropertyType::String)),
        ("hs_email_from_lastname", "Email from last name", Kept(PropertyType::String)),
        ("hs_email_to_email", "Email to address", Kept(PropertyType::String)),
        ("hs_email_to_firstname", "Email to first name", Kept(PropertyType::String)),
        ("hs_email_to_lastname", "Email to last name", Kept(PropertyType::String)),
        ("hs_email_cc_email", "Email cc address", Kept(PropertyType::String)),
        ("hs_email_bcc_email", "Email bcc address", Kept(PropertyType::String)),
        ("hs_email_message_id", "Email message ID", Text),
        ("hs_email_thread_id", "Email thread ID", Text),
        ("hs_email_open_count", "Number of email opens", Kept(PropertyType::Number)),
        ("hs_email_click_count", "Number of email clicks", Kept(PropertyType::Number)),
    ]
}

fn meetings() -> Vec<Row> {
    vec![
        ("hs_meeting_title", "Meeting name", Text),
        ("hs_meeting_body", "Meeting description", Html),
        ("hs_internal_meeting_notes", "Internal meeting notes", Html),
        ("hs_meeting_start_time", "Start time", Moment),
        ("hs_meeting_end_time", "End time", Moment),
        ("hs_meeting_location", "Location", Text),
        ("hs_meeting_location_type", "Location type", Text),
        ("hs_meeting_external_url", "External URL", Text),
        (
            "hs_meeting_outcome",
            "Meeting outcome",
            Pick(&[
                ("SCHEDULED", "Scheduled"),
                ("COMPLETED", "Completed"),
                ("RESCHEDULED", "Rescheduled"),
                ("NO_SHOW", "No Show"),
                ("CANCELED", "Canceled"),
            ]),
        ),
    ]
}

fn communications() -> Vec<Row> {
    vec![
        (
            "hs_communication_channel_type",
            "Channel type",
            Pick(&[("WHATS_APP", "WhatsApp"), ("LINKEDIN_MESSAGE", "LinkedIn message"), ("SMS", "SMS")]),
        ),
        ("hs_communication_logged_from", "Logged from", Pick(&[("CRM", "CRM")])),
        ("hs_communication_body", "Communication body", Html),
    ]
}

fn leads() -> Vec<Row> {
    let mut rows = vec![
        ("hs_lead_name", "Lead name", Text),
        (
            "hs_lead_type",
            "Lead type",
            Pick(&[
                ("NEW_BUSINESS", "New business"),
                ("UPSELL", "Upsell"),
                ("RE_ATTEMPTING", "Re-attempting"),
                ("CROSS_SELL", "Cross sell"),
            ]),
        ),
        ("hs_lead_label", "Lead label", Pick(&[("HOT", "Hot"), ("WARM", "Warm"), ("COLD", "Cold")])),
        ("hs_pipeline", "Lead pipeline", Open),
        ("hs_pipeline_stage", "Lead pipeline stage", Open),
        ("hs_primary_contact_id", "Primary contact ID", Kept(PropertyType::Number)),
    ];
    rows.extend(times());
    rows
}

fn commerce() -> Vec<Row> {
    vec![
        ("name", "Name", Text),
        ("description", "Product description", Area),
        ("price", "Unit price", Num),
        ("hs_sku", "SKU", Text),
        ("hs_cost_of_goods_sold", "Unit cost", Num),
        ("hs_recurring_billing_period", "Term", Text),
        (
            "recurringbillingfrequency",
            "Billing frequency",
            Pick(&[
                ("weekly", "Weekly"),
                ("biweekly", "Every two weeks"),
                ("monthly", "Monthly"),
                ("quarterly", "Quarterly"),
                ("per_six_months", "Semi-annually"),
                ("annually", "Annually"),
                ("per_two_years", "Every two years"),
                ("per_three_years", "Every three years"),
            ]),
        ),
        ("tax", "Tax", Num),
        ("hs_url", "URL", Text),
        ("hs_images", "Image URL", Text),
        ("createdate", "Create date", Calc(PropertyType::DateTime, Computed::Created)),
        ("hs_lastmodifieddate", "Last modified date", Calc(PropertyType::DateTime, Computed::Modified)),
    ]
}

fn products() -> Vec<Row> {
    let mut rows = commerce();
    rows.push((
        "hs_product_type",
        "Product type",
        Pick(&[("inventory", "Inventory"), ("non_inventory", "Non-inventory"), ("service", "Service")]),
    ));
    rows.push(("hs_folder", "Folder", Text));
    rows
}

fn line_items() -> Vec<Row> {
    let mut rows = commerce();
    rows.extend([
        ("quantity", "Quantity", Num),
        ("amount", "Net price", Calc(PropertyType::Number, Computed::LineAmount)),
        ("discount", "Unit discount", Num),
        ("hs_discount_percentage", "Discount percentage", Num),
        ("hs_line_item_currency_code", "Currency", Text),
        ("hs_product_id", "Product ID", Num),
        ("hs_position_on_quote", "Position on quote", Num),
        ("hs_recurring_billing_start_date", "Billing start date", Day),
    ]);
    rows
}

fn quotes() -> Vec<Row> {
    let mut rows = vec![
        ("hs_title", "Quote Name", Text),
        ("hs_expiration_date", "Expiration Date", Day),
        (
            "hs_status",
            "Quote Status",
            Pick(&[
                ("DRAFT", "Draft"),
                ("APPROVAL_NOT_NEEDED", "Published"),
                ("PENDING_APPROVAL", "Pending approval"),
                ("APPROVED", "Approved"),
                ("REJECTED", "Rejected"),
            ]),
        ),
        ("hs_currency", "Currency", Text),
        ("hs_language", "Language", Text),
        ("hs_locale", "Locale", Text),
        ("hs_template_type", "Template type", Text),
        ("hs_terms", "Purchase terms", Area),
        ("hs_comments", "Comments to buyer", Area),
        ("hs_quote_amount", "Quote Amount", Kept(PropertyType::Number)),
        ("hs_quote_number", "Quote Number", Kept(PropertyType::String)),
        ("hs_public_url_key", "Public URL key", Kept(PropertyType::String)),
        ("hs_sender_firstname", "Sender first name", Text),
        ("hs_sender_lastname", "Sender last name", Text),
        ("hs_sender_email", "Sender email", Text),
        ("hs_esign_enabled", "E-signature enabled", Flag),
        ("hs_payment_enabled", "Payment enabled", Flag),
    ];
    rows.extend(times());
    rows
}

fn feedback() -> Vec<Row> {
    let mut rows = vec![
        ("hs_survey_id", "Survey ID", Num),
        ("hs_survey_name", "Survey Name", Text),
        ("hs_survey_type", "Survey Type", Pick(&[("CES", "CES"), ("CSAT", "CSAT"), ("NPS", "NPS")])),
        (
            "hs_survey_channel",
            "Survey Channel",
            Pick(&[("EMAIL", "Email"), ("WEB", "Web"), ("CHAT", "Chat")]),
        ),
        ("hs_submission_timestamp", "Submission date", Moment),
        ("hs_content", "Response", Area),
        ("hs_value", "Rating", Num),
        (
            "hs_response_group",
            "Response Type",
            Pick(&[("DETRACTOR", "Detractor"), ("PASSIVE", "Passive"), ("PROMOTER", "Promoter")]),
        ),
    ];
    rows.extend(times());
    rows
}

fn users() -> Vec<Row> {
    let mut rows = vec![
        ("hs_given_name", "First name", Text),
        ("hs_family_name", "Last name", Text),
        ("hs_email", "Email", Kept(PropertyType::String)),
        ("hs_internal_user_id", "User ID", Kept(PropertyType::Number)),
        ("hs_searchable_calculated_name", "Name", Kept(PropertyType::String)),
        ("hs_job_title", "Job title", Text),
        ("hs_additional_phone", "Additional phone", Text),
        ("hs_availability_status", "Availability", Pick(&[("available", "Available"), ("away", "Away")])),
        ("hs_out_of_office_hours", "Out of office hours", Area),
        ("hs_secondary_user_language_skill", "Secondary language", Text),
        ("hs_standard_time_zone", "Time zone", Text),
        ("hs_working_hours", "Working hours", Area),
        ("hs_main_user_language_skill", "Main language", Text),
        ("hs_uncategorized_skills", "Skills", Area),
        ("hs_deactivated", "Deactivated", Kept(PropertyType::Bool)),
    ];
    rows.extend(times());
    rows
}

/// The properties of a kind, if it is one of these.
pub(super) fn rows(kind: &str) -> Option<Vec<Row>> {
    let own = match kind {
        "tasks" => tasks(),
        "calls" => calls(),
        "emails" => emails(),
        "meetings" => meetings(),
        "notes" => vec![("hs_note_body", "Note body", Html)],
        "communications" => communications(),
        "postal_mail" => vec![("hs_postal_mail_body", "Postal mail body", Html)],
        "leads" => return Some(leads()),
        "products" => return Some(products()),
        "line_items" => return Some(line_items()),
        "quotes" => return Some(quotes()),
        "feedback_submissions" => return Some(feedback()),
        "users" => return Some(users()),
        _ => return None,
    };
    Some(own.into_iter().chain(of_activities()).collect())
}
