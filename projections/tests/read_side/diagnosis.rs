//! What is wrong with a motor, over HTTP.

use std::collections::BTreeMap;

use domain::motor::{BeginFinding, EndFinding, MotorEvent};
use domain::vibration::{Axis, Evidence, Fault};
use ports::readings::{Reading, Readings, ReadingsCommit};
use serde_json::json;

use crate::make::{MOTOR, Story, at, point, registered};
use crate::site::Site;

fn began(fault: Fault, bearing: Option<&str>) -> MotorEvent {
    MotorEvent::FindingBegan(BeginFinding {
        point: point("DE"),
        fault,
        bearing: bearing.map(str::to_owned),
        confidence: 0.75,
        evidence: vec![Evidence { frequency_hz: 88.0, expected_hz: 88.4, ratio: 42.0 }],
        at: at(200.0),
    })
}

fn ended(fault: Fault) -> MotorEvent {
    MotorEvent::FindingEnded(EndFinding { point: point("DE"), fault, bearing: None, at: at(300.0) })
}

fn reading(sensor: &str, features: &[&str], quality: &[&str]) -> Reading {
    Reading {
        motor_id: MOTOR,
        sensor: sensor.to_owned(),
        axis: Axis::RadialH,
        at: at(400.0),
        features: features.iter().map(|name| ((*name).to_owned(), 1.0)).collect::<BTreeMap<_, _>>(),
        quality: quality.iter().map(|name| (*name).to_owned()).collect(),
        spectrum: None,
    }
}

#[tokio::test]
async fn the_findings_that_stand_are_told_with_their_lines() {
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(MOTOR, &began(Fault::Unbalance, None))
        .motor(MOTOR, &began(Fault::BearingOuterRace, Some("DE")))
        .motor(MOTOR, &ended(Fault::Unbalance));
    let site = Site::of(&story).await;
    let diagnosis = site.get(&format!("/v1/motors/{MOTOR}/diagnosis")).await.json();
    let expected = json!({ "findings": [{
        "fault": "bearing_outer_race",
        "sensor": "DE",
        "axis": "radial_h",
        "bearing": "DE",
        "since": at(200.0),
        "confidence": 0.75,
        "evidence": [{ "frequency_hz": 88.0, "expected_hz": 88.4, "ratio": 42.0 }],
    }]});
    assert_eq!(diagnosis, expected);
}

#[tokio::test]
async fn what_could_not_be_looked_for_is_said_with_the_reason() {
    let site = Site::of(&Story::default().motor(MOTOR, &registered("P-101"))).await;
    let whole = ["kurtosis", "acceleration_wideband_rms_m_s2", "speed_rpm"];
    let readings = vec![
        reading("a", &whole, &[]),
        reading("b", &whole[..2], &[]),
        reading("c", &whole, &["speed_drift"]),
        reading("d", &whole, &["clipped"]),
        reading("e", &["velocity_rms_mm_s"], &[]),
        reading("f", &[], &["too_short"]),
        reading("g", &["kurtosis", "speed_rpm"], &[]),
    ];
    site.readings.commit(ReadingsCommit { readings, ..ReadingsCommit::default() }).await.unwrap();
    let diagnosis = site.get(&format!("/v1/motors/{MOTOR}/diagnosis")).await.json();
    let gap = |sensor: &str, reason: &str| json!({ "sensor": sensor, "axis": "radial_h", "reason": reason });
    let expected = json!([
        gap("b", "speed_unknown"),
        gap("c", "speed_drift"),
        gap("d", "samples_unfit"),
        gap("e", "samples_needed"),
        gap("f", "too_short"),
        gap("g", "acceleration_needed"),
    ]);
    assert_eq!(diagnosis["not_assessable"], expected);
    assert_eq!(diagnosis["findings"], json!([]));
}

#[tokio::test]
async fn a_motor_that_there_is_not_has_no_diagnosis() {
    let site = Site::of(&Story::default().motor(MOTOR, &registered("P-101"))).await;
    let unknown = site.get("/v1/motors/018f0000-0000-7000-8000-00000000dead/diagnosis").await;
    assert_eq!(unknown.json()["status"], 404);
}

#[tokio::test]
async fn where_no_envelope_was_measured_it_is_said_what_it_needs() {
    let site = Site::of(&Story::default().motor(MOTOR, &registered("P-101"))).await;
    let states = vec![(MOTOR, r#"{"acknowledged":0,"points":[]}"#.to_owned())];
    site.readings.commit(ReadingsCommit { states, ..ReadingsCommit::default() }).await.unwrap();
    let (status, code) = site.get(&format!("/v1/motors/{MOTOR}/envelope")).await.problem();
    assert_eq!((status, code.as_str()), (404, "no_data"));
}
