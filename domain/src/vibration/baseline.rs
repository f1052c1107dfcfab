//! Learns how much a machine vibrates when it is well: robustly, and for each operating condition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::regime::Regime;
use crate::time::Timestamp;

/// The most operating conditions of one measuring point; a new one takes the place of that which was
/// not met for longest.
pub const REGIMES_MAX: usize = 8;
/// The most values that a baseline is made of. When they are full, every second one goes, and from
/// then on half as many are taken, so that they always cover the whole time of learning.
const VALUES_MAX: usize = 64;
/// Logarithms of velocities are kept as whole numbers of so many to a neper: exact wherever they are
/// written, and far finer than any sensor.
const PER_NEPER: f64 = 10_000.0;
/// The median of absolute deviations, times this, is the standard deviation of normal numbers.
const MAD_TO_SIGMA: f64 = 1.482_6;
/// A baseline that moves by more than this share while it is still learned is told again.
const TOLD_SHARE_MIN: f64 = 0.05;

/// When a baseline is known. The defaults are customary.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BaselineSettings {
    /// It is known from so many values on.
    pub values_min: u32,
    /// It goes on being refined for so long after the first value, in seconds of event time. Then it
    /// stands: one that followed the machine for ever would hide slow damage.
    pub learning_s: f64,
}

impl Default for BaselineSettings {
    fn default() -> Self {
        Self { values_min: 30, learning_s: 7.0 * 86_400.0 }
    }
}

/// How much a machine vibrates when it is well.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The median, in mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// One standard deviation upwards, in percent of it: from the median of absolute deviations of the
    /// logarithm, so that outliers do not count.
    pub spread_percent: f64,
    /// Of how many values it is made.
    pub values: u32,
    /// Whether it stands; else it is still being refined.
    pub is_final: bool,
}

impl Baseline {
    /// One standard deviation of the natural logarithm of the velocity.
    pub fn sigma_np(&self) -> f64 {
        (self.spread_percent / 100.0).ln_1p()
    }
}

/// The baselines of one measuring point. They can be written and read back at any point without a
/// trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baselines {
    lessons: Vec<Lesson>,
}

/// What was learned under one operating condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lesson {
    regime: Regime,
    began_at: Timestamp,
    met_at: Timestamp,
    /// So many values have come.
    seen: u32,
    /// Every how many of them one is kept.
    stride: u32,
    /// Logarithms, in parts of a neper. Empty once the baseline stands.
    levels: Vec<i32>,
    baseline: Option<Baseline>,
}

impl Baselines {
    /// The baseline of an operating condition, once it is known.
    pub fn get(&self, regime: Regime) -> Option<Baseline> {
        self.lessons.iter().find(|lesson| lesson.regime == regime)?.baseline
    }

    /// Takes in a velocity of a machine that is well, in mm/s RMS. Gives the baseline when it is
    /// another one than before. Times must not go back.
    pub fn learn(
        &mut self,
        at: Timestamp,
        regime: Regime,
        velocity_rms_mm_s: f64,
        settings: &BaselineSettings,
    ) -> Option<Baseline> {
        let is_number = velocity_rms_mm_s.is_finite() && velocity_rms_mm_s > 0.0;
        if !is_number {
            return None;
        }
        let lesson = self.lesson(at, regime);
        lesson.met_at = at;
        lesson.take((velocity_rms_mm_s.ln() * PER_NEPER).round() as i32, at, settings)
    }

    fn lesson(&mut self, at: Timestamp, regime: Regime) -> &mut Lesson {
        let known = self.lessons.iter().position(|lesson| lesson.regime == regime);
        let place = known.unwrap_or_else(|| {
            if self.lessons.len() == REGIMES_MAX {
                let oldest = (0..REGIMES_MAX).min_by_key(|&i| self.lessons[i].met_at);
                self.lessons.remove(oldest.unwrap_or_default());
            }
            self.lessons.push(Lesson::begin(regime, at));
            self.lessons.len() - 1
        });
        &mut self.lessons[place]
    }
}

impl Lesson {
    fn begin(regime: Regime, at: Timestamp) -> Self {
        let (began_at, met_at) = (at, at);
        Self { regime, began_at, met_at, seen: 0, stride: 1, levels: vec![], baseline: None }
    }

    fn take(&mut self, level: i32, at: Timestamp, settings: &BaselineSettings) -> Option<Baseline> {
        if self.baseline.is_some_and(|baseline| baseline.is_final) {
            return None;
        }
        let is_kept = self.seen.is_multiple_of(self.stride);
        self.seen = self.seen.saturating_add(1);
        if is_kept {
            self.levels.push(level);
        }
        if self.levels.len() == VALUES_MAX {
            self.thin_out();
        }
        let is_over = at.seconds_since(self.began_at) >= settings.learning_s;
        let is_due = is_kept || is_over || self.baseline.is_none();
        if !is_due || self.seen < settings.values_min {
            return None;
        }
        let found = self.summary(is_over);
        if !self.is_news(&found) {
            return None;
        }
        self.baseline = Some(found);
        if found.is_final {
            self.levels = Vec::new();
        }
        Some(found)
    }

    fn is_news(&self, found: &Baseline) -> bool {
        self.baseline.is_none_or(|known| {
            let ratio = found.velocity_rms_mm_s / known.velocity_rms_mm_s;
            found.is_final || (ratio - 1.0).abs() > TOLD_SHARE_MIN
        })
    }

    fn summary(&self, is_final: bool) -> Baseline {
        let middle = median(self.levels.clone());
        let deviations = self.levels.iter().map(|level| (level - middle).abs()).collect();
        let sigma_np = MAD_TO_SIGMA * f64::from(median(deviations)) / PER_NEPER;
        Baseline {
            velocity_rms_mm_s: (f64::from(middle) / PER_NEPER).exp(),
            spread_percent: 100.0 * sigma_np.exp_m1(),
            values: self.seen,
            is_final,
        }
    }

    fn thin_out(&mut self) {
        let mut is_kept = false;
        self.levels.retain(|_| {
            is_kept = !is_kept;
            is_kept
        });
        self.stride = self.stride.saturating_mul(2);
    }
}

/// Of an even number the mean of the middle two.
fn median(mut levels: Vec<i32>) -> i32 {
    levels.sort_unstable();
    let count = levels.len();
    levels[(count - 1) / 2].midpoint(levels[count / 2])
}
