//! The velocities above which there is an alarm or a trip, and the rules that give them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarm::Level;
use super::severity::{Boundaries, alarm_ceiling, alarm_limit, trip_limit};

/// Which rule gives a limit (ISO 10816-3:2009, 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No baseline is known yet: the alarm stands on the boundary of zones B and C.
    Boundary,
    /// A quarter of B/C above the machine's own baseline.
    Baseline,
    /// The baseline is so high that the alarm stands at its ceiling, 1.25 times B/C.
    Ceiling,
    /// The trip: 1.25 times C/D, whatever the baseline.
    Trip,
}

/// The velocities above which there is an alarm or a trip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// In mm/s RMS.
    pub alarm_mm_s: f64,
    /// In mm/s RMS.
    pub trip_mm_s: f64,
    /// The machine's own velocity, in mm/s RMS, where one has been learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_mm_s: Option<f64>,
    /// Which rule gives the limit of the alarm.
    pub alarm_rule: Rule,
}

impl Limits {
    /// The limits of ISO 10816-3 for these boundaries, with the machine's own baseline once there
    /// is one.
    pub fn of(boundaries: &Boundaries, baseline_mm_s: Option<f64>) -> Self {
        let alarm_mm_s = alarm_limit(baseline_mm_s, boundaries);
        let alarm_rule = match baseline_mm_s {
            None => Rule::Boundary,
            Some(_) if alarm_mm_s < alarm_ceiling(boundaries) => Rule::Baseline,
            Some(_) => Rule::Ceiling,
        };
        Self { alarm_mm_s, trip_mm_s: trip_limit(boundaries), baseline_mm_s, alarm_rule }
    }

    /// The limit of a level, in mm/s RMS.
    pub const fn at(&self, level: Level) -> f64 {
        match level {
            Level::Alarm => self.alarm_mm_s,
            Level::Trip => self.trip_mm_s,
        }
    }

    /// The rule that gives the limit of a level.
    pub const fn rule(&self, level: Level) -> Rule {
        match level {
            Level::Alarm => self.alarm_rule,
            Level::Trip => Rule::Trip,
        }
    }
}
