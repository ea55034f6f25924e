//! Connections and their state.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use model::ConnectionId;
use serde::Serialize;
use serde_json::Value;
use store::ConnectionRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{App, Fault, Problem, Signed, status_of};

/// One HubSpot account with one Salesforce org.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connection {
    /// Its id, for the other addresses.
    id: String,
    /// What people call it.
    name: String,
    /// The HubSpot account's number.
    hubspot_account: String,
    /// The Salesforce org's id.
    salesforce_org: String,
    /// `active`, `paused` or `stopped`.
    state: &'static str,
    /// Why it is not active, or what it waits for.
    state_reason: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<ConnectionRow> for Connection {
    fn from(row: ConnectionRow) -> Self {
        Self {
            id: row.id.as_str().to_owned(),
            name: row.name,
            hubspot_account: row.hubspot_account,
            salesforce_org: row.salesforce_org,
            state: row.state.as_str(),
            state_reason: row.state_reason,
            created_at: row.created_at,
        }
    }
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(first_status)).routes(routes!(list)).routes(routes!(status))
}

/// The connection of this id.
///
/// # Errors
/// When there is none.
pub fn named(app: &App, id: &str) -> Result<ConnectionRow, Fault> {
    let row = app.store.connection(&ConnectionId::new(id))?;
    row.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-no-connection"))
}

/// The state of the oldest connection
#[utoipa::path(get, path = "/api/status", tag = "connections", responses(
    (status = 200, description = "What `tandem status --json` prints", body = Value),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn first_status(State(app): State<App>, _: Signed) -> Result<Json<Value>, Fault> {
    let first = app.store.connections()?.into_iter().next();
    let row = first.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-nothing-connected"))?;
    Ok(Json(status_of(&app.store, &row.id, (app.now)())?))
}

/// All connections, the oldest first
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", responses(
    (status = 200, body = Vec<Connection>),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(app): State<App>, _: Signed) -> Result<Json<Vec<Connection>>, Fault> {
    Ok(Json(app.store.connections()?.into_iter().map(Connection::from).collect()))
}

/// The state of a connection
#[utoipa::path(get, path = "/api/v1/connections/{connection}/status", tag = "connections",
    params(("connection" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "Links, marks, errors, calls and the last run", body = Value),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn status(
    State(app): State<App>,
    _: Signed,
    Path(connection): Path<String>,
) -> Result<Json<Value>, Fault> {
    let row = named(&app, &connection)?;
    Ok(Json(status_of(&app.store, &row.id, (app.now)())?))
}
