//! Connecting an org: the OAuth flows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use transport::World;
use url::{Url, form_urlencoded};

use crate::retry::{Repeat, Tries};
use crate::{Error, Tokens};

/// An app as registered with Salesforce.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    /// Its public id (consumer key).
    pub client_id: String,
    /// Its secret, where it has one.
    pub client_secret: Option<SecretString>,
    /// Where Salesforce sends people back to.
    pub redirect_uri: String,
}

/// The proof that whoever trades the code is whoever sent the person to log in.
#[derive(Debug, Clone)]
pub struct Pkce {
    /// Kept here until the code is traded.
    pub verifier: SecretString,
    /// Sent along with the person.
    pub challenge: String,
}

impl Pkce {
    fn of(verifier: String) -> Self {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier: verifier.into(), challenge }
    }
}

/// A fresh proof for one login.
#[must_use]
pub fn pkce(world: &World) -> Pkce {
    let bytes: Vec<u8> = (0..4).flat_map(|_| world.chance.bits().to_be_bytes()).collect();
    Pkce::of(URL_SAFE_NO_PAD.encode(bytes))
}

/// Where a person goes to connect an org. `login_url` is a login host or the org's My Domain.
#[must_use]
pub fn authorize_url(login_url: &Url, app: &OAuthApp, scopes: &[&str], challenge: &str, state: &str) -> Url {
    let mut url = login_url.clone();
    url.set_path("/services/oauth2/authorize");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", &app.redirect_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", state)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    url
}

/// Trades the code Salesforce sent back for tokens.
///
/// # Errors
/// When Salesforce refuses the code.
pub async fn exchange_code(
    world: &World,
    login_url: &Url,
    app: &OAuthApp,
    code: &str,
    verifier: &SecretString,
) -> Result<Tokens, Error> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", &app.client_id),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", verifier.expose_secret()),
    ];
    with_secret(&mut form, app);
    // A code is good for one use.
    tokens(world, login_url, &form, Repeat::Never).await
}

/// Trades a refresh token for new tokens; what the answer leaves out stays as it was.
pub(crate) async fn refresh(
    world: &World,
    login_url: &Url,
    app: &OAuthApp,
    former: &Tokens,
) -> Result<Tokens, Error> {
    let Some(refresh_token) = &former.refresh_token else {
        return Err(Error::InvalidRequest("there is no refresh token; connect the org again".to_owned()));
    };
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose_secret()),
        ("client_id", app.client_id.as_str()),
    ];
    with_secret(&mut form, app);
    // Nothing better than the same token is at hand, so asking again loses nothing.
    let mut tokens = tokens(world, login_url, &form, Repeat::Read).await?;
    tokens.refresh_token = tokens.refresh_token.or_else(|| former.refresh_token.clone());
    tokens.identity_url = tokens.identity_url.or_else(|| former.identity_url.clone());
    tokens.scope = tokens.scope.or_else(|| former.scope.clone());
    Ok(tokens)
}

pub(crate) async fn client_credentials(
    world: &World,
    login_url: &Url,
    client_id: &str,
    client_secret: &SecretString,
) -> Result<Tokens, Error> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", client_secret.expose_secret()),
    ];
    tokens(world, login_url, &form, Repeat::Read).await
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

/// How long a signed request for access is good for, in seconds.
const ASSERTION: i64 = 180;

pub(crate) async fn jwt_bearer(
    world: &World,
    login_url: &Url,
    audience: &str,
    client_id: &str,
    username: &str,
    private_key: &SecretString,
) -> Result<Tokens, Error> {
    let key = EncodingKey::from_rsa_pem(private_key.expose_secret().as_bytes()).map_err(|_| {
        Error::InvalidRequest("the private key for Salesforce is no RSA key in PEM form".to_owned())
    })?;
    let exp = world.clock.now().as_second() + ASSERTION;
    let claims = Claims { iss: client_id, sub: username, aud: audience, exp };
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map_err(|error| {
        Error::InvalidRequest(format!("the request for access could not be signed: {error}"))
    })?;
    let form =
        [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    tokens(world, login_url, &form, Repeat::Read).await
}

pub(crate) async fn revoke(world: &World, host: &Url, token: &SecretString) -> Result<(), Error> {
    let form = [("token", token.expose_secret())];
    post_form(world, host, "/services/oauth2/revoke", &form, "ending access", Repeat::Write).await.map(drop)
}

fn with_secret<'a>(form: &mut Vec<(&'a str, &'a str)>, app: &'a OAuthApp) {
    if let Some(secret) = &app.client_secret {
        form.push(("client_secret", secret.expose_secret()));
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: Option<String>,
    instance_url: Url,
    id: Option<String>,
    issued_at: Option<String>,
    scope: Option<String>,
}

async fn tokens(world: &World, host: &Url, form: &[(&str, &str)], repeat: Repeat) -> Result<Tokens, Error> {
    const WHAT: &str = "giving out tokens";
    let body = post_form(world, host, "/services/oauth2/token", form, WHAT, repeat).await?;
    // Neither the body nor the parser's complaint may be shown: they can hold the tokens.
    let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| Error::Decode {
        what: WHAT.to_owned(),
        reason: "it holds no access token with an instance_url".to_owned(),
        body: "(not shown)".to_owned(),
    })?;
    let issued = answer.issued_at.and_then(|millis| millis.parse().ok());
    Ok(Tokens {
        access_token: answer.access_token.into(),
        refresh_token: answer.refresh_token.map(SecretString::from),
        instance_url: answer.instance_url,
        identity_url: answer.id,
        issued_at: issued.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        scope: answer.scope,
    })
}

async fn post_form(
    world: &World,
    host: &Url,
    path: &str,
    form: &[(&str, &str)],
    what: &str,
    repeat: Repeat,
) -> Result<Bytes, Error> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut tries = Tries::new(world, what, repeat, 5);
    loop {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", host.as_str().trim_end_matches('/')))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_hash_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let pkce = Pkce::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(pkce.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
