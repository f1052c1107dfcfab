//! Named places at which a test can stop the process.

pub(crate) const BEFORE_PUT: &str = "cache-before-put";
pub(crate) const BEFORE_PROGRESS: &str = "cache-before-progress";
pub(crate) const AFTER_PROGRESS: &str = "cache-after-progress";

/// Does nothing unless the feature `failpoints` is on and the point is set.
pub(crate) fn kill_point(_name: &'static str) {
    fail::fail_point!(_name);
}
