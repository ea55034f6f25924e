//! What surrounds every page: who is signed in, where they may go, the language, the forms' token.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use model::ConnectionId;
use serde::Deserialize;
use store::{ConnectionRow, Role};

use crate::access::{Access, Signed, Visit};
use crate::texts::{COOKIE, Language, Texts};
use crate::{App, Fault, assets, cookie};

/// A place in the navigation.
struct Place {
    /// Its name in the catalogue.
    key: &'static str,
    /// Its address; for places of a connection, what comes after `/c/{connection}/`.
    path: &'static str,
    /// Who may go there.
    role: Role,
}

/// The places of the whole of Tandem.
const PLACES: [Place; 5] = [
    Place { key: "layout-connections", path: "/", role: Role::Viewer },
    Place { key: "layout-setup", path: "/setup", role: Role::Administrator },
    Place { key: "layout-users", path: "/users", role: Role::Administrator },
    Place { key: "layout-tokens", path: "/tokens", role: Role::Viewer },
    Place { key: "layout-audit", path: "/audit", role: Role::Administrator },
];
/// The places of one connection.
const CONNECTION_PLACES: [Place; 12] = [
    Place { key: "health-title", path: "health", role: Role::Viewer },
    Place { key: "settings-tab-contacts", path: "contacts", role: Role::Viewer },
    Place { key: "settings-tab-companies", path: "companies", role: Role::Viewer },
    Place { key: "settings-tab-deals", path: "deals", role: Role::Viewer },
    Place { key: "settings-tab-tickets", path: "tickets", role: Role::Viewer },
    Place { key: "settings-tab-activities", path: "activities", role: Role::Viewer },
    Place { key: "settings-tab-custom", path: "custom", role: Role::Viewer },
    Place { key: "settings-tab-features", path: "features", role: Role::Viewer },
    Place { key: "errors-title", path: "errors", role: Role::Viewer },
    Place { key: "history-title", path: "history", role: Role::Viewer },
    Place { key: "import-title", path: "import", role: Role::Operator },
    Place { key: "connections-one-title", path: "connection", role: Role::Administrator },
];

/// A link in the navigation.
#[derive(Debug, Clone)]
pub struct NavLink {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub address: String,
    /// Whether the page is there.
    pub here: bool,
}

/// What the layout needs to know; every template that extends `layout.html` has it as `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The texts in the reader's language.
    pub t: Texts,
    /// Who is signed in; nobody on the sign-in page only.
    pub signed: Option<Signed>,
    /// The token that every form sends along in a hidden field `csrf`.
    pub csrf: String,
    /// The connection that the address names (`/c/{connection}/…`).
    pub connection: Option<ConnectionRow>,
    /// The places to go.
    pub nav: Vec<NavLink>,
    /// The places of the connection.
    pub tabs: Vec<NavLink>,
    /// Places elsewhere.
    pub links: Arc<[(String, String)]>,
    /// Where the page is, with its query.
    pub address: String,
    /// What was just done (`?done=key`), in words.
    pub done: Option<String>,
    /// Whether nobody is asked to sign in.
    pub open: bool,
}

impl Page {
    /// The page that a visit sees.
    pub(crate) fn of(app: &App, visit: &Visit, connection: Option<ConnectionRow>) -> Self {
        let may = |role: Role| visit.signed.as_ref().is_some_and(|signed| signed.may(role));
        let link = |place: &Place, address: String| NavLink {
            text: visit.t.get(place.key),
            here: visit.path == address,
            address,
        };
        let nav = PLACES.iter().filter(|place| may(place.role));
        let nav = nav.map(|place| link(place, place.path.to_owned())).collect();
        let tabs = connection.as_ref().map(|row| {
            let places = CONNECTION_PLACES.iter().filter(|place| may(place.role));
            places.map(|place| link(place, format!("/c/{}/{}", row.id.as_str(), place.path))).collect()
        });
        Self {
            t: visit.t,
            signed: visit.signed.clone(),
            csrf: visit.csrf.clone(),
            tabs: tabs.unwrap_or_default(),
            connection,
            nav,
            links: app.links.clone(),
            address: visit.address.clone(),
            done: None,
            open: app.access == Access::Open,
        }
    }

