//! Third-octave bands hold what is in the signal, and nothing else.

use std::f64::consts::TAU;

use domain::vibration::{Analyser, Taper, ThirdOctave, Unit, third_octaves};
use proptest::prelude::*;

use crate::assert_close;

const RATE_HZ: f64 = 12_800.0;
const SAMPLES: usize = 12_800;
/// Lines up to 2 kHz, as they are stored.
const LINES: usize = 2_001;
/// The edges of the lowest and the highest band that a spectrum of these lines has, rounded inwards and away from each other's
/// share of a tone.
const INSIDE: std::ops::Range<usize> = 21..1_775;

/// Of tones of a frequency in Hz and an amplitude.
fn bands(tones: &[(usize, f64)], unit: Unit) -> Vec<ThirdOctave> {
    let sample = |i: usize| {
        let of = |(hz, amplitude): &(usize, f64)| {
            amplitude * (TAU * *hz as f64 * i as f64 / RATE_HZ + *hz as f64).sin()
        };
        tones.iter().map(of).sum::<f64>()
    };
    let samples: Vec<f64> = (0..SAMPLES).map(sample).collect();
    let mut analyser = Analyser::<f64>::default();
    let spectrum = analyser.spectrum(&samples, RATE_HZ, Taper::Hann);
    let lines: Vec<f32> = (0..LINES).map(|k| spectrum.amplitude(k) as f32).collect();
    third_octaves(&lines, spectrum.resolution_hz(), unit)
}

#[test]
fn a_tone_is_in_its_band_and_in_no_other() {
    for band in bands(&[(1_000, 2.0)], Unit::MetrePerSecondSquared) {
        let is_its = band.nominal_hz == 1_000.0;
        let rms = if is_its { 2.0 / 2_f64.sqrt() } else { 0.0 };
        assert_close(&format!("{} Hz", band.nominal_hz), band.rms, rms, 1e-6);
        let velocity_mm_s = 1e3 * rms / (TAU * 1_000.0);
        assert_close("velocity", band.velocity_rms_mm_s, velocity_mm_s, 1e-5);
    }
}

#[test]
fn the_unit_decides_how_a_level_becomes_velocity() {
    let of = |unit| {
        let bands = bands(&[(100, 1.0)], unit);
        bands.into_iter().find(|band| band.nominal_hz == 100.0).expect("it is within")
    };
    let (metric, gravity) = (of(Unit::MetrePerSecondSquared), of(Unit::StandardGravity));
    assert_close("g", gravity.velocity_rms_mm_s, 9.806_65 * metric.velocity_rms_mm_s, 1e-9);
    let velocity = of(Unit::MillimetrePerSecond);
    assert_close("mm/s", velocity.velocity_rms_mm_s, velocity.rms, 1e-12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Parseval: whatever lies between the bands' ends is in them, once.
    #[test]
    fn the_powers_of_all_bands_are_that_of_the_signal(
        tones in proptest::collection::btree_map(INSIDE, 0.1..10.0_f64, 1..12)
    ) {
        let tones: Vec<(usize, f64)> = tones.into_iter().collect();
        let power: f64 = tones.iter().map(|(_, amplitude)| amplitude * amplitude / 2.0).sum();
        let bands = bands(&tones, Unit::MetrePerSecondSquared);
        // Tones on neighbouring lines share some: under a Hann window only those three lines apart add up.
        let apart = tones.windows(2).all(|pair| pair[1].0 - pair[0].0 > 2);
        prop_assume!(apart);
        let sum: f64 = bands.iter().map(|band| band.rms * band.rms).sum();
        assert_close("power", sum, power, 1e-5);
    }
}
