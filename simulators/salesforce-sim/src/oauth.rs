//! The addresses of sign-in.

use std::collections::HashMap;

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::SalesforceSim;
use crate::console::{escape, page};

type Fields = HashMap<String, String>;

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/services/oauth2/authorize", get(login_page).post(log_in))
        .route("/services/oauth2/token", post(token))
        .route("/services/oauth2/revoke", post(revoke).get(revoke_by_address))
        .route("/services/oauth2/introspect", post(introspect))
        .route("/services/oauth2/userinfo", get(identity).post(identity))
        .route("/id/{org}/{user}", get(identity_of))
        .route("/.well-known/openid-configuration", get(discovery))
}

async fn login_page(State(sim): State<SalesforceSim>, Query(query): Query<Fields>) -> Response {
    login_form(&sim, &query, None)
}

fn login_form(sim: &SalesforceSim, query: &Fields, wrong: Option<&str>) -> Response {
    let access = sim.access();
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    if given("client_id") != access.client_id {
        let text = "error=invalid_client_id&amp;error_description=client%20identifier%20invalid";
        return (StatusCode::BAD_REQUEST, Html(page("Error", &format!("<p class=bad>{text}</p>"))))
            .into_response();
    }
    let kind = if sim.0.sandbox || given("sandbox") == "true" { "Sandbox" } else { "Production" };
    let hidden: String = [
        "client_id",
        "redirect_uri",
        "state",
        "response_type",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "sandbox",
    ]
    .iter()
    .filter(|name| query.contains_key(**name))
    .map(|name| format!("<input type=hidden name={name} value=\"{}\">", escape(given(name))))
    .collect();
    let wrong = wrong.map(|text| format!("<p class=bad role=alert>{}</p>", escape(text))).unwrap_or_default();
    let form = format!(
        "<h1>Log in <span class=tag>{kind}</span></h1>{wrong}<form method=post action=/services/oauth2/authorize>{hidden}\
         <label>Username <input name=username value=\"{}\" autocomplete=username></label>\
         <label>Password <input name=password type=password value=\"{}\" autocomplete=current-password></label>\
         <p>Tandem asks to manage data through the API at any time.</p>\
         <button name=decision value=allow>Log in and allow</button> \
         <button name=decision value=deny class=plain>Deny</button></form>",
        escape(&access.username),
        escape(&access.password)
    );
    Html(page(&format!("Log in ({kind})"), &form)).into_response()
}

async fn log_in(State(sim): State<SalesforceSim>, Form(form): Form<Fields>) -> Response {
    let access = sim.access();
    let given = |name: &str| form.get(name).cloned().unwrap_or_default();
    let Ok(mut target) = url::Url::parse(&given("redirect_uri")) else {
        return (StatusCode::BAD_REQUEST, Html(page("Error", "<p class=bad>redirect_uri is no address</p>")))
            .into_response();
    };
    if given("decision") == "deny" {
        target.query_pairs_mut().append_pair("error", "access_denied");
        target.query_pairs_mut().append_pair("error_description", "end-user denied authorization");
    } else {
        let user = sim.with_org(|org| org.user_named(&given("username")));
        let Some(user) = user.filter(|_| given("password") == access.password) else {
            let wrong = "Please check your username and password.";
            return login_form(&sim, &form, Some(wrong));
        };
        let now = sim.0.clock.now();
        let challenge = form.get("code_challenge").filter(|challenge| !challenge.is_empty()).cloned();
        let code = sim.state().auth.issue_code(user, &given("redirect_uri"), challenge, now);
        target.query_pairs_mut().append_pair("code", &code);
    }
    if let Some(state) = form.get("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    Redirect::to(target.as_str()).into_response()
}

async fn token(
    State(sim): State<SalesforceSim>,
    headers: HeaderMap,
    Form(mut form): Form<Fields>,
) -> Response {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|value| BASE64_STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((id, secret)) = basic.as_deref().and_then(|pair| pair.split_once(':')) {
        form.insert("client_id".into(), id.to_owned());
        form.insert("client_secret".into(), secret.to_owned());
    }
    let now = sim.0.clock.now();
    sim.0.stats.call("POST /services/oauth2/token", 0, false);
    let mut state = sim.state();
    let base_url = state.base_url.clone();
    let state = &mut *state;
    match state.auth.token(&form, &base_url, now, &|name| state.org.user_named(name)) {
        Ok(answer) => Json(answer).into_response(),
        Err((error, description)) => {
            let body = json!({"error": error, "error_description": description});
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

fn end(sim: &SalesforceSim, token: Option<&String>) -> Response {
    match token {
        Some(token) if sim.state().auth.revoke(token) => StatusCode::OK.into_response(),
        _ => {
            let body = json!({"error": "invalid_token", "error_description": "invalid token"});
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

async fn revoke(State(sim): State<SalesforceSim>, Form(form): Form<Fields>) -> Response {
    end(&sim, form.get("token"))
}

async fn revoke_by_address(State(sim): State<SalesforceSim>, Query(query): Query<Fields>) -> Response {
    end(&sim, query.get("token"))
}

async fn introspect(State(sim): State<SalesforceSim>, Form(form): Form<Fields>) -> Json<Value> {
    let now = sim.0.clock.now();
    let state = sim.state();
    let token = form.get("token").map_or("", String::as_str);
    Json(state.auth.introspect(token, &state.base_url, now))
}

async fn identity(State(sim): State<SalesforceSim>, headers: HeaderMap) -> Response {
    let now = sim.0.clock.now();
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ").map(ToOwned::to_owned));
    let mut state = sim.state();
    let Some(user) = token.and_then(|token| state.auth.user_of(&token, now)) else {
        return (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response();
    };
    Json(state.identity(&user)).into_response()
}

async fn identity_of(
    State(sim): State<SalesforceSim>,
    Path((_, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    identity(State(sim), headers).await
}

async fn discovery(State(sim): State<SalesforceSim>) -> Json<Value> {
    let base = sim.state().base_url.clone();
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/services/oauth2/authorize"),
        "token_endpoint": format!("{base}/services/oauth2/token"),
        "revocation_endpoint": format!("{base}/services/oauth2/revoke"),
        "introspection_endpoint": format!("{base}/services/oauth2/introspect"),
        "userinfo_endpoint": format!("{base}/services/oauth2/userinfo"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["api", "refresh_token", "id", "openid", "full", "web"],
    }))
}
