//! Finding records, looking at one, syncing it.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use model::Side;
use serde::Deserialize;
use serde_json::Value;
use store::Role;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connections::named;
use crate::record::{Record, record};
use crate::search::{self, Hit};
use crate::{App, Fault, Problem, Signed, control};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find)).routes(routes!(one)).routes(routes!(now)).routes(routes!(sync))
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Beginnings of words of a name, an email address, or an id.
    q: String,
}

/// Records of any connection by name, email or id
#[utoipa::path(get, path = "/api/v1/search", tag = "records", params(Asked), responses(
    (status = 200, body = Vec<Hit>),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn find(
    State(app): State<App>,
    _: Signed,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Hit>>, Fault> {
    Ok(Json(search::find(&app, &asked.q, search::ROWS)?))
}

/// The path of a record: connection, side, object, id.
type Address = Path<(String, Side, String, String)>;

/// A record and its counterpart, field by field, as they last agreed
#[utoipa::path(get, path = "/api/v1/connections/{connection}/records/{side}/{object}/{id}", tag = "records",
    params(("connection" = String, Path), ("side" = String, Path, description = "hubspot or salesforce"),
        ("object" = String, Path), ("id" = String, Path)),
    responses(
        (status = 200, body = Record),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn one(
    State(app): State<App>,
    _: Signed,
    Path((connection, side, object, id)): Address,
) -> Result<Json<Record>, Fault> {
    let row = named(&app, &connection)?;
    let engine = app.supervisor.as_ref().and_then(|all| all.connection(&row.id));
    let (record, _) = record(&app, &row, engine.as_deref(), side, &object, &id)?;
    if record.state.is_none() && record.history.is_empty() && record.due_at.is_none() {
        return Err(Fault::not_found());
    }
    Ok(Json(record))
}

/// What both sides of a record hold at this moment; costs calls of both platforms
#[utoipa::path(get, path = "/api/v1/connections/{connection}/records/{side}/{object}/{id}/now", tag = "records",
    params(("connection" = String, Path), ("side" = String, Path, description = "hubspot or salesforce"),
        ("object" = String, Path), ("id" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn now(
    State(app): State<App>,
    signed: Signed,
    Path((connection, side, object, id)): Address,
) -> Result<Json<Value>, Fault> {
    signed.require(Role::Operator)?;
    let row = named(&app, &connection)?;
    let link = app.store.link_of(&row.id, side, &object, &id)?.ok_or_else(Fault::not_found)?;
    let look = control::engine_of(&app, &row.id)?.look_at(&link).await.map_err(Fault::conflict)?;
    Ok(Json(serde_json::to_value(look).map_err(Fault::failed)?))
}

/// Look at a record next
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{side}/{object}/{id}/sync", tag = "records",
    params(("connection" = String, Path), ("side" = String, Path, description = "hubspot or salesforce"),
        ("object" = String, Path), ("id" = String, Path)),
    responses(
        (status = 202, description = "It is marked"),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn sync(
    State(app): State<App>,
    signed: Signed,
    Path((connection, side, object, id)): Address,
) -> Result<StatusCode, Fault> {
    signed.require(Role::Operator)?;
    control::sync_now(&app, &signed, &named(&app, &connection)?.id, side, &object, &id)?;
    Ok(StatusCode::ACCEPTED)
}
