//! What could not be done: for people a page that says what happened and what to do, for programs a problem (RFC 9457).

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::{Role, StoreError};
use utoipa::ToSchema;

use crate::access::Visit;
use crate::layout::{ErrorPage, Page};
use crate::texts::Texts;
use crate::{App, templates};

/// What could not be done. A handler returns it; the page or the problem is written where the reader's language is known.
#[derive(Debug, Clone)]
pub struct Fault {
    status: StatusCode,
    key: &'static str,
    /// Why, as a text's key.
    because: Option<&'static str>,
    said: Option<String>,
}

/// What a program is told: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, such as `not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do, and the words of whoever refused.
    pub detail: String,
}

impl Fault {
    /// The fault whose text is under `key`; what to do is under the same with `-remedy`.
    #[must_use]
    pub fn new(status: StatusCode, key: &'static str) -> Self {
        Self { status, key, because: None, said: None }
    }

    /// With the words of whoever refused: the platform's, the store's, the engine's.
    #[must_use]
    pub fn saying(mut self, said: impl std::fmt::Display) -> Self {
        self.said = Some(said.to_string()).filter(|said| !said.trim().is_empty());
        self
    }

    /// There is no such page or thing.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "fault-not-found")
    }

    /// What was sent does not do, as the text under `key` says.
    #[must_use]
    pub fn because(key: &'static str) -> Self {
        Self { because: Some(key), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "fault-refused") }
    }

    /// Why, for a form that is shown again with it.
    #[must_use]
    pub fn why(&self, t: &Texts) -> String {
        let why = self.because.map(|key| t.get(key)).or_else(|| self.said.clone());
        why.unwrap_or_else(|| t.get(self.key))
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What was sent does not do; `why` says what and how to put it right.
    #[must_use]
    pub fn refused(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "fault-refused").saying(why)
    }

    /// Something else changed it, or it is not in a state for this; `why` says which.
    #[must_use]
    pub fn conflict(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::CONFLICT, "fault-conflict").saying(why)
    }

    /// Tandem itself could not do it now.
    #[must_use]
    pub fn failed(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault-failed").saying(why)
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "fault-not-signed-in")
    }

    /// Only those of another role may.
    #[must_use]
    pub fn forbidden(needed: Role) -> Self {
        let key = match needed {
            Role::Viewer => "fault-needs-viewer",
            Role::Operator => "fault-needs-operator",
            Role::Administrator => "fault-needs-administrator",
        };
        Self::new(StatusCode::FORBIDDEN, key)
    }

    /// As the reader sees it.
    pub(crate) fn shown(self, app: &App, visit: &Visit) -> Response {
        if self.status.is_server_error() {
            tracing::error!(path = visit.path, said = self.said, "a request could not be answered");
        }
        let said = self.because.map(|key| visit.t.get(key)).or(self.said);
        let (title, remedy) = (visit.t.get(self.key), visit.t.get(&format!("{}-remedy", self.key)));
        if visit.api {
            let detail = said.map_or_else(|| remedy.clone(), |said| format!("{said} {remedy}"));
            let problem = Problem {
                kind: self.key.trim_start_matches("fault-").to_owned(),
                title,
                status: self.status.as_u16(),
                detail,
            };
            let body = serde_json::to_string(&problem).unwrap_or_default();
            return (self.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        }
        let page = ErrorPage { page: Page::of(app, visit, None), title, remedy, said };
        (self.status, templates::html(&page)).into_response()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        Self::failed(error)
    }
}
