//! How many calls an app may make.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::oauth::Caller;
use crate::time::day_number;

/// Whether the platform's limits are enforced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limits {
    /// Calls are counted and shown in the headers, and never refused.
    #[default]
    None,
    /// As the platform does: a rolling ten seconds, a day, five searches a second.
    Real,
}

/// What the account has paid for, which decides how many calls a static token may make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    /// Free and Starter.
    #[serde(alias = "free")]
    Starter,
    #[default]
    Professional,
    Enterprise,
}

impl Tier {
    /// Calls of one app in ten seconds.
    fn burst(self) -> usize {
        if self == Self::Starter { 100 } else { 190 }
    }

    /// Calls of all apps with static tokens in a day.
    pub(crate) fn daily(self) -> u64 {
        match self {
            Self::Starter => 250_000,
            Self::Professional => 625_000,
            Self::Enterprise => 1_000_000,
        }
    }
}

const WINDOW: i64 = 10_000;
const SEARCHES: usize = 5;

#[derive(Debug, Default)]
pub(crate) struct Limiter {
    by_static: VecDeque<i64>,
    by_oauth: VecDeque<i64>,
    searches: VecDeque<i64>,
    day: i64,
    used: u64,
}

/// The limits as the headers of an answer show them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) max: usize,
    pub(crate) remaining: usize,
    /// The calls a day may have, and those that are left of them.
    pub(crate) daily: Option<(u64, u64)>,
}

fn forget(times: &mut VecDeque<i64>, since: i64) {
    while times.front().is_some_and(|at| *at <= since) {
        times.pop_front();
    }
}

impl Limiter {
    pub(crate) fn used_today(&mut self, now: i64) -> u64 {
        // assumed: the account's day is UTC's, as its time zone says
        if self.day != day_number(now) {
            self.day = day_number(now);
            self.used = 0;
        }
        self.used
    }

    /// Counts a call, or names the limit that refuses it. Searches show no limits.
    /// assumed: a refused call is not counted, and a search counts toward the day but not the ten seconds
    pub(crate) fn call(
        &mut self,
        limits: Limits,
        tier: Tier,
        caller: Caller,
        search: bool,
        now: i64,
    ) -> (Option<Shown>, Option<&'static str>) {
        let real = limits == Limits::Real;
        let used = self.used_today(now);
        let daily = caller == Caller::Static;
        if real && daily && used >= tier.daily() {
            return (None, Some("DAILY"));
        }
        if search {
            forget(&mut self.searches, now - 1000);
            if real && self.searches.len() >= SEARCHES {
                return (None, Some("SECONDLY"));
            }
            self.searches.push_back(now);
            if daily {
                self.used += 1;
            }
            return (None, None);
        }
        let (times, max) = match caller {
            Caller::Static => (&mut self.by_static, tier.burst()),
            Caller::OAuth => (&mut self.by_oauth, 110),
        };
        forget(times, now - WINDOW);
        let refused = real && times.len() >= max;
        if !refused {
            times.push_back(now);
            if daily {
                self.used += 1;
            }
        }
        let shown = Shown {
            max,
            remaining: max.saturating_sub(times.len()),
            daily: daily.then(|| (tier.daily(), tier.daily().saturating_sub(self.used))),
        };
        (Some(shown), refused.then_some("TEN_SECONDLY_ROLLING"))
    }
}
