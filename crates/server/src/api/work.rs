//! What takes a while: plans of settings, undos, imports; and the settings themselves.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::{Import, Settings, UndoScope};
use jiff::Timestamp;
use model::Side;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connections::named;
use crate::jobs::{Answer, Standing};
use crate::settings::{apply, plan_settings, settings_of};
use crate::work::{begin_import, begin_undo};
use crate::{App, Fault, Problem, Signed, history, import};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(job))
        .routes(routes!(undo))
        .routes(routes!(import_records))
        .routes(routes!(settings, change))
        .routes(routes!(plan))
}

/// What was set to work
#[derive(Debug, Serialize, ToSchema)]
pub struct Begun {
    /// The number of the job; `…/jobs/{job}` says how it stands.
    job: u64,
}

type Accepted = (StatusCode, Json<Begun>);

fn begun(job: u64) -> Accepted {
    (StatusCode::ACCEPTED, Json(Begun { job }))
}

/// How a job stands
#[derive(Debug, Serialize, ToSchema)]
pub struct JobState {
    /// `running`, `done` or `failed`.
    state: &'static str,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    began: Timestamp,
    /// What it found out or did: a plan, an undo, or the sum of an import.
    answer: Option<Value>,
    /// Why it failed.
    error: Option<String>,
}

/// How a job stands
#[utoipa::path(get, path = "/api/v1/connections/{connection}/jobs/{job}", tag = "work",
    params(("connection" = String, Path), ("job" = u64, Path, description = "Its number")),
    responses(
        (status = 200, body = JobState),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn job(
    State(app): State<App>,
    _: Signed,
    Path((connection, number)): Path<(String, u64)>,
) -> Result<Json<JobState>, Fault> {
    let row = named(&app, &connection)?;
    let job = app.jobs.job(&row.id, number);
    let job = job.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-no-job"))?;
    let (state, answer, error) = match job.standing {
        Standing::Running => ("running", None, None),
        Standing::Failed(why) => ("failed", None, Some(why)),
        Standing::Done(Answer::Plan(plan)) => ("done", serde_json::to_value(&*plan).ok(), None),
        Standing::Done(Answer::Undo(plan)) => ("done", serde_json::to_value(&*plan).ok(), None),
        Standing::Done(Answer::Import(summary)) => ("done", Some((*summary).clone()), None),
    };
    Ok(Json(JobState { state, began: job.began, answer, error }))
}

/// What is taken back: one of record, run and since
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Undo {
    /// A record's id: all that was done to it and to the one it is linked to.
    record: Option<String>,
    /// The record's side: `hubspot` or `salesforce`; with its object, where other objects may have the same id.
    #[schema(value_type = Option<String>)]
    side: Option<Side>,
    /// The record's object.
    object: Option<String>,
    /// A run: what it did.
    run: Option<String>,
    /// A moment: all that was done since.
    since: Option<String>,
    /// Whether later edits are taken back too.
    force: bool,
    /// Whether it is done; it is only planned otherwise.
    apply: bool,
}

/// Plan an undo, or do it
#[utoipa::path(post, path = "/api/v1/connections/{connection}/undo", tag = "work",
    params(("connection" = String, Path)), request_body = Undo,
    responses(
        (status = 202, body = Begun),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn undo(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Json(undo): Json<Undo>,
) -> Result<Accepted, Fault> {
    signed.require(Role::Operator)?;
    let row = named(&app, &connection)?;
    let scope = match (undo.record, undo.run, undo.since) {
        (Some(record), None, None) => match (undo.side, undo.object) {
            (Some(side), Some(object)) => UndoScope::RecordOf { side, object, record },
            _ => UndoScope::Record(record),
        },
        (None, Some(run), None) => UndoScope::Run(run),
        (None, None, Some(since)) => UndoScope::Since(history::moment(&since)?),
        _ => return Err(Fault::refused("Name one of record, run and since.")),
    };
    Ok(begun(begin_undo(&app, &signed, &row.id, scope, undo.force, undo.apply)?))
}

/// What is imported
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportAsked {
    /// The side the records are on, their object, and which of them: a condition, times, or ids.
    #[schema(value_type = Value)]
    import: Import,
    /// Whether it is done; it is only planned otherwise.
    #[serde(default)]
    apply: bool,
}

/// Plan an import, or do it
#[utoipa::path(post, path = "/api/v1/connections/{connection}/import", tag = "work",
    params(("connection" = String, Path)), request_body = ImportAsked,
    responses(
        (status = 202, body = Begun),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn import_records(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Json(asked): Json<ImportAsked>,
) -> Result<Accepted, Fault> {
    signed.require(Role::Operator)?;
    let row = named(&app, &connection)?;
    let english = crate::texts::Texts(crate::texts::Language::English);
    let what = import::in_words(english, &asked.import);
    Ok(begun(begin_import(&app, &signed, &row.id, asked.import, what, asked.apply)?))
}

/// The settings of a connection
#[utoipa::path(get, path = "/api/v1/connections/{connection}/settings", tag = "settings",
    params(("connection" = String, Path)),
    responses(
        (status = 200, description = "As in tandem.toml", body = Value),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn settings(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Value>, Fault> {
    let settings = settings_of(&named(&app, &connection)?)?;
    Ok(Json(serde_json::to_value(settings).map_err(Fault::failed)?))
}

fn settings_in(body: Value) -> Result<Settings, Fault> {
    serde_json::from_value(body).map_err(Fault::refused)
}

/// Find out what other settings would change
#[utoipa::path(post, path = "/api/v1/connections/{connection}/settings/plan", tag = "settings",
    params(("connection" = String, Path)), request_body = Value,
    responses(
        (status = 202, body = Begun),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn plan(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Json(body): Json<Value>,
) -> Result<Accepted, Fault> {
    signed.require(Role::Administrator)?;
    Ok(begun(plan_settings(&app, &named(&app, &connection)?, settings_in(body)?)?))
}

/// Work under other settings
#[utoipa::path(put, path = "/api/v1/connections/{connection}/settings", tag = "settings",
    params(("connection" = String, Path)), request_body = Value,
    responses(
        (status = 204, description = "They stand"),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn change(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
    Json(body): Json<Value>,
) -> Result<StatusCode, Fault> {
    signed.require(Role::Administrator)?;
    apply(&app, &signed, &named(&app, &connection)?, &settings_in(body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
