//! A record from a producer to a consumer with nothing of ours in between: what latencies are held against.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaResult;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;

use crate::settings::KafkaSettings;

/// How long the cluster may take for one step.
const STEP: Duration = Duration::from_secs(10);
/// As large as an event is.
const RECORD_BYTES: usize = 800;

/// How the record is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Idempotent, acknowledged by all.
    Plain,
    /// In a transaction of its own.
    Transactional,
}

/// A producer, a topic of its own with one partition, and a consumer that sees what was committed.
pub struct RoundTrip {
    kind: Kind,
    topic: String,
    kafka: KafkaSettings,
    producer: FutureProducer,
    consumer: StreamConsumer,
}

impl RoundTrip {
    /// Makes the topic, and waits until a first record has gone round.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses.
    pub async fn open(kafka: &KafkaSettings, topic: &str, kind: Kind) -> KafkaResult<Self> {
        let admin: AdminClient<_> = kafka.client_config().create()?;
        let made = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
        admin.create_topics([&made], &AdminOptions::new().operation_timeout(Some(STEP))).await?;
        let mut config = kafka.producer_config();
        if kind == Kind::Transactional {
            config.set("transactional.id", topic);
        }
        let producer: FutureProducer = config.create()?;
        if kind == Kind::Transactional {
            let initialising = producer.clone();
            blocking(move || initialising.init_transactions(STEP)).await?;
        }
        let consumer: StreamConsumer = kafka.consumer_config().set("group.id", topic).create()?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, 0, Offset::Offset(0))?;
        consumer.assign(&from)?;
        let (kafka, topic) = (kafka.clone(), topic.to_owned());
        let opened = Self { kind, topic, kafka, producer, consumer };
        opened.once().await?;
        Ok(opened)
    }

    /// How long one record takes, from before it is sent until it is received.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses.
    pub async fn once(&self) -> KafkaResult<Duration> {
        let began = Instant::now();
        let received = async {
            self.consumer.recv().await?;
            Ok(began.elapsed())
        };
        let (sent, received) = tokio::join!(self.send(), received);
        sent?;
        received
    }

    /// Deletes the topic.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses.
    pub async fn close(self) -> KafkaResult<()> {
        let admin: AdminClient<_> = self.kafka.client_config().create()?;
        admin.delete_topics(&[&self.topic], &AdminOptions::new()).await?;
        Ok(())
    }

    async fn send(&self) -> KafkaResult<()> {
        if self.kind == Kind::Transactional {
            self.producer.begin_transaction()?;
        }
        let payload = [b'x'; RECORD_BYTES];
        let record = FutureRecord::<(), _>::to(&self.topic).payload(&payload[..]);
        self.producer.send(record, STEP).await.map_err(|(error, _)| error)?;
        if self.kind == Kind::Transactional {
            let committing = self.producer.clone();
            blocking(move || committing.commit_transaction(STEP)).await?;
        }
        Ok(())
    }
}

/// Runs what waits for the cluster beside the tasks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.expect("the client does not panic")
}
