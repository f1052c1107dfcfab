//! Joining blocks: what continues a segment, what breaks it, and what is told about either.

use domain::time::Timestamp;
use domain::vibration::{
    Assembler, Axis, Band, Flag, Placement, Quality, Reason, SampleBlock, Taken, Unit,
    window_samples,
};

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

fn nothing(placement: Placement) -> Taken {
    Taken { placement, windows: vec![], ended: None }
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
        assert_eq!(window_samples(rate, 1), rate as usize);
    }
    assert_eq!(window_samples(26_667.0, 1), 26_880);
    assert_eq!(window_samples(12_799.3, 1), 12_800);
    assert_eq!(window_samples(0.001, 1), 16);
    assert_eq!(window_samples(12_800.0, 4), 51_200);
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
