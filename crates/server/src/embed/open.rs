//! Who is let in, and what the window shows them.

use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::embed::{SyncState, embed_secrets, sync_state};
use engine::{Connection, Supervisor};
use model::Side;
use serde::Deserialize;
use store::ConnectionRow;

use super::token::{Claims, Refused, Use, claimed, session, verified};
use super::view::{Closed, View};
use super::window;
use crate::texts::{Language, Texts};
use crate::{App, Fault, templates};

/// Somebody looking at a record in Salesforce.
pub(super) struct Visit {
    pub app: App,
    pub supervisor: Arc<Supervisor>,
    pub t: Texts,
    pub claims: Claims,
    /// The connection that the record is in; the org's first, where it is in none.
    pub row: ConnectionRow,
    pub connection: Arc<Connection>,
    pub sync: SyncState,
    /// Keeps the page open.
    pub session: String,
    /// Pages that may frame this one.
    hosts: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    token: String,
}

/// A form of the window: the session, and what was asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    pub session: String,
    #[serde(default)]
    pub view: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub choice: String,
}

/// `GET /embed?token=…`
pub(super) async fn enter(
    State(app): State<App>,
    Query(entry): Query<Entry>,
    headers: HeaderMap,
) -> Response {
    match Visit::of(app, &headers, &entry.token, Use::Opening).await {
        Ok(visit) => visit.show(View::Timeline, "", None).await,
        Err(closed) => closed,
    }
}

/// `POST /embed/view`
pub(super) async fn look(State(app): State<App>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    match Visit::of(app, &headers, &asked.session, Use::Page).await {
        Ok(visit) => visit.show(View::parse(&asked.view), &asked.kind, None).await,
        Err(closed) => closed,
    }
}

impl Visit {
    /// Lets somebody in by a token or a session; otherwise the page that says why not.
    pub async fn of(app: App, headers: &HeaderMap, token: &str, used_for: Use) -> Result<Self, Response> {
        let t = Texts(Language::of(headers));
        let forged = || closed(t, StatusCode::FORBIDDEN, "forged", false, &[]);
        let failed = |error: &dyn std::fmt::Display| {
            tracing::warn!(%error, "the embed window could not be opened");
            closed(t, StatusCode::SERVICE_UNAVAILABLE, "unavailable", false, &[])
        };
        let Some(supervisor) = app.supervisor.clone() else {
            return Err(closed(t, StatusCode::SERVICE_UNAVAILABLE, "unavailable", false, &[]));
        };
        let now = (app.now)();
        let org = claimed(token).ok_or_else(forged)?.org;
        let rows = app.store.connections().map_err(|error| failed(&error))?;
        let rows: Vec<ConnectionRow> = rows.into_iter().filter(|row| row.salesforce_org == org).collect();
        let key = &supervisor.credentials().key;
        let secrets = embed_secrets(&app.store, key, &org, now).map_err(|error| failed(&error))?;
        let (known, expired) = match verified(token, used_for, &secrets, now) {
            Ok(claims) => (claims, false),
            Err(Refused::Expired) => (claimed(token).ok_or_else(forged)?, true),
            Err(Refused::Forged) => return Err(forged()),
        };
        if !engine::package::EMBED_OBJECTS.contains(&known.object.as_str()) {
            return Err(forged());
        }
        // From here on it is known to be the org itself that asks, so its pages may show why it goes no further.
        let state = |row: &ConnectionRow| {
            sync_state(&app.store, &row.id, Side::Salesforce, &known.object, &known.record)
        };
        let mut found: Option<(ConnectionRow, SyncState)> = None;
        for row in rows {
            let sync = state(&row).map_err(|error| failed(&error))?;
            let is_linked = sync.hubspot.is_some();
            if is_linked || found.is_none() {
                found = Some((row, sync));
            }
            if is_linked {
                break;
            }
        }
        let Some((row, sync)) = found else {
            return Err(closed(t, StatusCode::NOT_FOUND, "disconnected", false, &[]));
        };
        let Some(connection) = supervisor.connection(&row.id) else {
            return Err(closed(t, StatusCode::SERVICE_UNAVAILABLE, "unavailable", false, &[]));
        };
        let hosts = connection.embed_frame_hosts().await.map_err(|error| failed(&error))?;
        if expired {
            return Err(closed(t, StatusCode::FORBIDDEN, "expired", true, &hosts));
        }
        let session = secrets.first().and_then(|secret| session(&known, secret, now));
        let session = session.ok_or_else(forged)?;
        Ok(Self { app, supervisor, t, claims: known, row, connection, sync, session, hosts })
    }

    /// The window with this view, and what was just done.
    pub async fn show(self, view: View, kind: &str, said: Option<window::Said>) -> Response {
        let page = window::page(&self, view, kind, said).await;
        framed(templates::html(&page), &self.hosts)
    }
}

/// The page that says why the window does not open.
fn closed(t: Texts, status: StatusCode, why: &'static str, renew: bool, hosts: &[String]) -> Response {
    let page = Closed { t, why, renew };
    let mut response = framed(templates::html(&page), hosts);
    *response.status_mut() = status;
    response
}

/// A page that only these may show in a frame.
fn framed(mut response: Response, hosts: &[String]) -> Response {
    let ancestors = if hosts.is_empty() { "'none'".to_owned() } else { hosts.join(" ") };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors {ancestors}"
    );
    let Ok(policy) = HeaderValue::from_str(&policy) else {
        return Fault::failed("the org's address cannot stand in a header").into_response();
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address holds the token.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
