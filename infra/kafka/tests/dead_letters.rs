//! Dead letters on a real cluster.

#[path = "support/cluster.rs"]
mod cluster;

use std::sync::Arc;

use cluster::{Cluster, PATIENCE, Running, SPREAD, motor, relocated};
use domain::time::Timestamp;
use infra_kafka::dead_letters::{DeadLetterTopic, DeadLettersToTopic, without_error_headers};
use infra_kafka::registry::{OwnSchemas, Registry, RegistrySettings};
use infra_kafka::schema::EventSchemas;
use infra_kafka::settings::KafkaSettings;
use infra_kafka::topics::{Topics, migrate};
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::memory::MemoryDeadLetters;
use rdkafka::message::{Headers, Message, OwnedMessage, Timestamp as RecordTime};
use tokio::time::Instant;

mod contract {
    //! Where the topic does not answer, everything else is as it was.
    use super::*;

    ports::contract::dead_letters!(over_nothing());

    fn over_nothing() -> DeadLettersToTopic {
        let kafka = KafkaSettings::plaintext("127.0.0.1:9");
        let topic = DeadLetterTopic::new(&kafka, Topics::default(), "test");
        let topic = topic.expect("the settings are good");
        let inner = Arc::new(MemoryDeadLetters::default());
        let settings = RegistrySettings { url: "http://127.0.0.1:9".to_owned(), login: None };
        let registry = Registry::new(settings).expect("the settings are good");
        let schemas = own_schemas(Arc::new(registry), &Topics::default());
        DeadLettersToTopic::over(inner, Arc::new(topic), schemas)
    }
}

/// Of which the registry has not been told yet.
fn own_schemas(registry: Arc<Registry>, topics: &Topics) -> Arc<OwnSchemas> {
    let schemas = EventSchemas::new(&commands::catalog()).expect("Avro knows all of it");
    Arc::new(OwnSchemas::new(registry, Arc::new(schemas), topics.clone()))
}

fn header<'a>(record: &'a OwnedMessage, name: &str) -> &'a [u8] {
    let headers = record.headers().expect("it has headers");
    let found = headers.iter().find(|header| header.key == name);
    found.and_then(|header| header.value).unwrap_or_else(|| panic!("{name} is missing"))
}

fn told(headers: &impl Headers) -> Vec<(String, Option<Vec<u8>>)> {
    let headers = headers.iter();
    headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
}

/// The records of a topic, once there are `count`.
async fn arrived(cluster: &Cluster, topic: &str, count: usize) -> Vec<OwnedMessage> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let records = cluster.committed(topic.to_owned()).await;
        if records.len() >= count {
            return records;
        }
        assert!(Instant::now() < deadline, "{} of {count} have arrived on {topic}", records.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_event_is_told_as_it_was_published_and_why_it_was_parked() {
    let Some(cluster) = Cluster::fresh().await else { return };
    cluster.append(&motor(1), 0, vec![relocated(1)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(1).await;
    relay.drain().await;
    let topic = DeadLetterTopic::new(&cluster.kafka, cluster.topics.clone(), "samples");
    let topic = Arc::new(topic.expect("the settings are good"));
    let inner: Arc<dyn DeadLetters> = Arc::new(MemoryDeadLetters::default());
    let schemas = own_schemas(Arc::clone(&cluster.registry), &cluster.topics);
    let letters = DeadLettersToTopic::over(Arc::clone(&inner), topic, schemas);
    let letter = NewDeadLetter {
        handler: "motor_list".to_owned(),
        event: cluster.logged().await.remove(0),
        reason: "no such motor".to_owned(),
        attempts: 5,
        parked_at: Timestamp::from_micros(0),
    };
    letters.park(&[letter]).await.expect("the store takes it");
    assert_eq!(inner.count().await.expect("it is in memory"), 1);
    let events = cluster.topics.events_of("motor");
    let dead = arrived(&cluster, &cluster.topics.dead_letters_of(&events), 1).await.remove(0);
    assert_eq!(header(&dead, "__connect.errors.topic"), events.as_bytes());
    assert_eq!(header(&dead, "__connect.errors.exception.message"), b"no such motor");
    assert_eq!(header(&dead, "kafka_dlt-original-topic"), events.as_bytes());
    assert_eq!(header(&dead, "kafka_dlt-original-consumer-group"), b"motor_list");
    let original = cluster.event_records().await.remove(0);
    assert_eq!((dead.key(), dead.payload()), (original.key(), original.payload()));
    let before = without_error_headers(dead.headers().expect("it has headers"));
    assert_eq!(told(&before), told(original.headers().expect("it has headers")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_record_is_durable_on_the_topic_when_it_is_parked() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let topic = DeadLetterTopic::new(&cluster.kafka, cluster.topics.clone(), "samples");
    let topic = topic.expect("the settings are good");
    for value in [b"\xff\x00rubbish".to_vec(), vec![7; 7_000_000]] {
        let record = OwnedMessage::new(
            Some(value),
            Some(b"key".to_vec()),
            cluster.topics.samples.clone(),
            RecordTime::CreateTime(1_767_225_600_000),
            2,
            41,
            None,
        );
        topic.park_record(&record, "neither Avro nor JSON").await.expect("the cluster takes it");
    }
    let dead = cluster.topics.dead_letters_of(&cluster.topics.samples);
    let records = cluster.committed(dead).await;
    assert_eq!(records[0].payload(), Some(&b"\xff\x00rubbish"[..]));
    assert_eq!(header(&records[0], "kafka_dlt-original-offset"), 41_i64.to_be_bytes());
    assert_eq!(header(&records[0], "__connect.errors.partition"), b"2");
    assert_eq!(records[1].payload(), None, "too large for the topic");
    assert_eq!(header(&records[1], "atalaya_oversize"), b"7000000");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_once_and_never_changed() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let specs = cluster.topics.specs(["motor", "image"], SPREAD);
    let again = migrate(&cluster.kafka, &specs).await.expect("the cluster answers");
    assert_eq!(again, infra_kafka::topics::Migration::default());
    let mut wider = specs.clone();
    wider[1].partitions += 1;
    wider[1].settings[1].1 = "1000".to_owned();
    let told = migrate(&cluster.kafka, &wider).await.expect("the cluster answers");
    assert!(told.created.is_empty());
    let settings: Vec<_> = told.differences.iter().map(|each| each.setting.as_str()).collect();
    assert_eq!(settings, ["partitions", "retention.ms"]);
    let unchanged = migrate(&cluster.kafka, &specs).await.expect("the cluster answers");
    assert_eq!(unchanged, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_write_events_register_their_schemas_together_and_once() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let schemas = own_schemas(Arc::clone(&cluster.registry), &cluster.topics);
    let (one, other) = tokio::join!(schemas.ids(), schemas.ids());
    let (one, other) = (one.expect("it answers"), other.expect("it answers"));
    assert!(Arc::ptr_eq(&one, &other), "the second has waited for the first");
    assert!(Arc::ptr_eq(&one, &schemas.ids().await.expect("it has answered")));
}
