//! The same windows as `benches/numpy/peer.py`, on one core: how many a second, and what comes out.
//!
//! `benches/numpy/run` runs both in turn; this half alone is
//! `cargo bench -p domain --bench against_numpy -- WINDOWS.f32 SAMPLES RATE_HZ SECONDS`.
#![allow(clippy::print_stdout, reason = "this is how a benchmark tells its result")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark looks at the clock, and gets its windows from a file"
)]

use std::hint::black_box;
use std::time::Instant;

use domain::vibration::{Analyser, Band, Demodulator, Features, Taper, Unit};

/// The band that is demodulated.
const RESONANCE: Band = Band { low_hz: 2_000.0, high_hz: 4_000.0 };

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let mut argument = || arguments.next().expect("WINDOWS.f32 SAMPLES RATE_HZ SECONDS");
    let file = std::fs::read(argument()).expect("the file of windows can be read");
    let samples: usize = argument().parse().expect("a number of samples");
    let rate_hz: f64 = argument().parse().expect("a rate");
    let seconds: f64 = argument().parse().expect("a time");
    let (numbers, _) = file.as_chunks::<4>();
    let all: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let windows: Vec<&[f32]> = all.chunks_exact(samples).collect();

    let (mut analyser, mut demodulator) = (Analyser::<f32>::default(), Demodulator::default());
    let condition = |analyser: &mut Analyser<f32>, window: &[f32]| {
        let features = Features::of(window).expect("the windows vary");
        let spectrum = analyser.spectrum_about(features.mean, window, rate_hz, Taper::Hann);
        let velocity = spectrum.velocity_rms_mm_s(Unit::MetrePerSecondSquared, Band::STANDARD);
        (features, velocity)
    };
    let (features, velocity) = condition(&mut analyser, windows[0]);
    let rate = rate(seconds, &windows, |window| {
        black_box(condition(&mut analyser, window));
    });
    println!(
        r#"{{"what":"condition","windows_per_s":{rate},"velocity_mm_s":{velocity},"kurtosis":{},"skewness":{}}}"#,
        features.kurtosis, features.skewness
    );

    let envelope = |analyser: &mut Analyser<f32>, demodulator: &mut Demodulator, window: &[f32]| {
        let spectrum = analyser.spectrum(window, rate_hz, Taper::Hann);
        let envelope = demodulator.squared_envelope(&spectrum, RESONANCE).expect("a band");
        demodulator.spectrum(&envelope, samples / 8)
    };
    let first = envelope(&mut analyser, &mut demodulator, windows[0]);
    let highest = first.amplitudes.iter().skip(1).copied().fold(0.0, f64::max);
    let rate = self::rate(seconds, &windows, |window| {
        black_box(envelope(&mut analyser, &mut demodulator, window));
    });
    println!(
        r#"{{"what":"envelope","windows_per_s":{rate},"mean":{},"highest":{highest}}}"#,
        first.mean
    );
}

/// Windows a second, over all of them again and again.
fn rate(seconds: f64, windows: &[&[f32]], mut work: impl FnMut(&[f32])) -> f64 {
    let begun = Instant::now();
    let mut done = 0_u64;
    while begun.elapsed().as_secs_f64() < seconds {
        windows.iter().for_each(|window| work(window));
        done += windows.len() as u64;
    }
    done as f64 / begun.elapsed().as_secs_f64()
}
