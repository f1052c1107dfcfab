//! Subscriptions over a log and a tail that is fed, or not, by hand.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use ports::checkpoint::Checkpoint;
use ports::clock::Timestamp;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::memory::{ManualClock, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::{Delivery, Subscription, Subscriptions};
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::testing::event;
use super::{LiveSubscriptions, RingBounds, Source, Tail, TailSettings};

const SETTINGS: TailSettings = TailSettings {
    ring: RingBounds { events_max: 8, bytes_max: usize::MAX },
    silence_ms_max: 1_000,
    head_poll_ms: 500,
};

/// A log with a tail behind it.
struct Bench {
    log: Arc<MemoryLog>,
    tail: Arc<Tail>,
    subscriptions: LiveSubscriptions,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let log = Arc::new(MemoryLog::new(Arc::new(clock)));
        let tail = Tail::new(SETTINGS);
        let subscriptions = LiveSubscriptions::new(log.clone(), tail.clone());
        Self { log, tail, subscriptions }
    }

    /// Appends `events` to one of two categories, by turns.
    async fn append(&self, events: u64) {
        for _ in 0..events {
            let position = self.head().await + 1;
            let category = if position.is_multiple_of(3) { "image" } else { "motor" };
            let stream = StreamName::new(category, Uuid::from_u128(position.into()));
            let data = event(position).data;
            let event_type = "renamed".to_owned();
            let events = vec![ports::event::NewEvent { event_type, schema_version: 1, data }];
            let expected = StreamVersion(0);
            let append =
                Append { stream, expected, events, metadata: Default::default(), key: None };
            self.log.append(append).await.unwrap();
        }
    }

    async fn head(&self) -> u64 {
        self.log.head().await.unwrap().0
    }

    /// Lets the tail have at most `events` of what the log has more.
    async fn feed(&self, events: usize) {
        let Some(after) = self.tail.status().position else { return };
        let query = LogQuery { after, events_max: events, ..LogQuery::default() };
        let page = self.log.read(&query).await.unwrap();
        self.tail.push(page.events.into_iter().map(Arc::new).collect());
    }

    async fn begin(&self) {
        self.tail.begin_at(self.head().await + 1);
    }

    async fn open(&self, categories: &[&str], from: Option<&Checkpoint>) -> Box<dyn Subscription> {
        self.subscriptions.open("test", categories, from).await.unwrap()
    }
}

fn positions(delivery: &Delivery) -> Vec<u64> {
    delivery.events.iter().map(|event| event.position.0).collect()
}

