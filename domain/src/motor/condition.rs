//! A motor's condition: what its measuring points tell, and its alarm.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Motor, MotorEvent, SensorSeen};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::vibration::{Axis, Rule, Zone};

/// Where and in which direction it is measured.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct MeasuringPoint {
    /// The name of the sensor: `DE`.
    pub sensor: String,
    /// The axis of the sensor.
    pub axis: Axis,
}

impl fmt::Display for MeasuringPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sensor, self.axis)
    }
}

/// What a measuring point tells: a zone, or that none can be told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Assessment {
    /// Nothing can be said; the reason goes with it.
    #[serde(rename = "not_assessable")]
    NotAssessable,
    /// As newly commissioned.
    A,
    /// Fit for unrestricted long-term operation.
    B,
    /// Fit for a limited time only.
    C,
    /// Severe enough to cause damage.
    D,
}

impl From<Zone> for Assessment {
    fn from(zone: Zone) -> Self {
        match zone {
            Zone::A => Self::A,
            Zone::B => Self::B,
            Zone::C => Self::C,
            Zone::D => Self::D,
        }
    }
}

/// How serious an alarm is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlarmLevel {
    /// Look at it.
    Alarm,
    /// Stop it. Stays until a person has seen it.
    Trip,
}

/// Says how a measuring point was assessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportCondition {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Its zone.
    pub assessment: Assessment,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub velocity_rms_mm_s: Option<f64>,
    /// Why nothing could be assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The edition of the standard that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// When it was measured.
    pub at: Timestamp,
}

/// A limit was exceeded for long enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RaiseAlarm {
    /// Where.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// How serious it is.
    pub level: AlarmLevel,
    /// What was measured.
    pub velocity_rms_mm_s: f64,
    /// What it exceeds.
    pub limit_mm_s: f64,
    /// Which rule gave the limit; not told before there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The baseline that the rule speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_mm_s: Option<f64>,
    /// Since when, in event time.
    pub at: Timestamp,
}

/// The vibration was below the limits for long enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClearAlarm {
    /// Where.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Since when, in event time.
    pub at: Timestamp,
}

impl Motor {
    /// Only a change is an event: what was measured each time is a reading, not history.
    pub(super) fn report_condition(
        &self,
        report: ReportCondition,
    ) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        let from = self.conditions.get(&report.point).and_then(|known| known.assessment);
        if from == Some(report.assessment) {
            return Ok(vec![]);
        }
        Ok(vec![MotorEvent::ZoneChanged {
            point: report.point,
            from,
            to: report.assessment,
            velocity_rms_mm_s: report.velocity_rms_mm_s,
            reason: report.reason,
            standard: report.standard,
            at: report.at,
        }])
    }

    pub(super) fn raise_alarm(&self, alarm: RaiseAlarm) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        if self.alarm_at(&alarm.point) == Some(alarm.level) {
            return Ok(vec![]);
        }
        Ok(vec![MotorEvent::AlarmRaised(alarm)])
    }

    pub(super) fn clear_alarm(&self, clearance: ClearAlarm) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        match self.alarm_at(&clearance.point) {
            None => Ok(vec![]),
            Some(AlarmLevel::Trip) if !self.acknowledged => Err(Rejection::NotNow {
                code: "not_acknowledged",
                detail: "a trip stays until it has been acknowledged",
            }),
            Some(_) => Ok(vec![MotorEvent::AlarmCleared(clearance)]),
        }
    }

    pub(super) fn acknowledge_alarm(&self) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        if self.conditions.values().all(|condition| condition.alarm.is_none()) {
            return Err(Rejection::NotNow {
                code: "no_alarm",
                detail: "there is no alarm to acknowledge",
            });
        }
        Ok(if self.acknowledged { vec![] } else { vec![MotorEvent::AlarmAcknowledged {}] })
    }

    pub(super) fn lose_sensor(&self, seen: SensorSeen) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        Ok(if self.is_present(&seen) { vec![MotorEvent::SensorLost(seen)] } else { vec![] })
    }

    pub(super) fn find_sensor(&self, seen: SensorSeen) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        Ok(if self.is_present(&seen) { vec![] } else { vec![MotorEvent::SensorFound(seen)] })
    }

    fn alarm_at(&self, point: &MeasuringPoint) -> Option<AlarmLevel> {
        self.conditions.get(point).and_then(|condition| condition.alarm)
    }

    fn is_present(&self, seen: &SensorSeen) -> bool {
        self.conditions.get(&seen.point).is_some_and(|condition| condition.present)
    }
}
