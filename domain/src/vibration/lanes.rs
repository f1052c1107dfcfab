//! Lets loops be compiled a second time, for processors with wider vectors than all have (ADR 35).

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use fearless_simd::{Level, Simd};

/// Runs `work`, whose loops must be inlined into it for this to be of use. The same operations are done in the same order
/// in any case, none of them fused, and so the results are the same.
#[inline(always)]
pub(super) fn widely<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(test)]
    if tests::is_narrow() {
        return work();
    }
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(avx2) = Level::new().as_avx2() {
        return avx2.vectorize(work);
    }
    work()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::vibration::spectrum::Real;
    use crate::vibration::{Analyser, Band, Demodulator, Features, Taper};

    thread_local! {
        /// Whether this thread makes believe that its processor has nothing but what all have.
        static NARROW: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_narrow() -> bool {
        NARROW.get()
    }

    fn narrowly<R>(work: impl FnOnce() -> R) -> R {
        NARROW.set(true);
        let done = work();
        NARROW.set(false);
        done
    }

    /// Noise about a mean that is far from zero, with rare peaks, of an odd length.
    fn samples<F: Real>(seed: u64, length: usize) -> Vec<F> {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let sample = |_| {
            let noise = uniform() - 0.5;
            F::narrow(9.81 + noise * if uniform() > 0.99 { 40.0 } else { 1.0 })
        };
        (0..length).map(sample).collect()
    }

    /// All that is computed of a window, bit by bit.
    fn bits<F: Real>(samples: &[F]) -> Vec<u64> {
        let (mut analyser, mut demodulator) =
            (Analyser::<F>::default(), Demodulator::<F>::default());
        let features = Features::of(samples).unwrap();
        let spectrum = analyser.spectrum(samples, 12_800.0, Taper::Hann);
        let band = Band { low_hz: 2_000.0, high_hz: 4_000.0 };
        let envelope = demodulator.squared_envelope(&spectrum, band).unwrap();
        let of_features = serde_json::to_value(features).unwrap();
        let of_features = of_features.as_object().unwrap().values().map(|it| it.as_f64().unwrap());
        let integrals = [0, 1, 2].map(|times| spectrum.band_rms(Band::STANDARD, times));
        let lines = demodulator.spectrum(&envelope, 400);
        let numbers = of_features.chain(integrals).chain([envelope.mean(), lines.mean]);
        numbers.chain(lines.amplitudes).map(f64::to_bits).collect()
    }

    #[test]
    fn without_wide_vectors_the_results_are_the_same_to_the_bit() {
        for length in [640, 4_096, 12_801] {
            for seed in 0..8 {
                let (single, double) = (samples::<f32>(seed, length), samples::<f64>(seed, length));
                assert_eq!(bits(&single), narrowly(|| bits(&single)), "{length}, {seed}");
                assert_eq!(bits(&double), narrowly(|| bits(&double)), "{length}, {seed}");
            }
        }
    }

    #[test]
    fn what_is_pretended_ends() {
        assert!(narrowly(is_narrow) && !is_narrow());
    }
}
