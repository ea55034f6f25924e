//! Form submissions, what happened to marketing emails, and what other apps noted. HubSpot lists these by time and knows
//! no way to ask for one by itself; so the id that each gets here says in which list, and when, it is found again.

use std::collections::{BTreeMap, BTreeSet};

use ::hubspot::{EmailEvent, Filter, FilterGroup, Form, Occurrence, Operator, Search, Submission};
use jiff::{SignedDuration, Timestamp};
use model::{Field, Value, Values};

use super::timeline::body;
use super::{HubSpotSide, failed};
use crate::activities::field;
use crate::settings::Activity;
use crate::side::{ChangesPage, Life, RecordState, SideError};

/// Whom or what a happening is about.
enum Who {
    /// The contact with this email.
    Email(String),
    /// A record of this object.
    Record(&'static str, String),
}

/// Something that happened, before it is known to whom.
struct Happening {
    id: String,
    at: Timestamp,
    who: Who,
    values: Values,
}

impl HubSpotSide {
    pub(super) async fn happenings_since(
        &self,
        activity: Activity,
        since: Timestamp,
        wanted: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let found = match activity {
            // Each form has a list of its own: they are only gone through when somebody sent one in.
            Activity::FormSubmission if self.anybody_since("recent_conversion_date", since).await? => {
                let mut found = Vec::new();
                for form in self.client.forms().await.map_err(|error| failed(&error))? {
                    found.extend(self.submitted_since(&form, since).await?);
                }
                found
            }
            Activity::FormSubmission => Vec::new(),
            Activity::IntegrationEvent => self.events_of_apps(since, None).await?,
            _ => self.email_events(activity, since, None).await?,
        };
        // What they are about is found out when they are read.
        let records = found.into_iter().map(|one| record_of(activity, one, wanted)).collect();
        Ok(ChangesPage { records, next: None })
    }

    pub(super) async fn happenings(
        &self,
        activity: Activity,
        ids: &[String],
        wanted: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let times: Vec<Timestamp> = ids.iter().filter_map(|id| moment_in(id)).collect();
        let (Some(first), Some(last)) = (times.iter().min().copied(), times.iter().max().copied()) else {
            return Ok(Vec::new());
        };
        let found = match activity {
            Activity::FormSubmission => {
                let mut found = Vec::new();
                for form in self.client.forms().await.map_err(|error| failed(&error))? {
                    let start = format!("form:{}:", plain(&form.id));
                    if ids.iter().any(|id| id.starts_with(&start)) {
                        found.extend(self.submitted_since(&form, first).await?);
                    }
                }
                found
            }
            Activity::IntegrationEvent => {
                let end = last.checked_add(SignedDuration::from_millis(1)).unwrap_or(last);
                self.events_of_apps(first, Some(end)).await?
            }
            _ => {
                let end = last.checked_add(SignedDuration::from_millis(1)).unwrap_or(last);
                self.email_events(activity, first, Some(end)).await?
            }
        };
        let found: Vec<Happening> = found.into_iter().filter(|one| ids.contains(&one.id)).collect();
        let emails = found.iter().filter_map(|one| match &one.who {
            Who::Email(email) => Some(email.clone()),
            Who::Record(..) => None,
        });
        let contacts = self.contacts_by_email(emails).await?;
        Ok(found
            .into_iter()
            .map(|mut one| {
                if let Who::Email(email) = &one.who
                    && let Some(contact) = contacts.get(&email.to_lowercase())
                {
                    one.who = Who::Record("contacts", contact.clone());
                }
                record_of(activity, one, wanted)
            })
            .collect())
    }

    /// Whether there is a contact whose `date` is not before `since`.
    async fn anybody_since(&self, date: &str, since: Timestamp) -> Result<bool, SideError> {
        let filter = Filter::new(date, Operator::Gte, since.as_millisecond().to_string());
        let search = Search {
            filter_groups: vec![FilterGroup { filters: vec![filter] }],
            limit: 1,
            ..Search::default()
        };
        let page = self.client.search("contacts", &search).await.map_err(|error| failed(&error))?;
        Ok(!page.results.is_empty())
    }

    async fn submitted_since(&self, form: &Form, since: Timestamp) -> Result<Vec<Happening>, SideError> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.client.submissions(&form.id, after.as_deref()).await;
            let page = page.map_err(|error| failed(&error))?;
            for submission in &page.results {
                match submission.submitted_at {
                    Some(at) if at >= since => found.push(submitted(form, submission, at)),
                    // The newest come first.
                    Some(_) => return Ok(found),
                    None => {}
                }
            }
            after = page.after;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn email_events(
        &self,
        activity: Activity,
        since: Timestamp,
        end: Option<Timestamp>,
    ) -> Result<Vec<Happening>, SideError> {
        let Some(kind) = activity.email_event() else { return Ok(Vec::new()) };
        let mut events: Vec<EmailEvent> = Vec::new();
        let mut offset: Option<String> = None;
        loop {
            let page = self.client.email_events(kind, since, end, offset.as_deref()).await;
            let page = page.map_err(|error| failed(&error))?;
            events.extend(page.events);
            offset = page.offset;
            if offset.is_none() {
                break;
            }
        }
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let emails = self.client.marketing_emails().await.map_err(|error| failed(&error))?;
        let named = |event: &EmailEvent| {
            let campaign = event.email_campaign_id.as_ref()?;
            emails.iter().find(|email| email.all_email_campaign_ids.contains(campaign))
        };
        let happenings = events.iter().filter_map(|event| {
            let at = event.created?;
            let email = named(event);
            let mut values = activity.constants();
            values.insert(
                field::SUBJECT.to_owned(),
                activity.subject(email.map_or("", |email| email.name.as_str())),
            );
            let lines = [
                email.map(|email| format!("Subject: {}", email.subject)),
                event.url.as_ref().map(|url| format!("Link: {url}")),
            ];
            let lines: Vec<String> = lines.into_iter().flatten().collect();
            values.insert(field::BODY.to_owned(), body(&lines.join("\n")));
            Some(Happening {
                id: format!("mail:{}:{}", at.as_millisecond(), event.id),
                at,
                who: Who::Email(event.recipient.clone()),
                values,
            })
        });
        Ok(happenings.collect())
    }

