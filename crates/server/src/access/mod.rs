//! Who is there, and what they may do.

mod audit;
pub(crate) mod form;
pub mod oidc;
mod own;
mod password;
pub(crate) mod people;
mod secret;
mod session;
mod sign_in;
mod throttle;
pub(crate) mod tokens;
mod users;
mod visit;
mod welcome;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use axum::Router;
use store::AccountId;

pub use store::Role;
pub(crate) use visit::{Visit, only_signed_in, visit};
pub use welcome::administrator_link;

use crate::{App, Fault};

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody who can reach the address is administrator; for the demo on this machine.
    Open,
    /// Those who sign in, each by their role.
    SignIn,
}

/// Somebody who is signed in. As an argument of a page, it sends others to the sign-in page; of the API, it refuses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The name, as the audit log has it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their account; none in the demo.
    pub account: Option<AccountId>,
    /// The digest of their session; none for a program with a token.
    pub(crate) session: Option<String>,
}

impl Signed {
    /// Whether they may do what this role may.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }

    /// Refuses those who may not do what this role may.
    ///
    /// # Errors
    /// When they may not.
    pub fn require(&self, role: Role) -> Result<(), Fault> {
        if self.may(role) { Ok(()) } else { Err(Fault::forbidden(role)) }
    }
}

impl FromRequestParts<App> for Signed {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Fault> {
        let visit = parts.extensions.get::<Visit>();
        visit.and_then(|visit| visit.signed.clone()).ok_or_else(Fault::not_signed_in)
    }
}

impl OptionalFromRequestParts<App> for Signed {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Fault> {
        Ok(parts.extensions.get::<Visit>().and_then(|visit| visit.signed.clone()))
    }
}

/// Who sends a request.
pub(crate) fn who(app: &App, headers: &HeaderMap, api: bool) -> Result<Option<Signed>, Fault> {
    if let Some(token) = bearer(headers) {
        return if api { tokens::opened(app, token) } else { Ok(None) };
    }
    match app.access {
        Access::Open => {
            // A page elsewhere may have its own name lead to this machine; the browser still says that name.
            let host = headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok());
            if !host.is_none_or(is_loopback) {
                return Err(Fault::new(StatusCode::FORBIDDEN, "fault-not-loopback"));
            }
            let name = "demo".to_owned();
            Ok(Some(Signed { name, role: Role::Administrator, account: None, session: None }))
        }
        Access::SignIn => session::opened(app, headers),
    }
}

/// The token that a program sends.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The pages of this area that need nobody signed in.
pub(crate) fn outside() -> Router<App> {
    Router::new().merge(sign_in::router()).merge(welcome::router()).merge(oidc::router())
}

/// The pages of this area for those who are signed in.
pub(crate) fn inside() -> Router<App> {
    Router::new().merge(own::router()).merge(users::router()).merge(tokens::router()).merge(audit::router())
}

/// Whether a host, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "127.1.2.3", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
