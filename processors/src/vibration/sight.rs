//! Which windows a diagnosis may look at, and what of them.

use domain::vibration::{Assessment, Examination, Flag, Sight, Window};

/// A shaft that turns slower stands still, or its sensor does not know better.
const SPEED_RPM_MIN: f64 = 30.0;
/// After any of these a window does not continue the one before it.
const BREAKS: [Flag; 4] =
    [Flag::GapBefore, Flag::OverlapBefore, Flag::RateChanged, Flag::UnitChanged];

/// What a diagnosis needs of a window; `None` when it is not fit for one, or the speed is not known or not steady.
pub(super) fn of<'a>(window: &Window, examined: &Examination<'a>) -> Option<Sight<'a>> {
    let Assessment::Condition(condition) = &examined.assessment else { return None };
    let speed_rpm = window.speed_rpm.filter(|rpm| *rpm >= SPEED_RPM_MIN)?;
    if condition.quality.is_bad() || condition.quality.contains(Flag::SpeedDrift) {
        return None;
    }
    Some(Sight {
        spectrum: examined.spectrum?,
        unit: window.unit,
        velocity_rms_mm_s: condition.velocity_rms_mm_s,
        shaft_hz: speed_rpm / 60.0,
        ended_at: window.ended_at(),
    })
}

/// Whether a window begins anew.
pub(super) fn is_break(window: &Window) -> bool {
    BREAKS.into_iter().any(|flag| window.quality.contains(flag))
}
