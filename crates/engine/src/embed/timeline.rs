//! A record's engagements: emails, calls, meetings, notes, tasks and messages, newest first.

use std::cmp::Reverse;

use hubspot::{BatchRead, Record};
use jiff::Timestamp;
use serde::Serialize;

use super::text::plain;
use super::{EmbedError, HubSpotRecord};
use crate::connection::Connection;

/// Engagements of each kind that are looked at: the newest.
const EACH: usize = 100;

/// What kind of engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// An email, sent or received.
    Email,
    /// A phone call.
    Call,
    /// A meeting.
    Meeting,
    /// A note.
    Note,
    /// A task.
    Task,
    /// A message: WhatsApp, LinkedIn, SMS.
    Message,
}

impl ActivityKind {
    /// All of them, in the order of the filters.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::Call, Self::Meeting, Self::Note, Self::Task, Self::Message];

    /// Its name in addresses and texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Call => "call",
            Self::Meeting => "meeting",
            Self::Note => "note",
            Self::Task => "task",
            Self::Message => "message",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    fn object(self) -> &'static str {
        match self {
            Self::Email => "emails",
            Self::Call => "calls",
            Self::Meeting => "meetings",
            Self::Note => "notes",
            Self::Task => "tasks",
            Self::Message => "communications",
        }
    }

    /// Title, body, and what else is told of it.
    fn properties(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Email => (
                "hs_email_subject",
                "hs_email_text",
                &["hs_email_direction", "hs_email_status", "hs_email_from_email", "hs_email_to_email"],
            ),
            Self::Call => ("hs_call_title", "hs_call_body", &["hs_call_direction", "hs_call_status"]),
            Self::Meeting => (
                "hs_meeting_title",
                "hs_meeting_body",
                &["hs_meeting_start_time", "hs_meeting_outcome", "hs_meeting_location"],
            ),
            Self::Note => ("", "hs_note_body", &[]),
            Self::Task => ("hs_task_subject", "hs_task_body", &["hs_task_status", "hs_task_priority"]),
            Self::Message => ("", "hs_communication_body", &["hs_communication_channel_type"]),
        }
    }
}

/// An engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// What kind.
    pub kind: ActivityKind,
    /// Its id in HubSpot.
    pub id: String,
    /// When it was, or is to be.
    pub at: Option<Timestamp>,
    /// Its subject; empty where it has none.
    pub title: String,
    /// What it says, as plain text.
    pub body: String,
    /// Property and value of what else is told of it.
    pub details: Vec<(&'static str, String)>,
    /// The owner's id.
    pub owner: Option<String>,
}

/// A record's engagements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Newest first.
    pub activities: Vec<Activity>,
    /// Whether there are older ones that are not among them.
    pub has_more: bool,
}

impl Connection {
    /// The engagements of a HubSpot record, of the kinds asked for.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn embed_timeline(
        &self,
        record: &HubSpotRecord,
        kinds: &[ActivityKind],
    ) -> Result<Timeline, EmbedError> {
        let each = kinds.iter().map(|kind| self.activities(record, *kind));
        let mut activities = Vec::new();
        let mut has_more = false;
        for of_kind in futures::future::join_all(each).await {
            let (found, more) = of_kind?;
            activities.extend(found);
            has_more |= more;
        }
        activities.sort_by_key(|one: &Activity| (Reverse(one.at), one.kind, one.id.clone()));
        Ok(Timeline { activities, has_more })
    }

    async fn activities(
        &self,
        record: &HubSpotRecord,
        kind: ActivityKind,
    ) -> Result<(Vec<Activity>, bool), EmbedError> {
        let client = self.hubspot()?;
        let own = std::slice::from_ref(&record.id);
        let links = client.associations_batch_read(&record.object, kind.object(), own).await?;
        let mut ids: Vec<String> = links.into_values().flatten().map(|link| link.id).collect();
        // Later ones have greater ids.
        ids.sort_by_key(|id| Reverse(id.parse::<u64>().unwrap_or(0)));
        ids.dedup();
        let has_more = ids.len() > EACH;
        ids.truncate(EACH);
        if ids.is_empty() {
            return Ok((Vec::new(), false));
        }
        let (title, body, more) = kind.properties();
        let mut properties: Vec<String> =
            ["hs_timestamp", "hs_body_preview", "hubspot_owner_id", body].map(str::to_owned).to_vec();
        properties.extend(more.iter().map(|name| (*name).to_owned()));
        properties.extend((!title.is_empty()).then(|| title.to_owned()));
        let read = BatchRead { ids, properties, ..BatchRead::default() };
        let found = client.batch_read(kind.object(), &read).await?.found;
        Ok((found.iter().map(|record| activity(kind, record)).collect(), has_more))
    }
}

fn activity(kind: ActivityKind, record: &Record) -> Activity {
    let (title, body, more) = kind.properties();
    let text = |name: &str| record.get(name).unwrap_or_default();
    // HubSpot's own preview is short; the body is told where there is one.
    let body = if text(body).is_empty() { text("hs_body_preview") } else { text(body) };
    Activity {
        kind,
        id: record.id.clone(),
        at: moment(text("hs_timestamp")).or(record.created_at),
        title: text(title).to_owned(),
        body: plain(body),
        details: more
            .iter()
            .filter_map(|name| record.get(name).map(|value| (*name, value.to_owned())))
            .collect(),
        owner: record.get("hubspot_owner_id").map(ToOwned::to_owned),
    }
}

/// A moment as HubSpot writes it: RFC 3339, or milliseconds since 1970.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let millis = || Timestamp::from_millisecond(text.parse().ok()?).ok();
    text.parse().ok().or_else(millis)
}
