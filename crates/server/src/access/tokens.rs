//! API tokens: what programs send in place of signing in.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use store::{ApiToken, Role};

use super::{Signed, own, people, secret, session};
use crate::layout::see;
use crate::{App, Fault, Page, templates};

/// What a token begins with, so that one that was left lying about is recognised.
const MARK: &str = "tandem_";
/// The longest a token may last, in days.
const LONGEST_DAYS: u32 = 3_650;

/// Who sends this token: the account's owner, with what the token may do and they may still do.
pub fn opened(app: &App, token: &str) -> Result<Option<Signed>, Fault> {
    let Some(found) = app.store.use_token(&secret::digest(token), (app.now)())? else { return Ok(None) };
    let account = app.store.account(found.account)?.filter(|account| !account.disabled);
    Ok(account.map(|account| {
        let role = found.role.min(account.role);
        let signed = session::of(account, None);
        Signed { name: format!("{} ({})", signed.name, found.name), role, ..signed }
    }))
}

/// Makes a token; answers its number and what to send. Without days, it does not run out.
///
/// # Errors
/// When it may do more than its owner may, or has no name.
pub fn make(
    app: &App,
    signed: &Signed,
    name: &str,
    role: Role,
    days: Option<u32>,
) -> Result<(i64, String), Fault> {
    signed.require(role)?;
    let account = own::mine(app, signed)?;
    let name = people::checked_name(name)?;
    if days.is_some_and(|days| days == 0 || days > LONGEST_DAYS) {
        return Err(Fault::because("access-token-days"));
    }
    let now = (app.now)();
    let expires = days.map(|days| now + SignedDuration::from_hours(24 * i64::from(days)));
    let token = format!("{MARK}{}", secret::random());
    let id = app.store.create_token(&secret::digest(&token), account.id, &name, role, expires, now)?;
    app.note(
        signed,
        None,
        "token-made",
        None,
        Some(json!({ "name": name, "role": role, "expires_at": expires })),
    )?;
    Ok((id, token))
}

/// The tokens that somebody may see: an administrator all, others their own.
///
/// # Errors
/// When the store cannot be read.
pub fn seen_by(app: &App, signed: &Signed) -> Result<Vec<ApiToken>, Fault> {
    let all = signed.may(Role::Administrator);
    if !all && signed.account.is_none() {
        return Ok(Vec::new());
    }
    Ok(app.store.tokens(signed.account.filter(|_| !all))?)
}

/// Takes a token back.
///
/// # Errors
/// When there is none that they may see.
pub fn revoke(app: &App, signed: &Signed, id: i64) -> Result<(), Fault> {
    let token = seen_by(app, signed)?.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-no-token"))?;
    app.store.revoke_token(id)?;
    app.note(signed, None, "token-revoked", Some(json!({ "name": token.name, "role": token.role })), None)?;
    Ok(())
}

struct Line {
    id: i64,
    name: String,
    owner: String,
    scope: String,
    created: Timestamp,
    expires: Option<Timestamp>,
    over: bool,
    used: Option<Timestamp>,
}

#[derive(Template)]
#[template(path = "access/tokens.html")]
struct Tokens {
    page: Page,
    lines: Vec<Line>,
    /// The scopes that may be chosen: their names and what they are called.
    scopes: Vec<(&'static str, String)>,
    has_account: bool,
    /// A token that was just made; it is not shown again.
    made: Option<String>,
}

pub fn router() -> Router<App> {
    Router::new().route("/tokens", get(show).post(create)).route("/tokens/{id}/revoke", post(take_back))
}

fn shown(app: &App, page: Page, signed: &Signed, made: Option<String>) -> Result<Response, Fault> {
    let t = page.t;
    let owners: BTreeMap<i64, String> =
        app.store.accounts()?.into_iter().map(|account| (account.id.0, account.email)).collect();
    let now = (app.now)();
    let lines = seen_by(app, signed)?.into_iter().map(|token| Line {
        id: token.id,
        owner: owners.get(&token.account.0).cloned().unwrap_or_default(),
        scope: t.get(&format!("access-scope-{}", token.role.as_str())),
        name: token.name,
        created: token.created_at,
        expires: token.expires_at,
        over: token.expires_at.is_some_and(|at| at <= now),
        used: token.used_at,
    });
    let lines = lines.collect();
    let scopes = Role::ALL.into_iter().filter(|role| signed.may(*role));
    let scopes =
        scopes.map(|role| (role.as_str(), t.get(&format!("access-scope-{}", role.as_str())))).collect();
    let has_account = signed.account.is_some();
    Ok(templates::html(&Tokens { page, lines, scopes, has_account, made }))
}

async fn show(State(app): State<App>, page: Page, signed: Signed) -> Result<Response, Fault> {
    shown(&app, page, &signed, None)
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    scope: String,
    /// Empty for a token that does not run out.
    days: String,
}

async fn create(
    State(app): State<App>,
    page: Page,
    signed: Signed,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let days = match sent.days.trim() {
        "" => None,
        days => Some(days.parse().map_err(|_| Fault::because("access-token-days"))?),
    };
    let (_, token) = make(&app, &signed, &sent.name, people::role(&sent.scope)?, days)?;
    shown(&app, page, &signed, Some(token))
}

async fn take_back(State(app): State<App>, signed: Signed, Path(id): Path<i64>) -> Result<Response, Fault> {
    revoke(&app, &signed, id)?;
    Ok(see("/tokens?done=access-done-revoked"))
}
