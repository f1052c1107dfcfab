//! Copies the log to Kafka, each event once.
//!
//! ```text
//! EventLog ─read─▶ pages of records ─queue─▶ one transaction at a time: records + cursor
//! ```
//!
//! The cursor is a record of the same transaction, so that the copy and how far it came cannot come apart. Two relays
//! of one scope have one transactional id: the later one shuts the earlier one out before it reads the cursor.

mod cursor;
mod outgoing;
mod producer;
mod publish_error;
mod reader;
mod settings;
mod status;

pub use settings::RelaySettings;
pub use status::RelayStatus;

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::registry::SchemaIds;
use crate::settings::KafkaSettings;
use outgoing::{Outgoing, Page};
use producer::TransactionalProducer;
use publish_error::PublishError;
use reader::Reader;

/// The first delay after a failure that may pass.
const RETRY_DELAY_MS: u64 = 50;
/// The longest one.
const RETRY_DELAY_MS_MAX: u64 = 5_000;

/// The relay has ended, and must not begin again by itself.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A later relay of the same scope is at work. Whoever started this one stands for office again.
    #[error("another relay has taken over")]
    Fenced,
    /// Nobody knows how far the copy came: beginning anew would copy everything again.
    #[error("the cursor is gone although {topic} has events")]
    CursorLost {
        /// A topic that is not empty.
        topic: String,
    },
    /// The last record of the cursor's topic is not a cursor.
    #[error("the cursor on {topic} cannot be read")]
    CursorUnreadable {
        /// Where it is.
        topic: String,
    },
    /// More was copied than the log has: it is not the log that was copied.
    #[error("the copy has come to {cursor}, and the log only to {head}")]
    CursorBeyondLog {
        /// How far the copy came.
        cursor: GlobalPosition,
        /// How far the log has come.
        head: GlobalPosition,
    },
    /// The client cannot be made as the settings say.
    #[error("the settings for Kafka are no good")]
    Settings(#[source] rdkafka::error::KafkaError),
}

