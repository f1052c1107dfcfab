//! Raises and clears the alarms of one sensor and axis, in event time only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::detector::{Detector, Edge, Value};
use super::limits::{Limits, Rule};
use crate::time::Timestamp;

/// When an alarm is raised and cleared. The defaults are customary; ISO 10816 names no durations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// A value above its limit for so long raises, in seconds of event time.
    pub on_delay_s: f64,
    /// So many values above the limit in a row raise, even when they lie closer. Three
    /// half-overlapping windows are at least two independent looks at the machine, and one shock is
    /// in no more than two of them.
    pub on_values: u32,
    /// A value below this share of the limit counts as over; between the two nothing changes.
    pub off_ratio: f64,
    /// Values below for so long clear, in seconds of event time.
    pub off_delay_s: f64,
    /// Whether a trip stays until it is acknowledged.
    pub trip_latched: bool,
    /// Below this share of the rated speed the machine is taken to be run up or down, and nothing
    /// changes.
    pub run_up_speed_ratio: f64,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            on_delay_s: 10.0,
            on_values: 3,
            off_ratio: 0.95,
            off_delay_s: 30.0,
            trip_latched: true,
            run_up_speed_ratio: 0.9,
        }
    }
}

/// How grave an alarm is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Look at the machine.
    Alarm,
    /// Stop the machine.
    Trip,
}

/// What a step of the alarm is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlarmInput {
    /// A value.
    Value {
        /// The end of the window, or the time of the single value.
        at: Timestamp,
        /// In mm/s RMS.
        velocity_rms_mm_s: f64,
        /// The limits of now.
        limits: Limits,
        /// Bad quality neither raises nor clears.
        bad: bool,
        /// The speed of now over the rated speed, when both are known.
        speed_ratio: Option<f64>,
    },
    /// Someone has seen the alarm.
    Acknowledged {
        /// When. It is not compared with the times of the values.
        at: Timestamp,
    },
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "transition", rename_all = "snake_case")]
pub enum AlarmTransition {
    /// An alarm or a trip is there from now on.
    Raised {
        /// Which one.
        level: Level,
        /// The event time of the value that decided it.
        at: Timestamp,
        /// The event time of the first value above the limit.
        since: Timestamp,
        /// The value that decided it, in mm/s RMS.
        velocity_rms_mm_s: f64,
        /// The limit that it exceeded, in mm/s RMS.
        limit_mm_s: f64,
        /// The rule that gave the limit.
        rule: Rule,
    },
    /// An alarm or a trip is over.
    Cleared {
        /// Which one.
        level: Level,
        /// The time of the value, or of the acknowledgement, that decided it.
        at: Timestamp,
    },
}

/// The alarms of one sensor and axis. Alarm and trip are decided each on its own, by the same rules
/// but for the latch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmState {
    alarm: Detector,
    trip: Detector,
    last_at: Option<Timestamp>,
}

impl AlarmState {
    /// Takes one step. A value that is not later than the one before it changes nothing.
    pub fn step(&mut self, input: AlarmInput, settings: &AlarmSettings) -> Vec<AlarmTransition> {
        match input {
            AlarmInput::Acknowledged { at } => self.acknowledge(at),
            AlarmInput::Value { at, .. } if self.last_at.is_some_and(|last| at <= last) => vec![],
            AlarmInput::Value { at, velocity_rms_mm_s, limits, bad, speed_ratio } => {
                self.last_at = Some(at);
                if bad || !velocity_rms_mm_s.is_finite() {
                    return vec![];
                }
                if speed_ratio.is_some_and(|ratio| ratio < settings.run_up_speed_ratio) {
                    self.alarm.forget_pending();
                    self.trip.forget_pending();
                    return vec![];
                }
                let mut step = |level| {
                    let value = Value { at, value: velocity_rms_mm_s, limit: limits.at(level) };
                    let latched = level == Level::Trip && settings.trip_latched;
                    Some(match self.detector(level).step(value, latched, settings)? {
                        Edge::Cleared => AlarmTransition::Cleared { level, at },
                        Edge::Raised { since } => AlarmTransition::Raised {
                            level,
                            at,
                            since,
                            velocity_rms_mm_s,
                            limit_mm_s: limits.at(level),
                            rule: limits.rule(level),
                        },
                    })
                };
                [step(Level::Alarm), step(Level::Trip)].into_iter().flatten().collect()
            }
        }
    }

    /// The gravest level that is there.
    pub fn level(&self) -> Option<Level> {
        let trip = self.trip.raised.then_some(Level::Trip);
        trip.or_else(|| self.alarm.raised.then_some(Level::Alarm))
    }

    /// Whether someone has seen all that is there.
    pub fn is_acknowledged(&self) -> bool {
        [&self.alarm, &self.trip].iter().all(|detector| !detector.raised || detector.acknowledged)
    }

    fn detector(&mut self, level: Level) -> &mut Detector {
        match level {
            Level::Alarm => &mut self.alarm,
            Level::Trip => &mut self.trip,
        }
    }

    fn acknowledge(&mut self, at: Timestamp) -> Vec<AlarmTransition> {
        [Level::Alarm, Level::Trip]
            .into_iter()
            .filter_map(|level| {
                self.detector(level).acknowledge().map(|_| AlarmTransition::Cleared { level, at })
            })
            .collect()
    }
}
