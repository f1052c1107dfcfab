//! Under which conditions a machine runs and is measured: only what is alike is compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many steps of speed there are to the rated speed.
const STEPS: f64 = 10.0;

/// An operating condition: values of two of them say nothing about each other.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Regime {
    /// The speed in percent of the rated one, to the nearest ten; `None` where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_percent: Option<u32>,
    /// Samples per second, to the nearest hertz; `None` for single values. Another rate is another
    /// filter before the sensor's converter, and often another sensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<u32>,
}

impl Regime {
    /// The operating condition at this speed over the rated one, and at this sample rate.
    pub fn of(speed_ratio: Option<f64>, sample_rate_hz: Option<f64>) -> Self {
        // Rounded, not cut off: rated speed itself must not lie where one step ends.
        let step = |ratio: f64| (ratio * STEPS).round() as u32;
        Self {
            speed_percent: speed_ratio.map(|ratio| step(ratio).saturating_mul(10)),
            sample_rate_hz: sample_rate_hz.map(|hz| hz.round() as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_around_a_step_are_one_regime() {
        let percent = |ratio| Regime::of(Some(ratio), None).speed_percent;
        assert_eq!([0.96, 1.0, 1.04].map(percent), [Some(100); 3]);
        assert_eq!([0.94, 0.0, f64::NAN].map(percent), [Some(90), Some(0), Some(0)]);
    }

    #[test]
    fn an_unknown_speed_and_another_rate_are_regimes_of_their_own() {
        let known = Regime::of(Some(1.0), Some(25_600.0));
        assert_ne!(known, Regime::of(None, Some(25_600.0)));
        assert_ne!(known, Regime::of(Some(1.0), Some(12_800.0)));
        assert_eq!(known, Regime::of(Some(1.0), Some(25_600.000_1)));
    }
}