/// Why a term of work ended before it was to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Final(#[from] RelayError),
    #[error(transparent)]
    Log(#[from] PortError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Copies one log to the topics of its categories.
pub struct Relay {
    kafka: KafkaSettings,
    settings: RelaySettings,
    reader: Reader,
    topics: Vec<String>,
    status: watch::Sender<RelayStatus>,
}

impl Relay {
    /// Connects to nothing yet. `schemas` come from [`crate::registry::Registry::register`].
    pub fn new(
        log: Arc<dyn EventLog>,
        kafka: KafkaSettings,
        schemas: Arc<SchemaIds>,
        settings: RelaySettings,
    ) -> Self {
        let categories = schemas.categories();
        let topics: BTreeSet<_> =
            categories.iter().map(|category| settings.topics.events_of(category)).collect();
        let topics = topics.into_iter().collect();
        let reader = Reader::new(log, schemas, settings.clone());
        Self { kafka, settings, reader, topics, status: watch::Sender::default() }
    }

    /// How it goes: for probes and metrics.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// Copies until `drain` turns true. What may pass, such as a cluster that is away, is waited for.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn run(&self, mut drain: watch::Receiver<bool>) -> Result<(), RelayError> {
        let mut delay_ms = RETRY_DELAY_MS;
        loop {
            let before = self.status.borrow().position;
            let failure = match self.term(&mut drain).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            self.status.send_modify(|status| status.failed(&failure));
            if let Failure::Final(error) | Failure::Publish(PublishError::Final(error)) = failure {
                return Err(error);
            }
            if self.status.borrow().position > before {
                delay_ms = RETRY_DELAY_MS;
            }
            warn!(error = %chain(&failure), delay_ms, "the relay begins anew");
            tokio::select! {
                () = sleep(Duration::from_millis(delay_ms)) => {}
                _ = drain.wait_for(|drain| *drain) => return Ok(()),
            }
            delay_ms = (delay_ms * 2).min(RETRY_DELAY_MS_MAX);
        }
    }

    /// Shuts former relays out, then copies; an aborted transaction is begun anew.
    async fn term(&self, drain: &mut watch::Receiver<bool>) -> Result<(), Failure> {
        let (kafka, settings) = (self.kafka.clone(), self.settings.clone());
        let producer = blocking(move || TransactionalProducer::open(&kafka, &settings)).await?;
        let producer = Arc::new(producer);
        let ended = self.copy_with(&producer, drain).await;
        // Its end may take a while, and nobody waits for it.
        spawn_blocking(move || drop(producer));
        ended
    }

    async fn copy_with(
        &self,
        producer: &Arc<TransactionalProducer>,
        drain: &mut watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        loop {
            let cursor = self.read_cursor().await?;
            self.status.send_modify(|status| status.began(cursor));
            match self.copy(producer, cursor, drain).await {
                Err(Failure::Publish(error @ PublishError::Abortable(_))) => {
                    warn!(error = %chain(&error), "a transaction is begun anew");
                    self.reader.mark_oversize(producer.take_too_large());
                    let aborting = Arc::clone(producer);
                    blocking(move || aborting.abort()).await?;
                    self.status.send_modify(|status| status.failed(&error));
                }
                ended => return ended,
            }
            sleep(Duration::from_millis(RETRY_DELAY_MS)).await;
        }
    }

    /// Where to go on. To be read only when no former relay can write any more.
    async fn read_cursor(&self) -> Result<GlobalPosition, Failure> {
        let (kafka, settings, topics) =
            (self.kafka.clone(), self.settings.clone(), self.topics.clone());
        let cursor = blocking(move || cursor::read(&kafka, &settings, &topics)).await?;
        let head = self.reader.head().await?;
        if cursor > head {
            return Err(RelayError::CursorBeyondLog { cursor, head }.into());
        }
        info!(%cursor, %head, "the relay begins");
        Ok(cursor)
    }

    /// What was read while one transaction was under way goes into the next one.
    async fn copy(
        &self,
        producer: &Arc<TransactionalProducer>,
        cursor: GlobalPosition,
        drain: &mut watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let (sender, mut pages) = mpsc::channel(self.settings.pages_max);
        let mut reading = Reading(tokio::spawn(self.reader.clone().follow(cursor, sender)));
        loop {
            let first = tokio::select! {
                biased;
                _ = drain.wait_for(|drain| *drain) => return Ok(()),
                page = pages.recv() => page,
            };
            let Some(first) = first else {
                let ended = (&mut reading.0)
                    .await
                    .unwrap_or_else(|panic| resume_unwind(panic.into_panic()));
                return Err(ended.into());
            };
            let page = gather(first, &mut pages, self.settings.transaction_bytes_max);
            let (through, events, by_reference) =
                (page.through, page.records.len(), page.by_reference);
            let publishing = Arc::clone(producer);
            blocking(move || publishing.publish(&page)).await?;
            self.status.send_modify(|status| status.copied(through, events, by_reference));
        }
    }
}

/// How far the copy came, as everybody can see it; 0 where nothing was copied yet. Waits for the cluster.
///
/// # Errors
/// The cluster does not answer, or the cursor cannot be read.
pub(crate) fn committed_cursor(
    kafka: &KafkaSettings,
    settings: &RelaySettings,
) -> Result<GlobalPosition, PortError> {
    let cursor = cursor::committed(kafka, settings);
    Ok(cursor
        .map_err(|error| PortError::new("reading the relay's cursor", error))?
        .unwrap_or_default())
}

/// The first page and all that wait behind it.
fn gather(first: Page, pages: &mut mpsc::Receiver<Page>, bytes_max: usize) -> Page {
    let mut gathered = first;
    while gathered.bytes < bytes_max
        && let Ok(page) = pages.try_recv()
    {
        gathered.append(page);
    }
    gathered
}

/// Ends the reading with the copying.
struct Reading(JoinHandle<PortError>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The record that goes out for `event`: its data, or a reference where the data cannot go out.
pub(crate) fn record_of(
    event: &RecordedEvent,
    topic: String,
    schemas: &SchemaIds,
    record_bytes_max: usize,
) -> Outgoing {
    Outgoing::of(event, topic, schemas, record_bytes_max)
}

/// Runs what waits for the cluster beside the tasks. A panic there is a panic here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap_or_else(|panic| resume_unwind(panic.into_panic()))
}

/// An error and every cause beneath, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
