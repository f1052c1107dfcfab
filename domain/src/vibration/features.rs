//! What a window says without its spectrum: moments, peaks, and the ratios made of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spectrum::{Real, mean};

/// Time-domain features of a window, in the unit of its samples.
///
/// The mean μ is removed from all but `mean` and `rms`. So `crest` is `peak / std`, which differs
/// from raw peak by raw RMS; the two must not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Features {
    /// μ, which for an accelerometer is mostly gravity.
    pub mean: f64,
    /// √(Σx²/N), the mean included.
    pub rms: f64,
    /// √(Σ(x−μ)²/N).
    pub std: f64,
    /// max |x−μ|.
    pub peak: f64,
    /// max x − min x.
    pub peak_to_peak: f64,
    /// peak / std: √2 for a sine.
    pub crest: f64,
    /// m₄/m₂² after Pearson: 3 for normal noise, 1.5 for a sine.
    pub kurtosis: f64,
    /// m₃/m₂^1.5: 0 for what is symmetric.
    pub skewness: f64,
    /// std / mean |x−μ|.
    pub shape: f64,
    /// peak / mean |x−μ|.
    pub impulse: f64,
}

impl Features {
    /// The features of samples; `None` when they do not vary or are not all finite, since the
    /// ratios mean nothing then.
    pub fn of<F: Real>(samples: &[F]) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let mean = mean(samples);
        let sums = Sums::of(samples, mean);
        let n = samples.len() as f64;
        let m2 = sums.second / n;
        let absolute = sums.absolute / n;
        // Equal samples may still differ from their mean by its rounding.
        let varies = sums.max > sums.min && m2 > 0.0;
        let usable = varies && sums.fourth.is_finite();
        if !usable {
            return None;
        }
        let std = m2.sqrt();
        let peak = sums.max.max(-sums.min);
        Some(Self {
            mean,
            rms: (m2 + mean * mean).sqrt(),
            std,
            peak,
            peak_to_peak: sums.max - sums.min,
            crest: peak / std,
            kurtosis: sums.fourth / n / (m2 * m2),
            skewness: sums.third / n / (m2 * std),
            shape: std / absolute,
            impulse: peak / absolute,
        })
    }

    /// The same features of the samples multiplied by a positive factor, as when their unit is
    /// converted.
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            mean: self.mean * factor,
            rms: self.rms * factor,
            std: self.std * factor,
            peak: self.peak * factor,
            peak_to_peak: self.peak_to_peak * factor,
            ..self
        }
    }
}

const LANES: usize = 4;

/// Sums of the powers of x−μ, and its extremes, in one pass.
struct Sums {
    second: f64,
    third: f64,
    fourth: f64,
    absolute: f64,
    max: f64,
    min: f64,
}

/// The same for each lane: independent chains, as many as fit into the vector registers.
struct Lanes {
    second: [f64; LANES],
    third: [f64; LANES],
    fourth: [f64; LANES],
    absolute: [f64; LANES],
    max: [f64; LANES],
    min: [f64; LANES],
}

impl Sums {
    fn of<F: Real>(samples: &[F], mean: f64) -> Self {
        let mut lanes = Lanes {
            second: [0.0; LANES],
            third: [0.0; LANES],
            fourth: [0.0; LANES],
            absolute: [0.0; LANES],
            max: [f64::NEG_INFINITY; LANES],
            min: [f64::INFINITY; LANES],
        };
        let (chunks, rest) = samples.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, &sample) in chunk.iter().enumerate() {
                lanes.add(lane, sample.into() - mean);
            }
        }
        for (lane, &sample) in rest.iter().enumerate() {
            lanes.add(lane, sample.into() - mean);
        }
        Self {
            second: lanes.second.iter().sum(),
            third: lanes.third.iter().sum(),
            fourth: lanes.fourth.iter().sum(),
            absolute: lanes.absolute.iter().sum(),
            max: lanes.max.into_iter().fold(f64::NEG_INFINITY, f64::max),
            min: lanes.min.into_iter().fold(f64::INFINITY, f64::min),
        }
    }
}

impl Lanes {
    #[inline(always)]
    fn add(&mut self, lane: usize, x: f64) {
        let square = x * x;
        self.second[lane] += square;
        self.third[lane] += square * x;
        self.fourth[lane] += square * square;
        self.absolute[lane] += x.abs();
        // Plain comparisons, which become one instruction; max() would also have to treat NaN.
        self.max[lane] = if x > self.max[lane] { x } else { self.max[lane] };
        self.min[lane] = if x < self.min[lane] { x } else { self.min[lane] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_or_is_not_finite_has_no_features() {
        assert_eq!(Features::of::<f32>(&[]), None);
        assert_eq!(Features::of(&[9.81_f32; 100]), None);
        assert_eq!(Features::of(&[0.1_f64; 12_803]), None);
        assert_eq!(Features::of(&[0.0, f32::NAN, 1.0]), None);
        assert_eq!(Features::of(&[0.0, f32::INFINITY, 1.0]), None);
    }

    #[test]
    fn a_small_window_gives_the_numbers_of_a_hand_calculation() {
        // x−μ is −2, −1, 0, 3.
        let features = Features::of(&[1.0_f64, 2.0, 3.0, 6.0]).unwrap();
        assert_eq!((features.mean, features.peak, features.peak_to_peak), (3.0, 3.0, 5.0));
        assert!((features.std - 3.5_f64.sqrt()).abs() < 1e-15);
        assert!((features.rms - 12.5_f64.sqrt()).abs() < 1e-15);
        assert!((features.kurtosis - 24.5 / 12.25).abs() < 1e-15);
        assert!((features.skewness - 4.5 / 3.5_f64.powf(1.5)).abs() < 1e-15);
        assert!((features.shape - 3.5_f64.sqrt() / 1.5).abs() < 1e-15);
        assert_eq!(features.impulse, 2.0);
    }
}
