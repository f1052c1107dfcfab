//! Until when a feed has given everything.

use domain::time::Timestamp;
use futures::FutureExt;
use tokio::task::yield_now;
use uuid::Uuid;

use super::{BothEnds, end, publish};
use crate::contract::{beside, fresh_id, in_time};
use crate::samples::SampleFeed;

/// How often a feed is asked that may have to ask somebody else.
const ASKED_TIMES: usize = 50;

pub async fn a_feed_that_gave_all_is_complete(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let mut feed = ends.source().open(Some(&end(ends).await)).await.unwrap();
    publish(ends, motor, 0..3).await;
    let received_at = take_received(&mut *feed, motor, 3).await;
    let newest = received_at.into_iter().max();
    // Others publish meanwhile, and are in the way for as long as they are not read.
    in_time(async {
        while feed.complete_until().await.unwrap() < newest {
            let _others = feed.next(100).now_or_never();
            yield_now().await;
        }
    })
    .await;
}

pub async fn what_waits_is_not_complete(ends: &dyn BothEnds) {
    let motors: Vec<_> = (0..6).map(|_| fresh_id()).collect();
    for motor in &motors {
        publish(ends, *motor, 0..5).await;
    }
    let mut feed = ends.source().open(None).await.unwrap();
    let mut told = None;
    for own in 0..30 {
        told = told.max(most_complete(&mut *feed).await);
        let mut received = None;
        while received.is_none() {
            let batch = in_time(feed.next(1)).await.unwrap();
            received = batch.samples.into_iter().find(|it| motors.contains(&it.motor_id));
        }
        let received_at = received.map(|received| received.received_at);
        assert!(
            told <= received_at,
            "sample {own} came in {received_at:?}, complete until {told:?}"
        );
    }
}

pub async fn what_comes_in_meanwhile_is_not_complete(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let mut feed = ends.source().open(Some(&end(ends).await)).await.unwrap();
    let read = async {
        let (mut own, mut told) = (0, None);
        while own < 100 {
            let batch = in_time(feed.next(2)).await.unwrap();
            for received in batch.samples.iter().filter(|it| it.motor_id == motor) {
                let received_at = Some(received.received_at);
                assert!(told <= received_at, "came in {received_at:?}, complete until {told:?}");
                own += 1;
            }
            told = told.max(feed.complete_until().await.unwrap());
        }
    };
    beside(read, publish(ends, motor, 0..100)).await;
}

/// The most that a feed says while nothing is taken from it.
async fn most_complete(feed: &mut dyn SampleFeed) -> Option<Timestamp> {
    let mut told = None;
    for _ in 0..ASKED_TIMES {
        told = told.max(feed.complete_until().await.unwrap());
        yield_now().await;
    }
    told
}

/// When each of the next `count` samples of a motor came in.
async fn take_received(feed: &mut dyn SampleFeed, motor: Uuid, count: usize) -> Vec<Timestamp> {
    let mut times = Vec::new();
    while times.len() < count {
        let batch = in_time(feed.next(7)).await.unwrap();
        let own = batch.samples.iter().filter(|received| received.motor_id == motor);
        times.extend(own.map(|received| received.received_at));
    }
    times
}
