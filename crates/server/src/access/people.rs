//! What administrators do with users, for the pages and for the API.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Account, AccountId, Role, Store, StoreError};

use super::Signed;
use super::secret::{digest, random};
use crate::{App, Fault};

/// How long a one-time link opens.
pub const LINK_OPENS: SignedDuration = SignedDuration::from_hours(24);

/// Makes a one-time link's path, for an account or for whoever becomes administrator; the one before it no longer opens.
///
/// # Errors
/// When the store cannot be written.
pub fn link(store: &Store, account: Option<AccountId>, now: Timestamp) -> Result<String, StoreError> {
    let secret = random();
    store.put_welcome(&digest(&secret), account, now + LINK_OPENS)?;
    Ok(format!("/welcome/{secret}"))
}

/// A path as an address that can be sent to somebody.
pub fn full(app: &App, path: &str) -> String {
    format!("{}{path}", app.public_url.as_deref().unwrap_or_default())
}

/// The account of this number.
///
/// # Errors
/// When there is none.
pub fn named(app: &App, id: i64) -> Result<Account, Fault> {
    app.store.account(AccountId(id))?.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-no-account"))
}

/// The role of this name.
///
/// # Errors
/// When there is none.
pub fn role(name: &str) -> Result<Role, Fault> {
    Role::parse(name).ok_or_else(|| Fault::because("access-no-role"))
}

/// Whether this may be an address of somebody.
///
/// # Errors
/// When it may not.
pub fn checked_email(email: &str) -> Result<String, Fault> {
    let email = email.trim().to_lowercase();
    let fits = email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    if fits { Ok(email) } else { Err(Fault::because("access-no-address")) }
}

/// A name that may be shown.
///
/// # Errors
/// When it is empty or far too long.
pub fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Fault::because("access-no-name"));
    }
    Ok(name.to_owned())
}

/// Makes an account and the link by which its owner comes the first time.
///
/// # Errors
/// When the address is none or is taken.
pub fn invite(app: &App, by: &Signed, email: &str, role: Role) -> Result<(AccountId, String), Fault> {
    by.require(Role::Administrator)?;
    let email = checked_email(email)?;
    let name = email.split('@').next().unwrap_or_default().to_owned();
    let made = app.store.create_account(&email, &name, role, (app.now)())?;
    let id = made.ok_or_else(|| Fault::because("access-address-taken"))?;
    app.note(by, None, "user-invited", None, Some(json!({ "email": email, "role": role })))?;
    Ok((id, full(app, &link(&app.store, Some(id), (app.now)())?)))
}

/// Makes a new link for an account: for whoever has lost the password, or let the first one run out.
///
/// # Errors
/// When there is no such account, or it is kept out.
pub fn new_link(app: &App, by: &Signed, id: i64) -> Result<String, Fault> {
    by.require(Role::Administrator)?;
    let account = named(app, id)?;
    if account.disabled {
        return Err(Fault::because("access-is-disabled"));
    }
    app.note(by, None, "user-link", None, Some(json!({ "email": account.email })))?;
    Ok(full(app, &link(&app.store, Some(account.id), (app.now)())?))
}

/// Gives an account another role, keeps it out or lets it in.
///
/// # Errors
/// When there is no such account, it is one's own, or nobody would be left who may do this.
pub fn change(
    app: &App,
    by: &Signed,
    id: i64,
    role: Option<Role>,
    disabled: Option<bool>,
) -> Result<Account, Fault> {
    by.require(Role::Administrator)?;
    let before = named(app, id)?;
    if by.account == Some(before.id) {
        return Err(Fault::because("access-is-yourself"));
    }
    let (role, disabled) = (role.unwrap_or(before.role), disabled.unwrap_or(before.disabled));
    if !app.store.change_account(before.id, role, disabled)? {
        return Err(Fault::because("access-last-administrator"));
    }
    let shown = |role: Role, disabled: bool| {
        Some(json!({ "email": before.email, "role": role, "disabled": disabled }))
    };
    app.note(by, None, "user", shown(before.role, before.disabled), shown(role, disabled))?;
    named(app, id)
}

/// Ends all sessions of an account.
///
/// # Errors
/// When there is no such account.
pub fn sign_out_everywhere(app: &App, by: &Signed, id: i64) -> Result<(), Fault> {
    by.require(Role::Administrator)?;
    let account = named(app, id)?;
    app.store.end_sessions(account.id)?;
    app.note(by, None, "user-signed-out", None, Some(json!({ "email": account.email })))?;
    Ok(())
}
