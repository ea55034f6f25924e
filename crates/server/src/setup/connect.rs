//! Connecting the two platforms.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use engine::setup::{
    Account, Answers, App as OwnApp, HUBSPOT_CALLBACK, LoginPlace, Org, Refused, SALESFORCE_CALLBACK, Setup,
    SetupError, Step,
};
use serde::Deserialize;

use super::{Frame, after, of, words};
use crate::{App, Fault, Page, Signed, templates};

pub fn router() -> Router<App> {
    Router::new()
        .route(HUBSPOT_CALLBACK, get(hubspot_back))
        .route(SALESFORCE_CALLBACK, get(salesforce_back))
        .route("/setup/{draft}/hubspot/sign-in", post(hubspot_sign_in))
        .route("/setup/{draft}/hubspot/token", post(hubspot_token))
        .route("/setup/{draft}/salesforce/sign-in", post(salesforce_sign_in))
        .route("/setup/{draft}/salesforce/credentials", post(salesforce_credentials))
}

#[derive(Template)]
#[template(path = "setup/hubspot.html")]
struct HubSpotPage {
    page: Page,
    frame: Frame,
    account: Option<Account>,
    has_app: bool,
    callback: String,
}

#[derive(Template)]
#[template(path = "setup/salesforce.html")]
struct SalesforcePage {
    page: Page,
    frame: Frame,
    org: Option<Org>,
    has_app: bool,
    sandbox: bool,
    my_domain: String,
    callback: String,
}

pub fn hubspot_page(setup: &Setup, page: Page, frame: Frame, answers: Answers) -> Response {
    let callback = setup.callback(HUBSPOT_CALLBACK).unwrap_or_default();
    templates::html(&HubSpotPage {
        page,
        frame,
        account: answers.hubspot,
        has_app: setup.has_hubspot_app(),
        callback,
    })
}

pub fn salesforce_page(setup: &Setup, page: Page, frame: Frame, answers: Answers) -> Response {
    let callback = setup.callback(SALESFORCE_CALLBACK).unwrap_or_default();
    let my_domain = match &answers.place {
        LoginPlace::MyDomain(host) => host.clone(),
        LoginPlace::Production | LoginPlace::Sandbox => String::new(),
    };
    templates::html(&SalesforcePage {
        page,
        frame,
        org: answers.salesforce,
        has_app: setup.has_salesforce_app(),
        sandbox: answers.place == LoginPlace::Sandbox,
        my_domain,
        callback,
    })
}

/// The page that leads to a platform: a form may not be answered with an address elsewhere.
#[derive(Template)]
#[template(path = "setup/leaving.html")]
struct Leaving {
    page: Page,
    address: String,
    platform: &'static str,
}

/// The page that a person comes back to.
#[derive(Template)]
#[template(path = "setup/back.html")]
struct Back {
    page: Page,
    platform: &'static str,
    problem: Option<String>,
    address: String,
}

/// An app that was entered; none where the operator's is to be taken.
fn entered(client_id: &str, client_secret: &str) -> Option<OwnApp> {
    let client_id = client_id.trim();
    let secret = Some(client_secret.trim().to_owned()).filter(|secret| !secret.is_empty());
    (!client_id.is_empty()).then(|| OwnApp { client_id: client_id.to_owned(), client_secret: secret })
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    sandbox: Option<String>,
    #[serde(default)]
    my_domain: String,
}

async fn hubspot_sign_in(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<SignIn>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    match setup.hubspot_sign_in(&draft, entered(&form.client_id, &form.client_secret)) {
        Ok(url) => Ok(templates::html(&Leaving { page, address: url.into(), platform: "HubSpot" })),
        Err(error) => after(&app, &signed, page, &draft, Step::HubSpot, Err(error)).await,
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn hubspot_token(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<Token>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.hubspot_token(&draft, &form.token).await;
    after(&app, &signed, page, &draft, Step::HubSpot, done.map(|()| "hubspot")).await
}

async fn salesforce_sign_in(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<SignIn>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    let place = match (form.my_domain.trim(), &form.sandbox) {
        ("", Some(_)) => LoginPlace::Sandbox,
        ("", None) => LoginPlace::Production,
        (host, _) => LoginPlace::MyDomain(host.to_owned()),
    };
    match setup.salesforce_sign_in(&draft, place, entered(&form.client_id, &form.client_secret)) {
        Ok(url) => Ok(templates::html(&Leaving { page, address: url.into(), platform: "Salesforce" })),
        Err(error) => after(&app, &signed, page, &draft, Step::Salesforce, Err(error)).await,
    }
}

async fn salesforce_credentials(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<SignIn>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    let done = match entered(&form.client_id, &form.client_secret) {
        Some(own) => setup.salesforce_credentials(&draft, &form.my_domain, own).await,
        None => Err(Refused::NoApp.into()),
    };
    after(&app, &signed, page, &draft, Step::Salesforce, done.map(|()| "salesforce")).await
}

/// What a platform sends along with the person.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
    error_description: Option<String>,
}

impl Answer {
    /// What the platform says against it.
    fn denied(&self) -> Option<SetupError> {
        let error = self.error.as_ref()?;
        let said = self.error_description.as_ref().unwrap_or(error);
        Some(Refused::Denied(said.clone()).into())
    }
}

async fn hubspot_back(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Query(answer): Query<Answer>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    let done = match answer.denied() {
        Some(denied) => Err(denied),
        None => setup.hubspot_back(&answer.state, &answer.code).await,
    };
    Ok(came_back(page, "HubSpot", "hubspot", done))
}

async fn salesforce_back(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Query(answer): Query<Answer>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    let done = match answer.denied() {
        Some(denied) => Err(denied),
        None => setup.salesforce_back(&answer.state, &answer.code).await,
    };
    Ok(came_back(page, "Salesforce", "salesforce", done))
}

fn came_back(page: Page, platform: &'static str, step: &str, done: Result<String, SetupError>) -> Response {
    let (problem, address) = match done {
        Ok(draft) => (None, format!("/setup/{draft}/{step}")),
        Err(error) => (Some(words(&page.t, &error)), "/setup".to_owned()),
    };
    templates::html(&Back { page, platform, problem, address })
}
