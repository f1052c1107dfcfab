//! Makes histories of motors and image tasks, with positions and versions as a log would give them.

use std::collections::HashMap;
use std::sync::Arc;

use domain::aggregate::encode;
use domain::image::{ImageEvent, Submission, Variant};
use domain::motor::{
    AlarmLevel, Assessment, Bearing, ClearAlarm, MeasuringPoint, MotorEvent, Nameplate, RaiseAlarm,
    SensorSeen,
};
use domain::notification::{Failure, Message, NotificationEvent};
use domain::time::Timestamp;
use domain::vibration::{Axis, Support};
use ports::event::{Metadata, NewEvent, RecordedEvent};
use ports::event_store::{Append, EventStore};
use ports::memory::{ManualClock, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use projections::projection::{FoldError, Projection};
use uuid::Uuid;

pub(crate) const MOTOR: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001);
pub(crate) const OTHER_MOTOR: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0002);
pub(crate) const TASK: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0101);

/// What happened, in the order of the log.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) versions: HashMap<StreamName, u64>,
}

impl Story {
    pub(crate) fn motor(self, id: Uuid, event: &MotorEvent) -> Self {
        self.then("motor", id, encode(event))
    }

    pub(crate) fn image(self, id: Uuid, event: &ImageEvent) -> Self {
        self.then("image", id, encode(event))
    }

    pub(crate) fn notification(self, id: Uuid, event: &NotificationEvent) -> Self {
        self.then("notification", id, encode(event))
    }

    pub(crate) fn then(mut self, category: &str, id: Uuid, event: NewEvent) -> Self {
        let stream = StreamName::new(category, id);
        let version = self.versions.entry(stream.clone()).or_default();
        *version += 1;
        let version = StreamVersion(*version);
        let position = GlobalPosition(self.events.len() as u64 + 1);
        self.events.push(recorded(position, stream, version, event));
        self
    }
}

fn recorded(
    position: GlobalPosition,
    stream: StreamName,
    version: StreamVersion,
    event: NewEvent,
) -> RecordedEvent {
    RecordedEvent {
        position,
        stream,
        version,
        event_type: event.event_type,
        schema_version: event.schema_version,
        data: event.data,
        metadata: Metadata { correlation_id: Some("c-1".to_owned()), ..Metadata::default() },
        recorded_at: at(position.0 as f64),
    }
}

/// The document that `P` makes of one stream's events.
pub(crate) fn told<P: Projection>(
    events: &[RecordedEvent],
) -> Result<Option<P::Document>, FoldError> {
    events.iter().try_fold(None, |document, event| P::evolve(document, event))
}

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(seconds)
}

pub(crate) fn nameplate(name: &str) -> Nameplate {
    Nameplate {
        name: name.to_owned(),
        rated_power_kw: 90.0,
        rated_speed_rpm: 1_480.0,
        line_frequency_hz: 50.0,
        poles: Some(4),
        machine_group: None,
        support: Support::default(),
        boundaries: None,
        bearings: vec![Bearing {
            position: "NDE".to_owned(),
            designation: Some("6205".to_owned()),
            rolling_elements: None,
            element_diameter_mm: None,
            pitch_diameter_mm: None,
            contact_angle_deg: None,
        }],
        location: Some("Hall 2".to_owned()),
    }
}

pub(crate) fn registered(name: &str) -> MotorEvent {
    MotorEvent::Registered(nameplate(name))
}

pub(crate) fn point(sensor: &str) -> MeasuringPoint {
    MeasuringPoint { sensor: sensor.to_owned(), axis: Axis::RadialH }
}

pub(crate) fn zone(sensor: &str, to: Assessment) -> MotorEvent {
    let reason = (to == Assessment::NotAssessable).then(|| "too_short".to_owned());
    MotorEvent::ZoneChanged {
        point: point(sensor),
        from: None,
        to,
        velocity_rms_mm_s: Some(2.0),
        reason,
        standard: None,
        at: at(100.0),
    }
}

pub(crate) fn alarm(sensor: &str, level: AlarmLevel) -> MotorEvent {
    let (velocity_rms_mm_s, limit_mm_s) = (6.0, 4.5);
    let (point, at) = (point(sensor), at(101.0));
    let (rule, baseline_mm_s) = (None, None);
    MotorEvent::AlarmRaised(RaiseAlarm {
        point,
        level,
        velocity_rms_mm_s,
        limit_mm_s,
        rule,
        baseline_mm_s,
        at,
    })
}

