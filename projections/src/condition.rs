//! What a motor's events tell of its measuring points, as more than one read model needs it.

use domain::motor::{AlarmLevel, Assessment, MeasuringPoint, MotorEvent};
use domain::vibration::Axis;
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
}

/// The measuring points of a motor, by sensor and axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sensors(pub Vec<Sensor>);

impl Sensors {
    /// The fold over the events that concern measuring points; the others change nothing.
    pub fn apply(&mut self, event: &MotorEvent) {
        match event {
            MotorEvent::ZoneChanged { point, to, reason, .. } => {
                let sensor = self.at(point);
                sensor.zone = Some(*to);
                sensor.zone_reason = reason.clone().filter(|_| *to == Assessment::NotAssessable);
            }
            MotorEvent::AlarmRaised(alarm) => self.at(&alarm.point).alarm = alarm.level.into(),
            MotorEvent::AlarmCleared(clearance) => self.at(&clearance.point).alarm = Alarm::None,
            MotorEvent::SensorLost(seen) => self.at(&seen.point).state = SensorState::Lost,
            MotorEvent::SensorFound(seen) => self.at(&seen.point).state = SensorState::Present,
            MotorEvent::Registered(_)
            | MotorEvent::Revised(_)
            | MotorEvent::Relocated { .. }
            | MotorEvent::Decommissioned {}
            | MotorEvent::AlarmAcknowledged {}
            | MotorEvent::FindingBegan(_)
            | MotorEvent::FindingEnded(_) => {}
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
            };
            self.0.insert(place, sensor);
            place
        });
        &mut self.0[place]
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
