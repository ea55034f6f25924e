//! The real network.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{Request, Response, Transport, TransportError};

/// HTTP over the network, with connections kept for reuse.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Longest wait for a connection.
    const CONNECT: Duration = Duration::from_secs(10);
    /// Longest wait for a whole answer. Salesforce ends its own requests after ten minutes; nothing Tandem asks
    /// in one request should need more than two.
    const WHOLE: Duration = Duration::from_secs(120);

    /// Sets up the client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Self::CONNECT)
            .timeout(Self::WHOLE)
            // A redirect would send credentials somewhere nobody chose.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| TransportError::Unreachable {
                host: "any host".into(),
                reason: describe(&error),
            })?;
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let host =
                request.uri().authority().map_or_else(|| request.uri().to_string(), ToString::to_string);
            let unreachable = |error: &reqwest::Error, host: &str| TransportError::Unreachable {
                host: host.to_owned(),
                reason: describe(error),
            };
            let request = reqwest::Request::try_from(request).map_err(|error| unreachable(&error, &host))?;
            let answer = self.client.execute(request).await.map_err(|error| {
                if error.is_connect() || error.is_builder() {
                    unreachable(&error, &host)
                } else {
                    TransportError::Lost { host: host.clone(), reason: describe(&error) }
                }
            })?;
            let mut response = http::Response::new(bytes::Bytes::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer
                .bytes()
                .await
                .map_err(|error| TransportError::Lost { host, reason: describe(&error) })?;
            Ok(response)
        })
    }
}

/// The innermost cause says most ("connection refused"); reqwest's own words only name the address again.
fn describe(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_connection_is_certainly_unsent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let request = http::Request::get(format!("http://{address}/")).body(bytes::Bytes::new()).unwrap();
        let error = HttpTransport::new().unwrap().send(request).await.unwrap_err();
        assert!(error.is_certainly_unsent(), "{error:?}");
        assert!(error.to_string().contains(&address.port().to_string()), "{error}");
    }
}
