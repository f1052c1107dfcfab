//! The audit over a real cluster: what it reads is what was published, and what is wrong with a topic shows.

#[path = "support/cluster.rs"]
mod cluster;

use std::sync::Arc;
use std::time::Duration;

use cluster::{Cluster, PATIENCE, Running, event, motor};
use infra_kafka::audit::{AuditedRecord, Digest, Held, TopicAuditReader};
use infra_kafka::headers::{Body, RecordDecoder, name, of_event};
use ports::event::RecordedEvent;
use ports::stream::GlobalPosition;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Headers, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::json;

/// More than a topic takes.
const OVERSIZE_BYTES: usize = 2 * 1_048_576;

fn digest(event: &RecordedEvent) -> String {
    format!("{} {} {}", event.event_type, event.recorded_at, event.data)
}

fn audit(cluster: &Cluster) -> TopicAuditReader {
    let names = ["image", "motor"].map(|category| cluster.topics.events_of(category));
    let decoder = RecordDecoder::new(Arc::clone(&cluster.registry));
    let digest: Digest = Arc::new(digest);
    TopicAuditReader::new(cluster.kafka.clone(), cluster.settings(), names.into(), decoder, digest)
}

/// `events` for each of `motors`, copied by a relay.
async fn published(motors: u64, events: u64) -> Option<Cluster> {
    let cluster = Cluster::fresh().await?;
    cluster.append_alternating(motors, 0, events).await;
    copy(&cluster).await;
    Some(cluster)
}

async fn copy(cluster: &Cluster) {
    let head = cluster.logged().await.len() as u64;
    let mut relay = Running::start(cluster.relay());
    relay.reach(head).await;
    relay.drain().await;
}

async fn range(audit: &TopicAuditReader, after: u64, through: u64) -> Vec<AuditedRecord> {
    let read = audit.range(GlobalPosition(after), GlobalPosition(through)).await;
    let mut records = read.expect("the cluster answers");
    records.sort_by_key(|record| record.position);
    records
}

fn positions(records: &[AuditedRecord]) -> Vec<u64> {
    records.iter().map(|record| record.position.0).collect()
}

fn assert_holds(record: &AuditedRecord, logged: &RecordedEvent) {
    assert_eq!(record.position, logged.position);
    let Held::Event { event_id, digest: found } = &record.held else { panic!("{record:?}") };
    assert_eq!((event_id, found), (&logged.id(), &digest(logged)));
}

/// A second record of an event, in the same partition.
fn publish_again(cluster: &Cluster, record: &OwnedMessage, headers: OwnedHeaders, value: &[u8]) {
    let producer: BaseProducer =
        cluster.kafka.producer_config().create().expect("the settings are good");
    let key = record.key().expect("it has a key");
    let record = BaseRecord::to(record.topic())
        .partition(record.partition())
        .key(key)
        .headers(headers)
        .payload(value);
    producer.send(record).map_err(|(error, _)| error).expect("there is room");
    producer.flush(PATIENCE).expect("the cluster answers");
}

async fn record_at(cluster: &Cluster, position: u64) -> OwnedMessage {
    let wanted = position.to_string();
    let is_wanted = |record: &OwnedMessage| {
        let mut headers = record.headers().expect("it has headers").iter();
        headers.any(|it| it.key == name::POSITION && it.value == Some(wanted.as_bytes()))
    };
    cluster.event_records().await.into_iter().find(is_wanted).expect("it was copied")
}

