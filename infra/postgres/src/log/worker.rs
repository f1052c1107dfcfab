//! Takes batches out of the queue, and answers every append, whatever happens on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::sleep;
use tracing::warn;

use super::append::{Outcome, Wish};
use super::batch::Attempted;
use super::blocked::BlockedStreams;
use super::lane::{Lane, Trouble};
use super::signals::Signals;
use crate::error::Fault;

/// How many appends may share a batch.
const BATCH_APPENDS_MAX: usize = 256;
/// A batch takes no further append once it carries so many events …
const BATCH_EVENTS_MAX: usize = 4_000;
/// … or so many bytes.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often a batch is sent before its appends are answered with the trouble that it met.
const TRIES_MAX: u32 = 4;
/// How long the second try waits; each further one waits twice as long.
const RETRY_MS: u64 = 50;

/// An append that waits for its outcome.
pub(super) struct Queued {
    pub(super) wish: Wish,
    pub(super) attempt: i64,
    pub(super) answer: oneshot::Sender<Result<Outcome, Fault>>,
    /// Given back once it is answered.
    pub(super) _room: OwnedSemaphorePermit,
}

/// What became of all appends.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) appends: AtomicU64,
    pub(super) batches: AtomicU64,
}

impl Queued {
    fn answer(self, result: Result<Outcome, Fault>) {
        // The caller may have gone; what was done stays done.
        let _ = self.answer.send(result);
    }
}

/// What befell a batch, told to each of its appends.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the batch that it was part of met with trouble")]
struct BatchError(#[source] Arc<sqlx::Error>);

pub(super) struct Worker {
    queue: mpsc::Receiver<Queued>,
    lane: Lane,
    blocked: BlockedStreams,
    counts: Arc<Counts>,
    signals: Arc<Signals>,
}

impl Worker {
    pub(super) fn new(
        options: PgConnectOptions,
        queue: mpsc::Receiver<Queued>,
        counts: Arc<Counts>,
        signals: Arc<Signals>,
    ) -> Self {
        let lane = Lane::new(options);
        Self { queue, lane, blocked: BlockedStreams::default(), counts, signals }
    }

    /// Until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let batch = self.gather(first);
            self.settle(batch).await;
        }
        self.lane.close().await;
    }

    /// What waits now, up to the bounds; streams that are known to be locked are answered at once.
    fn gather(&mut self, first: Queued) -> Vec<Queued> {
        let (mut events, mut bytes) = (0, 0);
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(queued) = next {
            match self.blocked.check(&queued.wish) {
                Err(blocked) => queued.answer(Err(blocked.into())),
                Ok(()) => {
                    events += queued.wish.events.len();
                    bytes += queued.wish.bytes();
                    batch.push(queued);
                }
            }
            let full = batch.len() >= BATCH_APPENDS_MAX
                || events >= BATCH_EVENTS_MAX
                || bytes >= BATCH_BYTES_MAX;
            next = if full { None } else { self.queue.try_recv().ok() };
        }
        batch
    }

    /// Answers all of `batch`. When one append spoils it, each of them is tried alone.
    async fn settle(&mut self, batch: Vec<Queued>) {
        let Some(rest) = self.try_together(batch).await else { return };
        for queued in rest {
            if let Err(blocked) = self.blocked.check(&queued.wish) {
                queued.answer(Err(blocked.into()));
            } else {
                Box::pin(self.try_together(vec![queued])).await;
            }
        }
    }

    /// Answers all of `batch`, or gives it back to be tried one by one.
    async fn try_together(&mut self, mut batch: Vec<Queued>) -> Option<Vec<Queued>> {
        for tried in 1..=TRIES_MAX {
            if batch.is_empty() {
                return None;
            }
            let trouble = match self.lane.append(&attempted(&batch)).await {
                Ok(outcomes) => {
                    self.answer(batch, outcomes);
                    return None;
                }
                Err(trouble) => trouble,
            };
            warn!(appends = batch.len(), tried, "appending met with trouble: {trouble:?}");
            match trouble {
                Trouble::Blocked(_) | Trouble::Spoiled(_) if batch.len() > 1 => return Some(batch),
                Trouble::Blocked(_) => {
                    self.blocked.add(&batch[0].wish);
                    fail(batch, trouble);
                    return None;
                }
                Trouble::Spoiled(_) | Trouble::Refused(_) => {
                    fail(batch, trouble);
                    return None;
                }
                trouble if tried == TRIES_MAX => {
                    fail(batch, trouble);
                    return None;
                }
                Trouble::Collided(_) => {}
                Trouble::Unreachable(_) => sleep(delay(tried)).await,
                Trouble::Lost(_) => {
                    batch = fail_unkeyed(batch, trouble);
                    sleep(delay(tried)).await;
                }
            }
        }
        None
    }

    fn answer(&self, batch: Vec<Queued>, outcomes: Vec<Outcome>) {
        self.counts.appends.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        let place = |outcome: &Outcome| match outcome {
            Outcome::Appended(appended) => appended.position.0,
            Outcome::Conflict { .. } | Outcome::Repeated(_) => 0,
        };
        self.signals.committed(outcomes.iter().map(place).max().unwrap_or_default());
        for (queued, outcome) in batch.into_iter().zip(outcomes) {
            queued.answer(Ok(outcome));
        }
    }
}

fn attempted(batch: &[Queued]) -> Vec<Attempted<'_>> {
    let pairs = batch.iter().map(|queued| (&queued.wish, queued.attempt));
    pairs.map(|(wish, attempt)| Attempted { wish, attempt }).collect()
}

fn delay(tried: u32) -> Duration {
    Duration::from_millis(RETRY_MS << (tried - 1))
}

fn fail(batch: Vec<Queued>, trouble: Trouble) {
    let error = BatchError(Arc::new(trouble.into_error()));
    for queued in batch {
        queued.answer(Err(error.clone().into()));
    }
}

/// Whoever has a key can ask again under it, and learns whether it happened. For the others nobody can tell.
fn fail_unkeyed(batch: Vec<Queued>, trouble: Trouble) -> Vec<Queued> {
    let (keyed, unkeyed) = batch.into_iter().partition(|queued| queued.wish.key.is_some());
    fail(unkeyed, trouble);
    keyed
}
