//! Cuts the blocks of one sensor and axis into windows: by sample count, half overlapping, never across a gap.

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

/// Where a block went.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// It began a new segment. The flags say what broke the one before; none when there was none.
    Opened(Quality),
    /// It continued the segment.
    Continued,
    /// It continued the segment, with the clock set anew since it was off by between half a sample and two samples.
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

/// Where the stream of one motor, sensor and axis stands. It holds less than one window of samples between blocks, and
/// can be written and read back at any point without a trace.
///
/// Blocks are joined by their times. With `e` the time at which the next sample is expected, a block that starts
/// - within half a sample period of `e` continues the segment;
/// - within two sample periods continues it with the clock set anew, which is flagged: crystals drift by tens of
///   millionths, which is half a sample every second or so, and a true loss is rarely so small;
/// - elsewhere begins a new segment, unless it ends before what was taken, in which case it is late.
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

/// How many samples a window has: the least that lasts `window_s` seconds, rounded up to an even number without a
/// prime factor above 7, for which the transform is fast. Common rates such as 12 800, 44 100 or 48 000 Hz are such
/// numbers, so there one second of samples is one window.
pub fn window_samples(sample_rate_hz: f64, window_s: f64) -> usize {
    let mut samples = least_samples(sample_rate_hz, window_s).next_multiple_of(2);
    while !is_smooth(samples) {
        samples += 2;
    }
    samples
}

