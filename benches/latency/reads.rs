//! One document again and again, as a dashboard asks for it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::common::client::Request;
use crate::common::cluster::Cluster;
use crate::connection::Connection;
use crate::cpu;
use crate::photos;
use crate::times::Times;

const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(1);
const RUN: Duration = Duration::from_secs(6);

pub(crate) async fn run(cluster: &Cluster) {
    let motor = json!({ "name": "P-101", "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let made = cluster.commands().send(&Request::post("/v1/motors").json(&motor)).await.success();
    let position = made.number("position");
    let made = made.json();
    let motor = format!("/v1/motors/{}", made["motor_id"].as_str().expect("it has an id"));
    cluster.queries().get(&format!("{motor}?min_position={position}")).await.success();
    let image = photos::completed(&cluster.queries()).await;
    println!("one document over {CONNECTIONS} connections:");
    measure(cluster, &image).await;
    measure(cluster, &motor).await;
}

async fn measure(cluster: &Cluster, path: &str) {
    let pid = cluster.api.pid();
    ask_for(cluster, path, WARM_UP).await;
    let (before, began) = (cpu::seconds_of(pid), Instant::now());
    let (times, answers) = ask_for(cluster, path, RUN).await;
    let (used_s, took_s) = (cpu::seconds_of(pid) - before, began.elapsed().as_secs_f64());
    times.tell(path.rsplit_once('/').map_or(path, |(resource, _)| resource));
    let (per_second, per_thousand) = (answers / took_s, used_s / answers * 1e3);
    println!("  {per_second:.0} answers/s, {per_thousand:.4} s of CPU of the api for 1,000");
}

async fn ask_for(cluster: &Cluster, path: &str, run: Duration) -> (Times, f64) {
    let until = Instant::now() + run;
    let asking = (0..CONNECTIONS).map(async |_| {
        let mut connection = Connection::to(cluster.api.address(), path).await;
        let (mut times, mut answers) = (Times::default(), 0.0);
        while Instant::now() < until {
            let began = Instant::now();
            connection.ask().await;
            times.add(began.elapsed());
            answers += 1.0;
        }
        (times, answers)
    });
    let mut all = (Times::default(), 0.0);
    for (times, answers) in join_all(asking).await {
        all.0.extend(times);
        all.1 += answers;
    }
    all
}
