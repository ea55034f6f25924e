//! Sequences: emails and tasks a salesperson sends a contact through.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::property::PropertyType;
use crate::property::value::text_of;
use crate::registry::CONTACTS;
use crate::time::iso;

/// Enrolments from one inbox in a day.
const PER_DAY: usize = 1000;
const DAY: i64 = 86_400_000;

/// assumed: the sequences a new account has are samples
const SAMPLES: [(u64, &str, &[Step]); 2] = [
    (
        218_340_101,
        "First contact",
        &[Step::Email("Nice to meet you"), Step::Task("Call", "CALL", 2), Step::Email("Following up")],
    ),
    (218_340_102, "Renewal", &[Step::Task("Look at the contract", "TODO", 0), Step::Email("Your renewal")]),
];

#[derive(Debug, Clone, Copy)]
enum Step {
    Email(&'static str),
    /// Subject, kind, days after the step before.
    Task(&'static str, &'static str, i64),
}

/// A contact in a sequence.
#[derive(Debug, Clone)]
struct Enrolment {
    id: u64,
    sequence: u64,
    name: &'static str,
    email: String,
    by: (u64, String),
    sender: String,
    at: i64,
}

impl Enrolment {
    fn short(&self) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("id".into(), json!(self.id.to_string()));
        shown.insert("toEmail".into(), json!(self.email));
        shown.insert("enrolledAt".into(), json!(iso(self.at)));
        shown.insert("updatedAt".into(), json!(iso(self.at)));
        shown
    }

    fn json(&self) -> Value {
        let mut shown = self.short();
        shown.insert("sequenceId".into(), json!(self.sequence.to_string()));
        shown.insert("sequenceName".into(), json!(self.name));
        shown.insert("enrolledBy".into(), json!(self.by.0.to_string()));
        shown.insert("enrolledByEmail".into(), json!(self.by.1));
        Value::Object(shown)
    }
}

/// Who is in which sequence, by contact; the last is the current one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sequences {
    by_contact: BTreeMap<u64, Vec<Enrolment>>,
    next: u64,
}

fn born(account: &Account) -> i64 {
    account.owners.first().map_or(0, |owner| owner.created)
}

/// A sequence in a list.
fn brief(id: u64, name: &str, user: u64, born: i64) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id.to_string()));
    shown.insert("name".into(), json!(name));
    shown.insert("userId".into(), json!(user.to_string()));
    shown.insert("createdAt".into(), json!(iso(born)));
    shown.insert("updatedAt".into(), json!(iso(born)));
    shown
}

fn step_json(step: Step, order: usize, sequence: u64, born: i64) -> Value {
    let id = sequence * 10 + order as u64;
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id.to_string()));
    shown.insert("stepOrder".into(), json!(order));
    shown.insert("createdAt".into(), json!(iso(born)));
    shown.insert("updatedAt".into(), json!(iso(born)));
    let pattern = |more: Value| {
        let mut pattern =
            json!({ "id": (id + 5).to_string(), "createdAt": iso(born), "updatedAt": iso(born) });
        if let (Some(all), Value::Object(more)) = (pattern.as_object_mut(), more) {
            all.extend(more);
        }
        pattern
    };
    match step {
        Step::Email(_) => {
            shown.insert("actionType".into(), json!("EMAIL"));
            shown.insert("delayMillis".into(), json!(if order == 0 { 0 } else { 2 * DAY }));
            shown.insert("emailPattern".into(), pattern(json!({ "templateId": (id + 7).to_string() })));
        }
        Step::Task(subject, kind, days) => {
            shown.insert("actionType".into(), json!("TASK"));
            shown.insert("delayMillis".into(), json!(days * DAY));
            let task = json!({ "subject": subject, "taskType": kind, "taskPriority": "MEDIUM" });
            shown.insert("taskPattern".into(), pattern(task));
        }
    }
    Value::Object(shown)
}

