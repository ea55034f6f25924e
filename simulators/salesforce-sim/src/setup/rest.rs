//! Deployments over REST: `/metadata/deployRequest`.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, body};
use serde_json::{Value, json};

use super::{Who, problem};
use crate::SalesforceSim;
use crate::api::Reply;
use crate::error::Refusal;
use crate::routes::answer;

const LARGEST: usize = 64 * 1024 * 1024;

pub(super) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/services/data/{version}/metadata", get(resources))
        .route(
            "/services/data/{version}/metadata/deployRequest",
            post(start).layer(DefaultBodyLimit::max(LARGEST)),
        )
        .route("/services/data/{version}/metadata/deployRequest/{id}", get(status).patch(cancel))
}

fn refused(refusal: Refusal) -> Response {
    answer(&Reply::refused(&[refusal]))
}

/// Lets a call in: whose session it is, and whether they may.
fn enter(sim: &SalesforceSim, headers: &HeaderMap, route: &str, length: u64) -> Result<Who, Refusal> {
    let now = sim.0.clock.now();
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")))
        .unwrap_or_default()
        .trim()
        .to_owned();
    let mut state = sim.state();
    let user = state.session_user(&token, now)?;
    state.may_use_metadata(&user)?;
    state.service.count(now);
    state.settle(now);
    sim.0.stats.call(route, length, true);
    Ok(Who { user, now })
}

async fn resources(
    State(sim): State<SalesforceSim>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    match enter(&sim, &headers, "GET /services/data/{version}/metadata", 0) {
        Ok(_) => Json(json!({"deployRequest": format!("/services/data/{version}/metadata/deployRequest")}))
            .into_response(),
        Err(refusal) => refused(refusal),
    }
}

async fn start(State(sim): State<SalesforceSim>, request: Request) -> Response {
    let headers = request.headers().clone();
    let route = "POST /services/data/{version}/metadata/deployRequest";
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let who = match enter(&sim, &headers, route, length.unwrap_or(0)) {
        Ok(who) => who,
        Err(refusal) => return refused(refusal),
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let started = if kind.starts_with("multipart/") {
        match parts(request).await {
            Ok((zip, options)) => Ok((sim.state().start_deploy(zip, &options, &who), Value::Null)),
            Err(message) => Err(problem("INVALID_MULTIPART_REQUEST", message)),
        }
    } else {
        let bytes = body::to_bytes(request.into_body(), LARGEST).await.unwrap_or_default();
        let given: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        match given.get("validatedDeployRequestId").and_then(Value::as_str) {
            Some(id) => sim.state().start_validated(id, &who).map(|new| (new, json!(id))),
            None => Err(problem("INVALID_MULTIPART_REQUEST", "Binary data not included in request")),
        }
    };
    match started {
        Ok((id, validated)) => {
            let state = sim.state();
            let body = json!({
                "id": id,
                "validatedDeployRequestId": validated,
                "deployOptions": state.deploy_options(&id),
                "deployResult": state.deploy_summary(&id),
            });
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(refusal) => refused(refusal),
    }
}

/// The zip and the options of a request in parts, whatever their names.
async fn parts(request: Request) -> Result<(Vec<u8>, Value), String> {
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|error| error.body_text())?;
    let (mut zip, mut options) = (None, Value::Null);
    while let Some(field) = multipart.next_field().await.map_err(|error| error.body_text())? {
        let is_json = field.content_type().is_some_and(|kind| kind.contains("json"));
        let bytes = field.bytes().await.map_err(|error| error.body_text())?;
        if is_json {
            let given: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            options = given.get("deployOptions").cloned().unwrap_or(Value::Null);
        } else {
            zip = Some(bytes.to_vec());
        }
    }
    Ok((zip.ok_or("Binary data not included in request")?, options))
}

async fn status(
    State(sim): State<SalesforceSim>,
    Path((version, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let route = "GET /services/data/{version}/metadata/deployRequest/{id}";
    let details = query.get("includeDetails").is_some_and(|value| value == "true");
    let done = enter(&sim, &headers, route, 0)
        .and_then(|who| sim.state().deploy_status(&id, details, who.now).map_err(|_| Refusal::not_found()));
    match done {
        Ok(result) => {
            let options = sim.state().deploy_options(&id);
            let url = format!("/services/data/{version}/metadata/deployRequest/{id}");
            Json(json!({
                "id": result["id"], "url": url, "validatedDeployRequestId": null, "deployOptions": options,
                "deployResult": result,
            }))
            .into_response()
        }
        Err(refusal) => refused(refusal),
    }
}

async fn cancel(
    State(sim): State<SalesforceSim>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let route = "PATCH /services/data/{version}/metadata/deployRequest/{id}";
    let wanted = body.pointer("/deployResult/status").and_then(Value::as_str) == Some("Canceling");
    let done = enter(&sim, &headers, route, 0).and_then(|_| {
        if !wanted {
            return Err(problem("INVALID_FIELD", "deployResult.status can only be set to Canceling"));
        }
        sim.state().cancel_deploy(&id)
    });
    match done {
        Ok(result) => {
            let options = sim.state().deploy_options(&id);
            let body = json!({"id": id, "deployOptions": options, "deployResult": result});
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
        Err(refusal) => refused(refusal),
    }
}
