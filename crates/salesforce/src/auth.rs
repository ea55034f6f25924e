//! How the client gets access, and how it renews that.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::OAuthApp;

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
