//! Samples over a real cluster and a real registry.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/cluster.rs"]
mod cluster;
#[path = "samples/complete.rs"]
mod complete;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cluster::{SystemClock, Topic};
use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};
use infra_kafka::registry::{Registry, RegistrySettings};
use infra_kafka::samples::{
    KafkaSampleSource, KafkaSamples, ParkRecord, PublishSettings, SampleSchemas, SampleTally,
    SourceSettings,
};
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::Timestamp;
use ports::samples::{ReceivedSample, Sample, SampleFeed, SampleSource, Samples};
use rdkafka::Message;
use rdkafka::message::OwnedMessage;
use rdkafka::producer::{FutureProducer, FutureRecord};
use uuid::Uuid;

/// Both ends of one topic.
struct Ends {
    samples: KafkaSamples,
    source: KafkaSampleSource,
    parked: Arc<Parked>,
    tally: Arc<SampleTally>,
    producer: FutureProducer,
    topic: Topic,
}

/// What was parked, with the reason; refuses as often as it is told to.
#[derive(Default)]
struct Parked {
    letters: Mutex<Vec<(i64, String)>>,
    refusals: Mutex<u32>,
}

#[async_trait]
impl ParkRecord for Parked {
    async fn park(&self, record: &OwnedMessage, reason: &str) -> Result<(), PortError> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(PortError::new("parking", "the topic is away"));
        }
        self.letters.lock().unwrap().push((record.offset(), reason.to_owned()));
        Ok(())
    }
}

impl Ends {
    async fn fresh(partitions: i32) -> Option<Self> {
        Self::with(partitions, |settings| settings).await
    }

    async fn with(
        partitions: i32,
        set: impl FnOnce(SourceSettings) -> SourceSettings,
    ) -> Option<Self> {
        let schemas = Arc::new(schemas_of(services::schema_registry()?));
        let topic = Topic::fresh(partitions).await?;
        let publish = PublishSettings::to(&topic.name);
        let samples = KafkaSamples::new(&topic.kafka, Arc::clone(&schemas), publish).unwrap();
        let (parked, tally) = (Arc::<Parked>::default(), Arc::<SampleTally>::default());
        let settings = SourceSettings { clocks_apart_ms_max: 0, ..SourceSettings::of(&topic.name) };
        let source = KafkaSampleSource::new(
            topic.kafka.clone(),
            Arc::new(SystemClock),
            schemas,
            parked.clone(),
            Arc::clone(&tally),
            set(settings),
        );
        let producer = topic.kafka.producer_config().create().unwrap();
        Some(Self { samples, source, parked, tally, producer, topic })
    }

    /// Sends bytes as a device does; their offset.
    async fn send(&self, partition: i32, motor: Uuid, bytes: &[u8]) -> i64 {
        let key = motor.to_string();
        let record =
            FutureRecord::to(&self.topic.name).partition(partition).key(&key).payload(bytes);
        self.producer.send(record, Duration::from_secs(10)).await.unwrap().offset
    }

    fn refused(&self) -> Vec<(&'static str, u64)> {
        self.tally.refused().filter(|(_, count)| *count > 0).collect()
    }
}

#[async_trait]
impl Samples for Ends {
    async fn publish(&self, motor_id: Uuid, sample: &Sample) -> Result<(), PortError> {
        self.samples.publish(motor_id, sample).await
    }
}

#[async_trait]
impl SampleSource for Ends {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        self.source.open(from).await
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        self.source.open_since(since).await
    }
}

mod samples {
    ports::contract::samples!(match super::Ends::fresh(3).await {
        Some(ends) => ends,
        None => return,
    });
}

fn schemas_of(url: String) -> SampleSchemas {
    let registry = Registry::new(RegistrySettings { url, login: None }).unwrap();
    SampleSchemas::new(Arc::new(registry))
}

fn rms(value: f64) -> Sample {
    Sample::Measurement(Measurement {
        sensor: "DE".to_owned(),
        axis: Axis::X,
        unit: Unit::MillimetrePerSecond,
        started_at: Timestamp::from_micros(1_767_225_600_000_000),
        speed_rpm: None,
        statistic: Statistic::Rms,
        value,
    })
}

fn legacy(motor: Uuid, value: f64) -> Vec<u8> {
    let json = serde_json::json!({
        "MotorId": motor, "Value": value, "Axis": "X", "Medicion": "velocity",
    });
    json.to_string().into_bytes()
}

fn values(samples: &[ReceivedSample]) -> Vec<f64> {
    let value = |received: &ReceivedSample| match &received.sample {
        Sample::Measurement(measurement) => measurement.value,
        Sample::Block(block) => block.samples.iter().copied().map(f64::from).sum(),
    };
    samples.iter().map(value).collect()
}

