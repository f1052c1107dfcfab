//! Dead letters of events: in the store, and then on the topic.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use ports::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter};
use ports::stream::StreamName;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{error, warn};

use super::error_headers::{Failure, Origin};
use super::publisher::{DeadLetterTopic, DeadRecord};
use crate::registry::OwnSchemas;
use crate::relay::record_of;
use crate::topics::MESSAGE_BYTES_MAX;

/// How many letters may be on their way to the topic; further ones are in the store only.
const IN_FLIGHT_MAX: usize = 1_000;
/// How often the topic is tried for one letter.
const ATTEMPTS_MAX: u32 = 5;
const RETRY_DELAY_MS: u64 = 1_000;

/// [`DeadLetters`] that are also told on `<topic>.dlt`. Whatever the topic does, the store has them.
pub struct DeadLettersToTopic {
    inner: Arc<dyn DeadLetters>,
    teller: Arc<Teller>,
    in_flight: Arc<Semaphore>,
}

struct Teller {
    topic: Arc<DeadLetterTopic>,
    schemas: Arc<OwnSchemas>,
}

impl DeadLettersToTopic {
    /// Keeps letters in `inner`, and tells them on the topics as soon as the registry knows `schemas`.
    pub fn over(
        inner: Arc<dyn DeadLetters>,
        topic: Arc<DeadLetterTopic>,
        schemas: Arc<OwnSchemas>,
    ) -> Self {
        let teller = Arc::new(Teller { topic, schemas });
        Self { inner, teller, in_flight: Arc::new(Semaphore::new(IN_FLIGHT_MAX)) }
    }

    /// Beside the caller: a cluster that is away must not hold up a runner.
    fn tell(&self, letter: NewDeadLetter) {
        let Ok(permit) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            let (event, handler) = (letter.event.id(), letter.handler);
            error!(event, handler, "too many dead letters at once; this one is in the store only");
            return;
        };
        let teller = Arc::clone(&self.teller);
        tokio::spawn(async move {
            teller.tell(&letter).await;
            drop(permit);
        });
    }
}

impl Teller {
    async fn tell(&self, letter: &NewDeadLetter) {
        let (event, handler) = (letter.event.id(), &letter.handler);
        for attempt in 1..=ATTEMPTS_MAX {
            let Err(failure) = self.publish(letter).await else { return };
            let error = failure.chain();
            warn!(event, handler, attempt, error, "a dead letter could not be told on its topic");
            sleep(Duration::from_millis(RETRY_DELAY_MS * u64::from(attempt))).await;
        }
        error!(event, handler, "a dead letter is in the store only");
    }

    async fn publish(&self, letter: &NewDeadLetter) -> Result<(), PortError> {
        let asked = || format!("asking how event {} is written", letter.event.id());
        let ids = self.schemas.ids().await.map_err(|error| PortError::new(asked(), error))?;
        let topic = self.schemas.topics().events_of(&letter.event.stream.category);
        let record = record_of(&letter.event, topic, &ids, MESSAGE_BYTES_MAX);
        let at_ms = letter.event.recorded_at.as_micros() / 1_000;
        let dead = DeadRecord {
            origin: Origin { topic: &record.topic, place: None, at_ms: Some(at_ms) },
            key: Some(record.key.as_bytes()),
            value: record.value.as_deref(),
            headers: record.headers.clone(),
        };
        let kind = if letter.attempts == 0 { "waits_behind_another" } else { "attempts_exhausted" };
        let failure = Failure { handler: &letter.handler, kind, reason: &letter.reason };
        self.topic.publish(dead, &failure).await
    }
}

#[async_trait]
impl DeadLetters for DeadLettersToTopic {
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError> {
        self.inner.park(letters).await?;
        letters.iter().cloned().for_each(|letter| self.tell(letter));
        Ok(())
    }

    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        self.inner.parked_streams(handler).await
    }

    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError> {
        self.inner.sequence(handler, stream, letters_max).await
    }

    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError> {
        self.inner.list(after, letters_max).await
    }

    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError> {
        self.inner.get(id).await
    }

    async fn count(&self) -> Result<u64, PortError> {
        self.inner.count().await
    }

    async fn request_replay(&self, id: u64) -> Result<bool, PortError> {
        self.inner.request_replay(id).await
    }

    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        self.inner.requested_replays(handler).await
    }

    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError> {
        self.inner.settle_replay(handler, stream).await
    }

    async fn remove(&self, id: u64) -> Result<bool, PortError> {
        self.inner.remove(id).await
    }
}
