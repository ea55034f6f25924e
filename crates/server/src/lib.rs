//! The page of a running Tandem: what it does, what it did and why, what it could not do.
//!
//! This room asks the store and nothing else: never a client, never a platform.

mod webhooks;
mod words;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use model::{ConnectionId, Side};
use serde_json::{Value, json};
use store::{ErrorFilter, HistoryFilter, Store};

pub use webhooks::{Webhooks, webhooks};
pub use words::{outcome_in_words, reason_in_words};

/// What the pages show.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where everything is read.
    pub store: Arc<Store>,
    /// The connection shown.
    pub connection: ConnectionId,
    /// Further places to go: their names and addresses.
    pub links: Vec<(String, String)>,
}

/// Rows of history on the page.
const HISTORY_ROWS: u32 = 30;
/// Errors on the page.
const ERROR_ROWS: usize = 15;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    name: String,
    state: String,
    links: Vec<(String, String)>,
    cards: Vec<(String, u64)>,
    history: Vec<HistoryLine>,
    errors: Vec<ErrorLine>,
    more_errors: usize,
}

struct HistoryLine {
    at: String,
    side: String,
    class: &'static str,
    object: String,
    record: String,
    field: String,
    before: String,
    after: String,
    why: &'static str,
}

struct ErrorLine {
    side: String,
    class: &'static str,
    record: String,
    message: String,
    remedy: String,
}

/// Why a page could not be shown.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error("the page could not be written: {0}")]
    Page(#[from] askama::Error),
    #[error("there is no connection yet")]
    NoConnection,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

/// The pages and their counterparts for programs.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/api/status", get(status))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(site)
}

async fn home(State(site): State<Site>) -> Result<Html<String>, PageError> {
    let connection = site.store.connection(&site.connection)?.ok_or(PageError::NoConnection)?;
    let mut cards = Vec::new();
    for (hubspot, salesforce, links) in site.store.link_counts(&site.connection)? {
        cards.push((format!("{hubspot} in step with {salesforce}"), links));
    }
    let marks = site.store.mark_counts(&site.connection, Timestamp::now())?;
    cards.push(("records to look at".to_owned(), marks.values().map(|counts| counts.due).sum()));
    let errors = site.store.errors(&site.connection, &ErrorFilter::default())?;
    cards.push(("could not be synced".to_owned(), errors.len() as u64));
    let filter = HistoryFilter { limit: Some(HISTORY_ROWS), ..HistoryFilter::default() };
    let mut rows = site.store.history(&site.connection, &filter)?;
    rows.reverse();
    let history = rows.into_iter().map(|row| HistoryLine {
        at: row.entry.at.strftime("%H:%M:%S").to_string(),
        side: row.entry.side.to_string(),
        class: row.entry.side.as_str(),
        object: row.entry.object,
        record: row.entry.record,
        field: row.entry.field.unwrap_or_default(),
        before: row.entry.before.map(|value| value.to_string()).unwrap_or_default(),
        after: row.entry.after.map(|value| value.to_string()).unwrap_or_default(),
        why: if row.entry.reason.is_empty() {
            outcome_in_words(row.entry.outcome)
        } else {
            reason_in_words(&row.entry.reason)
        },
    });
    let page = Home {
        name: connection.name,
        state: connection.state.as_str().to_owned(),
        links: site.links.clone(),
        cards,
        history: history.collect(),
        more_errors: errors.len().saturating_sub(ERROR_ROWS),
        errors: errors
            .into_iter()
            .take(ERROR_ROWS)
            .map(|row| ErrorLine {
                side: row.error.side.to_string(),
                class: row.error.side.as_str(),
                record: format!("{} {}", row.error.object, row.error.record),
                message: row.error.message,
                remedy: row.error.remedy,
            })
            .collect(),
    };
    Ok(Html(page.render()?))
}

async fn status(State(site): State<Site>) -> Result<Json<Value>, PageError> {
    Ok(Json(status_of(&site.store, &site.connection, Timestamp::now())?))
}

/// A connection's state as one JSON object: what `tandem status --json` prints.
///
/// # Errors
/// When the store cannot be read.
pub fn status_of(
    store: &Store,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Value, store::StoreError> {
    let row = store.connection(connection)?;
    let marks = store.mark_counts(connection, now)?;
    let count = |side: Side, due: bool| -> u64 {
        let of_side = marks.iter().filter(|((at, _), _)| *at == side);
        of_side.map(|(_, counts)| if due { counts.due } else { counts.waiting }).sum()
    };
    let links: Vec<Value> = store
        .link_counts(connection)?
        .into_iter()
        .map(|(hubspot, salesforce, links)| json!({"hubspot": hubspot, "salesforce": salesforce, "links": links}))
        .collect();
    let errors: Vec<Value> = store
        .error_summary(connection)?
        .into_iter()
        .map(|summary| {
            json!({
                "category": summary.category, "errors": summary.errors, "records": summary.records,
                "first_seen": summary.first_seen, "last_seen": summary.last_seen,
            })
        })
        .collect();
    let run = store.runs(connection, 1)?.into_iter().next();
    // How the budget stood when it was last kept, with the calls as they are counted now.
    let mut budget: Value =
        store.setting(&format!("budget:{}", connection.as_str()))?.unwrap_or_else(|| json!({}));
    if let Some(budget) = budget.as_object_mut() {
        budget.insert("used".into(), json!(store.calls_of_last_day(connection, Side::Salesforce, now)?));
        budget.insert("hubspot_used".into(), json!(store.calls_of_last_day(connection, Side::HubSpot, now)?));
        let held =
            budget.get("held_until").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        if held.is_none_or(|until| until <= now) {
            budget.insert("held_until".into(), Value::Null);
        }
    }
    Ok(json!({
        "budget": budget,
        "connection": row.as_ref().map(|row| row.id.as_str().to_owned()),
        "name": row.as_ref().map(|row| row.name.clone()),
        "state": row.as_ref().map(|row| row.state.as_str()),
        "state_reason": row.as_ref().and_then(|row| row.state_reason.clone()),
        "hubspot_account": row.as_ref().map(|row| row.hubspot_account.clone()),
        "salesforce_org": row.as_ref().map(|row| row.salesforce_org.clone()),
        "links": links,
        "marks": {
            "hubspot": {"due": count(Side::HubSpot, true), "waiting": count(Side::HubSpot, false)},
            "salesforce": {"due": count(Side::Salesforce, true), "waiting": count(Side::Salesforce, false)},
        },
        "errors": errors,
        "last_run": run.map(|run| json!({
            "run": run.id, "kind": run.kind, "started_at": run.started_at, "finished_at": run.finished_at, "outcome": run.outcome,
            "figures": run.figures,
        })),
    }))
}
