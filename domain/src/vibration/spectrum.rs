//! From samples to lines: the spectrum of a window, and what a band of it is worth integrated.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{FftNum, RealFftPlanner, RealToComplex};

use super::band::Band;
use super::lanes::widely;
use super::unit::{Quantity, Unit};

/// How many samples the lengths with a plan have together, some 25 bytes each. The longest window
/// there is fits; when a further length does not, all are forgotten, which costs only time.
const PLANNED_SAMPLES_MAX: usize = 1 << 22;

/// The number in which samples are transformed: `f32` in production, `f64` where the last digits
/// are compared.
pub trait Real: FftNum + Into<f64> + PartialOrd {
    /// The nearest number of this type.
    fn narrow(value: f64) -> Self;
}

impl Real for f32 {
    fn narrow(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    fn narrow(value: f64) -> Self {
        value
    }
}

/// The weight of each sample before the transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taper {
    /// The periodic Hann window, `½ − ½ cos(2πi/N)`: for everything that is measured.
    Hann,
    /// All ones: exact when every tone lies on a line, and badly off when not.
    Rectangular,
}

/// Transforms windows. It keeps plans, tapers and buffers for each length, so one per thread is
/// kept and used again.
pub struct Analyser<F: Real = f32> {
    planner: RealFftPlanner<F>,
    plans: HashMap<usize, Plan<F>>,
}

struct Plan<F: Real> {
    fft: Arc<dyn RealToComplex<F>>,
    input: Vec<F>,
    lines: Vec<Complex<F>>,
    scratch: Vec<Complex<F>>,
}

/// The lines of one window, from zero to half the sample rate. Values are in the unit of the
/// samples.
///
/// One transform serves every taper: the lines are those of the untapered window, and the periodic
/// Hann window is laid on as what it is to lines, `½X(k) − ¼X(k−1) − ¼X(k+1)`.
#[derive(Clone, Copy)]
pub struct Spectrum<'a, F: Real = f32> {
    lines: &'a [Complex<F>],
    samples: usize,
    taper: Taper,
    sample_rate_hz: f64,
    /// The sum of the weights: what an amplitude is divided by.
    weight: f64,
    /// `N` times the sum of the squared weights: what a power is divided by.
    weight_power: f64,
}

impl<F: Real> Default for Analyser<F> {
    fn default() -> Self {
        Self { planner: RealFftPlanner::new(), plans: HashMap::new() }
    }
}

impl<F: Real> Analyser<F> {
    /// The spectrum of one window, of which the mean is removed before the taper is laid on.
    ///
    /// # Panics
    /// When there are no samples.
    pub fn spectrum(
        &mut self,
        samples: &[F],
        sample_rate_hz: f64,
        taper: Taper,
    ) -> Spectrum<'_, F> {
        let mean = widely(
            #[inline(always)]
            || mean(samples),
        );
        self.spectrum_about(mean, samples, sample_rate_hz, taper)
    }

    /// The same for whoever knows the mean already.
    ///
    /// # Panics
    /// When there are no samples.
    pub fn spectrum_about(
        &mut self,
        mean: f64,
        samples: &[F],
        sample_rate_hz: f64,
        taper: Taper,
    ) -> Spectrum<'_, F> {
        let n = samples.len();
        assert!(n > 0, "a window has samples");
        let plan = self.plan(n);
        plan.transform(samples, mean);
        // The periodic Hann window sums to N/2, and its square to 3N/8, but for fewer than three
        // samples.
        let (weight, weight_square) = match taper {
            Taper::Hann => (n as f64 / 2.0, n as f64 * 0.375),
            Taper::Rectangular => (n as f64, n as f64),
        };
        let weight_power = n as f64 * weight_square;
        Spectrum { lines: &plan.lines, samples: n, taper, sample_rate_hz, weight, weight_power }
    }

    fn plan(&mut self, n: usize) -> &mut Plan<F> {
        let planned: usize = self.plans.keys().sum();
        if planned + n > PLANNED_SAMPLES_MAX && !self.plans.contains_key(&n) {
            *self = Self::default();
        }
        let planner = &mut self.planner;
        self.plans.entry(n).or_insert_with(|| Plan::new(planner, n))
    }
}

