//! How the client gets access, and how it renews that.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Mutex;
use transport::World;
use url::Url;

use crate::{Error, OAuthApp, oauth};

/// Any error, for stores given from outside.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How the client gets access.
#[derive(Clone)]
pub enum Auth {
    /// A session's token that nothing can renew.
    AccessToken {
        /// The org's own address.
        instance_url: Url,
        /// The token.
        token: SecretString,
    },
    /// As the user an app runs as.
    ClientCredentials {
        /// The org's My Domain address; the general login hosts do not serve this.
        login_url: Url,
        /// The app's public id.
        client_id: String,
        /// The app's secret.
        client_secret: SecretString,
    },
    /// As the user who authorised the app in a browser.
    RefreshToken {
        /// Where the user logged in.
        login_url: Url,
        /// The app.
        app: OAuthApp,
        /// The tokens as last saved.
        tokens: Tokens,
        /// Where renewed tokens are saved before they are used.
        store: Arc<dyn TokenStore>,
    },
    /// As a user whom an administrator approved beforehand, proven by a signature.
    Jwt {
        /// Where tokens are given out.
        login_url: Url,
        /// `https://login.salesforce.com` or `https://test.salesforce.com`.
        audience: String,
        /// The app's public id.
        client_id: String,
        /// The user.
        username: String,
        /// The private RSA key, as PEM.
        private_key: SecretString,
    },
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AccessToken { instance_url, .. } => f
                .debug_struct("AccessToken")
                .field("instance_url", &instance_url.as_str())
                .finish_non_exhaustive(),
            Self::ClientCredentials { login_url, client_id, .. } => f
                .debug_struct("ClientCredentials")
                .field("login_url", &login_url.as_str())
                .field("client_id", client_id)
                .finish_non_exhaustive(),
            Self::RefreshToken { login_url, app, tokens, .. } => f
                .debug_struct("RefreshToken")
                .field("login_url", &login_url.as_str())
                .field("app", app)
                .field("tokens", tokens)
                .finish_non_exhaustive(),
            Self::Jwt { login_url, username, .. } => f
                .debug_struct("Jwt")
                .field("login_url", &login_url.as_str())
                .field("username", username)
                .finish_non_exhaustive(),
        }
    }
}

/// The tokens of one org.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every call.
    pub access_token: SecretString,
    /// Buys the next access token, where the flow gives one.
    pub refresh_token: Option<SecretString>,
    /// The org's own address, which all calls go to.
    pub instance_url: Url,
    /// Address that names the org and user.
    pub identity_url: Option<String>,
    /// When they were given out.
    pub issued_at: Option<Timestamp>,
    /// What they allow, space separated.
    pub scope: Option<String>,
}

/// Keeps renewed tokens. A refresh token may be good for one use only, and using it again may end all access, so
/// what is given here must be safe on disk before `save` returns.
pub trait TokenStore: Send + Sync {
    /// Keeps `tokens` in place of the former ones.
    fn save<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The access in use. One lock around it keeps renewals from overlapping.
pub(crate) struct Access {
    auth: Auth,
    state: Mutex<State>,
}

struct State {
    tokens: Option<Tokens>,
    /// Counts renewals, so that two calls refused with the same token renew it once.
    generation: u64,
    refused: bool,
    unsaved: bool,
}

/// What a call needs.
#[derive(Clone)]
pub(crate) struct Session {
    pub token: SecretString,
    pub instance_url: Url,
    pub generation: u64,
}

impl Access {
    pub(crate) fn new(auth: Auth) -> Self {
        let tokens = match &auth {
            Auth::AccessToken { instance_url, token } => Some(Tokens {
                access_token: token.clone(),
                refresh_token: None,
                instance_url: instance_url.clone(),
                identity_url: None,
                issued_at: None,
                scope: None,
            }),
            Auth::RefreshToken { tokens, .. } => Some(tokens.clone()),
            Auth::ClientCredentials { .. } | Auth::Jwt { .. } => None,
        };
        Self { auth, state: Mutex::new(State { tokens, generation: 0, refused: false, unsaved: false }) }
    }

    /// The access to use, got or renewed first where that is due.
    pub(crate) async fn session(&self, world: &World) -> Result<Session, Error> {
        let mut state = self.state.lock().await;
        // The former tokens stay in place until there are new ones: whoever waits here may stop waiting.
        let tokens = match state.tokens.clone() {
            Some(tokens) if state.unsaved || !state.refused => tokens,
            former => {
                let tokens = self.log_in(world, former.as_ref()).await?;
                state.tokens = Some(tokens.clone());
                state.generation += 1;
                state.refused = false;
                // Remembered until saved: should saving fail, the former refresh token may be worthless already.
                state.unsaved = true;
                tokens
            }
        };
        if state.unsaved {
            if let Auth::RefreshToken { store, .. } = &self.auth {
                store.save(&tokens).await.map_err(|error| Error::TokenStore(error.to_string()))?;
            }
            state.unsaved = false;
        }
        Ok(Session {
            token: tokens.access_token,
            instance_url: tokens.instance_url,
            generation: state.generation,
        })
    }

    /// Notes that Salesforce refused the token of this generation; tells whether another can be had.
    pub(crate) async fn refused(&self, generation: u64) -> bool {
        if matches!(self.auth, Auth::AccessToken { .. }) {
            return false;
        }
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.refused = true;
        }
        true
    }

    /// The token whose end ends all access, and where to say so.
    pub(crate) async fn longest_token(&self, world: &World) -> Result<(SecretString, Url), Error> {
        let session = self.session(world).await?;
        let state = self.state.lock().await;
        let refresh_token = state.tokens.as_ref().and_then(|tokens| tokens.refresh_token.clone());
        Ok((refresh_token.unwrap_or(session.token), session.instance_url))
    }

    async fn log_in(&self, world: &World, former: Option<&Tokens>) -> Result<Tokens, Error> {
        match &self.auth {
            Auth::AccessToken { .. } => {
                Err(Error::InvalidRequest("a plain access token cannot be renewed".to_owned()))
            }
            Auth::ClientCredentials { login_url, client_id, client_secret } => {
                oauth::client_credentials(world, login_url, client_id, client_secret).await
            }
            Auth::RefreshToken { login_url, app, tokens, .. } => {
                oauth::refresh(world, login_url, app, former.unwrap_or(tokens)).await
            }
            Auth::Jwt { login_url, audience, client_id, username, private_key } => {
                oauth::jwt_bearer(world, login_url, audience, client_id, username, private_key).await
            }
        }
    }
}
