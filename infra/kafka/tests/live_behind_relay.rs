//! From the log by the relay to subscriptions: what they see is the log.

#[path = "support/cluster.rs"]
mod cluster;

use std::sync::Arc;

use cluster::{Cluster, PATIENCE, Running, assert_same, event, motor};
use infra_kafka::headers::RecordDecoder;
use infra_kafka::live::{
    LiveSubscriptions, Source, Tail, TailReader, TailReaderSettings, TailSettings,
};
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use ports::subscription::{Subscription, Subscriptions};
use tokio::sync::watch;
use tokio::time::timeout;

/// More than a topic takes as one record.
const OVERSIZE_BYTES: usize = 2 * 1_024 * 1_024;

async fn take(subscription: &mut dyn Subscription, count: usize) -> Vec<RecordedEvent> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let delivery = timeout(PATIENCE, subscription.next(64)).await.expect("more is to come");
        taken.extend(delivery.expect("log and tail are there").events);
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn what_subscriptions_see_is_the_log_while_relays_come_and_go() {
    let Some(cluster) = Cluster::fresh().await else { return };
    // Nobody gives up on Kafka here, so that every event has to come that way.
    let patient = TailSettings { silence_ms_max: 60_000, ..TailSettings::default() };
    let tail = Tail::new(patient);
    let log: Arc<dyn EventLog> = cluster.log.clone();
    let reader = TailReader::new(
        cluster.kafka.clone(),
        ["motor", "image"].map(|category| cluster.topics.events_of(category)).to_vec(),
        Arc::new(RecordDecoder::new(Arc::clone(&cluster.registry))),
        Arc::clone(&log),
        Arc::clone(&tail),
        TailReaderSettings {
            hole_wait_ms: 30_000,
            ahead_events_per_second_max: 0,
            ..TailReaderSettings::default()
        },
    );
    let (drain, draining) = watch::channel(false);
    let reading = tokio::spawn(reader.run(draining));
    timeout(PATIENCE, tail.reached(GlobalPosition(0))).await.expect("the reader begins");

    let subscriptions = LiveSubscriptions::new(log, Arc::clone(&tail));
    let mut one = subscriptions.open("one", &[], None).await.expect("it opens");
    let following = tokio::spawn(async move { take(&mut *one, 1_201).await });
    for round in 0..4 {
        let relay = Running::start(cluster.relay());
        cluster.append_alternating(10, round * 30, 30).await;
        relay.drain().await;
    }
    let relay = Running::start(cluster.relay());
    let large = "x".repeat(OVERSIZE_BYTES);
    let large = event("relocated", &serde_json::json!({ "location": large }));
    cluster.append(&motor(77), 0, vec![large]).await;

    let seen = following.await.expect("it sees all");
    let logged = cluster.logged().await;
    assert_eq!(seen.len(), logged.len());
    for (seen, logged) in seen.iter().zip(&logged) {
        assert_same(seen, logged);
    }
    let status = tail.status();
    assert_eq!((status.holes, status.duplicates, status.referred), (0, 0, 1), "{status:?}");
    assert_eq!((status.source, status.last_error), (Source::Kafka, None));
    relay.drain().await;
    drain.send_replace(true);
    reading.await.expect("it drains");
}
