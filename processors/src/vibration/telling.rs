//! What the motors are told: commands under keys that the same finding always has.

use domain::motor::{
    AlarmLevel, Assessment, ClearAlarm, Command, LearnBaseline, MeasuringPoint, Motor, RaiseAlarm,
    ReportCondition, ReportDeparture, ReportFindings, SensorSeen,
};
use domain::time::Timestamp;
use domain::vibration::Departure;
use ports::command_bus::CommandEnvelope;
use uuid::Uuid;

use crate::wish::{Cause, wish};

/// As which the processor is known in metadata and command keys.
const ACTOR: &str = "vibration";

/// The commands for one motor, in the order in which they are to be sent.
#[derive(Debug)]
pub(super) struct Telling {
    motor_id: Uuid,
    commands: Vec<CommandEnvelope>,
}

impl Telling {
    pub(super) fn to(motor_id: Uuid) -> Self {
        Self { motor_id, commands: Vec::new() }
    }

    pub(super) fn into_commands(self) -> Vec<CommandEnvelope> {
        self.commands
    }

    pub(super) fn report(&mut self, report: ReportCondition) {
        let what = match report.assessment {
            Assessment::NotAssessable => "zone-none",
            Assessment::A => "zone-a",
            Assessment::B => "zone-b",
            Assessment::C => "zone-c",
            Assessment::D => "zone-d",
        };
        let (point, at) = (report.point.clone(), report.at);
        self.tell(&point, what, at, &Command::ReportCondition(report));
    }

    pub(super) fn raise(&mut self, alarm: RaiseAlarm, decided_at: Timestamp) {
        let what = match alarm.level {
            AlarmLevel::Alarm => "raise-alarm",
            AlarmLevel::Trip => "raise-trip",
        };
        let point = alarm.point.clone();
        self.tell(&point, what, decided_at, &Command::RaiseAlarm(alarm));
    }

    pub(super) fn clear(&mut self, point: &MeasuringPoint, at: Timestamp) {
        let clearance = ClearAlarm { point: point.clone(), at };
        self.tell(point, "clear", at, &Command::ClearAlarm(clearance));
    }

    /// `what` tells verdicts apart that are given on the same samples.
    pub(super) fn diagnose(&mut self, report: ReportFindings, what: &str) {
        let (point, at) = (report.point.clone(), report.at);
        self.tell(&point, what, at, &Command::ReportFindings(report));
    }

    pub(super) fn learn(&mut self, learned: LearnBaseline) {
        let (point, at) = (learned.point.clone(), learned.at);
        self.tell(&point, "baseline", at, &Command::LearnBaseline(learned));
    }

    pub(super) fn depart(&mut self, report: ReportDeparture) {
        let what = match report.departure {
            None => "departure-none",
            Some(Departure::Rise) => "departure-rise",
            Some(Departure::Fall) => "departure-fall",
        };
        let (point, at) = (report.point.clone(), report.at);
        self.tell(&point, what, at, &Command::ReportDeparture(report));
    }

    pub(super) fn lose(&mut self, point: &MeasuringPoint, at: Timestamp) {
        let seen = SensorSeen { point: point.clone(), at };
        self.tell(point, "lose", at, &Command::LoseSensor(seen));
    }

    pub(super) fn find(&mut self, point: &MeasuringPoint, at: Timestamp) {
        let seen = SensorSeen { point: point.clone(), at };
        self.tell(point, "find", at, &Command::FindSensor(seen));
    }

    /// A measuring point finds a thing once in a moment, so that the moment tells it from all others.
    fn tell(&mut self, point: &MeasuringPoint, what: &str, at: Timestamp, command: &Command) {
        let MeasuringPoint { sensor, axis } = point;
        let key = format!("{}/{sensor}/{axis}/{what}/{}", self.motor_id, at.as_micros());
        let command = wish::<Motor>(self.motor_id, command, ACTOR, key, &Cause::default());
        self.commands.push(command);
    }
}
