//! Setting connections up: what the set-up's pages do, step by step. A platform sends a person who signs in back to the pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::setup::{App as OwnApp, LoginPlace, Preview, Refused, Setup, SetupError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{App, Fault, Problem, Signed, setup};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(one, discard))
        .routes(routes!(hubspot_token))
        .routes(routes!(hubspot_sign_in))
        .routes(routes!(salesforce_sign_in))
        .routes(routes!(salesforce_credentials))
        .routes(routes!(prerequisites))
        .routes(routes!(package, deploy))
        .routes(routes!(skip_package))
        .routes(routes!(pages, place))
        .routes(routes!(settings, choose))
        .routes(routes!(segments))
        .routes(routes!(preview, ask_preview))
        .routes(routes!(finish))
}

fn fault(error: SetupError) -> Fault {
    match error {
        SetupError::Refused(Refused::NoSuchDraft) => Fault::new(StatusCode::NOT_FOUND, "fault-no-set-up"),
        SetupError::Refused(Refused::TooEarly) => Fault::conflict(Refused::TooEarly),
        SetupError::Refused(refused) => Fault::refused(refused),
        SetupError::Engine(error) => Fault::failed(error),
    }
}

fn of<'a>(app: &'a App, signed: &Signed) -> Result<&'a Arc<Setup>, Fault> {
    setup::of(app, signed)
}

fn answered(setup: &Setup, id: &str) -> Result<Json<Value>, Fault> {
    let answers = setup.answers(id).map_err(fault)?;
    let mut body = serde_json::to_value(&answers).map_err(Fault::failed)?;
    if let Some(body) = body.as_object_mut() {
        // What comes back from a platform is nobody's business but the platform's.
        body.remove("pending");
        body.insert("id".to_owned(), json!(id));
        body.insert("step".to_owned(), json!(answers.step().as_str()));
    }
    Ok(Json(body))
}

/// The id of a set-up
#[derive(Debug, Serialize, ToSchema)]
struct Begun {
    /// Its id, for the other addresses.
    id: String,
}

/// Where a person goes to sign in
#[derive(Debug, Serialize, ToSchema)]
struct SignInAt {
    /// The platform's address; it sends the person back to Tandem's pages.
    url: String,
}

/// The token of a private app or service key
#[derive(Deserialize, ToSchema)]
struct Token {
    /// The token.
    token: String,
}

/// An app, and where to sign in
#[derive(Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct SignIn {
    /// The app's public id; the operator's app, where none is given.
    client_id: Option<String>,
    /// The app's secret.
    client_secret: Option<String>,
    /// Salesforce: whether the org is a sandbox.
    sandbox: bool,
    /// Salesforce: the org's own address.
    my_domain: Option<String>,
}

impl SignIn {
    fn app(self) -> Option<OwnApp> {
        let client_secret = self.client_secret;
        self.client_id.map(|client_id| OwnApp { client_id, client_secret })
    }

    fn place(&self) -> LoginPlace {
        match &self.my_domain {
            Some(host) => LoginPlace::MyDomain(host.clone()),
            None if self.sandbox => LoginPlace::Sandbox,
            None => LoginPlace::Production,
        }
    }
}

/// Record pages, by their ids
#[derive(Deserialize, ToSchema)]
struct Chosen {
    /// The pages; with none, the window is left for later.
    pages: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
struct Named {
    /// A part of the name.
    #[serde(default)]
    text: String,
}

/// The set-ups that are not finished
#[utoipa::path(get, path = "/api/v1/setups", tag = "setup", responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn list(State(app): State<App>, signed: Signed) -> Result<Json<Value>, Fault> {
    let drafts = of(&app, &signed)?.drafts().map_err(fault)?;
    let line = |(draft, answers): (store::Draft, engine::setup::Answers)| {
        json!({
            "id": draft.id, "step": answers.step().as_str(), "changed_at": draft.changed_at.to_string(),
        })
    };
    Ok(Json(drafts.into_iter().map(line).collect()))
}

