//! What is wrong with each motor: the findings that stand.

use domain::motor::{BeginFinding, EndFinding, MeasuringPoint, Motor, MotorEvent};
use domain::time::Timestamp;
use domain::vibration::{Evidence, Fault};
use ports::event::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::{FoldError, Projection};

/// One document per motor.
pub struct Diagnoses;

/// The findings of a motor, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnosisDocument {
    pub findings: Vec<StandingFinding>,
}

/// A fault that shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StandingFinding {
    pub fault: Fault,
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// Of which bearing, by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearing: Option<String>,
    /// When it showed first.
    pub since: Timestamp,
    /// From 0 to 1: a rank, not a probability.
    pub confidence: f64,
    /// The lines that spoke for it then, the strongest first.
    pub evidence: Vec<Evidence>,
}

impl Projection for Diagnoses {
    const NAME: &'static str = "diagnoses";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 1;
    type Document = DiagnosisDocument;

    fn evolve(
        document: Option<DiagnosisDocument>,
        event: &RecordedEvent,
    ) -> Result<Option<DiagnosisDocument>, FoldError> {
        let mut diagnosis = document.unwrap_or_default();
        match event.decode::<Motor>()? {
            MotorEvent::FindingBegan(begun) => diagnosis.findings.push(standing(begun)),
            MotorEvent::FindingEnded(ended) => {
                diagnosis.findings.retain(|finding| !finding.is_of(&ended));
            }
            _ => {}
        }
        Ok(Some(diagnosis))
    }
}

fn standing(begun: BeginFinding) -> StandingFinding {
    let BeginFinding { point, fault, bearing, confidence, evidence, at } = begun;
    StandingFinding { fault, point, bearing, since: at, confidence, evidence }
}

impl StandingFinding {
    fn is_of(&self, ended: &EndFinding) -> bool {
        (&self.point, self.fault, &self.bearing) == (&ended.point, ended.fault, &ended.bearing)
    }
}
