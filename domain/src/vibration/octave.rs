//! Levels of third-octave bands, added up from the lines of a spectrum.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spectrum::integrations_to_velocity;
use super::unit::Unit;

/// The mid-band frequency from which all others follow, in Hz.
const REFERENCE_HZ: f64 = 1_000.0;
/// Nominal mid-band frequencies of a decade (IEC 61260-1:2014, Annex E); the exact ones are `10^(n/10)`.
const NOMINAL: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];
/// Bands from 10 Hz to 20 kHz, by their number from the reference on.
const NUMBERS: std::ops::RangeInclusive<i32> = -20..=13;
/// As wide as a tone is under a Hann window: a narrower band would share all it has with its neighbours.
const LINES_MIN: f64 = 4.0;
/// The lines of a Hann window hold so much more power than there is.
const HANN_NOISE_LINES: f64 = 1.5;

/// What a third of an octave holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThirdOctave {
    /// The mid-band frequency by which the band is known, in Hz.
    pub nominal_hz: f64,
    /// RMS, in the unit of the spectrum.
    pub rms: f64,
    /// The same as velocity, in mm/s.
    pub velocity_rms_mm_s: f64,
}

/// The third-octave bands that lie within a spectrum of peak amplitudes under a Hann window, lowest first.
///
/// Exact mid-band frequencies are `1000 Hz · 10^(x/10)` and edges are a twentieth of a decade away, which is the base-ten system
/// of IEC 61260-1:2014. A line stands for the frequencies up to half-way to its neighbours, and what of it reaches over an edge is
/// the next band's, so the powers of bands add up to that of the lines. Of bands narrower than four lines nothing is said. They
/// are sums of lines, not the outputs of filters of a class of that standard.
pub fn third_octaves(amplitudes: &[f32], resolution_hz: f64, unit: Unit) -> Vec<ThirdOctave> {
    // Half of the last line may be a mirror of itself.
    let known_hz = (amplitudes.len() as f64 - 1.5) * resolution_hz;
    let bands = NUMBERS.map(|number| {
        let middle_hz = REFERENCE_HZ * 10_f64.powf(f64::from(number) / 10.0);
        let edge = 10_f64.powf(0.05);
        (number, middle_hz / edge, middle_hz * edge)
    });
    let is_within = |&(_, low_hz, high_hz): &(i32, f64, f64)| {
        high_hz <= known_hz && high_hz - low_hz >= LINES_MIN * resolution_hz
    };
    let to_velocity = 2 * integrations_to_velocity(unit);
    let level = |(number, low_hz, high_hz): (i32, f64, f64)| {
        let (low, high) = (low_hz / resolution_hz, high_hz / resolution_hz);
        let (mut power, mut velocity) = (0.0, 0.0);
        let first = low.round() as usize;
        for (k, amplitude) in
            amplitudes.iter().enumerate().take(high.round() as usize + 1).skip(first)
        {
            let line = k as f64;
            let share = (line + 0.5).min(high) - (line - 0.5).max(low);
            let part = share * f64::from(*amplitude).powi(2) / (2.0 * HANN_NOISE_LINES);
            power += part;
            velocity += part / (TAU * line * resolution_hz).powi(to_velocity);
        }
        let velocity_rms_mm_s = 1e3 * unit.si_factor() * velocity.sqrt();
        ThirdOctave { nominal_hz: nominal_hz(number), rms: power.sqrt(), velocity_rms_mm_s }
    };
    bands.filter(is_within).map(level).collect()
}

fn nominal_hz(number: i32) -> f64 {
    let place = NOMINAL[number.rem_euclid(10) as usize];
    place * REFERENCE_HZ * 10_f64.powi(number.div_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_have_their_nominal_names() {
        let nominal: Vec<f64> = NUMBERS.map(nominal_hz).collect();
        let expected = [
            10.0, 12.5, 16.0, 20.0, 25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0,
            250.0, 315.0, 400.0, 500.0, 630.0, 800.0, 1e3, 1.25e3, 1.6e3, 2e3, 2.5e3, 3.15e3, 4e3,
            5e3, 6.3e3, 8e3, 10e3, 12.5e3, 16e3, 20e3,
        ];
        assert_eq!(nominal.len(), expected.len());
        for (ours, standard) in nominal.iter().zip(expected) {
            assert!((ours / standard - 1.0).abs() < 1e-12, "{ours} is not {standard}");
        }
    }

    #[test]
    fn only_bands_that_the_lines_resolve_and_reach_are_told() {
        let bands = |lines, resolution_hz| {
            let bands = third_octaves(&vec![1.0; lines], resolution_hz, Unit::StandardGravity);
            let ends = (bands.first()?.nominal_hz, bands.last()?.nominal_hz);
            Some(ends)
        };
        assert_eq!(bands(2_001, 1.0), Some((20.0, 1_600.0)));
        assert_eq!(bands(8_001, 0.25), Some((10.0, 1_600.0)));
        for (lines, resolution_hz) in [(0, 1.0), (1, 1.0), (20, 1.0), (100, 0.0), (100, f64::NAN)] {
            assert_eq!(bands(lines, resolution_hz), None, "{lines} lines, {resolution_hz} Hz");
        }
    }
}
