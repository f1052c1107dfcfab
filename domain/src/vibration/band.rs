//! The band of frequencies in which the severity of a machine is judged.

use serde::{Deserialize, Serialize};

/// Below this speed the band begins at 2 Hz (ISO 10816-3).
const SLOW_RPM: f64 = 600.0;

/// A band of frequencies, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The lower end in Hz.
    pub low_hz: f64,
    /// The upper end in Hz.
    pub high_hz: f64,
}

impl Band {
    /// 10 to 1000 Hz.
    pub const STANDARD: Self = Self { low_hz: 10.0, high_hz: 1000.0 };
    /// 2 to 1000 Hz, for machines that turn slower than 600 revolutions per minute.
    pub const SLOW: Self = Self { low_hz: 2.0, high_hz: 1000.0 };

    /// The band for a machine of this speed; the standard one when the speed is not known.
    pub fn for_speed(speed_rpm: Option<f64>) -> Self {
        if speed_rpm.is_some_and(|rpm| rpm < SLOW_RPM) { Self::SLOW } else { Self::STANDARD }
    }

    /// How many whole seconds a window must last, so that the lower end is ten lines (of the slow
    /// band: eight) above zero.
    ///
    /// With less, the leakage of the window meets the steep weight of the integration: at 0.64 s
    /// the velocity of a tone at 10.5 Hz is wrong by 23 %, at 1.28 s by 1.5 %.
    pub fn window_s_min(self) -> u32 {
        if self.low_hz < Self::STANDARD.low_hz { 4 } else { 1 }
    }

    /// The lowest sample rate in Hz that covers the band: 2.56 times its upper end. Between 2 and
    /// 2.56 lies the slope of the anti-aliasing filter, which attenuates the band or lets aliases
    /// into it.
    pub fn sample_rate_hz_min(self) -> f64 {
        2.56 * self.high_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_machines_have_the_wider_band() {
        assert_eq!(Band::for_speed(Some(599.9)), Band::SLOW);
        assert_eq!(Band::for_speed(Some(600.0)), Band::STANDARD);
        assert_eq!(Band::for_speed(None), Band::STANDARD);
    }
}
