//! The squared envelope of a band and its spectrum: where what knocks in a bearing shows.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::band::Band;
use super::lanes::widely;
use super::spectrum::{Real, Spectrum, mean};
use super::window::smooth_length;

/// How many samples the lengths with a plan have together; when a further length does not fit, all
/// are forgotten, which costs only time.
const PLANNED_SAMPLES_MAX: usize = 1 << 22;
/// Beyond so many times its median an envelope is cut off. Gaussian noise exceeds that once in a
/// million samples; what does so more often is a shock, and one shock must not drown all lines.
const LIMIT_MEDIANS: f64 = 20.0;
/// In so many parts the kurtosis is taken, of which the median counts: shocks in less than half of
/// them do not choose the band.
const KURTOSIS_PARTS: usize = 8;

/// Demodulates bands of spectra. It keeps plans, so one per thread is kept and used again.
pub struct Demodulator<F: Real = f32> {
    planner: RealFftPlanner<F>,
    plans: HashMap<usize, Plan<F>>,
}

/// For envelopes of one length.
struct Plan<F: Real> {
    forward: Arc<dyn RealToComplex<F>>,
    inverse: Arc<dyn ComplexToReal<F>>,
    taper: Vec<F>,
    lines: Vec<Complex<F>>,
    input: Vec<F>,
    scratch: Vec<Complex<F>>,
}

/// The square of the magnitude of the analytic signal of a band, evenly spaced over its window.
#[derive(Clone, Debug, PartialEq)]
pub struct SquaredEnvelope<F: Real = f32> {
    duration_s: f64,
    values: Vec<F>,
}

/// The amplitude spectrum of a squared envelope, its mean removed, under a Hann window.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvelopeSpectrum {
    /// The distance between two lines in Hz.
    pub resolution_hz: f64,
    /// The mean of the squared envelope, in the square of the unit of the samples.
    pub mean: f64,
    /// Peak amplitudes from zero on, in the same unit: `2|X|/Σw`.
    pub amplitudes: Vec<f64>,
}

impl<F: Real> Default for Demodulator<F> {
    fn default() -> Self {
        Self { planner: RealFftPlanner::new(), plans: HashMap::new() }
    }
}

impl<F: Real> Demodulator<F> {
    /// The squared envelope of a band, moved to zero frequency and sampled no faster than twice its
    /// width, which is all that its square holds. `None` when the band has fewer than two lines.
    pub fn squared_envelope(
        &mut self,
        spectrum: &Spectrum<'_, F>,
        band: Band,
    ) -> Option<SquaredEnvelope<F>> {
        let resolution_hz = spectrum.resolution_hz();
        let first = ((band.low_hz / resolution_hz).ceil() as usize).max(1);
        let beyond = ((band.high_hz / resolution_hz) as usize + 1).min(spectrum.len() - 1);
        if beyond < first + 2 {
            return None;
        }
        let plan = self.plan(smooth_length(2 * (beyond - first)));
        let scale = F::narrow(1.0 / spectrum.samples() as f64);
        let band = || (first..beyond).map(|k| spectrum.untapered(k) * scale);
        let mut values = plan.inverse(band());
        // The imaginary part of a signal is the real part of it turned by a quarter.
        let imaginary = plan.inverse(band().map(|line| Complex::new(line.im, -line.re)));
        widely(
            #[inline(always)]
            || values.iter_mut().zip(&imaginary).for_each(|(re, &im)| *re = *re * *re + im * im),
        );
        Some(SquaredEnvelope { duration_s: 1.0 / resolution_hz, values })
    }

    /// The spectrum of a squared envelope, up to `lines_max` lines.
    pub fn spectrum(
        &mut self,
        envelope: &SquaredEnvelope<F>,
        lines_max: usize,
    ) -> EnvelopeSpectrum {
        let length = envelope.values.len();
        let mean = envelope.mean();
        let lines = self.plan(length).forward(&envelope.values, F::narrow(mean));
        let factor = 4.0 / length as f64;
        let amplitude = |line: &Complex<F>| {
            let (re, im): (f64, f64) = (line.re.into(), line.im.into());
            factor * (re * re + im * im).sqrt()
        };
        let mut amplitudes = vec![0.0; lines.len().min(lines_max)];
        widely(
            #[inline(always)]
            || amplitudes.iter_mut().zip(lines).for_each(|(to, line)| *to = amplitude(line)),
        );
        EnvelopeSpectrum { resolution_hz: 1.0 / envelope.duration_s, mean, amplitudes }
    }

