//! Answers that go wrong on the wire.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{StatusCode, header};
use http_body_util::BodyExt;

/// Marks an answer that does not reach the caller, or not whole. A transport in memory turns it into a connection
/// error; [`crate::serve`] does to the socket what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionLost {
    /// Nothing is answered, not even a status. The caller may wait this long for it.
    Unanswered {
        /// Until the connection is reset.
        hold_ms: u64,
    },
    /// The answer begins, and its body breaks off.
    MidBody,
}

/// An answer that never comes: the connection is reset.
#[must_use]
pub fn lost_connection() -> Response {
    unanswered(0)
}

/// An answer that never comes: the caller waits, and after `hold_ms` the connection is reset.
#[must_use]
pub fn unanswered(hold_ms: u64) -> Response {
    // Whoever serves this without looking at the mark still breaks the connection.
    let mut response = Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })));
    response.extensions_mut().insert(ConnectionLost::Unanswered { hold_ms });
    response
}

fn broken() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "simulated loss of connection")
}

/// The same answer, whose body breaks off half way.
pub async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    parts.extensions.insert(ConnectionLost::MidBody);
    let pieces = stream::once(async { Ok(half) }).chain(stream::once(async {
        // What has been given is sent on its way before the rest fails.
        tokio::task::yield_now().await;
        Err(broken())
    }));
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// The same answer, whose body comes in ten pieces over `over_ms`.
pub async fn dripping(response: Response, over_ms: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let size = whole.len().div_ceil(10).max(1);
    let pieces: Vec<Bytes> =
        (0..whole.len()).step_by(size).map(|at| whole.slice(at..whole.len().min(at + size))).collect();
    let pause = Duration::from_millis(over_ms / pieces.len().max(1) as u64);
    let pieces = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// A page of HTML, as something between the caller and the platform would answer.
#[must_use]
pub fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = if status.is_success() {
        "Please wait".to_owned()
    } else {
        format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"))
    };
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>proxy</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dripping_answer_is_whole_and_takes_its_time() {
        let begun = tokio::time::Instant::now();
        let answer = dripping(Response::new(Body::from("0123456789abc")), 1000).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "0123456789abc");
        assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_truncated_answer_promises_more_than_it_gives() {
        let answer = truncated(Response::new(Body::from("0123456789"))).await;
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], "10");
        assert_eq!(answer.extensions().get(), Some(&ConnectionLost::MidBody));
        assert!(answer.into_body().collect().await.is_err());
    }
}
