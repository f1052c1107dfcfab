//! Every event as it is stored. What stands here has been written into logs: a change needs a new schema version and
//! an upcaster, and the old form stays as a test.

use std::collections::BTreeSet;

use cqrs_es::DomainEvent;
use domain::aggregate::{Decide, decode, encode};
use domain::image::{Image, ImageEvent, Submission, Variant};
use domain::motor::{
    AlarmLevel, Assessment, Bearing, BeginDeparture, BeginFinding, ClearAlarm, EndDeparture,
    EndFinding, GiveVerdict, LearnBaseline, MeasuringPoint, Motor, MotorEvent, Nameplate,
    RaiseAlarm, Reprocessing, SensorSeen, Verdict,
};
use domain::notification::{
    Delivery, Failure, Message, Notification, NotificationEvent, Subscription,
};
use domain::time::Timestamp;
use domain::vibration::{
    Axis, Baseline, CustomBoundaries, Departure, Evidence, Fault, MachineGroup, Mounting, Regime,
    Rule, Support, ZoneEnds,
};
use uuid::Uuid;

const AT: i64 = 1_767_225_600_000_000;

fn at() -> Timestamp {
    Timestamp::from_micros(AT)
}

fn point() -> MeasuringPoint {
    MeasuringPoint { sensor: "DE".to_owned(), axis: Axis::RadialH }
}

fn nameplate() -> Nameplate {
    let geometry = Bearing {
        position: "DE".to_owned(),
        designation: None,
        rolling_elements: Some(9),
        element_diameter_mm: Some(7.94),
        pitch_diameter_mm: Some(39.04),
        contact_angle_deg: Some(0.0),
    };
    let named = Bearing {
        position: "NDE".to_owned(),
        designation: Some("6205".to_owned()),
        rolling_elements: None,
        element_diameter_mm: None,
        pitch_diameter_mm: None,
        contact_angle_deg: None,
    };
    Nameplate {
        name: "P-101".to_owned(),
        rated_power_kw: 90.0,
        rated_speed_rpm: 1480.0,
        line_frequency_hz: 50.0,
        poles: Some(4),
        machine_group: Some(MachineGroup::Group2),
        support: Support { horizontal: Mounting::Flexible, ..Support::uniform(Mounting::Rigid) },
        boundaries: Some(CustomBoundaries {
            velocity_mm_s: ZoneEnds { ab: 1.8, bc: 4.5, cd: 7.1 },
            displacement_um: Some(ZoneEnds { ab: 22.0, bc: 45.0, cd: 71.0 }),
        }),
        bearings: vec![geometry, named],
        location: Some("Hall 2".to_owned()),
    }
}

fn motor_events() -> Vec<MotorEvent> {
    vec![
        MotorEvent::Registered(nameplate()),
        MotorEvent::Revised(Nameplate {
            poles: None,
            machine_group: None,
            support: Support::default(),
            boundaries: None,
            bearings: vec![],
            location: None,
            ..nameplate()
        }),
        MotorEvent::Relocated { location: Some("Hall 3".to_owned()) },
        MotorEvent::Decommissioned {},
        MotorEvent::ZoneChanged {
            point: point(),
            from: None,
            to: Assessment::C,
            velocity_rms_mm_s: Some(3.5),
            reason: None,
            standard: Some("ISO 10816-3:2009".to_owned()),
            at: at(),
        },
        MotorEvent::AlarmRaised(RaiseAlarm {
            point: point(),
            level: AlarmLevel::Trip,
            velocity_rms_mm_s: 6.0,
            limit_mm_s: 5.625,
            rule: Some(Rule::Trip),
            baseline_mm_s: Some(0.9),
            at: at(),
        }),
        MotorEvent::AlarmAcknowledged {},
        MotorEvent::AlarmCleared(ClearAlarm { point: point(), at: at() }),
        MotorEvent::SensorLost(SensorSeen { point: point(), at: at() }),
        MotorEvent::SensorFound(SensorSeen { point: point(), at: at() }),
        MotorEvent::FindingBegan(BeginFinding {
            point: point(),
            fault: Fault::BearingOuterRace,
            bearing: Some("DE".to_owned()),
            confidence: 0.75,
            evidence: vec![Evidence { frequency_hz: 107.1, expected_hz: 107.36, ratio: 42.0 }],
            at: at(),
        }),
        MotorEvent::FindingEnded(EndFinding {
            point: point(),
            fault: Fault::Unbalance,
            bearing: None,
            at: at(),
        }),
        MotorEvent::BaselineLearned(LearnBaseline {
            point: point(),
            regime: Regime { speed_percent: Some(100), sample_rate_hz: Some(12_800) },
            baseline: Baseline {
                velocity_rms_mm_s: 0.9,
                spread_percent: 6.0,
                values: 30,
                is_final: false,
            },
            alarm_limit_mm_s: 1.6,
            at: at(),
        }),
        MotorEvent::BaselineReset {},
        MotorEvent::DepartureBegan(BeginDeparture {
            point: point(),
            departure: Departure::Fall,
            velocity_rms_mm_s: 0.1,
            baseline_mm_s: 0.9,
            limit_mm_s: 0.7,
            at: at(),
        }),
        MotorEvent::DepartureEnded(EndDeparture {
            point: point(),
            departure: Departure::Fall,
            at: at(),
        }),
        MotorEvent::VerdictGiven(GiveVerdict {
            run: Uuid::from_u128(9),
            verdict: Verdict::AlarmCleared(ClearAlarm { point: point(), at: at() }),
        }),
        MotorEvent::Reprocessed(Reprocessing {
            run: Uuid::from_u128(9),
            from: at(),
            to: at(),
            samples: 60,
            dropped: 1,
            left_out: 0,
            samples_sha256: "0".repeat(64),
            settings_sha256: "1".repeat(64),
            verdicts_sha256: "2".repeat(64),
        }),
    ]
}

