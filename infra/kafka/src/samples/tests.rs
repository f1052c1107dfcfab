//! No bytes whatsoever bring the reader down.

use std::sync::Arc;

use async_trait::async_trait;
use domain::vibration::{Axis, SampleBlock, Unit};
use ports::PortError;
use ports::clock::Timestamp;
use ports::memory::ManualClock;
use ports::samples::Sample;
use proptest::prelude::*;
use rdkafka::Timestamp as RecordTime;
use rdkafka::message::OwnedMessage;
use uuid::Uuid;

use super::desk::Desk;
use super::feed::Trouble;
use super::wire::WriterSchema;
use super::{ParkRecord, SCHEMA, SampleSchemas, SourceSettings, wire};
use crate::registry::{Registry, RegistrySettings};

const MOTOR: &str = "018f3c5e-0000-7000-8000-000000000007";
const SCHEMA_ID: u32 = 7;
const NOW_MS: i64 = 1_767_225_600_000;

struct NoParking;

#[async_trait]
impl ParkRecord for NoParking {
    async fn park(&self, _: &OwnedMessage, _: &str) -> Result<(), PortError> {
        Ok(())
    }
}

fn desk() -> Desk {
    let nowhere = RegistrySettings { url: "http://127.0.0.1:1".to_owned(), login: None };
    let schemas = SampleSchemas::new(Arc::new(Registry::new(nowhere).unwrap()));
    schemas.teach(SCHEMA_ID, WriterSchema::parse(SCHEMA).unwrap());
    Desk {
        clock: Arc::<ManualClock>::default(),
        schemas: Arc::new(schemas),
        parking: Some(Arc::new(NoParking)),
        tally: Arc::default(),
        settings: SourceSettings::of("samples"),
    }
}

fn record(payload: Option<Vec<u8>>) -> OwnedMessage {
    let (key, time) = (Some(MOTOR.as_bytes().to_vec()), RecordTime::CreateTime(NOW_MS));
    OwnedMessage::new(payload, key, "samples".to_owned(), time, 0, 0, None)
}

fn avro(samples: Vec<f32>) -> Vec<u8> {
    let sample = Sample::Block(SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::StandardGravity,
        sample_rate_hz: 12_800.0,
        started_at: Timestamp::from_micros(NOW_MS * 1_000),
        speed_rpm: Some(1_480.0),
        samples,
    });
    let datum = wire::encode(Uuid::from_u128(7), &sample).unwrap();
    [&[0][..], &SCHEMA_ID.to_be_bytes(), &datum].concat()
}

/// One of each kind that is understood.
fn sound() -> Vec<Vec<u8>> {
    let json = [
        r#"{"MotorId":"MOTOR","Value":3.2,"Axis":"X","Medicion":"velocity"}"#,
        r#"{"motorId":"MOTOR","timestamp":1767225600,"x":0.1,"y":0.2,"z":0.3,"temperature":40,"rpm":1480}"#,
        r#"{"motor_id":"MOTOR","sensor":"DE","axis":"axial","unit":"g","sample_rate_hz":100,
            "started_at":"2026-01-01T00:00:00Z","samples":[1,2,3]}"#,
        r#"{"motor_id":"MOTOR","sensor":"DE","axis":"axial","unit":"g","sample_rate_hz":100,
            "started_at":"2026-01-01T00:00:00Z","samples_base64":"AACAPw=="}"#,
    ];
    let json = json.map(|json| json.replace("MOTOR", MOTOR).into_bytes());
    json.into_iter().chain([avro(vec![0.5, -0.5])]).collect()
}

#[test]
fn every_kind_is_told_apart_from_the_others() {
    let desk = desk();
    let samples = sound().into_iter().map(|bytes| desk.understand(&record(Some(bytes))).unwrap());
    assert_eq!(samples.map(|samples| samples.len()).collect::<Vec<_>>(), [1, 3, 1, 1, 1]);
    assert_eq!((desk.tally.record_times(), desk.tally.not_vibration()), (1, 1));
}

#[test]
fn samples_are_checked_against_the_rules_before_they_are_given() {
    let desk = desk();
    let negative =
        format!(r#"{{"MotorId":"{MOTOR}","Value":-3,"Axis":"X","Medicion":"velocity"}}"#);
    for bytes in [avro(vec![]), avro(vec![f32::NAN]), negative.into_bytes()] {
        let Trouble::Refused(refusal) = desk.understand(&record(Some(bytes))).unwrap_err() else {
            panic!("no schema is missing")
        };
        assert_eq!(refusal.name(), "invalid", "{refusal}");
    }
}

#[test]
fn an_empty_record_and_an_unknown_schema_are_told() {
    let desk = desk();
    for payload in [None, Some(Vec::new())] {
        let told = desk.understand(&record(payload)).unwrap_err();
        assert!(matches!(told, Trouble::Refused(refusal) if refusal.name() == "empty"));
    }
    let told = desk.understand(&record(Some(vec![0, 0, 0, 1, 2, 9]))).unwrap_err();
    assert!(matches!(told, Trouble::Schema(258)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Cut, overwritten, repeated: understood or refused, and never more than it can hold.
    #[test]
    fn a_damaged_record_is_understood_or_refused(
        kind in 0_usize..5,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
    ) {
        thread_local!(static DESK: Desk = desk());
        let mut bytes = sound().swap_remove(kind);
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        let held = bytes.len();
        if let Ok(samples) = DESK.with(|desk| desk.understand(&record(Some(bytes)))) {
            prop_assert!(samples.len() <= 3);
            for received in samples {
                if let Sample::Block(block) = received.sample {
                    prop_assert!(block.samples.len() <= held);
                }
            }
        }
    }

    #[test]
    fn any_bytes_at_all_are_understood_or_refused(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        as_ours in any::<bool>(),
    ) {
        thread_local!(static DESK: Desk = desk());
        if as_ours {
            bytes.splice(0..0, [0, 0, 0, 0, SCHEMA_ID as u8]);
        }
        let _ = DESK.with(|desk| desk.understand(&record(Some(bytes))).is_ok());
    }
}
