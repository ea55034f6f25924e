//! Forms, and what people submit through them.

use serde_json::{Map, Value, json};

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::property::PropertyType;
use crate::property::value::{email, text_of};
use crate::registry::CONTACTS;
use crate::time::iso;
use crate::write::Claimed;

/// A field: name, label, kind, and whether it is required.
type Field = (&'static str, &'static str, &'static str, bool);
type Sample = (&'static str, &'static str, &'static [Field]);

/// assumed: the forms a new account has are samples: id, name, fields with whether they are required
const SAMPLES: [Sample; 2] = [
    (
        "6f6c1e2a-5f0f-4d7e-9b1c-2b7a4a0e5d01",
        "Contact us",
        &[
            ("email", "Email", "email", true),
            ("firstname", "First name", "single_line_text", false),
            ("lastname", "Last name", "single_line_text", false),
            ("company", "Company name", "single_line_text", false),
            ("jobtitle", "Job title", "single_line_text", false),
            ("phone", "Phone number", "phone", false),
        ],
    ),
    ("0d2c7a54-8c55-4a52-8a3e-6a2f0b9c7e02", "Newsletter", &[("email", "Email", "email", true)]),
];

/// A submission of a form.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    form: &'static str,
    at: i64,
    page: String,
    values: Vec<Value>,
}

/// The form of this id.
pub(crate) fn sample(id: &str) -> Result<Sample, ApiError> {
    SAMPLES.iter().find(|one| one.0.eq_ignore_ascii_case(id)).copied().ok_or_else(ApiError::record_not_found)
}

impl Account {
    fn form_born(&self) -> i64 {
        self.owners.first().map_or(0, |owner| owner.created)
    }

    /// The forms in the newest shape.
    pub(crate) fn forms_json(&self) -> Vec<Value> {
        SAMPLES.iter().map(|one| self.form_json(*one)).collect()
    }

    /// One form in the newest shape.
    pub(crate) fn form_json(&self, one: Sample) -> Value {
        let born = iso(self.form_born());
        let groups: Vec<Value> = one
            .2
            .iter()
            .map(|(name, label, kind, required)| {
                json!({ "groupType": "default_group", "richTextType": "text", "fields": [{
                    "objectTypeId": "0-1", "name": name, "label": label, "required": required, "hidden": false,
                    "fieldType": kind, "validation": { "blockedEmailDomains": [], "useDefaultBlockList": false } }] })
            })
            .collect();
        json!({
            "id": one.0, "name": one.1, "createdAt": born, "updatedAt": born, "archived": false, "formType": "hubspot",
            "fieldGroups": groups,
            "configuration": { "language": "en", "cloneable": true, "editable": true, "archivable": true,
                "postSubmitAction": { "type": "thank_you", "value": "Thanks for submitting the form." },
                "createNewContactForNewEmail": false, "prePopulateKnownValues": true, "allowLinkToResetKnownValues": false,
                "notifyContactOwner": false, "notifyRecipients": [], "recaptchaEnabled": false },
            "displayOptions": { "renderRawHtml": false, "theme": "default_style", "submitButtonText": "Submit" },
            "legalConsentOptions": { "type": "none" },
        })
    }

    /// One form as version 2 shows it.
    pub(crate) fn old_form_json(&self, one: Sample) -> Value {
        let born = self.form_born();
        let groups: Vec<Value> = one
            .2
            .iter()
            .map(|(name, label, _, required)| {
                json!({ "fields": [{ "name": name, "label": label, "type": "string", "fieldType": "text",
                    "required": required, "hidden": false, "enabled": true, "defaultValue": "", "options": [] }] })
            })
            .collect();
        json!({
            "portalId": self.portal, "guid": one.0, "name": one.1, "formType": "HUBSPOT", "createdAt": born,
            "updatedAt": born, "deletable": true, "formFieldGroups": groups, "submitText": "Submit", "redirect": "",
            "inlineMessage": "Thanks for submitting the form.", "isPublished": true,
        })
    }

    /// The forms as version 2 lists them.
    pub(crate) fn old_forms_json(&self) -> Vec<Value> {
        SAMPLES.iter().map(|one| self.old_form_json(*one)).collect()
    }

    /// Takes a submission: the contact of the email is made or changed.
    pub(crate) fn submit_form(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        now: i64,
    ) -> Result<(), ApiError> {
        let form = sample(id)?;
        let fields = body.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut given = Map::new();
        let mut errors = Vec::new();
        for field in &fields {
            let text = |name: &str| field.get(name).and_then(text_of).unwrap_or_default();
            // assumed: fields of other objects are kept with the submission and written nowhere
            if matches!(text("objectTypeId").as_str(), "" | "0-1") {
                given.insert(text("name"), json!(text("value")));
            }
        }
        for (name, _, _, required) in form.2 {
            let filled =
                given.get(*name).and_then(Value::as_str).is_some_and(|value| !value.trim().is_empty());
            if *required && !filled {
                errors.push(json!({ "message": format!("Error in 'fields.{name}'. Required field '{name}' is missing"),
                    "errorType": "REQUIRED_FIELD" }));
            }
        }
        let address = given.get("email").and_then(Value::as_str).and_then(email);
        if errors.is_empty() && address.is_none() {
            errors.push(json!({ "message": "Error in 'fields.email'. Invalid email address", "errorType": "INVALID_EMAIL" }));
        }
        let Some(address) = address.filter(|_| errors.is_empty()) else {
            return Err(ApiError::raw(
                400,
                json!({ "status": "error", "message": "The request is not valid", "errors": errors }),
            ));
        };
        // assumed: fields the account does not have are passed over
        given.retain(|name, value| {
            value.as_str().is_some_and(|value| !value.is_empty())
                && self.stores[CONTACTS].active(name).is_some()
        });
        let source =
            Source { kind: "FORM", id: form.0.to_owned(), label: Some(form.1.to_owned()), user: None };
        let contact = match self.locate(CONTACTS, &address, Some("email")) {
            Ok(contact) => {
                let record = self.live(CONTACTS, contact).ok_or_else(ApiError::record_not_found)?;
                let values = self.prepare(CONTACTS, &given, Some(record), &source)?;
                self.apply(CONTACTS, contact, values, &source, now);
                contact
            }
            Err(_) => {
                let values = self.prepare(CONTACTS, &given, None, &source)?;
                self.check_unique(CONTACTS, &values, None, &Claimed::new())?;
                self.insert(CONTACTS, values, &source, now)
            }
        };
        let count = self
            .live(CONTACTS, contact)
            .and_then(|record| self.named(CONTACTS, record, "num_conversion_events"))
            .and_then(|count| count.parse::<u64>().ok())
            .unwrap_or(0);
        let page = body.get("context").map(|context| {
            ["pageName", "pageUri"]
                .iter()
                .find_map(|name| context.get(*name).and_then(text_of))
                .unwrap_or_default()
        });
        let event = format!("{}: {}", page.clone().unwrap_or_default(), form.1);
        let values = [
            ("recent_conversion_event_name", PropertyType::String, event),
            ("recent_conversion_date", PropertyType::DateTime, iso(now)),
            ("num_conversion_events", PropertyType::Number, (count + 1).to_string()),
        ];
        self.write_by_platform(CONTACTS, contact, &values, &source, now);
        let at = body.get("submittedAt").and_then(text_of).and_then(|at| at.parse().ok()).unwrap_or(now);
        let page = body.get("context").and_then(|context| context.get("pageUri")).and_then(text_of);
        let values = fields
            .iter()
            .map(|field| {
                json!({ "name": field.get("name"), "value": field.get("value"),
                    "objectTypeId": field.get("objectTypeId").cloned().unwrap_or_else(|| json!("0-1")) })
            })
            .collect();
        let submission = Submission { form: form.0, at, page: page.unwrap_or_default(), values };
        self.platform.marketing.submissions.push(submission);
        Ok(())
    }

    /// What was submitted through a form, the newest first.
    pub(crate) fn submissions_json(&self, id: &str) -> Result<Vec<Value>, ApiError> {
        let form = sample(id)?;
        let all = self.platform.marketing.submissions.iter().rev().filter(|one| one.form == form.0);
        Ok(all
            .map(|one| json!({ "submittedAt": one.at, "values": one.values, "pageUrl": one.page }))
            .collect())
    }
}
