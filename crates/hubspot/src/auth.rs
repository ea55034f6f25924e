//! How the client proves who it is, and how it renews that.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::OAuthApp;

/// Any error, for stores given from outside.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How the client proves who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    /// A token that does not expire: a private app's or a service key.
    Token(SecretString),
    /// Tokens of a public app that are renewed.
    OAuth(OAuth),
}

/// What is needed to renew tokens.
#[derive(Clone)]
pub struct OAuth {
    /// The app the tokens belong to.
    pub app: OAuthApp,
    /// The tokens as last saved.
    pub tokens: Tokens,
    /// Where renewed tokens are saved before they are used.
    pub store: Arc<dyn TokenStore>,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuth").field("app", &self.app).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// The tokens of one portal.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every call.
    pub access_token: SecretString,
    /// Buys the next access token.
    pub refresh_token: SecretString,
    /// When the access token stops working.
    pub expires_at: Timestamp,
    /// The portal they belong to.
    pub hub_id: Option<String>,
    /// What they allow.
    pub scopes: Vec<String>,
}

/// Keeps renewed tokens. A refresh token may be good for one use only, so what is given here must be safe on disk
/// before `save` returns.
pub trait TokenStore: Send + Sync {
    /// Keeps `tokens` in place of the former ones.
    fn save<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), BoxError>>;
}
