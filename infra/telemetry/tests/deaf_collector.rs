//! A collector that takes connections and never answers: work goes on, and the end comes in bounded time.
#![cfg(feature = "otlp")]

#[path = "collector/follow_up.rs"]
mod follow_up;

use std::net::TcpListener;
use std::time::Duration;

use follow_up::World;
use infra_telemetry::{Identity, LogFormat, start};
use ports::event_log::EventLog;

/// More than fit into the queue, so that some have to be dropped.
const APPENDS: u64 = 10_000;
const PATIENCE_S: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_collector_that_does_not_answer() {
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = deaf.local_addr().expect("it is bound");
    let get = move |name: &str| {
        (name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").then(|| format!("http://{address}/any"))
    };
    let telemetry = start(LogFormat::Text, "off", &Identity::default(), &get);
    let world = World::new();
    let mut handled = 0;
    let work = async {
        for id in 1..=APPENDS {
            world.append("motor", u128::from(id), None).await;
        }
        handled = world.handle_all().await.len() as u64;
        tokio::task::spawn_blocking(|| telemetry.stop()).await.expect("it ends");
    };
    tokio::time::timeout(Duration::from_secs(PATIENCE_S), work).await.expect("nothing hangs");
    assert_eq!(world.log.head().await.expect("memory answers").0, APPENDS + handled);
    drop(deaf);
}
