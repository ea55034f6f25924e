//! What could not be synced: by kind, and record by record.

mod asked;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::Timestamp;
use model::ConnectionId;
use store::{ErrorPlace, ErrorRow, Role};

pub use asked::{Asked, place_of, place_text};

use crate::control::see_done;
use crate::health::{GroupView, group_views, groups};
use crate::layout::{escaped, own};
use crate::lines::record_address;
use crate::texts::Texts;
use crate::{App, Fault, Page, Signed, said, templates};

/// Errors on a page.
pub const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "errors/errors.html")]
struct Errors {
    page: Page,
    id: String,
    groups: Vec<GroupView>,
    all: u64,
    listed: bool,
    rows: Vec<Row>,
    key: Vec<(&'static str, String)>,
    next: Option<String>,
}

/// An error as pages show it.
pub struct Row {
    /// The side, as a class.
    pub class: &'static str,
    /// The side.
    pub side: String,
    /// The object.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// Its page.
    pub address: String,
    /// The field; empty where it is the whole record.
    pub field: String,
    /// The kind of trouble.
    pub category: String,
    /// What is behind it.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// The platform's words.
    pub message: String,
    /// When it was first met.
    pub first_seen: Timestamp,
    /// When it was last met.
    pub last_seen: Timestamp,
    /// How often it was met.
    pub tries: u64,
}

/// Errors as pages show them.
#[must_use]
pub fn rows(t: Texts, connection: &ConnectionId, found: Vec<ErrorRow>) -> Vec<Row> {
    let shown = found.into_iter().map(|row| {
        let error = row.error;
        Row {
            class: error.side.as_str(),
            side: error.side.to_string(),
            object: said::object(t, error.side, &error.object),
            address: record_address(connection, error.side, &error.object, &error.record),
            record: error.record,
            field: error.field.unwrap_or_default(),
            category: said::category(t, &error.category),
            cause: said::remedy_cause(t, &error.code),
            remedy: said::remedy_fix(t, &error.code, &error.remedy),
            message: said::short(&error.message),
            first_seen: row.first_seen,
            last_seen: error.at,
            tries: u64::from(row.tries),
        }
    });
    shown.collect()
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/c/{connection}/errors", get(errors))
        .route("/c/{connection}/errors/retry", post(retry))
}

async fn errors(State(app): State<App>, page: Page, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let t = page.t;
    let listed = asked.is_any();
    let found = if listed {
        let after = asked.after.as_deref().and_then(place_of);
        app.store.errors_after(&row.id, &asked.filter(), after.as_ref(), ROWS)?
    } else {
        Vec::new()
    };
    let last = found.last().filter(|_| found.len() == ROWS as usize).map(ErrorPlace::of);
    let next = last.map(|place| {
        format!("/c/{}/errors?{}&after={}", row.id.as_str(), asked.query(), escaped(&place_text(&place)))
    });
    let groups = if listed { Vec::new() } else { groups(&app, &row.id)? };
    let view = Errors {
        id: row.id.as_str().to_owned(),
        all: groups.iter().map(|group| group.records).sum(),
        groups: group_views(t, &row, groups.into_iter().take(ROWS as usize).collect()),
        listed,
        rows: rows(t, &row.id, found),
        key: asked.hidden(),
        next,
        page,
    };
    Ok(templates::html(&view))
}

async fn retry(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Form(asked): Form<Asked>,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    crate::control::retry(&app, &signed, &row.id, &asked.filter())?;
    let all = format!("/c/{}/errors", row.id.as_str());
    let back = asked.back.as_deref().map_or(all.as_str(), own);
    Ok(see_done(back, "errors-done-retry"))
}
