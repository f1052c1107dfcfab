//! Puts samples down on the topic.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::samples::{Sample, Samples};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use uuid::Uuid;

use super::schemas::SampleSchemas;
use super::wire::encode;
use crate::settings::KafkaSettings;

/// What begins a value in Confluent wire format; the number of its schema follows.
pub(super) const MAGIC_BYTE: u8 = 0;

/// How samples are put down.
#[derive(Clone, Debug)]
pub struct PublishSettings {
    /// Where.
    pub topic: String,
    /// The largest record, which the topic must take as well. The largest block, a million samples, needs 4 MB.
    pub record_bytes_max: usize,
    /// So many records may wait to be acknowledged.
    pub queued_records_max: usize,
    /// So many bytes of them, in units of 1024.
    pub queued_kbytes_max: usize,
    /// How long a record may take to be acknowledged, retries included.
    pub delivery_timeout_ms: u64,
}

impl PublishSettings {
    /// The defaults, for `topic`.
    pub fn to(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            record_bytes_max: 5 * 1024 * 1024,
            queued_records_max: 10_000,
            queued_kbytes_max: 128 * 1024,
            delivery_timeout_ms: 10_000,
        }
    }
}

/// Why a sample was not put down.
#[derive(Debug, thiserror::Error)]
enum NotPublished {
    #[error("the sample needs {bytes} bytes, and a record may have {bytes_max}")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("too many samples wait to be acknowledged")]
    QueueFull,
    #[error("the topic takes no record of {0} bytes: its max.message.bytes is too small")]
    TopicTakesLess(usize),
    #[error(transparent)]
    Avro(#[from] apache_avro::Error),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error("the producer was closed")]
    Closed,
}

/// [`Samples`] as records in Avro, keyed by their motor. Acknowledged by all in-sync replicas when `publish` returns.
pub struct KafkaSamples {
    producer: FutureProducer,
    schemas: Arc<SampleSchemas>,
    settings: PublishSettings,
}

impl KafkaSamples {
    /// Makes the producer; it connects when it is needed.
    ///
    /// # Errors
    /// The settings contradict each other.
    pub fn new(
        kafka: &KafkaSettings,
        schemas: Arc<SampleSchemas>,
        settings: PublishSettings,
    ) -> Result<Self, PortError> {
        let mut config = kafka.producer_config();
        // As Java's clients do it, so that a motor's samples meet in one partition whoever sends them. Not compressed:
        // vibration is noise.
        config
            .set("partitioner", "murmur2_random")
            .set("compression.type", "none")
            .set("message.max.bytes", settings.record_bytes_max.to_string())
            .set("queue.buffering.max.messages", settings.queued_records_max.to_string())
            .set("queue.buffering.max.kbytes", settings.queued_kbytes_max.to_string())
            .set("request.timeout.ms", settings.delivery_timeout_ms.div_ceil(2).to_string())
            .set("delivery.timeout.ms", settings.delivery_timeout_ms.to_string());
        let producer =
            config.create().map_err(|error| PortError::new("making the sample producer", error))?;
        Ok(Self { producer, schemas, settings })
    }

    async fn put_down(&self, key: &str, record: &[u8]) -> Result<(), NotPublished> {
        let (bytes, bytes_max) = (record.len() + key.len(), self.settings.record_bytes_max);
        // The rest is for what the protocol puts around a record.
        if bytes + RECORD_OVERHEAD_BYTES > bytes_max {
            return Err(NotPublished::TooLarge { bytes, bytes_max });
        }
        let record = FutureRecord::to(&self.settings.topic).key(key).payload(record);
        let sent = self.producer.send_result(record).map_err(|(error, _)| explain(error, bytes))?;
        let delivered = sent.await.map_err(|_closed| NotPublished::Closed)?;
        delivered.map(|_| ()).map_err(|(error, _)| explain(error, bytes))
    }
}

const RECORD_OVERHEAD_BYTES: usize = 512;

#[async_trait]
impl Samples for KafkaSamples {
    async fn publish(&self, motor_id: Uuid, sample: &Sample) -> Result<(), PortError> {
        let failed = |error: NotPublished| {
            PortError::new(format!("putting down a sample of {motor_id}"), error)
        };
        let schema_id = self.schemas.own(&self.settings.topic).await?;
        let datum = encode(motor_id, sample).map_err(|error| failed(error.into()))?;
        let mut record = Vec::with_capacity(5 + datum.len());
        record.push(MAGIC_BYTE);
        record.extend(schema_id.to_be_bytes());
        record.extend(datum);
        self.put_down(&motor_id.to_string(), &record).await.map_err(failed)
    }
}

fn explain(error: KafkaError, bytes: usize) -> NotPublished {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => NotPublished::QueueFull,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => NotPublished::TopicTakesLess(bytes),
        _ => error.into(),
    }
}
