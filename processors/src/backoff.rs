//! How long to wait before something that failed is tried again.

/// Waits twice as long after each failure, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// After the first failure, in seconds.
    pub first_s: f64,
    /// However many failures there were, in seconds.
    pub max_s: f64,
}

/// Beyond so many doublings every limit has been reached.
const DOUBLINGS_MAX: u32 = 30;

impl Backoff {
    /// The delay in seconds after so many failures in a row, of which there was at least one.
    ///
    /// Between half of it and all of it is chosen by `seed`, so that what failed together is not tried again together,
    /// and yet the same failure always waits for the same time.
    pub fn delay_s(&self, failures: u32, seed: u64) -> f64 {
        let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
        let whole_s = (self.first_s * f64::from(1_u32 << doublings)).min(self.max_s);
        whole_s * (0.5 + 0.5 * share(seed ^ u64::from(failures)))
    }
}

/// A number from 0 up to, but without, 1 that neighbouring seeds do not share (the last steps of `SplitMix64`).
fn share(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits are left");
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first_s: 2.0, max_s: 60.0 };

    #[test]
    fn the_delay_doubles_up_to_its_limit() {
        for (failures, whole_s) in [(1, 2.0), (2, 4.0), (3, 8.0), (6, 60.0), (u32::MAX, 60.0)] {
            for seed in 0..100 {
                let delay_s = BACKOFF.delay_s(failures, seed);
                assert!((whole_s / 2.0..=whole_s).contains(&delay_s), "{failures}: {delay_s}");
            }
        }
    }

    #[test]
    fn what_failed_together_is_not_tried_again_together() {
        let mut delays: Vec<f64> = (0..100).map(|seed| BACKOFF.delay_s(1, seed)).collect();
        delays.sort_by(f64::total_cmp);
        assert!(delays[0] < 1.1 && delays[99] > 1.9, "{delays:?}");
        assert_eq!(BACKOFF.delay_s(1, 7), BACKOFF.delay_s(1, 7));
    }
}
