//! Marketing emails, and what their recipients did with them.

use serde_json::{Value, json};

use super::super::uuid;
use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::property::PropertyType;
use crate::registry::CONTACTS;
use crate::time::iso;

/// assumed: the emails a new account has are samples: id, campaign, name, subject
const SAMPLES: [(u64, u64, &str, &str); 2] = [
    (88_700_100_001, 350_100_001, "Autumn news", "What is new this autumn"),
    (88_700_100_002, 350_100_002, "Invitation", "You are invited"),
];

/// What can happen to an email, and the properties of the contact that count it.
const KINDS: &[(&str, Option<(&str, &str)>)] = &[
    ("SENT", None),
    ("DELIVERED", Some(("hs_email_delivered", "hs_email_last_send_date"))),
    ("OPEN", Some(("hs_email_open", "hs_email_last_open_date"))),
    ("CLICK", Some(("hs_email_click", "hs_email_last_click_date"))),
    ("BOUNCE", Some(("hs_email_bounce", "hs_email_last_bounce_date"))),
    ("STATUSCHANGE", None),
    ("DROPPED", None),
];

/// Something that happened to an email.
#[derive(Debug, Clone)]
pub(crate) struct EmailEvent {
    id: String,
    kind: &'static str,
    recipient: String,
    campaign: u64,
    at: i64,
}

impl Account {
    /// The marketing emails.
    pub(crate) fn emails_json(&self) -> Vec<Value> {
        let born = iso(self.owners.first().map_or(0, |owner| owner.created));
        SAMPLES
            .iter()
            .map(|(id, campaign, name, subject)| {
                json!({
                    "id": id.to_string(), "name": name, "subject": subject, "state": "PUBLISHED", "type": "BATCH_EMAIL",
                    "subcategory": "batch", "language": "en", "isPublished": true, "archived": false,
                    "primaryEmailCampaignId": campaign.to_string(), "allEmailCampaignIds": [campaign.to_string()],
                    "createdAt": born, "updatedAt": born, "publishedAt": born, "publishDate": born,
                    "createdById": null, "updatedById": null, "activeDomain": "", "content": {}, "from": {}, "to": {},
                    "subscriptionDetails": {}, "testing": {}, "webversion": {}, "sendOnPublish": true,
                })
            })
            .collect()
    }

    /// Lets a recipient do something with an email, and counts it on the contact.
    pub(crate) fn email_event(
        &mut self,
        kind: &str,
        recipient: &str,
        email: Option<&str>,
        now: i64,
    ) -> Result<Value, ApiError> {
        let known = KINDS.iter().find(|one| one.0.eq_ignore_ascii_case(kind));
        let (kind, counted) =
            *known.ok_or_else(|| ApiError::validation(format!("Unknown type of email event: {kind}")))?;
        let sample = match email {
            Some(email) => {
                SAMPLES.iter().find(|one| one.0.to_string() == email || one.1.to_string() == email)
            }
            None => SAMPLES.first(),
        };
        let (_, campaign, ..) = sample.ok_or_else(ApiError::record_not_found)?;
        let recipient = recipient.to_lowercase();
        let id = uuid(&mut self.platform.chance);
        let event = EmailEvent { id, kind, recipient: recipient.clone(), campaign: *campaign, at: now };
        let shown = event.json(self.portal);
        self.platform.marketing.email_events.push(event);
        if let Some((count, last)) = counted
            && let Ok(contact) = self.locate(CONTACTS, &recipient, Some("email"))
        {
            let held = self.live(CONTACTS, contact).and_then(|record| self.named(CONTACTS, record, count));
            let number = held.and_then(|held| held.parse::<u64>().ok()).unwrap_or(0) + 1;
            let values =
                [(count, PropertyType::Number, number.to_string()), (last, PropertyType::DateTime, iso(now))];
            let source = Source { kind: "EMAIL", id: campaign.to_string(), label: None, user: None };
            self.write_by_platform(CONTACTS, contact, &values, &source, now);
        }
        Ok(shown)
    }

    /// Lets a contact look at a document: HubSpot keeps on the contact when that was, and lists no documents.
    pub(crate) fn document_viewed(&mut self, email: &str, now: i64) -> Result<(), ApiError> {
        let contact = self.locate(CONTACTS, email, Some("email"))?;
        let values = [("hs_document_last_revisited", PropertyType::DateTime, iso(now))];
        let source =
            Source { kind: "SALES_DOCUMENTS", id: "SALES_DOCUMENTS".into(), label: None, user: None };
        self.write_by_platform(CONTACTS, contact, &values, &source, now);
        Ok(())
    }

    /// What happened to emails, the newest first.
    pub(crate) fn email_events_json(
        &self,
        recipient: Option<&str>,
        kind: Option<&str>,
        campaign: Option<&str>,
    ) -> Vec<Value> {
        let fits = |one: &&EmailEvent| {
            recipient.is_none_or(|wanted| one.recipient.eq_ignore_ascii_case(wanted))
                && kind.is_none_or(|wanted| one.kind.eq_ignore_ascii_case(wanted))
                && campaign.is_none_or(|wanted| one.campaign.to_string() == wanted)
        };
        self.platform
            .marketing
            .email_events
            .iter()
            .rev()
            .filter(fits)
            .map(|one| one.json(self.portal))
            .collect()
    }
}

impl EmailEvent {
    fn json(&self, portal: u64) -> Value {
        json!({
            "id": self.id, "type": self.kind, "recipient": self.recipient, "created": self.at,
            "emailCampaignId": self.campaign, "emailCampaignGroupId": self.campaign, "portalId": portal,
            "appId": 113, "appName": "Batch", "sentBy": { "id": self.id, "created": self.at },
        })
    }
}
