//! The users page: who may come in, as what.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::Timestamp;
use serde::Deserialize;
use store::{Account, Role};

use super::{Signed, people};
use crate::layout::see;
use crate::texts::Texts;
use crate::{App, Fault, Page, templates};

struct Line {
    id: i64,
    email: String,
    name: String,
    role: Role,
    /// Its state in words, and the class that shows it.
    state: String,
    class: &'static str,
    disabled: bool,
    seen: Option<Timestamp>,
    is_me: bool,
}

/// A role to choose.
struct Choice {
    value: &'static str,
    text: String,
    help: String,
    role: Role,
}

#[derive(Template)]
#[template(path = "access/users.html")]
struct Users {
    page: Page,
    lines: Vec<Line>,
    roles: Vec<Choice>,
    /// A link that was just made: for whom, and where it leads.
    link: Option<(String, String)>,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/users", get(show).post(invite))
        .route("/users/{id}", post(change))
        .route("/users/{id}/link", post(link))
        .route("/users/{id}/sign-out", post(sign_out))
}

fn line(t: &Texts, account: Account, signed: &Signed) -> Line {
    let came = account.password.is_some() || account.seen_at.is_some();
    let (key, class) = match (account.disabled, came) {
        (true, _) => ("access-state-disabled", "bad"),
        (false, false) => ("access-state-invited", "warn"),
        (false, true) => ("access-state-active", "good"),
    };
    Line {
        id: account.id.0,
        is_me: signed.account == Some(account.id),
        email: account.email,
        name: account.name,
        role: account.role,
        state: t.get(key),
        class,
        disabled: account.disabled,
        seen: account.seen_at,
    }
}

fn shown(app: &App, page: Page, signed: &Signed, link: Option<(String, String)>) -> Result<Response, Fault> {
    let t = page.t;
    let lines = app.store.accounts()?.into_iter().map(|account| line(&t, account, signed)).collect();
    let roles = Role::ALL.map(|role| Choice {
        value: role.as_str(),
        text: t.get(&format!("access-role-{}", role.as_str())),
        help: t.get(&format!("access-may-{}", role.as_str())),
        role,
    });
    Ok(templates::html(&Users { page, lines, roles: roles.into(), link }))
}

async fn show(State(app): State<App>, page: Page, signed: Signed) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    shown(&app, page, &signed, None)
}

#[derive(Deserialize)]
struct Invitation {
    email: String,
    role: String,
}

async fn invite(
    State(app): State<App>,
    page: Page,
    signed: Signed,
    Form(sent): Form<Invitation>,
) -> Result<Response, Fault> {
    let (id, link) = people::invite(&app, &signed, &sent.email, people::role(&sent.role)?)?;
    shown(&app, page, &signed, Some((people::named(&app, id.0)?.email, link)))
}

#[derive(Deserialize)]
struct Change {
    role: Option<String>,
    disabled: Option<bool>,
}

async fn change(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<i64>,
    Form(sent): Form<Change>,
) -> Result<Response, Fault> {
    let role = sent.role.as_deref().map(people::role).transpose()?;
    people::change(&app, &signed, id, role, sent.disabled)?;
    Ok(see("/users?done=access-done-user"))
}

async fn link(
    State(app): State<App>,
    page: Page,
    signed: Signed,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let link = people::new_link(&app, &signed, id)?;
    let email = people::named(&app, id)?.email;
    shown(&app, page, &signed, Some((email, link)))
}

async fn sign_out(State(app): State<App>, signed: Signed, Path(id): Path<i64>) -> Result<Response, Fault> {
    people::sign_out_everywhere(&app, &signed, id)?;
    Ok(see("/users?done=access-done-signed-out"))
}
