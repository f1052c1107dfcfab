//! Looks for lines in a mean envelope spectrum, each against the noise around it.

use super::Evidence;
use super::masks::Masks;
use crate::vibration::detection::Statistics;

/// Lines below this one are the rest of the mean.
const FIRST_LINE: usize = 3;
/// The noise around a line is that of so many lines on either side at least,
const NEIGHBOURS_MIN: usize = 24;
/// or of such a share of its frequency,
const NEIGHBOURS_SHARE: f64 = 0.15;
/// without those that are part of the line itself under a Hann window.
const OWN_LINES: usize = 3;

/// The mean of the squared lines of a few windows, each over the mean of its envelope.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    /// Sums over the windows.
    pub(super) powers: &'a [f32],
    pub(super) windows: u32,
    pub(super) resolution_hz: f64,
}

/// A line that stands above both of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak {
    pub(super) line: usize,
    pub(super) hz: f64,
    /// Its power over the floor.
    pub(super) ratio: f64,
    /// With which probability noise reaches that at one line.
    pub(super) tail: f64,
    /// Over the mean of the envelope: the depth of the modulation, twice over.
    pub(super) depth: f64,
}

impl Peak {
    pub(super) fn speaks_for(self, expected_hz: f64) -> Evidence {
        Evidence { frequency_hz: self.hz, expected_hz, ratio: self.ratio }
    }
}

impl Lines<'_> {
    /// The highest peak within a tolerance in Hz that no mask covers.
    pub(super) fn peak(&self, at_hz: f64, tolerance_hz: f64, masks: &Masks) -> Option<Peak> {
        self.highest(at_hz, tolerance_hz, |line| !self.is_covered(line, masks))
    }

    /// The same, but it may also be beside what is masked, if its place between the lines says so.
    pub(super) fn peak_or_beside(
        &self,
        at_hz: f64,
        tolerance_hz: f64,
        masks: &Masks,
    ) -> Option<Peak> {
        let is_beside = |line| masks.leaves(self.between_lines(line));
        self.highest(at_hz, tolerance_hz, |line| !self.is_covered(line, masks) || is_beside(line))
    }

    /// Whether a mask covers a line.
    pub(super) fn is_covered(&self, line: usize, masks: &Masks) -> bool {
        masks.covers(line as f64 * self.resolution_hz)
    }

    fn highest(
        &self,
        at_hz: f64,
        tolerance_hz: f64,
        is_free: impl Fn(usize) -> bool,
    ) -> Option<Peak> {
        let (first, last) = self.lines_within(at_hz, tolerance_hz);
        let highest = (first..=last)
            .filter(|line| self.is_peak(*line) && is_free(*line))
            .max_by(|a, b| self.powers[*a].total_cmp(&self.powers[*b]))?;
        self.measure(highest)
    }

    /// How many lines a search looks at: so many chances has noise.
    pub(super) fn chances(&self, at_hz: f64, tolerance_hz: f64) -> usize {
        let (first, last) = self.lines_within(at_hz, tolerance_hz);
        (last + 1).saturating_sub(first)
    }

    /// All peaks of a range of frequencies that are higher than this power and not masked.
    pub(super) fn higher_than(
        &self,
        peak: &Peak,
        low_hz: f64,
        high_hz: f64,
        masks: &Masks,
    ) -> Vec<usize> {
        let middle = f64::midpoint(low_hz, high_hz);
        let (first, last) = self.lines_within(middle, high_hz - middle);
        (first..=last)
            .filter(|line| self.powers[*line] > self.powers[peak.line] && self.is_peak(*line))
            .filter(|line| !self.is_covered(*line, masks))
            .collect()
    }

    fn lines_within(&self, at_hz: f64, tolerance_hz: f64) -> (usize, usize) {
        // At least half a line on either side: a tone lies between two.
        let tolerance_hz = tolerance_hz.max(0.5 * self.resolution_hz);
        let first = ((at_hz - tolerance_hz) / self.resolution_hz).ceil().max(FIRST_LINE as f64);
        let last = ((at_hz + tolerance_hz) / self.resolution_hz).floor();
        (first as usize, (last as usize).min(self.powers.len().saturating_sub(2)))
    }

    fn is_peak(&self, line: usize) -> bool {
        let power = self.powers[line];
        power >= self.powers[line - 1] && power >= self.powers[line + 1]
    }

    fn measure(&self, line: usize) -> Option<Peak> {
        let reach = NEIGHBOURS_MIN.max((NEIGHBOURS_SHARE * line as f64) as usize);
        let (first, last) = (line.saturating_sub(reach).max(FIRST_LINE), line + reach);
        let mut around: Vec<f32> = (first..=last.min(self.powers.len() - 1))
            .filter(|other| other.abs_diff(line) > OWN_LINES)
            .map(|other| self.powers[other])
            .collect();
        let middle = around.len() / 2;
        if around.len() < NEIGHBOURS_MIN {
            return None;
        }
        let statistics = Statistics::of(self.windows, around.len());
        let (_, median, _) = around.select_nth_unstable_by(middle, f32::total_cmp);
        let floor = f64::from(*median) / statistics.median_share();
        let power = f64::from(self.powers[line]);
        let ratio = if floor > 0.0 { power / floor } else { 0.0 };
        let tail = statistics.tail(ratio);
        let depth = (power / f64::from(self.windows)).sqrt();
        Some(Peak { line, hz: self.between_lines(line), ratio, tail, depth })
    }

    /// Where the tone lies, by the parabola through the peak and its neighbours.
    fn between_lines(&self, line: usize) -> f64 {
        let amplitude = |line: usize| f64::from(self.powers[line]).sqrt();
        let (before, at, after) = (amplitude(line - 1), amplitude(line), amplitude(line + 1));
        let curve = before - 2.0 * at + after;
        let shift = if curve < 0.0 { 0.5 * (before - after) / curve } else { 0.0 };
        (line as f64 + shift) * self.resolution_hz
    }
}
