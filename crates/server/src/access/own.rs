//! One's own account: the password, and being signed in elsewhere.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use serde_json::json;
use store::Account;

use super::{Signed, password, session};
use crate::layout::see;
use crate::{App, Fault, Page, templates};

#[derive(Template)]
#[template(path = "access/own.html")]
struct Own {
    page: Page,
    account: Account,
    role: String,
    sessions: u64,
    has_password: bool,
    problem: Option<String>,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/account", get(show))
        .route("/account/password", post(change))
        .route("/account/sign-out-everywhere", post(leave))
}

/// Whoever is signed in; nobody has an account in the demo.
pub fn mine(app: &App, signed: &Signed) -> Result<Account, Fault> {
    let id = signed.account.ok_or_else(|| Fault::because("access-demo"))?;
    app.store.account(id)?.ok_or_else(Fault::not_signed_in)
}

fn shown(app: &App, page: Page, signed: &Signed, problem: Option<String>) -> Result<Response, Fault> {
    let account = mine(app, signed)?;
    let role = page.t.get(&format!("access-role-{}", account.role.as_str()));
    let sessions = app.store.session_count(account.id)?;
    let has_password = account.password.is_some();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let own = Own { page, account, role, sessions, has_password, problem };
    Ok((status, templates::html(&own)).into_response())
}

async fn show(State(app): State<App>, page: Page, signed: Signed) -> Result<Response, Fault> {
    shown(&app, page, &signed, None)
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    current: String,
    password: String,
    again: String,
}

async fn change(
    State(app): State<App>,
    page: Page,
    signed: Signed,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let account = mine(&app, &signed)?;
    match changed(&app, &account, &sent).await {
        // All sessions have ended, this one too: this browser gets a new one.
        Ok(()) => {
            app.note(&signed, None, "password", None, Some(json!({ "email": account.email })))?;
            session::begin(&app, account.id, see("/account?done=access-done-password"))
        }
        Err(fault) if fault.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let problem = fault.why(&page.t);
            shown(&app, page, &signed, Some(problem))
        }
        Err(fault) => Err(fault),
    }
}

async fn changed(app: &App, account: &Account, sent: &Sent) -> Result<(), Fault> {
    let trier = super::throttle::Trier::new(&account.email, None);
    if trier.wait(&app.store, (app.now)())?.is_some() {
        return Err(Fault::because("access-too-many"));
    }
    // Who signs in through an identity provider has none yet.
    if account.password.is_some() && !password::fits(sent.current.clone(), account.password.clone()).await {
        trier.failed(&app.store, (app.now)())?;
        return Err(Fault::because("access-password-wrong"));
    }
    if sent.password != sent.again {
        return Err(Fault::because("access-password-differs"));
    }
    let digest = password::digest(sent.password.clone(), &account.email).await?;
    app.store.set_password(account.id, &digest)?;
    Ok(())
}

async fn leave(State(app): State<App>, signed: Signed) -> Result<Response, Fault> {
    let account = mine(&app, &signed)?;
    app.store.end_sessions(account.id)?;
    session::end(&app, &signed, see("/sign-in?done=access-done-everywhere"))
}
