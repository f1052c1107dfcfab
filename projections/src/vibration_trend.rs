//! What happened to each motor's vibration, as marks for its trend: changes of zone, alarms, lost sensors.

use domain::motor::{AlarmLevel, Assessment, BeginDeparture, MeasuringPoint, Motor, MotorEvent};
use domain::time::Timestamp;
use domain::vibration::Departure;
use ports::event::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::{FoldError, Projection};

/// How many marks are kept of a motor: the newest.
pub(crate) const MARKS_MAX: usize = 200;

/// One document per motor.
pub struct VibrationTrend;

/// The newest marks of a motor, in the order in which they were recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendMarks {
    pub marks: Vec<Mark>,
}

/// Something that happened at a measuring point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// When it was measured.
    pub at: Timestamp,
    #[serde(flatten)]
    pub point: MeasuringPoint,
    #[serde(flatten)]
    pub change: Change,
}

/// What happened there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    ZoneChanged { from: Option<Assessment>, to: Assessment },
    AlarmRaised { level: AlarmLevel, limit_mm_s: f64 },
    AlarmCleared {},
    SensorLost {},
    SensorFound {},
    BaselineLearned { velocity_rms_mm_s: f64, alarm_limit_mm_s: f64 },
    DepartureBegan { departure: Departure, baseline_mm_s: f64 },
    DepartureEnded { departure: Departure },
}

impl Projection for VibrationTrend {
    const NAME: &'static str = "vibration_trend";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 1;
    type Document = TrendMarks;

    fn evolve(
        document: Option<TrendMarks>,
        event: &RecordedEvent,
    ) -> Result<Option<TrendMarks>, FoldError> {
        let happened = event.decode::<Motor>()?;
        let mut trend = document.unwrap_or_default();
        trend.marks.extend(mark(happened));
        let surplus = trend.marks.len().saturating_sub(MARKS_MAX);
        trend.marks.drain(..surplus);
        Ok(Some(trend))
    }
}

fn mark(event: MotorEvent) -> Option<Mark> {
    let (at, point, change) = match event {
        MotorEvent::ZoneChanged { point, from, to, at, .. } => {
            (at, point, Change::ZoneChanged { from, to })
        }
        MotorEvent::AlarmRaised(alarm) => {
            let change = Change::AlarmRaised { level: alarm.level, limit_mm_s: alarm.limit_mm_s };
            (alarm.at, alarm.point, change)
        }
        MotorEvent::AlarmCleared(cleared) => (cleared.at, cleared.point, Change::AlarmCleared {}),
        MotorEvent::SensorLost(seen) => (seen.at, seen.point, Change::SensorLost {}),
        MotorEvent::SensorFound(seen) => (seen.at, seen.point, Change::SensorFound {}),
        MotorEvent::BaselineLearned(learned) => {
            let velocity_rms_mm_s = learned.baseline.velocity_rms_mm_s;
            let alarm_limit_mm_s = learned.alarm_limit_mm_s;
            let change = Change::BaselineLearned { velocity_rms_mm_s, alarm_limit_mm_s };
            (learned.at, learned.point, change)
        }
        MotorEvent::DepartureBegan(begun) => {
            let BeginDeparture { point, departure, baseline_mm_s, at, .. } = begun;
            (at, point, Change::DepartureBegan { departure, baseline_mm_s })
        }
        MotorEvent::DepartureEnded(ended) => {
            let change = Change::DepartureEnded { departure: ended.departure };
            (ended.at, ended.point, change)
        }
        MotorEvent::Registered(_)
        | MotorEvent::Revised(_)
        | MotorEvent::Relocated { .. }
        | MotorEvent::Decommissioned {}
        | MotorEvent::AlarmAcknowledged {}
        | MotorEvent::BaselineReset {}
        | MotorEvent::FindingBegan(_)
        | MotorEvent::FindingEnded(_)
        | MotorEvent::VerdictGiven(_)
        | MotorEvent::Reprocessed(_) => return None,
    };
    Some(Mark { at, point, change })
}
