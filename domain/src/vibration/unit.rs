//! The units in which samples arrive, and what one of each is in SI.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Standard gravity in m/s² (exact by definition, CGPM 1901).
pub const STANDARD_GRAVITY_M_S2: f64 = 9.806_65;

/// The unit of a sample. An unknown one is refused: it is never guessed from the magnitude.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Unit {
    /// Acceleration in m/s².
    #[serde(rename = "m/s2")]
    MetrePerSecondSquared,
    /// Acceleration in multiples of standard gravity.
    #[serde(rename = "g")]
    StandardGravity,
    /// Velocity in mm/s.
    #[serde(rename = "mm/s")]
    MillimetrePerSecond,
}

/// What a unit measures. Only like quantities can be compared or converted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// SI base m/s².
    Acceleration,
    /// SI base m/s.
    Velocity,
}

/// A unit that is not one of [`Unit::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit {0:?}, expected one of \"m/s2\", \"g\", \"mm/s\"")]
pub struct UnknownUnit(pub String);

impl Unit {
    /// Every unit there is.
    pub const ALL: [Self; 3] =
        [Self::MetrePerSecondSquared, Self::StandardGravity, Self::MillimetrePerSecond];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MetrePerSecondSquared => "m/s2",
            Self::StandardGravity => "g",
            Self::MillimetrePerSecond => "mm/s",
        }
    }

    /// What is measured.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::MetrePerSecondSquared | Self::StandardGravity => Quantity::Acceleration,
            Self::MillimetrePerSecond => Quantity::Velocity,
        }
    }

    /// One of this unit in the SI base unit of its quantity: m/s² for acceleration, m/s for
    /// velocity.
    pub const fn si_factor(self) -> f64 {
        match self {
            Self::MetrePerSecondSquared => 1.0,
            Self::StandardGravity => STANDARD_GRAVITY_M_S2,
            Self::MillimetrePerSecond => 1e-3,
        }
    }

    /// A value of this unit in another; `None` when they measure different quantities.
    pub fn convert(self, value: f64, to: Self) -> Option<f64> {
        (self.quantity() == to.quantity()).then(|| value * (self.si_factor() / to.si_factor()))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(name: &str) -> Result<Self, UnknownUnit> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.name() == name)
            .ok_or_else(|| UnknownUnit(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_exact() {
        for unit in Unit::ALL {
            assert_eq!(serde_json::to_value(unit).unwrap(), unit.name());
            assert_eq!(unit.name().parse::<Unit>().unwrap(), unit);
        }
    }

    #[test]
    fn an_unknown_unit_is_refused_with_the_known_ones() {
        let error = serde_json::from_str::<Unit>(r#""mm/s2""#).unwrap_err().to_string();
        let parsed = "mm/s2".parse::<Unit>().unwrap_err().to_string();
        for unit in Unit::ALL {
            assert!(error.contains(unit.name()), "{error}");
            assert!(parsed.contains(unit.name()), "{parsed}");
        }
    }

    #[test]
    fn a_g_is_standard_gravity_and_no_velocity() {
        let one_g = Unit::StandardGravity.convert(1.0, Unit::MetrePerSecondSquared);
        assert_eq!(one_g, Some(9.806_65));
        assert_eq!(Unit::StandardGravity.convert(1.0, Unit::MillimetrePerSecond), None);
    }
}
