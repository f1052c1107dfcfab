//! Opens readers of the topic at a checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::{Clock, Timestamp};
use ports::samples::{SampleFeed, SampleSource};
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedMessage;
use tracing::error;

use super::device::DeviceConventions;
use super::feed::Feed;
use super::refusal::SampleTally;
use super::schemas::SampleSchemas;
use crate::live::partitions::{Ends, Partitions};
use crate::settings::KafkaSettings;

const MICROS_PER_MS: i64 = 1_000;

/// How samples are read.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Where from.
    pub topic: String,
    /// A batch ends with the sample that goes beyond this.
    pub batch_bytes_max: usize,
    /// What the client may hold ready, in units of 1024 bytes.
    pub prefetch_kbytes_max: usize,
    /// How far this machine's clock may be ahead of the brokers', with what a record needs to be readable at all.
    /// So much later a sensor is said to be silent.
    pub clocks_apart_ms_max: u32,
    /// So long a partition may stand still before its end while the cluster answers; then reading begins anew. Whoever
    /// reads must need less for a batch.
    pub stalled_ms_max: u64,
    /// How often the number of partitions is looked at.
    pub partitions_poll_ms: u64,
    /// What devices mean where they do not say it.
    pub conventions: DeviceConventions,
}

impl SourceSettings {
    /// The defaults, for `topic`.
    pub fn of(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            batch_bytes_max: 16 * 1024 * 1024,
            prefetch_kbytes_max: 32 * 1024,
            clocks_apart_ms_max: 2_000,
            stalled_ms_max: 10_000,
            partitions_poll_ms: 30_000,
            conventions: DeviceConventions::default(),
        }
    }
}

/// Keeps records that nobody understands.
#[async_trait]
pub trait ParkRecord: Send + Sync {
    /// Durable when it returns. The same record may come again.
    async fn park(&self, record: &OwnedMessage, reason: &str) -> Result<(), PortError>;
}

/// [`SampleSource`] over all partitions of a topic.
pub struct KafkaSampleSource {
    kafka: KafkaSettings,
    desk: Arc<Desk>,
}

/// What feeds need to understand records.
pub(super) struct Desk {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) schemas: Arc<SampleSchemas>,
    /// Absent where somebody else does it.
    pub(super) parking: Option<Arc<dyn ParkRecord>>,
    pub(super) tally: Arc<SampleTally>,
    pub(super) settings: SourceSettings,
}

/// The next offset of every partition.
pub(super) type Offsets = BTreeMap<i32, i64>;

impl KafkaSampleSource {
    /// Reads what `schemas` can decode, hands the rest to `parking`, and counts in `tally`. By `clock` it knows until
    /// when it has read everything.
    pub fn new(
        kafka: KafkaSettings,
        clock: Arc<dyn Clock>,
        schemas: Arc<SampleSchemas>,
        parking: Arc<dyn ParkRecord>,
        tally: Arc<SampleTally>,
        settings: SourceSettings,
    ) -> Self {
        let parking = Some(parking);
        Self { kafka, desk: Arc::new(Desk { clock, schemas, parking, tally, settings }) }
    }

    fn consumer(&self) -> Result<Arc<StreamConsumer>, KafkaError> {
        let settings = &self.desk.settings;
        let mut config = self.kafka.consumer_config();
        // The client wants the name of a group to assign anything; nothing is ever committed under it.
        config
            .set("group.id", format!("{}-samples", self.kafka.client_id))
            .set("queued.max.messages.kbytes", settings.prefetch_kbytes_max.to_string());
        Ok(Arc::new(config.create()?))
    }

    fn begin(
        &self,
        consumer: Arc<StreamConsumer>,
        partitions: Partitions,
        offsets: Offsets,
        desk: Arc<Desk>,
    ) -> Result<Box<dyn SampleFeed>, PortError> {
        partitions
            .at(offsets.values().copied())
            .and_then(|assignment| consumer.assign(&assignment))
            .map_err(|error| {
                PortError::new(
                    format!("opening the samples of {}", self.desk.settings.topic),
                    error,
                )
            })?;
        Ok(Box::new(Feed::new(consumer, desk, partitions, offsets)))
    }
}

#[async_trait]
impl SampleSource for KafkaSampleSource {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        let topic = &self.desk.settings.topic;
        let attempted = || format!("opening the samples of {topic}");
        let wanted = from.map(|Checkpoint(json)| serde_json::from_str::<Offsets>(json));
        let wanted = wanted.transpose().map_err(|error| PortError::new(attempted(), error))?;
        let consumer = self.consumer().map_err(|error| PortError::new(attempted(), error))?;
        let partitions = Partitions::of(&consumer, std::slice::from_ref(topic)).await?;
        let ends = partitions.ends(&consumer).await?;
        let offsets = self.desk.begin(&partitions, &ends, wanted.as_ref());
        self.begin(consumer, partitions, offsets, Arc::clone(&self.desk))
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        let topic = &self.desk.settings.topic;
        let consumer = self.consumer().map_err(|error| {
            PortError::new(format!("opening the samples of {topic} since {since}"), error)
        })?;
        let partitions = Partitions::of(&consumer, std::slice::from_ref(topic)).await?;
        let at_ms = since.as_micros().div_euclid(MICROS_PER_MS);
        let offsets = partitions.since(&consumer, at_ms).await?;
        let offsets = partitions.iter().map(|(_, partition)| partition).zip(offsets).collect();
        // Whoever leads has parked and counted what nobody understands.
        let (schemas, settings) = (Arc::clone(&self.desk.schemas), self.desk.settings.clone());
        let (clock, tally) = (Arc::clone(&self.desk.clock), Arc::default());
        let desk = Desk { clock, schemas, parking: None, tally, settings };
        self.begin(consumer, partitions, offsets, Arc::new(desk))
    }
}

impl Desk {
    /// Where to begin in every partition. What is no longer there is told and counted.
    fn begin(&self, partitions: &Partitions, ends: &[Ends], wanted: Option<&Offsets>) -> Offsets {
        let begin = |((_, partition), ends): ((&str, i32), &Ends)| {
            // Without a checkpoint everything that is kept is wanted; a partition that it does not know is new.
            let wanted = wanted.map_or(ends.low, |at| at.get(&partition).copied().unwrap_or(0));
            (partition, self.begin_partition(partition, *ends, wanted))
        };
        partitions.iter().zip(ends).map(begin).collect()
    }

    fn begin_partition(&self, partition: i32, ends: Ends, wanted: i64) -> i64 {
        let Ends { low, high } = ends;
        if (low..=high).contains(&wanted) {
            return wanted;
        }
        let topic = &self.settings.topic;
        let lost = u64::try_from(low - wanted).unwrap_or_default();
        if lost > 0 {
            error!("{lost} samples of {topic}-{partition} were let go of before they were read");
        } else {
            error!(
                "{topic}-{partition} ends at {high}, before the checkpoint {wanted}: reading all"
            );
        }
        self.tally.count_reset(lost);
        low
    }
}
