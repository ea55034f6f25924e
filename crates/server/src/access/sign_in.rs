//! The sign-in page.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::SignedDuration;
use serde::Deserialize;

use super::throttle::{Address, Trier};
use super::{Signed, password, session};
use crate::layout::{own, see};
use crate::texts::Texts;
use crate::{App, Fault, Page, templates};

#[derive(Template)]
#[template(path = "access/sign-in.html")]
struct SignIn {
    page: Page,
    email: String,
    then: String,
    problem: Option<String>,
    /// What the identity provider is called, where there is one.
    provider: Option<String>,
}

pub fn router() -> Router<App> {
    Router::new().route("/sign-in", get(show).post(take)).route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Where {
    then: Option<String>,
}

async fn show(State(app): State<App>, page: Page, Query(place): Query<Where>) -> Result<Response, Fault> {
    let then = own(place.then.as_deref().unwrap_or("/")).to_owned();
    if page.signed.is_some() {
        return Ok(Redirect::to(&then).into_response());
    }
    let provider = app.oidc.as_ref().map(|oidc| oidc.name().to_owned());
    Ok(templates::html(&SignIn { page, email: String::new(), then, problem: None, provider }))
}

#[derive(Deserialize)]
struct Sent {
    email: String,
    password: String,
    #[serde(default)]
    then: String,
}

async fn take(
    State(app): State<App>,
    page: Page,
    Address(address): Address,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let t = page.t;
    let now = (app.now)();
    let trier = Trier::new(&sent.email, address);
    let again = |status: StatusCode, problem: String| {
        let provider = app.oidc.as_ref().map(|oidc| oidc.name().to_owned());
        let form = SignIn {
            page,
            email: sent.email.clone(),
            then: sent.then.clone(),
            problem: Some(problem),
            provider,
        };
        (status, templates::html(&form)).into_response()
    };
    if let Some(left) = trier.wait(&app.store, now)? {
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, wait_in_words(&t, left)));
    }
    let account = app.store.account_of(sent.email.trim())?.filter(|account| !account.disabled);
    let digest = account.as_ref().and_then(|account| account.password.clone());
    let fits = password::fits(sent.password.clone(), digest).await;
    let Some(account) = account.filter(|_| fits) else {
        trier.failed(&app.store, now)?;
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, t.get("access-sign-in-wrong")));
    };
    trier.succeeded(&app.store)?;
    session::begin(&app, account.id, see(own(&sent.then)))
}

/// How long somebody must wait, rounded up.
fn wait_in_words(t: &Texts, left: SignedDuration) -> String {
    let seconds = left.as_secs().max(1);
    if seconds <= 60 {
        t.with("access-wait-seconds", "count", seconds)
    } else {
        t.with("access-wait-minutes", "count", (seconds + 59) / 60)
    }
}

async fn sign_out(State(app): State<App>, signed: Option<Signed>) -> Result<Response, Fault> {
    match signed {
        Some(signed) => session::end(&app, &signed, see("/sign-in")),
        None => Ok(see("/sign-in")),
    }
}
