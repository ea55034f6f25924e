//! Faults on demand: what to break, how often, from which seed (`POST /_sim/faults`).

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::Response;
use http::Method;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What goes wrong when a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FaultKind {
    /// Answer with this HTTP status and the platform's own body for it; nothing is done.
    Status {
        /// The HTTP status, for example 429, 500, 502 or 503.
        status: u16,
    },
    /// The connection is lost before the request has any effect.
    LostBefore,
    /// The request takes effect, then the connection is lost: the caller cannot know.
    LostAfter,
    /// In a batch, each row fails on its own with this probability (the rule's own), by a passing error.
    HalfBatch,
    /// The access token is refused as expired, once for each strike.
    ExpiredToken,
}

/// One line of a fault plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Only requests with this method; every method when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests whose path contains this text; every path when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: FaultKind,
    /// How often, from 0 (never) to 1 (always).
    pub probability: f64,
    /// How many times at the most; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// The body of `POST /_sim/faults`. It replaces the plan before it; an empty one heals everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// Where the chance comes from, so that a run can be had again.
    #[serde(default)]
    pub seed: u64,
    /// The rules; the first that strikes decides.
    #[serde(default)]
    pub rules: Vec<FaultRule>,
}

/// A rule that has struck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The rule's probability, which [`FaultKind::HalfBatch`] applies row by row.
    pub probability: f64,
}

/// Marks an answer that never reaches the caller. A transport in memory turns it into a connection error;
/// on a socket the body breaks off.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLost;

/// The fault plan in force, with its source of chance.
#[derive(Debug)]
pub struct Faults(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Vec<(FaultRule, u32)>,
    chance: ChaCha8Rng,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Mutex::new(Inner { rules: Vec::new(), chance: ChaCha8Rng::seed_from_u64(0) }))
    }
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `plan` in force in place of the one before.
    pub fn set(&self, plan: FaultPlan) {
        let mut inner = self.inner();
        inner.chance = ChaCha8Rng::seed_from_u64(plan.seed);
        inner.rules = plan.rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    /// The fault that strikes this request, if any. Each call draws anew.
    pub fn decide(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        for (rule, struck) in &mut inner.rules {
            let fits = rule.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method.as_str()))
                && rule.path.as_deref().is_none_or(|p| path.contains(p))
                && rule.times.is_none_or(|times| *struck < times);
            if !fits {
                continue;
            }
            // A half-failed batch is drawn row by row, by the handler.
            let strikes = rule.fault == FaultKind::HalfBatch
                || inner.chance.random_bool(rule.probability.clamp(0.0, 1.0));
            if strikes {
                *struck += 1;
                return Some(Fault { kind: rule.fault, probability: rule.probability });
            }
        }
        None
    }

    /// Whether a thing of this probability happens now, from the plan's own source of chance.
    pub fn happens(&self, probability: f64) -> bool {
        self.inner().chance.random_bool(probability.clamp(0.0, 1.0))
    }
}

/// The answer for a connection that is lost: marked for transports in memory, and with a body that breaks
/// off for real ones.
#[must_use]
pub fn lost_connection() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "simulated loss of connection");
    let body = Body::from_stream(futures_once(broken));
    let mut response = Response::new(body);
    response.extensions_mut().insert(ConnectionLost);
    response
}

fn futures_once(error: std::io::Error) -> impl futures::Stream<Item = Result<bytes::Bytes, std::io::Error>> {
    futures::stream::once(std::future::ready(Err(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_strikes_the_same_requests() {
        let plan = FaultPlan {
            seed: 7,
            rules: vec![FaultRule {
                method: Some("POST".into()),
                path: Some("/batch/".into()),
                fault: FaultKind::Status { status: 503 },
                probability: 0.5,
                times: Some(5),
            }],
        };
        let draw = || {
            let faults = Faults::default();
            faults.set(plan.clone());
            (0..40).map(|_| faults.decide(&Method::POST, "/x/batch/read").is_some()).collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert_eq!(first.iter().filter(|struck| **struck).count(), 5);
    }

    #[test]
    fn other_routes_are_spared() {
        let faults = Faults::default();
        faults.set(FaultPlan {
            seed: 1,
            rules: vec![FaultRule {
                method: None,
                path: Some("/crm".into()),
                fault: FaultKind::LostBefore,
                probability: 1.0,
                times: None,
            }],
        });
        assert!(faults.decide(&Method::GET, "/oauth").is_none());
        assert!(faults.decide(&Method::GET, "/crm/v3").is_some());
    }
}