/// One of each: the compiler asks for a new variant here, and the next test for an example of it.
const fn motor_kind(event: &MotorEvent) -> usize {
    match event {
        MotorEvent::Registered(_) => 0,
        MotorEvent::Revised(_) => 1,
        MotorEvent::Relocated { .. } => 2,
        MotorEvent::Decommissioned {} => 3,
        MotorEvent::ZoneChanged { .. } => 4,
        MotorEvent::AlarmRaised(_) => 5,
        MotorEvent::AlarmAcknowledged {} => 6,
        MotorEvent::AlarmCleared(_) => 7,
        MotorEvent::SensorLost(_) => 8,
        MotorEvent::SensorFound(_) => 9,
        MotorEvent::FindingBegan(_) => 10,
        MotorEvent::FindingEnded(_) => 11,
        MotorEvent::BaselineLearned(_) => 12,
        MotorEvent::BaselineReset {} => 13,
        MotorEvent::DepartureBegan(_) => 14,
        MotorEvent::DepartureEnded(_) => 15,
        MotorEvent::VerdictGiven(_) => 16,
        MotorEvent::Reprocessed(_) => 17,
    }
}

fn image_events() -> Vec<ImageEvent> {
    vec![
        ImageEvent::Submitted(Submission {
            motor_id: Some(Uuid::from_u128(7)),
            priority: 1,
            not_before: Some(at()),
            format: "jpeg".to_owned(),
            width: 4_000,
            height: 3_000,
            bytes: 2_000_000,
            sha256: "00".repeat(32),
        }),
        ImageEvent::ProcessingStarted { attempt: 1 },
        ImageEvent::VariantProduced(Variant {
            name: "1024x1024.jpg".to_owned(),
            width: 1_024,
            height: 768,
            bytes: 90_000,
            sha256: "11".repeat(32),
        }),
        ImageEvent::Completed {},
        ImageEvent::AttemptFailed {
            attempt: 1,
            code: "storage".to_owned(),
            detail: "the disk is full".to_owned(),
            retry_at: Some(at()),
        },
        ImageEvent::DeadLettered {
            attempts: 4,
            code: "storage".to_owned(),
            detail: "the disk is full".to_owned(),
        },
        ImageEvent::Cancelled {},
        ImageEvent::RetryRequested {},
        ImageEvent::Reused { task_id: Uuid::from_u128(8) },
        ImageEvent::Expired { variants: vec!["1024x1024.jpg".to_owned()] },
    ]
}

/// See [`motor_kind`].
const fn image_kind(event: &ImageEvent) -> usize {
    match event {
        ImageEvent::Submitted(_) => 0,
        ImageEvent::ProcessingStarted { .. } => 1,
        ImageEvent::VariantProduced(_) => 2,
        ImageEvent::Completed {} => 3,
        ImageEvent::AttemptFailed { .. } => 4,
        ImageEvent::DeadLettered { .. } => 5,
        ImageEvent::Cancelled {} => 6,
        ImageEvent::RetryRequested {} => 7,
        ImageEvent::Reused { .. } => 8,
        ImageEvent::Expired { .. } => 9,
    }
}

