//! Connecting a portal: the OAuth web flow.

use secrecy::SecretString;

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
#[derive(Debug, Clone, Default)]
pub struct Introspection {
    /// Whether it works now.
    pub active: bool,
    /// The portal.
    pub hub_id: Option<String>,
    /// The portal's domain.
    pub hub_domain: Option<String>,
    /// The app, whose id marks its own changes in histories and webhooks.
    pub app_id: Option<String>,
    /// The user who authorised it.
    pub user_id: Option<String>,
    /// That user's address.
    pub user: Option<String>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Seconds left.
    pub expires_in: Option<i64>,
}
