//! Keeping HubSpot's rate limits rather than running into them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use transport::Clock;

/// Lets so many calls through in any window of time.
#[derive(Debug)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    limit: usize,
    window: SignedDuration,
    passed: VecDeque<Timestamp>,
    closed_until: Option<Timestamp>,
}

/// HubSpot counts a call when it arrives, not when it leaves; this much later a slot is surely free again.
const TRAVEL: SignedDuration = SignedDuration::from_millis(100);

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl Gate {
    pub(crate) fn new(limit: u32, window: Duration) -> Self {
        Self(Mutex::new(State {
            limit: limit.max(1) as usize,
            window: signed(window),
            passed: VecDeque::new(),
            closed_until: None,
        }))
    }

    /// Waits until one more call is allowed, and counts it.
    pub(crate) async fn pass(&self, clock: &dyn Clock) {
        loop {
            let wait = self.lock().take(clock.now());
            match wait {
                None => return,
                Some(wait) => clock.sleep(wait).await,
            }
        }
    }

    /// Takes over the limit that HubSpot reports.
    pub(crate) fn adopt(&self, limit: u32, window: Option<Duration>) {
        let mut state = self.lock();
        if limit > 0 {
            state.limit = limit as usize;
        }
        if let Some(window) = window.filter(|window| !window.is_zero()) {
            state.window = signed(window);
        }
    }

    /// Lets nobody through for a while: HubSpot has just refused a call.
    pub(crate) fn close(&self, now: Timestamp, duration: Duration) {
        let until = now.saturating_add(signed(duration)).unwrap_or(Timestamp::MAX);
        let mut state = self.lock();
        if state.closed_until.is_none_or(|closed| closed < until) {
            state.closed_until = Some(until);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a call, or says how long to wait before asking again.
    fn take(&mut self, now: Timestamp) -> Option<Duration> {
        let kept = self.window.saturating_add(TRAVEL);
        // Entries from the future come from a clock that was set back; they must not block for long.
        self.passed.retain(|at| {
            let age = now.duration_since(*at);
            !age.is_negative() && age < kept
        });
        if let Some(until) = self.closed_until {
            let left = until.duration_since(now);
            if left.is_positive() && left <= kept.saturating_mul(2) {
                return Some(left.unsigned_abs());
            }
            self.closed_until = None;
        }
        if self.passed.len() < self.limit {
            self.passed.push_back(now);
            return None;
        }
        let oldest = self.passed[self.passed.len() - self.limit];
        let left = kept.saturating_sub(now.duration_since(oldest));
        Some(left.unsigned_abs().max(Duration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use transport::TokioClock;

    #[tokio::test(start_paused = true)]
    async fn no_rolling_window_holds_more_calls_than_allowed() {
        let clock = TokioClock::starting_at(Timestamp::UNIX_EPOCH);
        let gate = Gate::new(7, Duration::from_secs(10));
        let mut passed = Vec::new();
        for turn in 0..60u64 {
            gate.pass(&clock).await;
            passed.push(clock.now());
            clock.sleep(Duration::from_millis(turn * 137 % 900)).await;
        }
        for (index, start) in passed.iter().enumerate() {
            let within = passed[index..]
                .iter()
                .filter(|at| at.duration_since(*start) < SignedDuration::from_secs(10))
                .count();
            assert!(within <= 7, "{within} calls within ten seconds of call {index}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiters_that_come_together_still_keep_the_window() {
        let clock = TokioClock::starting_at(Timestamp::UNIX_EPOCH);
        let gate = Gate::new(5, Duration::from_secs(1));
        let times = futures::future::join_all((0..20).map(|_| async {
            gate.pass(&clock).await;
            clock.now()
        }))
        .await;
        for start in &times {
            let within = times
                .iter()
                .filter(|at| {
                    let after = at.duration_since(*start);
                    !after.is_negative() && after < SignedDuration::from_secs(1)
                })
                .count();
            assert!(within <= 5);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_larger_limit_from_hubspot_is_adopted() {
        let clock = TokioClock::starting_at(Timestamp::UNIX_EPOCH);
        let gate = Gate::new(1, Duration::from_secs(10));
        gate.adopt(3, Some(Duration::from_secs(10)));
        for _ in 0..3 {
            gate.pass(&clock).await;
        }
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_set_back_does_not_block() {
        let gate = Gate::new(1, Duration::from_secs(10));
        gate.pass(&TokioClock::starting_at(Timestamp::from_second(1_000_000).unwrap())).await;
        let earlier = TokioClock::starting_at(Timestamp::UNIX_EPOCH);
        gate.pass(&earlier).await;
        assert_eq!(earlier.now(), Timestamp::UNIX_EPOCH);
    }
}
