//! A clock that is moved by hand.

use std::sync::Mutex;

use domain::time::Timestamp;
use uuid::{Builder, Uuid};

use super::lock;
use crate::clock::Clock;

const MICROS_PER_MILLI: i64 = 1_000;

/// Stands still until it is told otherwise; gives the same ids in every run.
#[derive(Debug)]
pub struct ManualClock {
    hands: Mutex<Hands>,
}

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    /// By so much it goes on whenever it is looked at.
    tick_us: i64,
    /// Of the last id: ids go on from there when the clock is set back.
    id_millis: u64,
    ids: u64,
}

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { hands: Mutex::new(Hands { now, tick_us: 0, id_millis: 0, ids: 0 }) }
    }

    /// Goes on by a microsecond whenever it is looked at, so that no two looks see the same.
    pub fn ticking() -> Self {
        let clock = Self::default();
        lock(&clock.hands).tick_us = 1;
        clock
    }

    /// Jumps to `now`, also backwards.
    pub fn set(&self, now: Timestamp) {
        lock(&self.hands).now = now;
    }

    /// Goes on by `seconds`.
    pub fn advance(&self, seconds: f64) {
        let mut hands = lock(&self.hands);
        hands.now = hands.now.plus_seconds(seconds);
    }
}

impl Default for ManualClock {
    /// Stands at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_767_225_600_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let mut hands = lock(&self.hands);
        hands.now = Timestamp::from_micros(hands.now.as_micros().saturating_add(hands.tick_us));
        hands.now
    }

    fn new_id(&self) -> Uuid {
        let mut hands = lock(&self.hands);
        let millis = u64::try_from(hands.now.as_micros() / MICROS_PER_MILLI).unwrap_or(0);
        hands.id_millis = hands.id_millis.max(millis);
        hands.ids += 1;
        // The counter stands where others have random bits; the two highest of its bytes' bits become the variant.
        let mut tail = [0; 10];
        tail[2..].copy_from_slice(&hands.ids.to_be_bytes());
        Builder::from_unix_timestamp_millis(hands.id_millis, &tail).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_version_7_and_sort_as_they_were_made() {
        let clock = ManualClock::default();
        let mut ids = vec![clock.new_id(), clock.new_id()];
        clock.advance(0.001);
        ids.push(clock.new_id());
        clock.advance(-3_600.0);
        ids.push(clock.new_id());
        assert!(ids.is_sorted_by(|earlier, later| earlier < later), "{ids:?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn two_clocks_give_the_same_ids() {
        let [one, other] = [ManualClock::default(), ManualClock::default()];
        assert_eq!((one.new_id(), one.new_id()), (other.new_id(), other.new_id()));
    }

    #[test]
    fn it_moves_only_by_hand() {
        let clock = ManualClock::at(Timestamp::from_micros(5));
        assert_eq!(
            (clock.now(), clock.now()),
            (Timestamp::from_micros(5), Timestamp::from_micros(5))
        );
        clock.advance(1.5);
        assert_eq!(clock.now(), Timestamp::from_micros(1_500_005));
        clock.set(Timestamp::from_micros(-7));
        assert_eq!(clock.now(), Timestamp::from_micros(-7));
    }
}