    /// What other apps noted from `since` until before `end`.
    async fn events_of_apps(
        &self,
        since: Timestamp,
        end: Option<Timestamp>,
    ) -> Result<Vec<Happening>, SideError> {
        let types = self.client.event_types().await.map_err(|error| failed(&error))?;
        let after = since.checked_sub(SignedDuration::from_millis(1)).unwrap_or(since);
        let mut found = Vec::new();
        for event_type in types.iter().filter(|name| is_of_an_app(name)) {
            let events = self.client.occurrences(event_type, after, end).await;
            found.extend(events.map_err(|error| failed(&error))?.into_iter().filter_map(noted));
        }
        Ok(found)
    }

    async fn contacts_by_email(
        &self,
        emails: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<String, String>, SideError> {
        let emails: BTreeSet<String> =
            emails.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty()).collect();
        if emails.is_empty() {
            return Ok(BTreeMap::new());
        }
        let read = ::hubspot::BatchRead {
            ids: emails.into_iter().collect(),
            id_property: Some("email".to_owned()),
            properties: vec!["email".to_owned()],
            ..::hubspot::BatchRead::default()
        };
        let answer = self.client.batch_read("contacts", &read).await.map_err(|error| failed(&error))?;
        let of = |record: &::hubspot::Record| Some((record.get("email")?.to_lowercase(), record.id.clone()));
        Ok(answer.found.iter().filter_map(of).collect())
    }
}

fn record_of(activity: Activity, happening: Happening, wanted: &[Field]) -> RecordState {
    let mut values = happening.values;
    values.insert(field::DATE.to_owned(), Value::DateTime(happening.at));
    let (contact, about) = match happening.who {
        Who::Record("contacts", id) => (Value::Reference(id), Value::Blank),
        Who::Record(object, id) => (Value::Blank, Value::Reference(format!("{object}/{id}"))),
        Who::Email(_) => (Value::Blank, Value::Blank),
    };
    values.insert(field::ABOUT.to_owned(), about);
    values.insert(field::CONTACT.to_owned(), contact);
    values.retain(|name, _| wanted.iter().any(|field| field.name == *name));
    RecordState {
        object: activity.object().to_owned(),
        id: happening.id,
        values,
        created: Some(happening.at),
        modified: Some(happening.at),
        modified_by_us: false,
        deleted: false,
        marker: None,
        life: Life::default(),
    }
}

/// Types of apps' events are called `ae`, the number of the app, and a name.
fn is_of_an_app(event_type: &str) -> bool {
    let number = event_type.strip_prefix("ae").and_then(|rest| rest.split('_').next());
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn noted(event: Occurrence) -> Option<Happening> {
    let at = event.occurred_at?;
    let object = match event.object_type.to_uppercase().as_str() {
        "CONTACT" => "contacts",
        "COMPANY" => "companies",
        "DEAL" => "deals",
        "TICKET" => "tickets",
        _ => return None,
    };
    let name = event.event_type.split_once('_').map_or("", |(_, name)| name);
    let lines = event.properties.iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    let mut values = Activity::IntegrationEvent.constants();
    values.insert(field::SUBJECT.to_owned(), Activity::IntegrationEvent.subject(name));
    values.insert(field::BODY.to_owned(), body(&lines.collect::<Vec<_>>().join("\n")));
    Some(Happening {
        id: format!(
            "event:{}:{:08x}",
            at.as_millisecond(),
            sum(&format!("{}:{}", event.event_type, event.id))
        ),
        at,
        who: Who::Record(object, event.object_id?),
        values,
    })
}

fn submitted(form: &Form, submission: &Submission, at: Timestamp) -> Happening {
    let value = |name: &str| {
        let found = submission.values.iter().find(|value| value.name == name);
        found.and_then(|value| value.value.clone()).unwrap_or_default()
    };
    let mut lines: Vec<String> = submission
        .values
        .iter()
        .map(|one| format!("{}: {}", one.name, one.value.as_deref().unwrap_or_default()))
        .collect();
    lines.extend(submission.page_url.iter().map(|page| format!("Page: {page}")));
    let text = lines.join("\n");
    let mut values = Activity::FormSubmission.constants();
    values.insert(field::SUBJECT.to_owned(), Activity::FormSubmission.subject(&form.name));
    values.insert(field::BODY.to_owned(), body(&text));
    Happening {
        // The same form, filled in with the same at the same moment, is the same submission.
        id: format!("form:{}:{}:{:08x}", plain(&form.id), at.as_millisecond(), sum(&text)),
        at,
        who: Who::Email(value("email")),
        values,
    }
}

fn plain(form: &str) -> String {
    form.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The moment that an id speaks of.
fn moment_in(id: &str) -> Option<Timestamp> {
    let mut parts = id.split(':');
    let millis = match parts.next()? {
        "form" => parts.nth(1)?,
        "mail" | "event" => parts.next()?,
        _ => return None,
    };
    Timestamp::from_millisecond(millis.parse().ok()?).ok()
}

/// A short sum of a text, the same on every machine (FNV-1a).
fn sum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
