//! How the client proves who it is, and how it renews that.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Mutex;
use transport::World;
use url::Url;

use crate::{Error, OAuthApp, Paths, oauth};

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

/// Renewed this long before the end, so that no call is under way when it comes.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// The token in use. One lock around it keeps renewals from overlapping.
#[derive(Debug)]
pub(crate) enum Access {
    Fixed(SecretString),
    Renewed { oauth: Box<OAuth>, state: Box<Mutex<State>> },
}

#[derive(Debug)]
pub(crate) struct State {
    tokens: Tokens,
    /// Counts renewals, so that two calls refused with the same token renew it once.
    generation: u64,
    refused: bool,
    unsaved: bool,
}

impl Access {
    pub(crate) fn new(auth: Auth) -> Self {
        match auth {
            Auth::Token(token) => Self::Fixed(token),
            Auth::OAuth(oauth) => {
                let tokens = oauth.tokens.clone();
                let state = State { tokens, generation: 0, refused: false, unsaved: false };
                Self::Renewed { oauth: Box::new(oauth), state: Box::new(Mutex::new(state)) }
            }
        }
    }

    /// The token to send, renewed first where that is due, and its generation.
    pub(crate) async fn token(
        &self,
        world: &World,
        base_url: &Url,
        paths: &Paths,
    ) -> Result<(SecretString, u64), Error> {
        let (oauth, state) = match self {
            Self::Fixed(token) => return Ok((token.clone(), 0)),
            Self::Renewed { oauth, state } => (oauth, state),
        };
        let mut state = state.lock().await;
        let ends = state.tokens.expires_at.saturating_sub(EARLY).unwrap_or(Timestamp::MIN);
        if !state.unsaved && (state.refused || world.clock.now() >= ends) {
            let mut tokens =
                oauth::refresh(world, base_url, paths, &oauth.app, &state.tokens.refresh_token).await?;
            if tokens.scopes.is_empty() {
                tokens.scopes.clone_from(&state.tokens.scopes);
            }
            tokens.hub_id = tokens.hub_id.or_else(|| state.tokens.hub_id.take());
            state.tokens = tokens;
            state.generation += 1;
            state.refused = false;
            // Remembered until saved: should saving fail, the former refresh token may be worthless already.
            state.unsaved = true;
        }
        if state.unsaved {
            oauth.store.save(&state.tokens).await.map_err(|error| Error::TokenStore(error.to_string()))?;
            state.unsaved = false;
        }
        Ok((state.tokens.access_token.clone(), state.generation))
    }

    /// Notes that HubSpot refused the token of this generation; tells whether another can be had.
    pub(crate) async fn refused(&self, generation: u64) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Renewed { state, .. } => {
                let mut state = state.lock().await;
                if state.generation == generation {
                    state.refused = true;
                }
                true
            }
        }
    }
}
