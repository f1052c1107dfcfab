//! Dead letters in the database, told on topics as soon as the registry has said how.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use infra_kafka::dead_letters::{DeadLetterTopic, DeadLettersToTopic};
use infra_kafka::registry::Registry;
use infra_kafka::schema::EventSchemas;
use infra_kafka::topics::Topics;
use ports::PortError;
use ports::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter};
use ports::stream::StreamName;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::warn;

/// How long a letter waits for the registry; a handler stands still meanwhile.
const REGISTRY_WAIT_MS_MAX: u64 = 2_000;

/// The store has every letter, whatever becomes of the topics.
pub(super) struct ToldLetters {
    pub(super) store: Arc<dyn DeadLetters>,
    pub(super) topic: Arc<DeadLetterTopic>,
    pub(super) topics: Topics,
    pub(super) registry: Arc<Registry>,
    pub(super) schemas: Arc<EventSchemas>,
    pub(super) told: OnceCell<DeadLettersToTopic>,
}

impl ToldLetters {
    async fn told(&self) -> Result<&DeadLettersToTopic, String> {
        let registering = self.told.get_or_try_init(async || {
            let topic_of = |category: &str| self.topics.events_of(category);
            let ids = self.registry.register(&self.schemas, topic_of).await;
            let ids = Arc::new(ids.map_err(|error| error.to_string())?);
            let (store, topic) = (Arc::clone(&self.store), Arc::clone(&self.topic));
            Ok(DeadLettersToTopic::over(store, topic, self.topics.clone(), ids))
        });
        let bound = Duration::from_millis(REGISTRY_WAIT_MS_MAX);
        timeout(bound, registering).await.map_err(|elapsed| elapsed.to_string())?
    }
}

#[async_trait]
impl DeadLetters for ToldLetters {
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError> {
        match self.told().await {
            Ok(told) => told.park(letters).await,
            Err(reason) => {
                warn!(reason, letters = letters.len(), "these dead letters are in the store only");
                self.store.park(letters).await
            }
        }
    }

    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        self.store.parked_streams(handler).await
    }

    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError> {
        self.store.sequence(handler, stream, letters_max).await
    }

    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError> {
        self.store.list(after, letters_max).await
    }

    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError> {
        self.store.get(id).await
    }

    async fn count(&self) -> Result<u64, PortError> {
        self.store.count().await
    }

    async fn request_replay(&self, id: u64) -> Result<bool, PortError> {
        self.store.request_replay(id).await
    }

    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        self.store.requested_replays(handler).await
    }

    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError> {
        self.store.settle_replay(handler, stream).await
    }

    async fn remove(&self, id: u64) -> Result<bool, PortError> {
        self.store.remove(id).await
    }
}
