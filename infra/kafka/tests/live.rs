//! The live feed over a real cluster.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/cluster.rs"]
mod cluster;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cluster::Topic;
use futures::future::join_all;
use infra_kafka::live::{
    DecodeRecord, Decoded, LiveSubscriptions, Source, Tail, TailReader, TailReaderSettings,
    TailSettings,
};
use infra_kafka::settings::KafkaSettings;
use ports::clock::Timestamp;
use ports::event::{NewEvent, RecordedEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::memory::{ManualClock, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::{Subscription, Subscriptions};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::value::to_raw_value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

const STREAMS: u64 = 7;
const PARTITIONS: i32 = 3;

/// A log, what copies it to a topic, and the tail that is fed from there.
struct Bench {
    log: Arc<MemoryLog>,
    producer: FutureProducer,
    kafka: KafkaSettings,
    topic: String,
    tail: Arc<Tail>,
    subscriptions: LiveSubscriptions,
}

/// What becomes of an event on its way to the topic.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Sent,
    Twice,
    Never,
    /// Its position can be read, and nothing else.
    Garbled,
    /// Nothing can be read.
    Headless,
    /// It is said to be in the log.
    Referred,
}

struct Decoder;

#[async_trait]
impl DecodeRecord for Decoder {
    async fn decode(&self, record: &BorrowedMessage<'_>) -> Decoded {
        let header = record.headers().and_then(|headers| headers.iter().next());
        let position = header.and_then(|header| std::str::from_utf8(header.value?).ok());
        let Some(position) = position.and_then(|text| text.parse().ok()) else {
            return Decoded::Unknown { fault: "it has no position".to_owned() };
        };
        let Some(payload) = record.payload() else {
            return Decoded::InLog { position, fault: None };
        };
        match serde_json::from_slice(payload) {
            Ok(event) => Decoded::Event(event),
            Err(error) => Decoded::InLog { position, fault: Some(error.to_string()) },
        }
    }
}

impl Bench {
    fn on(kafka: KafkaSettings, topic: &str, settings: TailSettings) -> Self {
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let log = Arc::new(MemoryLog::new(Arc::new(clock)));
        let tail = Tail::new(settings);
        let subscriptions = LiveSubscriptions::new(log.clone(), tail.clone());
        let producer = kafka.producer_config().create().unwrap();
        Self { log, producer, kafka, topic: topic.to_owned(), tail, subscriptions }
    }

    /// Starts a reader, and waits until it stands at the end.
    async fn read(&self, settings: TailReaderSettings) -> Reader {
        let (drain, draining) = watch::channel(false);
        let reader = TailReader::new(
            self.kafka.clone(),
            vec![self.topic.clone()],
            Arc::new(Decoder),
            self.log.clone(),
            self.tail.clone(),
            settings,
        );
        Reader { drain, task: tokio::spawn(reader.run(draining)) }
    }

    async fn begun(&self) {
        let head = self.log.head().await.unwrap();
        timeout(Duration::from_secs(60), self.tail.reached(head)).await.expect("it begins");
    }

    /// Appends to one of some streams, by turns.
    async fn append(&self, events: u64) {
        let GlobalPosition(head) = self.log.head().await.unwrap();
        for n in head..head + events {
            let category = if n % STREAMS == 0 { "image" } else { "motor" };
            let stream = StreamName::new(category, Uuid::from_u128((n % STREAMS).into()));
            let data = to_raw_value(&serde_json::json!({ "name": n.to_string() })).unwrap();
            let event_type = "renamed".to_owned();
            let append = Append {
                stream,
                expected: StreamVersion(n / STREAMS),
                events: vec![NewEvent { event_type, schema_version: 1, data }],
                metadata: Default::default(),
                key: None,
            };
            self.log.append(append).await.unwrap();
        }
    }

    async fn events_after(&self, after: u64) -> Vec<RecordedEvent> {
        let after = GlobalPosition(after);
        let query = LogQuery { after, events_max: usize::MAX, ..LogQuery::default() };
        self.log.read(&query).await.unwrap().events
    }

    /// Copies the log after `after` to the topic, in order.
    async fn publish(&self, after: u64, fate: impl Fn(u64) -> Fate) {
        let mut sent = Vec::new();
        for event in self.events_after(after).await {
            let times = match fate(event.position.0) {
                Fate::Never => 0,
                Fate::Twice => 2,
                _ => 1,
            };
            for _ in 0..times {
                let record = self.record(&event, fate(event.position.0));
                sent.push(self.producer.send_result(record.as_record(&self.topic)).unwrap());
            }
        }
        for delivered in join_all(sent).await {
            delivered.unwrap().unwrap();
        }
    }

    fn record(&self, event: &RecordedEvent, fate: Fate) -> Copy {
        let position = event.position.to_string();
        let header = Header { key: "position", value: Some(&position) };
        Copy {
            partition: i32::try_from(event.stream.id.as_u128()).unwrap() % PARTITIONS,
            headers: match fate {
                Fate::Headless => OwnedHeaders::new(),
                _ => OwnedHeaders::new().insert(header),
            },
            payload: match fate {
                Fate::Referred => None,
                Fate::Garbled | Fate::Headless => Some(b"?".to_vec()),
                _ => Some(serde_json::to_vec(event).unwrap()),
            },
        }
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        self.subscriptions.open("test", &[], None).await.unwrap()
    }
}

struct Copy {
    partition: i32,
    headers: OwnedHeaders,
    payload: Option<Vec<u8>>,
}

impl Copy {
    fn as_record<'a>(&'a self, topic: &'a str) -> FutureRecord<'a, str, Vec<u8>> {
        let record = FutureRecord::to(topic).partition(self.partition).key("");
        let record = record.headers(self.headers.clone());
        match &self.payload {
            Some(payload) => record.payload(payload),
            None => record,
        }
    }
}

struct Reader {
    drain: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Reader {
    async fn stop(self) {
        self.drain.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Takes events up to `last`, which must be those after `after`: every position once and in order.
async fn take(subscription: &mut dyn Subscription, after: u64, last: u64) -> Vec<RecordedEvent> {
    let mut taken = Vec::new();
    let mut position = after;
    while position < last {
        let next = timeout(Duration::from_secs(60), subscription.next(100)).await;
        let delivery = next.expect("more is to come").unwrap();
        for event in delivery.events {
            position += 1;
            assert_eq!(event.position, GlobalPosition(position));
            taken.push(event);
        }
        assert_eq!(delivery.progress.position, GlobalPosition(position));
    }
    assert_eq!(position, last);
    taken
}

/// What comes is what Kafka brings; the log is for what it does not.
fn kafka_first() -> TailReaderSettings {
    TailReaderSettings { ahead_events_per_second_max: 0, ..TailReaderSettings::default() }
}

fn patient() -> TailReaderSettings {
    TailReaderSettings { hole_wait_ms: 60_000, ..kafka_first() }
}

fn impatient() -> TailReaderSettings {
    TailReaderSettings { hole_wait_ms: 50, ..kafka_first() }
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
    let settings = TailReaderSettings { hole_wait_ms: 50, ..TailReaderSettings::default() };
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
