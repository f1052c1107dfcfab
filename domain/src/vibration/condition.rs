//! What a window or a single value says about a motor.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::band::Band;
use super::block::{Measurement, Statistic};
use super::custom::CustomBoundaries;
use super::features::Features;
use super::quality::Quality;
use super::severity::{Boundaries, MachineGroup, Zone, boundaries, combined_zone};
use super::support::Support;
use super::unit::{Quantity, Unit};

/// What must be known of a motor to judge its vibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The row of the table.
    pub group: MachineGroup,
    /// How it stands, in each direction.
    pub support: Support,
    /// The boundaries of its own, which take the place of the table's.
    pub custom: Option<CustomBoundaries>,
    /// The rated speed in revolutions per minute, which chooses the band.
    pub rated_speed_rpm: Option<f64>,
}

impl Machine {
    /// The band in which this machine is judged. It follows from the rated speed, not from that of
    /// the moment: a machine that is run up does not change its band on the way.
    pub fn band(&self) -> Band {
        Band::for_speed(self.rated_speed_rpm)
    }

    /// The boundaries for a sensor's axis on this machine.
    pub fn boundaries(&self, axis: Axis) -> Boundaries {
        let of_table = || boundaries(self.group, self.support.of_axis(axis));
        self.custom.map_or_else(of_table, Boundaries::from)
    }
}

/// The judgement on one window or value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Assessment {
    /// There is a zone.
    Condition(Condition),
    /// There is none, and why.
    NotAssessable {
        /// Why.
        reason: Reason,
        /// What was found in the samples.
        quality: Quality,
    },
}

/// The condition of a motor at one sensor and axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// Velocity of the band in mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// Displacement of the band in µm RMS; `None` for a single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub displacement_rms_um: Option<f64>,
    /// The zone; of velocity and displacement the worse.
    pub zone: Zone,
    /// The boundaries that gave the zone.
    pub boundaries: Boundaries,
    /// Features of the samples, in m/s² or mm/s as `features_unit` says; `None` for a single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// The unit of the features: m/s² for any acceleration, mm/s for any velocity.
    pub features_unit: Unit,
    /// What is to be known of the samples.
    pub quality: Quality,
}

/// Why something has no zone. The names are codes for machines; `Display` has the words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The samples do not last as long as the band needs.
    TooShort,
    /// The sample rate does not cover the band.
    SampleRateTooLow,
    /// The sensor stands still.
    FlatLine,
    /// A sample is no finite number.
    NonFinite,
    /// The unit was not told, or is none that we know.
    UnknownUnit,
    /// A single value of acceleration: only samples can be integrated to a velocity.
    SamplesNeeded,
}

impl Reason {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::SampleRateTooLow => "sample_rate_too_low",
            Self::FlatLine => "flat_line",
            Self::NonFinite => "non_finite",
            Self::UnknownUnit => "unknown_unit",
            Self::SamplesNeeded => "samples_needed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the samples do not last as long as the band of the motor needs",
            Self::SampleRateTooLow => {
                "the sample rate is below 2560 Hz and does not cover the band"
            }
            Self::FlatLine => "the sensor stands still",
            Self::NonFinite => "a sample is not a finite number",
            Self::UnknownUnit => "the unit is not known",
            Self::SamplesNeeded => "a single acceleration cannot be turned into a velocity",
        })
    }
}

/// Judges a single value: a velocity has a zone, an acceleration has none.
pub fn assess_measurement(measurement: &Measurement, machine: &Machine) -> Assessment {
    let Measurement { unit, value, axis, statistic: Statistic::Rms, .. } = measurement;
    let quality = Quality::default();
    if unit.quantity() != Quantity::Velocity {
        return not_assessable(Reason::SamplesNeeded, quality);
    }
    let (features_unit, factor) = feature_unit(*unit);
    let velocity_rms_mm_s = value * factor;
    let boundaries = machine.boundaries(*axis);
    Assessment::Condition(Condition {
        velocity_rms_mm_s,
        displacement_rms_um: None,
        zone: combined_zone(velocity_rms_mm_s, None, &boundaries),
        boundaries,
        features: None,
        features_unit,
        quality,
    })
}