fn least_samples(sample_rate_hz: f64, window_s: f64) -> usize {
    ((sample_rate_hz * window_s).ceil() as usize).max(WINDOW_SAMPLES_MIN)
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
            window_s: band.window_s_min() as u32,
            segment: None,
            taken_until: None,
            recent: VecDeque::new(),
        }
    }

    /// Takes in the next block, which must be valid (see [`SampleBlock::validate`]).
    pub fn push(&mut self, block: &SampleBlock) -> Taken {
        let key = (block.started_at, block.samples.len());
        if self.recent.contains(&key) {
            return nothing(Placement::Duplicate);
        }
        let slip_s = self.segment.as_ref().and_then(|segment| segment.slip_s(block));
        if let Some(placement) = slip_s.and_then(|slip_s| joint(slip_s, block.sample_rate_hz)) {
            self.remember(block, key);
            return self.carry_on(block, placement);
        }
        if self.taken_until.is_some_and(|until| ended_at(block).seconds_since(until) <= ROUNDING_S)
        {
            return nothing(Placement::Late);
        }
        let breaks = self.breaks(block, slip_s);
        self.remember(block, key);
        self.open(block, breaks)
    }

    /// Ends the segment in hand, as when the sensor has fallen silent. The window is there when a burst was just long
    /// enough for the band, but not for the rounding of [`window_samples`].
    pub fn close(&mut self) -> Option<(Ended, Option<Window>)> {
        let mut segment = self.segment.take()?;
        let least = least_samples(segment.sample_rate_hz(), self.window_s());
        let window = segment.cut_remainder(least);
        Some((segment.ended(), window))
    }

    /// When the last sample was taken of all that came in.
    pub fn taken_until(&self) -> Option<Timestamp> {
        self.taken_until
    }

    fn window_s(&self) -> f64 {
        f64::from(self.window_s)
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
        let samples = window_samples(segment.sample_rate_hz(), f64::from(self.window_s));
        Taken { placement, windows: segment.cut(samples), ended: None }
    }

    fn open(&mut self, block: &SampleBlock, breaks: Quality) -> Taken {
        let (ended, remainder) = self.close().unzip();
        let mut segment = Segment::open(block, breaks.clone());
        segment.extend(block);
        let samples = window_samples(block.sample_rate_hz, self.window_s());
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
        // A slip that could not be joined is a break however small; beside another break only a clear one counts.
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
const REANCHOR_SAMPLES_MAX: f64 = 2.0;
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

fn nothing(placement: Placement) -> Taken {
    Taken { placement, windows: Vec::new(), ended: None }
}

fn ended_at(block: &SampleBlock) -> Timestamp {
    block.started_at.plus_seconds(block.duration_s())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vibration::axis::Axis;

    const RATE_HZ: f64 = 1000.0;

    fn block(start_sample: i64, samples: usize) -> SampleBlock {
        SampleBlock {
            sensor: "DE".to_owned(),
            axis: Axis::X,
            unit: Unit::StandardGravity,
            sample_rate_hz: RATE_HZ,
            started_at: Timestamp::from_micros(start_sample * 1000),
            speed_rpm: None,
            samples: (start_sample..).take(samples).map(|i| i as f32).collect(),
        }
    }

    fn shifted(start_sample: i64, samples: usize, by_us: i64) -> SampleBlock {
        let block = block(start_sample, samples);
        let started_at = Timestamp::from_micros(block.started_at.as_micros() + by_us);
        SampleBlock { started_at, ..block }
    }

    fn fresh() -> Assembler {
        Assembler::new(Band::STANDARD)
    }

    fn firsts(taken: &Taken) -> Vec<f32> {
        taken.windows.iter().map(|window| window.samples[0]).collect()
    }

    #[test]
    fn lengths_are_at_least_a_second_and_kind_to_the_transform() {
        for rate in [12_800.0, 25_600.0, 44_100.0, 48_000.0, 1000.0] {
            assert_eq!(window_samples(rate, 1.0), rate as usize);
        }
        assert_eq!(window_samples(26_667.0, 1.0), 26_880);
        assert_eq!(window_samples(12_799.3, 1.0), 12_800);
        assert_eq!(window_samples(0.001, 1.0), 16);
        assert_eq!(window_samples(12_800.0, 4.0), 51_200);
    }

    #[test]
    fn windows_overlap_by_half_and_carry_their_own_time() {
        let taken = fresh().push(&block(0, 2600));
        assert_eq!(taken.placement, Placement::Opened(Quality::default()));
        assert_eq!(firsts(&taken), [0.0, 500.0, 1000.0, 1500.0]);
        assert_eq!(taken.windows[3].started_at.as_micros(), 1_500_000);
        assert_eq!(taken.windows[3].ended_at().as_micros(), 2_500_000);
        assert!(taken.windows.iter().all(|window| window.samples.len() == 1000));
        assert!(taken.windows.iter().all(|window| window.quality.is_empty()));
    }

    #[test]
    fn half_a_sample_off_is_contiguous() {
        let mut assembler = fresh();
        assembler.push(&block(0, 600));
        let taken = assembler.push(&shifted(600, 400, 500));
        assert_eq!(taken.placement, Placement::Continued);
        assert_eq!(firsts(&taken), [0.0]);
        assert!(taken.windows[0].quality.is_empty());
    }

    #[test]
    fn two_samples_off_sets_the_clock_anew_and_flags_every_window_over_the_seam() {
        let mut assembler = fresh();
        assembler.push(&block(0, 600));
        let taken = assembler.push(&shifted(600, 1900, -2000));
        let Placement::Reanchored { slip_s } = taken.placement else { panic!("{taken:?}") };
        assert!((slip_s + 0.002).abs() < 1e-9);
        let flagged: Vec<bool> =
            taken.windows.iter().map(|window| window.quality.contains(Flag::Reanchored)).collect();
        assert_eq!(flagged, [true, true, false, false]);
        assert_eq!(taken.windows[2].started_at.as_micros(), 998_000);
    }

    #[test]
    fn a_gap_begins_a_new_segment_and_no_window_spans_it() {
        let mut assembler = fresh();
        assembler.push(&block(0, 1700));
        let taken = assembler.push(&block(1703, 1000));
        let gap = Quality::from_iter([Flag::GapBefore]);
        assert_eq!(taken.placement, Placement::Opened(gap.clone()));
        assert_eq!(firsts(&taken), [1703.0]);
        assert_eq!(taken.windows[0].quality, gap);
        let ended = taken.ended.unwrap();
        assert_eq!((ended.windows, ended.dropped_samples, ended.not_assessable), (2, 200, None));
        assert_eq!(ended.ended_at.as_micros(), 1_700_000);
    }

    #[test]
    fn the_window_after_the_first_no_longer_speaks_of_the_gap() {
        let mut assembler = fresh();
        assembler.push(&block(0, 100));
        let taken = assembler.push(&block(5000, 1500));
        assert!(!taken.windows[0].quality.is_empty());
        assert!(taken.windows[1].quality.is_empty());
    }

    #[test]
    fn a_burst_shorter_than_a_window_is_told_when_the_gap_shows() {
        let mut assembler = fresh();
        assert!(assembler.push(&block(0, 640)).ended.is_none());
        let ended = assembler.push(&block(60_000, 640)).ended.unwrap();
        assert_eq!(ended.not_assessable, Some(Reason::TooShort));
        assert_eq!(ended.dropped_samples, 640);
        let (last, window) = assembler.close().unwrap();
        assert_eq!(last.not_assessable, Some(Reason::TooShort));
        assert_eq!((last.started_at.as_micros(), window), (60_000_000, None));
        assert!(assembler.close().is_none());
    }

    #[test]
    fn a_burst_of_one_second_is_assessable_at_an_odd_rate_too() {
        let mut assembler = fresh();
        let odd = SampleBlock { sample_rate_hz: 1013.0, ..block(0, 1013) };
        assert!(assembler.push(&odd).windows.is_empty());
        let (ended, window) = assembler.close().unwrap();
        assert_eq!(window.unwrap().samples.len(), 1013);
        assert_eq!((ended.windows, ended.dropped_samples, ended.not_assessable), (1, 0, None));
    }

    #[test]
    fn a_duplicate_changes_nothing() {
        let mut assembler = fresh();
        assembler.push(&block(0, 600));
        assembler.push(&block(600, 600));
        let before = assembler.clone();
        assert_eq!(assembler.push(&block(0, 600)), nothing(Placement::Duplicate));
        assert_eq!(assembler.push(&block(600, 600)), nothing(Placement::Duplicate));
        assert_eq!(assembler, before);
    }

    #[test]
    fn a_late_block_changes_nothing() {
        let mut assembler = fresh();
        assembler.push(&block(5000, 600));
        let before = assembler.clone();
        assert_eq!(assembler.push(&block(4000, 600)), nothing(Placement::Late));
        assert_eq!(assembler.push(&block(5100, 500)), nothing(Placement::Late));
        assert_eq!(assembler, before);
    }

    #[test]
    fn what_was_taken_stays_taken_after_a_close() {
        let mut assembler = fresh();
        assembler.push(&block(5000, 600));
        assembler.close();
        assert_eq!(assembler.push(&block(5000, 600)).placement, Placement::Duplicate);
        assert_eq!(assembler.push(&block(5100, 400)).placement, Placement::Late);
        let next = assembler.push(&block(5600, 400)).placement;
        assert_eq!(next, Placement::Opened(Quality::default()));
    }

    #[test]
    fn an_overlap_begins_a_new_segment() {
        let mut assembler = fresh();
        assembler.push(&block(0, 600));
        let taken = assembler.push(&block(400, 600));
        let overlap = Quality::from_iter([Flag::OverlapBefore]);
        assert_eq!(taken.placement, Placement::Opened(overlap));
    }

    #[test]
    fn a_changed_rate_or_unit_begins_a_new_segment() {
        let mut assembler = fresh();
        assembler.push(&block(0, 600));
        let faster = SampleBlock { sample_rate_hz: 2000.0, ..block(600, 600) };
        let rate = Quality::from_iter([Flag::RateChanged]);
        assert_eq!(assembler.push(&faster).placement, Placement::Opened(rate));
        let metric = SampleBlock { unit: Unit::MetrePerSecondSquared, ..block(900, 600) };
        let both = Quality::from_iter([Flag::RateChanged, Flag::UnitChanged]);
        assert_eq!(assembler.push(&metric).placement, Placement::Opened(both));
    }

    #[test]
    fn the_speed_of_a_window_is_its_mean_and_a_drift_is_flagged() {
        let mut assembler = fresh();
        let with = |start, samples, rpm| SampleBlock { speed_rpm: rpm, ..block(start, samples) };
        assembler.push(&with(0, 250, Some(1480.0)));
        assembler.push(&with(250, 250, Some(1480.0)));
        let steady = assembler.push(&with(500, 500, Some(1500.0))).windows.remove(0);
        assert_eq!(steady.speed_rpm, Some(1490.0));
        assert!(steady.quality.is_empty());
        let drifting = assembler.push(&with(1000, 500, Some(1600.0))).windows.remove(0);
        assert_eq!(drifting.speed_rpm, Some(1550.0));
        assert!(drifting.quality.contains(Flag::SpeedDrift));
        assembler.push(&with(1500, 500, None));
        let unknown = assembler.push(&with(2000, 500, None)).windows.remove(0);
        assert_eq!(unknown.speed_rpm, None);
    }

    #[test]
    fn the_state_is_bounded_however_small_the_blocks() {
        let mut assembler = fresh();
        for i in 0..5000 {
            let rpm = Some(1000.0 + (i % 7) as f64);
            assembler.push(&SampleBlock { speed_rpm: rpm, ..block(i, 1) });
        }
        let held = assembler.segment.as_ref().unwrap().held();
        assert!(held < 1000, "{held}");
        assert_eq!(assembler.recent.len(), RECENT_BLOCKS_MAX);
        assert!(serde_json::to_string(&assembler).unwrap().len() < 40_000);
    }
}
