//! The one-time link: the first administrator, somebody who was invited, or somebody who lost a password chooses one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use store::{Account, AccountId, Role, Store, StoreError};

use super::{password, people, secret, session};
use crate::layout::see;
use crate::{App, Fault, Page, templates};

#[derive(Template)]
#[template(path = "access/welcome.html")]
struct Welcome {
    page: Page,
    /// Whether whoever comes becomes the administrator, and so says who they are.
    first: bool,
    name: String,
    email: String,
    problem: Option<String>,
}

pub fn router() -> Router<App> {
    Router::new().route("/welcome/{secret}", get(show).post(take))
}

/// The path of a one-time link that makes whoever opens it administrator; the one before it no longer opens.
///
/// # Errors
/// When the store cannot be written.
pub fn administrator_link(store: &Store, now: Timestamp) -> Result<String, StoreError> {
    people::link(store, None, now)
}

/// Whom the link is for.
fn guest(app: &App, secret: &str) -> Result<Option<Account>, Fault> {
    let over = || Fault::new(StatusCode::NOT_FOUND, "fault-link");
    let found = app.store.welcome(&secret::digest(secret), (app.now)())?.ok_or_else(over)?;
    match found {
        None => Ok(None),
        Some(id) => Ok(Some(app.store.account(id)?.filter(|account| !account.disabled).ok_or_else(over)?)),
    }
}

async fn show(State(app): State<App>, page: Page, Path(secret): Path<String>) -> Result<Response, Fault> {
    let account = guest(&app, &secret)?;
    let first = account.is_none();
    let (name, email) = account.map(|account| (account.name, account.email)).unwrap_or_default();
    Ok(templates::html(&Welcome { page, first, name, email, problem: None }))
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    #[serde(default)]
    email: String,
    password: String,
    again: String,
}

async fn take(
    State(app): State<App>,
    page: Page,
    Path(secret): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let account = guest(&app, &secret)?;
    let first = account.is_none();
    match accept(&app, &secret, account.as_ref(), &sent).await {
        Ok(id) => session::begin(&app, id, see("/")),
        Err(fault) if fault.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let problem = Some(fault.why(&page.t));
            let email = account.map_or(sent.email, |account| account.email);
            let form = Welcome { page, first, name: sent.name, email, problem };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, templates::html(&form)).into_response())
        }
        Err(fault) => Err(fault),
    }
}

async fn accept(app: &App, secret: &str, account: Option<&Account>, sent: &Sent) -> Result<AccountId, Fault> {
    let name = people::checked_name(&sent.name)?;
    let email = match account {
        Some(account) => account.email.clone(),
        None => people::checked_email(&sent.email)?,
    };
    if sent.password != sent.again {
        return Err(Fault::because("access-password-differs"));
    }
    let digest = password::digest(sent.password.clone(), &email).await?;
    if account.is_none() && app.store.account_of(&email)?.is_some() {
        return Err(Fault::because("access-address-taken"));
    }
    let now = (app.now)();
    // From here on it is used, whoever else holds it.
    if !app.store.use_welcome(&secret::digest(secret), now)? {
        return Err(Fault::new(StatusCode::NOT_FOUND, "fault-link"));
    }
    let id = match account {
        Some(account) => account.id,
        None => {
            let made = app.store.create_account(&email, &name, Role::Administrator, now)?;
            made.ok_or_else(|| Fault::because("access-address-taken"))?
        }
    };
    app.store.rename_account(id, &name)?;
    app.store.set_password(id, &digest)?;
    let what = if account.is_some() { "user-came" } else { "administrator-made" };
    let after = Some(json!({ "email": email, "name": name }));
    app.store
        .note(None, &store::AuditEntry { at: now, who: email, what: what.to_owned(), before: None, after })?;
    Ok(id)
}
