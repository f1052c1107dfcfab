//! Samples of before, judged once more: verdicts beside those that were given then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    BeginDeparture, BeginFinding, ClearAlarm, EndDeparture, EndFinding, LearnBaseline, Motor,
    MotorEvent, RaiseAlarm, ReportCondition,
};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// So many verdicts of one run are recorded; those after them are only counted.
pub const VERDICTS_MAX: usize = 500;

/// The event that there would have been.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Another zone.
    ZoneChanged(ReportCondition),
    /// A limit was exceeded for long enough.
    AlarmRaised(RaiseAlarm),
    /// The vibration was below the limits for long enough.
    AlarmCleared(ClearAlarm),
    /// A fault shows.
    FindingBegan(BeginFinding),
    /// A fault shows no longer.
    FindingEnded(EndFinding),
    /// How much a measuring point vibrates when all is well.
    BaselineLearned(LearnBaseline),
    /// Significantly more or less than that.
    DepartureBegan(BeginDeparture),
    /// No longer.
    DepartureEnded(EndDeparture),
}

/// A verdict on samples of before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GiveVerdict {
    /// Verdicts of the same run belong together.
    pub run: Uuid,
    /// What it says. It is no news of the machine, and changes neither its zone nor its alarm.
    pub verdict: Verdict,
}

/// Which samples were judged once more, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reprocessing {
    /// Tells it from all others.
    pub run: Uuid,
    /// Samples that ended after it.
    pub from: Timestamp,
    /// Samples that began before it.
    pub to: Timestamp,
    /// How many blocks and single values there were.
    pub samples: u32,
    /// How many of them could not be used.
    pub dropped: u32,
    /// How many verdicts came after those that were recorded.
    pub left_out: u32,
    /// SHA-256 of the samples in order, in hexadecimal.
    pub samples_sha256: String,
    /// SHA-256 of all else that the verdicts depend on: nameplate, settings, release, and what people said.
    pub settings_sha256: String,
    /// SHA-256 of all verdicts. Equal samples and settings give equal verdicts.
    pub verdicts_sha256: String,
}

/// Puts verdicts on samples of before on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordReprocessing {
    /// What was done.
    #[serde(flatten)]
    pub reprocessing: Reprocessing,
    /// In their order; at most [`VERDICTS_MAX`].
    pub verdicts: Vec<Verdict>,
}

impl Verdict {
    /// The verdict that an event tells; `None` for what samples alone cannot tell.
    pub fn of(event: MotorEvent) -> Option<Self> {
        Some(match event {
            MotorEvent::ZoneChanged {
                point, to, velocity_rms_mm_s, reason, standard, at, ..
            } => {
                let assessment = to;
                let condition =
                    ReportCondition { point, assessment, velocity_rms_mm_s, reason, standard, at };
                Self::ZoneChanged(condition)
            }
            MotorEvent::AlarmRaised(alarm) => Self::AlarmRaised(alarm),
            MotorEvent::AlarmCleared(clearance) => Self::AlarmCleared(clearance),
            MotorEvent::FindingBegan(begun) => Self::FindingBegan(begun),
            MotorEvent::FindingEnded(ended) => Self::FindingEnded(ended),
            MotorEvent::BaselineLearned(learned) => Self::BaselineLearned(learned),
            MotorEvent::DepartureBegan(begun) => Self::DepartureBegan(begun),
            MotorEvent::DepartureEnded(ended) => Self::DepartureEnded(ended),
            MotorEvent::Registered(_)
            | MotorEvent::Revised(_)
            | MotorEvent::Relocated { .. }
            | MotorEvent::Decommissioned {}
            | MotorEvent::AlarmAcknowledged {}
            | MotorEvent::SensorLost(_)
            | MotorEvent::SensorFound(_)
            | MotorEvent::BaselineReset {}
            | MotorEvent::VerdictGiven(_)
            | MotorEvent::Reprocessed(_) => return None,
        })
    }
}

impl Motor {
    /// Also of a motor that is no longer in service: what it was like may still matter.
    pub(super) fn record_reprocessing(
        &self,
        record: RecordReprocessing,
    ) -> Result<Vec<MotorEvent>, Rejection> {
        if self.nameplate.is_none() {
            return Err(Rejection::Unknown);
        }
        let RecordReprocessing { reprocessing, verdicts } = record;
        let run = reprocessing.run;
        let given = verdicts.into_iter().take(VERDICTS_MAX);
        let given = given.map(|verdict| MotorEvent::VerdictGiven(GiveVerdict { run, verdict }));
        Ok(given.chain([MotorEvent::Reprocessed(reprocessing)]).collect())
    }
}
