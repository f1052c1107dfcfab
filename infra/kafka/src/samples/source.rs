//! Opens readers of the topic at a checkpoint.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::{Clock, Timestamp};
use ports::samples::{SampleFeed, SampleSource};
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;

use super::desk::{Desk, Offsets, ParkRecord, SourceSettings};
use super::feed::Feed;
use super::refusal::SampleTally;
use super::schemas::SampleSchemas;
use crate::live::partitions::Partitions;
use crate::settings::KafkaSettings;

const MICROS_PER_MS: i64 = 1_000;

/// [`SampleSource`] over all partitions of a topic.
pub struct KafkaSampleSource {
    kafka: KafkaSettings,
    desk: Arc<Desk>,
}

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
