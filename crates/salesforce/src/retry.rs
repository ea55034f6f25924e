//! What may be sent again, and when: the one place that decides.

use std::time::Duration;

use transport::{Response, TransportError, World};

use crate::Error;
use crate::error::{classify, parse_refusal};

/// What sending a call twice would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing: it only reads.
    Read,
    /// Nothing more than sending it once: updates, upserts by an external id, deletions.
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
    Again(Error),
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
        let error = match (verdict, outcome) {
            (Verdict::Answered, Ok(response)) => {
                return Ok(Some(Settled { response, repeated: self.perhaps_done.is_some() }));
            }
            (Verdict::Answered, Err(error)) => return Err(error.into()),
            (Verdict::Refused(error), _) => return Err(error),
            (Verdict::Again(error), _) => error,
            (Verdict::Unsure(reason, error), _) => {
                if self.repeat == Repeat::Never {
                    return Err(self.ambiguous(reason));
                }
                if self.repeat == Repeat::Write {
                    self.perhaps_done = Some(reason);
                }
                error
            }
        };
        if self.made >= self.most {
            return Err(match self.perhaps_done.take() {
                Some(reason) => self.ambiguous(reason),
                None => error,
            });
        }
        let wait = self.world.chance.jitter(growing(self.made));
        tracing::debug!(what = self.what, tries = self.made, ?wait, %error, "trying again");
        self.world.clock.sleep(wait).await;
        Ok(None)
    }

    fn ambiguous(&self, reason: String) -> Error {
        Error::Ambiguous { what: self.what.to_owned(), reason }
    }
}

/// Doubles from a second to a minute.
fn growing(made: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(1 << made.saturating_sub(1).min(6)).min(Duration::from_secs(60))
}

fn judge(outcome: Result<&Response, &TransportError>, made: u32) -> Verdict {
    let response = match outcome {
        Ok(response) => response,
        Err(error @ TransportError::Unreachable { .. }) => return Verdict::Again(error.clone().into()),
        Err(error @ TransportError::Lost { .. }) => {
            return Verdict::Unsure(error.to_string(), error.clone().into());
        }
    };
    // "Not modified" answers a question that was conditional.
    if response.status().is_success() || response.status() == 304 {
        return Verdict::Answered;
    }
    let (api, worded) = parse_refusal(response);
    let code = api.code.clone().unwrap_or_default();
    match (response.status().as_u16(), code.as_str()) {
        // One code for two limits: too many calls at this moment, or too many today.
        (_, "REQUEST_LIMIT_EXCEEDED") if !api.message.contains("Concurrent") => {
            Verdict::Refused(Error::LimitExceeded(Box::new(api)))
        }
        (429, _) | (_, "REQUEST_LIMIT_EXCEEDED" | "TOO_MANY_APEX_REQUESTS") => {
            Verdict::Again(Error::RateLimited { tries: made, api: Box::new(api) })
        }
        // The front door knows no way to the org at present; the org saw nothing.
        (420, _) | (_, "SERVER_UNAVAILABLE") => Verdict::Again(classify(response)),
        // Said by Salesforce itself and not about the moment (maintenance): waiting seconds does not help.
        (503, _) if worded => Verdict::Refused(classify(response)),
        (408 | 500 | 502..=504, _) => Verdict::Unsure(api.to_string(), classify(response)),
        _ => Verdict::Refused(classify(response)),
    }
}
