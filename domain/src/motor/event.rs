//! What happens to a motor, as it is recorded.

use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Assessment, BeginDeparture, BeginFinding, ClearAlarm, EndDeparture, EndFinding, GiveVerdict,
    LearnBaseline, MeasuringPoint, Nameplate, RaiseAlarm, Reprocessing, SensorSeen,
};
use crate::aggregate::Upcaster;
use crate::time::Timestamp;

/// What happened to a motor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum MotorEvent {
    /// It was put under watch.
    Registered(Nameplate),
    /// This is its nameplate from now on. Where it stands is told by `Relocated`.
    Revised(Nameplate),
    /// It stands elsewhere.
    Relocated {
        /// Where, if that is known.
        location: Option<String>,
    },
    /// It was taken from under watch.
    Decommissioned {},
    /// The condition of a measuring point is another than before.
    ZoneChanged {
        /// Which one.
        #[serde(flatten)]
        point: MeasuringPoint,
        /// Before; none when it is the first assessment.
        from: Option<Assessment>,
        /// Now.
        to: Assessment,
        /// What was measured; none where nothing could be assessed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        velocity_rms_mm_s: Option<f64>,
        /// Why nothing could be assessed: `too_short`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The edition of the standard that was applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        standard: Option<String>,
        /// When it was measured.
        at: Timestamp,
    },
    /// A limit was exceeded for long enough.
    AlarmRaised(RaiseAlarm),
    /// A person has seen the alarm.
    AlarmAcknowledged {},
    /// The vibration was below the limits for long enough.
    AlarmCleared(ClearAlarm),
    /// Nothing has come from a measuring point for too long.
    SensorLost(SensorSeen),
    /// Samples come from a measuring point, for the first time or again.
    SensorFound(SensorSeen),
    /// A fault shows that did not show before.
    FindingBegan(BeginFinding),
    /// A fault shows no longer.
    FindingEnded(EndFinding),
    /// It is known how much a measuring point vibrates when all is well, or known better.
    BaselineLearned(LearnBaseline),
    /// What was learned of all measuring points no longer holds.
    BaselineReset {},
    /// A measuring point vibrates significantly more or less than its baseline.
    DepartureBegan(BeginDeparture),
    /// It does no longer.
    DepartureEnded(EndDeparture),
    /// Samples of before were judged once more, and this is what they tell.
    VerdictGiven(GiveVerdict),
    /// That was all that they tell.
    Reprocessed(Reprocessing),
}

impl DomainEvent for MotorEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Registered(_) => "registered",
            Self::Revised(_) => "revised",
            Self::Relocated { .. } => "relocated",
            Self::Decommissioned {} => "decommissioned",
            Self::ZoneChanged { .. } => "zone_changed",
            Self::AlarmRaised(_) => "alarm_raised",
            Self::AlarmAcknowledged {} => "alarm_acknowledged",
            Self::AlarmCleared(_) => "alarm_cleared",
            Self::SensorLost(_) => "sensor_lost",
            Self::SensorFound(_) => "sensor_found",
            Self::FindingBegan(_) => "finding_began",
            Self::FindingEnded(_) => "finding_ended",
            Self::BaselineLearned(_) => "baseline_learned",
            Self::BaselineReset {} => "baseline_reset",
            Self::DepartureBegan(_) => "departure_began",
            Self::DepartureEnded(_) => "departure_ended",
            Self::VerdictGiven(_) => "verdict_given",
            Self::Reprocessed(_) => "reprocessed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        match self {
            Self::Registered(_) | Self::Revised(_) | Self::AlarmRaised(_) => "2",
            _ => "1",
        }
        .to_owned()
    }
}

/// Version 2 has fields that may be absent: boundaries of the motor's own; the rule of an alarm.
pub(super) const UPCASTERS: &[Upcaster] = &[
    Upcaster { event_type: "registered", from: 1, change: |data| data },
    Upcaster { event_type: "revised", from: 1, change: |data| data },
    Upcaster { event_type: "alarm_raised", from: 1, change: |data| data },
];
