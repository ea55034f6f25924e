//! The world as the API clients see it: HTTP, time and chance, all handed in from outside.
//!
//! In a running Tandem these are the network, the machine's clock and its random source. Under simulation the
//! same clients call both simulators in memory, on a paused clock, with seeded chance: nothing in the clients or
//! the engine may reach around this crate.

mod chance;
mod clock;
mod http_transport;

use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::Arc;

pub use chance::Chance;
pub use clock::{Clock, SystemClock, TokioClock};
pub use http_transport::HttpTransport;

/// An HTTP request with its whole body.
pub type Request = http::Request<Bytes>;
/// An HTTP response with its whole body.
pub type Response = http::Response<Bytes>;

/// Sends one request and waits for the whole answer. It never retries: whoever knows what the request does
/// decides that.
pub trait Transport: Send + Sync {
    /// Sends `request`.
    ///
    /// # Errors
    /// Where no whole answer came; see [`TransportError`] for what is then known.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// No whole answer came.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The request was certainly not received: no connection could be made. It may be sent again.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// Host and port that were tried.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The connection broke or the time ran out after the request had been sent: it may have taken effect.
    #[error("no answer from {host}: {reason}")]
    Lost {
        /// Host and port that were asked.
        host: String,
        /// What the system said.
        reason: String,
    },
}

impl TransportError {
    /// Whether the request certainly had no effect, so that sending it again repeats nothing.
    #[must_use]
    pub fn is_certainly_unsent(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Everything a client takes from outside.
#[derive(Clone)]
pub struct World {
    /// Where requests go.
    pub transport: Arc<dyn Transport>,
    /// What time it is, and how to wait.
    pub clock: Arc<dyn Clock>,
    /// Jitter and made-up names.
    pub chance: Chance,
}

impl World {
    /// The real one: network, system clock, random seed from the system.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up (no usable TLS roots, for example).
    pub fn real() -> Result<Self, TransportError> {
        Ok(Self {
            transport: Arc::new(HttpTransport::new()?),
            clock: Arc::new(SystemClock),
            chance: Chance::from_system(),
        })
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
