//! Named places at which a test can stop the process.

pub(crate) const MID_BATCH: &str = "mongo-mid-batch";
pub(crate) const BEFORE_PROGRESS: &str = "mongo-before-progress";
pub(crate) const AFTER_PROGRESS: &str = "mongo-after-progress";

/// Does nothing unless the feature `failpoints` is on and the point is set.
pub(crate) fn kill_point(_name: &'static str) {
    fail::fail_point!(_name);
}
