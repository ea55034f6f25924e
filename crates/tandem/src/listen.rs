//! Serving a router on a socket.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt;
use sim_base::Tls;
use tokio::net::TcpListener;

/// A socket that nobody is served on yet.
#[derive(Debug)]
pub struct Socket {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Takes an address; port 0 takes any that is free.
pub async fn bind(address: &str, what: &str) -> anyhow::Result<Socket> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("{what} cannot listen on {address}; choose another address, or stop what is using it")
    })?;
    let address = listener.local_addr()?;
    Ok(Socket { listener, address })
}

impl Socket {
    /// The address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address as a URL for callers who come over TLS.
    pub fn secure_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Serves a simulator, whose faults may break connections, until the process ends.
    pub fn simulate(self, router: Router, tls: Option<Tls>) {
        tokio::spawn(sim_base::serve(self.listener, router, tls));
    }

    /// Serves `router` until the process ends.
    pub fn serve(self, router: Router) {
        // Small answers go out at once.
        let listener = self.listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "set_nodelay");
            }
        });
        tokio::spawn(async move {
            if let Err(error) =
                axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
            {
                tracing::error!(%error, "the server ended");
            }
        });
    }
}

/// Waits until the process is told to stop (Ctrl-C, or SIGTERM).
pub async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
