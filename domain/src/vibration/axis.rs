//! The axes in which a sensor measures, and the direction in which each one looks at the machine.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The axis of a sensor: named after the machine where the fitter knew it, after the sensor where
/// not.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Radial, horizontal.
    RadialH,
    /// Radial, vertical.
    RadialV,
    /// Along the shaft.
    Axial,
    /// The sensor's x, taken to be horizontal.
    X,
    /// The sensor's y, taken to be vertical.
    Y,
    /// The sensor's z, taken to be axial.
    Z,
}

/// The measuring direction. The support of a machine may be rigid in one and flexible in another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Across the shaft, level.
    Horizontal,
    /// Across the shaft, upright.
    Vertical,
    /// Along the shaft.
    Axial,
}

/// An axis that is not one of [`Axis::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown axis {0:?}, expected one of radial_h, radial_v, axial, x, y, z")]
pub struct UnknownAxis(pub String);

impl Axis {
    /// Every axis there is.
    pub const ALL: [Self; 6] =
        [Self::RadialH, Self::RadialV, Self::Axial, Self::X, Self::Y, Self::Z];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RadialH => "radial_h",
            Self::RadialV => "radial_v",
            Self::Axial => "axial",
            Self::X => "x",
            Self::Y => "y",
            Self::Z => "z",
        }
    }

    /// Where the axis looks: x is taken for horizontal, y for vertical, z for axial.
    pub const fn direction(self) -> Direction {
        match self {
            Self::RadialH | Self::X => Direction::Horizontal,
            Self::RadialV | Self::Y => Direction::Vertical,
            Self::Axial | Self::Z => Direction::Axial,
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Axis {
    type Err = UnknownAxis;

    fn from_str(name: &str) -> Result<Self, UnknownAxis> {
        Self::ALL
            .into_iter()
            .find(|axis| axis.name() == name)
            .ok_or_else(|| UnknownAxis(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_those_of_display_and_from_str() {
        for axis in Axis::ALL {
            assert_eq!(serde_json::to_value(axis).unwrap(), axis.to_string());
            assert_eq!(axis.to_string().parse::<Axis>().unwrap(), axis);
        }
        assert!("radial".parse::<Axis>().is_err());
    }

    #[test]
    fn the_sensors_own_axes_have_a_direction() {
        assert_eq!(Axis::X.direction(), Axis::RadialH.direction());
        assert_eq!(Axis::Y.direction(), Axis::RadialV.direction());
        assert_eq!(Axis::Z.direction(), Axis::Axial.direction());
    }
}
