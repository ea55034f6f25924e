//! Time as the simulated platform sees it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Where a simulator reads the time. The system clock when a person runs it; a clock from outside under test.
/// Either can be driven: set, advanced, stopped, or made to run faster. Clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    driven: Arc<Driven>,
}

struct Driven {
    hand: Mutex<Hand>,
    moved: watch::Sender<()>,
}

/// How the time shown follows from the source's.
#[derive(Debug, Clone, Copy)]
enum Hand {
    /// As the source says.
    Source,
    /// It does not move.
    Frozen { at: Timestamp, rate: f64 },
    /// It showed `shown` when the source said `source`, and has run at this rate since.
    Running { source: Timestamp, shown: Timestamp, rate: f64 },
}

/// What `GET /_sim/clock` answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClockShown {
    /// The time now.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// How many seconds pass in one.
    pub rate: f64,
}

/// The body of `POST /_sim/clock`. What is left out stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockChange {
    /// The time it is to show.
    pub now: Option<Timestamp>,
    /// How far it is moved on, after `now`.
    pub advance_ms: Option<u64>,
    /// Whether it stands still.
    pub freeze: Option<bool>,
    /// How many seconds pass in one.
    pub rate: Option<f64>,
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// A clock that answers whatever `now` answers.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let driven = Driven { hand: Mutex::new(Hand::Source), moved: watch::Sender::new(()) };
        Self { source: Arc::new(now), driven: Arc::new(driven) }
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.driven.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time at this moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shown().now
    }

    /// The time at this moment, and how it passes.
    #[must_use]
    pub fn shown(&self) -> ClockShown {
        match *self.hand() {
            Hand::Source => ClockShown { now: (self.source)(), frozen: false, rate: 1.0 },
            Hand::Frozen { at, rate } => ClockShown { now: at, frozen: true, rate },
            Hand::Running { source, shown, rate } => {
                let passed = (self.source)().duration_since(source).as_secs_f64() * rate;
                let now = SignedDuration::try_from_secs_f64(passed)
                    .ok()
                    .and_then(|passed| shown.checked_add(passed).ok())
                    .unwrap_or(shown);
                ClockShown { now, frozen: false, rate }
            }
        }
    }

    /// Drives the clock.
    ///
    /// # Errors
    /// When it would show no time, or run backwards. Then it is left as it was.
    pub fn drive(&self, change: &ClockChange) -> Result<(), String> {
        let before = self.shown();
        let rate = change.rate.unwrap_or(before.rate);
        if !(rate > 0.0 && rate <= 1_000_000.0) {
            return Err(format!(
                "rate is more than 0 and at most 1000000, not {rate}; freeze stops the clock"
            ));
        }
        let now = change.now.unwrap_or(before.now);
        let ahead = i64::try_from(change.advance_ms.unwrap_or(0)).ok().map(SignedDuration::from_millis);
        let now =
            ahead.and_then(|ahead| now.checked_add(ahead).ok()).ok_or("advance_ms leads out of time")?;
        *self.hand() = if change.freeze.unwrap_or(before.frozen) {
            Hand::Frozen { at: now, rate }
        } else {
            Hand::Running { source: (self.source)(), shown: now, rate }
        };
        self.driven.moved.send_replace(());
        Ok(())
    }

    /// Waits until the clock shows `at` or later, however it gets there.
    pub async fn wait_until(&self, at: Timestamp) {
        let mut moved = self.driven.moved.subscribe();
        loop {
            moved.borrow_and_update();
            let shown = self.shown();
            if shown.now >= at {
                return;
            }
            if shown.frozen {
                if moved.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let left = at.duration_since(shown.now).as_secs_f64() / shown.rate;
            // A little longer, so that rounding does not make it too early.
            let left = Duration::try_from_secs_f64(left)
                .unwrap_or(Duration::MAX)
                .saturating_add(Duration::from_millis(1));
            let _ = tokio::time::timeout(left, moved.changed()).await;
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn clock() -> (Clock, Arc<AtomicI64>) {
        let source = Arc::new(AtomicI64::new(1_000_000));
        let told = Arc::clone(&source);
        let read = move || Timestamp::from_millisecond(told.load(Ordering::SeqCst)).unwrap_or_default();
        (Clock::new(read), source)
    }

    fn ms(clock: &Clock) -> i64 {
        clock.now().as_millisecond()
    }

    #[test]
    fn it_is_advanced_frozen_and_sped_up() {
        let (clock, source) = clock();
        let drive = |change: ClockChange| clock.drive(&change).unwrap();
        drive(ClockChange { advance_ms: Some(500), ..ClockChange::default() });
        assert_eq!(ms(&clock), 1_000_500);
        source.fetch_add(10, Ordering::SeqCst);
        assert_eq!(ms(&clock), 1_000_510);
        drive(ClockChange { freeze: Some(true), ..ClockChange::default() });
        source.fetch_add(10, Ordering::SeqCst);
        assert_eq!(ms(&clock), 1_000_510);
        drive(ClockChange { freeze: Some(false), rate: Some(60.0), ..ClockChange::default() });
        source.fetch_add(10, Ordering::SeqCst);
        assert_eq!(ms(&clock), 1_001_110);
        drive(ClockChange { now: Some(Timestamp::UNIX_EPOCH), rate: Some(1.0), ..ClockChange::default() });
        assert_eq!(ms(&clock), 0);
    }

    #[test]
    fn a_change_that_is_no_good_changes_nothing() {
        let (clock, _) = clock();
        for rate in [0.0, -1.0, f64::NAN] {
            let change = ClockChange { advance_ms: Some(5), rate: Some(rate), ..ClockChange::default() };
            assert!(clock.drive(&change).is_err());
        }
        assert!(clock.drive(&ClockChange { advance_ms: Some(u64::MAX), ..ClockChange::default() }).is_err());
        assert_eq!(ms(&clock), 1_000_000);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_when_the_clock_is_moved() {
        let (clock, _) = clock();
        clock.drive(&ClockChange { freeze: Some(true), ..ClockChange::default() }).unwrap();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.wait_until(Timestamp::from_second(2_000).unwrap()).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.drive(&ClockChange { advance_ms: Some(3_600_000), ..ClockChange::default() }).unwrap();
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
