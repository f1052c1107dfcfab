//! Raising and clearing alarms, told as sentences.

use domain::time::Timestamp;
use domain::vibration::{
    AlarmInput, AlarmSettings, AlarmState, AlarmTransition, Level, Limits, MachineGroup, Mounting,
    Rule, boundaries,
};

const LIMITS: Limits =
    Limits { alarm_mm_s: 2.8, trip_mm_s: 5.625, baseline_mm_s: None, alarm_rule: Rule::Boundary };

fn second(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(seconds)
}

/// An alarm that is told things and remembers what changed.
#[derive(Default)]
struct Told {
    state: AlarmState,
    changes: Vec<AlarmTransition>,
}

impl Told {
    fn input(mut self, input: AlarmInput) -> Self {
        self.changes = self.state.step(input, &AlarmSettings::default());
        self
    }

    fn value(self, seconds: f64, velocity_rms_mm_s: f64) -> Self {
        self.value_at_speed(seconds, velocity_rms_mm_s, None)
    }

    fn value_at_speed(self, seconds: f64, value: f64, speed_ratio: Option<f64>) -> Self {
        self.input(AlarmInput::Value {
            at: second(seconds),
            velocity_rms_mm_s: value,
            limits: LIMITS,
            bad: false,
            speed_ratio,
        })
    }

    fn bad_value(self, seconds: f64, velocity_rms_mm_s: f64) -> Self {
        self.input(AlarmInput::Value {
            at: second(seconds),
            velocity_rms_mm_s,
            limits: LIMITS,
            bad: true,
            speed_ratio: None,
        })
    }

    fn acknowledged(self, seconds: f64) -> Self {
        self.input(AlarmInput::Acknowledged { at: second(seconds) })
    }

    /// One value a second, so many times.
    fn values(mut self, from: u32, count: u32, velocity_rms_mm_s: f64) -> Self {
        for i in from..from + count {
            self = self.value(f64::from(i), velocity_rms_mm_s);
        }
        self
    }

    fn level(&self) -> Option<Level> {
        self.state.level()
    }
}

fn cleared(level: Level, seconds: f64) -> AlarmTransition {
    AlarmTransition::Cleared { level, at: second(seconds) }
}

