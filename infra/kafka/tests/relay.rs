//! The relay over a real cluster: what arrives, what happens to what cannot go out, and who may copy.

#[path = "support/cluster.rs"]
mod cluster;

use cluster::{Cluster, PATIENCE, Running, assert_same, event, json, motor, relocated};
use infra_kafka::headers::{Record, name};
use infra_kafka::relay::{RelayError, RelaySettings};
use ports::event::NewEvent;
use ports::stream::{GlobalPosition, StreamName};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schema_registry_converter::async_impl::avro::AvroDecoder;
use schema_registry_converter::async_impl::schema_registry::SrSettings;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

const MOTOR_EVENTS: &str = include_str!("../../../domain/tests/snapshots/wire_form__motor.snap");
const IMAGE_EVENTS: &str = include_str!("../../../domain/tests/snapshots/wire_form__image.snap");

/// One of each, as they are stored.
fn examples() -> Vec<(StreamName, Vec<NewEvent>)> {
    [("motor", MOTOR_EVENTS), ("image", IMAGE_EVENTS)]
        .map(|(category, snapshot)| {
            let events = snapshot.splitn(3, "---\n").last().expect("a snapshot has a head");
            let events: Vec<Value> = serde_json::from_str(events).expect("events are JSON");
            let stored = |each: &Value| {
                let event_type = each["type"].as_str().expect("a type");
                let event = event(event_type, &each["data"]);
                NewEvent { schema_version: current_version(category, event_type), ..event }
            };
            (StreamName::new(category, Uuid::now_v7()), events.iter().map(stored).collect())
        })
        .into()
}

fn current_version(category: &str, event_type: &str) -> u32 {
    let shapes = commands::catalog();
    let mut of_category = shapes.iter().filter(|shape| shape.category == category);
    let shape = of_category.find(|shape| shape.event_type == event_type);
    shape.expect("every example has a shape").schema_version
}

