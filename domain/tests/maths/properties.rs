//! What must hold for any signal.

use domain::vibration::{Analyser, Band, Features, Taper, Unit, inspect};
use proptest::prelude::*;

use crate::assert_close;
use crate::signals::{RATE_HZ, uniform};

const SAMPLES: usize = 2560;

/// Noise, different for every seed.
fn signal(seed: u64) -> Vec<f64> {
    uniform(seed, SAMPLES)
}

fn velocity(signal: &[f64], unit: Unit) -> f64 {
    let mut analyser = Analyser::<f64>::default();
    let spectrum = analyser.spectrum(signal, RATE_HZ, Taper::Hann);
    spectrum.velocity_rms_mm_s(unit, Band::STANDARD)
}

/// A tone on a line of the spectrum, with a phase in radians.
fn tone(line: usize, phase: f64) -> Vec<f64> {
    let step = std::f64::consts::TAU * line as f64 / SAMPLES as f64;
    (0..SAMPLES).map(|i| (step * i as f64 + phase).sin()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn velocity_is_linear_in_the_signal(seed: u64, factor in 1e-3..1e3) {
        let signal = signal(seed);
        let louder: Vec<f64> = signal.iter().map(|x| x * factor).collect();
        let unit = Unit::MetrePerSecondSquared;
        assert_close("scaled", velocity(&louder, unit), factor * velocity(&signal, unit), 1e-9);
    }

    #[test]
    fn amplitudes_of_a_sum_of_lines_are_those_of_each(a in 5_usize..600, b in 605_usize..1200) {
        let (first, second) = (tone(a, 0.3), tone(b, 1.1));
        let sum: Vec<f64> = first.iter().zip(second).map(|(x, y)| 2.0 * x + y).collect();
        let mut analyser = Analyser::<f64>::default();
        let spectrum = analyser.spectrum(&sum, RATE_HZ, Taper::Hann);
        assert_close("first", spectrum.amplitude(a), 2.0, 1e-9);
        assert_close("second", spectrum.amplitude(b), 1.0, 1e-9);
    }

    /// What is linear knows no other: of any two signals, sum and difference have together twice the power of both.
    #[test]
    fn velocity_of_sums_and_differences_keeps_the_parallelogram(one: u64, other: u64) {
        let (a, b) = (signal(one), signal(other));
        let of = |sign: f64| -> Vec<f64> { a.iter().zip(&b).map(|(x, y)| x + sign * y).collect() };
        let power = |signal: &[f64]| velocity(signal, Unit::MetrePerSecondSquared).powi(2);
        let both = power(&of(1.0)) + power(&of(-1.0));
        assert_close("powers", both, 2.0 * (power(&a) + power(&b)), 1e-9);
    }

    #[test]
    fn a_shift_in_time_moves_no_line_and_no_feature(seed: u64, by in 1..SAMPLES) {
        let signal = signal(seed);
        let mut shifted = signal.clone();
        shifted.rotate_left(by);
        let mut analyser = Analyser::<f64>::default();
        let before = analyser.spectrum(&signal, RATE_HZ, Taper::Rectangular).amplitudes();
        let after = analyser.spectrum(&shifted, RATE_HZ, Taper::Rectangular).amplitudes();
        for (line, (before, after)) in before.iter().zip(after).enumerate() {
            assert_close(&format!("line {line}"), after, *before, 1e-9);
        }
        let (before, after) = (Features::of(&signal), Features::of(&shifted));
        let (before, after) = (before.expect("it varies"), after.expect("it varies"));
        assert_close("kurtosis", after.kurtosis, before.kurtosis, 1e-9);
        assert_close("crest", after.crest, before.crest, 1e-9);
    }

    #[test]
    fn the_powers_of_all_lines_are_the_mean_square(seed: u64, odd in 0_usize..2) {
        let mut signal = signal(seed);
        signal.truncate(SAMPLES - odd);
        let mut analyser = Analyser::<f64>::default();
        let spectrum = analyser.spectrum(&signal, RATE_HZ, Taper::Rectangular);
        let power: f64 = (0..=signal.len() / 2).map(|k| spectrum.power(k)).sum();
        let std = Features::of(&signal).expect("noise varies").std;
        assert_close("power", power, std * std, 1e-9);
        let everything = Band { low_hz: 0.0, high_hz: RATE_HZ };
        assert_close("band", spectrum.band_rms(everything, 0), std, 1e-9);
    }

    #[test]
    fn a_tone_on_a_line_does_not_depend_on_its_phase(
        line in 3_usize..200, phase in 0.0..std::f64::consts::TAU
    ) {
        let unit = Unit::MetrePerSecondSquared;
        let expected = velocity(&tone(line, 0.0), unit);
        assert_close("velocity", velocity(&tone(line, phase), unit), expected, 1e-9);
    }

    #[test]
    fn the_unit_does_not_change_the_velocity(seed: u64) {
        let metric = signal(seed);
        let in_g: Vec<f64> = metric.iter().map(|x| x / 9.806_65).collect();
        let expected = velocity(&metric, Unit::MetrePerSecondSquared);
        assert_close("g", velocity(&in_g, Unit::StandardGravity), expected, 1e-9);
        let [mut analyser, mut other] = [0, 1].map(|_| Analyser::<f64>::default());
        let of_metric = analyser.spectrum(&metric, RATE_HZ, Taper::Hann);
        let of_g = other.spectrum(&in_g, RATE_HZ, Taper::Hann);
        let um = of_metric.displacement_rms_um(Unit::MetrePerSecondSquared, Band::STANDARD);
        let from_g = of_g.displacement_rms_um(Unit::StandardGravity, Band::STANDARD);
        assert_close("displacement", from_g, um, 1e-9);
    }

    #[test]
    fn features_are_those_of_the_scaled_samples(seed: u64, factor in 1e-2..1e2) {
        let signal = signal(seed);
        let louder: Vec<f64> = signal.iter().map(|x| x * factor).collect();
        let scaled = Features::of(&signal).expect("noise varies").scaled(factor);
        let ours = Features::of(&louder).expect("noise varies");
        assert_close("std", ours.std, scaled.std, 1e-9);
        assert_close("peak", ours.peak, scaled.peak, 1e-9);
        assert_close("crest", ours.crest, scaled.crest, 1e-9);
        assert_close("kurtosis", ours.kurtosis, scaled.kurtosis, 1e-9);
    }

    #[test]
    fn the_kurtosis_is_never_below_one_plus_the_square_of_the_skewness(
        samples in proptest::collection::vec(-1e3_f64..1e3, 3..400)
    ) {
        if let Some(features) = Features::of(&samples) {
            let least = 1.0 + features.skewness * features.skewness;
            prop_assert!(features.kurtosis >= least * (1.0 - 1e-9), "{features:?}");
            prop_assert!(features.crest >= 1.0 - 1e-12, "{features:?}");
        }
    }

    #[test]
    fn no_samples_make_an_inspection_panic(
        samples in proptest::collection::vec(any::<f32>(), 0..64)
    ) {
        let features = Features::of(&samples);
        let (mean, std) = features.map_or((0.0, 0.0), |features| (features.mean, features.std));
        let inspection = inspect(&samples, mean, std);
        prop_assert!((0.0..=1.0).contains(&inspection.rail_share));
    }
}
