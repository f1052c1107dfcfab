//! How much a motor vibrates when it is well, and when it departs from that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasuringPoint, Motor, MotorEvent};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::vibration::{Baseline, Departure, Regime};

/// A measuring point's baseline was learned, or refined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LearnBaseline {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Under which operating condition.
    #[serde(flatten)]
    pub regime: Regime,
    /// How much it vibrates.
    #[serde(flatten)]
    pub baseline: Baseline,
    /// The limit of the alarm that follows from it, in mm/s RMS.
    pub alarm_limit_mm_s: f64,
    /// When the value was measured that made it known.
    pub at: Timestamp,
}

/// Whether a measuring point vibrates significantly more or less than its baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDeparture {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Which way; `None` when it is near its baseline again.
    #[serde(default)]
    pub departure: Option<Departure>,
    /// What was measured, in mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// What it is held to, in mm/s RMS.
    pub baseline_mm_s: f64,
    /// By how much it must differ, in mm/s RMS.
    pub limit_mm_s: f64,
    /// When it was measured.
    pub at: Timestamp,
}

/// A measuring point vibrates significantly more or less than its baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BeginDeparture {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Which way.
    pub departure: Departure,
    /// What was measured, in mm/s RMS.
    pub velocity_rms_mm_s: f64,
    /// What it is held to, in mm/s RMS.
    pub baseline_mm_s: f64,
    /// By how much it must differ, in mm/s RMS.
    pub limit_mm_s: f64,
    /// When it was measured.
    pub at: Timestamp,
}

/// A measuring point is near its baseline again, or has departed from it the other way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndDeparture {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Which way it had departed.
    pub departure: Departure,
    /// When it was measured.
    pub at: Timestamp,
}

impl Motor {
    pub(super) fn learn_baseline(
        &self,
        learned: LearnBaseline,
    ) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        Ok(vec![MotorEvent::BaselineLearned(learned)])
    }

    pub(super) fn reset_baseline(&self) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        Ok(vec![MotorEvent::BaselineReset {}])
    }

    /// Only what begins and what ends is an event.
    pub(super) fn report_departure(
        &self,
        report: ReportDeparture,
    ) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        let known = self.conditions.get(&report.point).and_then(|known| known.departure);
        if known == report.departure {
            return Ok(vec![]);
        }
        let ReportDeparture { point, velocity_rms_mm_s, baseline_mm_s, limit_mm_s, at, .. } =
            report;
        let ended = known.map(|departure| {
            MotorEvent::DepartureEnded(EndDeparture { point: point.clone(), departure, at })
        });
        let begun = report.departure.map(|departure| {
            MotorEvent::DepartureBegan(BeginDeparture {
                point: point.clone(),
                departure,
                velocity_rms_mm_s,
                baseline_mm_s,
                limit_mm_s,
                at,
            })
        });
        Ok(ended.into_iter().chain(begun).collect())
    }
}
