//! Whether a sensor still speaks: a state of its own, which neither raises nor clears an alarm.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// From how many blocks the interval is learned.
const STARTS_MAX: usize = 9;

/// When a sensor is lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceSettings {
    /// After so many of its expected intervals without a block.
    pub intervals: f64,
    /// But not before so many seconds: blocks that come ten times a second may well be held up
    /// together.
    pub silence_s_min: f64,
    /// The interval in seconds that is expected before a second block has shown it.
    pub first_interval_s: f64,
}

impl Default for PresenceSettings {
    fn default() -> Self {
        Self { intervals: 3.0, silence_s_min: 10.0, first_interval_s: 3600.0 }
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "transition", rename_all = "snake_case")]
pub enum PresenceTransition {
    /// Nothing came for too long.
    Lost {
        /// The end of its last block.
        silent_since: Timestamp,
    },
    /// It speaks again.
    Found {
        /// The start of the block that showed it.
        at: Timestamp,
    },
}

/// The times of the last blocks of one sensor and axis, and whether it is lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    starts: VecDeque<Timestamp>,
    last_end: Option<Timestamp>,
    lost: bool,
}

impl Presence {
    /// Takes in the times of a block. One that does not start after those before it is late and
    /// proves nothing.
    pub fn seen(
        &mut self,
        started_at: Timestamp,
        ended_at: Timestamp,
    ) -> Option<PresenceTransition> {
        if self.starts.back().is_some_and(|last| started_at <= *last) {
            return None;
        }
        // The silence of a lost sensor is no interval to be learned.
        if self.lost {
            self.starts.clear();
        }
        if self.starts.len() == STARTS_MAX {
            self.starts.pop_front();
        }
        self.starts.push_back(started_at);
        self.last_end = self.last_end.max(Some(ended_at));
        std::mem::take(&mut self.lost).then_some(PresenceTransition::Found { at: started_at })
    }

    /// Looks at the clock. A sensor is reported lost once.
    pub fn check(
        &mut self,
        now: Timestamp,
        settings: &PresenceSettings,
    ) -> Option<PresenceTransition> {
        let silent_since = self.last_end?;
        if self.lost || now < self.lost_at(settings)? {
            return None;
        }
        self.lost = true;
        Some(PresenceTransition::Lost { silent_since })
    }

    /// When the sensor will be lost if nothing comes; `None` before its first block.
    pub fn lost_at(&self, settings: &PresenceSettings) -> Option<Timestamp> {
        let interval_s = self.interval_s().unwrap_or(settings.first_interval_s);
        let silence_s = (settings.intervals * interval_s).max(settings.silence_s_min);
        Some(self.last_end?.plus_seconds(silence_s))
    }

    /// Whether it is lost.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// The expected interval between two starts in seconds: the median of the last ones, which one
    /// pause does not move. Of an even number the longer of the middle two. `None` before the
    /// second block.
    pub fn interval_s(&self) -> Option<f64> {
        let later = self.starts.iter().skip(1);
        let mut gaps: Vec<f64> =
            self.starts.iter().zip(later).map(|(a, b)| b.seconds_since(*a)).collect();
        gaps.sort_by(f64::total_cmp);
        gaps.get(gaps.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(seconds)
    }

    /// A sensor that spoke for four seconds at each of these seconds.
    fn spoke(starts: &[f64]) -> Presence {
        let mut presence = Presence::default();
        for start in starts {
            presence.seen(at(*start), at(start + 4.0));
        }
        presence
    }

    fn settings() -> PresenceSettings {
        PresenceSettings::default()
    }

    #[test]
    fn a_sensor_is_lost_once_after_three_intervals_of_silence() {
        let mut presence = spoke(&[0.0, 600.0, 1200.0]);
        assert_eq!(presence.check(at(3003.9), &settings()), None);
        let lost = PresenceTransition::Lost { silent_since: at(1204.0) };
        assert_eq!(presence.check(at(3004.0), &settings()), Some(lost));
        assert_eq!(presence.check(at(9999.0), &settings()), None);
        assert!(presence.is_lost());
    }

    #[test]
    fn a_lost_sensor_is_found_by_its_next_block_and_its_silence_is_not_learned() {
        let mut presence = spoke(&[0.0, 600.0]);
        presence.check(at(100_000.0), &settings());
        let found = PresenceTransition::Found { at: at(200_000.0) };
        assert_eq!(presence.seen(at(200_000.0), at(200_004.0)), Some(found));
        assert!(!presence.is_lost());
        assert_eq!(presence.interval_s(), None);
        assert_eq!(presence.seen(at(200_600.0), at(200_604.0)), None);
        assert_eq!(presence.interval_s(), Some(600.0));
    }

    #[test]
    fn a_late_block_does_not_find_a_lost_sensor() {
        let mut presence = spoke(&[0.0, 600.0]);
        presence.check(at(100_000.0), &settings());
        assert_eq!(presence.seen(at(300.0), at(304.0)), None);
        assert!(presence.is_lost());
    }

    #[test]
    fn one_pause_does_not_move_the_expected_interval() {
        let presence = spoke(&[0.0, 10.0, 20.0, 500.0, 510.0, 520.0]);
        assert_eq!(presence.interval_s(), Some(10.0));
    }

    #[test]
    fn a_sensor_that_speaks_often_has_ten_seconds_at_least() {
        let mut presence = Presence::default();
        for i in 0..20 {
            presence.seen(at(f64::from(i) * 0.1), at(f64::from(i) * 0.1 + 0.1));
        }
        assert_eq!(presence.lost_at(&settings()), Some(at(12.0)));
    }

    #[test]
    fn nobody_is_lost_who_was_never_there() {
        assert_eq!(Presence::default().check(at(1e9), &settings()), None);
    }

    #[test]
    fn the_state_survives_being_written() {
        let presence = spoke(&[0.0, 600.0]);
        let text = serde_json::to_string(&presence).unwrap();
        assert_eq!(serde_json::from_str::<Presence>(&text).unwrap(), presence);
    }
}
