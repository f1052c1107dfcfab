//! Jobs under leases, shared by the workers of all processes.

mod bell;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use ports::PortError;
use ports::clock::Timestamp;
use ports::work_queue::{Job, Lease, Overview, WorkQueue};
use sqlx::PgPool;
use uuid::Uuid;

use crate::connect::{alive, retrying};
use crate::error::{Attempt, Corrupt};
use crate::moment::Moment;
use crate::numbers::{integer, limit, natural};
use bell::Bell;

const EXTEND: &str = include_str!("../sql/work_queue/extend.sql");
const FINISH: &str = include_str!("../sql/work_queue/finish.sql");
const NEXT_AVAILABLE: &str = include_str!("../sql/work_queue/next_available.sql");
const OVERVIEW: &str = include_str!("../sql/work_queue/overview.sql");
const PAUSE: &str = include_str!("../sql/work_queue/pause.sql");
const PUT: &str = include_str!("../sql/work_queue/put.sql");
const RECEIVE: &str = include_str!("../sql/work_queue/receive.sql");
const RELEASE: &str = include_str!("../sql/work_queue/release.sql");
const RESUME: &str = include_str!("../sql/work_queue/resume.sql");
const WITHDRAW: &str = include_str!("../sql/work_queue/withdraw.sql");

/// How many jobs one call leases, whatever is asked for.
const JOBS_MAX: usize = 1_000;

/// `WorkQueue` in a table. `receive` passes over the rows that others are just taking, so that workers never wait for
/// each other; how often a job was received is durable before anybody sees it.
///
/// [`wait_for_job`](WorkQueue::wait_for_job) hears of the jobs of other processes too. What it misses while its
/// connection is down it makes up for by ending now and then without a job.
pub struct PgWorkQueue {
    pool: PgPool,
    bell: Arc<Bell>,
}

impl PgWorkQueue {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone(), bell: Arc::new(Bell::over(pool)) }
    }

    /// Whether `sql` changed the row of a lease. Not to be done twice, since the second time would say that the lease
    /// was lost; so the connection is looked at first.
    async fn changed(
        &self,
        sql: &'static str,
        lease: &Lease,
        times: &[Timestamp],
    ) -> Result<bool, sqlx::Error> {
        let mut connection = alive(&self.pool).await?;
        let mut values = sqlx::query(sql).bind(lease.job.id).bind(integer(lease.token));
        for time in times {
            values = values.bind(Moment(*time));
        }
        Ok(values.execute(&mut *connection).await?.rows_affected() > 0)
    }
}

#[async_trait]
impl WorkQueue for PgWorkQueue {
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError> {
        let put = || {
            let values = sqlx::query(PUT).bind(job.id).bind(job.priority).bind(&job.payload);
            let values = values.bind(Moment(available_at)).bind(Moment(job.turn(available_at)));
            values.execute(&self.pool)
        };
        retrying(&self.pool, put).await.attempt(|| about("putting in", job.id))?;
        // Also when nothing was changed: the try before, whose connection broke, may have put it in.
        self.bell.ring();
        Ok(())
    }

    async fn receive(
        &self,
        jobs_max: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Lease>, PortError> {
        let attempted = || "receiving jobs".to_owned();
        // Receiving twice would lease jobs to nobody, so the connection is looked at first.
        let mut connection = alive(&self.pool).await.attempt(attempted)?;
        let values = sqlx::query_as::<_, Row>(RECEIVE).bind(limit(jobs_max, JOBS_MAX));
        let values = values.bind(Moment(now)).bind(Moment(lease_until));
        let rows = values.fetch_all(&mut *connection).await.attempt(attempted)?;
        rows.into_iter().map(lease).collect::<Result<_, _>>().attempt(attempted)
    }

    async fn acknowledge(&self, lease: &Lease) -> Result<bool, PortError> {
        let done = self.changed(FINISH, lease, &[]).await;
        done.attempt(|| about("acknowledging", lease.job.id))
    }

    async fn release(&self, lease: &Lease, available_at: Timestamp) -> Result<bool, PortError> {
        let times = [available_at, lease.job.turn(available_at)];
        let released = self.changed(RELEASE, lease, &times).await;
        let released = released.attempt(|| about("releasing", lease.job.id))?;
        if released {
            self.bell.ring();
        }
        Ok(released)
    }

    async fn reject(&self, lease: &Lease) -> Result<bool, PortError> {
        let rejected = self.changed(FINISH, lease, &[]).await;
        rejected.attempt(|| about("rejecting", lease.job.id))
    }

    async fn extend(&self, lease: &Lease, lease_until: Timestamp) -> Result<bool, PortError> {
        let extended = self.changed(EXTEND, lease, &[lease_until]).await;
        extended.attempt(|| about("extending", lease.job.id))
    }

    async fn withdraw(&self, id: Uuid) -> Result<(), PortError> {
        let withdraw = || sqlx::query(WITHDRAW).bind(id).execute(&self.pool);
        let withdrawn = retrying(&self.pool, withdraw).await;
        withdrawn.map(drop).attempt(|| about("withdrawing", id))
    }

    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError> {
        let read = || sqlx::query_scalar::<_, Option<Moment>>(NEXT_AVAILABLE).fetch_one(&self.pool);
        let next = retrying(&self.pool, read).await;
        Ok(next.attempt(|| "looking for the next job".to_owned())?.map(|Moment(next)| next))
    }

    async fn pause(&self, now: Timestamp) -> Result<(), PortError> {
        let pause = || sqlx::query(PAUSE).bind(Moment(now)).execute(&self.pool);
        let paused = retrying(&self.pool, pause).await;
        paused.map(drop).attempt(|| "pausing the queue".to_owned())
    }

    async fn resume(&self) -> Result<(), PortError> {
        let resume = || sqlx::query(RESUME).execute(&self.pool);
        retrying(&self.pool, resume).await.attempt(|| "resuming the queue".to_owned())?;
        self.bell.ring();
        Ok(())
    }

    async fn overview(&self, now: Timestamp) -> Result<Overview, PortError> {
        let read = || sqlx::query_as::<_, Counts>(OVERVIEW).bind(Moment(now)).fetch_one(&self.pool);
        let counts = retrying(&self.pool, read).await;
        counts.map(overview).attempt(|| "looking over the queue".to_owned())
    }

    fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>> {
        let waiting = self.bell.next();
        Box::pin(async move {
            waiting.await;
            Ok(())
        })
    }
}

/// Id, priority, payload, token, deliveries.
type Row = (Uuid, i32, String, i64, i32);

fn lease((id, priority, payload, token, deliveries): Row) -> Result<Lease, Corrupt> {
    let deliveries = u32::try_from(deliveries);
    let deliveries = deliveries
        .map_err(|error| Corrupt { what: format!("the job {id}"), reason: error.into() })?;
    Ok(Lease { job: Job { id, priority, payload }, token: natural(token), deliveries })
}

/// Waiting, delayed, leased; since when the oldest waits, and the queue is paused.
type Counts = (i64, i64, i64, Option<Moment>, Option<Moment>);

fn overview((waiting, delayed, leased, waiting_since, paused_at): Counts) -> Overview {
    let moment = |found: Option<Moment>| found.map(|Moment(at)| at);
    Overview {
        waiting: natural(waiting),
        delayed: natural(delayed),
        leased: natural(leased),
        waiting_since: moment(waiting_since),
        paused_at: moment(paused_at),
    }
}

fn about(attempted: &str, id: Uuid) -> String {
    format!("{attempted} the job {id}")
}
