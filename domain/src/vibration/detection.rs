//! When a line stands so high above its neighbours that noise explains it no longer.
//!
//! The power of a line of the envelope spectrum of stationary noise is exponentially distributed
//! around the local floor: the envelope has many independent samples, so its transform is a complex
//! normal number by the central limit theorem. The mean over `M` windows is gamma distributed with
//! shape `M`. The floor itself is estimated from `K` neighbours, so the ratio of a line to it has
//! the tail of an F distribution with shapes `M` and that of the estimate. `docs/VIBRATION.md` has
//! the derivation and the numbers that hold it to account.

/// Half-overlapping Hann windows share a sixth of their amplitude, so the variance of a mean of them
/// is larger by 1 + 2/36 at most.
const OVERLAP_VARIANCE: f64 = 1.0 + 2.0 / 36.0;
/// The variance of a median of exponential values over that of their mean is 1/ln²2 = 2.08, and
/// neighbours under a Hann window are correlated by 4/9 and 1/36, which is worth a factor of 1.94.
const FLOOR_VARIANCE: f64 = 2.08 * 1.94;

/// How certain a mean of windows over a floor of neighbours is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    line_shape: f64,
    floor_shape: f64,
}

impl Statistics {
    /// For lines that are means of `windows` half-overlapping windows, over a floor that is the
    /// median of `neighbours` lines.
    pub fn of(windows: u32, neighbours: usize) -> Self {
        let windows = f64::from(windows.max(1));
        let line_shape = if windows > 1.0 { (windows / OVERLAP_VARIANCE).max(1.0) } else { 1.0 };
        let floor_shape = (neighbours as f64 * line_shape / FLOOR_VARIANCE).max(1.0);
        Self { line_shape, floor_shape }
    }

    /// What the median of such lines is of their mean.
    pub fn median_share(self) -> f64 {
        let shape = self.line_shape;
        // The median of a gamma distribution, to 1 % from shape 1 on.
        (shape - 1.0 / 3.0 + 0.0263 / shape) / shape
    }

    /// With which probability noise alone gives a line of at least `ratio` times the floor.
    pub fn tail(self, ratio: f64) -> f64 {
        if ratio <= 0.0 {
            return 1.0;
        }
        // The closed form needs a whole number of windows; between two of them the logarithm is
        // taken to be straight.
        let (low, share) = (self.line_shape.floor(), self.line_shape.fract());
        let at = |shape: f64| tail(shape as u32, self.floor_shape, ratio).max(f64::MIN_POSITIVE);
        let (below, above) = (at(low).ln(), at(low + 1.0).ln());
        (below + share * (above - below)).exp()
    }

    /// The least ratio that noise alone reaches with this probability at most.
    pub fn ratio_min(self, probability: f64) -> f64 {
        let (mut low, mut high) = (1.0, 1e6);
        // Each step halves what is left of the logarithm: sixty leave nothing.
        for _ in 0..60 {
            let middle = f64::sqrt(low * high);
            if self.tail(middle) > probability { low = middle } else { high = middle }
        }
        high
    }
}

/// `P(F > ratio)` for the ratio of two gamma means of shapes `m` and `k`: with `p = mr/(mr+k)`, the
/// chance of fewer than `m` successes before the `k`-th failure.
fn tail(m: u32, k: f64, ratio: f64) -> f64 {
    let mr = f64::from(m) * ratio;
    let (success, failure) = (mr / (mr + k), k / (mr + k));
    let mut log_term = k * failure.ln();
    let mut sum = 0.0;
    for j in 0..m {
        sum += log_term.exp();
        log_term += (success * (k + f64::from(j)) / f64::from(j + 1)).ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_over_a_well_known_floor_has_an_exponential_tail() {
        let statistics = Statistics::of(1, 1_000_000);
        for ratio in [1.0, 5.0, 10.0] {
            let tail = statistics.tail(ratio);
            assert!((tail / (-ratio).exp() - 1.0).abs() < 1e-3, "{ratio}: {tail}");
        }
        assert!((statistics.median_share() - 2_f64.ln()).abs() < 0.01);
    }

    #[test]
    fn more_windows_need_less_height_and_a_poorer_floor_needs_more() {
        let ratio = |windows, neighbours| Statistics::of(windows, neighbours).ratio_min(1e-6);
        assert!((ratio(1, 1_000_000) - 13.8).abs() < 0.1, "{}", ratio(1, 1_000_000));
        assert!(ratio(2, 60) < ratio(1, 60) && ratio(16, 60) < ratio(4, 60));
        assert!(ratio(2, 30) > ratio(2, 300));
    }

    #[test]
    fn the_ratio_is_where_the_tail_has_the_probability() {
        let statistics = Statistics::of(7, 40);
        let tail = statistics.tail(statistics.ratio_min(1e-4));
        assert!((tail / 1e-4 - 1.0).abs() < 1e-6, "{tail}");
    }
}
