//! What a motor's events tell of its measuring points, as more than one read model needs it.

use domain::motor::{AlarmLevel, Assessment, MeasuringPoint, MotorEvent};
use domain::time::Timestamp;
use domain::vibration::{Axis, Baseline, Departure, Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a motor is under watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MotorState {
    InService,
    Decommissioned,
}

/// Whether samples come from a measuring point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SensorState {
    Present,
    Lost,
}

/// `none < alarm < trip`: the greatest is the worst.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    #[default]
    None,
    Alarm,
    Trip,
}

impl From<AlarmLevel> for Alarm {
    fn from(level: AlarmLevel) -> Self {
        match level {
            AlarmLevel::Alarm => Self::Alarm,
            AlarmLevel::Trip => Self::Trip,
        }
    }
}

/// One measuring point: a sensor and one of its axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sensor {
    pub sensor: String,
    pub axis: Axis,
    pub state: SensorState,
    /// `null` until it was assessed.
    pub zone: Option<Assessment>,
    /// Why it is not assessable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_reason: Option<String>,
    /// Of its newest reading; filled in when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub velocity_rms_mm_s: Option<f64>,
    pub alarm: Alarm,
    /// Above which velocity there is an alarm, once a baseline or an alarm has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_limit_mm_s: Option<f64>,
    /// Which rule gave the limit of the alarm that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_rule: Option<Rule>,
    /// How much it vibrates when all is well, under its latest operating condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<StandingBaseline>,
    /// Whether it vibrates significantly more or less than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<Departure>,
}

/// A baseline, and since when one is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StandingBaseline {
    #[serde(flatten)]
    pub baseline: Baseline,
    pub since: Timestamp,
}

/// The measuring points of a motor, by sensor and axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sensors(pub Vec<Sensor>);

impl Sensor {
    fn forget_baseline(&mut self) {
        (self.baseline, self.alarm_limit_mm_s, self.departure) = (None, None, None);
    }
}

impl Sensors {
    /// The fold over the events that concern measuring points; the others change nothing.
    pub fn apply(&mut self, event: &MotorEvent) {
        match event {
            MotorEvent::ZoneChanged { point, to, reason, .. } => {
                let sensor = self.at(point);
                sensor.zone = Some(*to);
                sensor.zone_reason = reason.clone().filter(|_| *to == Assessment::NotAssessable);
            }
            MotorEvent::AlarmRaised(alarm) => {
                let sensor = self.at(&alarm.point);
                (sensor.alarm, sensor.alarm_rule) = (alarm.level.into(), alarm.rule);
                // Alarms of before told no rule; what they make must stay as it is, or documents would differ from
                // those that were made then.
                if alarm.level == AlarmLevel::Alarm && alarm.rule.is_some() {
                    sensor.alarm_limit_mm_s = Some(alarm.limit_mm_s);
                }
            }
            MotorEvent::AlarmCleared(clearance) => {
                let sensor = self.at(&clearance.point);
                (sensor.alarm, sensor.alarm_rule) = (Alarm::None, None);
            }
            MotorEvent::BaselineLearned(learned) => {
                let sensor = self.at(&learned.point);
                let since = sensor.baseline.map_or(learned.at, |known| known.since);
                sensor.baseline = Some(StandingBaseline { baseline: learned.baseline, since });
                sensor.alarm_limit_mm_s = Some(learned.alarm_limit_mm_s);
            }
            MotorEvent::BaselineReset {} => self.0.iter_mut().for_each(Sensor::forget_baseline),
            MotorEvent::DepartureBegan(begun) => {
                self.at(&begun.point).departure = Some(begun.departure);
            }
            MotorEvent::DepartureEnded(ended) => self.at(&ended.point).departure = None,
            MotorEvent::SensorLost(seen) => self.at(&seen.point).state = SensorState::Lost,
            MotorEvent::SensorFound(seen) => self.at(&seen.point).state = SensorState::Present,
            MotorEvent::Registered(_)
            | MotorEvent::Revised(_)
            | MotorEvent::Relocated { .. }
            | MotorEvent::Decommissioned {}
            | MotorEvent::AlarmAcknowledged {}
            | MotorEvent::FindingBegan(_)
            | MotorEvent::FindingEnded(_)
            | MotorEvent::VerdictGiven(_)
            | MotorEvent::Reprocessed(_) => {}
        }
    }

    /// A point that is told of for the first time has just been measured, and so it is present.
    fn at(&mut self, point: &MeasuringPoint) -> &mut Sensor {
        let order = |sensor: &Sensor| {
            (sensor.sensor.as_str(), sensor.axis).cmp(&(&point.sensor, point.axis))
        };
        let place = self.0.binary_search_by(order).unwrap_or_else(|place| {
            let sensor = Sensor {
                sensor: point.sensor.clone(),
                axis: point.axis,
                state: SensorState::Present,
                zone: None,
                zone_reason: None,
                velocity_rms_mm_s: None,
                alarm: Alarm::None,
                alarm_limit_mm_s: None,
                alarm_rule: None,
                baseline: None,
                departure: None,
            };
            self.0.insert(place, sensor);
            place
        });
        &mut self.0[place]
    }

    /// A measuring point that was told of.
    pub fn find(&self, point: &MeasuringPoint) -> Option<&Sensor> {
        self.0.iter().find(|sensor| sensor.sensor == point.sensor && sensor.axis == point.axis)
    }

    /// The worst zone of those that can be assessed. Only when there is none: that none can be, and why. A sensor
    /// that was lost keeps its say, since a motor does not get better by losing one.
    pub fn zone(&self) -> (Option<Assessment>, Option<String>) {
        // `NotAssessable` is the least of all assessments.
        let worst = self.0.iter().filter_map(|sensor| sensor.zone).max();
        let reason = self.0.iter().find_map(|sensor| sensor.zone_reason.clone());
        (worst, reason.filter(|_| worst == Some(Assessment::NotAssessable)))
    }

    /// The worst alarm of all points.
    pub fn alarm(&self) -> Alarm {
        self.0.iter().map(|sensor| sensor.alarm).max().unwrap_or_default()
    }

    /// How many points are lost.
    pub fn lost(&self) -> usize {
        self.0.iter().filter(|sensor| sensor.state == SensorState::Lost).count()
    }
}
