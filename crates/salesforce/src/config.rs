//! How a client is set up.

use crate::Auth;

/// The API version this client is written against.
pub const API_VERSION: &str = "66.0";

/// How a client is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the client gets access, and to which org.
    pub auth: Auth,
    /// The API version called, such as `66.0`.
    pub api_version: String,
    /// The name under which Salesforce's logs and change events know the caller. Letters, digits, `_` and `-` only.
    pub client_name: String,
    /// Records per page of a query, 200 to 2,000.
    pub query_batch: u32,
    /// How often one call is tried at most.
    pub attempts: u32,
}

impl Config {
    /// The usual settings.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            api_version: API_VERSION.to_owned(),
            client_name: "tandem".to_owned(),
            query_batch: 2_000,
            attempts: 5,
        }
    }
}