/// Begin a set-up
#[utoipa::path(post, path = "/api/v1/setups", tag = "setup", responses(
    (status = 201, body = Begun), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn begin(State(app): State<App>, signed: Signed) -> Result<(StatusCode, Json<Begun>), Fault> {
    let id = of(&app, &signed)?.begin().map_err(fault)?;
    Ok((StatusCode::CREATED, Json(Begun { id })))
}

/// Everything answered in a set-up
#[utoipa::path(get, path = "/api/v1/setups/{setup}", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn one(State(app): State<App>, signed: Signed, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    answered(of(&app, &signed)?, &id)
}

/// Discard a set-up
#[utoipa::path(delete, path = "/api/v1/setups/{setup}", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn discard(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, Fault> {
    of(&app, &signed)?.discard(&id).map_err(fault)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Connect HubSpot with a token
#[utoipa::path(post, path = "/api/v1/setups/{setup}/hubspot/token", tag = "setup", request_body = Token,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn hubspot_token(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<Token>,
) -> Result<Json<Value>, Fault> {
    let setup = of(&app, &signed)?;
    setup.hubspot_token(&id, &given.token).await.map_err(fault)?;
    answered(setup, &id)
}

/// Where to sign in to HubSpot
#[utoipa::path(post, path = "/api/v1/setups/{setup}/hubspot/sign-in", tag = "setup", request_body = SignIn,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = SignInAt), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn hubspot_sign_in(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<SignIn>,
) -> Result<Json<SignInAt>, Fault> {
    let url = of(&app, &signed)?.hubspot_sign_in(&id, given.app()).map_err(fault)?;
    Ok(Json(SignInAt { url: url.into() }))
}

/// Where to sign in to Salesforce
#[utoipa::path(post, path = "/api/v1/setups/{setup}/salesforce/sign-in", tag = "setup", request_body = SignIn,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = SignInAt), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn salesforce_sign_in(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<SignIn>,
) -> Result<Json<SignInAt>, Fault> {
    let place = given.place();
    let url = of(&app, &signed)?.salesforce_sign_in(&id, place, given.app()).map_err(fault)?;
    Ok(Json(SignInAt { url: url.into() }))
}

/// Connect Salesforce with client credentials
#[utoipa::path(post, path = "/api/v1/setups/{setup}/salesforce/credentials", tag = "setup", request_body = SignIn,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn salesforce_credentials(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<SignIn>,
) -> Result<Json<Value>, Fault> {
    let setup = of(&app, &signed)?;
    let domain = given.my_domain.clone().unwrap_or_default();
    let own = given.app().ok_or_else(|| fault(Refused::NoApp.into()))?;
    setup.salesforce_credentials(&id, &domain, own).await.map_err(fault)?;
    answered(setup, &id)
}

/// Check the permissions in Salesforce
#[utoipa::path(post, path = "/api/v1/setups/{setup}/prerequisites", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, description = "One row for each prerequisite", body = Value),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn prerequisites(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    let rows = of(&app, &signed)?.check_prerequisites(&id).await.map_err(fault)?;
    Ok(Json(serde_json::to_value(rows).map_err(Fault::failed)?))
}

/// How far the package is
#[utoipa::path(get, path = "/api/v1/setups/{setup}/package", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn package(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    let state = of(&app, &signed)?.package_progress(&id).await.map_err(fault)?;
    Ok(Json(serde_json::to_value(state).map_err(Fault::failed)?))
}

/// Install the package
#[utoipa::path(post, path = "/api/v1/setups/{setup}/package", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 202, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn deploy(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let setup = of(&app, &signed)?;
    setup.deploy_package(&id).await.map_err(fault)?;
    let state = setup.answers(&id).map_err(fault)?.package;
    Ok((StatusCode::ACCEPTED, Json(serde_json::to_value(state).map_err(Fault::failed)?)))
}

/// Leave the package and the embed window for later
#[utoipa::path(post, path = "/api/v1/setups/{setup}/package/skip", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn skip_package(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    let setup = of(&app, &signed)?;
    setup.skip_package(&id).map_err(fault)?;
    answered(setup, &id)
}

