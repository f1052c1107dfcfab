//! A run of samples without a gap, of which the beginning has been cut into windows already.

use serde::{Deserialize, Serialize};

use super::block::SampleBlock;
use super::condition::Reason;
use super::packed;
use super::quality::{Flag, Quality};
use super::unit::Unit;
use super::window::{Ended, Window};
use crate::time::Timestamp;

/// Rates that differ by less are the same, so that a last digit lost in text does not break a
/// stream.
const RATE_SHARE_MAX: f64 = 1e-9;
/// By how much of its mean the speed may vary within a window before the lines smear.
const SPEED_DRIFT_SHARE_MAX: f64 = 0.02;

/// Samples are counted from the start of the segment; sample `i` was taken `(i − anchor_sample) /
/// rate` after `anchor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Segment {
    unit: Unit,
    rate: Exact,
    started_at: Timestamp,
    anchor: Timestamp,
    anchor_sample: u64,
    /// The first sample still held.
    first: u64,
    #[serde(with = "packed")]
    held: Vec<f32>,
    /// From which sample on which speed held; the first is that of `first`.
    speeds: Vec<(u64, Option<Exact>)>,
    windows: u64,
    /// The first sample that is in no window yet.
    seen_until: u64,
    /// What the next window has to say about the break before the segment.
    breaks: Quality,
    /// The sample from which on the clock was last set anew.
    seam: Option<u64>,
}

/// A number that is written as its bits: text would not promise to give all of them back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
struct Exact(f64);

impl From<u64> for Exact {
    fn from(bits: u64) -> Self {
        Self(f64::from_bits(bits))
    }
}

impl From<Exact> for u64 {
    fn from(Exact(value): Exact) -> Self {
        value.to_bits()
    }
}

impl Segment {
    /// A segment that begins with this block, whose samples are yet to be added.
    pub(super) fn open(block: &SampleBlock, breaks: Quality) -> Self {
        Self {
            unit: block.unit,
            rate: Exact(block.sample_rate_hz),
            started_at: block.started_at,
            anchor: block.started_at,
            anchor_sample: 0,
            first: 0,
            held: Vec::new(),
            speeds: Vec::new(),
            windows: 0,
            seen_until: 0,
            breaks,
            seam: None,
        }
    }

    pub(super) fn unit(&self) -> Unit {
        self.unit
    }

    pub(super) fn sample_rate_hz(&self) -> f64 {
        self.rate.0
    }

    pub(super) fn has_rate(&self, sample_rate_hz: f64) -> bool {
        (self.rate.0 - sample_rate_hz).abs() <= RATE_SHARE_MAX * self.rate.0
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// How much later than expected the block begins, in seconds; `None` when it cannot continue
    /// this segment.
    pub(super) fn slip_s(&self, block: &SampleBlock) -> Option<f64> {
        let alike = self.unit == block.unit && self.has_rate(block.sample_rate_hz);
        let elapsed_s = block.started_at.seconds_since(self.anchor);
        alike.then(|| elapsed_s - self.seconds_from_anchor(self.next()))
    }

    /// Sets the clock anew: the next sample is taken at `at`.
    pub(super) fn reanchor(&mut self, at: Timestamp) {
        self.anchor = at;
        self.anchor_sample = self.next();
        self.seam = Some(self.anchor_sample);
    }

    /// Adds the samples of a block.
    pub(super) fn extend(&mut self, block: &SampleBlock) {
        let speed = block.speed_rpm.map(Exact);
        if self.speeds.last().is_none_or(|(_, last)| *last != speed) {
            self.speeds.push((self.next(), speed));
        }
        self.held.extend_from_slice(&block.samples);
    }

    /// Cuts off all windows of so many samples, each half a window after the one before.
    pub(super) fn cut(&mut self, samples: usize) -> Vec<Window> {
        let hop = samples / 2;
        let mut windows = Vec::new();
        let mut from = 0;
        while from + samples <= self.held.len() {
            windows.push(self.window(from, samples));
            from += hop;
        }
        self.forget(from);
        windows
    }

    /// One window of all that is held, when none was cut before and at least so many samples are
    /// there.
    pub(super) fn cut_remainder(&mut self, samples_min: usize) -> Option<Window> {
        let samples = self.held.len();
        (self.windows == 0 && samples >= samples_min).then(|| self.window(0, samples))
    }

    /// The account of this segment, once nothing can continue it.
    pub(super) fn ended(&self) -> Ended {
        Ended {
            started_at: self.started_at,
            ended_at: self.time_of(self.next()),
            windows: self.windows,
            dropped_samples: self.next() - self.seen_until,
            not_assessable: (self.windows == 0).then_some(Reason::TooShort),
        }
    }

    fn next(&self) -> u64 {
        self.first + self.held.len() as u64
    }

    fn seconds_from_anchor(&self, sample: u64) -> f64 {
        (sample as f64 - self.anchor_sample as f64) / self.rate.0
    }

    fn time_of(&self, sample: u64) -> Timestamp {
        self.anchor.plus_seconds(self.seconds_from_anchor(sample))
    }

    fn window(&mut self, from: usize, samples: usize) -> Window {
        let first = self.first + from as u64;
        let end = first + samples as u64;
        let mut quality = std::mem::take(&mut self.breaks);
        if self.seam.is_some_and(|seam| first < seam && seam < end) {
            quality.insert(Flag::Reanchored);
        }
        let speed = self.speed(first, end);
        if speed.drifts {
            quality.insert(Flag::SpeedDrift);
        }
        self.windows += 1;
        self.seen_until = end;
        Window {
            started_at: self.time_of(first),
            sample_rate_hz: self.rate.0,
            unit: self.unit,
            speed_rpm: speed.mean_rpm,
            quality,
            samples: self.held[from..from + samples].to_vec(),
        }
    }

    fn forget(&mut self, samples: usize) {
        self.held.drain(..samples);
        self.first += samples as u64;
        let first = self.first;
        let past = self.speeds.partition_point(|(from, _)| *from <= first);
        self.speeds.drain(..past.saturating_sub(1));
        self.seam = self.seam.filter(|seam| *seam > first);
    }

    fn speed(&self, first: u64, end: u64) -> Speed {
        let ends = self.speeds.iter().skip(1).map(|(from, _)| *from).chain([u64::MAX]);
        let (mut sum, mut samples) = (0.0, 0.0);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for ((from, speed), until) in self.speeds.iter().zip(ends) {
            let shared = until.min(end).saturating_sub(first.max(*from)) as f64;
            if let (Some(Exact(rpm)), true) = (*speed, shared > 0.0) {
                sum += shared * rpm;
                samples += shared;
                min = min.min(rpm);
                max = max.max(rpm);
            }
        }
        let mean_rpm = (samples > 0.0).then(|| sum / samples);
        let drifts = mean_rpm.is_some_and(|mean| max - min > SPEED_DRIFT_SHARE_MAX * mean);
        Speed { mean_rpm, drifts }
    }
}

/// The speed over a window.
struct Speed {
    mean_rpm: Option<f64>,
    drifts: bool,
}
