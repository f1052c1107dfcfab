//! Gathers the appends of this process and sends all that wait as one batch.
//!
//! ```text
//! callers ──append──▶ queue ──all that wait──▶ append_batch(…) ──answers──▶ callers
//! ```
//! A batch is what queued up while the batch before was being made durable. There is no timer, so that a single
//! caller never waits for company.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::append::{APPEND_BYTES_MAX, Outcome, Wish};
use super::batch::new_attempt;
use super::signals::Signals;
use super::worker::{Counts, Queued, Worker};
use crate::Settings;
use crate::error::{Closed, Fault};

/// How many bytes may wait in the queue, counted in KiB; at least one append of the greatest size fits.
const QUEUE_KIB_MAX: usize = 2 * APPEND_BYTES_MAX / 1024;

/// How much was appended since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendCounts {
    /// Appends that the database has judged.
    pub appends: u64,
    /// Transactions; fewer than appends when appends came together.
    pub batches: u64,
}

/// Hands appends to the task that sends them.
pub(crate) struct Appender {
    queue: Mutex<Option<mpsc::Sender<Queued>>>,
    room: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
}

impl Appender {
    pub(super) fn start(
        options: PgConnectOptions,
        settings: &Settings,
        signals: Arc<Signals>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(settings.append_queue_max);
        let counts = Arc::new(Counts::default());
        let worker = Worker::new(options, waiting, Arc::clone(&counts), signals);
        Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(QUEUE_KIB_MAX)),
            task: Mutex::new(Some(tokio::spawn(worker.run()))),
            counts,
        }
    }

    /// Has the database judge `wish`. When this future is dropped it happens wholly or not at all.
    pub(crate) async fn append(&self, wish: Wish) -> Result<Outcome, Fault> {
        wish.check()?;
        let kib = u32::try_from(wish.bytes().div_ceil(1024)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| Closed)?;
        let queue = lock(&self.queue).clone().ok_or(Closed)?;
        let (answer, answered) = oneshot::channel();
        let queued = Queued { wish, attempt: new_attempt(), answer, _room: room };
        queue.send(queued).await.map_err(|_| Closed)?;
        drop(queue);
        answered.await.map_err(|_| Closed)?
    }

    /// Answers what is queued, and takes nothing more.
    pub(super) async fn close(&self) {
        self.room.close();
        drop(lock(&self.queue).take());
        let task = lock(&self.task).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!("the task that appends ended in a panic: {error}");
        }
    }

    pub(super) fn counts(&self) -> AppendCounts {
        AppendCounts {
            appends: self.counts.appends.load(Ordering::Relaxed),
            batches: self.counts.batches.load(Ordering::Relaxed),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
