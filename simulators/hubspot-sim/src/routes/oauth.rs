//! The consent page, and the endpoints for tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::{DATED, Hit, serve};
use crate::console::page::{escape, frame};
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::oauth::{OAuth, SCOPES};
use crate::owners::PERSON;
use crate::time::iso;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["authorize"] | [_, "authorize"]) => serve("/oauth/authorize", consent),
        ("POST", ["authorize"] | [_, "authorize"]) => serve("/oauth/authorize", decide),
        ("POST", [version, "token"]) if known(version) => serve("/oauth/{version}/token", token),
        ("GET", ["v1", "access-tokens", token]) => {
            let token = (*token).to_owned();
            serve("/oauth/v1/access-tokens/{token}", move |ctx| access_token(ctx, &token))
        }
        ("GET", ["v1", "refresh-tokens", token]) => {
            let token = (*token).to_owned();
            serve("/oauth/v1/refresh-tokens/{token}", move |ctx| refresh_token(ctx, &token))
        }
        ("DELETE", ["v1", "refresh-tokens", token]) => {
            let token = (*token).to_owned();
            serve("/oauth/v1/refresh-tokens/{token}", move |ctx| {
                ctx.sim.write().oauth.revoke(&token);
                Ok(Reply::empty())
            })
        }
        ("POST", [version, "token", "introspect"]) if known(version) => {
            serve("/oauth/{version}/token/introspect", introspect)
        }
        ("POST", [version, "token", "revoke"]) if known(version) => {
            serve("/oauth/{version}/token/revoke", revoke)
        }
        _ => None,
    }
}

fn known(version: &str) -> bool {
    matches!(version, "v1" | "v3") || DATED.contains(&version)
}

fn token(ctx: &Ctx<'_>) -> Outcome {
    let form = ctx.form();
    let mut account = ctx.sim.write();
    let portal = account.portal;
    let (refresh, access, scopes) = account.oauth.grant(&form, ctx.now)?;
    if form.get("grant_type").is_some_and(|kind| kind == "client_credentials") {
        let lifetime = crate::oauth::LIFETIME / 1000;
        return Ok(Reply::json(
            200,
            &json!({ "token_type": "bearer", "access_token": access, "scopes": scopes, "expires_in": lifetime,
                "token_use": "access_token" }),
        ));
    }
    Ok(Reply::json(
        200,
        &json!({
            "token_type": "bearer",
            "refresh_token": refresh,
            "access_token": access,
            "hub_id": portal,
            "user_id": PERSON,
            "scopes": scopes,
            "expires_in": crate::oauth::LIFETIME / 1000,
            "token_use": "access_token",
        }),
    ))
}

fn refusal_page(text: &str) -> Reply {
    Reply::html(400, frame("", "Cannot connect", &format!("<h1>Cannot connect</h1><p>{}</p>", escape(text))))
}

fn check(oauth: &OAuth, fields: &BTreeMap<String, String>) -> Result<Url, Reply> {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if field("client_id") != oauth.client_id {
        return Err(refusal_page("The client id is not one of this account's apps."));
    }
    match Url::parse(field("redirect_uri")) {
        Ok(to) if matches!(to.scheme(), "http" | "https") => Ok(to),
        _ => Err(refusal_page("The redirect URI is missing or is not an http address.")),
    }
}

const CARRIED: &[&str] = &[
    "client_id",
    "redirect_uri",
    "scope",
    "optional_scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

fn consent(ctx: &Ctx<'_>) -> Outcome {
    let fields: BTreeMap<String, String> = ctx.query.iter().cloned().collect();
    if let Err(refused) = check(&ctx.sim.read().oauth, &fields) {
        return Ok(refused);
    }
    let mut body = String::from(
        "<h1>Connect an app</h1><p>An app asks for access to this account. It would be able to:</p><ul>",
    );
    let scopes = fields.get("scope").map(String::as_str).unwrap_or_default();
    for scope in scopes.split_whitespace() {
        body.push_str(&format!("<li><code>{}</code></li>", escape(scope)));
    }
    body.push_str("</ul><form method=\"post\" action=\"/oauth/authorize\">");
    for name in CARRIED {
        if let Some(value) = fields.get(*name) {
            body.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)));
        }
    }
    body.push_str(
        "<p><button class=\"main\" name=\"decision\" value=\"approve\">Connect app</button> \
         <button name=\"decision\" value=\"deny\">Cancel</button></p></form>",
    );
    Ok(Reply::html(200, frame("", "Connect an app", &body)))
}

