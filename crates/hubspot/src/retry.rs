//! What may be sent again, and when: the one place that decides.

use std::time::Duration;

use transport::{Response, TransportError, World};

use crate::error::{classify, parse_refusal};
use crate::{ApiError, Error};

/// What sending a call twice would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing: it only reads.
    Read,
    /// Nothing more than sending it once: updates, upserts by a unique key, deletions, links.
    Write,
    /// Something twice: creates.
    Never,
}

/// The tries of one call.
pub(crate) struct Tries<'a> {
    world: &'a World,
    what: &'a str,
    repeat: Repeat,
    most: u32,
    made: u32,
    /// Why an earlier try may have taken effect.
    perhaps_done: Option<String>,
}

/// What to do after a try.
enum Verdict {
    Answered,
    /// Surely without effect; worth another try.
    Again(Duration, Error),
    /// Perhaps with effect; worth another try where repeating is harmless.
    Unsure(String, Error),
    Refused(Error),
}

/// The settled result of a call.
#[derive(Debug)]
pub(crate) struct Settled {
    pub response: Response,
    /// Whether an earlier try may have taken effect already.
    pub repeated: bool,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(world: &'a World, what: &'a str, repeat: Repeat, most: u32) -> Self {
        Self { world, what, repeat, most: most.max(1), made: 0, perhaps_done: None }
    }

    /// Takes the outcome of a try: the answer, or nothing after having waited for the next try.
    pub(crate) async fn settle(
        &mut self,
        outcome: Result<Response, TransportError>,
    ) -> Result<Option<Settled>, Error> {
        self.made += 1;
        let verdict = judge(outcome.as_ref(), self.made);
        let (wait, error) = match (verdict, outcome) {
            (Verdict::Answered, Ok(response)) => {
                return Ok(Some(Settled { response, repeated: self.perhaps_done.is_some() }));
            }
            (Verdict::Answered, Err(error)) => return Err(error.into()),
            (Verdict::Refused(error), _) => return Err(error),
            (Verdict::Again(wait, error), _) => (wait, error),
            (Verdict::Unsure(reason, error), _) => {
                if self.repeat == Repeat::Never {
                    return Err(self.ambiguous(reason));
                }
                if self.repeat == Repeat::Write {
                    self.perhaps_done = Some(reason);
                }
                (growing(self.made), error)
            }
        };
        if self.made >= self.most {
            return Err(match self.perhaps_done.take() {
                Some(reason) => self.ambiguous(reason),
                None => match error {
                    Error::RateLimited { api, .. } => Error::RateLimited { tries: self.made, api },
                    other => other,
                },
            });
        }
        tracing::debug!(what = self.what, tries = self.made, ?wait, %error, "trying again");
        self.world.clock.sleep(wait.saturating_add(self.world.chance.jitter(wait / 2))).await;
        Ok(None)
    }

    fn ambiguous(&self, reason: String) -> Error {
        Error::Ambiguous { what: self.what.to_owned(), reason }
    }
}

/// Doubles from half a second to half a minute.
fn growing(made: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << made.saturating_sub(1).min(6)).min(Duration::from_secs(30))
}

/// The pause that a refusal for calling too often asks for, where it asks for one.
pub(crate) fn rate_pause(api: &ApiError) -> Option<Duration> {
    if api.status != 429 || is_daily(api) {
        return None;
    }
    let message = api.message.to_ascii_lowercase();
    let secondly = api.policy.as_deref() == Some("SECONDLY")
        || (api.policy.is_none() && message.contains("secondly") && !message.contains("ten_secondly"));
    Some(if secondly { Duration::from_secs(1) } else { Duration::from_secs(10) })
}

fn is_daily(api: &ApiError) -> bool {
    api.policy.as_deref() == Some("DAILY")
        || (api.policy.is_none() && api.message.to_ascii_lowercase().contains("daily limit"))
}

fn judge(outcome: Result<&Response, &TransportError>, made: u32) -> Verdict {
    let response = match outcome {
        Ok(response) => response,
        Err(error @ TransportError::Unreachable { .. }) => {
            return Verdict::Again(growing(made), error.clone().into());
        }
        Err(error @ TransportError::Lost { .. }) => {
            return Verdict::Unsure(error.to_string(), error.clone().into());
        }
    };
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Verdict::Answered;
    }
    let (api, worded) = parse_refusal(response);
    let asked = retry_after(response);
    match status {
        429 => match rate_pause(&api) {
            None => Verdict::Refused(Error::LimitExceeded(Box::new(api))),
            Some(pause) => Verdict::Again(
                asked.unwrap_or(pause).max(pause),
                Error::RateLimited { tries: made, api: Box::new(api) },
            ),
        },
        // A short lock on bulk writes.
        423 => Verdict::Again(Duration::from_secs(2).max(growing(made)), classify(response)),
        // The portal is being moved; that can take a day, which is not worth waiting for here.
        477 => match asked {
            Some(pause) if pause <= Duration::from_secs(60) => Verdict::Again(pause, classify(response)),
            _ => Verdict::Refused(classify(response)),
        },
        // Said by HubSpot itself, not by something on the way: it did not take the call.
        503 if worded => Verdict::Again(asked.unwrap_or(growing(made)), classify(response)),
        408 | 500 | 502..=504 | 520..=526 => Verdict::Unsure(api.to_string(), classify(response)),
        _ => Verdict::Refused(classify(response)),
    }
}

/// Not promised by HubSpot, but heeded where it is short enough to be meant in seconds.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 =
        response.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds <= 86_400)
        .then(|| Duration::from_secs(seconds))
        .filter(|wait| response.status().as_u16() == 477 || *wait <= Duration::from_secs(60))
}
