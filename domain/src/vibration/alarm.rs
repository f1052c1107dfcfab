//! Raises and clears the alarms of one sensor and axis. Time is event time only, so a replay decides the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::severity::{Boundaries, alarm_limit, trip_limit};
use crate::time::Timestamp;

/// When an alarm is raised and cleared. The defaults are customary; ISO 10816 names no durations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// A value above its limit for so long raises, in seconds of event time.
    pub on_delay_s: f64,
    /// So many values above the limit in a row raise, even when they lie closer. Three half-overlapping windows are at
    /// least two independent looks at the machine, and one shock is in no more than two of them.
    pub on_values: u32,
    /// A value below this share of the limit counts as over; between the two nothing changes.
    pub off_ratio: f64,
    /// Values below for so long clear, in seconds of event time.
    pub off_delay_s: f64,
    /// Whether a trip stays until it is acknowledged.
    pub trip_latched: bool,
    /// Below this share of the rated speed the machine is taken to be run up or down, and nothing changes.
    pub run_up_speed_ratio: f64,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            on_delay_s: 10.0,
            on_values: 3,
            off_ratio: 0.95,
            off_delay_s: 30.0,
            trip_latched: true,
            run_up_speed_ratio: 0.9,
        }
    }
}

/// How grave an alarm is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Look at the machine.
    Alarm,
    /// Stop the machine.
    Trip,
}

/// The velocities above which there is an alarm or a trip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// In mm/s RMS.
    pub alarm_mm_s: f64,
    /// In mm/s RMS.
    pub trip_mm_s: f64,
}

impl Limits {
    /// The limits of ISO 10816-3 for these boundaries, with the machine's own baseline once there is one.
    pub fn of(boundaries: &Boundaries, baseline_mm_s: Option<f64>) -> Self {
        Self {
            alarm_mm_s: alarm_limit(baseline_mm_s, boundaries),
            trip_mm_s: trip_limit(boundaries),
        }
    }

    fn at(&self, level: Level) -> f64 {
        match level {
            Level::Alarm => self.alarm_mm_s,
            Level::Trip => self.trip_mm_s,
        }
    }
}

/// What a step of the alarm is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlarmInput {
    /// A value.
    Value {
        /// The end of the window, or the time of the single value.
        at: Timestamp,
        /// In mm/s RMS.
        velocity_rms_mm_s: f64,
        /// The limits of now.
        limits: Limits,
        /// Bad quality neither raises nor clears.
        bad: bool,
        /// The speed of now over the rated speed, when both are known.
        speed_ratio: Option<f64>,
    },
    /// Someone has seen the alarm.
    Acknowledged {
        /// When. It is not compared with the times of the values.
        at: Timestamp,
    },
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "transition", rename_all = "snake_case")]
pub enum AlarmTransition {
    /// An alarm or a trip is there from now on.
    Raised {
        /// Which one.
        level: Level,
        /// The event time of the value that decided it.
        at: Timestamp,
        /// The event time of the first value above the limit.
        since: Timestamp,
        /// The value that decided it, in mm/s RMS.
        velocity_rms_mm_s: f64,
        /// The limit that it exceeded, in mm/s RMS.
        limit_mm_s: f64,
    },
    /// An alarm or a trip is over.
    Cleared {
        /// Which one.
        level: Level,
        /// The time of the value, or of the acknowledgement, that decided it.
        at: Timestamp,
    },
}

/// The alarms of one sensor and axis. Alarm and trip are decided each on its own, by the same rules but for the latch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmState {
    alarm: Detector,
    trip: Detector,
    last_at: Option<Timestamp>,
}

impl AlarmState {
    /// Takes one step. A value that is not later than the one before it changes nothing.
    pub fn step(&mut self, input: AlarmInput, settings: &AlarmSettings) -> Vec<AlarmTransition> {
        match input {
            AlarmInput::Acknowledged { at } => self.acknowledge(at),
            AlarmInput::Value { at, .. } if self.last_at.is_some_and(|last| at <= last) => vec![],
            AlarmInput::Value { at, velocity_rms_mm_s, limits, bad, speed_ratio } => {
                self.last_at = Some(at);
                if bad || !velocity_rms_mm_s.is_finite() {
                    return vec![];
                }
                if speed_ratio.is_some_and(|ratio| ratio < settings.run_up_speed_ratio) {
                    self.alarm.forget_pending();
                    self.trip.forget_pending();
                    return vec![];
                }
                let mut step = |level| {
                    let value = Value { at, velocity_rms_mm_s, limit_mm_s: limits.at(level) };
                    self.detector(level).step(level, value, settings)
                };
                [step(Level::Alarm), step(Level::Trip)].into_iter().flatten().collect()
            }
        }
    }

