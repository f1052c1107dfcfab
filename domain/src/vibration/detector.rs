//! One limit with its delays, its deadband and its latch.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmSettings;
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

/// A good value and the limit that it is held to, in one unit.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) at: Timestamp,
    pub(super) value: f64,
    pub(super) limit: f64,
}

/// What a step changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Edge {
    /// The values have been above the limit for long enough, since this moment.
    Raised { since: Timestamp },
    /// They have been below for long enough.
    Cleared,
}

impl Detector {
    /// Takes one value. A latch holds until someone has seen it.
    pub(super) fn step(
        &mut self,
        value: Value,
        latched: bool,
        settings: &AlarmSettings,
    ) -> Option<Edge> {
        if self.raised {
            self.step_raised(value, latched, settings)
        } else {
            self.step_clear(value, settings)
        }
    }

    fn step_clear(&mut self, value: Value, settings: &AlarmSettings) -> Option<Edge> {
        let Value { at, value, limit } = value;
        if value <= limit {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        let long = at.seconds_since(since) >= settings.on_delay_s;
        if !long && self.pending_values < settings.on_values {
            return None;
        }
        *self = Self { raised: true, ..Self::default() };
        Some(Edge::Raised { since })
    }

    fn step_raised(
        &mut self,
        value: Value,
        latched: bool,
        settings: &AlarmSettings,
    ) -> Option<Edge> {
        let Value { at, value, limit } = value;
        if value >= settings.off_ratio * limit {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        self.over = at.seconds_since(since) >= settings.off_delay_s;
        let is_held = latched && !self.acknowledged;
        (self.over && !is_held).then(|| self.clear())
    }

    /// Takes note that someone has seen it, which clears what only the latch holds.
    pub(super) fn acknowledge(&mut self) -> Option<Edge> {
        self.acknowledged = self.raised;
        (self.raised && self.over).then(|| self.clear())
    }

    fn clear(&mut self) -> Edge {
        *self = Self::default();
        Edge::Cleared
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
