//! What a window says without its spectrum: moments, peaks, and the ratios made of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lanes::widely;
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
        let extremes = widely(
            #[inline(always)]
            || Extremes::of(samples),
        );
        let Extremes { mean, max, min } = extremes;
        // Equal samples may still differ from their mean by its rounding.
        if max <= min {
            return None;
        }
        let Moments { m2, m3, m4, absolute } = widely(
            #[inline(always)]
            || Moments::of(samples, &extremes),
        );
        let usable = m2 > 0.0 && m4.is_finite();
        if !usable {
            return None;
        }
        let std = m2.sqrt();
        let peak = (max - mean).max(mean - min);
        Some(Self {
            mean,
            rms: (m2 + mean * mean).sqrt(),
            std,
            peak,
            peak_to_peak: max - min,
            crest: peak / std,
            kurtosis: m4 / (m2 * m2),
            skewness: m3 / (m2 * std),
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

/// Independent chains of additions: a single one would wait for itself. So many that the compiler keeps the loop over them,
/// and makes it one over vectors; of a few lanes it makes a sequence that it does not understand any more.
const LANES: usize = 64;
/// So many samples are summed in their own type before the sums go on in f64: few enough for the rounding of f32 to be
/// some millionths of a sum.
const BLOCK_SAMPLES: usize = 256;

/// What has to be known before anything is summed.
struct Extremes {
    mean: f64,
    max: f64,
    min: f64,
}

impl Extremes {
    #[inline(always)]
    fn of<F: Real>(samples: &[F]) -> Self {
        let (mut max, mut min) = ([samples[0]; LANES], [samples[0]; LANES]);
        let (chunks, rest) = samples.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, &x) in chunk.iter().enumerate() {
                // Plain comparisons, which become one instruction; max() would also have to treat NaN.
                max[lane] = if x > max[lane] { x } else { max[lane] };
                min[lane] = if x < min[lane] { x } else { min[lane] };
            }
        }
        let greater = |a: F, b: F| if b > a { b } else { a };
        let lesser = |a: F, b: F| if b < a { b } else { a };
        let max = max.iter().chain(rest).copied().fold(samples[0], greater);
        let min = min.iter().chain(rest).copied().fold(samples[0], lesser);
        Self { mean: mean(samples), max: max.into(), min: min.into() }
    }
}

/// The central moments.
struct Moments {
    m2: f64,
    m3: f64,
    m4: f64,
    /// The mean of the magnitudes.
    absolute: f64,
}

impl Moments {
    /// Samples are moved by the mean and scaled by a power of two, so that in the type of the samples no power overflows
    /// or vanishes. What the mean lost in that type is put right afterwards: for a mean that is off by δ,
    /// m₂ − δ², m₃ − 3δm₂ + 2δ³, m₄ − 4δm₃ + 6δ²m₂ − 3δ⁴.
    #[inline(always)]
    fn of<F: Real>(samples: &[F], extremes: &Extremes) -> Self {
        let Extremes { mean, max, min } = *extremes;
        let scale = (-(max - min).log2().ceil()).exp2();
        let (about, by) = (F::narrow(mean), F::narrow(scale));
        let mut sums = [0.0; 5];
        for block in samples.chunks(BLOCK_SAMPLES) {
            for (sum, of_block) in sums.iter_mut().zip(sums_of(block, about, by)) {
                *sum += of_block;
            }
        }
        let n = samples.len() as f64;
        let [off, m2, m3, m4, absolute] = sums.map(|sum| sum / n);
        let wide = 1.0 / scale;
        let square = off * off;
        Self {
            m2: (m2 - square) * wide.powi(2),
            m3: (m3 - 3.0 * off * m2 + 2.0 * off * square) * wide.powi(3),
            m4: (m4 - 4.0 * off * m3 + 6.0 * square * m2 - 3.0 * square * square) * wide.powi(4),
            absolute: absolute * wide,
        }
    }
}

/// The sums of the first four powers of `(x − about) · by`, and of its magnitude.
#[inline(always)]
fn sums_of<F: Real>(block: &[F], about: F, by: F) -> [f64; 5] {
    let zero = [F::zero(); LANES];
    let [mut first, mut second, mut third, mut fourth, mut absolute] = [zero; 5];
    let mut add = |lane: usize, x: F| {
        let y = (x - about) * by;
        let square = y * y;
        first[lane] = first[lane] + y;
        second[lane] = second[lane] + square;
        third[lane] = third[lane] + square * y;
        fourth[lane] = fourth[lane] + square * square;
        absolute[lane] = absolute[lane] + y.abs();
    };
    let (chunks, rest) = block.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in chunk.iter().enumerate() {
            add(lane, x);
        }
    }
    for (lane, &x) in rest.iter().enumerate() {
        add(lane, x);
    }
    [total(first), total(second), total(third), total(fourth), total(absolute)]
}

/// The sum of all lanes: by halves, which are vectors again, and at last in f64.
#[inline(always)]
fn total<F: Real>(mut lanes: [F; LANES]) -> f64 {
    let mut width = LANES;
    while width > 8 {
        width /= 2;
        let (low, high) = lanes.split_at_mut(width);
        low.iter_mut().zip(high).for_each(|(low, high)| *low = *low + *high);
    }
    lanes.iter().take(width).map(|&lane| lane.into()).sum()
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
