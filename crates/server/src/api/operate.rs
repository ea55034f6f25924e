//! Setting a connection to work now, and finding out what it would do.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;
use store::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connections::named;
use crate::{App, Fault, Problem, Signed};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sync)).routes(routes!(plan))
}

/// The connection at work.
fn at_work(app: &App, id: &str) -> Result<Arc<engine::Connection>, Fault> {
    let row = named(app, id)?;
    let connection = app.supervisor.as_ref().and_then(|supervisor| supervisor.connection(&row.id));
    connection.ok_or_else(|| Fault::new(StatusCode::CONFLICT, "fault-not-at-work"))
}

/// Look at both sides now, without waiting for the next poll
#[utoipa::path(post, path = "/api/v1/connections/{connection}/sync", tag = "sync",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 202, description = "Both sides are looked at; the status says what comes of it"),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn sync(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
) -> Result<StatusCode, Fault> {
    signed.require(Role::Operator)?;
    at_work(&app, &connection)?.look_now();
    Ok(StatusCode::ACCEPTED)
}

/// What the next pass would do; nothing is written
#[utoipa::path(post, path = "/api/v1/connections/{connection}/plan", tag = "sync",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "As `tandem plan --json` prints it", body = Value),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn plan(
    State(app): State<App>,
    signed: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Value>, Fault> {
    signed.require(Role::Operator)?;
    let plan = at_work(&app, &connection)?.plan(None).await.map_err(Fault::failed)?;
    Ok(Json(serde_json::to_value(plan).map_err(Fault::failed)?))
}
