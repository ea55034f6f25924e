//! Connecting an org: the OAuth flows.

use secrecy::SecretString;

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
