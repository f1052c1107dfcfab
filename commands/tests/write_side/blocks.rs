//! Vibration samples over HTTP.

use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use commands::http::BLOCK_BODY_BYTES_MAX;
use domain::time::Timestamp;
use domain::vibration::block::SAMPLES_MAX;
use domain::vibration::{Axis, Statistic, Unit};
use insta::assert_snapshot;
use ports::command_bus::CommandBus;
use ports::samples::{Sample, SampleSource};
use serde_json::{Value, json};
use tokio::time;

use crate::client::{Answer, Call, call, post, registered};
use crate::world::{Counted, MOTOR, World, decommission, register};

fn block() -> Value {
    json!({
        "sensor": "DE", "axis": "radial_h", "unit": "m/s2", "sample_rate_hz": 12_800,
        "started_at": "2026-01-01T00:00:00Z", "speed_rpm": 1480, "samples": [0.25, -1, 0.5],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut block = block();
    block[name] = value;
    block
}

fn without(name: &str) -> Value {
    let mut block = block();
    block.as_object_mut().expect("an object").remove(name);
    block
}

const QUERY: &str =
    "?sensor=DE&axis=radial_h&unit=m/s2&sample_rate_hz=12800&started_at=2026-01-01T00:00:00Z";

fn numbers(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// A motor in service, and its address for samples.
async fn address(router: &Router) -> String {
    format!("/v1/motors/{}/vibration", registered(router).await)
}

fn binary(router: &Router, path: &str, query: &str, bytes: Vec<u8>) -> Call {
    let call = post(router, &format!("{path}{query}"));
    call.header("content-type", "application/octet-stream").body(bytes)
}

async fn received(world: &World) -> Vec<Sample> {
    let mut feed = world.samples.open(None).await.expect("memory does not fail");
    let batch = feed.next(100).await.expect("memory does not fail");
    batch.samples.into_iter().map(|received| received.sample).collect()
}

async fn refusal(body: &Value) -> Answer {
    let router = World::new().router();
    post(&router, &address(&router).await).json(body).send().await
}

#[tokio::test]
async fn a_block_is_put_down_as_it_was_sent() {
    let world = World::new();
    let router = world.router();
    let path = address(&router).await;
    let answer = post(&router, &path).json(&block()).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.body, json!({ "accepted": true, "samples": 3 }));
    let packed = BASE64_STANDARD.encode(numbers(&[0.25, -1.0, 0.5]));
    let mut in_base64 = without("samples");
    in_base64["samples_base64"] = json!(packed);
    let answer = post(&router, &path).json(&in_base64).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let query = format!("{QUERY}&speed_rpm=1480");
    let answer = binary(&router, &path, &query, numbers(&[0.25, -1.0, 0.5])).send().await;
    assert_eq!(answer.body, json!({ "accepted": true, "samples": 3 }));
    let samples = received(&world).await;
    let [Sample::Block(block), second, third] = &samples[..] else { panic!("{samples:?}") };
    assert_eq!((&samples[0], &samples[0]), (second, third));
    assert_eq!((block.sensor.as_str(), block.axis), ("DE", Axis::RadialH));
    assert_eq!((block.unit, block.sample_rate_hz), (Unit::MetrePerSecondSquared, 12_800.0));
    assert_eq!(block.started_at, Timestamp::from_micros(1_767_225_600_000_000));
    assert_eq!((block.speed_rpm, block.samples.as_slice()), (Some(1480.0), &[0.25, -1.0, 0.5][..]));
}

#[tokio::test]
async fn one_value_with_a_statistic_is_a_measurement() {
    let world = World::new();
    let router = world.router();
    let path = address(&router).await;
    let mut value = without("sample_rate_hz");
    value["unit"] = json!("mm/s");
    value["statistic"] = json!("rms");
    value["samples"] = json!([2.3]);
    let answer = post(&router, &path).json(&value).send().await;
    assert_eq!(answer.body, json!({ "accepted": true, "samples": 1 }));
    let query = QUERY.replace("&sample_rate_hz=12800", "&statistic=rms");
    binary(&router, &path, &query, numbers(&[2.5])).send().await;
    let samples = received(&world).await;
    let [Sample::Measurement(one), Sample::Measurement(other)] = &samples[..] else {
        panic!("{samples:?}")
    };
    assert_eq!((one.statistic, one.value), (Statistic::Rms, 2.3), "with all its digits");
    assert_eq!(other.value, 2.5);
    value["samples"] = json!([2.3, 2.4]);
    let answer = post(&router, &path).json(&value).send().await;
    assert_snapshot!("two_values", answer.problem());
}

#[tokio::test]
async fn every_bad_sample_is_named() {
    let answer = refusal(&with("samples", json!([1, null, 2, 1e300, null]))).await;
    assert_snapshot!(answer.problem());
    let router = World::new().router();
    let path = address(&router).await;
    let answer = binary(&router, &path, QUERY, numbers(&[1.0, f32::NAN])).send().await;
    assert_eq!(answer.pointers(), ["/samples/1"]);
}

#[tokio::test]
async fn a_nan_in_json_is_named() {
    let router = World::new().router();
    let path = address(&router).await;
    let text = block().to_string().replace("[0.25,-1,0.5]", "[0.25,NaN,0.5]");
    assert!(text.contains("NaN"));
    let call = post(&router, &path).header("content-type", "application/json");
    assert_snapshot!(call.body(text).send().await.problem());
}

#[tokio::test]
async fn every_fault_of_a_block_is_named_at_once() {
    let mut body = with("sensor", json!("drive end"));
    body["sample_rate_hz"] = json!(0);
    body["started_at"] = json!("2026-01-01T00:05:01Z");
    let answer = refusal(&body).await;
    assert_eq!(answer.pointers(), ["/sensor", "/started_at", "/sample_rate_hz"]);
}

#[tokio::test]
async fn faults_of_form_are_named_by_pointer() {
    for (body, pointer) in [
        (with("axis", json!("radial")), "/axis"),
        (with("unit", json!("m/s^2")), "/unit"),
        (with("started_at", json!("yesterday")), "/started_at"),
        (with("samples", json!([1, "2"])), "/samples/1"),
        (with("samples", json!("AAAA")), "/samples"),
        (with("samples", json!([])), "/samples"),
        (with("colour", json!("red")), "/colour"),
        (without("sensor"), "/sensor"),
        (without("sample_rate_hz"), "/sample_rate_hz"),
        (without("samples"), "/samples"),
        (with("samples_base64", json!("AAAAAA==")), "/samples"),
        (with("statistic", json!("peak")), "/statistic"),
    ] {
        let answer = refusal(&body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
        assert_eq!(answer.pointers(), [pointer], "{answer:?}");
    }
    for text in ["AAA", "AAAA", "*"] {
        let mut body = without("samples");
        body["samples_base64"] = json!(text);
        assert_eq!(refusal(&body).await.pointers(), ["/samples_base64"], "{text}");
    }
}

#[tokio::test]
async fn faults_of_the_query_are_named_all_at_once() {
    let router = World::new().router();
    let path = address(&router).await;
    let query = "?axis=up&unit=g&started_at=now&statistic=peak&colour=red";
    let answer = binary(&router, &path, query, numbers(&[1.0])).send().await;
    assert_snapshot!(answer.problem());
    let answer = binary(&router, &path, QUERY, vec![0; 7]).send().await;
    assert_eq!(answer.pointers(), ["/samples"]);
}

#[tokio::test]
async fn a_million_samples_pass_as_plain_numbers() {
    let router = World::new().router();
    let path = address(&router).await;
    let answer = binary(&router, &path, QUERY, vec![0; SAMPLES_MAX * 4]).send().await;
    assert_eq!(answer.body, json!({ "accepted": true, "samples": SAMPLES_MAX }));
    let answer = binary(&router, &path, QUERY, vec![0; SAMPLES_MAX * 4 + 4]).send().await;
    assert_eq!(answer.pointers(), ["/samples"]);
    let answer = binary(&router, &path, QUERY, vec![0; BLOCK_BODY_BYTES_MAX + 4]).send().await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Two bytes each, so that more than a million fit into the body: they are counted, not kept.
    let text =
        block().to_string().replace("0.25,-1,0.5", &"1,".repeat(1_500_000)).replace(",]", "]");
    let call = post(&router, &path).header("content-type", "application/json").body(text);
    assert_eq!(call.send().await.pointers(), ["/samples"]);
}

#[tokio::test]
async fn samples_come_as_json_or_as_plain_numbers() {
    let router = World::new().router();
    let call = post(&router, &address(&router).await).header("content-type", "text/csv");
    assert_snapshot!(call.body("1,2,3").send().await.problem());
}

#[tokio::test]
async fn samples_of_no_motor_are_refused() {
    let world = World::new();
    let router = world.router();
    let path = format!("/v1/motors/{MOTOR}/vibration");
    assert_snapshot!("unknown", post(&router, &path).json(&block()).send().await.problem());
    let answer = post(&router, "/v1/motors/%2e%2e/vibration").json(&block()).send().await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    world.commands.send(register(MOTOR)).await.unwrap();
    assert_eq!(post(&router, &path).json(&block()).send().await.status, StatusCode::ACCEPTED);
    call(&router, Method::DELETE, &format!("/v1/motors/{MOTOR}")).send().await;
    assert_snapshot!("decommissioned", post(&router, &path).json(&block()).send().await.problem());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_did_to_a_motor_is_noticed_soon() {
    let world = World::new();
    let store = Counted::over(world.log.clone());
    let router = world.router_over(world.over(store.clone()));
    world.commands.send(register(MOTOR)).await.unwrap();
    let path = format!("/v1/motors/{MOTOR}/vibration");
    let send = async || post(&router, &path).json(&block()).send().await.status;
    assert_eq!(send().await, StatusCode::ACCEPTED);
    let reads = store.reads();
    for _ in 0..100 {
        assert_eq!(send().await, StatusCode::ACCEPTED);
    }
    assert_eq!(store.reads(), reads, "a motor in service costs no read per block");
    world.commands.send(decommission(MOTOR)).await.unwrap();
    time::advance(Duration::from_millis(2_000)).await;
    assert_eq!(send().await, StatusCode::CONFLICT);
}