impl<F: Real> Plan<F> {
    fn new(planner: &mut RealFftPlanner<F>, n: usize) -> Self {
        let fft = planner.plan_fft_forward(n);
        Self {
            input: fft.make_input_vec(),
            lines: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    fn transform(&mut self, samples: &[F], mean: f64) {
        // What the mean loses in the type of the samples is a line at zero, which nobody looks at.
        let mean = F::narrow(mean);
        for (to, &sample) in self.input.iter_mut().zip(samples) {
            *to = sample - mean;
        }
        self.fft
            .process_with_scratch(&mut self.input, &mut self.lines, &mut self.scratch)
            .expect("the buffers were made for this plan");
    }
}

impl<F: Real> Spectrum<'_, F> {
    /// The distance between two lines in Hz.
    pub fn resolution_hz(&self) -> f64 {
        self.sample_rate_hz / self.samples as f64
    }

    /// The amplitude of line `k`: `2|X|/Σw`, half of that at zero and at half the sample rate,
    /// which have no mirror.
    pub fn amplitude(&self, k: usize) -> f64 {
        self.sides(k) * self.square(k).sqrt() / self.weight
    }

    /// The amplitudes of all lines, from zero to half the sample rate.
    pub fn amplitudes(&self) -> Vec<f64> {
        (0..self.lines.len()).map(|k| self.amplitude(k)).collect()
    }

    /// The amplitude of the line nearest to a frequency; `None` above half the sample rate.
    pub fn amplitude_at(&self, frequency_hz: f64) -> Option<f64> {
        let k = (frequency_hz / self.resolution_hz()).round();
        (k >= 0.0 && (k as usize) < self.lines.len()).then(|| self.amplitude(k as usize))
    }

    /// The mean square that line `k` stands for: `c|X|²/(N·Σw²)`, c = 2, and 1 at zero and at half
    /// the sample rate.
    pub fn power(&self, k: usize) -> f64 {
        self.sides(k) * self.square(k) / self.weight_power
    }

    /// The RMS of a band after so many integrations over time: `√Σ power(k)/(2πf)^2i`.
    pub fn band_rms(&self, band: Band, integrations: i32) -> f64 {
        let resolution_hz = self.resolution_hz();
        let first = (band.low_hz / resolution_hz).ceil() as usize;
        let last = (band.high_hz / resolution_hz) as usize;
        if matches!(self.taper, Taper::Hann) && first > 0 && last + 2 < self.lines.len() {
            return widely(
                #[inline(always)]
                || self.inner_rms(first, last, integrations),
            );
        }
        band_rms(|k| self.power(k), self.lines.len(), resolution_hz, band, integrations)
    }

    /// The same for lines that have neighbours on both sides, which is where speed matters.
    #[inline(always)]
    fn inner_rms(&self, first: usize, last: usize, integrations: i32) -> f64 {
        let Some(near) = self.lines.get(first - 1..last + 2) else { return 0.0 };
        let mut sums = [0.0; 4];
        for (i, lines) in near.windows(3).enumerate() {
            let part = |of: fn(&Complex<F>) -> F| {
                let [before, at, after] = [&lines[0], &lines[1], &lines[2]].map(|it| of(it).into());
                0.5 * at - 0.25 * (before + after)
            };
            let (re, im): (f64, f64) = (part(|line| line.re), part(|line| line.im));
            let k = (first + i) as f64;
            let weight = if integrations == 0 { 1.0 } else { (k * k).powi(integrations) };
            sums[i % 4] += (re * re + im * im) / weight;
        }
        let unit = (TAU * self.resolution_hz()).powi(2 * integrations);
        (2.0 * sums.iter().sum::<f64>() / self.weight_power / unit).sqrt()
    }

    /// The velocity of a band in mm/s RMS, when the samples are in `unit`.
    pub fn velocity_rms_mm_s(&self, unit: Unit, band: Band) -> f64 {
        1e3 * unit.si_factor() * self.band_rms(band, integrations_to_velocity(unit))
    }

    /// The displacement of a band in µm RMS, when the samples are in `unit`.
    pub fn displacement_rms_um(&self, unit: Unit, band: Band) -> f64 {
        1e6 * unit.si_factor() * self.band_rms(band, integrations_to_velocity(unit) + 1)
    }

    /// How many lines there are, that at zero included.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line, which never is.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many samples the window has.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Line `k` of the window without a taper.
    pub(super) fn untapered(&self, k: usize) -> Complex<F> {
        self.lines[k]
    }

    fn square(&self, k: usize) -> f64 {
        let wide = |k: usize| {
            let line = self.lines[k];
            Complex::<f64>::new(line.re.into(), line.im.into())
        };
        let line = match self.taper {
            Taper::Rectangular => wide(k),
            Taper::Hann => {
                // Beyond either end the lines of real samples mirror.
                let before = if k == 0 { self.mirrored(1) } else { wide(k - 1) };
                let after =
                    if k + 1 < self.lines.len() { wide(k + 1) } else { self.mirrored(k + 1) };
                wide(k) * 0.5 - (before + after) * 0.25
            }
        };
        line.norm_sqr()
    }

    /// The line at `±k` that is not stored: the conjugate of its mirror.
    fn mirrored(&self, k: usize) -> Complex<f64> {
        let at = if k < self.lines.len() { k } else { self.samples - k };
        let line = self.lines[at % self.lines.len()];
        Complex::<f64>::new(line.re.into(), line.im.into()).conj()
    }

    fn sides(&self, k: usize) -> f64 {
        if k == 0 || 2 * k == self.samples { 1.0 } else { 2.0 }
    }
}

pub(super) fn integrations_to_velocity(unit: Unit) -> i32 {
    match unit.quantity() {
        Quantity::Acceleration => 1,
        Quantity::Velocity => 0,
    }
}

/// The RMS of a band of lines of this power after so many integrations over time.
pub(super) fn band_rms(
    power: impl Fn(usize) -> f64,
    lines: usize,
    resolution_hz: f64,
    band: Band,
    integrations: i32,
) -> f64 {
    let in_band = |k: &usize| (*k as f64 * resolution_hz) <= band.high_hz;
    let first = (band.low_hz / resolution_hz).ceil() as usize;
    let square: f64 = (first..lines)
        .take_while(in_band)
        .map(|k| {
            let weight = (TAU * k as f64 * resolution_hz).powi(2 * integrations);
            if weight > 0.0 { power(k) / weight } else { 0.0 }
        })
        .sum();
    square.sqrt()
}

/// The mean, summed in f64 over independent lanes: a single chain of additions would wait for each
/// other.
#[inline(always)]
pub(super) fn mean<F: Real>(samples: &[F]) -> f64 {
    const LANES: usize = 8;
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut sums = [0.0_f64; LANES];
    for chunk in chunks {
        for (sum, &sample) in sums.iter_mut().zip(chunk) {
            *sum += sample.into();
        }
    }
    let rest: f64 = rest.iter().map(|&sample| sample.into()).sum();
    (sums.iter().sum::<f64>() + rest) / samples.len() as f64
}