pub(crate) fn cleared(sensor: &str) -> MotorEvent {
    MotorEvent::AlarmCleared(ClearAlarm { point: point(sensor), at: at(102.0) })
}

pub(crate) fn lost(sensor: &str) -> MotorEvent {
    MotorEvent::SensorLost(SensorSeen { point: point(sensor), at: at(103.0) })
}

pub(crate) fn found(sensor: &str) -> MotorEvent {
    MotorEvent::SensorFound(SensorSeen { point: point(sensor), at: at(104.0) })
}

pub(crate) fn submitted() -> ImageEvent {
    ImageEvent::Submitted(Submission {
        motor_id: Some(MOTOR),
        priority: 0,
        not_before: None,
        format: "jpeg".to_owned(),
        width: 4_000,
        height: 3_000,
        bytes: 11,
        sha256: "0a".repeat(32),
    })
}

pub(crate) fn produced(name: &str) -> ImageEvent {
    let (name, sha256) = (name.to_owned(), "0b".repeat(32));
    ImageEvent::VariantProduced(Variant { name, width: 1_024, height: 768, bytes: 10, sha256 })
}

pub(crate) fn failed(retry_at: Option<Timestamp>) -> ImageEvent {
    let (code, detail) = ("timeout".to_owned(), "it took too long".to_owned());
    ImageEvent::AttemptFailed { attempt: 1, code, detail, retry_at }
}

pub(crate) fn announced(task_version: u64) -> NotificationEvent {
    NotificationEvent::Announced(Message {
        message_id: format!("image-7/{task_version}"),
        message_type: "image.completed".to_owned(),
        task_version,
        url: "https://hooks.example/".to_owned(),
        body: "{}".to_owned(),
    })
}

pub(crate) fn not_taken(task_version: u64, retry_at: Option<Timestamp>) -> NotificationEvent {
    NotificationEvent::AttemptFailed(Failure {
        message_id: format!("image-7/{task_version}"),
        attempt: 1,
        status: Some(503),
        reason: "the receiver answered 503".to_owned(),
        retry_at,
    })
}

/// Three hundred events of eight motors, a few pictures and whoever is told of them, interleaved, the same in every run.
pub(crate) fn busy_plant() -> Story {
    let motor = |i: u64| Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(i));
    let mut story = Story::default();
    for i in 0..8 {
        story = story.motor(motor(i), &registered(&format!("P-{i:03}")));
        story = story.image(motor(100 + i), &submitted());
        story = story.notification(motor(100 + i), &announced(4));
    }
    for step in 0..276_u64 {
        let id = motor(step * 7 % 8);
        let sensor = if step % 3 == 0 { "DE" } else { "NDE" };
        story = match step % 9 {
            0 => story.motor(id, &zone(sensor, Assessment::A)),
            1 => story.motor(id, &found(sensor)),
            2 => story.motor(id, &zone(sensor, Assessment::C)),
            3 => story.motor(id, &alarm(sensor, AlarmLevel::Alarm)),
            4 => story.motor(id, &MotorEvent::AlarmAcknowledged {}),
            5 => story.motor(id, &lost(sensor)),
            6 => story.motor(id, &cleared(sensor)),
            7 => story.motor(id, &zone(sensor, Assessment::NotAssessable)),
            8 if step % 2 == 0 => story.notification(motor(100 + step % 8), &not_taken(4, None)),
            _ => story.image(motor(100 + step % 8), &failed(Some(at(500.0)))),
        };
    }
    story
}

/// A log that holds the story, at the same positions.
pub(crate) async fn log_of(story: &Story) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new(Arc::new(ManualClock::default())));
    for event in &story.events {
        append(&log, event).await;
    }
    log
}

/// The same, each event recorded when the story has it.
pub(crate) async fn timed_log_of(story: &Story) -> Arc<MemoryLog> {
    let clock = Arc::new(ManualClock::default());
    let log = Arc::new(MemoryLog::new(clock.clone()));
    for event in &story.events {
        clock.set(event.recorded_at);
        append(&log, event).await;
    }
    log
}

pub(crate) async fn append(log: &MemoryLog, event: &RecordedEvent) {
    let RecordedEvent { event_type, schema_version, data, .. } = event.clone();
    let append = Append {
        stream: event.stream.clone(),
        expected: StreamVersion(event.version.0 - 1),
        events: vec![NewEvent { event_type, schema_version, data }],
        metadata: event.metadata.clone(),
        key: None,
    };
    log.append(append).await.expect("the story is in order");
}
