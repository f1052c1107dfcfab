//! Severity after ISO 10816: the boundaries of the zones as data, and the limits made of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::support::Mounting;

/// The kind of machine, which chooses the row of the table.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum MachineGroup {
    /// ISO 10816-3: more than 300 kW, or a shaft height of 315 mm and more.
    Group1,
    /// ISO 10816-3: more than 15 kW up to 300 kW, or a shaft height from 160 mm up to 315 mm.
    Group2,
    /// ISO 10816-1 class I: up to 15 kW.
    Class1,
    /// ISO 10816-1 class II: 15 to 75 kW.
    Class2,
    /// ISO 10816-1 class III: more than 75 kW, rigid.
    Class3,
    /// ISO 10816-1 class IV: more than 75 kW, flexible.
    Class4,
}

impl MachineGroup {
    /// Every group there is.
    pub const ALL: [Self; 6] =
        [Self::Group1, Self::Group2, Self::Class1, Self::Class2, Self::Class3, Self::Class4];

    /// The group of a motor of which only the rated power is known.
    ///
    /// ISO 10816-3 is the standard for industrial machines, but it begins above 15 kW; what is
    /// smaller falls back to class I of ISO 10816-1. Classes II to IV are never derived, since they
    /// overlap with the groups of part 3: whoever wants one of them says so.
    pub fn from_power_kw(rated_power_kw: f64) -> Self {
        if rated_power_kw > 300.0 {
            Self::Group1
        } else if rated_power_kw > 15.0 {
            Self::Group2
        } else {
            Self::Class1
        }
    }
}

/// The edition of a standard from which boundaries were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Edition {
    /// Industrial machines above 15 kW; succeeded by ISO 20816-3:2022.
    #[serde(rename = "ISO 10816-3:2009")]
    Iso10816Part3Of2009,
    /// General guidelines with the four classes of annex B.
    #[serde(rename = "ISO 10816-1:1995")]
    Iso10816Part1Of1995,
    /// None: what somebody set for this machine.
    #[serde(rename = "custom")]
    Custom,
}

/// Where one zone ends and the next begins. A value on a boundary is in the better zone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Boundaries {
    /// Where the numbers come from.
    pub edition: Edition,
    /// Between zones A and B, velocity in mm/s RMS.
    pub ab: f64,
    /// Between zones B and C, velocity in mm/s RMS.
    pub bc: f64,
    /// Between zones C and D, velocity in mm/s RMS.
    pub cd: f64,
    /// The same in µm RMS, where the standard gives it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub displacement_um: Option<DisplacementBoundaries>,
}

/// The boundaries of the zones as displacement in µm RMS (not peak to peak).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisplacementBoundaries {
    /// Between zones A and B.
    pub ab: f64,
    /// Between zones B and C.
    pub bc: f64,
    /// Between zones C and D.
    pub cd: f64,
}

/// The state of a machine by its vibration. `A < B < C < D`: the greatest is the worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Zone {
    /// As newly commissioned.
    A,
    /// Fit for unrestricted long-term running.
    B,
    /// Fit for a limited time, until there is an opportunity for repair.
    C,
    /// Severe enough to cause damage.
    D,
}

/// The boundaries for a machine on a mounting.
///
/// Groups 1 and 2 (ISO 10816-3:2009, tables A.1 and A.2) ask for the mounting in the measuring
/// direction. The classes (ISO 10816-1:1995, annex B) contain it already, III being rigid and IV
/// flexible, so for them it changes nothing.
pub const fn boundaries(group: MachineGroup, mounting: Mounting) -> Boundaries {
    use Mounting::{Flexible, Rigid};
    match (group, mounting) {
        (MachineGroup::Group1, Rigid) => part_3([2.3, 4.5, 7.1], [29.0, 57.0, 90.0]),
        (MachineGroup::Group1, Flexible) => part_3([3.5, 7.1, 11.0], [45.0, 90.0, 140.0]),
        (MachineGroup::Group2, Rigid) => part_3([1.4, 2.8, 4.5], [22.0, 45.0, 71.0]),
        (MachineGroup::Group2, Flexible) => part_3([2.3, 4.5, 7.1], [37.0, 71.0, 113.0]),
        (MachineGroup::Class1, _) => part_1([0.71, 1.8, 4.5]),
        (MachineGroup::Class2, _) => part_1([1.12, 2.8, 7.1]),
        (MachineGroup::Class3, _) => part_1([1.8, 4.5, 11.2]),
        (MachineGroup::Class4, _) => part_1([2.8, 7.1, 18.0]),
    }
}

const fn part_3([ab, bc, cd]: [f64; 3], um: [f64; 3]) -> Boundaries {
    Boundaries {
        edition: Edition::Iso10816Part3Of2009,
        ab,
        bc,
        cd,
        displacement_um: Some(DisplacementBoundaries { ab: um[0], bc: um[1], cd: um[2] }),
    }
}

const fn part_1([ab, bc, cd]: [f64; 3]) -> Boundaries {
    Boundaries { edition: Edition::Iso10816Part1Of1995, ab, bc, cd, displacement_um: None }
}

/// The zone of a velocity in mm/s RMS. What is not a number falls into D, never into a good zone.
pub fn zone(velocity_rms_mm_s: f64, boundaries: &Boundaries) -> Zone {
    zone_between(velocity_rms_mm_s, [boundaries.ab, boundaries.bc, boundaries.cd])
}

