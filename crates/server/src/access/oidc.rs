//! Signing in through an identity provider: OpenID Connect's code flow, with PKCE, a state and a nonce.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Account, AuditEntry, Role};
use transport::{Transport, TransportError};

use super::session;
use crate::layout::{own, see};
use crate::{App, Fault, cookie};

/// The cookie that keeps what the provider's answer must match.
const COOKIE: &str = "tandem_oidc";
/// How long somebody may take at the provider, in seconds.
const PATIENCE: u64 = 15 * 60;
/// What binds the cookie's seal to its purpose.
const PURPOSE: &str = "oidc";

/// An identity provider and who may come in through it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address, as it names itself.
    pub issuer: String,
    /// Tandem's name there.
    pub client_id: String,
    /// The secret that belongs to it.
    pub client_secret: SecretString,
    /// What the button calls it.
    pub name: String,
    /// Addresses, or whole domains as `@example.com`, and the role they get; the greatest that fits.
    pub roles: Vec<(String, Role)>,
    /// Whether an address counts that the provider does not say to be verified.
    pub trust_email: bool,
}

/// An identity provider, ready to be asked.
pub struct Oidc {
    settings: Settings,
    issuer: IssuerUrl,
    transport: Arc<dyn Transport>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc").field("settings", &self.settings).finish_non_exhaustive()
    }
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What must match when the browser comes back.
#[derive(Serialize, Deserialize)]
struct Flow {
    state: String,
    nonce: String,
    verifier: String,
    then: String,
}

impl Oidc {
    /// A provider that is asked through `transport`.
    ///
    /// # Errors
    /// When the issuer is no address.
    pub fn new(settings: Settings, transport: Arc<dyn Transport>) -> Result<Self, String> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| format!("the issuer '{}' is no address: {error}", settings.issuer))?;
        Ok(Self { settings, issuer, transport })
    }

    /// What the button calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The role that the settings give an address.
    fn role_of(&self, email: &str) -> Option<Role> {
        let fits = |pattern: &str| {
            let pattern = pattern.trim().to_lowercase();
            if pattern.starts_with('@') { email.ends_with(&pattern) } else { email == pattern }
        };
        self.settings.roles.iter().filter(|(pattern, _)| fits(pattern)).map(|(_, role)| *role).max()
    }

    async fn client(&self, app: &App) -> Result<Client, Fault> {
        let send = |request| send(Arc::clone(&self.transport), request);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &send).await;
        let metadata = metadata.map_err(|error| unreachable(&error))?;
        let back = format!("{}/sign-in/oidc/back", app.public_url.as_deref().unwrap_or_default());
        let back = RedirectUrl::new(back).map_err(|error| unreachable(&error))?;
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        let id = ClientId::new(self.settings.client_id.clone());
        Ok(CoreClient::from_provider_metadata(metadata, id, Some(secret)).set_redirect_uri(back))
    }

    /// The address that the provider vouches for.
    async fn email(&self, app: &App, flow: &Flow, code: String) -> Result<(String, Option<String>), Fault> {
        let client = self.client(app).await?;
        let send = |request| send(Arc::clone(&self.transport), request);
        let request =
            client.exchange_code(AuthorizationCode::new(code)).map_err(|error| unreachable(&error))?;
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&send).await;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let token = answer.id_token().ok_or_else(|| not_done("it sent no ID token"))?;
        let nonce = Nonce::new(flow.nonce.clone());
        let claims =
            token.claims(&client.id_token_verifier(), &nonce).map_err(|error| unreachable(&error))?;
        let email =
            claims.email().ok_or_else(|| Fault::new(StatusCode::FORBIDDEN, "fault-oidc-no-address"))?;
        if claims.email_verified() != Some(true) && !self.settings.trust_email {
            return Err(Fault::new(StatusCode::FORBIDDEN, "fault-oidc-not-verified"));
        }
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        Ok((email.as_str().to_lowercase(), name))
    }
}

/// The provider did not do its part; with the chain of what went wrong, in a line.
fn unreachable(error: &dyn std::error::Error) -> Fault {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    not_done(&causes.collect::<Vec<_>>().join(": "))
}

