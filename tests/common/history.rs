//! A history as many motors and their pictures make it, written by the store's own writer: rows as commands leave them.

use std::sync::Arc;

use domain::aggregate::encode;
use domain::image::{ImageEvent, Submission, Variant};
use domain::motor::{
    AlarmLevel, Assessment, ClearAlarm, MeasuringPoint, MotorEvent, Nameplate, RaiseAlarm,
    SensorSeen,
};
use domain::time::Timestamp;
use domain::vibration::Axis;
use futures::{StreamExt, stream};
use ports::event::{Metadata, NewEvent};
use ports::event_store::{Append, EventStore};
use ports::stream::{StreamName, StreamVersion};
use serde_json::json;
use uuid::Uuid;

/// What each motor adds to the log in a round.
const EVENTS_PER_ROUND: u64 = 4;
/// In each round one of so many motors is photographed.
const MOTORS_PER_PICTURE: u64 = 4;
const EVENTS_PER_PICTURE: u64 = 5;
/// How many appends wait for the writer, which takes as many into one transaction.
const APPENDS_IN_FLIGHT: usize = 256;
/// The morning of 2026-01-01, as microseconds.
const BEGINNING_US: i64 = 1_767_250_800_000_000;
const ROUND_S: f64 = 3_600.0;

/// The history of a fleet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    pub(crate) motors: u64,
    pub(crate) rounds: u64,
}

impl History {
    /// At least so many events of so many motors.
    pub(crate) const fn of(events: u64, motors: u64) -> Self {
        let per_round =
            motors * EVENTS_PER_ROUND + motors / MOTORS_PER_PICTURE * EVENTS_PER_PICTURE;
        Self { motors, rounds: events.div_ceil(per_round) }
    }

    pub(crate) const fn events(self) -> u64 {
        self.motors * self.events_of_a_motor() + self.pictures() * EVENTS_PER_PICTURE
    }

    pub(crate) const fn events_of_a_motor(self) -> u64 {
        self.rounds * EVENTS_PER_ROUND
    }

    const fn pictures(self) -> u64 {
        self.motors / MOTORS_PER_PICTURE * self.rounds
    }

    /// The id of one of the motors.
    pub(crate) fn motor(self, number: u64) -> Uuid {
        Uuid::from_u64_pair(1, number % self.motors)
    }

    /// Writes all of it. Streams take turns, as they do when many motors run at a time.
    pub(crate) async fn write(self, store: &Arc<dyn EventStore>) {
        for round in 0..self.rounds {
            let motors = (0..self.motors).map(|motor| self.motor_append(round, motor));
            let photographed = 0..self.motors / MOTORS_PER_PICTURE;
            let pictures = photographed.map(|picture| self.picture_append(round, picture));
            let appends = stream::iter(motors.chain(pictures)).map(|append| store.append(append));
            let mut appends = appends.buffer_unordered(APPENDS_IN_FLIGHT);
            while let Some(appended) = appends.next().await {
                appended.expect("nobody else writes to these streams");
            }
        }
    }

    fn motor_append(self, round: u64, motor: u64) -> Append {
        let events = motor_events(round, motor).iter().map(encode).collect();
        let id = self.motor(motor);
        append(StreamName::new("motor", id), round * EVENTS_PER_ROUND, events)
    }

    fn picture_append(self, round: u64, picture: u64) -> Append {
        let events = picture_events(self.motor(picture * MOTORS_PER_PICTURE + round));
        let id = Uuid::from_u64_pair(2 + round, picture);
        append(StreamName::new("image", id), 0, events.iter().map(encode).collect())
    }
}

fn append(stream: StreamName, version: u64, events: Vec<NewEvent>) -> Append {
    let cause = Uuid::from_u64_pair(stream.id.as_u64_pair().1, version).to_string();
    let metadata = Metadata {
        command_id: Some(cause.clone()),
        correlation_id: Some(cause),
        actor: Some("vibration".to_owned()),
        ..Metadata::default()
    };
    Append { stream, expected: StreamVersion(version), events, metadata, key: None }
}