fn header<'a>(record: &'a OwnedMessage, name: &str) -> Option<&'a str> {
    let mut headers = record.headers()?.iter();
    let value = headers.find(|header| header.key == name)?.value?;
    Some(std::str::from_utf8(value).expect("headers are text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_as_it_was_recorded() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let mut all = 0;
    for (stream, events) in examples() {
        all += events.len();
        cluster.append(&stream, 0, events).await;
    }
    let mut relay = Running::start(cluster.relay());
    relay.reach(all as u64).await;
    relay.drain().await;
    cluster.assert_copied_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_a_cloud_event_that_others_can_read() {
    let Some(cluster) = Cluster::fresh().await else { return };
    cluster.append(&motor(7), 0, vec![relocated(1)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(1).await;
    relay.drain().await;
    let record = cluster.event_records().await.remove(0);
    let id = "00000000-0000-0000-0000-000000000007";
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", "motor-00000000-0000-0000-0000-000000000007/1"),
        ("ce_source", "urn:atalaya"),
        ("ce_type", "atalaya.motor.relocated"),
        ("ce_subject", id),
        ("ce_time", "2026-01-01T00:00:00.123456Z"),
        ("ce_sequence", "1"),
        ("ce_dataschema", "urn:atalaya:schema:motor.relocated:1"),
        ("content-type", "application/avro"),
        ("atalaya_position", "1"),
    ] {
        assert_eq!(header(&record, name), Some(value), "{name}");
    }
    assert_eq!(header(&record, "ce_causationid"), None, "nothing is said of what is not known");
    assert_eq!(record.key(), Some(id.as_bytes()));
    let url = services::schema_registry().expect("it was there a moment ago");
    let decoded = AvroDecoder::new(SrSettings::new(url)).decode(record.payload()).await;
    let decoded = decoded.expect("any client of the registry can read it");
    assert_eq!(decoded.name.expect("it has a name").to_string(), "atalaya.motor.v1.Relocated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_on_where_the_last_one_ended() {
    let Some(cluster) = Cluster::fresh().await else { return };
    for round in 0..3 {
        cluster.append_alternating(5, round * 4, 4).await;
        let mut relay = Running::start(cluster.relay());
        relay.reach((round + 1) * 20).await;
        relay.drain().await;
    }
    cluster.assert_copied_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_copied_as_they_happen() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let mut relay = Running::start(cluster.relay());
    for version in 0..20 {
        cluster.append(&motor(1), version, vec![relocated(version)]).await;
        relay.reach(version + 1).await;
    }
    relay.drain().await;
    cluster.assert_copied_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_relay_shuts_the_earlier_one_out() {
    let Some(cluster) = Cluster::fresh().await else { return };
    cluster.append_alternating(7, 0, 10).await;
    let mut first = Running::start(cluster.relay());
    first.reach(70).await;
    let mut second = Running::start(cluster.relay());
    second.status.wait_for(|status| status.running).await.expect("it begins");
    // The first one is a zombie now: it finds out by the next event.
    cluster.append_alternating(7, 10, 10).await;
    let ended = first.ended().await;
    assert!(matches!(ended, Err(RelayError::Fenced)), "{ended:?}");
    second.reach(140).await;
    second.drain().await;
    cluster.assert_copied_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_zombie_had_begun_is_never_seen() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let mut config = cluster.kafka.producer_config();
    config.set("transactional.id", cluster.settings().transactional_id());
    let zombie: BaseProducer = config.create().expect("the settings are good");
    zombie.init_transactions(PATIENCE).expect("the cluster answers");
    zombie.begin_transaction().expect("nothing was begun");
    let topic = cluster.topics.events_of("motor");
    zombie
        .send(BaseRecord::to(&topic).key("k").payload("half"))
        .map_err(|(error, _)| error)
        .expect("there is room");
    zombie.flush(PATIENCE).expect("the cluster answers");
    cluster.append(&motor(1), 0, vec![relocated(1)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(1).await;
    assert!(zombie.commit_transaction(PATIENCE).is_err(), "it was shut out");
    relay.drain().await;
    cluster.assert_copied_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_goes_out_by_reference() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let large = event("relocated", &json!({ "location": "x".repeat(3_000_000) }));
    cluster.append(&motor(1), 0, vec![relocated(1), large, relocated(3)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(3).await;
    assert_eq!(relay.status.borrow().events_by_reference, 1);
    relay.drain().await;
    assert_second_is_a_reference(&cluster, name::OVERSIZE, "3000015").await;
}

/// The relay thinks that it fits, and the broker does not: incompressible text, and a topic that is narrower.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_only_the_broker_finds_too_large_goes_out_by_reference_too() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let mut seed = 1_u64;
    let mut letter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((seed >> 33) % 90).expect("below 90")).to_string()
    };
    let text: String = (0..2_000_000).map(|_| letter()).collect();
    let large = event("relocated", &json!({ "location": text.replace(['"', '\\'], "_") }));
    cluster.append(&motor(1), 0, vec![relocated(1), large, relocated(3)]).await;
    let record_bytes_max = 8_000_000;
    let settings = RelaySettings { record_bytes_max, ..cluster.settings() };
    let mut relay = Running::start(cluster.relay_with(settings));
    relay.reach(3).await;
    relay.drain().await;
    let records = cluster.event_records().await;
    let decoded = cluster.decoded(&records).await;
    assert_eq!(decoded.len(), 3);
    assert!(matches!(decoded[1], Record::InLog { position: GlobalPosition(2) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_avro_form_goes_out_by_reference() {
    let Some(cluster) = Cluster::fresh().await else { return };
    let newer = event("relocated", &json!({ "location": "Hall 2", "floor": 3 }));
    cluster.append(&motor(1), 0, vec![relocated(1), newer, relocated(3)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(3).await;
    relay.drain().await;
    let reason = "the data does not fit its schema: expected no such field at `/floor`";
    assert_second_is_a_reference(&cluster, name::UNENCODABLE, reason).await;
}

async fn assert_second_is_a_reference(cluster: &Cluster, name: &str, value: &str) {
    let records = cluster.event_records().await;
    assert_eq!(header(&records[1], name), Some(value));
    assert_eq!(header(&records[1], "ce_dataref"), Some("/v1/events?after=1&limit=1"));
    assert_eq!(records[1].payload(), None);
    let logged = cluster.logged().await;
    for (i, record) in cluster.decoded(&records).await.into_iter().enumerate() {
        match record {
            Record::Event(event) => assert_same(&event, &logged[i]),
            Record::InLog { position } => assert_eq!((i, position), (1, GlobalPosition(2))),
        }
    }
    assert!(json(&logged[1]).is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_cursor_is_gone_does_not_copy_everything_again() {
    let Some(cluster) = Cluster::fresh().await else { return };
    cluster.append(&motor(1), 0, vec![relocated(1)]).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(1).await;
    relay.drain().await;
    let scope = services::fresh_name("other");
    let other = cluster.relay_with(RelaySettings { scope, ..cluster.settings() });
    let ended = other.run(watch::channel(false).1).await;
    assert!(matches!(ended, Err(RelayError::CursorLost { .. })), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_shorter_than_its_copy_is_not_copied() {
    let Some(mut cluster) = Cluster::fresh().await else { return };
    cluster.append_alternating(1, 0, 5).await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(5).await;
    relay.drain().await;
    let clock = ports::memory::ManualClock::at(domain::time::Timestamp::from_micros(0));
    cluster.log = std::sync::Arc::new(ports::memory::MemoryLog::new(std::sync::Arc::new(clock)));
    let ended = cluster.relay().run(watch::channel(false).1).await;
    assert!(
        matches!(ended, Err(RelayError::CursorBeyondLog { cursor: GlobalPosition(5), .. })),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_is_waited_for() {
    let Some(mut cluster) = Cluster::fresh().await else { return };
    cluster.append(&motor(1), 0, vec![relocated(1)]).await;
    let there = cluster.kafka.brokers.clone();
    // Nobody listens on the discard port.
    "127.0.0.1:9".clone_into(&mut cluster.kafka.brokers);
    let mut relay = Running::start(cluster.relay());
    let failed = relay.status.wait_for(|status| status.last_error.is_some());
    tokio::time::timeout(PATIENCE, failed).await.expect("it says so").expect("it goes on");
    assert!(!relay.status.borrow().running);
    relay.drain().await;
    cluster.kafka.brokers = there;
    let mut relay = Running::start(cluster.relay());
    relay.reach(1).await;
    relay.drain().await;
    cluster.assert_copied_once().await;
}
