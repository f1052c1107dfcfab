//! From the answer to a command until a reader sees it.

use std::time::{Duration, Instant};

use infra_kafka::bare::{Kind, RoundTrip};
use infra_kafka::settings::KafkaSettings;
use serde_json::json;
use tokio::time::sleep;

use crate::common::client::{Client, Request};
use crate::common::cluster::Cluster;
use crate::times::Times;

const COMMANDS: u64 = 200;
/// These find connections closed and nothing prepared.
const WARM_UP: u64 = 20;
const ROUND_TRIPS: u64 = 200;
/// Between two commands, so that each meets an idle system; no multiple of anybody's poll interval.
const PAUSE_MS: u64 = 67;

pub(crate) async fn run(cluster: &Cluster, brokers: &str) {
    println!("from a command's answer until a reader sees it, and a record through Kafka alone:");
    commands(cluster, WARM_UP, seen_with_min_position).await;
    let waited = commands(cluster, COMMANDS, seen_with_min_position).await;
    let polled = commands(cluster, COMMANDS, seen_by_polling).await;
    waited.tell("accepted → GET with min_position");
    polled.tell("accepted → polled GET");
    for (kind, name) in [(Kind::Plain, "plain"), (Kind::Transactional, "transactional")] {
        let bare = round_trips(brokers, kind).await;
        bare.tell(&format!("Kafka alone, {name}"));
        let ratio = |share: f64| waited.at(share) / bare.at(share);
        println!(
            "  with min_position it is {:.1} times that (p50), {:.1} (p99)",
            ratio(0.5),
            ratio(0.99)
        );
    }
}

async fn commands(
    cluster: &Cluster,
    commands: u64,
    seen: impl AsyncFn(&Client, &str, u64),
) -> Times {
    let (ams, api) = (cluster.commands(), cluster.queries());
    let mut times = Times::default();
    for number in 0..commands {
        sleep(Duration::from_millis(PAUSE_MS)).await;
        let name = format!("P-{number}");
        let motor = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
        let accepted = ams.send(&Request::post("/v1/motors").json(&motor)).await.success();
        let accepted_at = Instant::now();
        let body = accepted.json();
        let path = format!("/v1/motors/{}", body["motor_id"].as_str().expect("it has an id"));
        seen(&api, &path, accepted.number("position")).await;
        times.add(accepted_at.elapsed());
    }
    times
}

async fn seen_with_min_position(api: &Client, path: &str, position: u64) {
    // One that was told to come again comes again: its waiting goes on.
    while api.get(&format!("{path}?min_position={position}")).await.status != 200 {}
}

async fn seen_by_polling(api: &Client, path: &str, _: u64) {
    while api.get(path).await.status != 200 {
        sleep(Duration::from_millis(1)).await;
    }
}

async fn round_trips(brokers: &str, kind: Kind) -> Times {
    let kafka = KafkaSettings::plaintext(brokers);
    let topic = services::fresh_name("round-trip");
    let opened = RoundTrip::open(&kafka, &topic, kind).await;
    let round_trip = opened.expect("the cluster answers");
    let mut times = Times::default();
    for _ in 0..ROUND_TRIPS {
        sleep(Duration::from_millis(PAUSE_MS)).await;
        times.add(round_trip.once().await.expect("the cluster answers"));
    }
    round_trip.close().await.expect("the cluster answers");
    times
}
