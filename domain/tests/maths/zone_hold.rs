//! When a change of zone is told, as sentences. Group 2, rigid: 1.4, 2.8 and 4.5 mm/s.

use domain::time::Timestamp;
use domain::vibration::{
    Assessment, Condition, Flag, MachineGroup, Mounting, Quality, Reason, Unit, Verdict, Zone,
    ZoneHold, ZoneSettings, boundaries, severity,
};

const A: Verdict = Verdict::Zone(Zone::A);
const B: Verdict = Verdict::Zone(Zone::B);
const C: Verdict = Verdict::Zone(Zone::C);
const D: Verdict = Verdict::Zone(Zone::D);

fn second(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(seconds)
}

fn condition(velocity_rms_mm_s: f64, flags: &[Flag]) -> Assessment {
    let boundaries = boundaries(MachineGroup::Group2, Mounting::Rigid);
    Assessment::Condition(Condition {
        velocity_rms_mm_s,
        displacement_rms_um: None,
        zone: severity::zone(velocity_rms_mm_s, &boundaries),
        boundaries,
        features: None,
        features_unit: Unit::MillimetrePerSecond,
        quality: flags.iter().copied().collect(),
    })
}

fn flat_line() -> Assessment {
    Assessment::NotAssessable { reason: Reason::FlatLine, quality: Quality::default() }
}

/// A measuring point that is judged, and what was told of it, with the second in which it was.
#[derive(Default)]
struct Told {
    hold: ZoneHold,
    last: Option<Verdict>,
    all: Vec<(f64, Verdict)>,
}

impl Told {
    fn judged(mut self, seconds: f64, assessment: &Assessment) -> Self {
        let settings = ZoneSettings::default();
        // Written and read back each time: a restart may come at any point.
        let text = serde_json::to_string(&self.hold).expect("plain data");
        self.hold = serde_json::from_str(&text).expect("as it was written");
        if let Some(verdict) = self.hold.step(second(seconds), self.last, assessment, &settings) {
            self.last = Some(verdict);
            self.all.push((seconds, verdict));
        }
        self
    }

    /// A value a second, from a second on.
    fn values(self, from_s: u32, velocities_mm_s: &[f64]) -> Self {
        let times = (from_s..).map(f64::from);
        times.zip(velocities_mm_s).fold(self, |told, (seconds, velocity)| {
            told.judged(seconds, &condition(*velocity, &[]))
        })
    }
}

#[test]
fn the_first_verdict_is_told_at_once() {
    assert_eq!(Told::default().values(0, &[6.0]).all, [(0.0, D)]);
    let told = Told::default().judged(0.0, &flat_line());
    assert_eq!(told.all, [(0.0, Verdict::NotAssessable)]);
}

#[test]
fn a_worse_zone_is_told_with_its_third_value() {
    let told = Told::default().values(0, &[1.0, 3.0, 3.0]);
    assert_eq!(told.all, [(0.0, A)]);
    assert_eq!(told.values(3, &[3.0]).all, [(0.0, A), (3.0, C)]);
}

#[test]
fn a_worse_zone_is_told_after_ten_seconds_however_few_values() {
    let told = Told::default().values(0, &[1.0]).judged(600.0, &condition(3.0, &[]));
    assert_eq!(told.all, [(0.0, A)]);
    assert_eq!(told.judged(610.0, &condition(3.0, &[])).all, [(0.0, A), (610.0, C)]);
}

#[test]
fn one_shock_is_not_told() {
    assert_eq!(Told::default().values(0, &[1.0, 6.0, 6.0, 1.0, 6.0, 6.0, 1.0]).all, [(0.0, A)]);
}

#[test]
fn a_value_that_dances_on_a_boundary_is_told_once() {
    let dance: Vec<f64> = (0..1_000).map(|i| if i % 2 == 0 { 2.79 } else { 2.81 }).collect();
    assert_eq!(Told::default().values(0, &dance).all, [(0.0, B)]);
    let slow: Vec<f64> = (0..1_000).map(|i| 2.8 + 0.1 * (f64::from(i) / 20.0).sin()).collect();
    let told = Told::default().values(0, &slow).all;
    assert_eq!(told.iter().map(|it| it.1).collect::<Vec<_>>(), [B, C]);
}

#[test]
fn a_better_zone_needs_a_value_below_the_deadband() {
    let told = Told::default().values(0, &[3.0]).values(1, &[2.67; 100]);
    assert_eq!(told.all, [(0.0, C)]);
    assert_eq!(told.values(101, &[2.65; 3]).all, [(0.0, C), (103.0, B)]);
}

#[test]
fn a_better_zone_is_no_better_than_its_own_deadband_allows() {
    let told = Told::default().values(0, &[6.0]).values(1, &[1.35; 3]);
    assert_eq!(told.all, [(0.0, D), (3.0, B)], "1.35 is in A, and in the deadband above it");
}

#[test]
fn what_goes_up_and_down_is_told_no_further_than_all_of_it_went() {
    assert_eq!(Told::default().values(0, &[2.0, 3.0, 6.0, 6.0]).all, [(0.0, B), (3.0, C)]);
    assert_eq!(Told::default().values(0, &[6.0, 0.5, 2.0, 2.0]).all, [(0.0, D), (3.0, B)]);
}

#[test]
fn better_and_worse_do_not_count_together() {
    assert_eq!(Told::default().values(0, &[2.0, 3.0, 1.0, 3.0, 1.0]).all, [(0.0, B)]);
}

#[test]
fn displacement_has_its_deadband_too() {
    let moved = |um: f64| {
        let Assessment::Condition(known) = condition(0.5, &[]) else { panic!("a condition") };
        let zone = severity::combined_zone(0.5, Some(um), &known.boundaries);
        Assessment::Condition(Condition { displacement_rms_um: Some(um), zone, ..known })
    };
    let mut told = Told::default().judged(0.0, &moved(46.0));
    for i in 1..10 {
        told = told.judged(f64::from(i), &moved(44.0));
    }
    assert_eq!(told.all, [(0.0, C)]);
}

#[test]
fn bad_quality_and_a_run_up_neither_change_a_zone_nor_count() {
    for flag in [Flag::Clipped, Flag::SpeedDrift] {
        let doubtful = condition(6.0, &[flag]);
        let mut told = Told::default().values(0, &[1.0]);
        for i in 1..50 {
            told = told.judged(f64::from(i), &doubtful);
        }
        assert_eq!(told.all, [(0.0, A)]);
        let told = told.values(50, &[3.0, 3.0]).judged(52.0, &doubtful).values(53, &[3.0]);
        assert_eq!(told.all, [(0.0, A), (53.0, C)], "nor do they begin the count anew");
    }
}

#[test]
fn a_sensor_that_stands_still_is_told_when_it_goes_on() {
    let mut told = Told::default().values(0, &[1.0]);
    for i in 1..=2 {
        told = told.judged(f64::from(i), &flat_line());
    }
    assert_eq!(told.all, [(0.0, A)]);
    let told = told.judged(3.0, &flat_line()).judged(4.0, &condition(1.0, &[]));
    let back_at_once = [(0.0, A), (3.0, Verdict::NotAssessable), (4.0, A)];
    assert_eq!(told.all, back_at_once);
}
