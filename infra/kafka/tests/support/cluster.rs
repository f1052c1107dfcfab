//! A log in memory, topics of its own on the real cluster, and what arrived there.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use infra_kafka::headers::{Record, RecordDecoder};
use infra_kafka::registry::{Registry, RegistrySettings, SchemaIds};
use infra_kafka::relay::{Relay, RelayError, RelaySettings, RelayStatus};
use infra_kafka::schema::EventSchemas;
use infra_kafka::settings::KafkaSettings;
use infra_kafka::topics::{Spread, Topics, migrate};
use ports::event::{Metadata, NewEvent, RecordedEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::memory::{ManualClock, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList, error::KafkaError};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

/// How long anything may take before a test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const SPREAD: Spread =
    Spread { partitions: 3, replication: 1, min_insync_replicas: 1, samples_retention_hours: 1 };

pub(crate) struct Cluster {
    pub(crate) kafka: KafkaSettings,
    pub(crate) registry: Arc<Registry>,
    pub(crate) schemas: Arc<SchemaIds>,
    pub(crate) topics: Topics,
    pub(crate) log: Arc<MemoryLog>,
}

/// A relay at work, and the word that ends it.
pub(crate) struct Running {
    pub(crate) drain: watch::Sender<bool>,
    pub(crate) status: watch::Receiver<RelayStatus>,
    pub(crate) ended: JoinHandle<Result<(), RelayError>>,
}

impl Cluster {
    /// `None` where a service is missing.
    pub(crate) async fn fresh() -> Option<Self> {
        let kafka = KafkaSettings::plaintext(services::kafka()?);
        let registry = RegistrySettings { url: services::schema_registry()?, login: None };
        let registry = Arc::new(Registry::new(registry).expect("the settings are good"));
        let name = services::fresh_name("t");
        let topics = Topics {
            events: format!("{name}.{{category}}.events"),
            samples: format!("{name}.samples"),
            relay_cursor: format!("{name}.cursor"),
            ..Topics::default()
        };
        let schemas = EventSchemas::new(&commands::catalog()).expect("Avro knows all of it");
        let ids = registry.register(&schemas, |category| topics.events_of(category)).await;
        let specs = topics.specs(["motor", "image"], SPREAD);
        migrate(&kafka, &specs).await.expect("the topics can be made");
        let clock = ManualClock::at(Timestamp::from_micros(1_767_225_600_123_456));
        Some(Self {
            kafka,
            registry,
            schemas: Arc::new(ids.expect("the registry takes the schemas")),
            topics,
            log: Arc::new(MemoryLog::new(Arc::new(clock))),
        })
    }

    pub(crate) fn settings(&self) -> RelaySettings {
        let scope = self.topics.relay_cursor.clone();
        RelaySettings { scope, topics: self.topics.clone(), ..RelaySettings::default() }
    }

    pub(crate) fn relay(&self) -> Relay {
        self.relay_with(self.settings())
    }

    pub(crate) fn relay_with(&self, settings: RelaySettings) -> Relay {
        let log: Arc<dyn EventLog> = self.log.clone();
        Relay::new(log, self.kafka.clone(), Arc::clone(&self.schemas), settings)
    }

    pub(crate) async fn append(&self, stream: &StreamName, expected: u64, events: Vec<NewEvent>) {
        let metadata = Metadata {
            command_id: Some("c-1".to_owned()),
            correlation_id: Some(String::new()),
            actor: Some("Jürgen 🦀".to_owned()),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            causation_id: None,
        };
        let stream = stream.clone();
        let expected = StreamVersion(expected);
        let append = Append { stream, expected, events, metadata, key: None };
        self.log.append(append).await.expect("nobody else appends");
    }

    /// `count` events on each of `streams` motors, one motor after the other, again and again.
    pub(crate) async fn append_alternating(&self, streams: u64, from: u64, count: u64) {
        for version in from..from + count {
            for stream in 0..streams {
                self.append(&motor(stream), version, vec![relocated(version)]).await;
            }
        }
    }

    pub(crate) async fn logged(&self) -> Vec<RecordedEvent> {
        let query = LogQuery { events_max: 1_000_000, ..LogQuery::default() };
        self.log.read(&query).await.expect("it is in memory").events
    }

    /// Everything that was committed to a topic, in order within each partition.
    pub(crate) async fn committed(&self, topic: String) -> Vec<OwnedMessage> {
        let kafka = self.kafka.clone();
        spawn_blocking(move || committed(&kafka, &topic)).await.expect("the reading does not panic")
    }

    /// The records of the events of motors and image tasks.
    pub(crate) async fn event_records(&self) -> Vec<OwnedMessage> {
        let mut records = self.committed(self.topics.events_of("motor")).await;
        records.extend(self.committed(self.topics.events_of("image")).await);
        records
    }

    pub(crate) async fn decoded(&self, records: &[OwnedMessage]) -> Vec<Record> {
        let decoder = RecordDecoder::new(Arc::clone(&self.registry));
        let mut decoded = Vec::new();
        for record in records {
            let event = decoder.decode(record.headers(), record.key(), record.payload()).await;
            decoded.push(event.expect("what the relay wrote can be read"));
        }
        decoded
    }

    /// Every event of the log is on the topics once, as it was, and in the order of its stream.
    pub(crate) async fn assert_copied_once(&self) {
        let decoded = self.decoded(&self.event_records().await).await;
        let mut copied: Vec<_> = decoded.into_iter().map(event_of).collect();
        let mut versions = std::collections::HashMap::new();
        for event in &copied {
            let last = versions.insert(event.stream.clone(), event.version.0).unwrap_or(0);
            assert_eq!(event.version.0, last + 1, "{} is out of order", event.id());
        }
        copied.sort_by_key(|event| event.position);
        let logged = self.logged().await;
        assert_eq!(copied.len(), logged.len(), "as many as there are");
        for (copied, logged) in copied.iter().zip(&logged) {
            assert_same(copied, logged);
        }
    }
}

impl Running {
    pub(crate) fn start(relay: Relay) -> Self {
        let (drain, drained) = watch::channel(false);
        let status = relay.status();
        let ended = tokio::spawn(async move { relay.run(drained).await });
        Self { drain, status, ended }
    }

    /// Waits until the copy has come to `position`.
    pub(crate) async fn reach(&mut self, position: u64) {
        let there = self.status.wait_for(|status| status.position >= GlobalPosition(position));
        let reached = tokio::time::timeout(PATIENCE, there).await.map(|there| there.is_ok());
        assert_eq!(reached, Ok(true), "the copy does not come to {position}");
    }

    pub(crate) async fn drain(self) {
        self.drain.send_replace(true);
        self.ended().await.expect("a relay that drains does not fail");
    }

    pub(crate) async fn ended(self) -> Result<(), RelayError> {
        let ended = tokio::time::timeout(PATIENCE, self.ended).await.expect("it ends in time");
        ended.expect("the relay does not panic")
    }
}

pub(crate) fn event_of(record: Record) -> RecordedEvent {
    match record {
        Record::Event(event) => *event,
        Record::InLog { position } => panic!("the event at {position} is a reference only"),
    }
}

pub(crate) fn assert_same(copied: &RecordedEvent, logged: &RecordedEvent) {
    assert_eq!((copied.position, copied.version), (logged.position, logged.version));
    assert_eq!((&copied.stream, &copied.event_type), (&logged.stream, &logged.event_type));
    assert_eq!(copied.schema_version, logged.schema_version);
    assert_eq!(copied.metadata, logged.metadata);
    assert_eq!(copied.recorded_at, logged.recorded_at);
    assert_eq!(json(copied), json(logged), "{}", logged.id());
}

pub(crate) fn json(event: &RecordedEvent) -> Value {
    serde_json::from_str(event.data.get()).expect("data is JSON")
}

pub(crate) fn motor(number: u64) -> StreamName {
    StreamName::new("motor", Uuid::from_u128(number.into()))
}

pub(crate) fn relocated(number: u64) -> NewEvent {
    event("relocated", &serde_json::json!({ "location": format!("Hall {number}") }))
}

pub(crate) fn event(event_type: &str, data: &Value) -> NewEvent {
    let data = RawValue::from_string(data.to_string()).expect("data is JSON");
    NewEvent { event_type: event_type.to_owned(), schema_version: 1, data }
}

fn committed(kafka: &KafkaSettings, topic: &str) -> Vec<OwnedMessage> {
    let mut config = kafka.consumer_config();
    config.set("group.id", "reader").set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("the settings are good");
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("the cluster answers");
    let count = metadata.topics()[0].partitions().len();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..count {
        let partition = i32::try_from(partition).expect("there are few");
        partitions.add_partition_offset(topic, partition, Offset::Beginning).expect("it is valid");
    }
    consumer.assign(&partitions).expect("it is valid");
    let (mut ends, mut records) = (0, Vec::new());
    while ends < count {
        match consumer.poll(PATIENCE).expect("the cluster answers") {
            Ok(record) => records.push(record.detach()),
            Err(KafkaError::PartitionEOF(_)) => ends += 1,
            Err(error) => panic!("{error}"),
        }
    }
    records
}
