//! The first page: what the connection does, did and could not do.

use askama::Template;
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use store::{ErrorFilter, HistoryFilter};

use crate::{App, Fault, Page, outcome_in_words, reason_in_words, templates};

/// Rows of history on the page.
const HISTORY_ROWS: u32 = 30;
/// Errors on the page.
const ERROR_ROWS: usize = 15;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    name: String,
    state: String,
    cards: Vec<(String, u64)>,
    history: Vec<HistoryLine>,
    errors: Vec<ErrorLine>,
    more_errors: usize,
}

#[derive(Template)]
#[template(path = "home-empty.html")]
struct Empty {
    page: Page,
}

struct HistoryLine {
    at: Timestamp,
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

pub fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

async fn home(State(app): State<App>, page: Page, OriginalUri(uri): OriginalUri) -> Result<Response, Fault> {
    let Some(connection) = app.store.connections()?.into_iter().next() else {
        return Ok(templates::html(&Empty { page }));
    };
    let id = &connection.id;
    let t = page.t;
    let mut cards = Vec::new();
    for (hubspot, salesforce, links) in app.store.link_counts(id)? {
        cards.push((t.with2("home-in-step", "hubspot", hubspot, "salesforce", salesforce), links));
    }
    let marks = app.store.mark_counts(id, (app.now)())?;
    cards.push((t.get("home-due"), marks.values().map(|counts| counts.due).sum()));
    let errors = app.store.errors(id, &ErrorFilter::default())?;
    cards.push((t.get("home-failed"), errors.len() as u64));
    let filter = HistoryFilter { limit: Some(HISTORY_ROWS), ..HistoryFilter::default() };
    let mut rows = app.store.history(id, &filter)?;
    rows.reverse();
    let history = rows.into_iter().map(|row| HistoryLine {
        at: row.entry.at,
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
    let home = Home {
        name: connection.name.clone(),
        state: t.get(&format!("layout-state-{}", connection.state.as_str())),
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
        page: page.about(&app, uri.path(), connection),
    };
    Ok(templates::html(&home))
}
