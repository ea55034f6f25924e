//! The record card in HubSpot: how it stands with a record, and "Sync now". HubSpot calls for the card, says for which of
//! its accounts, and signs the call with the secret of the operator's app; nothing else is taken.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use engine::embed::{Standing, SyncProblem, SyncState, sync_state};
use jiff::Timestamp;
use model::Side;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::{Cause, ConnectionRow};

use crate::App;
use crate::webhooks::{Signer, in_step, object_named};

/// What HubSpot adds to the address of each call for a card.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sender {
    portal_id: Option<String>,
    object_type_id: Option<String>,
    object_id: Option<String>,
}

/// The record that "Sync now" is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    object_type_id: String,
    object_id: String,
}

/// How it stands with a HubSpot record.
#[derive(Serialize)]
struct CardState {
    standing: Standing,
    salesforce: Option<CardRecord>,
    last_sync: Option<Timestamp>,
    waiting: bool,
    problems: Vec<SyncProblem>,
}

/// A record in Salesforce.
#[derive(Serialize)]
struct CardRecord {
    object: String,
    id: String,
    /// Where people see it.
    url: Option<String>,
}

/// `GET /card/hubspot?objectTypeId=…&objectId=…`
pub(super) async fn show(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    Query(sender): Query<Sender>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let row = caller(&app, &sender, &Method::GET, &uri, &headers, &body)?;
    let wanted = sender.object_type_id.zip(sender.object_id).ok_or(Refusal::Unclear)?;
    answer(&app, &row, &wanted.0, &wanted.1).await
}

/// `POST /card/hubspot/sync`
pub(super) async fn sync(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    Query(sender): Query<Sender>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let row = caller(&app, &sender, &Method::POST, &uri, &headers, &body)?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_| Refusal::Unclear)?;
    let object = object_named(&wanted.object_type_id);
    let state = sync_state(&app.store, &row.id, Side::HubSpot, object, &wanted.object_id).map_err(failed)?;
    let now = (app.now)();
    // Nobody would look at the mark of an object that is not kept in step.
    let records = [(Side::HubSpot, &state.hubspot), (Side::Salesforce, &state.salesforce)];
    for (side, record) in records.into_iter().filter(|_| in_step(&row).contains(object)) {
        let Some((object, id)) = record else { continue };
        let own = std::slice::from_ref(id);
        app.store.mark_many(&row.id, side, object, own, Cause::Hint, now).map_err(failed)?;
    }
    if let Some(connection) = app.supervisor.as_ref().and_then(|all| all.connection(&row.id)) {
        connection.wake();
    }
    answer(&app, &row, &wanted.object_type_id, &wanted.object_id).await
}

async fn answer(app: &App, row: &ConnectionRow, kind: &str, id: &str) -> Result<Response, Refusal> {
    let object = object_named(kind);
    let SyncState { standing, salesforce, last_sync, waiting, problems, .. } =
        sync_state(&app.store, &row.id, Side::HubSpot, object, id).map_err(failed)?;
    let pages = match app.supervisor.as_ref().and_then(|all| all.connection(&row.id)) {
        // Without it the card shows everything but the link.
        Some(connection) => connection.salesforce_address().await.ok(),
        None => None,
    };
    let salesforce = salesforce.map(|(object, id)| {
        let url = pages
            .as_ref()
            .map(|pages| format!("{}/lightning/r/{object}/{id}/view", pages.as_str().trim_end_matches('/')));
        CardRecord { object, id, url }
    });
    Ok(Json(CardState { standing, salesforce, last_sync, waiting, problems }).into_response())
}

/// The connection of the account that HubSpot calls for, where it is HubSpot that calls: an account has at most one.
fn caller(
    app: &App,
    sender: &Sender,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<ConnectionRow, Refusal> {
    let portal = sender.portal_id.as_deref().ok_or(Refusal::Unclear)?;
    let rows = app.store.connections().map_err(failed)?;
    let row = rows.into_iter().find(|row| row.hubspot_account == portal).ok_or(Refusal::Unknown)?;
    let secret = app.supervisor.as_ref().and_then(|all| all.webhook_secret(&row.id)).ok_or(Refusal::NoApp)?;
    let signer = Signer { client_secret: secret.expose_secret(), public_url: app.public_url.as_deref() };
    signer.signed(method, uri, headers, body, (app.now)()).map_err(Refusal::Unsigned)?;
    Ok(row)
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(error.to_string())
}

/// Why a call is not answered. HubSpot shows none of it; it is for whoever reads logs.
pub(super) enum Refusal {
    Unsigned(&'static str),
    NoApp,
    Unclear,
    Unknown,
    Failed(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, said) = match self {
            Self::Unsigned(why) => (StatusCode::UNAUTHORIZED, why.to_owned()),
            Self::NoApp => (StatusCode::UNAUTHORIZED, "no secret of a HubSpot app is set".to_owned()),
            Self::Unclear => (StatusCode::BAD_REQUEST, "the call names no account or no record".to_owned()),
            Self::Unknown => (StatusCode::NOT_FOUND, "that account is not connected here".to_owned()),
            Self::Failed(said) => (StatusCode::INTERNAL_SERVER_ERROR, said),
        };
        tracing::warn!(status = status.as_u16(), said, "a call for the record card was not answered");
        (status, Json(serde_json::json!({"status": status.as_u16(), "title": said}))).into_response()
    }
}