fn decide(ctx: &Ctx<'_>) -> Outcome {
    let fields = ctx.form();
    let mut account = ctx.sim.write();
    let mut to = match check(&account.oauth, &fields) {
        Ok(to) => to,
        Err(refused) => return Ok(refused),
    };
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    if field("decision") == "approve" {
        let mut scopes = field("scope");
        if scopes.is_empty() {
            scopes = SCOPES.join(" ");
        }
        let challenge = Some(field("code_challenge"))
            .filter(|challenge| !challenge.is_empty())
            .map(|challenge| (challenge, field("code_challenge_method") == "S256"));
        let code = account.oauth.issue_code(&field("redirect_uri"), &scopes, challenge, ctx.now);
        to.query_pairs_mut().append_pair("code", &code);
    } else {
        // assumed: a refusal comes back as RFC 6749 has it
        to.query_pairs_mut().append_pair("error", "access_denied");
    }
    if let Some(state) = fields.get("state") {
        to.query_pairs_mut().append_pair("state", state);
    }
    Ok(Reply::redirect(to.to_string()))
}

fn unknown_token() -> ApiError {
    // assumed: the body for a token that is unknown
    ApiError::object_not_found("The token is invalid, expired or revoked")
}

fn access_token(ctx: &Ctx<'_>, token: &str) -> Outcome {
    let account = ctx.sim.read();
    let held =
        account.oauth.tokens.get(token).filter(|held| held.expires > ctx.now).ok_or_else(unknown_token)?;
    let scopes =
        account.oauth.grants.get(&held.refresh).map(|grant| grant.scopes.clone()).unwrap_or_default();
    Ok(Reply::json(
        200,
        &json!({
            "token": token,
            "user": account.owners.first().map(|owner| owner.email.clone()),
            "hub_domain": "tandem-demo.example",
            "scopes": scopes,
            "hub_id": account.portal,
            "app_id": account.app,
            "expires_in": (held.expires - ctx.now) / 1000,
            "user_id": PERSON,
            "token_type": "access",
        }),
    ))
}

fn refresh_token(ctx: &Ctx<'_>, token: &str) -> Outcome {
    let account = ctx.sim.read();
    let grant = account.oauth.grants.get(token).ok_or_else(unknown_token)?;
    Ok(Reply::json(
        200,
        &json!({
            "token": token,
            "user": account.owners.first().map(|owner| owner.email.clone()),
            "hub_domain": "tandem-demo.example",
            "scopes": grant.scopes,
            "hub_id": account.portal,
            "client_id": account.oauth.client_id,
            "user_id": PERSON,
            "token_type": "refresh",
        }),
    ))
}

/// The token a form speaks of, under either name it is known by.
fn named(form: &BTreeMap<String, String>) -> String {
    ["token", "access_token", "refresh_token"]
        .iter()
        .find_map(|name| form.get(*name))
        .cloned()
        .unwrap_or_default()
}

fn authenticated(oauth: &OAuth, form: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let fits = |name: &str, wanted: &str| form.get(name).is_some_and(|given| given == wanted);
    if fits("client_id", &oauth.client_id) && fits("client_secret", &oauth.client_secret) {
        return Ok(());
    }
    let message = "missing or invalid client id or secret";
    Err(ApiError::raw(
        400,
        json!({
            "error": "invalid_client",
            "error_description": message,
            "status": "BAD_CLIENT_SECRET",
            "message": message,
        }),
    ))
}

fn introspect(ctx: &Ctx<'_>) -> Outcome {
    let form = ctx.form();
    let account = ctx.sim.read();
    let oauth = &account.oauth;
    authenticated(oauth, &form)?;
    let token = named(&form);
    let held = oauth.tokens.get(&token).filter(|held| held.expires > ctx.now);
    let refresh = held.map_or(token.as_str(), |held| held.refresh.as_str());
    let Some(grant) = oauth.grants.get(refresh) else {
        return Ok(Reply::json(200, &json!({ "active": false, "token": token })));
    };
    let mut body = json!({
        "active": true,
        "token": token,
        "hub_id": account.portal,
        "user_id": PERSON,
        "client_id": oauth.client_id,
        "app_id": account.app,
        "user": account.owners.first().map(|owner| owner.email.clone()),
        "hub_domain": "tandem-demo.example",
        "scopes": grant.scopes,
        "is_private_distribution": true,
        "token_use": if held.is_some() { "access_token" } else { "refresh_token" },
        "token_type": "bearer",
    });
    if let Some(held) = held {
        body["expires_in"] = json!((held.expires - ctx.now) / 1000);
        body["signed_access_token"] = json!({
            "expiresAt": held.expires,
            "scopes": Value::Null,
            "hubId": account.portal,
            "userId": PERSON,
            "appId": account.app,
            "issuedAt": iso(held.expires - crate::oauth::LIFETIME),
        });
    }
    Ok(Reply::json(200, &body))
}

fn revoke(ctx: &Ctx<'_>) -> Outcome {
    let form = ctx.form();
    let mut account = ctx.sim.write();
    authenticated(&account.oauth, &form)?;
    account.oauth.revoke(&named(&form));
    // assumed: revoking answers 204, whether or not the token was known
    Ok(Reply::empty())
}
