//! Named places at which a test can stop the process.

/// Does nothing unless the feature `failpoints` is on and the point is set.
pub(crate) fn kill_point(_name: &'static str) {
    fail::fail_point!(_name);
}
