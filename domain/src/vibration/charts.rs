//! Control charts: small changes that last, long before a limit is met.
//!
//! Both look at the natural logarithm of the velocity, held to the median and the spread that the
//! baseline has (Montgomery, Introduction to Statistical Quality Control, chapter 9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::departure::Departure;

/// The weight of the newest value in the exponentially weighted mean.
const LAMBDA: f64 = 0.1;
/// The limits of that mean, in its own deviations.
const EWMA_SIGMAS: f64 = 3.0;
/// What a sum lets pass of each value, in deviations: half of the change that it is to find.
const CUSUM_SLACK_SIGMAS: f64 = 0.5;
/// Where a sum speaks, in deviations.
const CUSUM_LIMIT_SIGMAS: f64 = 5.0;
/// A spread below this is that of the sensor's digits, not of the machine.
const SIGMA_NP_MIN: f64 = 0.01;

/// The exponentially weighted moving average of the velocity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ewma {
    /// In mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// Below it, less than before, in mm/s RMS.
    pub low_mm_s: f64,
    /// Above it, more than before, in mm/s RMS.
    pub high_mm_s: f64,
    /// Which way the mean lies beyond its limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Departure>,
}

/// The cumulative sums of the velocity upwards and downwards, in deviations of the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cusum {
    /// Of what is above the baseline.
    pub up: f64,
    /// Of what is below it.
    pub down: f64,
    /// Where either speaks.
    pub limit: f64,
    /// Which of them does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Departure>,
}

/// Both charts after these velocities in mm/s RMS, oldest first; what is not positive is left out.
/// `None` when nothing is left.
pub fn charts(
    velocities_mm_s: impl IntoIterator<Item = f64>,
    baseline: &Baseline,
) -> Option<(Ewma, Cusum)> {
    let middle = baseline.velocity_rms_mm_s.ln();
    let sigma_np = baseline.sigma_np().max(SIGMA_NP_MIN);
    let (mut mean, mut up, mut down) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut count = 0_u32;
    let usable = velocities_mm_s.into_iter().filter(|it| it.is_finite() && *it > 0.0);
    for velocity in usable {
        let deviation = (velocity.ln() - middle) / sigma_np;
        mean += LAMBDA * (deviation - mean);
        up = (up + deviation - CUSUM_SLACK_SIGMAS).max(0.0);
        down = (down - deviation - CUSUM_SLACK_SIGMAS).max(0.0);
        count = count.saturating_add(1);
    }
    if count == 0 {
        return None;
    }
    let memory = (1.0 - LAMBDA).powf(2.0 * f64::from(count));
    let limit = EWMA_SIGMAS * (LAMBDA / (2.0 - LAMBDA) * (1.0 - memory)).sqrt();
    let velocity = |deviation: f64| (middle + sigma_np * deviation).exp();
    let ewma = Ewma {
        velocity_rms_mm_s: velocity(mean),
        low_mm_s: velocity(-limit),
        high_mm_s: velocity(limit),
        signal: signal(mean > limit, mean < -limit),
    };
    let limit = CUSUM_LIMIT_SIGMAS;
    let signal = signal(up > limit, down > limit);
    Some((ewma, Cusum { up, down, limit, signal }))
}

fn signal(is_risen: bool, is_fallen: bool) -> Option<Departure> {
    let rise = is_risen.then_some(Departure::Rise);
    rise.or_else(|| is_fallen.then_some(Departure::Fall))
}
