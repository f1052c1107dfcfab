//! The motor: what it is, how it vibrates, and who has been told.

mod baseline;
mod condition;
mod diagnosis;
mod event;
pub mod nameplate;
mod reprocessing;
mod revision;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Decide, Endpoint, Method, Upcaster, carry};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::vibration::Departure;

pub use baseline::{BeginDeparture, EndDeparture, LearnBaseline, ReportDeparture};
pub use condition::{
    AlarmLevel, Assessment, ClearAlarm, MeasuringPoint, RaiseAlarm, ReportCondition,
};
pub use diagnosis::{BeginFinding, EndFinding, ReportFindings};
pub use event::MotorEvent;
pub use nameplate::{Bearing, Nameplate};
pub use reprocessing::{GiveVerdict, RecordReprocessing, Reprocessing, VERDICTS_MAX, Verdict};
pub use revision::Revision;

/// A motor as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Motor {
    nameplate: Option<Nameplate>,
    decommissioned: bool,
    conditions: BTreeMap<MeasuringPoint, Condition>,
    findings: BTreeMap<MeasuringPoint, BTreeSet<diagnosis::FaultKey>>,
    acknowledged: bool,
}

/// What is known of one measuring point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Condition {
    assessment: Option<Assessment>,
    alarm: Option<AlarmLevel>,
    present: bool,
    #[serde(default)]
    departure: Option<Departure>,
}

/// What can be asked of a motor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// It is put under watch.
    Register(Nameplate),
    /// Some of what is known about it was wrong or has changed.
    Revise(Revision),
    /// It is taken from under watch; its history stays.
    Decommission {},
    /// A person has seen the alarm.
    AcknowledgeAlarm {},
    /// A measuring point was assessed.
    ReportCondition(ReportCondition),
    /// A limit was exceeded for long enough.
    RaiseAlarm(RaiseAlarm),
    /// The vibration was below the limits for long enough.
    ClearAlarm(ClearAlarm),
    /// A measuring point tells of other faults than before.
    ReportFindings(ReportFindings),
    /// What was learned of its vibration no longer holds, as after a repair.
    ResetBaseline {},
    /// A measuring point has shown how much it vibrates when all is well.
    LearnBaseline(LearnBaseline),
    /// A measuring point vibrates more or less than its baseline, or no longer does.
    ReportDeparture(ReportDeparture),
    /// Nothing has come from a measuring point for too long.
    LoseSensor(SensorSeen),
    /// Samples come from a measuring point.
    FindSensor(SensorSeen),
    /// Samples of before were judged once more.
    RecordReprocessing(RecordReprocessing),
}

/// When a measuring point was lost or found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SensorSeen {
    /// Which one.
    #[serde(flatten)]
    pub point: MeasuringPoint,
    /// When it was noticed, in event time.
    pub at: Timestamp,
}

impl Decide for Motor {
    const ID_FIELD: &'static str = "motor_id";
    const ENDPOINTS: &'static [Endpoint] = &[
        Endpoint {
            method: Method::Post,
            path: "/v1/motors",
            command: "register",
            summary: "Put a motor under watch",
            body: Some(SchemaGenerator::subschema_for::<Nameplate>),
        },
        Endpoint {
            method: Method::Patch,
            path: "/v1/motors/{id}",
            command: "revise",
            summary: "Change what is known of a motor",
            body: Some(SchemaGenerator::subschema_for::<Revision>),
        },
        Endpoint {
            method: Method::Delete,
            path: "/v1/motors/{id}",
            command: "decommission",
            summary: "Take a motor from under watch; its history stays",
            body: None,
        },
        Endpoint {
            method: Method::Post,
            path: "/v1/motors/{id}/alarm/acknowledge",
            command: "acknowledge_alarm",
            summary: "Say that the alarm has been seen",
            body: None,
        },
        Endpoint {
            method: Method::Post,
            path: "/v1/motors/{id}/baseline/reset",
            command: "reset_baseline",
            summary: "Learn anew how much the motor vibrates when it is well, as after a repair",
            body: None,
        },
    ];
    const UPCASTERS: &'static [Upcaster] = event::UPCASTERS;

    fn decide(&self, command: Command) -> Result<Vec<MotorEvent>, Rejection> {
        match command {
            Command::Register(registration) => self.register(registration),
            Command::Revise(revision) => self.revise(revision),
            Command::Decommission {} => self.decommission(),
            Command::AcknowledgeAlarm {} => self.acknowledge_alarm(),
            Command::ReportCondition(report) => self.report_condition(report),
            Command::RaiseAlarm(alarm) => self.raise_alarm(alarm),
            Command::ClearAlarm(clearance) => self.clear_alarm(clearance),
            Command::ReportFindings(report) => self.report_findings(report),
            Command::ResetBaseline {} => self.reset_baseline(),
            Command::LearnBaseline(learned) => self.learn_baseline(learned),
            Command::ReportDeparture(report) => self.report_departure(report),
            Command::LoseSensor(seen) => self.lose_sensor(seen),
            Command::FindSensor(seen) => self.find_sensor(seen),
            Command::RecordReprocessing(record) => self.record_reprocessing(record),
        }
    }
}

