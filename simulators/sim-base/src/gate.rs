//! Where each request passes on its way in and out: faults strike here, and bytes are counted.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::response::Response;
use http::header;

use crate::faults::{FaultKind, Faults};
use crate::stats::Stats;
use crate::wire;

/// How a platform says what a fault makes it say.
pub trait Words {
    /// The name of a route in the counters.
    fn route(&self, asked: &Request) -> String;
    /// The platform's own refusal with this status.
    fn status(&self, asked: &Request, status: u16) -> Response;
    /// The refusal of a token that has expired; nothing for a path that takes none.
    fn expired(&self, asked: &Request) -> Option<Response>;
}

/// Goes with a request whose batch is to fail in part: the chance of each row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfBatch(pub f64);

/// Whether a path belongs to the simulator and not to the platform.
#[must_use]
pub fn is_own(path: &str) -> bool {
    path == "/" || path == "/_sim" || path.starts_with("/_sim/")
}

/// Lets a request through to `next`, or does to it what the fault plan says.
pub async fn through<N, F>(
    faults: &Faults,
    stats: &Stats,
    words: &impl Words,
    mut request: Request,
    next: N,
) -> Response
where
    N: FnOnce(Request) -> F,
    F: Future<Output = Response>,
{
    if is_own(request.uri().path()) {
        return next(request).await;
    }
    let fault = faults.decide(request.method(), request.uri().path());
    let answer = match fault.map(|fault| fault.kind) {
        None => next(request).await,
        Some(kind) => {
            stats.fault(kind.name());
            let instead = match kind {
                FaultKind::Status { status, retry_after } => {
                    Some(refusal(stats, words, &request, status, retry_after))
                }
                FaultKind::Refused | FaultKind::LostBefore => Some(wire::lost_connection()),
                FaultKind::TimeoutBefore { hold_ms } => Some(wire::unanswered(hold_ms)),
                FaultKind::WrongType { status } => Some(wire::page(status)),
                FaultKind::ExpiredToken => words.expired(&request),
                _ => None,
            };
            if let Some(answer) = instead {
                stats.call(&words.route(&request), announced(&request), false);
                answer
            } else {
                if let (FaultKind::HalfBatch, Some(fault)) = (kind, fault) {
                    request.extensions_mut().insert(HalfBatch(fault.probability));
                }
                let answer = next(request).await;
                match kind {
                    FaultKind::LostAfter => wire::lost_connection(),
                    FaultKind::TimeoutAfter { hold_ms } => wire::unanswered(hold_ms),
                    FaultKind::Truncated => wire::truncated(answer).await,
                    FaultKind::SlowDrip { over_ms } => wire::dripping(answer, over_ms).await,
                    _ => answer,
                }
            }
        }
    };
    if answer.extensions().get::<wire::ConnectionLost>().is_none() {
        stats.answered(body_size(&answer));
    }
    answer
}

fn refusal(
    stats: &Stats,
    words: &impl Words,
    asked: &Request,
    status: u16,
    retry_after: Option<u32>,
) -> Response {
    if status == 429 {
        stats.throttled();
    }
    // A gateway answers for itself, in HTML.
    let mut answer =
        if matches!(status, 502 | 504) { wire::page(status) } else { words.status(asked, status) };
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// The size of a body that nobody will read, as the caller announced it.
fn announced(request: &Request) -> u64 {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_else(|| request.body().size_hint().lower())
}

fn body_size(answer: &Response) -> u64 {
    let announced = answer.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    announced.and_then(|length| length.parse().ok()).unwrap_or_else(|| answer.body().size_hint().lower())
}
