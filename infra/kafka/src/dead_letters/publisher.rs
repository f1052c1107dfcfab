//! Writes to the dead-letter topics.

use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use tracing::warn;

use super::error_headers::{Failure, Origin, with_error_headers};
use crate::headers::name;
use crate::samples::ParkRecord;
use crate::settings::KafkaSettings;
use crate::topics::{SAMPLE_BYTES_MAX, Topics};

/// How long a record may wait for room in the client.
const ROOM_MS_MAX: u64 = 5_000;

/// The dead-letter topics of a cluster.
pub struct DeadLetterTopic {
    producer: FutureProducer,
    topics: Topics,
    handler: String,
}

/// A record for a dead-letter topic.
pub(super) struct DeadRecord<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: OwnedHeaders,
}

impl DeadLetterTopic {
    /// Connects to nothing yet. Records that are parked raw are parked for `handler`.
    ///
    /// # Errors
    /// The client cannot be made as the settings say.
    pub fn new(
        kafka: &KafkaSettings,
        topics: Topics,
        handler: impl Into<String>,
    ) -> Result<Self, PortError> {
        let mut config = kafka.producer_config();
        config.set("message.max.bytes", SAMPLE_BYTES_MAX.to_string());
        let producer = config.create();
        let producer = producer
            .map_err(|error| PortError::new("making a producer for dead letters", error))?;
        Ok(Self { producer, topics, handler: handler.into() })
    }

    /// Parks a record as it is. Durable when it returns; the same record may be parked again.
    ///
    /// # Errors
    /// The cluster does not take it: the caller must not go past the record.
    pub async fn park_record(&self, record: &OwnedMessage, reason: &str) -> Result<(), PortError> {
        let place = Some((record.partition(), record.offset()));
        let at_ms = record.timestamp().to_millis();
        let dead = DeadRecord {
            origin: Origin { topic: record.topic(), place, at_ms },
            key: record.key(),
            value: record.payload(),
            headers: record.headers().cloned().unwrap_or_else(OwnedHeaders::new),
        };
        let failure = Failure { handler: &self.handler, kind: "undecodable", reason };
        self.publish(dead, &failure).await
    }

    /// With its value, or without it where the topic does not take it: then only the place where it was is told.
    pub(super) async fn publish(
        &self,
        dead: DeadRecord<'_>,
        failure: &Failure<'_>,
    ) -> Result<(), PortError> {
        let topic = self.topics.dead_letters_of(dead.origin.topic);
        let headers = with_error_headers(dead.headers, dead.origin, failure);
        let sent = self.send(&topic, dead.key, dead.value, headers.clone()).await;
        let sent = match (sent, dead.value) {
            (Err(error), Some(value)) if is_too_large(&error) => {
                warn!(
                    topic,
                    value_bytes = value.len(),
                    "a dead letter is too large; it is told without its value"
                );
                let bytes = value.len().to_string();
                let headers = headers.insert(Header { key: name::OVERSIZE, value: Some(&bytes) });
                self.send(&topic, dead.key, None, headers).await
            }
            (sent, _) => sent,
        };
        sent.map_err(|error| PortError::new(format!("writing a dead letter to {topic}"), error))
    }

    async fn send(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: OwnedHeaders,
    ) -> Result<(), KafkaError> {
        let mut record = FutureRecord::<[u8], [u8]>::to(topic).headers(headers);
        (record.key, record.payload) = (key, value);
        let room = Timeout::After(Duration::from_millis(ROOM_MS_MAX));
        let sent = self.producer.send(record, room).await;
        sent.map(|_| ()).map_err(|(error, _)| error)
    }
}

#[async_trait]
impl ParkRecord for DeadLetterTopic {
    async fn park(&self, record: &OwnedMessage, reason: &str) -> Result<(), PortError> {
        self.park_record(record, reason).await
    }
}

fn is_too_large(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
}
