//! The signals behind `golden_synthetic.json`, each made anew from its definition.

use std::f64::consts::TAU;

/// The sample rate of all of them, in Hz.
pub(crate) const RATE_HZ: f64 = 12_800.0;
const SAMPLES: usize = 12_800;
const NOISE_SAMPLES: usize = 131_072;

/// The signal of this name; `None` when the file has one that is not made here.
pub(crate) fn named(name: &str) -> Option<Vec<f64>> {
    let signal = match name {
        "sine_50" => tones(&[(1.0, 50.0)]),
        "sine_49_7_leak" => tones(&[(1.0, 49.7)]),
        "sine_1g_159" => tones(&[(9.806_65, 159.0)]),
        "sine_5hz_out_of_band" => tones(&[(1.0, 5.0)]),
        "dc_plus_sine" => tones(&[(1.0, 50.0)]).into_iter().map(|x| 9.806_65 + x).collect(),
        "orders_1_2_3" => tones(&[(2.0, 30.0), (1.0, 60.0), (0.5, 90.0)]),
        "square_100" => (0..SAMPLES).map(|i| if i % 128 < 64 { 1.0 } else { -1.0 }).collect(),
        "impulses_10" => (0..SAMPLES).map(|i| if i % 1280 == 0 { 10.0 } else { 0.0 }).collect(),
        "uniform_splitmix64" => uniform(42, NOISE_SAMPLES),
        "am_3k_100" => made(|t| (1.0 + 0.5 * (TAU * 100.0 * t).cos()) * (TAU * 3000.0 * t).cos()),
        "clipped_0.5" => clipped(0.5),
        "clipped_0.8" => clipped(0.8),
        "bpfo_impulses" => return None,
        other => panic!("a golden signal without a definition here: {other}"),
    };
    Some(signal)
}

/// A sum of sines, given as amplitude and frequency in Hz.
pub(crate) fn tones(tones: &[(f64, f64)]) -> Vec<f64> {
    made(|t| tones.iter().map(|(amplitude, hz)| amplitude * (TAU * hz * t).sin()).sum())
}

/// Uniform noise in −1..1, the same on every machine.
pub(crate) fn uniform(seed: u64, samples: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..samples).map(|_| 2.0 * ((next() >> 11) as f64) * 2_f64.powi(-53) - 1.0).collect()
}

/// The file does not say that these sines start at 0.1 rad; only then do its digits come out.
fn clipped(rail: f64) -> Vec<f64> {
    made(|t| (TAU * 50.0 * t + 0.1).sin().clamp(-rail, rail))
}

fn made(value: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..SAMPLES).map(|i| value(i as f64 / RATE_HZ)).collect()
}