/// The zone of a displacement in µm RMS; `None` where the standard gives no boundaries for it.
pub fn zone_by_displacement(displacement_rms_um: f64, boundaries: &Boundaries) -> Option<Zone> {
    let um = boundaries.displacement_um?;
    Some(zone_between(displacement_rms_um, [um.ab, um.bc, um.cd]))
}

/// The zone by velocity and, where both the value and its boundaries exist, displacement: the worse
/// of the two.
pub fn combined_zone(
    velocity_rms_mm_s: f64,
    displacement_rms_um: Option<f64>,
    boundaries: &Boundaries,
) -> Zone {
    let by_velocity = zone(velocity_rms_mm_s, boundaries);
    displacement_rms_um
        .and_then(|um| zone_by_displacement(um, boundaries))
        .map_or(by_velocity, |by_displacement| by_velocity.max(by_displacement))
}

fn zone_between(value: f64, [ab, bc, cd]: [f64; 3]) -> Zone {
    if value <= ab {
        Zone::A
    } else if value <= bc {
        Zone::B
    } else if value <= cd {
        Zone::C
    } else {
        Zone::D
    }
}

/// The share of the B/C boundary by which a change counts, and by which an alarm stands above the
/// baseline.
const CHANGE_SHARE: f64 = 0.25;
/// How far above its boundary an alarm (of B/C) or a trip (of C/D) may stand at most.
const LIMIT_RATIO_MAX: f64 = 1.25;

/// The alarm limit in mm/s RMS: a quarter of B/C above the machine's own baseline, at most 1.25
/// times B/C (ISO 10816-3, 5.4). Without a baseline it is the B/C boundary itself until one is
/// learned.
pub fn alarm_limit(baseline_mm_s: Option<f64>, boundaries: &Boundaries) -> f64 {
    baseline_mm_s.map_or(boundaries.bc, |baseline| {
        (baseline + change_limit(boundaries)).min(alarm_ceiling(boundaries))
    })
}

/// The highest limit that an alarm may have in mm/s RMS, however high the baseline: 1.25 times B/C.
pub fn alarm_ceiling(boundaries: &Boundaries) -> f64 {
    LIMIT_RATIO_MAX * boundaries.bc
}

/// The trip limit in mm/s RMS: 1.25 times the C/D boundary, whatever the baseline.
pub fn trip_limit(boundaries: &Boundaries) -> f64 {
    LIMIT_RATIO_MAX * boundaries.cd
}

/// Whether a velocity moved by more than a quarter of B/C, up or down. The two values must come
/// from the same transducer and the same operating condition.
pub fn is_significant_change(delta_mm_s: f64, boundaries: &Boundaries) -> bool {
    delta_mm_s.abs() > change_limit(boundaries)
}

/// By how much a velocity must move in mm/s RMS to have changed: a quarter of B/C.
pub fn change_limit(boundaries: &Boundaries) -> f64 {
    CHANGE_SHARE * boundaries.bc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_follows_from_the_power_and_a_boundary_belongs_to_the_smaller() {
        let by_power = [
            (15.0, MachineGroup::Class1),
            (15.1, MachineGroup::Group2),
            (300.0, MachineGroup::Group2),
            (300.1, MachineGroup::Group1),
        ];
        for (power_kw, group) in by_power {
            assert_eq!(MachineGroup::from_power_kw(power_kw), group, "{power_kw} kW");
        }
    }

    #[test]
    fn groups_and_editions_have_exact_names_on_the_wire() {
        let names = MachineGroup::ALL.map(|group| serde_json::to_value(group).unwrap());
        let expected = ["group1", "group2", "class1", "class2", "class3", "class4"];
        assert_eq!(names.as_slice(), expected.map(serde_json::Value::from).as_slice());
        let data = serde_json::to_value(boundaries(MachineGroup::Group2, Mounting::Rigid)).unwrap();
        assert_eq!(data["edition"], "ISO 10816-3:2009");
        assert_eq!(data["displacement_um"]["bc"], 45.0);
        let data = serde_json::to_value(boundaries(MachineGroup::Class1, Mounting::Rigid)).unwrap();
        assert_eq!(data["edition"], "ISO 10816-1:1995");
        assert!(data.get("displacement_um").is_none());
    }

    #[test]
    fn boundaries_grow_within_every_row() {
        for group in MachineGroup::ALL {
            for mounting in [Mounting::Rigid, Mounting::Flexible] {
                let row = boundaries(group, mounting);
                assert!(row.ab < row.bc && row.bc < row.cd, "{row:?}");
            }
        }
    }

    #[test]
    fn the_worst_zone_is_the_greatest() {
        assert_eq!([Zone::B, Zone::D, Zone::A].into_iter().max(), Some(Zone::D));
        assert_eq!(serde_json::to_value(Zone::D).unwrap(), "D");
    }

    #[test]
    fn what_is_not_a_number_is_never_in_a_good_zone() {
        let row = boundaries(MachineGroup::Group2, Mounting::Rigid);
        assert_eq!(zone(f64::NAN, &row), Zone::D);
    }

    #[test]
    fn without_a_baseline_the_alarm_stands_on_the_boundary_of_c() {
        let row = boundaries(MachineGroup::Group2, Mounting::Rigid);
        assert_eq!(alarm_limit(None, &row), 2.8);
    }
}