/// Takes away a partition's records before `offset`.
async fn delete_before(cluster: &Cluster, topic: &str, partition: i32, offset: i64) {
    let admin: AdminClient<DefaultClientContext> =
        cluster.kafka.client_config().create().expect("the settings are good");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("it is valid");
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    admin.delete_records(&list, &options).await.expect("the cluster answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_equals_what_was_published() {
    let Some(cluster) = published(7, 40).await else { return };
    let logged = cluster.logged().await;
    let audit = audit(&cluster);
    let extent = audit.extent().await.unwrap();
    assert_eq!((extent.after.0, extent.through.0), (0, 280));
    // In order, again, further on, back, and all.
    for (after, through) in [(0, 50), (50, 100), (50, 100), (170, 280), (3, 4), (0, 280)] {
        let records = range(&audit, after, through).await;
        assert_eq!(positions(&records), (after + 1..=through).collect::<Vec<_>>());
        for (record, logged) in records.iter().zip(&logged[usize::try_from(after).unwrap()..]) {
            assert_holds(record, logged);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_far_from_the_last_one_is_searched_for() {
    let Some(cluster) = published(5, 1_000).await else { return };
    // Nothing is remembered of any place.
    let records = range(&audit(&cluster), 4_321, 4_400).await;
    assert_eq!(positions(&records), (4_322..=4_400).collect::<Vec<_>>());
    let records = range(&audit(&cluster), 4_990, 5_000).await;
    assert_eq!(positions(&records), (4_991..=5_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_topic_has_an_empty_extent() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let audit = audit(&cluster);
    // A topic that was made a moment ago may not have a leader yet.
    let led = async {
        loop {
            if let Ok(extent) = audit.extent().await {
                break extent;
            }
        }
    };
    let extent = tokio::time::timeout(PATIENCE, led).await.expect("it is led in time");
    assert_eq!((extent.after.0, extent.through.0), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_taken_away_leave_a_hole() {
    let Some(cluster) = published(6, 10).await else { return };
    let topic = cluster.topics.events_of("motor");
    let taken: Vec<u64> = {
        let records = range(&audit(&cluster), 0, 60).await;
        let first = records.iter().map(|record| &record.place).find(|place| place.ends_with("@0"));
        let partition = first.unwrap().trim_end_matches("@0").to_owned();
        let of_it = |record: &&AuditedRecord| record.place.starts_with(&format!("{partition}@"));
        let at = |record: &AuditedRecord| record.place.rsplit_once('@').unwrap().1.parse::<i64>();
        let is_early = |record: &&AuditedRecord| at(record).unwrap() < 3;
        let taken = records.iter().filter(of_it).filter(is_early).map(|it| it.position.0).collect();
        let number = partition.rsplit_once('-').unwrap().1.parse().unwrap();
        delete_before(&cluster, &topic, number, 3).await;
        taken
    };
    assert_eq!(taken.len(), 3);
    let audit = audit(&cluster);
    assert_eq!(audit.extent().await.unwrap().after.0, 0, "nobody lets them grow old");
    let left = positions(&range(&audit, 0, 60).await);
    assert_eq!(left, (1..=60).filter(|position| !taken.contains(position)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_and_an_altered_record_show_wherever_they_are() {
    let Some(cluster) = published(3, 20).await else { return };
    let logged = cluster.logged().await;
    let (twice, altered) = (record_at(&cluster, 5).await, record_at(&cluster, 12).await);
    let headers = twice.headers().unwrap().clone();
    publish_again(&cluster, &twice, headers, twice.payload().unwrap());
    let other = record_at(&cluster, 15).await;
    let of_altered = altered.headers().unwrap().clone();
    publish_again(&cluster, &altered, of_altered.clone(), other.payload().unwrap());
    publish_again(&cluster, &altered, of_altered, b"\0\0\0\0\x01no event");

    let audit = audit(&cluster);
    let records = range(&audit, 0, 60).await;
    assert_eq!(records.len(), 63);
    let at = |position: u64| records.iter().filter(move |it| it.position.0 == position);
    assert_eq!(at(5).count(), 2);
    at(5).for_each(|record| assert_holds(record, &logged[4]));
    assert!(at(12).any(|record| matches!(record.held, Held::Unreadable { .. })));
    let is_altered = |record: &AuditedRecord| matches!(&record.held, Held::Event { digest: found, .. } if *found != digest(&logged[11]));
    assert_eq!(at(12).filter(|record| is_altered(record)).count(), 1);
    // They lie behind everything; having met them once, it tells them where they belong.
    assert_eq!(range(&audit, 4, 5).await.len(), 2);
    assert_eq!(range(&audit, 5, 20).await.len(), 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_a_made_up_position_hides_none_of_those_behind_it() {
    let Some(cluster) = published(3, 5).await else { return };
    let mut forged = cluster.logged().await.remove(7);
    forged.position = GlobalPosition(1_000_000);
    let original = record_at(&cluster, 8).await;
    let value = original.payload().unwrap();
    publish_again(&cluster, &original, of_event(&forged, &Body::Avro(value.to_vec())), value);
    cluster.append_alternating(3, 5, 5).await;
    copy(&cluster).await;
    let records = range(&audit(&cluster), 0, 30).await;
    assert_eq!(positions(&records), (1..=30).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_there_with_what_its_headers_say() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let large = json!({ "location": "x".repeat(OVERSIZE_BYTES) });
    cluster.append(&motor(1), 0, vec![event("relocated", &large)]).await;
    copy(&cluster).await;
    let records = range(&audit(&cluster), 0, 1).await;
    let [AuditedRecord { held: Held::Reference(told), .. }] = &records[..] else {
        panic!("{records:?}")
    };
    let logged = cluster.logged().await.remove(0);
    assert_eq!((told.id(), &told.event_type), (logged.id(), &logged.event_type));
    assert_eq!((told.recorded_at, told.data.get()), (logged.recorded_at, "null"));
}
