//! How a client is set up.

use std::time::Duration;

use url::Url;

use crate::Auth;

/// The dated API version this client is written against.
pub const API_VERSION: &str = "2026-09";

/// Which family of paths to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paths {
    /// `/crm/objects/{version}/…`, the current family.
    Dated(String),
    /// `/crm/v3/objects/…` and `/crm/v4/associations/…`.
    Classic,
}

impl Default for Paths {
    fn default() -> Self {
        Self::Dated(API_VERSION.to_owned())
    }
}

/// How a client is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is, normally `https://api.hubapi.com`.
    pub base_url: Url,
    /// How the client proves who it is.
    pub auth: Auth,
    /// Which family of paths to call.
    pub paths: Paths,
    /// Calls allowed in any `burst_window`. 100 is what the smallest plan allows.
    pub burst_limit: u32,
    /// The rolling window that `burst_limit` counts over.
    pub burst_window: Duration,
    /// Whether the limit and window in HubSpot's answers replace `burst_limit` and `burst_window`.
    pub learn_limits: bool,
    /// Searches allowed in any second, over all objects.
    pub searches_per_second: u32,
    /// How often one call is tried at most.
    pub attempts: u32,
}

impl Config {
    /// HubSpot's own address, dated paths, the smallest plan's limits.
    #[must_use]
    pub fn new(base_url: Url, auth: Auth) -> Self {
        Self {
            base_url,
            auth,
            paths: Paths::default(),
            burst_limit: 100,
            burst_window: Duration::from_secs(10),
            learn_limits: true,
            searches_per_second: 5,
            attempts: 5,
        }
    }

    /// Calls the classic v3/v4 paths instead of the dated ones.
    #[must_use]
    pub fn with_classic_paths(mut self) -> Self {
        self.paths = Paths::Classic;
        self
    }
}