    /// The same page with the places of a connection.
    #[must_use]
    pub fn about(self, app: &App, visit_path: &str, connection: ConnectionRow) -> Self {
        let visit = Visit {
            t: self.t,
            signed: self.signed.clone(),
            csrf: self.csrf.clone(),
            path: visit_path.to_owned(),
            address: self.address.clone(),
            api: false,
        };
        Self { done: self.done, ..Self::of(app, &visit, Some(connection)) }
    }

    /// Whether the reader may do what this role may: for showing or leaving out a button.
    #[must_use]
    pub fn may(&self, role: &str) -> bool {
        let role = Role::parse(role).unwrap_or(Role::Administrator);
        self.signed.as_ref().is_some_and(|signed| signed.may(role))
    }

    /// The connection that the address names.
    ///
    /// # Errors
    /// When it names none.
    pub fn connection(&self) -> Result<&ConnectionRow, Fault> {
        self.connection.as_ref().ok_or_else(Fault::not_found)
    }

    /// Where a file of the program is.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The languages to choose from.
    #[must_use]
    pub fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

impl FromRequestParts<App> for Page {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let visit = parts.extensions.get::<Visit>().cloned();
        let visit = visit.ok_or_else(|| Fault::failed("the page was asked for without a visit"))?;
        let named = visit.path.strip_prefix("/c/").and_then(|rest| rest.split('/').next());
        let connection = match named {
            Some(id) => {
                let row = app.store.connection(&ConnectionId::new(id))?;
                Some(row.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "fault-no-connection"))?)
            }
            None => None,
        };
        let mut page = Self::of(app, &visit, connection);
        let done = Query::<Done>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.done);
        // Only texts that say that something was done: nobody puts other words on a page by a link.
        page.done = done.filter(|key| key.contains("-done-") && page.t.has(key)).map(|key| page.t.get(&key));
        Ok(page)
    }
}

/// The page that says what could not be done.
#[derive(Template)]
#[template(path = "layout/error.html")]
pub(crate) struct ErrorPage {
    pub page: Page,
    pub title: String,
    pub remedy: String,
    pub said: Option<String>,
}

/// Sends the browser to look at `address` after a form was taken.
#[must_use]
pub fn see(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => Fault::not_found().into_response(),
    }
}

/// A text as part of a query.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// An address of this server's own, wherever a form or a link says it comes from; else the first page.
#[must_use]
pub fn own(address: &str) -> &str {
    let own =
        address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n', '\t']);
    if own { address } else { "/" }
}

#[derive(Deserialize)]
struct Choice {
    language: String,
    back: String,
}

/// How long a chosen language is kept, in seconds.
const A_YEAR: u64 = 365 * 24 * 60 * 60;

/// What belongs to every page.
pub(crate) fn router() -> Router<App> {
    Router::new().route("/language", post(choose))
}

async fn choose(
    axum::extract::State(app): axum::extract::State<App>,
    Form(choice): Form<Choice>,
) -> Result<Response, Fault> {
    let language = Language::parse(&choice.language).ok_or_else(Fault::not_found)?;
    let mut headers = HeaderMap::new();
    if let Some(cookie) = cookie::set(COOKIE, language.tag(), Some(A_YEAR), app.is_secure()) {
        headers.insert(SET_COOKIE, cookie);
    }
    Ok((headers, see(own(&choice.back))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_servers_own_addresses_are_gone_back_to() {
        assert_eq!(own("/c/a/health?page=2"), "/c/a/health?page=2");
        for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "", "/a\r\nb: c"] {
            assert_eq!(own(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn what_stands_in_a_query_is_escaped() {
        assert_eq!(escaped("/c/a?b=ü&c"), "/c/a%3Fb%3D%C3%BC%26c");
    }
}