/// The record pages that can hold the embed window
#[utoipa::path(get, path = "/api/v1/setups/{setup}/embed", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn pages(State(app): State<App>, signed: Signed, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    let pages = of(&app, &signed)?.record_pages(&id).await.map_err(fault)?;
    let line = |own: engine::setup::Page| json!({"id": own.page.id, "name": own.page.name, "label": own.page.label, "object": own.page.object, "placed": own.placed});
    Ok(Json(pages.into_iter().map(line).collect()))
}

/// Put the embed window on record pages
#[utoipa::path(post, path = "/api/v1/setups/{setup}/embed", tag = "setup", request_body = Chosen,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn place(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<Chosen>,
) -> Result<Json<Value>, Fault> {
    let setup = of(&app, &signed)?;
    setup.place_embed(&id, &given.pages).await.map_err(fault)?;
    answered(setup, &id)
}

/// The settings of a set-up: what was chosen, or what is recommended
#[utoipa::path(get, path = "/api/v1/setups/{setup}/settings", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn settings(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    let settings = of(&app, &signed)?.settings(&id).map_err(fault)?;
    Ok(Json(serde_json::to_value(settings).map_err(Fault::failed)?))
}

/// Choose settings; null takes the recommended ones
#[utoipa::path(put, path = "/api/v1/setups/{setup}/settings", tag = "setup", request_body = Value,
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn choose(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Json(given): Json<Value>,
) -> Result<Json<Value>, Fault> {
    let setup = of(&app, &signed)?;
    if given.is_null() {
        setup.take_recommended(&id).map_err(fault)?;
    } else {
        let settings = serde_json::from_value(given).map_err(Fault::refused)?;
        setup.choose(&id, settings).map_err(fault)?;
    }
    answered(setup, &id)
}

/// Contact segments, with their sizes
#[utoipa::path(get, path = "/api/v1/setups/{setup}/segments", tag = "setup",
    params(("setup" = String, Path, description = "Its id"), Named), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn segments(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Query(named): Query<Named>,
) -> Result<Json<Value>, Fault> {
    let found = of(&app, &signed)?.segments(&id, &named.text).await.map_err(fault)?;
    let line = |one: engine::setup::Segment| json!({"id": one.id, "name": one.name, "size": one.size});
    Ok(Json(found.into_iter().map(line).collect()))
}

fn shown(preview: Preview) -> Value {
    match preview {
        Preview::NotAsked => json!({"state": "not_asked"}),
        Preview::Running => json!({"state": "running"}),
        Preview::Failed(reason) => json!({"state": "failed", "reason": reason}),
        Preview::Ready(outcome) => json!({
            "state": "ready", "counts": outcome.counts, "examples": outcome.examples, "brake": outcome.brake,
            "read": {"hubspot": outcome.read.hubspot, "salesforce": outcome.read.salesforce},
        }),
    }
}

/// What the first sync would do, as far as it is known
#[utoipa::path(get, path = "/api/v1/setups/{setup}/plan", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 200, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn preview(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    Ok(Json(shown(of(&app, &signed)?.preview(&id).map_err(fault)?)))
}

/// Work out what the first sync would do
#[utoipa::path(post, path = "/api/v1/setups/{setup}/plan", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 202, body = Value), (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn ask_preview(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let setup = of(&app, &signed)?;
    setup.ask_preview(&id).map_err(fault)?;
    Ok((StatusCode::ACCEPTED, Json(shown(setup.preview(&id).map_err(fault)?))))
}

/// Finish the set-up and start syncing
#[utoipa::path(post, path = "/api/v1/setups/{setup}/finish", tag = "setup",
    params(("setup" = String, Path, description = "Its id")), responses(
    (status = 201, description = "The new connection's id", body = Begun),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
async fn finish(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Begun>), Fault> {
    let id = of(&app, &signed)?.finish(&id).await.map_err(fault)?;
    app.note(&signed, Some(&id), "connect", None, None)?;
    Ok((StatusCode::CREATED, Json(Begun { id: id.as_str().to_owned() })))
}
