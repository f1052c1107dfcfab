//! Windows of one measuring point that are judged together.

use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::masks::Masks;
use super::shaft::OrderPowers;
use super::{Diagnosis, Gap, RecordSettings, Subject, races};
use crate::time::Timestamp;
use crate::vibration::band::Band;
use crate::vibration::envelope::Demodulator;
use crate::vibration::packed;
use crate::vibration::spectrum::{Real, Spectrum};
use crate::vibration::unit::{Quantity, Unit};

/// The most windows of a record.
pub const WINDOWS_MAX: u32 = 16;
/// Up to there the lines of an envelope are kept: the third multiple of any race of a fast motor.
const ENVELOPE_HZ_MAX: f64 = 1_000.0;
/// So many lines at most.
const ENVELOPE_LINES_MAX: usize = 1_024;
/// Below this frequency the shaft itself is heard, not what rings.
const RINGING_HZ_MIN: f64 = 500.0;
/// Above this share of the sample rate lies the slope of the anti-aliasing filter.
const RINGING_RATE_SHARE_MAX: f64 = 0.45;
/// A narrower band holds too little to be compared.
const PART_HZ_MIN: f64 = 500.0;
/// Into so many parts the whole is split, each time, in search of the most impulsive one.
const PARTS: [u32; 3] = [2, 3, 6];
/// By so much the speed may differ between the windows of a record.
const SPEED_SHARE_MAX: f64 = 0.01;

/// The sums over the windows of a record. It can be written and read back without a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    windows: u32,
    resolution_hz: f64,
    shaft_hz_sum: f64,
    ended_at: Option<Timestamp>,
    bands: Vec<BandSum>,
    orders: OrderPowers,
}

/// The lines of the envelope of one band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BandSum {
    band: Band,
    /// Of the means of the envelopes, in (m/s²)².
    mean: f64,
    /// Squared lines over the square of the mean.
    #[serde(with = "packed")]
    powers: Vec<f32>,
}

/// What a record needs of a window.
#[derive(Clone, Copy)]
pub struct Sight<'a, F: Real = f32> {
    /// Under a Hann taper.
    pub spectrum: Spectrum<'a, F>,
    /// Of the samples.
    pub unit: Unit,
    /// Of the whole band of severity.
    pub velocity_rms_mm_s: f64,
    /// The speed of the shaft in Hz.
    pub shaft_hz: f64,
    /// When its last sample was taken, or just after.
    pub ended_at: Timestamp,
}

/// The mean envelope spectrum of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordEnvelope {
    /// When the record ended.
    pub at: Timestamp,
    /// The band that was demodulated.
    pub band: Band,
    /// The distance between two lines in Hz.
    pub resolution_hz: f64,
    /// Peak amplitudes from zero on, in (m/s²)².
    pub amplitudes: Vec<f32>,
    /// The mean speed of the shaft in Hz.
    pub shaft_hz: f64,
}

impl Record {
    /// How many windows it has.
    pub fn windows(&self) -> u32 {
        self.windows
    }

    /// Whether a window can be judged together with those before it: the same length and rate, and
    /// a speed that differs by less than a hundredth.
    pub fn takes<F: Real>(&self, sight: &Sight<'_, F>) -> bool {
        let shaft_hz = self.shaft_hz();
        let is_like = |a: f64, b: f64, share: f64| (a - b).abs() <= share * b;
        self.windows == 0
            || self.windows < WINDOWS_MAX
                && is_like(self.resolution_hz, sight.spectrum.resolution_hz(), 1e-9)
                && is_like(sight.shaft_hz, shaft_hz, SPEED_SHARE_MAX)
    }

    /// Adds a window.
    pub fn add<F: Real>(
        &mut self,
        sight: &Sight<'_, F>,
        subject: &Subject,
        settings: &RecordSettings,
        demodulator: &mut Demodulator<F>,
    ) {
        if self.windows == 0 {
            self.resolution_hz = sight.spectrum.resolution_hz();
            self.bands = choose_bands(sight, subject, settings, demodulator);
        }
        self.windows += 1;
        self.shaft_hz_sum += sight.shaft_hz;
        self.ended_at = Some(sight.ended_at);
        let Sight { spectrum, unit, velocity_rms_mm_s, shaft_hz, .. } = *sight;
        self.orders.add(&spectrum, unit, velocity_rms_mm_s, shaft_hz, subject.line_frequency_hz);
        for sum in &mut self.bands {
            sum.add(sight, demodulator);
        }
    }

    /// What the record says so far.
    pub fn judge(&self, subject: &Subject, settings: &RecordSettings) -> Diagnosis {
        let mut diagnosis = Diagnosis::default();
        if self.windows == 0 {
            return diagnosis;
        }
        diagnosis.findings = {
            let shaft_hz = self.shaft_hz();
            self.orders.judge(self.windows, shaft_hz, subject, self.resolution_hz)
        };
        diagnosis.findings.extend(self.judge_bearings(subject, settings));
        if subject.bearings.is_empty() {
            diagnosis.gaps.insert(Gap::BearingUnknown);
        } else if self.bands.is_empty() {
            diagnosis.gaps.insert(Gap::AccelerationNeeded);
        }
        diagnosis
    }

