//! One limit with its delays, its deadband and its latch.

use serde::{Deserialize, Serialize};

use super::alarm::{AlarmSettings, AlarmTransition, Level};
use crate::time::Timestamp;

/// One limit: whether it is exceeded, and since when the values speak for a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Detector {
    pub(super) raised: bool,
    pub(super) acknowledged: bool,
    /// The values have been below for long enough, and only the latch holds.
    over: bool,
    pending_since: Option<Timestamp>,
    pending_values: u32,
}

/// A good value and the limit that it is held to.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) at: Timestamp,
    pub(super) velocity_rms_mm_s: f64,
    pub(super) limit_mm_s: f64,
}

impl Detector {
    /// Takes one value.
    pub(super) fn step(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        if self.raised {
            self.step_raised(level, value, settings)
        } else {
            self.step_clear(level, value, settings)
        }
    }

    fn step_clear(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        let Value { at, velocity_rms_mm_s, limit_mm_s } = value;
        if velocity_rms_mm_s <= limit_mm_s {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        let long = at.seconds_since(since) >= settings.on_delay_s;
        if !long && self.pending_values < settings.on_values {
            return None;
        }
        *self = Self { raised: true, ..Self::default() };
        Some(AlarmTransition::Raised { level, at, since, velocity_rms_mm_s, limit_mm_s })
    }

    fn step_raised(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        let Value { at, velocity_rms_mm_s, limit_mm_s } = value;
        if velocity_rms_mm_s >= settings.off_ratio * limit_mm_s {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        self.over = at.seconds_since(since) >= settings.off_delay_s;
        let latched = level == Level::Trip && settings.trip_latched && !self.acknowledged;
        (self.over && !latched).then(|| self.clear(level, at))
    }

    /// Takes note that someone has seen it, which clears what only the latch holds.
    pub(super) fn acknowledge(&mut self, level: Level, at: Timestamp) -> Option<AlarmTransition> {
        self.acknowledged = self.raised;
        (self.raised && self.over).then(|| self.clear(level, at))
    }

    fn clear(&mut self, level: Level, at: Timestamp) -> AlarmTransition {
        *self = Self::default();
        AlarmTransition::Cleared { level, at }
    }

    fn pend(&mut self, at: Timestamp) -> Timestamp {
        self.pending_values = self.pending_values.saturating_add(1);
        *self.pending_since.get_or_insert(at)
    }

    /// Begins to count anew.
    pub(super) fn forget_pending(&mut self) {
        self.over = false;
        self.pending_since = None;
        self.pending_values = 0;
    }
}
