//! The switches that both simulators have in common: `/_sim/faults` and `/_sim/clock`.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::{Clock, ClockChange};
use crate::faults::{FaultPlan, Faults};

/// What a switch answers: an HTTP status and a body.
pub type Switched = (u16, Value);

/// Answers a request to a switch that both simulators have; nothing for any other path.
#[must_use]
pub fn switch(clock: &Clock, faults: &Faults, method: &str, path: &str, body: &[u8]) -> Option<Switched> {
    match (method, path) {
        ("GET", "/_sim/clock") => Some((200, json!(clock.shown()))),
        ("POST", "/_sim/clock") => Some(switched(strict::<ClockChange>(body).and_then(|change| {
            clock.drive(&change)?;
            Ok(json!(clock.shown()))
        }))),
        ("GET", "/_sim/faults") => Some((200, json!(faults.plan()))),
        ("POST", "/_sim/faults") => Some(switched(strict::<FaultPlan>(body).and_then(|plan| {
            plan.check()?;
            faults.set(plan);
            Ok(json!({ "ok": true }))
        }))),
        _ => None,
    }
}

/// The answer to a switch that was set, or the refusal of a body that is no good.
#[must_use]
pub fn switched(outcome: Result<Value, String>) -> Switched {
    match outcome {
        Ok(body) => (200, body),
        Err(why) => (400, json!({ "error": format!("{why}; nothing has been changed") })),
    }
}

/// The body of a switch. No body is an empty one. Types that come this way refuse keys they do not know.
///
/// # Errors
/// What is wrong with the body.
pub fn strict<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_changes_nothing() {
        let (clock, faults) = (Clock::system(), Faults::default());
        let post = |path: &str, body: &str| {
            switch(&clock, &faults, "POST", path, body.as_bytes()).map(|(status, _)| status)
        };
        assert_eq!(post("/_sim/faults", r#"{"rules": [{"kind": "refused"}]}"#), Some(200));
        let before = faults.plan();
        assert_eq!(post("/_sim/faults", r#"{"rules": [], "sead": 1}"#), Some(400));
        assert_eq!(post("/_sim/faults", r#"{"rules": [{"kind": "refused", "odds": 1}]}"#), Some(400));
        assert_eq!(faults.plan(), before);
        assert_eq!(post("/_sim/clock", r#"{"freeze": true, "speed": 3}"#), Some(400));
        assert!(!clock.shown().frozen);
        assert_eq!(post("/_sim/faults", ""), Some(200));
        assert_eq!(faults.plan(), FaultPlan::default());
        assert_eq!(post("/_sim/other", ""), None);
    }
}
