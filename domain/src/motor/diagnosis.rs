//! What is wrong with a motor: faults that begin and end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasuringPoint, Motor, MotorEvent};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::vibration::{Evidence, Fault, Finding};

/// Says which faults a measuring point tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFindings {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// All that stand.
    pub findings: Vec<Finding>,
    /// When the samples ended that told of it.
    pub at: Timestamp,
}

/// A fault that was not there before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BeginFinding {
    /// Where it was measured.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// What is wrong.
    pub fault: Fault,
    /// Of which bearing, by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearing: Option<String>,
    /// From 0 to 1: a rank, not a probability.
    pub confidence: f64,
    /// The lines that speak for it, the strongest first.
    pub evidence: Vec<Evidence>,
    /// When the samples ended that told of it first.
    pub at: Timestamp,
}

/// A fault that is there no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndFinding {
    /// Where it was measured.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// What was wrong.
    pub fault: Fault,
    /// Of which bearing, by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearing: Option<String>,
    /// When the samples ended that no longer told of it.
    pub at: Timestamp,
}

/// A fault and the bearing that has it.
pub(super) type FaultKey = (Fault, Option<String>);

impl Motor {
    /// Only what begins and what ends is an event.
    pub(super) fn report_findings(
        &self,
        report: ReportFindings,
    ) -> Result<Vec<MotorEvent>, Rejection> {
        self.require_in_service()?;
        let ReportFindings { point, findings, at } = report;
        let known = self.findings.get(&point);
        let is_known = |key: &FaultKey| known.is_some_and(|known| known.contains(key));
        let stands = |(fault, bearing): &FaultKey| {
            findings.iter().any(|finding| (finding.fault, &finding.bearing) == (*fault, bearing))
        };
        let over = known.into_iter().flatten().filter(|key| !stands(key)).cloned();
        let end = |(fault, bearing)| {
            MotorEvent::FindingEnded(EndFinding { point: point.clone(), fault, bearing, at })
        };
        let mut events: Vec<MotorEvent> = over.map(end).collect();
        for finding in &findings {
            let Finding { fault, bearing, confidence, evidence } = finding.clone();
            if !is_known(&(fault, bearing.clone())) {
                let point = point.clone();
                let begun = BeginFinding { point, fault, bearing, confidence, evidence, at };
                events.push(MotorEvent::FindingBegan(begun));
            }
        }
        Ok(events)
    }
}
