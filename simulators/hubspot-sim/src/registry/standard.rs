//! The kinds every account has.

use super::Kind;
use crate::property::title_case;

/// A standard kind as it is written down below.
struct Row {
    name: &'static str,
    singular: &'static str,
    type_id: &'static str,
    legacy: &'static str,
    /// The property that holds the time of creation.
    created: &'static str,
    /// Besides the id and both times.
    defaults: &'static [&'static str],
    required: &'static [&'static [&'static str]],
    searchable: &'static [&'static str],
    display: &'static [&'static str],
    pipeline: Option<(&'static str, &'static str)>,
}

const ACTIVITY: Row = Row {
    name: "",
    singular: "",
    type_id: "",
    legacy: "",
    created: "hs_createdate",
    defaults: &[],
    required: &[&["hs_timestamp"]],
    searchable: &[],
    display: &[],
    pipeline: None,
};
const STAGED: Option<(&str, &str)> = Some(("hs_pipeline", "hs_pipeline_stage"));

/// In the order of the constants in `super`.
static ROWS: &[Row] = &[
    Row {
        name: "contacts",
        singular: "contact",
        type_id: "0-1",
        legacy: "CONTACT",
        created: "createdate",
        defaults: &["email", "firstname", "lastname"],
        required: &[],
        searchable: &[
            "firstname",
            "lastname",
            "email",
            "phone",
            "hs_additional_emails",
            "fax",
            "mobilephone",
            "company",
        ],
        display: &["firstname", "lastname", "email"],
        pipeline: None,
    },
    Row {
        name: "companies",
        singular: "company",
        type_id: "0-2",
        legacy: "COMPANY",
        created: "createdate",
        defaults: &["domain", "name"],
        required: &[&["name", "domain"]],
        searchable: &["website", "phone", "name", "domain"],
        display: &["name", "domain"],
        pipeline: None,
    },
    Row {
        name: "deals",
        singular: "deal",
        type_id: "0-3",
        legacy: "DEAL",
        created: "createdate",
        defaults: &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        required: &[&["dealname"], &["dealstage"]],
        searchable: &["dealname", "pipeline", "dealstage", "description", "dealtype"],
        display: &["dealname"],
        pipeline: Some(("pipeline", "dealstage")),
    },
    Row {
        name: "tickets",
        singular: "ticket",
        type_id: "0-5",
        legacy: "TICKET",
        created: "createdate",
        defaults: &[
            "content",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ],
        required: &[&["subject"], &["hs_pipeline_stage"]],
        searchable: &["subject", "content", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_id"],
        display: &["subject"],
        pipeline: STAGED,
    },
    Row {
        name: "tasks",
        singular: "task",
        type_id: "0-27",
        legacy: "TASK",
        searchable: &["hs_task_subject", "hs_task_body"],
        display: &["hs_task_subject"],
        ..ACTIVITY
    },
    Row {
        name: "calls",
        singular: "call",
        type_id: "0-48",
        legacy: "CALL",
        searchable: &["hs_call_title", "hs_call_body"],
        display: &["hs_call_title"],
        ..ACTIVITY
    },
    Row {
        name: "emails",
        singular: "email",
        type_id: "0-49",
        legacy: "EMAIL",
        required: &[&["hs_timestamp"], &["hs_email_direction"]],
        searchable: &["hs_email_subject"],
        display: &["hs_email_subject"],
        ..ACTIVITY
    },
    Row {
        name: "meetings",
        singular: "meeting",
        type_id: "0-47",
        legacy: "MEETING_EVENT",
        required: &[&["hs_timestamp", "hs_meeting_start_time"]],
        searchable: &["hs_meeting_title", "hs_meeting_body"],
        display: &["hs_meeting_title"],
        ..ACTIVITY
    },
    Row {
        name: "notes",
        singular: "note",
        type_id: "0-46",
        legacy: "NOTE",
        searchable: &["hs_note_body"],
        display: &["hs_note_body"],
        ..ACTIVITY
    },
    Row {
        name: "communications",
        singular: "communication",
        type_id: "0-18",
        legacy: "COMMUNICATION",
        required: &[&["hs_timestamp"], &["hs_communication_channel_type"]],
        searchable: &["hs_communication_body"],
        display: &["hs_communication_channel_type"],
        ..ACTIVITY
    },
    Row {
        name: "postal_mail",
        singular: "postal_mail",
        type_id: "0-116",
        legacy: "POSTAL_MAIL",
        searchable: &["hs_postal_mail_body"],
        display: &["hs_postal_mail_body"],
        ..ACTIVITY
    },
    Row {
        name: "leads",
        singular: "lead",
        type_id: "0-136",
        legacy: "LEAD",
        required: &[&["hs_lead_name"]],
        searchable: &["hs_lead_name"],
        display: &["hs_lead_name"],
        pipeline: STAGED,
        ..ACTIVITY
    },
    Row {
        name: "products",
        singular: "product",
        type_id: "0-7",
        legacy: "PRODUCT",
        created: "createdate",
        defaults: &["description", "name", "price"],
        required: &[],
        searchable: &["name", "description", "price", "hs_sku"],
        display: &["name"],
        ..ACTIVITY
    },
    Row {
        name: "line_items",
        singular: "line_item",
        type_id: "0-8",
        legacy: "LINE_ITEM",
        created: "createdate",
        defaults: &["amount", "quantity"],
        required: &[],
        searchable: &["name"],
        display: &["name"],
        ..ACTIVITY
    },
    Row {
        name: "quotes",
        singular: "quote",
        type_id: "0-14",
        legacy: "QUOTE",
        defaults: &["hs_expiration_date", "hs_public_url_key", "hs_quote_amount", "hs_status", "hs_title"],
        required: &[&["hs_title"], &["hs_expiration_date"]],
        searchable: &["hs_title"],
        display: &["hs_title"],
        ..ACTIVITY
    },
    Row {
        name: "feedback_submissions",
        singular: "feedback_submission",
        type_id: "0-19",
        legacy: "FEEDBACK_SUBMISSION",
        required: &[],
        searchable: &["hs_content"],
        display: &["hs_survey_name"],
        ..ACTIVITY
    },
    Row {
        name: "users",
        singular: "user",
        type_id: "0-115",
        legacy: "USER",
        defaults: &[],
        required: &[],
        searchable: &["hs_email", "hs_given_name", "hs_family_name"],
        display: &["hs_given_name", "hs_family_name"],
        ..ACTIVITY
    },
    further("goal_targets", "goal_target", "0-74", "GOAL_TARGET"),
    further("orders", "order", "0-123", "ORDER"),
    further("carts", "cart", "0-142", "CART"),
    further("invoices", "invoice", "0-53", "INVOICE"),
    further("subscriptions", "subscription", "0-69", "SUBSCRIPTION"),
    further("commerce_payments", "commerce_payment", "0-101", "COMMERCE_PAYMENT"),
    further("discounts", "discount", "0-84", "DISCOUNT"),
    further("fees", "fee", "0-85", "FEE"),
    further("taxes", "tax", "0-86", "TAX"),
    further("appointments", "appointment", "0-421", "APPOINTMENT"),
    further("courses", "course", "0-410", "COURSE"),
    further("listings", "listing", "0-420", "LISTING"),
    further("services", "service", "0-162", "SERVICE"),
];

/// A kind that the account knows, with the properties that every kind has and a name.
const fn further(
    name: &'static str,
    singular: &'static str,
    type_id: &'static str,
    legacy: &'static str,
) -> Row {
    Row {
        name,
        singular,
        type_id,
        legacy,
        required: &[],
        searchable: &["hs_name"],
        display: &["hs_name"],
        ..ACTIVITY
    }
}

impl Row {
    fn kind(&self) -> Kind {
        let modified = if self.name == "contacts" { "lastmodifieddate" } else { "hs_lastmodifieddate" };
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut defaults = owned(self.defaults);
        defaults.extend(owned(&[self.created, modified, "hs_object_id"]));
        defaults.sort_unstable();
        let activity = matches!(
            self.name,
            "tasks" | "calls" | "emails" | "meetings" | "notes" | "communications" | "postal_mail"
        );
        Kind {
            name: self.name.to_owned(),
            singular: self.singular.to_owned(),
            type_id: self.type_id.to_owned(),
            legacy: self.legacy.to_owned(),
            labels: (title_case(self.singular), title_case(self.name)),
            created: self.created,
            modified,
            defaults,
            required: self.required.iter().map(|group| owned(group)).collect(),
            searchable: owned(self.searchable),
            display: owned(self.display),
            pipeline: self.pipeline,
            primary_company: match self.name {
                "contacts" => Some("associatedcompanyid"),
                "deals" => Some("hs_primary_associated_company"),
                _ => None,
            },
            activity,
            custom: false,
            archived: false,
            purged: false,
        }
    }
}

/// The standard kinds, in the order of the constants.
pub(crate) fn kinds() -> Vec<Kind> {
    ROWS.iter().map(Row::kind).collect()
}

#[cfg(test)]
mod tests {
    use super::super::*;

    #[test]
    fn the_constants_are_the_places_of_the_kinds() {
        let kinds = standard();
        let named = [
            (CONTACTS, "contacts"),
            (COMPANIES, "companies"),
            (DEALS, "deals"),
            (TICKETS, "tickets"),
            (TASKS, "tasks"),
            (CALLS, "calls"),
            (EMAILS, "emails"),
            (MEETINGS, "meetings"),
            (NOTES, "notes"),
            (COMMUNICATIONS, "communications"),
            (POSTAL_MAIL, "postal_mail"),
            (LEADS, "leads"),
            (LEADS + 1, "products"),
            (LINE_ITEMS, "line_items"),
            (QUOTES, "quotes"),
            (FEEDBACK, "feedback_submissions"),
            (USERS, "users"),
        ];
        assert_eq!(kinds.len(), named.len() + 13);
        for (at, name) in named {
            assert_eq!(kinds[at].name, name);
        }
    }
}
