//! Tells when a machine vibrates significantly more or less than its baseline, in event time only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarm::AlarmSettings;
use super::detector::{Detector, Edge, Value};
use super::severity::{Boundaries, change_limit};
use crate::time::Timestamp;

/// Which way the vibration has departed from the baseline. A fall counts as a rise does: a bearing that has come loose, or
/// a sensor that has, often vibrates less.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// More than before.
    Rise,
    /// Less than before.
    Fall,
}

/// A velocity and the baseline that it is held to, both of one operating condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepartureInput {
    /// When it was measured.
    pub at: Timestamp,
    /// In mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// In mm/s RMS.
    pub baseline_mm_s: f64,
}

/// Whether the vibration of one sensor and axis has changed: by more than a quarter of B/C (ISO
/// 10816-3:2009, 5.3), with the delays and the deadband of an alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartureState {
    rise: Detector,
    fall: Detector,
}

impl DepartureState {
    /// Takes a value of good quality. Says whether the departure is another one now. Times must not go
    /// back.
    pub fn step(
        &mut self,
        input: DepartureInput,
        boundaries: &Boundaries,
        settings: &AlarmSettings,
    ) -> bool {
        let DepartureInput { at, velocity_rms_mm_s, baseline_mm_s } = input;
        let delta_mm_s = velocity_rms_mm_s - baseline_mm_s;
        let limit = change_limit(boundaries);
        let step = |detector: &mut Detector, value: f64| -> Option<Edge> {
            detector.step(Value { at, value, limit }, false, settings)
        };
        let rise = step(&mut self.rise, delta_mm_s);
        let fall = step(&mut self.fall, -delta_mm_s);
        rise.is_some() || fall.is_some()
    }

    /// The departure that is there.
    pub fn departure(&self) -> Option<Departure> {
        let rise = self.rise.raised.then_some(Departure::Rise);
        rise.or_else(|| self.fall.raised.then_some(Departure::Fall))
    }
}