#[tokio::test(start_paused = true)]
async fn it_reads_the_log_until_the_ring_has_what_follows() {
    let bench = Bench::new();
    bench.append(20).await;
    bench.begin().await;
    bench.append(10).await;
    bench.feed(10).await;
    let mut subscription = bench.open(&[], None).await;
    let mut all = Vec::new();
    while all.len() < 30 {
        let delivery = subscription.next(7).await.unwrap();
        all.extend(positions(&delivery));
        assert_eq!(delivery.progress.position.0, all.len() as u64);
    }
    assert_eq!(all, (1..=30).collect::<Vec<_>>());
    assert_eq!(bench.tail.status().source, Source::Kafka);
    assert!(subscription.next(7).now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn while_the_tail_is_silent_it_follows_the_log_and_goes_back_afterwards() {
    let bench = Bench::new();
    bench.begin().await;
    let mut subscription = bench.open(&[], None).await;
    bench.append(3).await;
    assert!(subscription.next(10).now_or_never().is_none(), "Kafka is given some time");
    assert_eq!(positions(&subscription.next(10).await.unwrap()), [1, 2, 3]);
    assert_eq!(bench.tail.status().source, Source::Log);
    bench.append(1).await;
    let at_once = subscription.next(10).now_or_never().expect("now the log is followed");
    assert_eq!(positions(&at_once.unwrap()), [4]);
    bench.feed(10).await;
    assert!(subscription.next(10).now_or_never().is_none());
    assert_eq!(bench.tail.status().source, Source::Kafka, "the tail has caught up");
    bench.append(1).await;
    bench.feed(10).await;
    assert_eq!(positions(&subscription.next(10).await.unwrap()), [5]);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_again_and_again_does_not_wait_longer_for_the_log() {
    let bench = Bench::new();
    bench.begin().await;
    let mut subscription = bench.open(&[], None).await;
    bench.append(1).await;
    let mut asked = 0;
    let delivery = loop {
        asked += 1;
        assert!(asked < 20, "every call waits a tenth of the silence");
        match timeout(Duration::from_millis(100), subscription.next(1)).await {
            Ok(delivery) => break delivery.unwrap(),
            Err(_elapsed) => {}
        }
    };
    assert_eq!(positions(&delivery), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_log_is_no_silence() {
    let bench = Bench::new();
    bench.begin().await;
    let mut subscription = bench.open(&[], None).await;
    let waited = timeout(Duration::from_secs(3_600), subscription.next(1)).await;
    assert!(waited.is_err());
    assert_eq!(bench.tail.status().source, Source::Kafka);
}

#[tokio::test(start_paused = true)]
async fn without_a_reader_the_log_is_followed_at_once() {
    let bench = Bench::new();
    bench.append(2).await;
    let mut subscription = bench.open(&[], None).await;
    let delivery = subscription.next(10).now_or_never().expect("it is in the log");
    assert_eq!(positions(&delivery.unwrap()), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn events_of_other_categories_move_the_progress() {
    let bench = Bench::new();
    bench.begin().await;
    bench.append(8).await;
    bench.feed(8).await;
    let mut subscription = bench.open(&["image"], None).await;
    let delivery = subscription.next(1).await.unwrap();
    assert_eq!((positions(&delivery), delivery.progress.position), (vec![3], GlobalPosition(3)));
    let delivery = subscription.next(5).await.unwrap();
    assert_eq!((positions(&delivery), delivery.progress.position), (vec![6], GlobalPosition(8)));
    let mut again = bench.open(&["image"], Some(&delivery.progress.checkpoint)).await;
    bench.append(1).await;
    bench.feed(1).await;
    assert_eq!(positions(&again.next(5).await.unwrap()), [9]);
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_another_source_is_refused() {
    let bench = Bench::new();
    let foreign = Checkpoint(r#"{"0":1}"#.to_owned());
    assert!(bench.subscriptions.open("test", &[], Some(&foreign)).await.is_err());
}

/// What may happen between two deliveries.
#[derive(Clone, Debug)]
enum Turn {
    Append(u64),
    Feed(usize),
    Restart,
    Pass(u64),
    Next(usize),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => (1..12_u64).prop_map(Turn::Append),
        4 => (1..12_usize).prop_map(Turn::Feed),
        1 => Just(Turn::Restart),
        2 => (1..3_000_u64).prop_map(Turn::Pass),
        5 => (1..9_usize).prop_map(Turn::Next),
    ]
}

proptest! {
    /// However log, tail and time go on: what a subscription sees is the log.
    #[test]
    fn what_is_seen_is_the_log(turns in proptest::collection::vec(turn(), 1..120)) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let seen = runtime.unwrap().block_on(async {
            let bench = Bench::new();
            let mut subscription = bench.open(&[], None).await;
            let mut seen = Vec::new();
            for turn in turns {
                match turn {
                    Turn::Append(events) => bench.append(events).await,
                    Turn::Feed(events) => bench.feed(events).await,
                    Turn::Restart => bench.begin().await,
                    Turn::Pass(millis) => sleep(Duration::from_millis(millis)).await,
                    Turn::Next(events) => {
                        let next = timeout(Duration::from_millis(300), subscription.next(events));
                        if let Ok(delivery) = next.await {
                            seen.extend(positions(&delivery.unwrap()));
                        }
                    }
                }
            }
            while (seen.len() as u64) < bench.head().await {
                let next = timeout(Duration::from_secs(10), subscription.next(5)).await;
                seen.extend(positions(&next.expect("the log has more").unwrap()));
            }
            seen
        });
        prop_assert_eq!(&seen, &(1..=seen.len() as u64).collect::<Vec<_>>());
    }
}
