//! Jobs that several workers share, each done by one of them at a time.

use async_trait::async_trait;
use domain::time::Timestamp;
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::PortError;

/// A queue of jobs under leases. Its verbs are those of a share group: receive, acknowledge, release, reject, extend.
///
/// ```text
/// put ──▶ waiting ──receive──▶ leased ──acknowledge / reject──▶ gone
///            ▲                    │
///            └── release, or the lease runs out
/// ```
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Puts a job in, to be received at `available_at` at the earliest. Putting in an id that is already there
    /// changes nothing, so that a redelivered event is harmless. [Kept](crate) when it returns.
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError>;

    /// Gives at most `jobs_max` jobs that are available at `now`, by their [turns](Job::turn), and leases them until
    /// `lease_until`. Empty when there are none, and while the queue is paused. No job is leased twice at a time.
    async fn receive(
        &self,
        jobs_max: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Lease>, PortError>;

    /// The job is done. `false` when the lease has been lost to another worker: nothing changes then.
    async fn acknowledge(&self, lease: &Lease) -> Result<bool, PortError>;

    /// The job is given back, to be received again at `available_at`. `false` when the lease was lost.
    async fn release(&self, lease: &Lease, available_at: Timestamp) -> Result<bool, PortError>;

    /// The job can never be done. `false` when the lease was lost.
    async fn reject(&self, lease: &Lease) -> Result<bool, PortError>;

    /// Holds the job for longer. `false` when the lease was lost.
    async fn extend(&self, lease: &Lease, lease_until: Timestamp) -> Result<bool, PortError>;

    /// Takes a job out, leased or not; its lease is lost then.
    async fn withdraw(&self, id: Uuid) -> Result<(), PortError>;

    /// When the next job can be received, given that nothing else happens: `None` when the queue is empty or paused.
    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError>;

    /// From now on nobody receives anything, also after restarts, until [`resume`](Self::resume). What is leased is not
    /// touched, and jobs can be put in. A queue that is paused already stays paused since then. Durable when it
    /// returns.
    async fn pause(&self, now: Timestamp) -> Result<(), PortError>;

    /// Ends the pause, if there is one. Durable when it returns.
    async fn resume(&self) -> Result<(), PortError>;

    /// How the queue stands at `now`.
    async fn overview(&self, now: Timestamp) -> Result<Overview, PortError>;

    /// Ends when a job was put in or given back since the call, or a pause has ended. May be dropped at any time.
    ///
    /// The waiting begins with the call and not with the first poll, hence no `async fn`: who calls this, finds
    /// nothing to receive, and only then awaits it, misses no job.
    fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>>;
}

/// So many seconds of waiting weigh as much as one point of priority.
pub const PRIORITY_POINT_S: f64 = 60.0;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Of the aggregate that it is for.
    pub id: Uuid,
    /// Higher goes first, but not for ever: see [`turn`](Self::turn).
    pub priority: i32,
    /// What the worker needs to know, as JSON text.
    pub payload: String,
}

impl Job {
    /// When its turn is among jobs that can be received: who waits since `available_at` goes before those of higher
    /// priority that came [`PRIORITY_POINT_S`] later for each point. However many of those there are, its turn comes.
    #[must_use]
    pub fn turn(&self, available_at: Timestamp) -> Timestamp {
        available_at.plus_seconds(-PRIORITY_POINT_S * f64::from(self.priority))
    }
}

/// How a queue stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// So many jobs could be received, were the queue not paused.
    pub waiting: u64,
    /// So many are to be received later.
    pub delayed: u64,
    /// So many are in the hands of workers.
    pub leased: u64,
    /// Since when the one that waits longest could have been received.
    pub waiting_since: Option<Timestamp>,
    /// Since when the queue is paused, if it is.
    pub paused_at: Option<Timestamp>,
}

/// A job in the hands of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What to do.
    pub job: Job,
    /// Tells this lease from every other one of the same job.
    pub token: u64,
    /// How often the job has been received, this time included.
    pub deliveries: u32,
}