pub(super) fn not_assessable(reason: Reason, quality: Quality) -> Assessment {
    Assessment::NotAssessable { reason, quality }
}

/// The unit in which features of a unit are kept, and the factor to it.
pub(super) fn feature_unit(unit: Unit) -> (Unit, f64) {
    let to = match unit.quantity() {
        Quantity::Acceleration => Unit::MetrePerSecondSquared,
        Quantity::Velocity => Unit::MillimetrePerSecond,
    };
    (to, unit.convert(1.0, to).expect("both measure the same quantity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::vibration::examination::assess_window;
    use crate::vibration::quality::Flag;
    use crate::vibration::spectrum::Analyser;
    use crate::vibration::support::Mounting;
    use crate::vibration::window::Window;
    use std::f64::consts::TAU;

    const MACHINE: Machine = Machine {
        group: MachineGroup::Group2,
        support: Support {
            horizontal: Mounting::Flexible,
            vertical: Mounting::Rigid,
            axial: Mounting::Rigid,
        },
        custom: None,
        rated_speed_rpm: Some(1480.0),
    };

    /// One g of gravity and a sine of this velocity in mm/s RMS at 50 Hz.
    fn window(velocity_rms_mm_s: f64, sample_rate_hz: f64, seconds: f64) -> Window {
        let peak_g = velocity_rms_mm_s / 1e3 * 2_f64.sqrt() * TAU * 50.0 / 9.806_65;
        let samples = (sample_rate_hz * seconds) as usize;
        let sample = |i: usize| 1.0 + peak_g * (TAU * 50.0 * i as f64 / sample_rate_hz).sin();
        Window {
            started_at: Timestamp::from_micros(0),
            sample_rate_hz,
            unit: Unit::StandardGravity,
            speed_rpm: None,
            quality: Quality::default(),
            samples: (0..samples).map(|i| sample(i) as f32).collect(),
        }
    }

    fn assess(window: &Window, axis: Axis) -> Assessment {
        assess_window(&mut Analyser::default(), window, axis, &MACHINE)
    }

    fn condition(assessment: Assessment) -> Condition {
        let Assessment::Condition(condition) = assessment else { panic!("{assessment:?}") };
        condition
    }

    fn reason(assessment: Assessment) -> Reason {
        let Assessment::NotAssessable { reason, .. } = assessment else { panic!("{assessment:?}") };
        reason
    }

    #[test]
    fn a_window_has_the_zone_of_its_axis() {
        let window = window(2.5, 12_800.0, 1.0);
        let rigid = condition(assess(&window, Axis::RadialV));
        assert!((rigid.velocity_rms_mm_s - 2.5).abs() < 0.01, "{rigid:?}");
        assert_eq!(rigid.zone, Zone::B);
        let soft = condition(assess(&self::window(2.0, 12_800.0, 1.0), Axis::RadialH));
        assert_eq!(soft.zone, Zone::A);
    }

    #[test]
    fn features_are_in_metres_per_second_squared_whatever_the_unit() {
        let condition = condition(assess(&window(2.5, 12_800.0, 1.0), Axis::Axial));
        let features = condition.features.unwrap();
        assert_eq!(condition.features_unit, Unit::MetrePerSecondSquared);
        assert!((features.mean - 9.806_65).abs() < 1e-4, "{features:?}");
        assert!((features.std - 2.5e-3 * TAU * 50.0).abs() < 1e-4, "{features:?}");
    }

    #[test]
    fn samples_of_velocity_are_not_integrated() {
        let mut window = window(2.5, 12_800.0, 1.0);
        window.unit = Unit::MillimetrePerSecond;
        let std = Features::of(&window.samples).unwrap().std;
        let condition = condition(assess(&window, Axis::Axial));
        assert!((condition.velocity_rms_mm_s - std).abs() < 1e-5 * std);
        let displacement_um = std / (TAU * 50.0) * 1e3;
        assert!((condition.displacement_rms_um.unwrap() / displacement_um - 1.0).abs() < 2e-3);
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        assert_eq!(reason(assess(&window(2.5, 12_800.0, 0.99), Axis::X)), Reason::TooShort);
        assert_eq!(reason(assess(&window(2.5, 2559.0, 2.0), Axis::X)), Reason::SampleRateTooLow);
        assert_eq!(reason(assess(&window(0.0, 12_800.0, 1.0), Axis::X)), Reason::FlatLine);
        let mut broken = window(2.5, 12_800.0, 1.0);
        broken.samples[7] = f32::NAN;
        assert_eq!(reason(assess(&broken, Axis::X)), Reason::NonFinite);
    }

    #[test]
    fn a_slow_machine_needs_four_seconds_and_is_judged_from_two_hertz() {
        let slow = Machine { rated_speed_rpm: Some(300.0), ..MACHINE };
        let mut analyser = Analyser::default();
        let short = assess_window(&mut analyser, &window(2.5, 12_800.0, 3.9), Axis::X, &slow);
        assert_eq!(reason(short), Reason::TooShort);
        let mut five_hz = window(0.0, 12_800.0, 4.0);
        for (i, sample) in five_hz.samples.iter_mut().enumerate() {
            *sample += 0.01 * (TAU * 5.0 * i as f64 / 12_800.0).sin() as f32;
        }
        let seen = condition(assess_window(&mut analyser, &five_hz, Axis::X, &slow));
        assert!((seen.velocity_rms_mm_s - 2.207).abs() < 0.03, "{}", seen.velocity_rms_mm_s);
        let fast = condition(assess(&five_hz, Axis::X));
        assert!(fast.velocity_rms_mm_s < 0.01, "{}", fast.velocity_rms_mm_s);
    }

    #[test]
    fn displacement_makes_a_zone_worse_where_it_is_the_worse() {
        let slow = Machine { rated_speed_rpm: Some(300.0), ..MACHINE };
        let mut analyser = Analyser::default();
        let mut five_hz = window(0.0, 12_800.0, 4.0);
        for (i, sample) in five_hz.samples.iter_mut().enumerate() {
            *sample += 0.01 * (TAU * 5.0 * i as f64 / 12_800.0).sin() as f32;
        }
        let seen = condition(assess_window(&mut analyser, &five_hz, Axis::RadialV, &slow));
        assert!(seen.velocity_rms_mm_s < seen.boundaries.bc);
        assert!((seen.displacement_rms_um.unwrap() - 70.3).abs() < 1.0, "{seen:?}");
        assert_eq!(seen.zone, Zone::C);
    }

    #[test]
    fn a_clipped_window_has_a_zone_but_moves_no_alarm() {
        let mut clipped = window(2.5, 12_800.0, 1.0);
        for sample in &mut clipped.samples {
            *sample = sample.min(1.05);
        }
        let condition = condition(assess(&clipped, Axis::X));
        assert!(condition.quality.contains(Flag::Clipped) && condition.quality.is_bad());
    }

    #[test]
    fn what_befell_the_stream_stays_with_the_condition() {
        let mut window = window(2.5, 12_800.0, 1.0);
        window.quality.insert(Flag::GapBefore);
        assert!(condition(assess(&window, Axis::X)).quality.contains(Flag::GapBefore));
    }

    #[test]
    fn a_single_velocity_has_a_zone_and_a_single_acceleration_has_none() {
        let mut measurement = Measurement {
            sensor: "DE".to_owned(),
            axis: Axis::RadialV,
            unit: Unit::MillimetrePerSecond,
            started_at: Timestamp::from_micros(0),
            speed_rpm: None,
            statistic: Statistic::Rms,
            value: 2.81,
        };
        let judged = condition(assess_measurement(&measurement, &MACHINE));
        assert_eq!((judged.zone, judged.velocity_rms_mm_s), (Zone::C, 2.81));
        assert_eq!((judged.features, judged.displacement_rms_um), (None, None));
        measurement.unit = Unit::StandardGravity;
        assert_eq!(reason(assess_measurement(&measurement, &MACHINE)), Reason::SamplesNeeded);
    }

    #[test]
    fn reasons_are_codes_on_the_wire() {
        for reason in [
            Reason::TooShort,
            Reason::SampleRateTooLow,
            Reason::FlatLine,
            Reason::NonFinite,
            Reason::UnknownUnit,
            Reason::SamplesNeeded,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
