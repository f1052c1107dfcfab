//! Vibration that cannot be taken in.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::world::World;
use crate::common::client::Request;

/// A block as it should be.
fn block() -> Value {
    json!({
        "sensor": "DE",
        "axis": "radial_h",
        "unit": "m/s2",
        "sample_rate_hz": 12_800,
        "started_at": "2026-01-01T00:00:00Z",
        "samples": [0.1, -0.2, 0.3],
    })
}

#[tokio::test]
async fn a_block_with_a_fault_is_refused_and_the_fault_is_named() {
    let mut world = World::new().await;
    let path = format!("{}/vibration", world.motor);
    let future = Timestamp::now() + SignedDuration::from_hours(1);
    for (field, value, pointer) in [
        ("unit", json!("furlong/fortnight"), "/unit"),
        ("sample_rate_hz", json!(0), "/sample_rate_hz"),
        ("sample_rate_hz", json!(-12_800), "/sample_rate_hz"),
        ("started_at", json!(future.to_string()), "/started_at"),
        ("started_at", json!("yesterday"), "/started_at"),
        ("axis", json!("up"), "/axis"),
        ("sensor", json!("../DE"), "/sensor"),
        ("samples", json!([]), "/samples"),
        ("samples", json!([0.1, null]), "/samples/1"),
        ("samples", json!([0.1, "much"]), "/samples/1"),
        ("speed_rpm", json!(-1), "/speed_rpm"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut wrong = block();
        wrong[field] = value;
        let refused = world.send(Request::post(&path).json(&wrong)).await;
        refused.problem_at(422, "invalid", pointer);
    }
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_sample_that_is_no_number_is_refused_in_either_form() {
    let mut world = World::new().await;
    let path = format!("{}/vibration", world.motor);
    let text = block().to_string().replace("-0.2", "NaN");
    let refused = world.send(Request::post(&path).bytes("application/json", text)).await;
    refused.problem_at(400, "malformed", "/samples/1");
    let query = "sensor=DE&axis=x&unit=g&sample_rate_hz=12800&started_at=2026-01-01T00:00:00Z";
    let samples: Vec<u8> =
        [0.1, f32::NAN, f32::INFINITY].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let binary = |bytes: Vec<u8>| {
        Request::post(format!("{path}?{query}")).bytes("application/octet-stream", bytes)
    };
    let problem = world.send(binary(samples)).await.problem_at(422, "invalid", "/samples/1");
    assert_eq!(problem["errors"][1]["pointer"], "/samples/2", "every bad one is named: {problem}");
    world.send(binary(vec![0; 5])).await.problem_at(422, "invalid", "/samples");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn samples_of_no_motor_in_a_wrong_type_or_too_many_are_refused() {
    let mut world = World::new().await;
    let unknown = "/v1/motors/018f3c5e-0000-7000-8000-000000000000/vibration";
    world.send(Request::post(unknown).json(&block())).await.problem(404, "not_found");
    let path = format!("{}/vibration", world.motor);
    let text = Request::post(&path).bytes("text/csv", "0.1,0.2");
    world.send(text).await.problem(415, "unsupported_media_type");
    let large = Bytes::from(vec![b' '; 4 * 1024 * 1024 + 1]);
    let large = Request::post(&path).bytes("application/json", large);
    world.send(large).await.problem(413, "too_large");
    world.assert_unharmed().await;
}
