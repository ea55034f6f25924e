//! The set-up, step by step: pages over `engine::setup`. Each step's page shows how far the step is; each form does one thing
//! and comes back to its step, with what stands against it said there.

mod advanced;
mod connect;
mod org;
mod review;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use engine::setup::{Answers, Setup, SetupError, Step};
use store::Role;

use crate::control::see_done;
use crate::layout::see;
use crate::texts::Texts;
use crate::{App, Fault, Page, Signed, templates};

pub(crate) use view::Frame;

pub fn router() -> Router<App> {
    Router::new()
        .route("/setup", get(drafts).post(begin))
        .route("/setup/{draft}", get(resume))
        .route("/setup/{draft}/discard", post(discard))
        .route("/setup/{draft}/waiting/{platform}", get(waiting))
        .route("/setup/{draft}/{step}", get(step))
        .merge(connect::router())
        .merge(org::router())
        .merge(advanced::router())
        .merge(review::router())
}

/// The set-ups, for those who may change settings.
pub(crate) fn of<'a>(app: &'a App, signed: &Signed) -> Result<&'a Arc<Setup>, Fault> {
    signed.require(Role::Administrator)?;
    app.setup.as_ref().ok_or_else(Fault::not_found)
}

/// What stands against a step, in the reader's language.
pub(crate) fn words(t: &Texts, error: &SetupError) -> String {
    match error {
        SetupError::Refused(refused) => {
            t.with(&format!("setup-refused-{}", refused.key()), "names", refused.names())
        }
        SetupError::Engine(error) => t.with("setup-failed", "said", error.to_string()),
    }
}

/// A set-up that is gone is no page; everything else is said on the step's page.
pub(crate) fn answers(app: &App, signed: &Signed, draft: &str) -> Result<Answers, Fault> {
    of(app, signed)?.answers(draft).map_err(|error| match error {
        SetupError::Refused(_) => Fault::new(StatusCode::NOT_FOUND, "fault-no-set-up"),
        SetupError::Engine(error) => Fault::failed(error),
    })
}

#[derive(Template)]
#[template(path = "setup/drafts.html")]
struct Drafts {
    page: Page,
    drafts: Vec<Line>,
}

struct Line {
    id: String,
    name: String,
    step: String,
    changed: String,
}

async fn drafts(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    let t = page.t;
    let now = (app.now)();
    let drafts = of(&app, &signed)?.drafts().map_err(Fault::failed)?;
    let line = |(draft, answers): (store::Draft, Answers)| Line {
        name: view::name_of(&t, &answers),
        step: t.get(&format!("setup-step-{}", answers.step().as_str())),
        changed: t.ago(&draft.changed_at, &now),
        id: draft.id,
    };
    let drafts = drafts.into_iter().map(line).collect();
    Ok(templates::html(&Drafts { page, drafts }))
}

async fn begin(State(app): State<App>, signed: Signed) -> Result<Response, Fault> {
    let draft = of(&app, &signed)?.begin().map_err(Fault::failed)?;
    Ok(see(&format!("/setup/{draft}/hubspot")))
}

async fn resume(
    State(app): State<App>,
    signed: Signed,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let step = answers(&app, &signed, &draft)?.step();
    Ok(see(&format!("/setup/{draft}/{}", step.as_str())))
}

async fn discard(
    State(app): State<App>,
    signed: Signed,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    of(&app, &signed)?.discard(&draft).map_err(Fault::failed)?;
    Ok(see_done("/setup", "setup-done-discarded"))
}

/// Asked again and again while a person signs in elsewhere: nothing as long as they have not come back, then where to go on.
async fn waiting(
    State(app): State<App>,
    signed: Signed,
    Path((draft, platform)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let answers = answers(&app, &signed, &draft)?;
    let (there, next) = match platform.as_str() {
        "hubspot" => (answers.hubspot.is_some(), "hubspot"),
        _ => (answers.salesforce.is_some(), "salesforce"),
    };
    if !there {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut headers = HeaderMap::new();
    if let Ok(address) = HeaderValue::from_str(&format!("/setup/{draft}/{next}")) {
        headers.insert("hx-redirect", address);
    }
    Ok((StatusCode::OK, headers).into_response())
}

async fn step(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path((draft, step)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let step = Step::parse(&step).ok_or_else(Fault::not_found)?;
    shown(&app, &signed, page, &draft, step, None).await
}

/// A step's page; with what stands against what was just asked for, if anything does.
pub(crate) async fn shown(
    app: &App,
    signed: &Signed,
    page: Page,
    draft: &str,
    step: Step,
    problem: Option<String>,
) -> Result<Response, Fault> {
    let answers = answers(app, signed, draft)?;
    if !answers.is_open(step) {
        return Ok(see(&format!("/setup/{draft}/{}", answers.step().as_str())));
    }
    let setup = of(app, signed)?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let frame = Frame::of(&page.t, draft, &answers, step, problem);
    let response = match step {
        Step::HubSpot => connect::hubspot_page(setup, page, frame, answers),
        Step::Salesforce => connect::salesforce_page(setup, page, frame, answers),
        Step::Permissions => org::permissions_page(setup, page, frame).await,
        Step::Package => org::package_page(setup, page, frame).await,
        Step::Embed => org::embed_page(setup, page, frame, answers).await,
        Step::Sync => review::sync_page(setup, page, frame, answers),
        Step::Review => review::review_page(setup, page, frame, answers),
    };
    Ok((status, response).into_response())
}

/// What a form did: on to the next step, or back to its own with what stands against it.
pub(crate) async fn after(
    app: &App,
    signed: &Signed,
    page: Page,
    draft: &str,
    step: Step,
    done: Result<&str, SetupError>,
) -> Result<Response, Fault> {
    match done {
        Ok(next) => Ok(see(&format!("/setup/{draft}/{next}"))),
        Err(error) => {
            let problem = words(&page.t, &error);
            shown(app, signed, page, draft, step, Some(problem)).await
        }
    }
}
