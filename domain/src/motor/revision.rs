//! A change of some fields: what is absent stays, what is `null` is taken away (RFC 7396).

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Bearing, Nameplate};
use crate::invalid::TEXT_PATTERN;
use crate::vibration::{CustomBoundaries, MachineGroup, Support};

/// What is to be changed of a motor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Revision {
    /// See [`Nameplate::name`].
    #[schemars(length(min = 1, max = 100), regex(pattern = TEXT_PATTERN), example = &"P-101")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// See [`Nameplate::rated_power_kw`].
    #[schemars(range(min = 0.01, max = 50000.0), example = 90.0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rated_power_kw: Option<f64>,
    /// See [`Nameplate::rated_speed_rpm`].
    #[schemars(range(min = 1.0, max = 100000.0), example = 1480.0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rated_speed_rpm: Option<f64>,
    /// See [`Nameplate::line_frequency_hz`].
    #[schemars(range(min = 10.0, max = 1000.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_frequency_hz: Option<f64>,
    /// `null`: unknown.
    #[schemars(range(min = 2, max = 100), extend("multipleOf" = 2), example = 4)]
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub poles: Option<Option<u32>>,
    /// `null`: as the power tells.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub machine_group: Option<Option<MachineGroup>>,
    /// See [`Nameplate::support`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// `null`: as the standard tells.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub boundaries: Option<Option<CustomBoundaries>>,
    /// All of them.
    #[schemars(length(max = 16))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearings: Option<Vec<Bearing>>,
    /// `null`: unknown.
    #[schemars(length(min = 1, max = 200), regex(pattern = TEXT_PATTERN), example = &"Hall 2")]
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub location: Option<Option<String>>,
}

/// Tells `null` from absent: serde calls this only for fields that are there.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Revision {
    /// The nameplate after it. Where the motor stands is left to `Relocated`.
    pub(super) fn apply_to(self, nameplate: &Nameplate) -> Nameplate {
        let before = nameplate.clone();
        Nameplate {
            name: self.name.unwrap_or(before.name),
            rated_power_kw: self.rated_power_kw.unwrap_or(before.rated_power_kw),
            rated_speed_rpm: self.rated_speed_rpm.unwrap_or(before.rated_speed_rpm),
            line_frequency_hz: self.line_frequency_hz.unwrap_or(before.line_frequency_hz),
            poles: self.poles.unwrap_or(before.poles),
            machine_group: self.machine_group.unwrap_or(before.machine_group),
            support: self.support.unwrap_or(before.support),
            boundaries: self.boundaries.unwrap_or(before.boundaries),
            bearings: self.bearings.unwrap_or(before.bearings),
            location: before.location,
        }
    }
}
