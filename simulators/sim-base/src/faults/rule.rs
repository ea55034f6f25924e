//! One line of a fault plan.

use http::Method;
use serde::{Deserialize, Serialize};

/// What goes wrong when a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FaultKind {
    /// Answer with this HTTP status and the platform's own body for it; nothing is done.
    Status {
        /// The HTTP status, for example 429, 500, 502 or 503.
        status: u16,
        /// Seconds in `Retry-After`; without one when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// The connection is turned away: nothing is read and nothing is done.
    Refused,
    /// The connection is lost before the request has any effect.
    LostBefore,
    /// The request takes effect, then the connection is lost: the caller cannot know.
    LostAfter,
    /// Nothing is done and nothing is answered until the caller gives up.
    TimeoutBefore {
        /// How long a caller who does not give up is left waiting.
        hold_ms: u64,
    },
    /// The request takes effect, and nothing is answered until the caller gives up.
    TimeoutAfter {
        /// How long a caller who does not give up is left waiting.
        hold_ms: u64,
    },
    /// In a batch, each row fails on its own with this probability (the rule's own), by a passing error.
    HalfBatch,
    /// The access token is refused as expired, once for each strike.
    ExpiredToken,
    /// A page of HTML in place of the answer, as a proxy on the way would give; nothing is done.
    WrongType {
        /// Its HTTP status.
        status: u16,
    },
    /// The request takes effect, and the answer breaks off half way.
    Truncated,
    /// The request takes effect, and the answer comes in pieces over this time.
    SlowDrip {
        /// From the first piece to the last.
        over_ms: u64,
    },
}

impl FaultKind {
    /// Its name in plans and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Refused => "refused",
            Self::LostBefore => "lost_before",
            Self::LostAfter => "lost_after",
            Self::TimeoutBefore { .. } => "timeout_before",
            Self::TimeoutAfter { .. } => "timeout_after",
            Self::HalfBatch => "half_batch",
            Self::ExpiredToken => "expired_token",
            Self::WrongType { .. } => "wrong_type",
            Self::Truncated => "truncated",
            Self::SlowDrip { .. } => "slow_drip",
        }
    }

    /// A refusal with this status, without a time to come back.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, retry_after: None }
    }
}

const KINDS: &str = "status, refused, lost_before, lost_after, timeout_before, timeout_after, half_batch, \
                     expired_token, wrong_type, truncated, slow_drip";
/// How long a caller waits in vain, when the plan does not say.
const HOLD_MS: u64 = 120_000;
const DRIP_MS: u64 = 2_000;

/// One line of a fault plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct FaultRule {
    /// Only requests with this method; every method when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests whose path contains this text; every path when absent. `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: FaultKind,
    /// How often, from 0 (never) to 1 (always).
    pub probability: f64,
    /// How many times at the most; without end when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// A rule as it is written in a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    method: Option<String>,
    path: Option<String>,
    kind: String,
    status: Option<u16>,
    retry_after: Option<u32>,
    hold_ms: Option<u64>,
    over_ms: Option<u64>,
    #[serde(default = "always")]
    probability: f64,
    times: Option<u32>,
}

fn always() -> f64 {
    1.0
}

impl TryFrom<Written> for FaultRule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { method, path, kind, status, retry_after, hold_ms, over_ms, probability, times } =
            written;
        if !(0.0..=1.0).contains(&probability) {
            return Err(format!("probability is a chance from 0 to 1, not {probability}"));
        }
        if status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err("status is an HTTP status from 200 to 599".to_owned());
        }
        let fault = match kind.as_str() {
            "status" => {
                let status =
                    status.ok_or("a rule of kind 'status' says which, for example \"status\": 503")?;
                // Whoever is told to slow down is told for how long.
                FaultKind::Status { status, retry_after: retry_after.or((status == 429).then_some(1)) }
            }
            "refused" => FaultKind::Refused,
            "lost_before" => FaultKind::LostBefore,
            "lost_after" => FaultKind::LostAfter,
            "timeout_before" => FaultKind::TimeoutBefore { hold_ms: hold_ms.unwrap_or(HOLD_MS) },
            "timeout_after" => FaultKind::TimeoutAfter { hold_ms: hold_ms.unwrap_or(HOLD_MS) },
            "half_batch" => FaultKind::HalfBatch,
            "expired_token" => FaultKind::ExpiredToken,
            "wrong_type" => FaultKind::WrongType { status: status.unwrap_or(200) },
            "truncated" => FaultKind::Truncated,
            "slow_drip" => FaultKind::SlowDrip { over_ms: over_ms.unwrap_or(DRIP_MS) },
            other => return Err(format!("there is no fault of kind '{other}'; kinds are {KINDS}")),
        };
        let out_of_place = [
            (
                "status",
                status.is_some(),
                matches!(fault, FaultKind::Status { .. } | FaultKind::WrongType { .. }),
            ),
            ("retry_after", retry_after.is_some(), matches!(fault, FaultKind::Status { .. })),
            (
                "hold_ms",
                hold_ms.is_some(),
                matches!(fault, FaultKind::TimeoutBefore { .. } | FaultKind::TimeoutAfter { .. }),
            ),
            ("over_ms", over_ms.is_some(), matches!(fault, FaultKind::SlowDrip { .. })),
        ];
        for (key, given, fits) in out_of_place {
            if given && !fits {
                return Err(format!("'{key}' says nothing to a fault of kind '{kind}'"));
            }
        }
        Ok(Self { method, path, fault, probability, times })
    }
}

impl FaultRule {
    pub(super) fn fits(&self, method: &Method, path: &str) -> bool {
        self.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|pattern| contains(path, pattern))
    }
}

/// Whether `path` contains `pattern`, whose `*` stands for any text.
fn contains(path: &str, pattern: &str) -> bool {
    let mut rest = path;
    for piece in pattern.split('*') {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(text: serde_json::Value) -> Result<FaultRule, String> {
        serde_json::from_value(text).map_err(|why| why.to_string())
    }

    #[test]
    fn a_rule_is_written_and_read_alike() {
        let written =
            json!({"method": "POST", "path": "/a", "kind": "status", "status": 503, "probability": 0.5});
        let read = rule(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
        let slow = rule(json!({"kind": "slow_drip"})).unwrap();
        assert_eq!((slow.fault, slow.probability), (FaultKind::SlowDrip { over_ms: 2000 }, 1.0));
    }

    #[test]
    fn a_call_too_many_comes_with_a_time_to_come_back() {
        let read = rule(json!({"kind": "status", "status": 429})).unwrap();
        assert_eq!(read.fault, FaultKind::Status { status: 429, retry_after: Some(1) });
    }

    #[test]
    fn what_is_no_rule_is_refused_by_name() {
        for (bad, word) in [
            (json!({"kind": "status"}), "503"),
            (json!({"kind": "flood"}), "flood"),
            (json!({"kind": "refused", "chance": 1}), "chance"),
            (json!({"kind": "refused", "probability": 2}), "probability"),
            (json!({"kind": "truncated", "over_ms": 5}), "over_ms"),
        ] {
            let why = rule(bad.clone()).unwrap_err();
            assert!(why.contains(word), "{bad}: {why}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(contains("/crm/v3/objects/contacts/batch/read", "/objects/*/batch/"));
        assert!(!contains("/crm/v3/objects/contacts", "/objects/*/batch/"));
        assert!(contains("/x", ""));
    }
}
