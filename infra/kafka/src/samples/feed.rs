//! A reader of the topic: records become samples, in batches.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::Timestamp;
use ports::samples::{ReceivedSample, Sample, SampleBatch, SampleFeed};
use rdkafka::Offset;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message as _, OwnedMessage};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

use super::building::validate;
use super::complete::Completeness;
use super::desk::{Desk, Offsets};
use super::device::{self, Message, Record};
use super::publish::MAGIC_BYTE;
use super::refusal::Refusal;
use super::wire;
use crate::live::partitions::{Partitions, needs_reopening};

/// How many records that hold no samples may go by before their offsets are given.
const EMPTY_RECORDS_MAX: usize = 1_000;

/// Reads all partitions from their offsets on.
pub(super) struct Feed {
    consumer: Arc<StreamConsumer>,
    desk: Arc<Desk>,
    partitions: Partitions,
    partitions_poll: Interval,
    completeness: Completeness,
    /// Of what was given.
    offsets: Offsets,
    /// Records that are not given yet, or not wholly.
    ready: VecDeque<Ready>,
    ready_samples: usize,
    ready_bytes: usize,
    /// A record that needs the world before it is dealt with. Kept here, so that a dropped future loses nothing.
    in_hand: Option<OwnedMessage>,
}

/// What a record held; nothing when it was parked.
struct Ready {
    partition: i32,
    offset: i64,
    samples: VecDeque<ReceivedSample>,
}

/// What is missing to understand a record.
#[derive(Debug)]
pub(super) enum Trouble {
    Schema(u32),
    Refused(Refusal),
}

impl Feed {
    pub(super) fn new(
        consumer: Arc<StreamConsumer>,
        desk: Arc<Desk>,
        partitions: Partitions,
        offsets: Offsets,
    ) -> Self {
        let mut poll = interval(Duration::from_millis(desk.settings.partitions_poll_ms));
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        poll.reset();
        let completeness = Completeness::new(Arc::clone(&desk.clock), &desk.settings);
        Self {
            consumer,
            desk,
            partitions,
            partitions_poll: poll,
            completeness,
            offsets,
            ready: VecDeque::new(),
            ready_samples: 0,
            ready_bytes: 0,
            in_hand: None,
        }
    }

    /// Whether more records should be taken for this batch.
    fn wants_more(&self, samples_max: usize) -> bool {
        self.ready_samples < samples_max
            && self.ready_bytes < self.desk.settings.batch_bytes_max
            && self.ready.len() < samples_max.saturating_add(EMPTY_RECORDS_MAX)
    }

    async fn take(
        &mut self,
        record: Result<BorrowedMessage<'_>, KafkaError>,
    ) -> Result<(), PortError> {
        let record = match record {
            Ok(record) => record,
            Err(error) if needs_reopening(&error) => {
                let attempted = format!("reading samples of {}", self.desk.settings.topic);
                return Err(PortError::new(attempted, error));
            }
            // The client mends it by itself.
            Err(error) => {
                warn!("reading samples: {error}");
                return Ok(());
            }
        };
        match self.desk.understand(&record) {
            Ok(samples) => self.put(record.partition(), record.offset(), samples),
            Err(_) => {
                self.in_hand = Some(record.detach());
                self.settle().await?;
            }
        }
        Ok(())
    }

    /// Deals with the record that could not be dealt with at once.
    async fn settle(&mut self) -> Result<(), PortError> {
        while let Some(record) = &self.in_hand {
            let samples = match self.desk.understand(record) {
                Ok(samples) => samples,
                Err(Trouble::Schema(id)) => {
                    self.desk.schemas.learn(id).await?;
                    continue;
                }
                Err(Trouble::Refused(refusal)) => {
                    self.desk.park(record, &refusal).await?;
                    VecDeque::new()
                }
            };
            let (partition, offset) = (record.partition(), record.offset());
            self.in_hand = None;
            self.put(partition, offset, samples);
        }
        Ok(())
    }

    fn put(&mut self, partition: i32, offset: i64, samples: VecDeque<ReceivedSample>) {
        self.ready_samples += samples.len();
        self.ready_bytes += samples.iter().map(size).sum::<usize>();
        self.ready.push_back(Ready { partition, offset, samples });
    }

    /// What is ready. A record's offset moves with the last of its samples.
    fn give(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        let mut samples = Vec::new();
        while let Some(first) = self.ready.front_mut() {
            while samples.len() < samples_max {
                let Some(sample) = first.samples.pop_front() else { break };
                self.ready_samples -= 1;
                self.ready_bytes -= size(&sample);
                samples.push(sample);
            }
            if !first.samples.is_empty() {
                break;
            }
            self.offsets.insert(first.partition, first.offset + 1);
            self.ready.pop_front();
        }
        let checkpoint = serde_json::to_string(&self.offsets)
            .map_err(|error| PortError::new("writing down the offsets of samples", error))?;
        Ok(SampleBatch { samples, checkpoint: Checkpoint(checkpoint) })
    }

