//! The one thread that writes a database file, many jobs at a time.
//!
//! ```text
//! callers ──job──▶ queue ──all that wait──▶ BEGIN · savepoint per job · COMMIT ──answers──▶ callers
//! ```
//! A batch is what queued up while the batch before was being made durable. There is no timer, so that a single
//! caller never waits for company. Where nobody in a batch needs it to outlast a power cut, the disk is not waited for.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use crate::OpenError;
use crate::error::{Closed, Fault};
use crate::kill_points::{KillPoints, kill_point};

/// How many jobs may share one transaction.
const BATCH_JOBS_MAX: usize = 256;

/// Hands jobs to the writing thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
}

/// What the writing thread needs to start.
pub(crate) struct Start<'a> {
    pub(crate) file: &'a Path,
    pub(crate) connection: Connection,
    pub(crate) queue_jobs_max: usize,
    pub(crate) kill_points: KillPoints,
    /// Called on the writing thread after each commit, before the answers.
    pub(crate) committed: Committed,
}

/// Tells others that a commit happened.
pub(crate) type Committed = Box<dyn FnMut(&Connection) -> rusqlite::Result<()> + Send>;

/// How much was written since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteCounts {
    /// Jobs whose transaction was committed.
    pub jobs: u64,
    /// Transactions; fewer than jobs when jobs came together.
    pub commits: u64,
}

#[derive(Default)]
struct Counts {
    jobs: AtomicU64,
    commits: AtomicU64,
}

/// What a job must outlast before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlasts {
    /// The machine: it is on the disk.
    PowerCut,
    /// This process. A power cut may take it, but then also all that was written to the file after it; the next job that
    /// outlasts a power cut takes it along.
    Crash,
}

impl Outlasts {
    /// The setting that does it in WAL mode.
    const fn synchronous(self) -> &'static str {
        match self {
            Self::PowerCut => "PRAGMA synchronous=FULL",
            Self::Crash => "PRAGMA synchronous=NORMAL",
        }
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close,
}

impl Writer {
    pub(crate) fn start(start: Start<'_>) -> Result<Self, OpenError> {
        let (queue, jobs) = mpsc::channel(start.queue_jobs_max);
        let counts = Arc::new(Counts::default());
        let worker = Worker {
            connection: start.connection,
            queue: jobs,
            kill_points: start.kill_points,
            committed: start.committed,
            counts: Arc::clone(&counts),
            outlasts: None,
        };
        let thread = thread::Builder::new()
            .name(start.kill_points.database.to_owned())
            .spawn(move || worker.run())
            .map_err(|source| OpenError::Thread { file: start.file.to_owned(), source })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), counts })
    }

    /// Runs `work` within a transaction. Its effects have that lasting when this returns `Ok`, and are undone otherwise.
    ///
    /// The work is done by the writing thread: when this future is dropped it happens wholly or not at all.
    pub(crate) async fn run<T, W>(&self, outlasts: Outlasts, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { outlasts, work: Some(work), result: None, reply };
        self.queue.send(Message::Job(Box::new(call))).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)?
    }

    /// Finishes what is queued, takes nothing more, and closes the file.
    pub(crate) async fn close(&self) {
        // An error says that the thread has ended already.
        let _ = self.queue.send(Message::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                error!("a writing thread ended in a panic");
            }
        }
    }

    pub(crate) fn counts(&self) -> WriteCounts {
        WriteCounts {
            jobs: self.counts.jobs.load(Ordering::Relaxed),
            commits: self.counts.commits.load(Ordering::Relaxed),
        }
    }
}

/// Something to write, and somebody who waits for it.
trait Job: Send {
    fn outlasts(&self) -> Outlasts;

    /// Works within the open transaction; `false` when its effects are to be undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells the caller how it ended: its own result if the batch was committed.
    fn answer(self: Box<Self>, batch: Result<(), BatchError>);
}

struct Call<T, W> {
    outlasts: Outlasts,
    work: Option<W>,
    result: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, W> Job for Call<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn outlasts(&self) -> Outlasts {
        self.outlasts
    }

