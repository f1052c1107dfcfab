//! `golden_synthetic.json`: what scipy measured in f64, and closed forms.
//!
//! The envelopes, those of `am_3k_100` and `bpfo_impulses`, are in the tests of the diagnosis.

use domain::vibration::spectrum::Real;
use domain::vibration::{Analyser, Band, Features, Taper, Unit, inspect};
use serde_json::Value;

use crate::assert_close;
use crate::signals::{RATE_HZ, named};

const MEASURED: f64 = 1e-9;
const MEASURED_F32: f64 = 1e-4;
const CLOSED_FORM: f64 = 0.01;
const WELCH_SEGMENT: usize = 4096;
const UNIT: Unit = Unit::MetrePerSecondSquared;

fn golden() -> Vec<Value> {
    serde_json::from_str(include_str!("../golden/golden_synthetic.json")).expect("a list")
}

/// Runs a check on every signal that is made here, with its name and its entry of the file.
fn for_each(check: impl Fn(&str, &[f64], &Value)) {
    let mut checked = 0;
    for entry in &golden() {
        let name = entry["name"].as_str().expect("a name");
        if let Some(signal) = named(name) {
            assert_eq!(signal.len() as u64, entry["n"].as_u64().expect("a length"), "{name}");
            check(name, &signal, entry);
            checked += 1;
        }
    }
    assert_eq!(checked, 12);
}

/// What the file calls the features, with our values.
fn features<F: Real>(signal: &[F]) -> Vec<(&'static str, f64)> {
    let features = Features::of(signal).expect("every golden signal varies");
    vec![
        ("mean", features.mean),
        ("rms", features.rms),
        ("std", features.std),
        ("peak_ac", features.peak),
        ("p2p", features.peak_to_peak),
        ("crest", features.crest),
        ("kurtosis", features.kurtosis),
        ("skewness", features.skewness),
    ]
}

/// What the file calls the integrals. Its `v_10_1000` and its kin have a RECTANGULAR window over
/// the whole signal: that is what gives 2.3820 for `sine_49_7_leak` in 2–1000 Hz, 5.2 % too much.
/// `v_welch4096` is Hann.
fn integrals<F: Real>(signal: &[F]) -> Vec<(&'static str, f64)> {
    let mut analyser = Analyser::<F>::default();
    let spectrum = analyser.spectrum(signal, RATE_HZ, Taper::Rectangular);
    let mut integrals = vec![
        ("v_10_1000", spectrum.velocity_rms_mm_s(UNIT, Band::STANDARD)),
        ("v_2_1000", spectrum.velocity_rms_mm_s(UNIT, Band::SLOW)),
        ("d_um_10_1000", spectrum.displacement_rms_um(UNIT, Band::STANDARD)),
    ];
    let density = analyser.welch(signal, RATE_HZ, WELCH_SEGMENT).expect("long enough");
    integrals.push(("v_welch4096", density.velocity_rms_mm_s(UNIT, Band::STANDARD)));
    integrals
}

fn assert_measured(name: &str, entry: &Value, ours: &[(&str, f64)], tolerance: f64) {
    for (what, actual) in ours {
        let expected = entry["scipy_measured"][what].as_f64().expect("measured by scipy");
        assert_close(&format!("{name} {what}"), *actual, expected, tolerance);
    }
}

#[test]
fn features_in_f64_are_those_of_scipy() {
    for_each(|name, signal, entry| {
        assert_measured(name, entry, &features(signal), MEASURED);
    });
}

#[test]
fn features_of_f32_samples_are_those_of_scipy() {
    for_each(|name, signal, entry| {
        assert_measured(name, entry, &features(&narrowed(signal)), MEASURED_F32);
    });
}

#[test]
fn velocity_and_displacement_in_f64_are_those_of_scipy() {
    for_each(|name, signal, entry| {
        assert_measured(name, entry, &integrals(signal), MEASURED);
    });
}

#[test]
fn velocity_and_displacement_of_f32_samples_are_those_of_scipy() {
    for_each(|name, signal, entry| {
        assert_measured(name, entry, &integrals(&narrowed(signal)), MEASURED_F32);
    });
}

