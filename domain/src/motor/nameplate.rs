//! What is written on a motor, how it stands, and where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::invalid::{Faults, FieldError, TEXT_PATTERN};
use crate::vibration::bearing::{FaultOrders, Geometry, by_designation};
use crate::vibration::{Axis, Boundaries, CustomBoundaries, Machine, MachineGroup, Support};

/// The longest name, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// The longest location, in characters.
pub const LOCATION_CHARACTERS_MAX: usize = 200;
/// The highest rated power: beyond it the standard's groups end.
pub const RATED_POWER_KW_MAX: f64 = 50_000.0;
/// The highest rated speed.
pub const RATED_SPEED_RPM_MAX: f64 = 100_000.0;
/// The most bearings of one motor.
pub const BEARINGS_MAX: usize = 16;
/// The most poles of one motor.
pub const POLES_MAX: u32 = 100;

/// What is written on a motor, how it stands, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Nameplate {
    /// What people call it: `P-101`.
    #[schemars(length(min = 1, max = 100), regex(pattern = TEXT_PATTERN), example = &"P-101")]
    pub name: String,
    /// At the shaft.
    #[schemars(range(min = 0.01, max = 50000.0), example = 90.0)]
    pub rated_power_kw: f64,
    /// At full load.
    #[schemars(range(min = 1.0, max = 100000.0), example = 1480.0)]
    pub rated_speed_rpm: f64,
    /// Of the supply.
    #[schemars(range(min = 10.0, max = 1000.0))]
    #[serde(default = "line_frequency_hz")]
    pub line_frequency_hz: f64,
    /// An even number.
    #[schemars(range(min = 2, max = 100), extend("multipleOf" = 2), example = 4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poles: Option<u32>,
    /// As somebody chose it; see [`Nameplate::group`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_group: Option<MachineGroup>,
    /// How it stands, in each direction.
    #[serde(default)]
    pub support: Support,
    /// Of the zones, as somebody set them for this motor; else those of the standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundaries: Option<CustomBoundaries>,
    /// By position.
    #[schemars(length(max = 16))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearings: Vec<Bearing>,
    /// Where it stands: `Hall 2`.
    #[schemars(length(min = 1, max = 200), regex(pattern = TEXT_PATTERN), example = &"Hall 2")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

fn line_frequency_hz() -> f64 {
    50.0
}

/// A rolling bearing: by its designation, or by its geometry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bearing {
    /// Where: `DE` is the drive end, `NDE` the other one.
    #[schemars(length(min = 1, max = 64), regex(pattern = TEXT_PATTERN), example = &"DE")]
    pub position: String,
    /// The maker's: `6205`.
    #[schemars(length(min = 1, max = 64), regex(pattern = TEXT_PATTERN), example = &"6205")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designation: Option<String>,
    /// How many balls or rollers.
    #[schemars(range(min = 3, max = 200), example = 9)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling_elements: Option<u32>,
    /// Of one of them.
    #[schemars(range(min = 0.1, max = 1000.0), example = 7.94)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_diameter_mm: Option<f64>,
    /// Of the circle on which their centres lie.
    #[schemars(range(min = 1.0, max = 10000.0), example = 39.04)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch_diameter_mm: Option<f64>,
    /// Between the load and the plane of that circle; 0 when absent.
    #[schemars(range(min = 0.0, max = 89.0), example = 0.0)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_angle_deg: Option<f64>,
}

impl Nameplate {
    /// The group by which severity is judged: the chosen one, else the one that follows from the power.
    pub fn group(&self) -> MachineGroup {
        self.machine_group.unwrap_or_else(|| MachineGroup::from_power_kw(self.rated_power_kw))
    }

    /// The boundaries by which an axis is judged: the motor's own where somebody set them, else those
    /// of the standard for its group and its support in that direction.
    pub fn boundaries_of(&self, axis: Axis) -> Boundaries {
        self.machine().boundaries(axis)
    }

    /// What must be known of it to judge its vibration.
    pub fn machine(&self) -> Machine {
        Machine {
            group: self.group(),
            support: self.support,
            custom: self.boundaries,
            rated_speed_rpm: Some(self.rated_speed_rpm),
        }
    }

    /// All that is wrong with it.
    pub(super) fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults::default();
        faults.require_text(&self.name, NAME_CHARACTERS_MAX, "/name");
        faults.require_range(self.rated_power_kw, 0.01, RATED_POWER_KW_MAX, "/rated_power_kw");
        faults.require_range(self.rated_speed_rpm, 1.0, RATED_SPEED_RPM_MAX, "/rated_speed_rpm");
        faults.require_range(self.line_frequency_hz, 10.0, 1_000.0, "/line_frequency_hz");
        let even = |poles: u32| poles.is_multiple_of(2) && (2..=POLES_MAX).contains(&poles);
        let detail = format!("must be an even number from 2 to {POLES_MAX}");
        faults.require(self.poles.is_none_or(even), "/poles", &detail);
        if let Some(boundaries) = &self.boundaries {
            boundaries.check("/boundaries", &mut faults);
        }
        let count = self.bearings.len();
        faults.require(count <= BEARINGS_MAX, "/bearings", "must be at most 16");
        for (i, bearing) in self.bearings.iter().take(BEARINGS_MAX).enumerate() {
            bearing.check(&format!("/bearings/{i}"), &mut faults);
        }
        if let Some(location) = &self.location {
            faults.require_text(location, LOCATION_CHARACTERS_MAX, "/location");
        }
        faults.into_result()
    }
}

impl Bearing {
    /// The orders of its faults: from its own geometry where that is whole, else from that of its
    /// designation; `None` when neither is known.
    pub fn fault_orders(&self) -> Option<FaultOrders> {
        let own = || {
            Some(Geometry {
                rolling_elements: self.rolling_elements?,
                element_diameter_mm: self.element_diameter_mm?,
                pitch_diameter_mm: self.pitch_diameter_mm?,
                contact_angle_deg: self.contact_angle_deg.unwrap_or(0.0),
            })
        };
        let named = || by_designation(self.designation.as_deref()?);
        Some(own().or_else(named)?.fault_orders())
    }

    fn check(&self, pointer: &str, faults: &mut Faults) {
        faults.require_text(&self.position, 64, &format!("{pointer}/position"));
        if let Some(designation) = &self.designation {
            faults.require_text(designation, 64, &format!("{pointer}/designation"));
        }
        let has_geometry = self.rolling_elements.is_some()
            && self.element_diameter_mm.is_some()
            && self.pitch_diameter_mm.is_some();
        let detail =
            "needs a designation, or rolling_elements, element_diameter_mm and pitch_diameter_mm";
        faults.require(self.designation.is_some() || has_geometry, pointer, detail);
        if let Some(elements) = self.rolling_elements {
            let at = format!("{pointer}/rolling_elements");
            faults.require_range(elements.into(), 3.0, 200.0, &at);
        }
        let pitch_mm = self.pitch_diameter_mm.unwrap_or(2_000.0);
        faults.require_range(pitch_mm, 1.0, 10_000.0, &format!("{pointer}/pitch_diameter_mm"));
        if let Some(element_mm) = self.element_diameter_mm {
            let at = format!("{pointer}/element_diameter_mm");
            faults.require_range(element_mm, 0.1, 1_000.0, &at);
            faults.require(element_mm < pitch_mm, &at, "must be less than the pitch diameter");
        }
        if let Some(angle_deg) = self.contact_angle_deg {
            faults.require_range(angle_deg, 0.0, 89.0, &format!("{pointer}/contact_angle_deg"));
        }
    }
}
