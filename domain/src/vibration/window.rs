//! Cuts the blocks of one sensor and axis into half-overlapping windows, never across a gap.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::band::Band;
use super::block::SampleBlock;
use super::condition::Reason;
use super::quality::{Flag, Quality};
use super::segment::Segment;
use super::unit::Unit;
use crate::time::Timestamp;

/// How many blocks are remembered to tell a duplicate from a late one.
const RECENT_BLOCKS_MAX: usize = 64;
/// The shortest window, in samples, whatever the rate.
const WINDOW_SAMPLES_MIN: usize = 16;
/// What rounding to a microsecond may take from a time, in seconds.
const ROUNDING_S: f64 = 1e-6;

/// Equally spaced samples without a gap, long enough for the band.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When the first sample was taken.
    pub started_at: Timestamp,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// The unit of every sample.
    pub unit: Unit,
    /// The mean speed over the window in revolutions per minute, where it was measured.
    pub speed_rpm: Option<f64>,
    /// What happened before or within the window.
    pub quality: Quality,
    /// The samples, oldest first.
    pub samples: Vec<f32>,
}

impl Window {
    /// One sample period after the last sample: the event time at which the window is complete.
    pub fn ended_at(&self) -> Timestamp {
        self.started_at.plus_seconds(self.samples.len() as f64 / self.sample_rate_hz)
    }
}

/// What became of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Where the block went.
    pub placement: Placement,
    /// The windows that are now complete, oldest first.
    pub windows: Vec<Window>,
    /// The segment that this block brought to an end, when it did.
    pub ended: Option<Ended>,
}

impl Taken {
    pub(super) fn nothing(placement: Placement) -> Self {
        Self { placement, windows: Vec::new(), ended: None }
    }
}

/// Where a block went.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// It began a new segment. The flags say what broke the one before; none when there was none.
    Opened(Quality),
    /// It continued the segment.
    Continued,
    /// It continued the segment, with the clock set anew since it was off by between half a sample
    /// and two samples.
    Reanchored {
        /// How much later than expected the block began, in seconds; negative when earlier.
        slip_s: f64,
    },
    /// The same start and length were taken before. Nothing changed.
    Duplicate,
    /// It ends before what has been taken already. Nothing changed.
    Late,
}

/// A run of samples that nothing can continue any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// When its first sample was taken.
    pub started_at: Timestamp,
    /// One sample period after its last sample.
    pub ended_at: Timestamp,
    /// How many windows it gave.
    pub windows: u64,
    /// How many samples at its end are in no window.
    pub dropped_samples: u64,
    /// Why it could not be assessed at all: [`Reason::TooShort`] when it gave no window.
    pub not_assessable: Option<Reason>,
}

/// Where the stream of one motor, sensor and axis stands. It holds less than one window of samples
/// between blocks, and can be written and read back at any point without a trace.
///
/// Blocks are joined by their times. With `e` the time at which the next sample is expected, a
/// block that starts
/// - within half a sample period of `e` continues the segment;
/// - within two sample periods continues it with the clock set anew, which is flagged: crystals
///   drift by tens of millionths, which is half a sample every second or so, and a true loss is
///   rarely so small;
/// - elsewhere begins a new segment, unless it ends before what was taken, in which case it is
///   late.
///
/// A changed rate or unit begins a new segment as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assembler {
    window_s: u32,
    segment: Option<Segment>,
    taken_until: Option<Timestamp>,
    recent: VecDeque<(Timestamp, usize)>,
}

/// How many samples a window has: the least that lasts `window_s` seconds, rounded up to an even
/// number without a prime factor above 7, for which the transform is fast. Common rates such as 12
/// 800, 44 100 or 48 000 Hz are such numbers, so there one second of samples is one window.
pub fn window_samples(sample_rate_hz: f64, window_s: u32) -> usize {
    smooth_length(least_samples(sample_rate_hz, window_s))
}

/// The least even number from `least` on that has no prime factor above 7.
pub(super) fn smooth_length(least: usize) -> usize {
    let mut samples = least.max(2).next_multiple_of(2);
    while !is_smooth(samples) {
        samples += 2;
    }
    samples
}

fn least_samples(sample_rate_hz: f64, window_s: u32) -> usize {
    ((sample_rate_hz * f64::from(window_s)).ceil() as usize).max(WINDOW_SAMPLES_MIN)
}

fn is_smooth(mut samples: usize) -> bool {
    for prime in [2, 3, 5, 7] {
        while samples.is_multiple_of(prime) {
            samples /= prime;
        }
    }
    samples == 1
}

impl Assembler {
    /// An assembler that has seen nothing, for windows as long as the band needs.
    pub fn new(band: Band) -> Self {
        Self {
            window_s: band.window_s_min(),
            segment: None,
            taken_until: None,
            recent: VecDeque::new(),
        }
    }

    /// Takes in the next block, which must be valid (see [`SampleBlock::validate`]).
    pub fn push(&mut self, block: &SampleBlock) -> Taken {
        let key = (block.started_at, block.samples.len());
        if self.recent.contains(&key) {
            return Taken::nothing(Placement::Duplicate);
        }
        let slip_s = self.segment.as_ref().and_then(|segment| segment.slip_s(block));
        if let Some(placement) = slip_s.and_then(|slip_s| joint(slip_s, block.sample_rate_hz)) {
            self.remember(block, key);
            return self.carry_on(block, placement);
        }
        if self.taken_until.is_some_and(|until| ended_at(block).seconds_since(until) <= ROUNDING_S)
        {
            return Taken::nothing(Placement::Late);
        }
        let breaks = self.breaks(block, slip_s);
        self.remember(block, key);
        self.open(block, breaks)
    }