impl Motor {
    fn register(&self, nameplate: Nameplate) -> Result<Vec<MotorEvent>, Rejection> {
        if self.nameplate.is_some() {
            return Err(Rejection::AlreadyExists);
        }
        nameplate.check()?;
        Ok(vec![MotorEvent::Registered(nameplate)])
    }

    fn revise(&self, revision: Revision) -> Result<Vec<MotorEvent>, Rejection> {
        let before = self.require_in_service()?;
        let location = revision.location.clone().unwrap_or_else(|| before.location.clone());
        let after = revision.apply_to(before);
        Nameplate { location: location.clone(), ..after.clone() }.check()?;
        let mut events = Vec::new();
        if after != *before {
            events.push(MotorEvent::Revised(after));
        }
        if location != before.location {
            events.push(MotorEvent::Relocated { location });
        }
        Ok(events)
    }

    fn decommission(&self) -> Result<Vec<MotorEvent>, Rejection> {
        if self.decommissioned {
            return Ok(vec![]);
        }
        self.require_in_service()?;
        Ok(vec![MotorEvent::Decommissioned {}])
    }

    fn require_in_service(&self) -> Result<&Nameplate, Rejection> {
        let nameplate = self.nameplate.as_ref().ok_or(Rejection::Unknown)?;
        if self.decommissioned {
            return Err(Rejection::NotNow {
                code: "decommissioned",
                detail: "the motor is no longer in service",
            });
        }
        Ok(nameplate)
    }
}

/// Carried by cqrs-es. Nothing is decided here.
impl Aggregate for Motor {
    const TYPE: &'static str = "motor";
    type Command = Command;
    type Event = MotorEvent;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        carry(self, command, sink).await
    }

    fn apply(&mut self, event: MotorEvent) {
        match event {
            MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => {
                self.nameplate = Some(nameplate);
            }
            MotorEvent::Relocated { location } => {
                self.nameplate = self.nameplate.take().map(|known| Nameplate { location, ..known });
            }
            MotorEvent::Decommissioned {} => self.decommissioned = true,
            MotorEvent::ZoneChanged { point, to, .. } => {
                self.conditions.entry(point).or_default().assessment = Some(to);
            }
            MotorEvent::AlarmRaised(RaiseAlarm { point, level, .. }) => {
                self.conditions.entry(point).or_default().alarm = Some(level);
                self.acknowledged = false;
            }
            MotorEvent::AlarmAcknowledged {} => self.acknowledged = true,
            MotorEvent::AlarmCleared(ClearAlarm { point, .. }) => {
                self.conditions.entry(point).or_default().alarm = None;
            }
            MotorEvent::SensorLost(SensorSeen { point, .. }) => {
                self.conditions.entry(point).or_default().present = false;
            }
            MotorEvent::SensorFound(SensorSeen { point, .. }) => {
                self.conditions.entry(point).or_default().present = true;
            }
            MotorEvent::FindingBegan(BeginFinding { point, fault, bearing, .. }) => {
                self.findings.entry(point).or_default().insert((fault, bearing));
            }
            MotorEvent::FindingEnded(EndFinding { point, fault, bearing, .. }) => {
                self.findings.entry(point).or_default().remove(&(fault, bearing));
            }
            MotorEvent::DepartureBegan(BeginDeparture { point, departure, .. }) => {
                self.conditions.entry(point).or_default().departure = Some(departure);
            }
            MotorEvent::DepartureEnded(EndDeparture { point, .. }) => {
                self.conditions.entry(point).or_default().departure = None;
            }
            // What is said of before changes nothing now.
            MotorEvent::BaselineLearned(_)
            | MotorEvent::BaselineReset {}
            | MotorEvent::VerdictGiven(_)
            | MotorEvent::Reprocessed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
