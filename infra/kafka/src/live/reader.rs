//! Reads all partitions of the event topics and feeds the tail.

mod assignment;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use rdkafka::message::BorrowedMessage;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::tail::Tail;
use crate::settings::KafkaSettings;
use assignment::{Assignment, Ended};

/// The shortest wait before the topics are opened anew.
const REOPEN_DELAY_MS: u64 = 200;
/// The longest one.
const REOPEN_DELAY_MS_MAX: u64 = 5_000;

/// The bounds of a reader.
#[derive(Clone, Copy, Debug)]
pub struct TailReaderSettings {
    /// So many events may wait for earlier positions from other partitions.
    pub waiting_events_max: usize,
    /// So many bytes of them.
    pub waiting_bytes_max: usize,
    /// How long a position may stay away although later ones have come; then it is read from the log.
    pub hole_wait_ms: u64,
    /// So many events a second may be taken from the log before Kafka brings them, while it does bring them; 0: none.
    pub ahead_events_per_second_max: u32,
    /// How often the number of partitions is looked at.
    pub partitions_poll_ms: u64,
}

impl Default for TailReaderSettings {
    fn default() -> Self {
        Self {
            waiting_events_max: 16_384,
            waiting_bytes_max: 64 * 1024 * 1024,
            hole_wait_ms: 1_000,
            ahead_events_per_second_max: 200,
            partitions_poll_ms: 60_000,
        }
    }
}

/// What a record of an event topic is.
#[derive(Debug)]
pub enum Decoded {
    /// The event.
    Event(RecordedEvent),
    /// It stands for the event at this position, which has to be read from the log.
    InLog {
        /// Where.
        position: u64,
        /// Why the record itself does not do; `None` where it says so itself.
        fault: Option<String>,
    },
    /// Nobody can tell. If an event was meant, its position will be missing.
    Unknown {
        /// Why nobody can tell.
        fault: String,
    },
}

/// Makes events out of records.
#[async_trait]
pub trait DecodeRecord: Send + Sync {
    /// Never fails: what cannot be decoded is in the log.
    async fn decode(&self, record: &BorrowedMessage<'_>) -> Decoded;
}

/// The one consumer of a process for the event topics. It belongs to no group and commits nothing: it begins at the
/// end, and everything before is in the log.
pub struct TailReader {
    pub(super) kafka: KafkaSettings,
    pub(super) topics: Vec<String>,
    pub(super) decoder: Arc<dyn DecodeRecord>,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) tail: Arc<Tail>,
    pub(super) settings: TailReaderSettings,
}

impl TailReader {
    /// Feeds `tail` with what comes on `topics`; what is missing there is read in `log`.
    pub fn new(
        kafka: KafkaSettings,
        topics: Vec<String>,
        decoder: Arc<dyn DecodeRecord>,
        log: Arc<dyn EventLog>,
        tail: Arc<Tail>,
        settings: TailReaderSettings,
    ) -> Self {
        Self { kafka, topics, decoder, log, tail, settings }
    }

    /// Reads until `drain` turns true. While Kafka is away it keeps trying; subscriptions follow the log meanwhile.
    pub async fn run(self, mut drain: watch::Receiver<bool>) {
        let mut delay = Duration::from_millis(REOPEN_DELAY_MS);
        while !*drain.borrow() {
            let began = tokio::select! {
                biased;
                _ = drain.wait_for(|draining| *draining) => return,
                began = Assignment::begin(&self) => began,
            };
            let ended = match began {
                Ok(assignment) => {
                    delay = Duration::from_millis(REOPEN_DELAY_MS);
                    assignment.run(&mut drain).await
                }
                Err(ended) => ended,
            };
            match ended {
                Ended::Drained => return,
                Ended::Anew(why) => info!("opening the event topics anew: {why}"),
                Ended::Failed(error) => {
                    warn!("reading the event topics: {}", error.chain());
                    self.tail.note_error(error.chain());
                }
            }
            tokio::select! {
                _ = drain.wait_for(|draining| *draining) => return,
                () = sleep(delay) => {}
            }
            delay = (delay * 2).min(Duration::from_millis(REOPEN_DELAY_MS_MAX));
        }
    }
}
