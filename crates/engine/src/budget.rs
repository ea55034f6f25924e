//! The budget: how many Salesforce calls may be made in any 24 hours, and what is left to the org's other programs.
//!
//! Each call is counted on disk before it is made, so that neither a crash nor a lost answer hides one. Where no more may
//! be made, the pass ends there: marks wait, and it goes on by itself when calls are free again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, Side};
use salesforce::{ApiUsage, CallGate};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};
use transport::Clock;

use crate::plant::Plant;
use crate::settings::Budget;

/// How long the org's own calls are let alone before one call asks how they stand.
const PROBE: SignedDuration = SignedDuration::from_mins(15);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How the budget stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetState {
    /// Salesforce calls of the last 24 hours.
    pub used: u64,
    /// The allocation of this connection, where it has one.
    pub allocation: Option<u64>,
    /// What passes by themselves may use of it; the rest is kept for what a person asks for.
    pub for_passes: Option<u64>,
    /// Calls of all programs of the org, as it last said.
    pub org_used: Option<u64>,
    /// The org's own limit.
    pub org_max: Option<u64>,
    /// Until when nothing is asked of Salesforce; none while calls are free.
    pub held_until: Option<Timestamp>,
}

/// Counts calls and says when no more may be made.
pub(crate) struct Meter {
    connection: ConnectionId,
    store: Arc<Store>,
    budget: Budget,
    clock: Arc<dyn Clock>,
    plant: Option<Plant>,
    /// Calls of this process.
    counted: AtomicU64,
    /// Whether a person waits for what is being done: the reserve is for that.
    asked_by_person: AtomicBool,
    state: Mutex<State>,
}

/// While it lives, a person waits for what is done.
pub(crate) struct ForAPerson<'a> {
    meter: &'a Meter,
    before: bool,
}

impl Drop for ForAPerson<'_> {
    fn drop(&mut self) {
        self.meter.asked_by_person(self.before);
    }
}

#[derive(Default)]
struct State {
    org: Option<ApiUsage>,
    held_until: Option<Timestamp>,
    next_probe: Option<Timestamp>,
}

impl Meter {
    pub fn new(
        connection: ConnectionId,
        store: Arc<Store>,
        budget: Budget,
        clock: Arc<dyn Clock>,
        plant: Option<Plant>,
    ) -> Self {
        let asked_by_person = AtomicBool::new(true);
        Self {
            connection,
            store,
            budget,
            clock,
            plant,
            counted: AtomicU64::new(0),
            asked_by_person,
            state: Mutex::default(),
        }
    }

    /// Notes whether a person asked for what is done from now on.
    pub fn asked_by_person(&self, asked: bool) {
        self.asked_by_person.store(asked, Ordering::Relaxed);
    }