    fn run(&mut self, connection: &Connection) -> bool {
        self.result = self.work.take().map(|work| work(connection));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, batch: Result<(), BatchError>) {
        let batch = batch.map_err(Fault::from);
        let result = match self.result {
            Some(own) => own.and_then(|value| batch.map(|()| value)),
            None => batch.and_then(|()| Err(Closed.into())),
        };
        // The caller may have gone; what was done stays done.
        let _ = self.reply.send(result);
    }
}

/// Why a whole batch was undone.
#[derive(Clone, Debug, thiserror::Error)]
enum BatchError {
    #[error("the transaction could not be committed")]
    NotCommitted(#[source] Arc<rusqlite::Error>),
    #[error("another write that shared the transaction failed and ended it")]
    Ended,
}

impl From<rusqlite::Error> for BatchError {
    fn from(error: rusqlite::Error) -> Self {
        Self::NotCommitted(Arc::new(error))
    }
}

struct Worker {
    connection: Connection,
    queue: mpsc::Receiver<Message>,
    kill_points: KillPoints,
    committed: Committed,
    counts: Arc<Counts>,
    /// What the connection is set to, once it is known.
    outlasts: Option<Outlasts>,
}

impl Worker {
    fn run(mut self) {
        let mut jobs = Vec::with_capacity(BATCH_JOBS_MAX);
        while let Some(message) = self.queue.blocking_recv() {
            self.take(message, &mut jobs);
            while jobs.len() < BATCH_JOBS_MAX
                && let Ok(message) = self.queue.try_recv()
            {
                self.take(message, &mut jobs);
            }
            self.write(&mut jobs);
        }
    }

    fn take(&mut self, message: Message, jobs: &mut Vec<Box<dyn Job>>) {
        match message {
            Message::Job(job) => jobs.push(job),
            // What is queued already still comes out of a closed queue.
            Message::Close => self.queue.close(),
        }
    }

    fn write(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        if jobs.is_empty() {
            return;
        }
        let batch = self.transact(jobs);
        match &batch {
            Ok(()) => self.announce(jobs.len()),
            Err(error) => {
                warn!(database = self.kill_points.database, "a batch was undone: {error:?}");
                self.roll_back();
            }
        }
        for job in jobs.drain(..) {
            job.answer(batch.clone());
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), BatchError> {
        self.prepare_for(jobs)?;
        self.execute("BEGIN IMMEDIATE")?;
        for job in jobs {
            self.execute("SAVEPOINT job")?;
            let keep = job.run(&self.connection);
            // A full disk may end the whole transaction, and the savepoint with it.
            if self.connection.is_autocommit() {
                return Err(BatchError::Ended);
            }
            if !keep {
                self.execute("ROLLBACK TO job")?;
            }
            self.execute("RELEASE job")?;
            kill_point(self.kill_points.mid_batch);
        }
        kill_point(self.kill_points.before_commit);
        self.execute("COMMIT")?;
        kill_point(self.kill_points.after_commit);
        Ok(())
    }

    /// One that needs the disk is enough for all.
    fn prepare_for(&mut self, jobs: &[Box<dyn Job>]) -> rusqlite::Result<()> {
        let needs_disk = jobs.iter().any(|job| job.outlasts() == Outlasts::PowerCut);
        let outlasts = if needs_disk { Outlasts::PowerCut } else { Outlasts::Crash };
        if self.outlasts != Some(outlasts) {
            // Not a cached statement: it acts when it is prepared.
            self.connection.execute_batch(outlasts.synchronous())?;
            self.outlasts = Some(outlasts);
        }
        Ok(())
    }

    fn announce(&mut self, jobs: usize) {
        self.counts.jobs.fetch_add(jobs as u64, Ordering::Relaxed);
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = (self.committed)(&self.connection) {
            warn!(database = self.kill_points.database, "a commit was not announced: {error}");
        }
    }

    fn roll_back(&self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.execute("ROLLBACK") {
            error!(database = self.kill_points.database, "rolling back failed: {error}");
        }
    }

    fn execute(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

#[cfg(test)]
mod tests;