impl Account {
    /// The user a request speaks for; every call about sequences has to name one.
    pub(crate) fn sequence_user(&self, given: Option<&str>) -> Result<u64, ApiError> {
        let given = given.filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| ApiError::validation("query param userId may not be null"))?;
        let user = given.parse().ok().filter(|user| self.owners.iter().any(|owner| owner.user == *user));
        // assumed: the text for a user the account does not have
        user.ok_or_else(|| ApiError::object_not_found(format!("User {given} does not exist in this account")))
    }

    /// The sequences of the account.
    pub(crate) fn sequences_json(&self, user: u64, name: Option<&str>) -> Vec<Value> {
        let wanted = name.unwrap_or_default().to_lowercase();
        let fits = |one: &&(u64, &str, &[Step])| one.1.to_lowercase().contains(&wanted);
        SAMPLES
            .iter()
            .filter(fits)
            .map(|(id, name, _)| Value::Object(brief(*id, name, user, born(self))))
            .collect()
    }

    /// One sequence with its steps.
    pub(crate) fn sequence_json(&self, user: u64, id: &str) -> Result<Value, ApiError> {
        let (number, name, steps) = sample(id)?;
        let born = born(self);
        let mut shown = brief(number, name, user, born);
        let steps = steps.iter().enumerate().map(|(order, step)| step_json(*step, order, number, born));
        shown.insert("steps".into(), steps.collect());
        shown.insert("dependencies".into(), json!([]));
        shown.insert(
            "settings".into(),
            json!({
                "id": (number + 900).to_string(), "eligibleFollowUpDays": "BUSINESS_DAYS",
                "sellingStrategy": "LEAD_BASED", "sendWindowStartMinute": 480, "sendWindowEndMinute": 1080,
                "taskReminderMinute": 480, "individualTaskRemindersEnabled": false,
                "createdAt": iso(born), "updatedAt": iso(born),
            }),
        );
        Ok(Value::Object(shown))
    }

    /// Puts a contact into a sequence, and sends its first email.
    pub(crate) fn enrol_in_sequence(
        &mut self,
        user: u64,
        body: &Map<String, Value>,
        now: i64,
    ) -> Result<Value, ApiError> {
        let text = |name: &str| body.get(name).and_then(text_of).unwrap_or_default();
        for name in ["sequenceId", "contactId", "senderEmail"] {
            if text(name).is_empty() {
                return Err(ApiError::validation(format!("Some required fields were not set: [{name}]")));
            }
        }
        let (sequence, name, steps) = sample(&text("sequenceId"))?;
        let contact = self.locate(CONTACTS, &text("contactId"), None)?;
        let record = self.live(CONTACTS, contact).ok_or_else(ApiError::record_not_found)?;
        let email = self.named(CONTACTS, record, "email").map(std::borrow::Cow::into_owned);
        let email =
            email.ok_or_else(|| ApiError::validation(format!("Contact {contact} has no email address")))?;
        let sender = text("senderEmail").to_lowercase();
        let by = self.owners.iter().find(|owner| owner.user == user).map(|owner| owner.email.clone());
        if !self.owners.iter().any(|owner| !owner.archived && owner.email.eq_ignore_ascii_case(&sender)) {
            // assumed: every active user has connected the inbox of the own address
            return Err(ApiError::validation(format!("{sender} is not a connected inbox of this account")));
        }
        let held = &mut self.platform.automation.sequences;
        if held.by_contact.contains_key(&contact) {
            return Err(ApiError::validation(format!("Contact {contact} is already enrolled in a sequence")));
        }
        let recent = |one: &&Enrolment| one.sender == sender && one.at > now - DAY;
        if held.by_contact.values().flatten().filter(recent).count() >= PER_DAY {
            return Err(ApiError::validation("limit of 1000 enrollments per portal inbox per day"));
        }
        held.next += 1;
        let id = 5_000_000_000 + held.next;
        let by = (user, by.unwrap_or_default());
        let enrolment = Enrolment { id, sequence, name, email, by, sender, at: now };
        let shown = Value::Object(enrolment.short());
        let sent = enrolment.clone();
        held.by_contact.entry(contact).or_default().push(enrolment);
        self.mark_enrolled(contact, sequence, now);
        if let Some(Step::Email(subject)) = steps.first() {
            self.log_email(contact, subject, &sent.sender, &sent.email, user, now);
        }
        Ok(shown)
    }

    /// The current enrolment of a contact.
    pub(crate) fn sequence_enrolment(&self, contact: &str) -> Result<Value, ApiError> {
        let id = self.locate(CONTACTS, contact, None)?;
        let held = self.platform.automation.sequences.by_contact.get(&id).and_then(|all| all.last());
        // assumed: a contact that never was in a sequence is not found
        held.map(Enrolment::json).ok_or_else(|| {
            ApiError::object_not_found(format!("Contact {id} is not enrolled in a sequence"))
                .with_context("contactId", contact)
        })
    }

    fn mark_enrolled(&mut self, contact: u64, sequence: u64, now: i64) {
        let values = [
            ("hs_sequences_is_enrolled", PropertyType::Bool, "true".to_owned()),
            ("hs_latest_sequence_enrolled", PropertyType::Number, sequence.to_string()),
            ("hs_latest_sequence_enrolled_date", PropertyType::DateTime, iso(now)),
        ];
        self.write_by_platform(CONTACTS, contact, &values, &source(), now);
    }

    /// Values only the platform sets, in properties it makes if need be.
    pub(crate) fn write_by_platform(
        &mut self,
        object: usize,
        id: u64,
        values: &[(&str, PropertyType, String)],
        source: &Source,
        now: i64,
    ) {
        let mut keyed = Vec::new();
        for (name, kind, value) in values {
            self.ensure_property(object, name, *kind, &[], now);
            if let Some(key) = self.stores[object].key(name) {
                keyed.push((key, Some(value.clone())));
            }
        }
        self.apply(object, id, keyed, source, now);
    }

    /// An email that was sent, on the timeline of a contact.
    pub(crate) fn log_email(
        &mut self,
        contact: u64,
        subject: &str,
        from: &str,
        to: &str,
        user: u64,
        now: i64,
    ) {
        let Some(emails) = self.find_kind("emails") else { return };
        let given = json!({
            "hs_timestamp": now.to_string(), "hs_email_direction": "EMAIL", "hs_email_status": "SENT",
            "hs_email_subject": subject,
            "hs_email_headers": json!({ "from": { "email": from }, "to": [{ "email": to }] }).to_string(),
        });
        let owner = self.owners.iter().find(|owner| owner.user == user).map(|owner| owner.id.clone());
        let mut given = given.as_object().cloned().unwrap_or_default();
        given.extend(owner.map(|id| ("hubspot_owner_id".to_owned(), json!(id))));
        given.retain(|name, _| self.stores[emails].active(name).is_some());
        if let Ok(values) = self.prepare(emails, &given, None, &source()) {
            let id = self.insert(emails, values, &source(), now);
            let at = self.tick(now);
            self.acting_as(source(), |account| {
                account.put_link((emails, id), (CONTACTS, contact), &[], false, at)
            });
        }
    }
}

fn source() -> Source {
    Source { kind: "SEQUENCES", id: "SEQUENCES".to_owned(), label: None, user: None }
}

fn sample(id: &str) -> Result<(u64, &'static str, &'static [Step]), ApiError> {
    let found = SAMPLES.iter().find(|(number, _, _)| number.to_string() == id);
    let found = found.ok_or_else(|| {
        ApiError::object_not_found(format!("Sequence {id} does not exist")).with_context("sequenceId", id)
    })?;
    Ok(*found)
}
