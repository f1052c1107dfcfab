//! What the tests of the real program share.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod client;
#[cfg(feature = "production")]
pub(crate) mod cluster;
pub(crate) mod feed;
pub(crate) mod problem;
pub(crate) mod quiet;
pub(crate) mod samples;
pub(crate) mod server;
pub(crate) mod tamper;
pub(crate) mod wait;

use std::io::Write;

/// Tells whoever watches a long test how it is getting on, also while it passes.
pub(crate) fn say(line: &str) {
    // That nobody listens is no failure.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
