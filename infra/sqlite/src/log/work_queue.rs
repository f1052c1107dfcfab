//! Jobs under leases.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::work_queue::{Job, Lease, Overview, WorkQueue};
use rusqlite::{Connection, Params, params};
use uuid::Uuid;

use super::SqliteLog;
use crate::error::{Closed, Fault};
use crate::numbers::limit;

const EXTEND: &str = include_str!("../../sql/log/extend_job.sql");
const FINISH: &str = include_str!("../../sql/log/finish_job.sql");
const FREE_LEASES: &str = include_str!("../../sql/log/free_leases.sql");
const LEASE: &str = include_str!("../../sql/log/lease_job.sql");
const NEXT_AVAILABLE: &str = include_str!("../../sql/log/next_available.sql");
const NEXT_TOKEN: &str = include_str!("../../sql/log/next_token.sql");
const OVERVIEW: &str = include_str!("../../sql/log/overview_jobs.sql");
const PAUSE: &str = include_str!("../../sql/log/pause_jobs.sql");
const PUT: &str = include_str!("../../sql/log/put_job.sql");
const RECEIVABLE: &str = include_str!("../../sql/log/receivable_jobs.sql");
const RELEASE: &str = include_str!("../../sql/log/release_job.sql");
const RESUME: &str = include_str!("../../sql/log/resume_jobs.sql");
const WITHDRAW: &str = include_str!("../../sql/log/withdraw_job.sql");

impl SqliteLog {
    /// Ends all leases. To be called before any worker is started: the folder belongs to one process, so that whoever
    /// held a lease has died, and its jobs need not wait until it runs out.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn free_leases(&self) -> Result<(), PortError> {
        let now = self.clock.now().as_micros();
        let free = move |connection: &Connection| {
            connection.execute(FREE_LEASES, params![now])?;
            Ok(())
        };
        self.database
            .write_lazily(free)
            .await
            .map_err(|fault| PortError::new("ending all leases", fault))
    }
}

#[async_trait]
impl WorkQueue for SqliteLog {
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError> {
        let id = job.id;
        let signals = Arc::clone(&self.signals);
        let put = self.database.write_lazily(move |connection| {
            let mut statement = connection.prepare_cached(PUT)?;
            let (at, turn) = (available_at.as_micros(), job.turn(available_at).as_micros());
            let values = params![job.id.as_bytes(), job.priority, job.payload, at, turn];
            let put = statement.execute(values)?;
            if put > 0 {
                signals.job_put();
            }
            Ok(())
        });
        put.await.map_err(|fault| failed("putting in", id, fault))
    }

