//! Logging in on the org's own pages: the session is kept in a cookie, and any active user may log in.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;

use crate::SalesforceSim;
use crate::console::{escape, page};

type Fields = HashMap<String, String>;

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/login", get(form).post(log_in))
        .route("/secur/frontdoor.jsp", get(front_door).post(front_door_form))
        .route("/secur/logout.jsp", get(log_out))
}

/// Who is logged in on this browser.
pub(crate) fn visitor(state: &mut crate::State, headers: &HeaderMap, now: Timestamp) -> Option<Arc<str>> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let token = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("sid="))?;
    let token = percent_encoding::percent_decode_str(token).decode_utf8().ok()?;
    state.auth.user_of(&token, now)
}

/// To the login page, and back to where one wanted to go.
pub(crate) fn to_login(uri: &Uri) -> Response {
    let back = uri.path_and_query().map_or("/", |path| path.as_str());
    let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    Redirect::to(&format!("/login?ec=302&startURL={back}")).into_response()
}

/// Only pages of the org itself are gone back to.
fn inside(path: &str) -> &str {
    if path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') {
        path
    } else {
        "/_sim/console"
    }
}

fn login_page(start: &str, username: &str, wrong: Option<&str>) -> String {
    let wrong = wrong.map(|text| format!("<p class=bad role=alert>{}</p>", escape(text))).unwrap_or_default();
    let body = format!(
        "<h1>Log in</h1>{wrong}<form method=post action=/login><input type=hidden name=startURL value=\"{}\">\
         <label>Username <input name=un value=\"{}\" autocomplete=username></label><label>Password <input name=pw \
         type=password autocomplete=current-password></label><p><button>Log In</button></p></form>",
        escape(start),
        escape(username)
    );
    page("Log in", &body)
}

async fn form(Query(query): Query<Fields>) -> Html<String> {
    let start = query.get("startURL").or_else(|| query.get("startUrl")).map_or("", String::as_str);
    Html(login_page(inside(start), query.get("un").map_or("", String::as_str), None))
}

async fn log_in(State(sim): State<SalesforceSim>, Form(form): Form<Fields>) -> Response {
    let given = |names: [&str; 2]| names.iter().find_map(|name| form.get(*name)).map_or("", String::as_str);
    let (username, password) = (given(["un", "username"]), given(["pw", "password"]));
    let start = inside(given(["startURL", "startUrl"])).to_owned();
    let now = sim.0.clock.now();
    let mut state = sim.state();
    let user = state.org.user_named(username).filter(|_| password == state.auth.password);
    let Some(user) = user else {
        let text = "Please check your username and password. If you still can't log in, contact your Salesforce administrator.";
        return Html(login_page(&start, username, Some(text))).into_response();
    };
    let token = state.auth.open_session(&user, now);
    enter(&token, &start)
}

/// Opens the pages with a session that was got elsewhere.
async fn front_door(State(sim): State<SalesforceSim>, Query(query): Query<Fields>) -> Response {
    by_token(&sim, &query)
}

async fn front_door_form(State(sim): State<SalesforceSim>, Form(form): Form<Fields>) -> Response {
    by_token(&sim, &form)
}

fn by_token(sim: &SalesforceSim, fields: &Fields) -> Response {
    let token = fields.get("sid").map_or("", String::as_str);
    let back = inside(fields.get("retURL").map_or("", String::as_str));
    let now = sim.0.clock.now();
    if sim.state().auth.user_of(token, now).is_none() {
        return (StatusCode::OK, Html(login_page(back, "", Some("Your session has ended. Log in again."))))
            .into_response();
    }
    enter(token, back)
}

fn enter(token: &str, path: &str) -> Response {
    let token = percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC);
    let cookie = format!("sid={token}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(path)).into_response()
}

async fn log_out() -> Response {
    let cookie = "sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax".to_owned();
    ([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}
