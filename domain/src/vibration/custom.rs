//! Boundaries of the zones that somebody set for one machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::severity::{Boundaries, DisplacementBoundaries, Edition};
use crate::invalid::Faults;

/// The lowest value of any boundary, in its unit: at zero everything would lie above it.
const BOUNDARY_MIN: f64 = 0.001;
/// The highest velocity that a boundary may have.
const VELOCITY_MM_S_MAX: f64 = 1_000.0;
/// The highest displacement that a boundary may have.
const DISPLACEMENT_UM_MAX: f64 = 100_000.0;

/// Boundaries of the zones that take the place of those of a standard, in every direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomBoundaries {
    /// In mm/s RMS.
    pub velocity_mm_s: ZoneEnds,
    /// In µm RMS. When absent, displacement has no say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub displacement_um: Option<ZoneEnds>,
}

/// Where one zone ends and the next begins; each above the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneEnds {
    /// Between zones A and B.
    #[schemars(range(min = 0.001, max = 100000.0), example = 1.4)]
    pub ab: f64,
    /// Between zones B and C.
    #[schemars(range(min = 0.001, max = 100000.0), example = 2.8)]
    pub bc: f64,
    /// Between zones C and D.
    #[schemars(range(min = 0.001, max = 100000.0), example = 4.5)]
    pub cd: f64,
}

impl CustomBoundaries {
    /// Notes what is wrong with it, under this pointer.
    pub(crate) fn check(&self, pointer: &str, faults: &mut Faults) {
        self.velocity_mm_s.check(VELOCITY_MM_S_MAX, &format!("{pointer}/velocity_mm_s"), faults);
        if let Some(um) = &self.displacement_um {
            um.check(DISPLACEMENT_UM_MAX, &format!("{pointer}/displacement_um"), faults);
        }
    }
}

impl ZoneEnds {
    fn check(&self, max: f64, pointer: &str, faults: &mut Faults) {
        let Self { ab, bc, cd } = *self;
        for (name, value) in [("ab", ab), ("bc", bc), ("cd", cd)] {
            faults.require_range(value, BOUNDARY_MIN, max, &format!("{pointer}/{name}"));
        }
        faults.require(ab < bc && bc < cd, pointer, "must grow: ab < bc < cd");
    }
}

impl From<CustomBoundaries> for Boundaries {
    fn from(custom: CustomBoundaries) -> Self {
        let ZoneEnds { ab, bc, cd } = custom.velocity_mm_s;
        let um = |ZoneEnds { ab, bc, cd }| DisplacementBoundaries { ab, bc, cd };
        let displacement_um = custom.displacement_um.map(um);
        Self { edition: Edition::Custom, ab, bc, cd, displacement_um }
    }
}
