//! Holds the mathematics of vibration to golden numbers, to properties and to sentences.

#[path = "maths/alarm.rs"]
mod alarm;
#[path = "maths/assembler.rs"]
mod assembler;
#[path = "maths/baseline.rs"]
mod baseline;
#[path = "maths/iso.rs"]
mod iso;
#[path = "maths/octaves.rs"]
mod octaves;
#[path = "maths/properties.rs"]
mod properties;
#[path = "maths/signals.rs"]
mod signals;
#[path = "maths/synthetic.rs"]
mod synthetic;
#[path = "maths/trend.rs"]
mod trend;
#[path = "maths/windows.rs"]
mod windows;
#[path = "maths/zone_hold.rs"]
mod zone_hold;

/// Expected values below this are compared absolutely: they are what rounding left of a signal of
/// about one.
const ABOUT_ZERO: f64 = 0.1;

/// Asserts that two numbers agree to a share of the expected one, or absolutely where that is about
/// zero.
#[track_caller]
fn assert_close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(ABOUT_ZERO);
    let off = (actual - expected).abs();
    assert!(
        off <= allowed,
        "{what}: {actual} is not {expected} within {allowed:e}, but off by {off:e}"
    );
}
