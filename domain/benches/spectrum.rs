//! How many samples a second one core turns into conditions, beside the bare transform.
//!
//! One window is one second at 12.8 kHz. Run with `cargo bench -p domain --bench spectrum`.

use std::f64::consts::TAU;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use domain::time::Timestamp;
use domain::vibration::{
    Analyser, Assembler, Axis, Band, Features, Machine, MachineGroup, Quality, SampleBlock,
    Support, Taper, Unit, Window, assess_window, inspect,
};
use realfft::RealFftPlanner;

const RATE_HZ: f64 = 12_800.0;
const SAMPLES: usize = 12_800;

fn main() {
    divan::main();
}

/// Gravity, three orders of 1480 r/min and some noise, in g.
fn samples() -> Vec<f32> {
    let mut noise = 42_u32;
    let sample = |i: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let t = i as f64 / RATE_HZ;
        let order = |n: f64, amplitude: f64| amplitude * (TAU * n * 24.67 * t).sin();
        let hiss = 0.05 * (f64::from(noise) / f64::from(u32::MAX) - 0.5);
        (1.0 + order(1.0, 0.1) + order(2.0, 0.05) + order(3.0, 0.02) + hiss) as f32
    };
    (0..SAMPLES).map(sample).collect()
}

fn window() -> Window {
    Window {
        started_at: Timestamp::from_micros(0),
        sample_rate_hz: RATE_HZ,
        unit: Unit::StandardGravity,
        speed_rpm: Some(1480.0),
        quality: Quality::default(),
        samples: samples(),
    }
}

/// The peer: nothing but the transform, with the same crate, length and precision.
#[divan::bench]
fn realfft_alone(bencher: Bencher<'_, '_>) {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(SAMPLES);
    let samples = samples();
    let (mut input, mut lines) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| {
        // The transform destroys its input, so the copy belongs to it.
        input.copy_from_slice(black_box(&samples));
        fft.process_with_scratch(&mut input, &mut lines, &mut scratch).expect("sizes fit");
        black_box(lines[30])
    });
}

#[divan::bench]
fn window_to_condition(bencher: Bencher<'_, '_>) {
    let machine = Machine {
        group: MachineGroup::Group2,
        support: Support::default(),
        custom: None,
        rated_speed_rpm: Some(1480.0),
    };
    let window = window();
    let mut analyser = Analyser::default();
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(|| assess_window(&mut analyser, black_box(&window), Axis::RadialH, &machine));
}

#[divan::bench]
fn spectrum_and_velocity(bencher: Bencher<'_, '_>) {
    let samples = samples();
    let mut analyser = Analyser::<f32>::default();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| {
        let spectrum = analyser.spectrum(black_box(&samples), RATE_HZ, Taper::Hann);
        spectrum.velocity_rms_mm_s(Unit::StandardGravity, Band::STANDARD)
    });
}

#[divan::bench]
fn features(bencher: Bencher<'_, '_>) {
    let samples = samples();
    bencher.counter(ItemsCount::new(SAMPLES)).bench(|| Features::of(black_box(&samples)));
}

#[divan::bench]
fn inspection(bencher: Bencher<'_, '_>) {
    let samples = samples();
    let features = Features::of(&samples).expect("the signal varies");
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench(|| inspect(black_box(&samples), features.mean, features.std));
}

/// One second of blocks of a tenth of a second through the assembler: half of it is cut twice.
#[divan::bench]
fn blocks_to_windows(bencher: Bencher<'_, '_>) {
    let samples = samples();
    let mut assembler = Assembler::new(Band::STANDARD);
    let mut block = SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::StandardGravity,
        sample_rate_hz: RATE_HZ,
        started_at: Timestamp::from_micros(0),
        speed_rpm: Some(1480.0),
        samples: samples[..SAMPLES / 10].to_vec(),
    };
    let (mut seconds, mut windows) = (0, 0);
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| {
        seconds += 1;
        for _ in 0..10 {
            windows += assembler.push(&block).windows.len();
            block.started_at = block.started_at.plus_seconds(0.1);
        }
    });
    assert_eq!(windows, 2 * seconds - 1, "each second completes two windows, the first only one");
}
