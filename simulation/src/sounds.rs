//! What both kinds of recordings are made of.

use std::f64::consts::TAU;

use crate::random::Random;

/// Adds sines of these amplitudes and frequencies in Hz, each beginning anywhere.
pub(crate) fn add_tones(
    tones: &[(f64, f64)],
    rate_hz: f64,
    samples: &mut [f64],
    random: &mut Random,
) {
    for (amplitude, hz) in tones {
        let phase = TAU * random.uniform();
        for (i, sample) in samples.iter_mut().enumerate() {
            *sample += amplitude * (TAU * hz * i as f64 / rate_hz + phase).sin();
        }
    }
}

/// By which factor sample by sample is louder that swells by these shares with these frequencies in Hz.
pub(crate) fn swelling<'a>(
    swells: &'a [(f64, f64)],
    rate_hz: f64,
    random: &mut Random,
) -> impl Fn(usize) -> f64 + use<'a> {
    let phases: Vec<f64> = swells.iter().map(|_| TAU * random.uniform()).collect();
    move |i| {
        let swells = swells
            .iter()
            .zip(&phases)
            .map(|((share, hz), phase)| share * (TAU * hz * i as f64 / rate_hz + phase).cos());
        1.0 + swells.sum::<f64>()
    }
}

/// Shocks at no particular time.
pub(crate) struct Shocks {
    /// So many per second; 0: none.
    pub(crate) hz: f64,
    /// Multiplies each of them.
    pub(crate) unit: f64,
    /// From this to that.
    pub(crate) heights: (f64, f64),
}

impl Shocks {
    pub(crate) fn add(&self, rate_hz: f64, samples: &mut [f64], random: &mut Random) {
        if self.hz <= 0.0 {
            return;
        }
        let (low, high) = self.heights;
        let mut at_s = 0.0;
        loop {
            at_s -= random.uniform().ln() / self.hz;
            let Some(sample) = samples.get_mut((at_s * rate_hz) as usize) else { return };
            let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
            *sample += sign * self.unit * random.between(low, high);
        }
    }
}
