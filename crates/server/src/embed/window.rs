//! The window's page: the record at a glance, how it stands with its sync, and one view below.

use std::collections::BTreeMap;

use askama::Template;
use engine::embed::{
    ActivityKind, Associated, EmbedError, EnrollChoices, HubSpotRecord, PropertyChange, RecordSummary,
    Standing, SyncState, Timeline,
};
use jiff::Timestamp;

use super::open::Visit;
use super::view::View;
use crate::assets;
use crate::texts::Texts;

/// What was just done, or why it was not.
pub(super) struct Said {
    pub text: String,
    /// What to do, where it was refused.
    pub remedy: Option<String>,
}

impl Said {
    pub fn done(text: String) -> Self {
        Self { text, remedy: None }
    }

    pub fn refused(t: Texts, error: &EmbedError) -> Self {
        let (text, remedy) = match error {
            EmbedError::NoClient => (t.get("embed-closed-unavailable"), String::new()),
            EmbedError::Gone { .. } => (t.get("embed-gone"), t.get("embed-gone-what")),
            EmbedError::NotAContact => (t.get("embed-not-a-contact"), String::new()),
            EmbedError::NoEmail => (t.get("embed-no-email"), t.get("embed-no-email-what")),
            EmbedError::NoHubSpotUser(_) => (t.get("embed-no-user"), t.get("embed-no-user-what")),
            EmbedError::HubSpot { message, remedy } => {
                (t.with("embed-refused", "said", message), remedy.clone())
            }
            EmbedError::Engine(error) => (t.with("embed-refused", "said", error.to_string()), String::new()),
        };
        Self { text, remedy: Some(remedy) }
    }
}

/// What the view shows.
pub(super) enum Body {
    Nothing,
    Timeline(Timeline),
    Associations(Vec<Associated>),
    History(Vec<PropertyChange>),
    Enroll(Box<EnrollChoices>),
    Refused(Said),
}

#[derive(Template)]
#[template(path = "embed/window.html")]
pub(super) struct Window {
    t: Texts,
    session: String,
    view: View,
    kind: String,
    said: Option<Said>,
    sync: SyncState,
    now: Timestamp,
    hubspot_url: Option<String>,
    summary: Option<RecordSummary>,
    owners: BTreeMap<String, String>,
    body: Body,
}

/// Asks for what the view shows and puts it together. What HubSpot refuses is said in its place; the rest is shown.
pub(super) async fn page(visit: &Visit, view: View, kind: &str, said: Option<Said>) -> Window {
    let t = visit.t;
    let record = visit.sync.hubspot_record();
    let (mut summary, mut owners, mut body) = (None, BTreeMap::new(), Body::Nothing);
    if let Some(record) = &record {
        let (found, shown) =
            futures::join!(visit.connection.embed_summary(record), show(visit, record, view, kind));
        body = shown.unwrap_or_else(|error| Body::Refused(Said::refused(t, &error)));
        match found {
            Ok(found) => summary = Some(found),
            Err(error) => body = Body::Refused(Said::refused(t, &error)),
        }
        if let Body::Timeline(timeline) = &body
            && timeline.activities.iter().any(|activity| activity.owner.is_some())
        {
            owners = visit.connection.owner_names().await.unwrap_or_default();
        }
    }
    Window {
        t,
        session: visit.session.clone(),
        view,
        kind: kind.to_owned(),
        said,
        sync: visit.sync.clone(),
        now: (visit.app.now)(),
        hubspot_url: record.as_ref().map(|record| hubspot_url(visit, record)),
        summary,
        owners,
        body,
    }
}

async fn show(visit: &Visit, record: &HubSpotRecord, view: View, kind: &str) -> Result<Body, EmbedError> {
    let connection = &visit.connection;
    Ok(match view {
        View::Timeline => {
            let kinds =
                ActivityKind::parse(kind).map_or_else(|| ActivityKind::ALL.to_vec(), |kind| vec![kind]);
            Body::Timeline(connection.embed_timeline(record, &kinds).await?)
        }
        View::Associations => Body::Associations(connection.embed_associations(record).await?),
        View::History => Body::History(connection.embed_history(record).await?),
        View::Enroll => Body::Enroll(Box::new(connection.embed_choices(record, &visit.claims.user).await?)),
    })
}

/// Where people see the record in HubSpot.
fn hubspot_url(visit: &Visit, record: &HubSpotRecord) -> String {
    let object = match record.object.as_str() {
        "contacts" => "0-1",
        "companies" => "0-2",
        "deals" => "0-3",
        "tickets" => "0-5",
        other => other,
    };
    let web = visit.supervisor.credentials().hubspot_web.as_str().trim_end_matches('/');
    format!("{web}/contacts/{}/record/{object}/{}", visit.row.hubspot_account, record.id)
}

impl Window {
    fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    fn standing(&self) -> String {
        let standing = match self.sync.standing {
            Standing::InStep => "in-step",
            Standing::Unlinked => "unlinked",
            Standing::DeletedInHubSpot => "deleted-in-hubspot",
            Standing::DeletedInSalesforce => "deleted-in-salesforce",
            Standing::Outside => "outside",
            Standing::Apart => "apart",
        };
        self.t.get(&format!("embed-standing-{standing}"))
    }

    fn views(&self) -> [View; 4] {
        View::ALL
    }

    fn view_name(&self, view: &View) -> String {
        self.t.get(&format!("embed-view-{}", view.as_str()))
    }

    fn kinds(&self) -> [ActivityKind; 6] {
        ActivityKind::ALL
    }

    fn kind_name(&self, kind: &ActivityKind) -> String {
        self.t.get(&format!("embed-kind-{}", kind.as_str()))
    }

    /// What is told of an engagement besides title and body, in words where there are any.
    fn detail(&self, property: &str, value: &str) -> String {
        let plain = |text: &str| text.to_lowercase().replace('_', "-");
        if property.ends_with("_time") {
            let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
            return engine::embed::moment(value).map_or_else(|| value.to_owned(), shown);
        }
        let known = format!("embed-value-{}", plain(value));
        if self.t.has(&known) { self.t.get(&known) } else { value.to_owned() }
    }

    fn owner(&self, id: &Option<String>) -> &str {
        id.as_ref().and_then(|id| self.owners.get(id)).map_or("", String::as_str)
    }

    fn object_name(&self, object: &str) -> String {
        self.t.get(&format!("embed-object-{object}"))
    }
}