fn not_done(why: &str) -> Fault {
    Fault::new(StatusCode::BAD_GATEWAY, "fault-oidc").saying(why)
}

async fn send(transport: Arc<dyn Transport>, request: HttpRequest) -> Result<HttpResponse, TransportError> {
    let response = transport.send(request.map(Bytes::from)).await?;
    Ok(response.map(|body| body.to_vec()))
}

pub fn router() -> Router<App> {
    Router::new().route("/sign-in/oidc", get(leave)).route("/sign-in/oidc/back", get(back))
}

fn provider(app: &App) -> Result<&Oidc, Fault> {
    app.oidc.as_deref().ok_or_else(Fault::not_found)
}

#[derive(Deserialize)]
struct Where {
    then: Option<String>,
}

/// Sends the browser to the provider.
async fn leave(State(app): State<App>, Query(place): Query<Where>) -> Result<Response, Fault> {
    let client = provider(&app)?.client(&app).await?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let flow = Flow {
        state: state.secret().clone(),
        nonce: nonce.secret().clone(),
        verifier: verifier.secret().clone(),
        then: own(place.then.as_deref().unwrap_or("/")).to_owned(),
    };
    let kept = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&flow).map_err(Fault::failed)?);
    let seal = app.form_key.token(&kept, PURPOSE);
    let mut response = Redirect::to(address.as_str()).into_response();
    let cookie = cookie::set(COOKIE, &format!("{kept}.{seal}"), Some(PATIENCE), app.is_secure());
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// What this browser left with.
fn kept(app: &App, headers: &HeaderMap) -> Option<Flow> {
    let value = cookie::value(headers, COOKIE)?;
    let (kept, seal) = value.split_once('.')?;
    if !app.form_key.fits(seal, kept, PURPOSE) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(kept).ok()?).ok()
}

#[derive(Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Takes the browser back from the provider.
async fn back(
    State(app): State<App>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, Fault> {
    let oidc = provider(&app)?;
    let lost = || Fault::new(StatusCode::FORBIDDEN, "fault-oidc-lost");
    let flow = kept(&app, &headers).ok_or_else(lost)?;
    if answer.state.as_deref() != Some(flow.state.as_str()) {
        return Err(lost());
    }
    if let Some(error) = answer.error {
        return Err(not_done(&answer.error_description.unwrap_or(error)));
    }
    let (email, name) = oidc.email(&app, &flow, answer.code.ok_or_else(lost)?).await?;
    let account = admitted(&app, oidc, &email, name)?;
    let mut response = session::begin(&app, account.id, see(own(&flow.then)))?;
    let gone = cookie::set(COOKIE, "", Some(0), app.is_secure());
    response.headers_mut().extend(gone.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// The account of an address that the provider vouches for: one that was invited, or one that the settings give a role.
fn admitted(app: &App, oidc: &Oidc, email: &str, name: Option<String>) -> Result<Account, Fault> {
    let refused = || Fault::new(StatusCode::FORBIDDEN, "fault-oidc-not-invited").saying(email);
    let given = oidc.role_of(email);
    let account = match app.store.account_of(email)? {
        Some(account) => account,
        None => {
            let role = given.ok_or_else(refused)?;
            let name = name.unwrap_or_else(|| email.to_owned());
            let id = app.store.create_account(email, &name, role, (app.now)())?.ok_or_else(refused)?;
            noted(app, email, "user-came", json!({ "email": email, "role": role }))?;
            app.store.account(id)?.ok_or_else(refused)?
        }
    };
    if account.disabled {
        return Err(refused());
    }
    // The settings are what was last decided about whom they name.
    if let Some(role) = given.filter(|role| *role != account.role)
        && app.store.change_account(account.id, role, false)?
    {
        noted(app, email, "user", json!({ "email": email, "role": role }))?;
        return app.store.account(account.id)?.ok_or_else(refused);
    }
    Ok(account)
}

fn noted(app: &App, email: &str, what: &str, after: serde_json::Value) -> Result<(), Fault> {
    let who = email.to_owned();
    let entry = AuditEntry { at: (app.now)(), who, what: what.to_owned(), before: None, after: Some(after) };
    Ok(app.store.note(None, &entry)?)
}