    /// Of each bearing the most certain verdict of all bands, unless two bands contradict.
    fn judge_bearings(&self, subject: &Subject, settings: &RecordSettings) -> Vec<super::Finding> {
        let looks = (self.bands.len() * subject.bearings.len()).max(1);
        let probability = settings.false_alarm_rate / looks as f64;
        let shaft_hz = self.shaft_hz();
        let masks = Masks::of_machine(shaft_hz, subject.line_frequency_hz, self.resolution_hz);
        let judged = subject.bearings.iter().filter_map(|(position, orders)| {
            let verdict = |sum: &BandSum| {
                let lines = self.lines(sum);
                races::judge(&lines, position, orders, shaft_hz, &masks, probability)
            };
            let verdicts: Vec<_> = self.bands.iter().filter_map(verdict).collect();
            let fault = verdicts.first()?.finding.fault;
            let agree = verdicts.iter().all(|verdict| verdict.finding.fault == fault);
            let surest = verdicts.into_iter().min_by(|a, b| a.tail.total_cmp(&b.tail));
            surest.filter(|_| agree).map(|verdict| verdict.finding)
        });
        judged.collect()
    }

    /// The mean envelope spectrum of the last band that was chosen; `None` when nothing was
    /// demodulated.
    pub fn envelope(&self) -> Option<RecordEnvelope> {
        let sum = self.bands.last()?;
        let windows = f64::from(self.windows);
        let mean = sum.mean / windows;
        let amplitude = |power: &f32| ((f64::from(*power) / windows).sqrt() * mean) as f32;
        Some(RecordEnvelope {
            at: self.ended_at?,
            band: sum.band,
            resolution_hz: self.resolution_hz,
            amplitudes: sum.powers.iter().map(amplitude).collect(),
            shaft_hz: self.shaft_hz(),
        })
    }

    fn shaft_hz(&self) -> f64 {
        self.shaft_hz_sum / f64::from(self.windows.max(1))
    }

    fn lines<'a>(&self, sum: &'a BandSum) -> Lines<'a> {
        let Self { windows, resolution_hz, .. } = *self;
        Lines { powers: &sum.powers, windows, resolution_hz }
    }
}

impl BandSum {
    fn of(band: Band) -> Self {
        Self { band, mean: 0.0, powers: Vec::new() }
    }

    fn add<F: Real>(&mut self, sight: &Sight<'_, F>, demodulator: &mut Demodulator<F>) {
        let spectrum = &sight.spectrum;
        let Some(envelope) = demodulator.squared_envelope(spectrum, self.band) else { return };
        let wanted = (ENVELOPE_HZ_MAX / spectrum.resolution_hz()) as usize + 1;
        let lines_max = wanted.min(ENVELOPE_LINES_MAX);
        let lines = demodulator.spectrum(&envelope.limited(), lines_max);
        if lines.mean <= 0.0 {
            return;
        }
        self.mean += lines.mean * sight.unit.si_factor().powi(2);
        self.powers.resize(lines.amplitudes.len().max(self.powers.len()), 0.0);
        for (sum, amplitude) in self.powers.iter_mut().zip(&lines.amplitudes) {
            *sum += (amplitude / lines.mean).powi(2) as f32;
        }
    }
}

/// The configured band; or the whole of what rings and its most impulsive part.
fn choose_bands<F: Real>(
    sight: &Sight<'_, F>,
    subject: &Subject,
    settings: &RecordSettings,
    demodulator: &mut Demodulator<F>,
) -> Vec<BandSum> {
    if subject.bearings.is_empty() || sight.unit.quantity() != Quantity::Acceleration {
        return vec![];
    }
    if let Some(band) = settings.envelope_band {
        return vec![BandSum::of(band)];
    }
    let rate_hz = sight.spectrum.resolution_hz() * sight.spectrum.samples() as f64;
    let whole = Band { low_hz: RINGING_HZ_MIN, high_hz: RINGING_RATE_SHARE_MAX * rate_hz };
    let part = most_impulsive(&sight.spectrum, whole, demodulator);
    std::iter::once(whole).chain(part).map(BandSum::of).collect()
}

fn most_impulsive<F: Real>(
    spectrum: &Spectrum<'_, F>,
    whole: Band,
    demodulator: &mut Demodulator<F>,
) -> Option<Band> {
    let width_hz = whole.high_hz - whole.low_hz;
    let parts = PARTS.into_iter().flat_map(|count| {
        let part_hz = width_hz / f64::from(count);
        (0..count).map(move |part| {
            let low_hz = whole.low_hz + f64::from(part) * part_hz;
            Band { low_hz, high_hz: low_hz + part_hz }
        })
    });
    parts
        .filter(|band| band.high_hz - band.low_hz >= PART_HZ_MIN)
        .filter_map(|band| Some((demodulator.squared_envelope(spectrum, band)?.kurtosis(), band)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, band)| band)
}
