//! The power spectral density after Welch.

use super::band::Band;
use super::spectrum::{Analyser, Real, Taper, band_rms, integrations_to_velocity};
use super::unit::Unit;

/// A power spectral density after Welch, one-sided, in unit²/Hz.
pub struct Density {
    /// The distance between two lines in Hz.
    pub resolution_hz: f64,
    /// The density at `k · resolution_hz`.
    pub values: Vec<f64>,
}

impl<F: Real> Analyser<F> {
    /// Welch's estimate of the density: Hann, half overlap, the mean removed from each segment,
    /// which is what `scipy.signal.welch` does by default. Samples after the last whole segment are
    /// left out; `None` when not even one fits.
    pub fn welch(&mut self, samples: &[F], sample_rate_hz: f64, segment: usize) -> Option<Density> {
        if segment < 2 || samples.len() < segment {
            return None;
        }
        let mut values = vec![0.0; segment / 2 + 1];
        let hop = segment - segment / 2;
        let segments = samples.windows(segment).step_by(hop);
        let count = segments.len() as f64;
        let resolution_hz = sample_rate_hz / segment as f64;
        for samples in segments {
            let spectrum = self.spectrum(samples, sample_rate_hz, Taper::Hann);
            for (k, value) in values.iter_mut().enumerate() {
                *value += spectrum.power(k) / (count * resolution_hz);
            }
        }
        Some(Density { resolution_hz, values })
    }
}

impl Density {
    /// The velocity of a band in mm/s RMS, when the samples are in `unit`.
    pub fn velocity_rms_mm_s(&self, unit: Unit, band: Band) -> f64 {
        let power = |k: usize| self.values[k] * self.resolution_hz;
        let integrations = integrations_to_velocity(unit);
        let rms = band_rms(power, self.values.len(), self.resolution_hz, band, integrations);
        1e3 * unit.si_factor() * rms
    }
}