    fn plan(&mut self, length: usize) -> &mut Plan<F> {
        let planned: usize = self.plans.keys().sum();
        if planned + length > PLANNED_SAMPLES_MAX && !self.plans.contains_key(&length) {
            *self = Self::default();
        }
        let planner = &mut self.planner;
        self.plans.entry(length).or_insert_with(|| Plan::new(planner, length))
    }
}

impl<F: Real> Plan<F> {
    fn new(planner: &mut RealFftPlanner<F>, length: usize) -> Self {
        let (forward, inverse) =
            (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let turn = TAU / length as f64;
        let taper = |i: usize| F::narrow(0.5 - 0.5 * (turn * i as f64).cos());
        let needed = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            taper: (0..length).map(taper).collect(),
            lines: forward.make_output_vec(),
            input: forward.make_input_vec(),
            scratch: vec![Complex::new(F::zero(), F::zero()); needed],
            forward,
            inverse,
        }
    }

    /// The real part of the sum of these lines, of which the first is at zero.
    fn inverse(&mut self, lines: impl Iterator<Item = Complex<F>>) -> Vec<F> {
        self.lines.fill(Complex::new(F::zero(), F::zero()));
        self.lines.iter_mut().zip(lines).for_each(|(to, line)| *to = line);
        // Half of a real line at zero is its mirror, which all others get from the transform.
        let zero = self.lines[0].re;
        self.lines[0] = Complex::new(zero + zero, F::zero());
        let mut values = self.inverse.make_output_vec();
        self.inverse
            .process_with_scratch(&mut self.lines, &mut values, &mut self.scratch)
            .expect("the buffers have the lengths of the plan");
        values
    }

    /// The lines of these values, their mean removed, under a Hann window.
    fn forward(&mut self, values: &[F], mean: F) -> &[Complex<F>] {
        for ((to, &value), &weight) in self.input.iter_mut().zip(values).zip(&self.taper) {
            *to = (value - mean) * weight;
        }
        self.forward
            .process_with_scratch(&mut self.input, &mut self.lines, &mut self.scratch)
            .expect("the buffers have the lengths of the plan");
        &self.lines
    }
}

impl<F: Real> SquaredEnvelope<F> {
    /// The mean, in the square of the unit of the samples.
    pub fn mean(&self) -> f64 {
        widely(
            #[inline(always)]
            || mean(&self.values),
        )
    }

    /// The same with what stands out by more than twenty medians cut off there.
    pub fn limited(mut self) -> Self {
        let mut sorted = self.values.clone();
        let middle = sorted.len() / 2;
        let (_, median, _) = sorted.select_nth_unstable_by(middle, |a, b| {
            a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)
        });
        let median: f64 = (*median).into();
        let limit = F::narrow(LIMIT_MEDIANS * median);
        if median > 0.0 {
            self.values.iter_mut().filter(|value| **value > limit).for_each(|value| *value = limit);
        }
        self
    }

    /// How impulsive the band is: `⟨|a|⁴⟩/⟨|a|²⟩² − 2`, 0 for Gaussian noise; of eight parts of the
    /// window the median.
    pub fn kurtosis(&self) -> f64 {
        let part = (self.values.len() / KURTOSIS_PARTS).max(2);
        let mut parts: Vec<f64> = self.values.chunks_exact(part).map(kurtosis).collect();
        parts.sort_by(f64::total_cmp);
        parts.get(parts.len() / 2).copied().unwrap_or(0.0)
    }
}

fn kurtosis<F: Real>(squares: &[F]) -> f64 {
    let (second, fourth) = squares.iter().fold((0.0, 0.0), |(second, fourth), &square| {
        let square: f64 = square.into();
        (second + square, fourth + square * square)
    });
    if second > 0.0 { squares.len() as f64 * fourth / (second * second) - 2.0 } else { 0.0 }
}
