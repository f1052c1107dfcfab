//! The transactional producer. Everything here waits for the cluster, and is called where waiting is allowed.

use std::mem;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ports::stream::GlobalPosition;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, ToBytes};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use super::cursor;
use super::outgoing::Page;
use super::publish_error::PublishError;
use super::{RelayError, RelaySettings};
use crate::settings::KafkaSettings;

/// How long the cluster may take to shut former relays out.
const INIT_MS_MAX: u64 = 20_000;
/// How long records may take to be delivered; the client itself gives up before.
const DELIVERY_MS_MAX: u64 = 40_000;
/// How long a transaction may take to end.
const END_MS_MAX: u64 = 30_000;
/// How long to wait before looking for the client's answers again. Short: the next step begins when the last one is
/// in. Slept here and not left to the library, whose own waiting spins through the last millisecond.
const LOOK_PAUSE_US: u64 = 300;
/// How many records may wait in the client.
const QUEUE_RECORDS_MAX: usize = 100_000;
/// How many kilobytes of them.
const QUEUE_KBYTES_MAX: usize = 262_144;
/// What a record may be larger than the largest one that is sent: the client counts otherwise than we do.
const MESSAGE_SLACK_BYTES: usize = 65_536;

/// Notes which records a topic did not take because of their size.
#[derive(Default)]
struct Deliveries {
    too_large: Mutex<Vec<GlobalPosition>>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<GlobalPosition>;

    fn delivery(&self, result: &DeliveryResult<'_>, position: Box<GlobalPosition>) {
        if let Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) =
            result
        {
            self.too_large.lock().unwrap_or_else(PoisonError::into_inner).push(*position);
        }
    }
}

type Record<'a, K, V> = BaseRecord<'a, K, V, Box<GlobalPosition>>;

/// A producer that has shut out all earlier ones of its scope.
pub(super) struct TransactionalProducer {
    producer: BaseProducer<Deliveries>,
    cursor_topic: String,
    scope: String,
}

impl TransactionalProducer {
    pub(super) fn open(
        kafka: &KafkaSettings,
        settings: &RelaySettings,
    ) -> Result<Self, PublishError> {
        let message_bytes_max = settings.record_bytes_max + MESSAGE_SLACK_BYTES;
        let mut config = kafka.producer_config();
        config
            .set("transactional.id", settings.transactional_id())
            .set("message.max.bytes", message_bytes_max.to_string())
            .set("batch.size", settings.record_bytes_max.to_string())
            .set("queue.buffering.max.messages", QUEUE_RECORDS_MAX.to_string())
            .set("queue.buffering.max.kbytes", QUEUE_KBYTES_MAX.to_string());
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(Deliveries::default()).map_err(RelayError::Settings)?;
        let this = Self {
            producer,
            cursor_topic: settings.topics.relay_cursor.clone(),
            scope: settings.scope.clone(),
        };
        let initialised = this.producer.init_transactions(Duration::from_millis(INIT_MS_MAX));
        initialised.map_err(|error| this.judge(error))?;
        Ok(this)
    }

    /// All records and the cursor, or nothing.
    pub(super) fn publish(&self, page: &Page) -> Result<(), PublishError> {
        let judged = |error| self.judge(error);
        self.producer.begin_transaction().map_err(judged)?;
        for record in &page.records {
            let mut outgoing = BaseRecord::with_opaque_to(&record.topic, Box::new(record.position))
                .key(&record.key)
                .headers(record.headers.clone());
            outgoing.payload = record.value.as_deref();
            self.send(outgoing).map_err(judged)?;
        }
        fail::fail_point!("relay-after-send");
        let value = cursor::encode(page.through);
        let cursor = BaseRecord::with_opaque_to(&self.cursor_topic, Box::new(page.through));
        self.send(cursor.key(&self.scope).payload(&value)).map_err(judged)?;
        self.deliver().map_err(judged)?;
        fail::fail_point!("relay-before-commit");
        self.commit().map_err(judged)?;
        fail::fail_point!("relay-after-commit");
        Ok(())
    }

    pub(super) fn abort(&self) -> Result<(), PublishError> {
        let aborted = self.producer.abort_transaction(Duration::from_millis(END_MS_MAX));
        aborted.map_err(|error| match self.judge(error) {
            PublishError::Abortable(error) => PublishError::Broken(error),
            other => other,
        })
    }

    /// The events that a topic did not take since this was last asked.
    pub(super) fn take_too_large(&self) -> Vec<GlobalPosition> {
        let context = self.producer.context();
        mem::take(&mut *context.too_large.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits where the client's queue is full.
    fn send<K, V>(&self, mut record: Record<'_, K, V>) -> Result<(), KafkaError>
    where
        K: ToBytes + ?Sized,
        V: ToBytes + ?Sized,
    {
        let deadline = Instant::now() + Duration::from_millis(DELIVERY_MS_MAX);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < deadline =>
                {
                    record = back;
                    self.look_for_answers();
                }
                Err((
                    KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge),
                    back,
                )) => {
                    let position = *back.delivery_opaque;
                    let context = self.producer.context();
                    context.too_large.lock().unwrap_or_else(PoisonError::into_inner).push(position);
                    return Err(KafkaError::MessageProduction(
                        RDKafkaErrorCode::MessageSizeTooLarge,
                    ));
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Waits for the answers by itself: the library's own flush looks only every 100 ms.
    fn deliver(&self) -> Result<(), KafkaError> {
        let deadline = Instant::now() + Duration::from_millis(DELIVERY_MS_MAX);
        while self.producer.in_flight_count() > 0 {
            if Instant::now() > deadline {
                return Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
            }
            self.look_for_answers();
        }
        Ok(())
    }

    /// Takes in what there is, or waits for a moment.
    #[expect(clippy::disallowed_methods, reason = "the library tells of an answer only when asked")]
    fn look_for_answers(&self) {
        let before = self.producer.in_flight_count();
        self.producer.poll(Duration::ZERO);
        if self.producer.in_flight_count() == before {
            thread::sleep(Duration::from_micros(LOOK_PAUSE_US));
        }
    }

    /// An attempt whose answer did not come is made again: the cluster knows which one it was.
    fn commit(&self) -> Result<(), KafkaError> {
        let deadline = Instant::now() + Duration::from_millis(END_MS_MAX);
        loop {
            match self.producer.commit_transaction(Duration::from_millis(END_MS_MAX)) {
                Err(KafkaError::Transaction(error))
                    if error.is_retriable() && Instant::now() < deadline => {}
                ended => return ended,
            }
        }
    }

    fn judge(&self, error: KafkaError) -> PublishError {
        let fatal = self.producer.client().fatal_error().map(|(code, _)| code);
        let code = fatal.or_else(|| error.rdkafka_error_code());
        if matches!(
            code,
            Some(
                RDKafkaErrorCode::Fenced
                    | RDKafkaErrorCode::ProducerFenced
                    | RDKafkaErrorCode::InvalidProducerEpoch
            )
        ) {
            return RelayError::Fenced.into();
        }
        match &error {
            _ if fatal.is_some() => PublishError::Broken(error),
            KafkaError::Transaction(inner) if inner.txn_requires_abort() => {
                PublishError::Abortable(error)
            }
            KafkaError::MessageProduction(_) => PublishError::Abortable(error),
            _ => PublishError::Broken(error),
        }
    }
}
