//! Which fault a motor has, with the lines that speak for it.
//!
//! ```text
//! Spectrum of each window ──▶ Record (mean envelope lines, order powers) ──▶ Diagnosis
//! ```

mod lines;
mod masks;
mod races;
mod record;
mod shaft;
mod watch;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::band::Band;
use super::bearing::FaultOrders;
use super::severity::Boundaries;

pub use record::{Record, RecordEnvelope, Sight, WINDOWS_MAX};
pub use shaft::order_velocities;
pub use watch::Watch;

/// What is wrong. There is no word for a ball: its lines are those of the others half of the time.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A flaw of a bearing's outer race.
    BearingOuterRace,
    /// A flaw of a bearing's inner race.
    BearingInnerRace,
    /// A flaw of a bearing's cage.
    Cage,
    /// The mass lies beside the axis of rotation.
    Unbalance,
    /// The shafts of motor and load do not meet in one line.
    Misalignment,
    /// Something has play: a foot, a fit, a bearing in its seat.
    Looseness,
    /// Stator or air gap: what shakes at twice the line frequency.
    Electrical,
}

/// A line that speaks for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Where it is.
    pub frequency_hz: f64,
    /// Where theory puts it.
    pub expected_hz: f64,
    /// How often its power holds that of the noise around it.
    pub ratio: f64,
}

/// A fault, and why it is believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// Of which bearing, by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearing: Option<String>,
    /// From 0 to 1: a rank, not a probability.
    pub confidence: f64,
    /// The strongest first.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// Whether it is the same fault of the same part.
    pub fn is_of(&self, other: &Self) -> bool {
        (self.fault, &self.bearing) == (other.fault, &other.bearing)
    }
}

/// Why a verdict is missing. The names are codes for machines.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Without the speed of the shaft, no order and no bearing has a frequency.
    SpeedUnknown,
    /// The speed changed, and the lines are smeared.
    SpeedDrift,
    /// The samples do not last as long as a diagnosis needs.
    TooShort,
    /// The samples are clipped, flat or not finite, or cannot be judged for another such reason.
    SamplesUnfit,
    /// No geometry is known of any bearing at this sensor: no bearing verdict.
    BearingUnknown,
    /// The sensor sends values and no samples.
    SamplesNeeded,
    /// Velocity has lost the high frequencies in which bearings ring: no bearing verdict.
    AccelerationNeeded,
}

impl Gap {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SpeedUnknown => "speed_unknown",
            Self::SpeedDrift => "speed_drift",
            Self::TooShort => "too_short",
            Self::SamplesUnfit => "samples_unfit",
            Self::BearingUnknown => "bearing_unknown",
            Self::SamplesNeeded => "samples_needed",
            Self::AccelerationNeeded => "acceleration_needed",
        }
    }
}

/// What a record says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// What was found.
    pub findings: Vec<Finding>,
    /// What could not be looked for, and why.
    pub gaps: BTreeSet<Gap>,
}

/// What must be known of a motor for a diagnosis at one measuring point.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// In which direction it is measured.
    pub axis: Axis,
    /// Where the zones end.
    pub boundaries: Boundaries,
    /// Of the supply.
    pub line_frequency_hz: f64,
    /// The bearings to look for, by position.
    pub bearings: Vec<(String, FaultOrders)>,
}

/// How a record is judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordSettings {
    /// With which probability a look at a record of noise gives a bearing fault.
    pub false_alarm_rate: f64,
    /// The band to demodulate; without one, the whole of what the sensor hears and its most
    /// impulsive part are.
    pub envelope_band: Option<Band>,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self { false_alarm_rate: 1e-6, envelope_band: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_and_faults_are_codes_on_the_wire() {
        for gap in [
            Gap::SpeedUnknown,
            Gap::SpeedDrift,
            Gap::TooShort,
            Gap::SamplesUnfit,
            Gap::BearingUnknown,
            Gap::SamplesNeeded,
            Gap::AccelerationNeeded,
        ] {
            assert_eq!(serde_json::to_value(gap).unwrap(), gap.code());
        }
        assert_eq!(serde_json::to_value(Fault::BearingOuterRace).unwrap(), "bearing_outer_race");
    }
}
