//! Faults that show and pass, from samples to the motor's own history.

use super::*;
use domain::motor::BeginFinding;
use domain::vibration::Fault;

const SPEED_RPM: f64 = 1_480.0;
/// BPFO of a 6205, in multiples of the shaft's speed.
const OUTER_RACE_ORDER: f64 = 3.584_8;

/// A motor with a 6205 at its drive end.
async fn rig() -> Rig {
    let mut rig = Rig::with_motors(0).await;
    let nameplate = serde_json::from_value(serde_json::json!({
        "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": SPEED_RPM,
        "bearings": [{ "position": "DE", "designation": "6205" }],
    }));
    rig.send(motor(1), Command::Register(nameplate.unwrap())).await;
    rig.fold().await;
    rig
}

/// Noise, with a ring of 800 Hz each time that an element passes the flaw.
fn knocking(at_s: f64, duration_s: f64, height: f64) -> SampleBlock {
    let period_s = 60.0 / (SPEED_RPM * OUTER_RACE_ORDER);
    let mut noise = 42_u64 + at_s as u64;
    let mut hiss = || {
        noise =
            noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (noise >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    let mut quiet = block(at_s, duration_s, 0.0);
    for (i, sample) in quiet.samples.iter_mut().enumerate() {
        let since_s = (at_s + i as f64 / RATE_HZ) % period_s;
        let ring = (-300.0 * since_s).exp() * (TAU * 800.0 * since_s).sin();
        *sample = (0.1 * hiss() + height * ring) as f32;
    }
    SampleBlock { speed_rpm: Some(SPEED_RPM), ..quiet }
}

fn begun(history: &[MotorEvent]) -> Vec<&BeginFinding> {
    let mut found = vec![];
    for event in history {
        if let MotorEvent::FindingBegan(begun) = event {
            found.push(begun);
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn a_knocking_bearing_is_a_finding_with_the_lines_that_speak_for_it() {
    let mut rig = rig().await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), knocking(0.0, 3.0, 0.5)).await;
    rig.settle().await;
    let history = rig.history(motor(1)).await;
    let [finding] = begun(&history)[..] else { panic!("{history:?}") };
    assert_eq!(finding.fault, Fault::BearingOuterRace);
    assert_eq!(finding.bearing.as_deref(), Some("DE"));
    assert_eq!(finding.at, start().plus_seconds(1.5), "two windows are enough");
    let expected_hz = OUTER_RACE_ORDER * SPEED_RPM / 60.0;
    let first = finding.evidence.iter().find(|line| line.expected_hz < 1.1 * expected_hz).unwrap();
    assert!((first.frequency_hz / expected_hz - 1.0).abs() < 0.02, "{first:?}");
    assert!(finding.evidence.len() >= 2 && first.ratio > 10.0, "{finding:?}");
}

#[tokio::test(start_paused = true)]
async fn a_repaired_bearing_is_no_finding_after_two_records_without_it() {
    let mut rig = rig().await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), knocking(0.0, 3.0, 0.5)).await;
    for burst in 1..=3 {
        rig.publish_block(motor(1), knocking(f64::from(burst) * 100.0, 9.0, 0.0)).await;
    }
    rig.settle().await;
    rig.wait_s(10).await;
    rig.settle().await;
    let happened = rig.happened(motor(1)).await;
    let count = |name: &str| happened.iter().filter(|event| *event == name).count();
    assert_eq!((count("finding_began"), count("finding_ended")), (1, 1), "{happened:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_speed_nothing_is_found_however_loud_it_knocks() {
    let mut rig = rig().await;
    let _running = (rig.assess(), rig.tell());
    let block = SampleBlock { speed_rpm: None, ..knocking(0.0, 5.0, 2.0) };
    rig.publish_block(motor(1), block).await;
    rig.settle().await;
    assert!(begun(&rig.history(motor(1)).await).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_orders_are_features_where_the_speed_is_known() {
    let mut rig = rig().await;
    let _running = rig.assess();
    let known = SampleBlock { speed_rpm: Some(1_500.0), ..block(0.0, 1.0, 2.0) };
    rig.publish_block(motor(1), known).await;
    rig.publish_block(motor(1), block(100.0, 1.0, 2.0)).await;
    rig.taken_all().await;
    let readings = rig.readings.of(motor(1));
    let [with, without] = readings.as_slice() else { panic!("{readings:?}") };
    assert!((with.features["velocity_1x_rms_mm_s"] - 2.0).abs() < 0.01, "{with:?}");
    assert!(with.features["velocity_2x_rms_mm_s"] < 0.01, "{with:?}");
    assert!(!without.features.contains_key("velocity_1x_rms_mm_s"));
}

/// The read side shows the envelope from here: names of these fields are a promise to it.
#[tokio::test(start_paused = true)]
async fn the_state_has_the_envelope_of_each_measuring_point() {
    let mut rig = rig().await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), knocking(0.0, 3.0, 0.5)).await;
    rig.settle().await;
    let states = rig.readings.states(&[motor(1)]).await.unwrap();
    let state: serde_json::Value = serde_json::from_str(&states[&motor(1)]).unwrap();
    let point = &state["points"][0];
    assert_eq!(point["point"], serde_json::json!({ "sensor": "DE", "axis": "radial_h" }));
    let watch: domain::vibration::Watch = serde_json::from_value(point["watch"].clone()).unwrap();
    let envelope = watch.envelope().unwrap();
    let lines = envelope.amplitudes.iter().enumerate().skip(3);
    let (highest, _) = lines.max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    let expected_hz = OUTER_RACE_ORDER * SPEED_RPM / 60.0;
    assert!((highest as f64 * envelope.resolution_hz - expected_hz).abs() < 1.0, "{highest}");
    assert_eq!(envelope.at, start().plus_seconds(3.0));
}
