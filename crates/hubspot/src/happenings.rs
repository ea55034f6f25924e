//! What happened to people: forms they submitted, marketing emails they got, opened and clicked.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Call;
use crate::owners::Paging;
use crate::paths::segment;
use crate::{Client, Error, lenient};

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Form {
    /// Its id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
}

/// A form that somebody sent in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// When.
    #[serde(default, deserialize_with = "lenient::time")]
    pub submitted_at: Option<Timestamp>,
    /// What was filled in.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub values: Vec<SubmittedValue>,
    /// The page that showed the form.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub page_url: Option<String>,
}

/// What was filled into a field of a form.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct SubmittedValue {
    /// The field.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Its content.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub value: Option<String>,
}

/// A page of submissions, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubmissionPage {
    /// The submissions.
    pub results: Vec<Submission>,
    /// Where the next page starts.
    pub after: Option<String>,
}

/// Something that happened to a marketing email.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailEvent {
    /// Its id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// When.
    #[serde(default, deserialize_with = "lenient::time")]
    pub created: Option<Timestamp>,
    /// Whose email it was.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub recipient: String,
    /// The sending it belongs to.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub email_campaign_id: Option<String>,
    /// The link, of a click.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub url: Option<String>,
}

/// A page of email events, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmailEventPage {
    /// The events.
    pub events: Vec<EmailEvent>,
    /// Where the next page starts.
    pub offset: Option<String>,
}

/// Something that another app noted on the timeline of a record.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Occurrence {
    /// Its id, unique among those of its type.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// The type of the event.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub event_type: String,
    /// The record it is about.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub object_id: Option<String>,
    /// What that record is, for example `CONTACT`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub object_type: String,
    /// When it was.
    #[serde(default, deserialize_with = "lenient::time")]
    pub occurred_at: Option<Timestamp>,
    /// What else is known of it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub properties: BTreeMap<String, serde_json::Value>,
}

/// A marketing email.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketingEmail {
    /// Its name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Its subject.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub subject: String,
    /// Its sendings.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub all_email_campaign_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Listed<T> {
    #[serde(default = "Vec::new")]
    results: Vec<T>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    #[serde(default)]
    events: Vec<EmailEvent>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    has_more: bool,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    offset: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventTypes {
    #[serde(default)]
    event_types: Vec<String>,
}

impl Client {
    /// The names of all types of events; those of apps begin with `ae` and the number of the app.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn event_types(&self) -> Result<Vec<String>, Error> {
        let path = format!("{}/event-types", self.inner().paths.events());
        let types: EventTypes =
            self.ask(&Call::new("listing the types of events", Method::GET, path)).await?;
        Ok(types.event_types)
    }

    /// What of this type occurred after `after` and before `before`, both left out, in any order.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn occurrences(
        &self,
        event_type: &str,
        after: Timestamp,
        before: Option<Timestamp>,
    ) -> Result<Vec<Occurrence>, Error> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut call = Call::new("listing events", Method::GET, self.inner().paths.events())
                .query("eventType", event_type)
                .query("occurredAfter", after.to_string())
                .query("limit", "100");
            if let Some(before) = before {
                call = call.query("occurredBefore", before.to_string());
            }
            if let Some(next) = next.take() {
                call = call.query("after", next);
            }
            let page: Listed<Occurrence> = self.ask(&call).await?;
            all.extend(page.results);
            next = page.paging.after();
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// All forms.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn forms(&self) -> Result<Vec<Form>, Error> {
        self.whole_list("listing forms", "/marketing/v3/forms").await
    }

    /// All marketing emails.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn marketing_emails(&self) -> Result<Vec<MarketingEmail>, Error> {
        self.whole_list("listing marketing emails", "/marketing/v3/emails").await
    }

    async fn whole_list<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        path: &str,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut call = Call::new(what, Method::GET, path).query("limit", "100");
            if let Some(after) = after.take() {
                call = call.query("after", after);
            }
            let page: Listed<T> = self.ask(&call).await?;
            all.extend(page.results);
            after = page.paging.after();
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// What was submitted through a form, the newest first.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn submissions(&self, form: &str, after: Option<&str>) -> Result<SubmissionPage, Error> {
        let path = format!("/form-integrations/v1/submissions/forms/{}", segment(form));
        let mut call = Call::new("listing form submissions", Method::GET, path).query("limit", "50");
        if let Some(after) = after {
            call = call.query("after", after);
        }
        let page: Listed<Submission> = self.ask(&call).await?;
        Ok(SubmissionPage { results: page.results, after: page.paging.after() })
    }

    /// What happened to marketing emails from `start` until before `end`: `kind` is `SENT`, `OPEN`, `CLICK`, …
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn email_events(
        &self,
        kind: &str,
        start: Timestamp,
        end: Option<Timestamp>,
        offset: Option<&str>,
    ) -> Result<EmailEventPage, Error> {
        let mut call = Call::new("listing email events", Method::GET, "/email/public/v1/events")
            .query("eventType", kind)
            .query("startTimestamp", start.as_millisecond().to_string())
            .query("limit", "1000");
        if let Some(end) = end {
            call = call.query("endTimestamp", end.as_millisecond().to_string());
        }
        if let Some(offset) = offset {
            call = call.query("offset", offset);
        }
        let page: Events = self.ask(&call).await?;
        let offset = page.offset.filter(|_| page.has_more);
        Ok(EmailEventPage { events: page.events, offset })
    }
}