fn notification_events() -> Vec<NotificationEvent> {
    let message_id = || format!("image-{}/4", Uuid::from_u128(7));
    let url = || "https://hooks.example/atalaya".to_owned();
    vec![
        NotificationEvent::Subscribed(Subscription { url: url() }),
        NotificationEvent::Announced(Message {
            message_id: message_id(),
            message_type: "image.completed".to_owned(),
            task_version: 4,
            url: url(),
            body: r#"{"type":"image.completed"}"#.to_owned(),
        }),
        NotificationEvent::Delivered(Delivery {
            message_id: message_id(),
            attempt: 1,
            status: 204,
        }),
        NotificationEvent::AttemptFailed(Failure {
            message_id: message_id(),
            attempt: 1,
            status: Some(503),
            reason: "the receiver answered 503".to_owned(),
            retry_at: Some(at()),
        }),
        NotificationEvent::Parked { message_id: message_id(), attempts: 15 },
        NotificationEvent::ReplayRequested { message_id: message_id() },
    ]
}

/// See [`motor_kind`].
const fn notification_kind(event: &NotificationEvent) -> usize {
    match event {
        NotificationEvent::Subscribed(_) => 0,
        NotificationEvent::Announced(_) => 1,
        NotificationEvent::Delivered(_) => 2,
        NotificationEvent::AttemptFailed(_) => 3,
        NotificationEvent::Parked { .. } => 4,
        NotificationEvent::ReplayRequested { .. } => 5,
    }
}

/// What is stored can be read, and the type beside the data is the one within it.
fn assert_stored_as_told<A: Decide>(events: &[A::Event]) {
    for event in events {
        let stored = encode(event);
        let tagged = serde_json::to_value(event).expect("events are plain data");
        assert_eq!(tagged["type"], stored.event_type, "{event:?}");
        assert!(tagged["data"].is_object(), "{event:?}: fields could not be added later");
        let read = decode::<A>(&stored.event_type, stored.schema_version, &stored.data)
            .expect("what is stored can be read");
        assert_eq!(&read, event);
        assert_eq!(event.event_version(), stored.schema_version.to_string());
    }
}

#[test]
fn every_motor_event_is_stored_as_it_always_was() {
    let events = motor_events();
    let kinds: BTreeSet<_> = events.iter().map(motor_kind).collect();
    assert_eq!(kinds.len(), 18, "an event has no example");
    assert_stored_as_told::<Motor>(&events);
    insta::assert_json_snapshot!("motor", events);
}

#[test]
fn every_image_event_is_stored_as_it_always_was() {
    let events = image_events();
    let kinds: BTreeSet<_> = events.iter().map(image_kind).collect();
    assert_eq!(kinds.len(), 10, "an event has no example");
    assert_stored_as_told::<Image>(&events);
    insta::assert_json_snapshot!("image", events);
}

#[test]
fn every_notification_event_is_stored_as_it_always_was() {
    let events = notification_events();
    let kinds: BTreeSet<_> = events.iter().map(notification_kind).collect();
    assert_eq!(kinds.len(), 6, "an event has no example");
    assert_stored_as_told::<Notification>(&events);
    insta::assert_json_snapshot!("notification", events);
}

#[test]
fn what_was_stored_before_motors_had_boundaries_and_alarms_rules_is_read() {
    let read = |event_type, text: &str| {
        let data = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        decode::<Motor>(event_type, 1, &data).unwrap()
    };
    let plate = r#"{"name":"P-101","rated_power_kw":90.0,"rated_speed_rpm":1480.0,
        "line_frequency_hz":50.0,"support":"rigid"}"#;
    for event in [read("registered", plate), read("revised", plate)] {
        let (MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate)) = event else {
            panic!("{event:?}");
        };
        assert_eq!((nameplate.rated_power_kw, nameplate.boundaries), (90.0, None));
    }
    let alarm = r#"{"sensor":"DE","axis":"radial_h","level":"trip","velocity_rms_mm_s":6.0,
        "limit_mm_s":5.625,"at":"2026-01-01T00:00:00.000000Z"}"#;
    let MotorEvent::AlarmRaised(alarm) = read("alarm_raised", alarm) else { panic!("an alarm") };
    assert_eq!((alarm.limit_mm_s, alarm.rule, alarm.baseline_mm_s), (5.625, None, None));
}

#[test]
fn a_field_that_a_newer_release_has_added_does_not_stop_an_older_one() {
    let data = serde_json::value::RawValue::from_string(r#"{"attempt":2,"worker":"w7"}"#.into());
    let read = decode::<Image>("processing_started", 1, &data.unwrap()).unwrap();
    assert_eq!(read, ImageEvent::ProcessingStarted { attempt: 2 });
    let unknown = serde_json::value::RawValue::from_string("{}".into()).unwrap();
    assert!(decode::<Image>("photocopied", 1, &unknown).is_err(), "never taken for something else");
}
