//! The live feed over a real cluster.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/bench.rs"]
mod bench;
#[path = "common/cluster.rs"]
mod cluster;

use std::sync::Arc;
use std::time::Duration;

use bench::{Bench, Copy, Fate, PARTITIONS, take};
use cluster::Topic;
use futures::future::join_all;
use infra_kafka::live::{Source, TailReaderSettings, TailSettings};
use infra_kafka::settings::KafkaSettings;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use ports::subscription::Subscription;
use rdkafka::mocking::MockCluster;
use tokio::time::timeout;

/// Longer than what comes late on a busy machine, short enough to wait for.
const HOLE_WAIT_MS: u64 = 2_000;

/// What comes is what Kafka brings; the log is for what it does not.
fn kafka_first() -> TailReaderSettings {
    TailReaderSettings { ahead_events_per_second_max: 0, ..TailReaderSettings::default() }
}

fn patient() -> TailReaderSettings {
    TailReaderSettings { hole_wait_ms: 60_000, ..kafka_first() }
}

fn impatient() -> TailReaderSettings {
    TailReaderSettings { hole_wait_ms: HOLE_WAIT_MS, ..kafka_first() }
}

/// Nobody gives up on Kafka in these tests.
fn faithful() -> TailSettings {
    TailSettings { silence_ms_max: 60_000, ..TailSettings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_once_and_in_order_while_it_is_published() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Arc::new(Bench::on(topic.kafka.clone(), &topic.name, faithful()));
    bench.append(300).await;
    bench.publish(0, |_| Fate::Sent).await;
    let reader = bench.read(patient()).await;
    bench.begun().await;
    let (from_the_start, other) = (bench.subscribe().await, bench.subscribe().await);
    let follow = |mut subscription: Box<dyn Subscription>| {
        tokio::spawn(async move { take(&mut *subscription, 0, 2_300).await })
    };
    let followers = [follow(from_the_start), follow(other)];
    for round in 0..20 {
        bench.append(100).await;
        bench.publish(300 + round * 100, |_| Fate::Sent).await;
    }
    for follower in followers {
        let versions: Vec<_> = follower.await.unwrap().into_iter().map(|it| it.id()).collect();
        let expected: Vec<_> = bench.events_after(0).await.iter().map(RecordedEvent::id).collect();
        assert_eq!(versions, expected);
    }
    let status = bench.tail.status();
    assert_eq!((status.holes, status.referred, status.duplicates), (0, 0, 0), "{status:?}");
    assert_eq!((status.source, status.last_error), (Source::Kafka, None));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_on_the_way_comes_from_the_log() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Bench::on(topic.kafka.clone(), &topic.name, faithful());
    let reader = bench.read(impatient()).await;
    bench.begun().await;
    bench.append(1_000).await;
    let fate = |position: u64| match position % 50 {
        7 => Fate::Never,
        11 => Fate::Twice,
        13 | 14 => Fate::Garbled,
        17 => Fate::Headless,
        23 => Fate::Referred,
        _ => Fate::Sent,
    };
    bench.publish(0, fate).await;
    take(&mut *bench.subscribe().await, 0, 1_000).await;
    let status = bench.tail.status();
    assert_eq!((status.holes, status.referred, status.duplicates), (40, 60, 20), "{status:?}");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_events_come_from_the_log_at_once_and_kafka_brings_nothing_new_then() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Bench::on(topic.kafka.clone(), &topic.name, faithful());
    let patient = TailReaderSettings { hole_wait_ms: 60_000, ..TailReaderSettings::default() };
    let reader = bench.read(patient).await;
    bench.begun().await;
    let mut subscription = bench.subscribe().await;
    bench.append(30).await;
    // Nothing is on the topic, and nobody would give up on it within a minute.
    take(&mut *subscription, 0, 30).await;
    bench.publish(0, |position| if position == 7 { Fate::Referred } else { Fate::Sent }).await;
    bench.append(1).await;
    bench.publish(30, |_| Fate::Twice).await;
    take(&mut *subscription, 30, 31).await;
    // The second copy of the last one tells that all others were taken in.
    while bench.tail.status().duplicates == 0 {
        tokio::task::yield_now().await;
    }
    let status = bench.tail.status();
    assert_eq!((status.holes, status.referred, status.duplicates), (0, 0, 1), "{status:?}");
    assert_eq!((status.source, status.last_error), (Source::Kafka, None));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_from_the_log_and_never_comes_is_counted() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Bench::on(topic.kafka.clone(), &topic.name, faithful());
    let settings =
        TailReaderSettings { hole_wait_ms: HOLE_WAIT_MS, ..TailReaderSettings::default() };
    let reader = bench.read(settings).await;
    bench.begun().await;
    bench.append(10).await;
    take(&mut *bench.subscribe().await, 0, 10).await;
    let fate = |position: u64| if position == 4 { Fate::Never } else { Fate::Sent };
    bench.publish(0, fate).await;
    // Each further event makes the reader look again.
    while bench.tail.status().holes == 0 {
        let GlobalPosition(head) = bench.log.head().await.unwrap();
        bench.append(1).await;
        bench.publish(head, |_| Fate::Sent).await;
    }
    assert_eq!(bench.tail.status().holes, 1);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_runs_ahead_is_held_back_and_nothing_is_taken_for_lost() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Bench::on(topic.kafka.clone(), &topic.name, faithful());
    let reader = bench.read(TailReaderSettings { waiting_events_max: 10, ..patient() }).await;
    bench.begun().await;
    bench.append(700).await;
    // One partition after the other, although their positions interleave.
    let events = bench.events_after(0).await;
    for partition in 0..PARTITIONS {
        let records = events.iter().map(|event| bench.record(event, Fate::Sent));
        let own: Vec<_> = records.filter(|record| record.partition == partition).collect();
        let send = |copy: &Copy| bench.producer.send_result(copy.as_record(&bench.topic)).unwrap();
        join_all(own.iter().map(send)).await;
    }
    take(&mut *bench.subscribe().await, 0, 700).await;
    let status = bench.tail.status();
    assert_eq!((status.holes, status.duplicates), (0, 0), "{status:?}");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_starts_again_leaves_nothing_out() {
    let Some(topic) = Topic::fresh(PARTITIONS).await else { return };
    let bench = Bench::on(topic.kafka.clone(), &topic.name, faithful());
    let mut subscription = bench.subscribe().await;
    for round in 0..4 {
        let reader = bench.read(patient()).await;
        bench.begun().await;
        bench.append(50).await;
        bench.publish(round * 100, |_| Fate::Sent).await;
        take(&mut *subscription, (round * 100).saturating_sub(50), round * 100 + 50).await;
        reader.stop().await;
        bench.append(50).await;
        bench.publish(round * 100 + 50, |_| Fate::Sent).await;
    }
    let reader = bench.read(patient()).await;
    take(&mut *subscription, 350, 400).await;
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_topic_it_follows_the_log_and_says_why() {
    let Some(brokers) = services::kafka() else { return };
    let settings = TailSettings { silence_ms_max: 50, ..TailSettings::default() };
    let kafka = KafkaSettings::plaintext(brokers);
    let bench = Bench::on(kafka, &services::fresh_name("absent"), settings);
    let reader = bench.read(patient()).await;
    let mut subscription = bench.subscribe().await;
    bench.append(10).await;
    take(&mut *subscription, 0, 10).await;
    let told = async {
        while bench.tail.status().last_error.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), told).await.expect("the failure is told");
    assert_eq!(bench.tail.status().source, Source::Log);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_brokers_are_down_the_log_is_followed_and_kafka_again_afterwards() {
    let brokers = MockCluster::new(1).unwrap();
    brokers.create_topic("events", PARTITIONS, 1).unwrap();
    let settings = TailSettings { silence_ms_max: 200, head_poll_ms: 50, ..Default::default() };
    let kafka = KafkaSettings::plaintext(brokers.bootstrap_servers());
    let bench = Bench::on(kafka, "events", settings);
    let reader = bench.read(patient()).await;
    bench.begun().await;
    let mut subscription = bench.subscribe().await;
    bench.append(50).await;
    bench.publish(0, |_| Fate::Sent).await;
    take(&mut *subscription, 0, 50).await;
    brokers.broker_down(1).unwrap();
    bench.append(50).await;
    take(&mut *subscription, 50, 100).await;
    assert_eq!(bench.tail.status().source, Source::Log);
    brokers.broker_up(1).unwrap();
    bench.publish(50, |_| Fate::Sent).await;
    let caught_up = bench.tail.reached(GlobalPosition(100));
    timeout(Duration::from_secs(60), caught_up).await.expect("Kafka is back");
    bench.append(50).await;
    bench.publish(100, |_| Fate::Sent).await;
    take(&mut *subscription, 100, 150).await;
    let status = bench.tail.status();
    assert_eq!((status.source, status.holes), (Source::Kafka, 0), "{status:?}");
    reader.stop().await;
}