#[test]
fn three_values_in_a_row_raise_an_alarm() {
    let told = Told::default().values(0, 2, 3.0);
    assert_eq!(told.level(), None);
    let told = told.value(2.0, 3.1);
    let raised = AlarmTransition::Raised {
        level: Level::Alarm,
        at: second(2.0),
        since: second(0.0),
        velocity_rms_mm_s: 3.1,
        limit_mm_s: 2.8,
        rule: Rule::Boundary,
    };
    assert_eq!(told.changes, [raised]);
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn ten_seconds_of_event_time_raise_an_alarm_with_two_values() {
    assert_eq!(Told::default().value(0.0, 3.0).value(9.999, 3.0).level(), None);
    assert_eq!(Told::default().value(0.0, 3.0).value(10.0, 3.0).level(), Some(Level::Alarm));
}

#[test]
fn a_value_on_the_limit_is_not_above_it() {
    assert_eq!(Told::default().values(0, 60, 2.8).level(), None);
}

#[test]
fn one_value_below_begins_the_count_again() {
    let told = Told::default().values(0, 2, 3.0).value(2.0, 2.0).values(3, 2, 3.0);
    assert_eq!(told.level(), None);
    assert_eq!(told.value(5.0, 3.0).level(), Some(Level::Alarm));
}

#[test]
fn an_alarm_clears_after_thirty_seconds_below_the_deadband() {
    let told = Told::default().values(0, 3, 3.0).values(3, 30, 2.6);
    assert_eq!(told.level(), Some(Level::Alarm));
    let told = told.value(33.0, 2.6);
    assert_eq!(told.changes, [cleared(Level::Alarm, 33.0)]);
    assert_eq!(told.level(), None);
}

#[test]
fn within_the_deadband_an_alarm_stays() {
    let told = Told::default().values(0, 3, 3.0).values(3, 300, 2.66);
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn a_value_in_the_deadband_begins_the_thirty_seconds_again() {
    let told = Told::default().values(0, 3, 3.0).values(3, 29, 2.0).value(32.0, 2.7);
    let told = told.values(33, 30, 2.0);
    assert_eq!(told.level(), Some(Level::Alarm));
    assert_eq!(told.value(63.0, 2.0).level(), None);
}

#[test]
fn a_value_above_both_limits_raises_both() {
    let told = Told::default().values(0, 3, 6.0);
    let levels: Vec<Level> = told
        .changes
        .iter()
        .map(|change| match change {
            AlarmTransition::Raised { level, .. } | AlarmTransition::Cleared { level, .. } => {
                *level
            }
        })
        .collect();
    assert_eq!(levels, [Level::Alarm, Level::Trip]);
    assert_eq!(told.level(), Some(Level::Trip));
}

#[test]
fn a_trip_stays_until_it_is_acknowledged() {
    let told = Told::default().values(0, 3, 6.0).values(3, 1000, 1.0);
    assert_eq!(told.level(), Some(Level::Trip));
    assert!(!told.state.is_acknowledged());
    let told = told.acknowledged(2000.0);
    assert_eq!(told.changes, [cleared(Level::Trip, 2000.0)]);
    assert_eq!(told.level(), None);
}

#[test]
fn an_acknowledged_trip_clears_by_itself_once_it_is_over() {
    let told = Told::default().values(0, 3, 6.0).acknowledged(4.0);
    assert_eq!((told.level(), told.changes.len()), (Some(Level::Trip), 0));
    assert!(told.state.is_acknowledged());
    let told = told.values(5, 31, 3.0);
    assert_eq!(told.changes, [cleared(Level::Trip, 35.0)]);
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn an_acknowledgement_of_nothing_acknowledges_nothing_to_come() {
    let told = Told::default().acknowledged(0.0).values(1, 3, 6.0);
    assert!(!told.state.is_acknowledged());
    assert_eq!(told.values(4, 100, 1.0).level(), Some(Level::Trip));
}

#[test]
fn a_trip_that_is_only_almost_over_is_not_cleared_by_acknowledging() {
    let told = Told::default().values(0, 3, 6.0).values(3, 31, 1.0).value(40.0, 6.0);
    let told = told.acknowledged(41.0);
    assert_eq!(told.changes, []);
    assert_eq!(told.level(), Some(Level::Trip));
}

#[test]
fn bad_values_neither_raise_nor_clear() {
    let mut told = Told::default();
    for i in 0..20 {
        told = told.bad_value(f64::from(i), 9.0);
    }
    assert_eq!(told.level(), None);
    let mut told = told.values(20, 3, 3.0);
    for i in 23..100 {
        told = told.bad_value(f64::from(i), 0.0);
    }
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn a_bad_value_between_good_ones_changes_nothing() {
    let told = Told::default().values(0, 2, 3.0).bad_value(2.0, 0.0).value(3.0, 3.0);
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn what_is_not_a_number_changes_nothing() {
    let told = Told::default().values(0, 2, 3.0).value(2.0, f64::NAN).value(3.0, 3.0);
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn a_run_up_raises_nothing_and_does_not_count() {
    let mut told = Told::default().values(0, 2, 3.0);
    for i in 2..60 {
        told = told.value_at_speed(f64::from(i), 9.0, Some(0.89));
    }
    assert_eq!(told.level(), None);
    let told = told.value_at_speed(60.0, 3.0, Some(0.9)).value(61.0, 3.0);
    assert_eq!(told.level(), None);
    assert_eq!(told.value(62.0, 3.0).level(), Some(Level::Alarm));
}

#[test]
fn a_motor_that_is_stopped_keeps_its_alarm() {
    let mut told = Told::default().values(0, 3, 3.0);
    for i in 3..300 {
        told = told.value_at_speed(f64::from(i), 0.0, Some(0.0));
    }
    assert_eq!(told.level(), Some(Level::Alarm));
}

#[test]
fn a_value_that_comes_twice_counts_once() {
    let told = Told::default().value(0.0, 3.0).value(0.0, 3.0).value(0.0, 3.0);
    assert_eq!(told.level(), None);
}

#[test]
fn the_limits_are_those_of_the_standard_with_the_machines_baseline() {
    let row = boundaries(MachineGroup::Group2, Mounting::Rigid);
    assert_eq!(Limits::of(&row, None), LIMITS);
    let own = Limits::of(&row, Some(0.9));
    assert!((own.alarm_mm_s - 1.6).abs() < 1e-12);
    assert_eq!((own.rule(Level::Alarm), own.rule(Level::Trip)), (Rule::Baseline, Rule::Trip));
    let high = Limits::of(&row, Some(2.9));
    assert_eq!((high.alarm_mm_s, high.rule(Level::Alarm)), (3.5, Rule::Ceiling));
}

#[test]
fn the_state_survives_being_written_at_any_point() {
    let mut told = Told::default();
    for i in 0..120_u32 {
        let value = if i < 20 { 6.0 } else { 1.0 };
        let text = serde_json::to_string(&told.state).unwrap();
        assert_eq!(serde_json::from_str::<AlarmState>(&text).unwrap(), told.state);
        told = told.value(f64::from(i), value);
    }
    assert_eq!(told.level(), Some(Level::Trip));
}
