//! A log, a topic that it is copied to by hand, and the live feed over both.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use infra_kafka::live::{
    DecodeRecord, Decoded, LiveSubscriptions, Tail, TailReader, TailReaderSettings, TailSettings,
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
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::value::to_raw_value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

const STREAMS: u64 = 7;
pub(crate) const PARTITIONS: i32 = 3;

/// A log, what copies it to a topic, and the tail that is fed from there.
pub(crate) struct Bench {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) producer: FutureProducer,
    pub(crate) kafka: KafkaSettings,
    pub(crate) topic: String,
    pub(crate) tail: Arc<Tail>,
    pub(crate) subscriptions: LiveSubscriptions,
}

/// What becomes of an event on its way to the topic.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
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

pub(crate) struct Decoder;

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
    pub(crate) fn on(kafka: KafkaSettings, topic: &str, settings: TailSettings) -> Self {
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000));
        let log = Arc::new(MemoryLog::new(Arc::new(clock)));
        let tail = Tail::new(settings);
        let subscriptions = LiveSubscriptions::new(log.clone(), tail.clone());
        let producer = kafka.producer_config().create().unwrap();
        Self { log, producer, kafka, topic: topic.to_owned(), tail, subscriptions }
    }

    /// Starts a reader, and waits until it stands at the end.
    pub(crate) async fn read(&self, settings: TailReaderSettings) -> Reader {
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

    pub(crate) async fn begun(&self) {
        let head = self.log.head().await.unwrap();
        timeout(Duration::from_secs(60), self.tail.reached(head)).await.expect("it begins");
    }

    /// Appends to one of some streams, by turns.
    pub(crate) async fn append(&self, events: u64) {
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

    pub(crate) async fn events_after(&self, after: u64) -> Vec<RecordedEvent> {
        let after = GlobalPosition(after);
        let query = LogQuery { after, events_max: usize::MAX, ..LogQuery::default() };
        self.log.read(&query).await.unwrap().events
    }

    /// Copies the log after `after` to the topic, in order.
    pub(crate) async fn publish(&self, after: u64, fate: impl Fn(u64) -> Fate) {
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

    pub(crate) fn record(&self, event: &RecordedEvent, fate: Fate) -> Copy {
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

    pub(crate) async fn subscribe(&self) -> Box<dyn Subscription> {
        self.subscriptions.open("test", &[], None).await.unwrap()
    }
}

pub(crate) struct Copy {
    pub(crate) partition: i32,
    headers: OwnedHeaders,
    payload: Option<Vec<u8>>,
}

impl Copy {
    pub(crate) fn as_record<'a>(&'a self, topic: &'a str) -> FutureRecord<'a, str, Vec<u8>> {
        let record = FutureRecord::to(topic).partition(self.partition).key("");
        let record = record.headers(self.headers.clone());
        match &self.payload {
            Some(payload) => record.payload(payload),
            None => record,
        }
    }
}

pub(crate) struct Reader {
    drain: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Reader {
    pub(crate) async fn stop(self) {
        self.drain.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Takes events up to `last`, which must be those after `after`: every position once and in order.
pub(crate) async fn take(
    subscription: &mut dyn Subscription,
    after: u64,
    last: u64,
) -> Vec<RecordedEvent> {
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