    /// Ends the segment in hand, as when the sensor has fallen silent. The window is there when a
    /// burst was just long enough for the band, but not for the rounding of [`window_samples`].
    pub fn close(&mut self) -> Option<(Ended, Option<Window>)> {
        let mut segment = self.segment.take()?;
        let least = least_samples(segment.sample_rate_hz(), self.window_s);
        let window = segment.cut_remainder(least);
        Some((segment.ended(), window))
    }

    /// When the last sample was taken of all that came in.
    pub fn taken_until(&self) -> Option<Timestamp> {
        self.taken_until
    }

    /// By how many sample periods the block begins later than the next sample is expected; `None` when nothing is
    /// expected, or nothing of its rate and unit.
    pub(super) fn slip_samples(&self, block: &SampleBlock) -> Option<f64> {
        let slip_s = self.segment.as_ref().and_then(|segment| segment.slip_s(block))?;
        Some(slip_s * block.sample_rate_hz)
    }

    fn remember(&mut self, block: &SampleBlock, key: (Timestamp, usize)) {
        self.taken_until = self.taken_until.max(Some(ended_at(block)));
        if self.recent.len() == RECENT_BLOCKS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(key);
    }

    fn carry_on(&mut self, block: &SampleBlock, placement: Placement) -> Taken {
        let segment = self.segment.as_mut().expect("only a segment has a slip");
        if matches!(placement, Placement::Reanchored { .. }) {
            segment.reanchor(block.started_at);
        }
        segment.extend(block);
        let samples = window_samples(segment.sample_rate_hz(), self.window_s);
        Taken { placement, windows: segment.cut(samples), ended: None }
    }

    fn open(&mut self, block: &SampleBlock, breaks: Quality) -> Taken {
        let (ended, remainder) = self.close().unzip();
        let mut segment = Segment::open(block, breaks.clone());
        segment.extend(block);
        let samples = window_samples(block.sample_rate_hz, self.window_s);
        let windows = remainder.flatten().into_iter().chain(segment.cut(samples)).collect();
        self.segment = Some(segment);
        Taken { placement: Placement::Opened(breaks), windows, ended }
    }

    /// What stands between the block and all that came before it.
    fn breaks(&self, block: &SampleBlock, slip_s: Option<f64>) -> Quality {
        let mut breaks = Quality::default();
        if let Some(segment) = &self.segment {
            if segment.unit() != block.unit {
                breaks.insert(Flag::UnitChanged);
            }
            if !segment.has_rate(block.sample_rate_hz) {
                breaks.insert(Flag::RateChanged);
            }
        }
        let Some(until) = self.taken_until else { return breaks };
        let silence_s = slip_s.unwrap_or_else(|| block.started_at.seconds_since(until));
        // A slip that could not be joined is a break however small; beside another break only a
        // clear one counts.
        let tolerance_s = slip_s.map_or(REANCHOR_SAMPLES_MAX / block.sample_rate_hz, |_| 0.0);
        if silence_s > tolerance_s {
            breaks.insert(Flag::GapBefore);
        } else if silence_s < -tolerance_s {
            breaks.insert(Flag::OverlapBefore);
        }
        breaks
    }
}

/// Up to so many sample periods off, a block is contiguous.
const CONTIGUOUS_SAMPLES_MAX: f64 = 0.5;
/// Up to so many sample periods off, a block continues the segment with the clock set anew.
pub(super) const REANCHOR_SAMPLES_MAX: f64 = 2.0;
/// What counts as nothing beside them: the last digits of a time as a float.
const SLACK_SAMPLES: f64 = 1e-6;

fn joint(slip_s: f64, sample_rate_hz: f64) -> Option<Placement> {
    let slip_samples = (slip_s * sample_rate_hz).abs() - SLACK_SAMPLES;
    if slip_samples <= CONTIGUOUS_SAMPLES_MAX {
        Some(Placement::Continued)
    } else if slip_samples <= REANCHOR_SAMPLES_MAX {
        Some(Placement::Reanchored { slip_s })
    } else {
        None
    }
}

fn ended_at(block: &SampleBlock) -> Timestamp {
    block.started_at.plus_seconds(block.duration_s())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vibration::axis::Axis;

    #[test]
    fn the_state_is_bounded_however_small_the_blocks() {
        let mut assembler = Assembler::new(Band::STANDARD);
        for i in 0..5000_u32 {
            assembler.push(&SampleBlock {
                sensor: "DE".to_owned(),
                axis: Axis::X,
                unit: Unit::StandardGravity,
                sample_rate_hz: 1000.0,
                started_at: Timestamp::from_micros(i64::from(i) * 1000),
                speed_rpm: Some(1000.0 + f64::from(i % 7)),
                samples: vec![i as f32],
            });
        }
        let held = assembler.segment.as_ref().unwrap().held();
        assert!(held < 1000, "{held}");
        assert_eq!(assembler.recent.len(), RECENT_BLOCKS_MAX);
        assert!(serde_json::to_string(&assembler).unwrap().len() < 40_000);
    }
}
