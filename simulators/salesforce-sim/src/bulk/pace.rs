//! How far a job appears to be: by the polls of its caller, or by the clock, whichever is ahead.

use jiff::{SignedDuration, Timestamp};

/// Rows that appear to be worked in a second.
const ROWS_A_SECOND: usize = 5_000;

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Handed in.
    Waiting,
    /// Being worked.
    Working,
    /// Worked.
    Done,
}

/// The progress of a job that has been handed in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    start: Timestamp,
    rows: usize,
    polls: u32,
    pub stage: Stage,
    /// When it last moved on.
    pub moved: Timestamp,
}

impl Pace {
    pub fn new(start: Timestamp, rows: usize) -> Self {
        Self { start, rows, polls: 0, stage: Stage::Waiting, moved: start }
    }

    /// A caller asks how far the job is; `needed` polls are enough to see it done.
    pub fn poll(&mut self, now: Timestamp, needed: u32) {
        self.polls = self.polls.saturating_add(1);
        self.advance(now, needed);
    }

    /// Moves on with the clock alone.
    pub fn advance(&mut self, now: Timestamp, needed: u32) {
        let stage = if self.polls >= needed || now.duration_since(self.start) >= self.duration() {
            Stage::Done
        } else if self.polls > 0 {
            Stage::Working
        } else {
            Stage::Waiting
        };
        if stage > self.stage {
            self.stage = stage;
            self.moved = now;
        }
    }

    /// assumed: a small job takes about a second, and larger ones 5,000 rows in each second more
    fn duration(&self) -> SignedDuration {
        let seconds = self.rows / ROWS_A_SECOND;
        SignedDuration::from_secs(1 + i64::try_from(seconds).unwrap_or(i64::MAX / 2))
    }

    /// What the job says it took, in milliseconds.
    pub fn processing_time(&self) -> u64 {
        self.rows as u64 * 1_000 / ROWS_A_SECOND as u64 + u64::from(self.rows > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn polls_move_a_job_on() {
        let mut pace = Pace::new(at(0), 10);
        pace.poll(at(0), 2);
        assert_eq!(pace.stage, Stage::Working);
        pace.poll(at(0), 2);
        assert_eq!(pace.stage, Stage::Done);
    }

    #[test]
    fn so_does_the_clock_and_large_jobs_take_longer() {
        let mut small = Pace::new(at(0), 10);
        small.advance(at(1), 9);
        assert_eq!(small.stage, Stage::Done);
        let mut large = Pace::new(at(0), 50_000);
        large.advance(at(10), 9);
        assert_eq!(large.stage, Stage::Waiting);
        large.advance(at(11), 9);
        assert_eq!(large.stage, Stage::Done);
    }
}
