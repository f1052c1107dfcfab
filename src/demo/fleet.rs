//! The motors of the demo.

use uuid::Uuid;

/// A simulated motor.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) location: &'static str,
    pub(super) rated_power_kw: f64,
    pub(super) rated_speed_rpm: f64,
    pub(super) flexible: bool,
    pub(super) fault: Fault,
}

/// What is wrong with it.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Healthy,
    /// A heavy spot: strong at the speed of the shaft. Velocity in mm/s RMS.
    Unbalanced {
        velocity_rms_mm_s: f64,
    },
    /// Shafts out of line: strong at twice the speed.
    Misaligned {
        velocity_rms_mm_s: f64,
    },
    /// A spalled outer race that gets worse over minutes.
    BearingGoingBad,
}

impl Member {
    /// The same motor has the same id whenever the demo is started.
    pub(super) fn id(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:atalaya:demo:{}", self.name).as_bytes())
    }
}

pub(super) const FLEET: &[Member] = &[
    Member {
        name: "P-101 feed pump",
        location: "Hall 1",
        rated_power_kw: 90.0,
        rated_speed_rpm: 1480.0,
        flexible: false,
        fault: Fault::Healthy,
    },
    Member {
        name: "P-102 feed pump",
        location: "Hall 1",
        rated_power_kw: 90.0,
        rated_speed_rpm: 1482.0,
        flexible: false,
        fault: Fault::Unbalanced { velocity_rms_mm_s: 3.4 },
    },
    Member {
        name: "V-201 exhaust fan",
        location: "Roof",
        rated_power_kw: 45.0,
        rated_speed_rpm: 985.0,
        flexible: true,
        fault: Fault::Healthy,
    },
    Member {
        name: "V-202 exhaust fan",
        location: "Roof",
        rated_power_kw: 45.0,
        rated_speed_rpm: 987.0,
        flexible: true,
        fault: Fault::Unbalanced { velocity_rms_mm_s: 2.9 },
    },
    Member {
        name: "C-301 compressor",
        location: "Hall 2",
        rated_power_kw: 400.0,
        rated_speed_rpm: 2975.0,
        flexible: false,
        fault: Fault::BearingGoingBad,
    },
    Member {
        name: "M-401 mixer",
        location: "Hall 2",
        rated_power_kw: 11.0,
        rated_speed_rpm: 1455.0,
        flexible: false,
        fault: Fault::Misaligned { velocity_rms_mm_s: 5.6 },
    },
    Member {
        name: "B-501 belt drive",
        location: "Yard",
        rated_power_kw: 30.0,
        rated_speed_rpm: 1470.0,
        flexible: true,
        fault: Fault::Healthy,
    },
    Member {
        name: "P-103 booster pump",
        location: "Hall 1",
        rated_power_kw: 22.0,
        rated_speed_rpm: 2940.0,
        flexible: false,
        fault: Fault::Misaligned { velocity_rms_mm_s: 1.9 },
    },
];