/// A day in the life of a motor: it begins, gets worse, is seen to, and gets better.
fn motor_events(round: u64, motor: u64) -> Vec<MotorEvent> {
    let at = Timestamp::from_micros(BEGINNING_US).plus_seconds(round as f64 * ROUND_S);
    let point = |sensor: &str| MeasuringPoint { sensor: sensor.to_owned(), axis: Axis::RadialH };
    let seen = |sensor| SensorSeen { point: point(sensor), at };
    let zone = |sensor, from, to, velocity_rms_mm_s| MotorEvent::ZoneChanged {
        point: point(sensor),
        from,
        to,
        velocity_rms_mm_s: Some(velocity_rms_mm_s),
        reason: None,
        standard: Some("ISO 20816-3:2022".to_owned()),
        at,
    };
    let (a, b, c) = (Assessment::A, Assessment::B, Assessment::C);
    match round {
        0 => vec![
            MotorEvent::Registered(nameplate(motor, round)),
            MotorEvent::SensorFound(seen("DE")),
            MotorEvent::SensorFound(seen("NDE")),
            zone("DE", None, a, 1.12),
        ],
        _ => match round % 4 {
            1 => vec![
                zone("NDE", None, b, 2.31),
                zone("DE", Some(a), b, 2.87),
                MotorEvent::Revised(nameplate(motor, round)),
                MotorEvent::Relocated { location: Some(format!("Hall {}", (motor + round) % 12)) },
            ],
            2 => vec![
                zone("DE", Some(b), c, 5.204),
                MotorEvent::AlarmRaised(RaiseAlarm {
                    point: point("DE"),
                    level: AlarmLevel::Alarm,
                    velocity_rms_mm_s: 5.204,
                    limit_mm_s: 4.5,
                    rule: None,
                    baseline_mm_s: None,
                    at,
                }),
                MotorEvent::AlarmAcknowledged {},
                zone("NDE", Some(b), c, 4.61),
            ],
            3 => vec![
                zone("DE", Some(c), b, 2.4),
                MotorEvent::AlarmCleared(ClearAlarm { point: point("DE"), at }),
                MotorEvent::SensorLost(seen("NDE")),
                MotorEvent::SensorFound(seen("NDE")),
            ],
            _ => vec![
                zone("DE", Some(b), a, 1.3),
                zone("NDE", Some(c), b, 2.2),
                MotorEvent::Revised(nameplate(motor, round)),
                zone("NDE", Some(b), a, 0.9),
            ],
        },
    }
}

fn nameplate(motor: u64, round: u64) -> Nameplate {
    let plate = json!({
        "name": format!("P-{motor:05}, overhaul {round}"),
        "rated_power_kw": 90.0,
        "rated_speed_rpm": 1480.0,
        "poles": 4,
        "bearings": [{ "position": "DE", "designation": "6316" }, { "position": "NDE", "designation": "6314" }],
        "location": format!("Hall {}", motor % 12),
    });
    serde_json::from_value(plate).expect("it is a nameplate")
}

fn picture_events(motor: Uuid) -> Vec<ImageEvent> {
    let sha256 = motor.simple().to_string().repeat(2);
    let variant = |side: u32| {
        let name = format!("{side}x{side}.jpg");
        let bytes = u64::from(side) * 190;
        ImageEvent::VariantProduced(Variant {
            name,
            width: side,
            height: side,
            bytes,
            sha256: sha256.clone(),
        })
    };
    vec![
        ImageEvent::Submitted(Submission {
            motor_id: Some(motor),
            priority: 0,
            format: "jpeg".to_owned(),
            width: 4_000,
            height: 3_000,
            bytes: 3_217_408,
            sha256: sha256.clone(),
            not_before: None,
        }),
        ImageEvent::ProcessingStarted { attempt: 1 },
        variant(1_024),
        variant(800),
        ImageEvent::Completed {},
    ]
}
