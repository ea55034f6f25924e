//! Connecting a portal: the OAuth web flow.

use bytes::Bytes;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use transport::World;
use url::{Url, form_urlencoded};

use crate::client::{address, decode};
use crate::retry::{Repeat, Tries};
use crate::{Auth, Client, Error, Paths, Tokens, lenient};

/// A public app as registered with HubSpot.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    /// Its public id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Where HubSpot sends people back to.
    pub redirect_uri: String,
}

/// What HubSpot says about a token.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Introspection {
    /// Whether it works now.
    #[serde(default = "yes", deserialize_with = "lenient::or_default")]
    pub active: bool,
    /// The portal.
    #[serde(default, alias = "hubId", deserialize_with = "lenient::optional_text")]
    pub hub_id: Option<String>,
    /// The portal's domain.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub hub_domain: Option<String>,
    /// The app, whose id marks its own changes in histories and webhooks.
    #[serde(default, alias = "appId", deserialize_with = "lenient::optional_text")]
    pub app_id: Option<String>,
    /// The user who authorised it.
    #[serde(default, alias = "userId", deserialize_with = "lenient::optional_text")]
    pub user_id: Option<String>,
    /// That user's address.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub user: Option<String>,
    /// What it allows.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub scopes: Vec<String>,
    /// Seconds left.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub expires_in: Option<i64>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: i64,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    hub_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    scopes: Vec<String>,
}

/// Where a person goes to connect a portal. `web` is normally `https://app.hubspot.com`.
#[must_use]
pub fn authorize_url(
    web: &Url,
    app: &OAuthApp,
    scopes: &[&str],
    optional_scopes: &[&str],
    state: &str,
) -> Url {
    let mut url = web.clone();
    url.set_path("/oauth/authorize");
    let mut query = url.query_pairs_mut();
    query
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", &app.redirect_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", state);
    if !optional_scopes.is_empty() {
        query.append_pair("optional_scope", &optional_scopes.join(" "));
    }
    drop(query);
    url
}

/// Trades the code HubSpot sent back for tokens.
///
/// # Errors
/// When HubSpot refuses the code.
pub async fn exchange_code(
    world: &World,
    base_url: &Url,
    paths: &Paths,
    app: &OAuthApp,
    code: &str,
) -> Result<Tokens, Error> {
    let form =
        [("grant_type", "authorization_code"), ("redirect_uri", app.redirect_uri.as_str()), ("code", code)];
    // A code is good for one use.
    tokens(world, base_url, paths, app, &form, None, Repeat::Never).await
}

/// Trades a refresh token for new tokens.
///
/// # Errors
/// When HubSpot refuses it.
pub async fn refresh(
    world: &World,
    base_url: &Url,
    paths: &Paths,
    app: &OAuthApp,
    refresh_token: &SecretString,
) -> Result<Tokens, Error> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
    // Nothing better than the same token is at hand, so asking again loses nothing.
    tokens(world, base_url, paths, app, &form, Some(refresh_token), Repeat::Read).await
}

async fn tokens(
    world: &World,
    base_url: &Url,
    paths: &Paths,
    app: &OAuthApp,
    form: &[(&str, &str)],
    former: Option<&SecretString>,
    repeat: Repeat,
) -> Result<Tokens, Error> {
    const WHAT: &str = "giving out tokens";
    let response = post_form(world, base_url, &paths.token(), app, form, WHAT, repeat).await?;
    // Neither the body nor the parser's complaint may be shown: they can hold the tokens.
    let answer: TokenAnswer = serde_json::from_slice(&response).map_err(|_| Error::Decode {
        what: WHAT.to_owned(),
        reason: "it holds no access token".to_owned(),
        body: "(not shown)".to_owned(),
    })?;
    let refresh_token =
        answer.refresh_token.map(SecretString::from).or_else(|| former.cloned()).ok_or_else(|| {
            Error::Decode {
                what: WHAT.to_owned(),
                reason: "it holds no refresh token".to_owned(),
                body: "(not shown)".to_owned(),
            }
        })?;
    let lifetime = SignedDuration::from_secs(answer.expires_in.clamp(0, 31_536_000));
    Ok(Tokens {
        access_token: answer.access_token.into(),
        refresh_token,
        expires_at: world.clock.now().saturating_add(lifetime).unwrap_or(Timestamp::MAX),
        hub_id: answer.hub_id,
        scopes: answer.scopes,
    })
}

async fn post_form(
    world: &World,
    base_url: &Url,
    path: &str,
    app: &OAuthApp,
    form: &[(&str, &str)],
    what: &str,
    repeat: Repeat,
) -> Result<Bytes, Error> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .append_pair("client_id", &app.client_id)
        .append_pair("client_secret", app.client_secret.expose_secret())
        .finish();
    let mut tries = Tries::new(world, what, repeat, 5);
    loop {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(address(base_url, path, &[]))
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(http::header::ACCEPT, "application/json")
            .body(Bytes::from(body.clone()))
            .map_err(|error| Error::InvalidRequest(error.to_string()))?;
        let outcome = world.transport.send(request).await;
        if let Some(settled) = tries.settle(outcome).await? {
            return Ok(settled.response.into_body());
        }
    }
}

impl Client {
    /// Which app and user the present token belongs to.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn introspect(&self) -> Result<Introspection, Error> {
        const WHAT: &str = "telling about the token";
        let inner = self.inner();
        let (token, _) = inner.token().await?;
        let body = match &inner.auth {
            Auth::OAuth(oauth) => {
                let form = [("token", token.expose_secret()), ("token_type_hint", "access_token")];
                let path = format!("{}/introspect", inner.paths.token());
                post_form(&inner.world, &inner.base_url, &path, &oauth.app, &form, WHAT, Repeat::Read).await?
            }
            Auth::Token(token) => {
                let call = crate::client::Call::new(
                    WHAT,
                    Method::POST,
                    "/oauth/v2/private-apps/get/access-token-info",
                )
                .reading()
                .json(serde_json::json!({ "tokenKey": token.expose_secret() }));
                inner.send(&call).await?.body
            }
        };
        decode(WHAT, &body)
    }
}