    async fn receive(
        &self,
        jobs_max: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Lease>, PortError> {
        let receive =
            move |connection: &Connection| receive(connection, jobs_max, now, lease_until);
        let leases = self.database.write_lazily(receive).await;
        leases.map_err(|fault| PortError::new("receiving jobs", fault))
    }

    async fn acknowledge(&self, lease: &Lease) -> Result<bool, PortError> {
        self.finish("acknowledging", lease).await
    }

    async fn release(&self, lease: &Lease, available_at: Timestamp) -> Result<bool, PortError> {
        let (id, token) = (lease.job.id, lease.token);
        let (at, turn) = (available_at.as_micros(), lease.job.turn(available_at).as_micros());
        let signals = Arc::clone(&self.signals);
        let release = self.database.write_lazily(move |connection| {
            let held = changes(connection, RELEASE, params![id.as_bytes(), token, at, turn])?;
            if held {
                signals.job_put();
            }
            Ok(held)
        });
        release.await.map_err(|fault| failed("releasing", id, fault))
    }

    async fn reject(&self, lease: &Lease) -> Result<bool, PortError> {
        self.finish("rejecting", lease).await
    }

    async fn extend(&self, lease: &Lease, lease_until: Timestamp) -> Result<bool, PortError> {
        let (id, token) = (lease.job.id, lease.token);
        let extend = self.database.write_lazily(move |connection| {
            changes(connection, EXTEND, params![id.as_bytes(), token, lease_until.as_micros()])
        });
        extend.await.map_err(|fault| failed("extending", id, fault))
    }

    async fn withdraw(&self, id: Uuid) -> Result<(), PortError> {
        let withdraw =
            move |connection: &Connection| changes(connection, WITHDRAW, [id.as_bytes()]);
        let withdrawn = self.database.write_lazily(withdraw).await;
        withdrawn.map(drop).map_err(|fault| failed("withdrawing", id, fault))
    }

    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError> {
        let next = self.database.read(|connection| {
            let mut statement = connection.prepare_cached(NEXT_AVAILABLE)?;
            let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
            Ok(next.map(Timestamp::from_micros))
        });
        next.await.map_err(|fault| PortError::new("looking for the next job", fault))
    }

    async fn pause(&self, now: Timestamp) -> Result<(), PortError> {
        let pause = move |connection: &Connection| changes(connection, PAUSE, [now.as_micros()]);
        let paused = self.database.write(pause).await;
        paused.map(drop).map_err(|fault| PortError::new("pausing the queue", fault))
    }

    async fn resume(&self) -> Result<(), PortError> {
        let signals = Arc::clone(&self.signals);
        let resume = self.database.write(move |connection| {
            changes(connection, RESUME, [])?;
            signals.job_put();
            Ok(())
        });
        resume.await.map_err(|fault| PortError::new("resuming the queue", fault))
    }

    async fn overview(&self, now: Timestamp) -> Result<Overview, PortError> {
        let overview = self.database.read(move |connection| overview(connection, now));
        overview.await.map_err(|fault| PortError::new("looking over the queue", fault))
    }

    fn wait_for_job(&self) -> Pin<Box<dyn Future<Output = Result<(), PortError>> + Send + '_>> {
        let mut jobs = self.signals.jobs();
        Box::pin(async move {
            jobs.changed().await.map_err(|_| PortError::new("waiting for a job", Closed))
        })
    }
}

impl SqliteLog {
    async fn finish(&self, attempted: &str, lease: &Lease) -> Result<bool, PortError> {
        let (id, token) = (lease.job.id, lease.token);
        let finish = self.database.write_lazily(move |connection| {
            changes(connection, FINISH, params![id.as_bytes(), token])
        });
        finish.await.map_err(|fault| failed(attempted, id, fault))
    }
}

fn failed(attempted: &str, id: Uuid, fault: Fault) -> PortError {
    PortError::new(format!("{attempted} the job {id}"), fault)
}

fn changes(connection: &Connection, sql: &'static str, wanted: impl Params) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(sql)?.execute(wanted)? > 0)
}

fn overview(connection: &Connection, now: Timestamp) -> Result<Overview, Fault> {
    let mut statement = connection.prepare_cached(OVERVIEW)?;
    let moment = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(statement.query_row([now.as_micros()], |row| {
        Ok(Overview {
            waiting: row.get(0)?,
            delayed: row.get(1)?,
            leased: row.get(2)?,
            waiting_since: moment(row.get(3)?),
            paused_at: moment(row.get(4)?),
        })
    })?)
}

fn receive(
    connection: &Connection,
    jobs_max: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Lease>, Fault> {
    let mut leases = Vec::new();
    for (number, mut lease) in receivable(connection, jobs_max, now)? {
        lease.token = connection.prepare_cached(NEXT_TOKEN)?.query_row([], |row| row.get(0))?;
        let until = lease_until.as_micros();
        connection.prepare_cached(LEASE)?.execute(params![number, until, lease.token])?;
        leases.push(lease);
    }
    Ok(leases)
}

/// The jobs whose turn it is, with their numbers and as the leases that they are about to be.
fn receivable(
    connection: &Connection,
    jobs_max: usize,
    now: Timestamp,
) -> Result<Vec<(i64, Lease)>, Fault> {
    let mut statement = connection.prepare_cached(RECEIVABLE)?;
    let jobs = statement.query_map(params![now.as_micros(), limit(jobs_max)], |row| {
        let id = Uuid::from_bytes(row.get(1)?);
        let job = Job { id, priority: row.get(2)?, payload: row.get(3)? };
        let deliveries = row.get::<_, u32>(4)?.saturating_add(1);
        Ok((row.get(0)?, Lease { job, token: 0, deliveries }))
    })?;
    Ok(jobs.collect::<Result<_, _>>()?)
}
