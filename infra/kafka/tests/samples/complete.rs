//! When a feed has come to the end of the topic.

use std::time::Duration;

use futures::FutureExt;
use ports::clock::{Clock, Timestamp};
use ports::samples::{SampleFeed, SampleSource};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use uuid::Uuid;

use crate::cluster::SystemClock;
use crate::{Ends, SourceSettings, legacy, take};

/// Asks until it is known that everything was given until `wanted`.
async fn completed(feed: &mut dyn SampleFeed, wanted: Timestamp) {
    let asked = async {
        while feed.complete_until().await.unwrap() < Some(wanted) {
            assert!(feed.next(10).now_or_never().is_none(), "there are no samples");
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asked).await.expect("nothing waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_empty_partitions_is_complete() {
    let Some(ends) = Ends::fresh(3).await else { return };
    let mut feed = ends.open(None).await.unwrap();
    for _ in 0..2 {
        completed(&mut *feed, SystemClock.now()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_cluster_needs_keeps_no_feed_from_being_complete() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let mut config = ends.topic.kafka.producer_config();
    config.set("transactional.id", &ends.topic.name);
    let producer: FutureProducer = config.create().unwrap();
    let motor = Uuid::now_v7();
    let (key, value) = (motor.to_string(), legacy(motor, 1.0));
    let bound = Duration::from_secs(10);
    tokio::task::block_in_place(|| producer.init_transactions(bound)).unwrap();
    let mut feed = ends.open(None).await.unwrap();
    for committed in [true, false] {
        producer.begin_transaction().unwrap();
        let record = FutureRecord::to(&ends.topic.name).key(&key).payload(&value);
        producer.send(record, bound).await.unwrap();
        let end = || match committed {
            true => producer.commit_transaction(bound),
            false => producer.abort_transaction(bound),
        };
        tokio::task::block_in_place(end).unwrap();
        if committed {
            take(&mut *feed, 1).await;
        }
        completed(&mut *feed, SystemClock.now()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_no_longer_moves_although_more_is_there_says_so() {
    let settings = |mut settings: SourceSettings| {
        settings.stalled_ms_max = 300;
        settings
    };
    let Some(ends) = Ends::with(2, settings).await else { return };
    let motor = Uuid::now_v7();
    let mut feed = ends.open(None).await.unwrap();
    completed(&mut *feed, SystemClock.now()).await;
    ends.send(1, motor, &legacy(motor, 1.0)).await;
    // Whether the client has stopped or nobody takes what it has is the same, seen from here.
    let stalled = async {
        loop {
            match feed.complete_until().await {
                Ok(_) => tokio::task::yield_now().await,
                Err(stalled) => break stalled.chain(),
            }
        }
    };
    let stalled = tokio::time::timeout(Duration::from_secs(60), stalled).await.unwrap();
    assert!(stalled.contains("nothing comes of partition 1"), "{stalled}");
    take(&mut *feed, 1).await;
    completed(&mut *feed, SystemClock.now()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_has_not_come_to_the_end_of_one_partition_is_not_complete() {
    let Some(ends) = Ends::fresh(2).await else { return };
    let motors = [Uuid::now_v7(), Uuid::now_v7()];
    for (partition, motor) in (0..).zip(motors) {
        ends.send(partition, motor, &legacy(motor, 1.0)).await;
    }
    let both_sent = SystemClock.now();
    let mut feed = ends.open(None).await.unwrap();
    let first = feed.next(1).await.unwrap().samples.remove(0);
    for _ in 0..1_000 {
        let until = feed.complete_until().await.unwrap();
        assert!(until < Some(both_sent), "the sample beside {} waits", first.motor_id);
        tokio::task::yield_now().await;
    }
    take(&mut *feed, 1).await;
    completed(&mut *feed, both_sent).await;
}