    /// The gravest level that is there.
    pub fn level(&self) -> Option<Level> {
        let trip = self.trip.raised.then_some(Level::Trip);
        trip.or_else(|| self.alarm.raised.then_some(Level::Alarm))
    }

    /// Whether someone has seen all that is there.
    pub fn is_acknowledged(&self) -> bool {
        [&self.alarm, &self.trip].iter().all(|detector| !detector.raised || detector.acknowledged)
    }

    fn detector(&mut self, level: Level) -> &mut Detector {
        match level {
            Level::Alarm => &mut self.alarm,
            Level::Trip => &mut self.trip,
        }
    }

    fn acknowledge(&mut self, at: Timestamp) -> Vec<AlarmTransition> {
        [Level::Alarm, Level::Trip]
            .into_iter()
            .filter_map(|level| self.detector(level).acknowledge(level, at))
            .collect()
    }
}

/// One limit: whether it is exceeded, and since when the values speak for a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Detector {
    raised: bool,
    acknowledged: bool,
    /// The values have been below for long enough, and only the latch holds.
    over: bool,
    pending_since: Option<Timestamp>,
    pending_values: u32,
}

#[derive(Clone, Copy)]
struct Value {
    at: Timestamp,
    velocity_rms_mm_s: f64,
    limit_mm_s: f64,
}

impl Detector {
    fn step(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        if self.raised {
            self.step_raised(level, value, settings)
        } else {
            self.step_clear(level, value, settings)
        }
    }

    fn step_clear(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        let Value { at, velocity_rms_mm_s, limit_mm_s } = value;
        if velocity_rms_mm_s <= limit_mm_s {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        let long = at.seconds_since(since) >= settings.on_delay_s;
        if !long && self.pending_values < settings.on_values {
            return None;
        }
        *self = Self { raised: true, ..Self::default() };
        Some(AlarmTransition::Raised { level, at, since, velocity_rms_mm_s, limit_mm_s })
    }

    fn step_raised(
        &mut self,
        level: Level,
        value: Value,
        settings: &AlarmSettings,
    ) -> Option<AlarmTransition> {
        let Value { at, velocity_rms_mm_s, limit_mm_s } = value;
        if velocity_rms_mm_s >= settings.off_ratio * limit_mm_s {
            self.forget_pending();
            return None;
        }
        let since = self.pend(at);
        self.over = at.seconds_since(since) >= settings.off_delay_s;
        let latched = level == Level::Trip && settings.trip_latched && !self.acknowledged;
        (self.over && !latched).then(|| self.clear(level, at))
    }

    fn acknowledge(&mut self, level: Level, at: Timestamp) -> Option<AlarmTransition> {
        self.acknowledged = self.raised;
        (self.raised && self.over).then(|| self.clear(level, at))
    }

    fn clear(&mut self, level: Level, at: Timestamp) -> AlarmTransition {
        *self = Self::default();
        AlarmTransition::Cleared { level, at }
    }

    fn pend(&mut self, at: Timestamp) -> Timestamp {
        self.pending_values = self.pending_values.saturating_add(1);
        *self.pending_since.get_or_insert(at)
    }

    fn forget_pending(&mut self) {
        self.over = false;
        self.pending_since = None;
        self.pending_values = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { alarm_mm_s: 2.8, trip_mm_s: 5.625 };

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
        let levels: Vec<Level> =
            told.changes
                .iter()
                .map(|change| match change {
                    AlarmTransition::Raised { level, .. }
                    | AlarmTransition::Cleared { level, .. } => *level,
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
        use crate::vibration::{MachineGroup, Mounting, boundaries};
        let row = boundaries(MachineGroup::Group2, Mounting::Rigid);
        assert_eq!(Limits::of(&row, None), LIMITS);
        assert!((Limits::of(&row, Some(0.9)).alarm_mm_s - 1.6).abs() < 1e-12);
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
}
