//! The REST API: what the pages do, for programs. `/api/openapi.json` describes it.
//!
//! Each area adds its own routes in its own file, as `routes()`; a route that is not made with `routes!` is not in the
//! document, and a test fails.

mod access;
mod connections;
mod operate;
mod records;
mod sync;
mod work;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::{App, Fault, Problem, Signed};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tandem",
        description = "Keeps a HubSpot account and a Salesforce org in step. Times are RFC 3339, in UTC. What could not be \
                       done is answered as application/problem+json."
    ),
    components(schemas(Problem)),
    security(("token" = []))
)]
struct Document;

fn all() -> OpenApiRouter<App> {
    let mut document = Document::openapi();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
    OpenApiRouter::with_openapi(document)
        .merge(connections::routes())
        .merge(sync::routes())
        .merge(records::routes())
        .merge(work::routes())
        .merge(access::routes())
        .merge(operate::routes())
}

/// The API and its document.
pub fn router() -> Router<App> {
    let (router, document) = all().split_for_parts();
    router
        .route("/api/openapi.json", get(|_: Signed| async { Json(document) }))
        .route("/api/{*rest}", get(nowhere).post(nowhere).put(nowhere).delete(nowhere).patch(nowhere))
}

async fn nowhere() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "fault-no-endpoint")
}
