//! Health, errors and history of a connection; pausing and resuming it.

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use model::Side;
use serde::{Deserialize, Serialize};
use store::{ErrorPlace, Role};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connections::named;
use crate::errors::{self, place_of, place_text};
use crate::health::{self, Group, Report};
use crate::{App, Fault, Problem, Signed, control, history};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(errors))
        .routes(routes!(groups))
        .routes(routes!(retry))
        .routes(routes!(lines))
}

/// How a connection stands
#[utoipa::path(get, path = "/api/v1/connections/{connection}/health", tag = "sync",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = Report),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn health(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Report>, Fault> {
    Ok(Json(health::report(&app, &named(&app, &connection)?)?))
}

/// What was done, in a word
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The state of the connection since.
    state: &'static str,
}

fn state_of(app: &App, connection: &str) -> Result<Json<Done>, Fault> {
    Ok(Json(Done { state: named(app, connection)?.state.as_str() }))
}

/// Let a connection's changes wait
#[utoipa::path(post, path = "/api/v1/connections/{connection}/pause", tag = "sync",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = Done),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn pause(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Done>, Fault> {
    signed.require(Role::Operator)?;
    control::pause(&app, &signed, &named(&app, &connection)?.id)?;
    state_of(&app, &connection)
}

/// How a connection goes on
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resume {
    /// Whether what the brake stopped is done, and nothing beyond it.
    release_brake: bool,
}

/// Let a connection go on
#[utoipa::path(post, path = "/api/v1/connections/{connection}/resume", tag = "sync",
    params(("connection" = String, Path, description = "Its id")), request_body = Resume,
    responses(
        (status = 200, body = Done),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn resume(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Json(how): Json<Resume>,
) -> Result<Json<Done>, Fault> {
    signed.require(Role::Operator)?;
    control::resume(&app, &signed, &named(&app, &connection)?.id, how.release_brake)?;
    state_of(&app, &connection)
}

/// A page of errors
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorPage {
    /// The errors, by side, object, record and field.
    errors: Vec<OneError>,
    /// What `after` is for the next page; none on the last.
    next: Option<String>,
}

/// What could not be synced
#[derive(Debug, Serialize, ToSchema)]
pub struct OneError {
    /// The side of the record: the one whose value does not arrive.
    #[schema(value_type = String)]
    side: Side,
    /// The record's object.
    object: String,
    /// The record's id.
    record: String,
    /// The field that stays behind; none where it is the whole record.
    field: Option<String>,
    /// The kind of trouble.
    category: String,
    /// The platform's code.
    code: String,
    /// What is behind it.
    cause: &'static str,
    /// What a person can do.
    remedy: String,
    /// The platform's words.
    message: String,
    /// When it was first met.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
    /// When it was last met.
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    /// How often it was met.
    tries: u32,
}

/// The errors that stand, page by page
#[utoipa::path(get, path = "/api/v1/connections/{connection}/errors", tag = "sync",
    params(("connection" = String, Path, description = "Its id"), errors::Asked),
    responses(
        (status = 200, body = ErrorPage),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn errors(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
    Query(asked): Query<errors::Asked>,
) -> Result<Json<ErrorPage>, Fault> {
    let row = named(&app, &connection)?;
    let after = match &asked.after {
        Some(text) => Some(
            place_of(text).ok_or_else(|| Fault::refused(format!("'{text}' is no place to go on from.")))?,
        ),
        None => None,
    };
    let found = app.store.errors_after(&row.id, &asked.filter(), after.as_ref(), errors::ROWS)?;
    let last = found.last().filter(|_| found.len() == errors::ROWS as usize);
    let next = last.map(|row| place_text(&ErrorPlace::of(row)));
    let errors = found.into_iter().map(|row| OneError {
        cause: engine::remedy_for(&row.error.code).cause,
        side: row.error.side,
        object: row.error.object,
        record: row.error.record,
        field: row.error.field,
        category: row.error.category,
        code: row.error.code,
        remedy: row.error.remedy,
        message: row.error.message,
        first_seen: row.first_seen,
        last_seen: row.error.at,
        tries: row.tries,
    });
    Ok(Json(ErrorPage { errors: errors.collect(), next }))
}

/// The errors that stand, by kind
#[utoipa::path(get, path = "/api/v1/connections/{connection}/errors/groups", tag = "sync",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = Vec<Group>),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn groups(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Vec<Group>>, Fault> {
    Ok(Json(health::groups(&app, &named(&app, &connection)?.id)?))
}

/// What is looked at again
#[derive(Debug, Serialize, ToSchema)]
pub struct Retried {
    /// How many records.
    records: u64,
}

/// Look again at records whose errors stand: all, or those that the query names
#[utoipa::path(post, path = "/api/v1/connections/{connection}/errors/retry", tag = "sync",
    params(("connection" = String, Path, description = "Its id"), errors::Asked),
    responses(
        (status = 200, body = Retried),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn retry(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Query(asked): Query<errors::Asked>,
) -> Result<Json<Retried>, Fault> {
    signed.require(Role::Operator)?;
    let row = named(&app, &connection)?;
    let records = control::retry(&app, &signed, &row.id, &asked.filter())?;
    Ok(Json(Retried { records }))
}

/// A page of history
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPage {
    /// The lines, the latest first.
    lines: Vec<HistoryLine>,
    /// What `before` is for the next page; none on the last.
    next: Option<i64>,
}

/// What was done
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryLine {
    /// Its number.
    id: i64,
    /// The run it belongs to.
    run: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The side of the record.
    #[schema(value_type = String)]
    side: Side,
    /// The record's object.
    object: String,
    /// The record's id.
    record: String,
    /// The field; none where it is about the whole record.
    field: Option<String>,
    /// What the field held.
    #[schema(value_type = Option<Object>)]
    before: Option<model::Value>,
    /// What it holds since.
    #[schema(value_type = Option<Object>)]
    after: Option<model::Value>,
    /// What was done: `created`, `written`, `declined`, `linked`, `unlinked`, …
    outcome: &'static str,
    /// Why: the name of a reason.
    reason: String,
    /// What led Tandem to look.
    cause: String,
    /// The platform's id for the call.
    call: Option<String>,
    /// The run that took it back.
    undone_by: Option<String>,
}

/// What was done, page by page
#[utoipa::path(get, path = "/api/v1/connections/{connection}/history", tag = "sync",
    params(("connection" = String, Path, description = "Its id"), history::Asked),
    responses(
        (status = 200, body = HistoryPage),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn lines(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
    Query(asked): Query<history::Asked>,
) -> Result<Json<HistoryPage>, Fault> {
    let row = named(&app, &connection)?;
    let (scope, filter) = asked.scope()?;
    let found = app.store.history_within(&row.id, &scope, &filter)?;
    let next = found.first().filter(|_| found.len() == history::ROWS as usize).map(|row| row.id);
    let lines = found.into_iter().rev().map(|row| HistoryLine {
        id: row.id,
        undone_by: row.undone_by,
        run: row.entry.run,
        at: row.entry.at,
        side: row.entry.side,
        object: row.entry.object,
        record: row.entry.record,
        field: row.entry.field,
        before: row.entry.before,
        after: row.entry.after,
        outcome: row.entry.outcome.as_str(),
        reason: row.entry.reason,
        cause: row.entry.cause,
        call: row.entry.call,
    });
    Ok(Json(HistoryPage { lines: lines.collect(), next }))
}