/// Reads until `count` samples have come; the last checkpoint as well.
async fn take(feed: &mut dyn SampleFeed, count: usize) -> (Vec<ReceivedSample>, Checkpoint) {
    let mut taken = Vec::new();
    loop {
        let batch = tokio::time::timeout(Duration::from_secs(60), feed.next(100));
        let batch = batch.await.expect("samples are there").unwrap();
        taken.extend(batch.samples);
        if taken.len() >= count {
            return (taken, batch.checkpoint);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_devices_send_themselves_comes_out_in_order() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let motor = Uuid::now_v7();
    ends.send(0, motor, &legacy(motor, 1.0)).await;
    ends.publish(motor, &rms(2.0)).await.unwrap();
    let reading = format!(r#"{{"motorId":"{motor}","unit":"mm/s","x":3,"y":4,"z":5}}"#);
    ends.send(0, motor, reading.as_bytes()).await;
    let posted = format!(
        r#"{{"motor_id":"{motor}","sensor":"DE","axis":"x","unit":"g","sample_rate_hz":100,
            "started_at":"2026-01-01T00:00:00Z","samples":[5,1]}}"#
    );
    ends.send(0, motor, posted.as_bytes()).await;
    let mut feed = ends.open(None).await.unwrap();
    let (samples, checkpoint) = take(&mut *feed, 6).await;
    assert_eq!(values(&samples), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert!(samples.iter().all(|received| received.motor_id == motor));
    let Sample::Measurement(first) = &samples[0].sample else { panic!("a value") };
    assert_eq!(first.started_at, samples[0].received_at, "it had no time of its own");
    assert_eq!((ends.tally.record_times(), ends.refused()), (2, vec![]));
    assert_eq!(checkpoint, Checkpoint(r#"{"0":4}"#.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_understands_is_parked_before_the_checkpoint_moves_past_it() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let motor = Uuid::now_v7();
    ends.send(0, motor, b"{").await;
    ends.send(0, motor, &legacy(motor, -1.0)).await;
    ends.send(0, motor, &[0, 0xff, 0xff, 0xff, 0, 1, 2, 3]).await;
    ends.send(0, motor, &legacy(motor, 7.0)).await;
    *ends.parked.refusals.lock().unwrap() = 1;
    let mut feed = ends.open(None).await.unwrap();
    let error = loop {
        match feed.next(100).await {
            Ok(batch) => assert_eq!(batch.checkpoint, Checkpoint(r#"{"0":0}"#.to_owned())),
            Err(error) => break error,
        }
    };
    assert!(error.chain().contains("the topic is away"), "{}", error.chain());
    let (samples, checkpoint) = take(&mut *feed, 1).await;
    assert_eq!(values(&samples), [7.0]);
    assert_eq!(checkpoint, Checkpoint(r#"{"0":4}"#.to_owned()));
    let letters = ends.parked.letters.lock().unwrap().clone();
    assert_eq!(letters.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(letters[1].1.contains("never negative"), "{letters:?}");
    assert_eq!(ends.refused(), [("unreadable", 1), ("unknown_schema", 1), ("invalid", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoint_moves_past_parked_records_also_when_nothing_follows() {
    let Some(ends) = Ends::fresh(1).await else { return };
    ends.send(0, Uuid::now_v7(), b"not a sample").await;
    let mut feed = ends.open(None).await.unwrap();
    let batch = feed.next(10).await.unwrap();
    assert_eq!(batch.checkpoint, Checkpoint(r#"{"0":1}"#.to_owned()));
    assert!(batch.samples.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_before_the_commit_the_batch_comes_again() {
    let Some(ends) = Ends::fresh(2).await else { return };
    let motors = [Uuid::now_v7(), Uuid::now_v7()];
    for n in 0..20 {
        for (partition, motor) in (0..).zip(motors) {
            ends.send(partition, motor, &legacy(motor, f64::from(n))).await;
        }
    }
    let mut committed = None;
    let mut all = Vec::new();
    for round in 0_usize.. {
        let mut feed = ends.open(committed.as_ref()).await.unwrap();
        let first = feed.next(7).await.unwrap();
        let again = ends.open(committed.as_ref()).await.unwrap().next(7).await.unwrap();
        assert!(!first.samples.is_empty() && !again.samples.is_empty());
        // Every other round crashes between the batch and its commit.
        if round % 2 == 1 {
            all.extend(first.samples);
            committed = Some(first.checkpoint);
        }
        if all.len() == 40 {
            break;
        }
    }
    for motor in motors {
        let own: Vec<_> = all.iter().filter(|it| it.motor_id == motor).cloned().collect();
        assert_eq!(values(&own), (0..20).map(f64::from).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_took_is_counted_and_the_rest_is_read() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let motor = Uuid::now_v7();
    for n in 0..10 {
        ends.send(0, motor, &legacy(motor, f64::from(n))).await;
    }
    ends.topic.delete_before(0, 6).await;
    let checkpoint = Checkpoint(r#"{"0":2}"#.to_owned());
    let mut feed = ends.open(Some(&checkpoint)).await.unwrap();
    let (samples, _) = take(&mut *feed, 4).await;
    assert_eq!(values(&samples), [6.0, 7.0, 8.0, 9.0]);
    assert_eq!((ends.tally.resets(), ends.tally.lost()), (1, 4));
    let mut feed = ends.open(None).await.unwrap();
    assert_eq!(take(&mut *feed, 4).await.0.len(), 4);
    assert_eq!(ends.tally.resets(), 1, "a first start wants what is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_beyond_the_end_is_no_reason_to_wait_for_ever() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let motor = Uuid::now_v7();
    ends.send(0, motor, &legacy(motor, 1.0)).await;
    let checkpoint = Checkpoint(r#"{"0":99}"#.to_owned());
    let mut feed = ends.open(Some(&checkpoint)).await.unwrap();
    assert_eq!(values(&take(&mut *feed, 1).await.0), [1.0]);
    assert_eq!((ends.tally.resets(), ends.tally.lost()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_the_checkpoint_does_not_know_is_read_from_its_beginning() {
    let Some(ends) = Ends::fresh(2).await else { return };
    let motor = Uuid::now_v7();
    for partition in [0, 1] {
        ends.send(partition, motor, &legacy(motor, f64::from(partition))).await;
    }
    let checkpoint = Checkpoint(r#"{"0":1}"#.to_owned());
    let mut feed = ends.open(Some(&checkpoint)).await.unwrap();
    let (samples, checkpoint) = take(&mut *feed, 1).await;
    assert_eq!(values(&samples), [1.0]);
    assert_eq!(checkpoint, Checkpoint(r#"{"0":1,"1":1}"#.to_owned()));
    assert_eq!(ends.tally.resets(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_source_is_refused() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let opened = ends.open(Some(&Checkpoint("17".to_owned()))).await;
    assert!(opened.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_block_fits_and_a_larger_one_is_refused_at_once() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let block = |samples| {
        Sample::Block(SampleBlock {
            sensor: "DE".to_owned(),
            axis: Axis::X,
            unit: Unit::StandardGravity,
            sample_rate_hz: 25_600.0,
            started_at: Timestamp::from_micros(1_767_225_600_000_000),
            speed_rpm: None,
            samples: vec![0.5; samples],
        })
    };
    let motor = Uuid::now_v7();
    ends.publish(motor, &block(1_000_000)).await.unwrap();
    let error = ends.publish(motor, &block(2_000_000)).await.unwrap_err();
    assert!(error.chain().contains("a record may have 5242880"), "{}", error.chain());
    let mut feed = ends.open(None).await.unwrap();
    let (samples, _) = take(&mut *feed, 1).await;
    assert_eq!(samples[0].sample, block(1_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_ends_with_the_sample_that_goes_beyond_its_bytes() {
    let Some(ends) = Ends::fresh(1).await else { return };
    let settings = SourceSettings { batch_bytes_max: 1, ..SourceSettings::of(&ends.topic.name) };
    let schemas = Arc::new(schemas_of(services::schema_registry().unwrap()));
    let (kafka, parked) = (ends.topic.kafka.clone(), ends.parked.clone());
    let (clock, tally) = (Arc::new(SystemClock), ends.tally.clone());
    let source = KafkaSampleSource::new(kafka, clock, schemas, parked, tally, settings);
    let motor = Uuid::now_v7();
    for n in 0..3 {
        ends.publish(motor, &rms(f64::from(n))).await.unwrap();
    }
    let mut feed = source.open(None).await.unwrap();
    for n in 0..3 {
        assert_eq!(values(&feed.next(100).await.unwrap().samples), [f64::from(n)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_and_an_absent_cluster_are_failures_in_bounded_time() {
    let Some(registry) = services::schema_registry() else { return };
    let schemas = Arc::new(schemas_of(registry));
    let kafka = infra_kafka::settings::KafkaSettings::plaintext("127.0.0.1:1");
    let settings = PublishSettings {
        queued_records_max: 1,
        delivery_timeout_ms: 1_000,
        ..PublishSettings::to(services::fresh_name("absent"))
    };
    let samples = KafkaSamples::new(&kafka, schemas, settings).unwrap();
    let (motor, sample) = (Uuid::now_v7(), rms(1.0));
    // The schema is registered by the first one, so that both meet in the queue.
    samples.publish(motor, &sample).await.unwrap_err();
    let (one, other) =
        tokio::join!(samples.publish(motor, &sample), samples.publish(motor, &sample));
    assert!(other.unwrap_err().chain().contains("too many samples wait"));
    one.unwrap_err();
}
