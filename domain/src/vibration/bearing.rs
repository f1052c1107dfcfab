//! The orders at which the faults of a rolling bearing knock, from its geometry.

/// The geometry of a rolling bearing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// How many balls or rollers.
    pub rolling_elements: u32,
    /// Of one of them.
    pub element_diameter_mm: f64,
    /// Of the circle on which their centres lie.
    pub pitch_diameter_mm: f64,
    /// Between the load and the plane of that circle.
    pub contact_angle_deg: f64,
}

/// How often each part knocks in one revolution of the shaft, the outer ring standing still and
/// nothing slipping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultOrders {
    /// The cage (FTF).
    pub cage: f64,
    /// The outer race (BPFO).
    pub outer_race: f64,
    /// The inner race (BPFI).
    pub inner_race: f64,
    /// The spin of a rolling element (BSF); it knocks on both races, so twice in each spin.
    pub spin: f64,
}

impl Geometry {
    /// With `r = d/D · cos φ` and `n` elements: FTF = (1 − r)/2, BPFO = n(1 − r)/2,
    /// BPFI = n(1 + r)/2, BSF = D/(2d) · (1 − r²).
    pub fn fault_orders(&self) -> FaultOrders {
        let n = f64::from(self.rolling_elements);
        let share = self.element_diameter_mm / self.pitch_diameter_mm;
        let r = share * self.contact_angle_deg.to_radians().cos();
        FaultOrders {
            cage: (1.0 - r) / 2.0,
            outer_race: n * (1.0 - r) / 2.0,
            inner_race: n * (1.0 + r) / 2.0,
            spin: (1.0 - r * r) / (2.0 * share),
        }
    }
}

/// Millimetres in an inch, exact by definition.
const MM_PER_INCH: f64 = 25.4;

/// Designations whose geometry has been published with recordings of them. Makers differ in the
/// balls that they put into the same ring, within the slip that a diagnosis allows for.
const CATALOGUE: &[(&str, Geometry)] = &[
    // SKF 6203-2RS and 6205-2RS: the bearing data of the Case Western Reserve University Bearing
    // Data Center; the 6205 also in the examples of the MathWorks Predictive Maintenance Toolbox.
    ("6203", inches(8, 0.2656, 1.122, 0.0)),
    ("6205", inches(9, 0.3126, 1.537, 0.0)),
    // LDK UER204: Wang et al., XJTU-SY bearing datasets, table of parameters.
    ("UER204", millimetres(8, 7.92, 34.55, 0.0)),
    // Rexnord ZA-2115: the bearing data set of the Center for Intelligent Maintenance Systems,
    // University of Cincinnati.
    ("ZA-2115", inches(16, 0.331, 2.815, 15.17)),
    // NICE: the data of the Society for Machinery Failure Prevention Technology, Bechhoefer 2013.
    ("NICE", inches(8, 0.235, 1.245, 0.0)),
    // NSK 6804: Nectoux et al., PRONOSTIA, IEEE PHM 2012.
    ("6804", millimetres(13, 3.5, 25.6, 0.0)),
    // ER16K: Huang and Baddour, Data in Brief 21 (2018), University of Ottawa.
    ("ER16K", millimetres(9, 7.94, 38.52, 0.0)),
];

const fn millimetres(n: u32, element_mm: f64, pitch_mm: f64, contact_angle_deg: f64) -> Geometry {
    Geometry {
        rolling_elements: n,
        element_diameter_mm: element_mm,
        pitch_diameter_mm: pitch_mm,
        contact_angle_deg,
    }
}

const fn inches(n: u32, element: f64, pitch: f64, contact_angle_deg: f64) -> Geometry {
    millimetres(n, element * MM_PER_INCH, pitch * MM_PER_INCH, contact_angle_deg)
}

/// The geometry of a bearing of this designation; seals, shields, clearance and maker change
/// nothing: `SKF 6205-2RS/C3` is a `6205`. `None` when it is not in the catalogue.
pub fn by_designation(designation: &str) -> Option<Geometry> {
    let wanted = designation.to_ascii_uppercase();
    let is_edge = |at: Option<char>| at.is_none_or(|at| !at.is_ascii_digit());
    let is_in = |name: &str| {
        wanted.match_indices(name).any(|(at, _)| {
            let (before, after) = (&wanted[..at], &wanted[at + name.len()..]);
            // A letter before the number is another series: NU205 is no 205.
            let starts = before.chars().next_back().is_none_or(|at| !at.is_ascii_alphanumeric());
            starts && is_edge(after.chars().next())
        })
    };
    CATALOGUE.iter().find(|(name, _)| is_in(name)).map(|(_, geometry)| *geometry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_of_a_6205_are_the_published_ones() {
        let orders = by_designation("6205").expect("in the catalogue").fault_orders();
        let expected = [
            (orders.cage, 0.39828),
            (orders.outer_race, 3.58484),
            (orders.inner_race, 5.41516),
            (orders.spin, 2.35666),
        ];
        for (actual, expected) in expected {
            assert!((actual - expected).abs() < 2e-4, "{actual} is not {expected}");
        }
    }

    #[test]
    fn the_orders_are_those_published_with_the_recordings() {
        let published = [("NICE", 3.245, 4.755), ("6804", 5.611, 7.389), ("ER16K", 3.57, 5.43)];
        for (name, outer_race, inner_race) in published {
            let orders = by_designation(name).expect("in the catalogue").fault_orders();
            assert!((orders.outer_race - outer_race).abs() < 3e-3, "{name}: {orders:?}");
            assert!((orders.inner_race - inner_race).abs() < 3e-3, "{name}: {orders:?}");
        }
    }

    #[test]
    fn outer_and_inner_race_share_the_elements() {
        for (name, geometry) in CATALOGUE {
            let orders = geometry.fault_orders();
            let elements = f64::from(geometry.rolling_elements);
            assert!((orders.outer_race + orders.inner_race - elements).abs() < 1e-12, "{name}");
            assert!((orders.cage * elements - orders.outer_race).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn seals_and_makers_do_not_matter_but_other_series_do() {
        for same in ["6205", "SKF 6205-2RS", "6205/C3", "6205zz", "6205-2RSH/C3"] {
            assert_eq!(by_designation(same), by_designation("6205"), "{same}");
            assert!(by_designation(same).is_some(), "{same}");
        }
        for other in ["NU6205", "62055", "16205", "6299", ""] {
            assert_eq!(by_designation(other), None, "{other}");
        }
    }
}
