//! Sessions: begun at sign-in, ended by signing out, by disuse, and after a week in any case.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use jiff::SignedDuration;
use store::{Account, AccountId};

use super::Signed;
use super::secret::{digest, random};
use crate::{App, Fault, cookie};

const COOKIE: &str = "tandem_session";
/// A session that was not used for so long has ended.
const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// However much it is used, it ends after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who is signed in by the session that the request carries.
pub fn opened(app: &App, headers: &HeaderMap) -> Result<Option<Signed>, Fault> {
    let Some(sent) = cookie::value(headers, COOKIE) else { return Ok(None) };
    let digest = digest(&sent);
    let Some(session) = app.store.session(&digest)? else { return Ok(None) };
    let now = (app.now)();
    if now.duration_since(session.seen_at) >= IDLE || now.duration_since(session.created_at) >= LONGEST {
        app.store.end_session(&digest)?;
        return Ok(None);
    }
    let Some(account) = app.store.account(session.account)?.filter(|account| !account.disabled) else {
        return Ok(None);
    };
    app.store.see_session(&digest, &session, now)?;
    Ok(Some(of(account, Some(digest))))
}

/// An account as somebody who is signed in.
pub fn of(account: Account, session: Option<String>) -> Signed {
    Signed { name: account.email, role: account.role, account: Some(account.id), session }
}

/// Begins a session and has the browser keep it. It is a new one each time, whatever the browser sent.
pub fn begin(app: &App, account: AccountId, mut response: Response) -> Result<Response, Fault> {
    let secret = random();
    let now = (app.now)();
    app.store.begin_session(&digest(&secret), account, now, now - LONGEST)?;
    if let Some(cookie) = cookie::set(COOKIE, &secret, None, app.is_secure()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session of whoever is signed in.
pub fn end(app: &App, signed: &Signed, mut response: Response) -> Result<Response, Fault> {
    if let Some(digest) = &signed.session {
        app.store.end_session(digest)?;
    }
    if let Some(cookie) = gone(app) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn gone(app: &App) -> Option<HeaderValue> {
    cookie::set(COOKIE, "", Some(0), app.is_secure())
}