    /// A person waits for what is done until the answer is dropped.
    pub fn for_a_person(&self) -> ForAPerson<'_> {
        ForAPerson { meter: self, before: self.asked_by_person.swap(true, Ordering::Relaxed) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What passes by themselves may use.
    fn for_passes(&self) -> Option<u64> {
        self.budget.allocation.map(|all| all - all * u64::from(self.budget.reserve_percent.min(100)) / 100)
    }

    fn limit(&self) -> Option<u64> {
        if self.asked_by_person.load(Ordering::Relaxed) { self.budget.allocation } else { self.for_passes() }
    }

    fn used(&self, now: Timestamp) -> Result<u64, StoreError> {
        if self.plant == Some(Plant::ForgetsCalls) {
            return Ok(self.counted.load(Ordering::Relaxed));
        }
        self.store.calls_of_last_day(&self.connection, Side::Salesforce, now)
    }

    /// When fewer calls than `limit` will lie within 24 hours.
    fn free_again(&self, used: u64, limit: u64, now: Timestamp) -> Result<Timestamp, StoreError> {
        let since = now.checked_sub(DAY).unwrap_or(now);
        let mut over = used.saturating_sub(limit) + 1;
        // A minute's calls are free again once the whole of that minute is a day old.
        let free = |minute: Timestamp| {
            minute.checked_add(DAY + SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX)
        };
        for (minute, calls) in self.store.calls_since(&self.connection, Side::Salesforce, since)? {
            if free(minute) <= now {
                continue;
            }
            if calls >= over {
                return Ok(free(minute));
            }
            over -= calls;
        }
        Ok(now.checked_add(PROBE).unwrap_or(now))
    }

    fn decide(&self, usage: Option<ApiUsage>) -> Result<Result<(), String>, StoreError> {
        let now = self.clock.now();
        if let Some(limit) = self.limit() {
            let used = self.used(now)?;
            if used >= limit {
                let until = self.free_again(used, limit, now)?;
                self.state().held_until = Some(until);
                return Ok(Err(format!(
                    "{used} of the {limit} Salesforce calls that may be made within 24 hours are used; Tandem goes on by \
                     itself at {until}. To go on sooner, raise the allocation (`budget.allocation`)."
                )));
            }
        }
        {
            let mut state = self.state();
            state.org = usage.or(state.org);
            let left = u64::from(self.budget.leave_percent.min(100));
            let full = state.org.filter(|org| org.used * 100 >= org.max * (100 - left));
            if let Some(org) = full
                && let Some(probe) = state.next_probe.filter(|probe| now < *probe)
            {
                state.held_until = Some(probe);
                return Ok(Err(format!(
                    "the org's programs have used {} of its {} Salesforce calls within 24 hours, and {left} % are left to \
                     the others; Tandem looks again at {probe}. Find out what uses them, or buy more calls.",
                    org.used, org.max
                )));
            }
            // One call in a while finds out how things stand.
            state.next_probe = full.map(|_| now.checked_add(PROBE).unwrap_or(now));
            state.held_until = None;
        }
        self.store.add_calls(&self.connection, Side::Salesforce, 1, now)?;
        self.counted.fetch_add(1, Ordering::Relaxed);
        Ok(Ok(()))
    }

    /// Until when nothing may be asked of Salesforce.
    pub fn held_for(&self) -> Option<Duration> {
        let until = self.state().held_until?;
        Duration::try_from(until.duration_since(self.clock.now())).ok().filter(|left| !left.is_zero())
    }

    /// How far apart polls of so many objects must be, so that polls alone use no more than half of what may be used.
    pub fn poll_interval(&self, objects: usize) -> Duration {
        let org =
            self.state().org.map(|org| org.max * (100 - u64::from(self.budget.leave_percent.min(100))) / 100);
        let may = self.for_passes().into_iter().chain(org).min();
        let Some(polls) = may.map(|may| may / 2) else { return Duration::ZERO };
        Duration::from_secs(86_400 * objects as u64 / polls.max(1))
    }

    pub fn now(&self) -> Result<BudgetState, StoreError> {
        let now = self.clock.now();
        let used = self.used(now)?;
        let state = self.state();
        Ok(BudgetState {
            used,
            allocation: self.budget.allocation,
            for_passes: self.for_passes(),
            org_used: state.org.map(|org| org.used),
            org_max: state.org.map(|org| org.max),
            held_until: state.held_until.filter(|until| *until > now),
        })
    }

    /// Keeps how the budget stands, for those who only look at the store.
    pub fn keep(&self) -> Result<(), StoreError> {
        self.store.put_setting(&budget_setting(&self.connection), &self.now()?)
    }
}

/// The name under which the store keeps how a connection's budget stands.
fn budget_setting(connection: &ConnectionId) -> String {
    format!("budget:{}", connection.as_str())
}

impl CallGate for Meter {
    fn admit(&self, usage: Option<ApiUsage>) -> Result<(), String> {
        self.decide(usage).unwrap_or_else(|error| Err(format!("calls can no longer be counted: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Hands(Mutex<Timestamp>);

    impl Hands {
        fn pass(&self, seconds: i64) {
            let mut now = self.0.lock().unwrap();
            *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        }
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    fn meter(budget: Budget) -> (Meter, Arc<Hands>) {
        let clock = Arc::new(Hands(Mutex::new("2026-03-02T08:00:00Z".parse().unwrap())));
        let store = Arc::new(Store::open_in_memory().unwrap());
        (Meter::new(ConnectionId::new("c"), store, budget, clock.clone(), None), clock)
    }

    fn allocated(allocation: u64) -> Budget {
        Budget { allocation: Some(allocation), reserve_percent: 10, leave_percent: 20 }
    }

    #[test]
    fn keeps_the_budget_in_every_window_of_24_hours_and_goes_on_when_it_says() {
        let (meter, clock) = meter(allocated(50));
        meter.asked_by_person(false);
        let mut made: Vec<Timestamp> = Vec::new();
        let mut promised: Option<Timestamp> = None;
        let mut seed = 7_i64;
        for _ in 0..3_000 {
            seed = (seed * 1_103 + 12_345) % 100_003;
            clock.pass(seed % 400);
            let now = clock.now();
            match meter.admit(None) {
                Ok(()) => {
                    made.push(now);
                    promised = None;
                }
                Err(why) => {
                    let until = meter.now().unwrap().held_until.unwrap();
                    assert!(why.contains(&until.to_string()), "{why}");
                    assert!(promised.is_none_or(|before| now < before), "it was to go on at {promised:?}");
                    promised = Some(until);
                }
            }
        }
        assert!(made.len() > 100, "{}", made.len());
        for (first, at) in made.iter().enumerate() {
            let within = made.iter().skip(first).take_while(|call| call.duration_since(*at) < DAY).count();
            assert!(within <= 45, "{within} calls within 24 hours from {at}");
        }
    }

    #[test]
    fn the_reserve_is_for_what_a_person_asks_for() {
        let (meter, _) = meter(allocated(10));
        meter.asked_by_person(false);
        assert_eq!((0..20).filter(|_| meter.admit(None).is_ok()).count(), 9);
        meter.asked_by_person(true);
        assert_eq!((0..20).filter(|_| meter.admit(None).is_ok()).count(), 1);
    }

    #[test]
    fn the_org_s_other_programs_are_left_their_share() {
        let (meter, clock) = meter(Budget::default());
        let usage = |used| Some(ApiUsage { used, max: 1_000 });
        assert!(meter.admit(usage(799)).is_ok());
        assert!(meter.admit(usage(800)).is_ok(), "one call finds out how things stand");
        assert!(meter.admit(usage(800)).unwrap_err().contains("20 % are left"));
        clock.pass(15 * 60);
        assert!(meter.admit(usage(800)).is_ok(), "and another after a while");
        assert!(meter.admit(usage(800)).is_err());
        clock.pass(15 * 60);
        assert!(meter.admit(usage(500)).is_ok());
        assert!(meter.admit(usage(500)).is_ok());
        assert_eq!(meter.now().unwrap().held_until, None);
    }

    #[test]
    fn polls_are_further_apart_where_calls_are_few() {
        let (few, _) = meter(allocated(1_000));
        assert_eq!(few.poll_interval(4), Duration::from_secs(768));
        let (many, _) = meter(Budget::default());
        assert_eq!(many.poll_interval(4), Duration::ZERO);
    }
}
