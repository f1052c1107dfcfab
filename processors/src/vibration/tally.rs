//! Counts the samples of which nothing was made, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why nothing was made of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// No motor was ever registered under its id.
    UnknownMotor,
    /// Its motor is no longer in service.
    Decommissioned,
    /// It was taken before.
    Duplicate,
    /// Later samples of the same measuring point have been taken already.
    Late,
    /// It breaks the rules for samples.
    Invalid,
    /// Its motor has too many measuring points.
    TooManyPoints,
    /// A fault of ours in the work on its motor.
    Broken,
}

impl Dropped {
    /// Every reason there is.
    pub const ALL: [Self; 7] = [
        Self::UnknownMotor,
        Self::Decommissioned,
        Self::Duplicate,
        Self::Late,
        Self::Invalid,
        Self::TooManyPoints,
        Self::Broken,
    ];

    /// The name of the reason in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownMotor => "unknown_motor",
            Self::Decommissioned => "decommissioned",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Invalid => "invalid",
            Self::TooManyPoints => "too_many_points",
            Self::Broken => "broken",
        }
    }
}

/// How many samples were dropped since the start of the process.
#[derive(Debug, Default)]
pub struct Tally {
    counts: [AtomicU64; Dropped::ALL.len()],
}

impl Tally {
    pub(super) fn add(&self, reason: Dropped, samples: u64) {
        self.counts[reason as usize].fetch_add(samples, Ordering::Relaxed);
    }

    /// How many for this reason.
    pub fn count(&self, reason: Dropped) -> u64 {
        self.counts[reason as usize].load(Ordering::Relaxed)
    }
}
