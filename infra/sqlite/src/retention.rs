//! How far back things are kept.

use ports::clock::Timestamp;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// What is older than this has been kept for `days_max`.
pub(crate) fn cutoff(now: Timestamp, days_max: u32) -> Timestamp {
    now.plus_seconds(-f64::from(days_max) * SECONDS_PER_DAY)
}
