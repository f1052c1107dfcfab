//! The squared envelope: closed forms, golden numbers, and what must hold for any signal.

use std::f64::consts::TAU;

use domain::vibration::{Analyser, Band, Demodulator, EnvelopeSpectrum, Taper};
use serde_json::Value;

use simulation::random::Random;

const RATE_HZ: f64 = 12_800.0;
const EVERYTHING: Band = Band { low_hz: 1.0, high_hz: 6_399.0 };

fn demodulated(samples: &[f64], band: Band) -> EnvelopeSpectrum {
    let mut analyser = Analyser::<f64>::default();
    let spectrum = analyser.spectrum(samples, RATE_HZ, Taper::Hann);
    let mut demodulator = Demodulator::default();
    let envelope = demodulator.squared_envelope(&spectrum, band).expect("a band with lines");
    demodulator.spectrum(&envelope, 6_400)
}

fn made(value: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..12_800).map(|i| value(f64::from(i) / RATE_HZ)).collect()
}

fn golden(name: &str) -> Value {
    let golden: Vec<Value> =
        serde_json::from_str(include_str!("../golden/golden_synthetic.json")).expect("a list");
    golden.into_iter().find(|entry| entry["name"] == name).expect("in the file")
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, tolerance: f64) {
    let off = (actual - expected).abs();
    assert!(off <= tolerance * expected.abs(), "{actual} is not {expected}, but off by {off:e}");
}

#[test]
fn a_modulated_carrier_has_the_lines_of_the_closed_form() {
    let signal = made(|t| (1.0 + 0.5 * (TAU * 100.0 * t).cos()) * (TAU * 3000.0 * t).cos());
    let measured = &golden("am_3k_100")["scipy_measured"];
    let number = |name: &str| measured[name].as_f64().expect("a number");
    for band in [EVERYTHING, Band { low_hz: 2_800.0, high_hz: 3_200.0 }] {
        let spectrum = demodulated(&signal, band);
        assert_close(spectrum.mean, number("mean_sq_env"), 1e-9);
        assert_close(spectrum.amplitudes[100], number("ses_100"), 1e-9);
        assert_close(spectrum.amplitudes[200], number("ses_200"), 1e-9);
    }
}

/// Impulses at the outer race's frequency, each a decaying ring at 3 kHz.
#[test]
fn impulses_of_an_outer_race_are_a_line_at_its_frequency() {
    let entry = golden("bpfo_impulses");
    let expected_hz = entry["expected"]["peak_hz"].as_f64().expect("a number");
    let turn = TAU * 3_000.0;
    let signal = made(|t| {
        let since_s = t % (1.0 / expected_hz);
        (-0.03 * turn * since_s).exp() * (turn * since_s).sin()
    });
    let spectrum = demodulated(&signal, EVERYTHING);
    let lines = spectrum.amplitudes.iter().enumerate().skip(3);
    let (highest, _) = lines.max_by(|a, b| a.1.total_cmp(b.1)).expect("there are lines");
    assert_close(highest as f64 * spectrum.resolution_hz, expected_hz, 0.01);
    for line in entry["scipy_measured"]["ses_score"].as_array().expect("three lines") {
        let hz = line["peak_hz"].as_f64().expect("a number");
        let amplitude = line["amp"].as_f64().expect("a number");
        // Where an impulse falls between two samples is not defined, and moves its height.
        assert_close(spectrum.amplitudes[hz as usize], amplitude, 0.05);
    }
}

#[test]
fn the_mean_square_of_a_band_is_half_the_mean_of_its_envelope() {
    let mut random = Random::of(3);
    let signal: Vec<f64> = (0..12_800).map(|_| random.normal()).collect();
    let band = Band { low_hz: 1_000.0, high_hz: 3_000.0 };
    let mut analyser = Analyser::<f64>::default();
    let rms = analyser.spectrum(&signal, RATE_HZ, Taper::Rectangular).band_rms(band, 0);
    assert_close(demodulated(&signal, band).mean, 2.0 * rms * rms, 1e-9);
}

#[test]
fn a_shift_in_time_moves_no_line() {
    let mut random = Random::of(5);
    let signal: Vec<f64> =
        (0..12_800).map(|i| (1.0 + (TAU * f64::from(i) / 128.0).cos()) * random.normal()).collect();
    let mut shifted = signal.clone();
    shifted.rotate_left(4_321);
    let (before, after) = (demodulated(&signal, EVERYTHING), demodulated(&shifted, EVERYTHING));
    assert_close(after.mean, before.mean, 1e-9);
    assert_close(after.amplitudes[100], before.amplitudes[100], 0.05);
}

#[test]
fn the_lines_grow_with_the_square_of_the_signal() {
    let mut random = Random::of(9);
    let signal: Vec<f64> = (0..12_800).map(|_| random.normal()).collect();
    let louder: Vec<f64> = signal.iter().map(|x| 3.0 * x).collect();
    let (one, other) = (demodulated(&signal, EVERYTHING), demodulated(&louder, EVERYTHING));
    for line in [0, 50, 1_000] {
        assert_close(other.amplitudes[line], 9.0 * one.amplitudes[line], 1e-6);
    }
}