#[test]
fn with_a_hann_window_velocity_is_the_closed_form() {
    let mut analyser = Analyser::<f32>::default();
    let mut compared = 0;
    for entry in &golden() {
        let Some(signal) = named(entry["name"].as_str().expect("a name")) else { continue };
        let spectrum = analyser.spectrum(&narrowed(&signal), RATE_HZ, Taper::Hann);
        let ours = [
            ("v_rms", spectrum.velocity_rms_mm_s(UNIT, Band::STANDARD)),
            ("d_um", spectrum.displacement_rms_um(UNIT, Band::STANDARD)),
        ];
        for (what, actual) in ours {
            if let Some(expected) = entry["expected"][what].as_f64() {
                assert_close(&format!("{} {what}", entry["name"]), actual, expected, CLOSED_FORM);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 6);
}

#[test]
fn features_are_the_closed_forms() {
    for_each(|name, signal, entry| {
        for (what, actual) in features(signal) {
            if let Some(expected) = entry["expected"][what].as_f64() {
                assert_close(&format!("{name} {what}"), actual, expected, CLOSED_FORM);
            }
        }
    });
}

#[test]
fn a_tone_below_the_band_is_not_in_it() {
    let signal = named("sine_5hz_out_of_band").expect("made here");
    let mut analyser = Analyser::<f64>::default();
    for taper in [Taper::Hann, Taper::Rectangular] {
        let spectrum = analyser.spectrum(&signal, RATE_HZ, taper);
        assert!(spectrum.velocity_rms_mm_s(UNIT, Band::STANDARD) < 1e-9);
    }
    let spectrum = analyser.spectrum(&signal, RATE_HZ, Taper::Rectangular);
    let in_band = spectrum.velocity_rms_mm_s(UNIT, Band::SLOW);
    assert_close("2–1000 Hz", in_band, 22.507_907_903_927_652, 1e-12);
}

#[test]
fn gravity_does_not_leak_into_velocity() {
    let mut analyser = Analyser::<f32>::default();
    let mut velocity = |name: &str| {
        let signal = narrowed(&named(name).expect("made here"));
        let spectrum = analyser.spectrum(&signal, RATE_HZ, Taper::Hann);
        spectrum.velocity_rms_mm_s(UNIT, Band::STANDARD)
    };
    assert_close("velocity", velocity("dc_plus_sine"), velocity("sine_50"), 1e-6);
}

#[test]
fn the_amplitudes_of_the_orders_are_those_of_their_sines() {
    let signal = named("orders_1_2_3").expect("made here");
    for taper in [Taper::Hann, Taper::Rectangular] {
        let mut analyser = Analyser::<f64>::default();
        let spectrum = analyser.spectrum(&signal, RATE_HZ, taper);
        for (order, expected) in [(1.0, 2.0), (2.0, 1.0), (3.0, 0.5)] {
            let actual = spectrum.amplitude_at(order * 30.0).expect("below half the rate");
            assert_close(&format!("order {order}"), actual, expected, 1e-12);
        }
        assert_eq!(spectrum.amplitude_at(6400.6), None);
        assert_eq!(spectrum.amplitudes().len(), 6401);
    }
}

#[test]
fn the_density_of_uniform_noise_is_flat() {
    let signal = named("uniform_splitmix64").expect("made here");
    let golden = golden();
    let entry = golden.iter().find(|entry| entry["name"] == "uniform_splitmix64");
    let entry = entry.expect("in the file");
    let first: Vec<f64> =
        serde_json::from_value(entry["scipy_measured"]["first4"].clone()).expect("four numbers");
    for (ours, theirs) in signal.iter().zip(&first) {
        assert_close("noise", *ours, *theirs, 1e-15);
    }
    let density = Analyser::<f64>::default().welch(&signal, RATE_HZ, WELCH_SEGMENT).expect("long");
    let inner = &density.values[1..density.values.len() - 1];
    let mean = inner.iter().sum::<f64>() / inner.len() as f64;
    let closed_form = entry["expected"]["psd_mean"].as_f64().expect("a number");
    assert_close("mean density", mean, closed_form, CLOSED_FORM);
}

#[test]
fn the_share_of_clipped_samples_is_that_of_the_file() {
    for name in ["clipped_0.5", "clipped_0.8"] {
        let golden = golden();
        let entry = golden.iter().find(|entry| entry["name"] == name).expect("in the file");
        let signal = narrowed(&named(name).expect("made here"));
        let features = Features::of(&signal).expect("it varies");
        let inspection = inspect(&signal, features.mean, features.std);
        let share = entry["scipy_measured"]["clipped_fraction"].as_f64().expect("a number");
        assert_close(name, inspection.rail_share, share, 1e-12);
        assert!(inspection.quality.is_bad(), "{name}");
    }
}

fn narrowed(signal: &[f64]) -> Vec<f32> {
    signal.iter().map(|&x| x as f32).collect()
}
