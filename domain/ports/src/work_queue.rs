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
    /// changes nothing, so that a redelivered event is harmless. Durable when it returns.
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError>;

    /// Gives at most `jobs_max` jobs that are available at `now`, highest priority first, then longest waiting,
    /// and leases them until `lease_until`. Empty when there are none. No job is leased twice at a time.
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

    /// When the next job can be received, given that nothing else happens: `None` when the queue is empty.
    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError>;

    /// Ends when a job was put in or given back since the call. May be dropped at any time.
    ///
    /// The waiting begins with the call and not with the first poll, hence no `async fn`: who calls this, finds
    /// nothing to receive, and only then awaits it, misses no job.
    fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>>;
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Of the aggregate that it is for.
    pub id: Uuid,
    /// Higher goes first.
    pub priority: i32,
    /// What the worker needs to know, as JSON text.
    pub payload: String,
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