    /// Before which offsets there is nothing left to be given.
    fn reached(&self) -> KafkaResult<Offsets> {
        let mut reached = self.offsets.clone();
        // The client may have come further: past what only the cluster needs, such as the end of a transaction.
        for read in self.consumer.position()?.elements() {
            let partition = read.partition();
            if let (Offset::Offset(at), false) = (read.offset(), self.holds_records_of(partition)) {
                reached.entry(partition).and_modify(|given| *given = at.max(*given));
            }
        }
        Ok(reached)
    }

    fn holds_records_of(&self, partition: i32) -> bool {
        let in_hand = self.in_hand.as_ref().is_some_and(|record| record.partition() == partition);
        in_hand || self.ready.iter().any(|ready| ready.partition == partition)
    }

    /// New partitions are read from the next opening on.
    async fn look_at_partitions(&self) -> Result<(), PortError> {
        let topic = &self.desk.settings.topic;
        match Partitions::of(&self.consumer, std::slice::from_ref(topic)).await {
            Ok(now) if now != self.partitions => {
                let fault = format!("it has {} partitions now", now.len());
                Err(PortError::new(format!("reading on in {topic}"), fault))
            }
            Ok(_) => Ok(()),
            Err(error) => {
                warn!("looking at the partitions: {}", error.chain());
                Ok(())
            }
        }
    }
}

#[async_trait]
impl SampleFeed for Feed {
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        self.settle().await?;
        let consumer = Arc::clone(&self.consumer);
        while self.ready.is_empty() {
            tokio::select! {
                biased;
                record = consumer.recv() => self.take(record).await?,
                _ = self.partitions_poll.tick() => self.look_at_partitions().await?,
            }
        }
        while self.wants_more(samples_max) {
            let Some(record) = consumer.recv().now_or_never() else { break };
            self.take(record).await?;
        }
        // From here on nothing waits, so that no drop can come between taking the samples and counting them.
        self.give(samples_max)
    }

    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError> {
        let attempted = || format!("asking how far {} was read", self.desk.settings.topic);
        let reached = self.reached().map_err(|error| PortError::new(attempted(), error))?;
        let until = self.completeness.until(&reached, &self.consumer, &self.partitions);
        until.map_err(|stalled| PortError::new(attempted(), stalled))
    }
}

impl Desk {
    pub(super) fn understand(
        &self,
        record: &impl rdkafka::Message,
    ) -> Result<VecDeque<ReceivedSample>, Trouble> {
        let received_at = Timestamp::from_micros(
            record.timestamp().to_millis().unwrap_or_default().saturating_mul(1_000),
        );
        let Message { motor_id, samples, record_time, not_vibration } =
            self.read(record, received_at)?;
        for sample in &samples {
            validate(sample, received_at).map_err(Trouble::Refused)?;
        }
        if record_time {
            self.tally.count_record_time();
        }
        self.tally.count_not_vibration(not_vibration);
        let received = |sample| ReceivedSample { motor_id, sample, received_at };
        Ok(samples.into_iter().map(received).collect())
    }

    /// Avro begins with a zero byte, and JSON never does.
    fn read(&self, record: &impl rdkafka::Message, time: Timestamp) -> Result<Message, Trouble> {
        let bytes = record.payload().unwrap_or_default();
        let message = match bytes {
            [] => Err(Refusal::Empty),
            [MAGIC_BYTE, a, b, c, d, datum @ ..] => {
                let id = u32::from_be_bytes([*a, *b, *c, *d]);
                let schema = self.schemas.get(id).ok_or(Trouble::Schema(id))?;
                schema.and_then(|schema| wire::decode(datum, &schema)).map(|(motor_id, sample)| {
                    let samples = vec![sample];
                    Message { motor_id, samples, record_time: false, not_vibration: 0 }
                })
            }
            json => {
                device::read(json, &Record { key: record.key(), time }, &self.settings.conventions)
            }
        };
        message.map_err(Trouble::Refused)
    }

    async fn park(&self, record: &OwnedMessage, refusal: &Refusal) -> Result<(), PortError> {
        let Some(parking) = &self.parking else { return Ok(()) };
        let reason = refusal.to_string();
        parking.park(record, &reason).await?;
        let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());
        warn!("parked {topic}-{partition}@{offset}: {reason}");
        self.tally.count_refusal(refusal);
        Ok(())
    }
}

fn size(received: &ReceivedSample) -> usize {
    match &received.sample {
        Sample::Block(block) => size_of_val(block.samples.as_slice()),
        Sample::Measurement(_) => size_of::<ReceivedSample>(),
    }
}
