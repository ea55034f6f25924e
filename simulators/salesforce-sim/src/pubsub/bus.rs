//! The stream of all events: what is kept, for how long, and the replay ids that name places in it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

/// Events are kept so long.
pub(crate) const RETENTION_MS: i64 = 72 * 3_600_000;
/// assumed: a bound of the simulator's own, so that millions of writes do not fill the memory; the oldest go first
const MOST_EVENTS: usize = 500_000;
const MINUTE_MS: i64 = 60_000;

/// An event in the stream.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub number: u64,
    pub at_ms: i64,
    /// `Account` for change events, `Order__e` for platform events.
    pub source: Arc<str>,
    pub id: String,
    pub schema_id: Arc<str>,
    pub payload: Bytes,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Bus {
    events: VecDeque<Event>,
    /// The number of the newest place in the stream.
    tip: u64,
    /// The oldest number that a subscription may still start after.
    floor: u64,
    /// Places in the stream by time, one a minute at most.
    marks: VecDeque<(i64, u64)>,
    seed: u64,
}

/// Spreads bits; the same in gives the same out.
pub(crate) fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Bus {
    pub fn new(seed: u64) -> Self {
        let start = 5_000_000 + mix(seed) % 1_000_000;
        Self { events: VecDeque::new(), tip: start, floor: start, marks: VecDeque::new(), seed }
    }

    /// Numbers grow, with gaps: nobody may count them.
    fn step(&mut self) -> u64 {
        self.tip += 1 + mix(self.tip ^ self.seed) % 9;
        self.tip
    }

    pub fn append(
        &mut self,
        source: Arc<str>,
        id: String,
        schema_id: Arc<str>,
        payload: Bytes,
        at_ms: i64,
    ) -> u64 {
        let number = self.step();
        self.mark(at_ms, number);
        self.events.push_back(Event { number, at_ms, source, id, schema_id, payload });
        if self.events.len() > MOST_EVENTS
            && let Some(oldest) = self.events.pop_front()
        {
            self.floor = self.floor.max(oldest.number + 1);
        }
        number
    }

    fn mark(&mut self, at_ms: i64, number: u64) {
        if self.marks.back().is_none_or(|(last, _)| at_ms - last >= MINUTE_MS) {
            self.marks.push_back((at_ms, number));
        }
    }

    /// Drops what is older than the retention.
    pub fn expire(&mut self, now_ms: i64) {
        let limit = now_ms - RETENTION_MS;
        while self.events.front().is_some_and(|event| event.at_ms < limit) {
            if let Some(event) = self.events.pop_front() {
                self.floor = self.floor.max(event.number + 1);
            }
        }
        while self.marks.front().is_some_and(|(at, _)| *at < limit) {
            if let Some((_, number)) = self.marks.pop_front() {
                self.floor = self.floor.max(number + 1);
            }
        }
        if self.tip < self.floor {
            self.tip = self.floor;
        }
    }

    /// A place after everything that has been published, as keep-alives tell it.
    /// assumed: the place moves on with the stream of the whole instance, so that it stays valid for the retention
    pub fn latest(&mut self, now_ms: i64) -> u64 {
        if self.marks.back().is_none_or(|(last, _)| now_ms - last >= MINUTE_MS) {
            let number = self.step();
            self.mark(now_ms, number);
        }
        self.tip
    }

    pub fn tip(&self) -> u64 {
        self.tip
    }

    /// Before the oldest event that is kept.
    pub fn earliest(&self) -> u64 {
        self.events.front().map_or(self.tip, |event| event.number - 1)
    }

    /// Whether a subscription may start after this place.
    pub fn holds(&self, number: u64) -> bool {
        (self.floor..=self.tip).contains(&number)
    }

    /// The events after a place, oldest first.
    pub fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        let from = self.events.partition_point(|event| event.number <= number);
        self.events.range(from..)
    }

    /// Forgets all events; no replay id of before is valid any more.
    pub fn lose(&mut self) {
        self.events.clear();
        self.marks.clear();
        let number = self.step();
        self.floor = number;
    }
}

/// The replay id of a place. Callers must not look into it.
pub(crate) fn replay_id(number: u64) -> Vec<u8> {
    let mut id = number.to_be_bytes().to_vec();
    id.extend([0, 0]);
    id
}

/// The place that a replay id names, when it has the form of one.
pub(crate) fn place(id: &[u8]) -> Option<u64> {
    let number = id.strip_suffix(&[0, 0])?;
    number.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(bus: &mut Bus, at_ms: i64) -> u64 {
        bus.append("Account".into(), String::new(), "s".into(), Bytes::new(), at_ms)
    }

    #[test]
    fn numbers_grow_with_gaps_and_the_same_seed_gives_the_same() {
        let run = |seed| {
            let mut bus = Bus::new(seed);
            (0..50).map(|at| publish(&mut bus, at)).collect::<Vec<_>>()
        };
        let numbers = run(7);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(numbers.windows(2).any(|pair| pair[1] - pair[0] > 1));
        assert_eq!(numbers, run(7));
        assert_ne!(numbers, run(8));
    }

    #[test]
    fn places_are_valid_for_three_days() {
        let mut bus = Bus::new(1);
        let start = bus.tip();
        let first = publish(&mut bus, 0);
        assert!(bus.holds(start) && bus.holds(first));
        let later = RETENTION_MS / 2;
        let alive = bus.latest(later);
        bus.expire(RETENTION_MS + 1);
        assert!(!bus.holds(start) && !bus.holds(first), "the event is too old");
        assert!(bus.holds(alive), "the keep-alive is not");
        assert!(bus.holds(bus.earliest()));
        bus.expire(later + RETENTION_MS + 1);
        assert!(!bus.holds(alive));
        assert!(bus.holds(bus.tip()));
    }

    #[test]
    fn a_replay_id_names_its_place_and_nothing_else_does() {
        let id = replay_id(5_936_368);
        assert_eq!(id, [0, 0, 0, 0, 0, 0x5a, 0x94, 0xf0, 0, 0]);
        assert_eq!(place(&id), Some(5_936_368));
        assert_eq!(place(b"garbage"), None);
        assert_eq!(place(&[]), None);
    }
}
