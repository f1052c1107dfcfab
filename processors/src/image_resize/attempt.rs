//! One job, from the first look at it to its end.

use std::time::Duration;

use bytes::Bytes;
use domain::aggregate::decode;
use domain::image::{Command, Complete, FailAttempt, Image, ImageEvent, StartProcessing, Variant};
use domain::picture::{Code, Failure};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use fail::fail_point;
use futures::future::try_join_all;
use ports::PortError;
use ports::blobs::{BlobKey, VariantName};
use ports::command_bus::{Accepted, CommandEnvelope, CommandError};
use ports::event::NewEvent;
use ports::work_queue::Lease;
use tokio::time::sleep;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::bench::Bench;
use super::errand::Errand;
use super::reuse::{Made, Way};
use crate::picture;
use crate::wish::{Cause, send_until_decided, wish};

/// The scope of the keys of the workers' commands.
const SCOPE: &str = "image-worker";
/// So many times a lease is extended before it would run out: it is lost after as many failures in a row.
const EXTENSIONS_PER_LEASE: u32 = 3;
/// When a history cannot be read, nothing will change before a person has looked at it.
const UNDECIDABLE_DELAY_S: f64 = 300.0;

/// What is to become of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// Nothing is left to be done.
    Done,
    /// It was given up.
    Never,
    /// It goes back to the queue until then.
    Again(Timestamp),
    /// It belongs to another worker by now, or will soon.
    Lost,
}

/// One lease, and the names under which it asks.
struct Run {
    task_id: Uuid,
    /// Tells this run from every other one of the task, also from those before a retry.
    id: Uuid,
    cause: Cause,
    /// The worker, as the history tells of it.
    actor: String,
}

impl Run {
    fn wish(&self, command: &Command, what: &str) -> CommandEnvelope {
        let key = format!("{}/{}/{what}", self.task_id, self.id);
        let mut wish = wish::<Image>(self.task_id, command, SCOPE, key, &self.cause);
        wish.metadata.actor = Some(self.actor.clone());
        wish
    }
}

impl Bench {
    /// Works on a job for as long as its lease is held, and settles it. Dropped half-way it leaves the job to whoever
    /// receives it after the lease.
    pub(super) async fn work(&self, lease: &Lease, stopped: impl Future<Output = ()>) {
        let end = tokio::select! {
            biased;
            () = stopped => End::Again(self.clock.now()),
            () = self.hold(lease) => End::Lost,
            end = self.attempt(lease) => end,
        };
        if let Err(error) = self.settle(lease, end).await {
            // The lease runs out, and whoever receives the job next learns from the aggregate what is left to do.
            warn!(task = %lease.job.id, "settling job {} as {end:?}: {}", lease.job.id, error.chain());
        }
    }

    async fn settle(&self, lease: &Lease, end: End) -> Result<(), PortError> {
        match end {
            End::Done => self.queue.acknowledge(lease).await?,
            End::Never => self.queue.reject(lease).await?,
            End::Again(at) => self.queue.release(lease, at).await?,
            End::Lost => {
                info!(task = %lease.job.id, "job {} is no longer ours", lease.job.id);
                false
            }
        };
        Ok(())
    }

    /// Returns when the lease is lost.
    async fn hold(&self, lease: &Lease) {
        let lease_s = self.settings.lease_s;
        let pause = Duration::from_secs_f64(lease_s / f64::from(EXTENSIONS_PER_LEASE));
        let mut failures = 0;
        while failures < EXTENSIONS_PER_LEASE {
            sleep(pause).await;
            match self.queue.extend(lease, self.clock.now().plus_seconds(lease_s)).await {
                Ok(true) => failures = 0,
                Ok(false) => return,
                Err(error) => {
                    failures += 1;
                    warn!(task = %lease.job.id, "extending a lease: {}", error.chain());
                }
            }
        }
    }

    async fn attempt(&self, lease: &Lease) -> End {
        let Errand { cause, sha256 } = Errand::read(&lease.job.payload);
        let way = self.way(lease.job.id, sha256.as_deref()).await;
        if let Way::Wait(until) = way {
            return End::Again(until);
        }
        let actor = self.settings.worker_id.clone();
        let run = Run { task_id: lease.job.id, id: self.clock.new_id(), cause, actor };
        let attempt = match self.start(&run).await {
            Ok(Some(attempt)) => attempt,
            Ok(None) => return End::Never,
            Err(error) => return self.refused(&run, &error),
        };
        fail_point!("image-after-start");
        let made = match self.reused(run.task_id, &way).await {
            Some(made) => Ok(Some(made)),
            None => self.make(&run, lease).await,
        };
        let ended = match made {
            Ok(Some(made)) => self.complete(&run, attempt, made, sha256.as_deref()).await,
            Ok(None) => return End::Lost,
            Err(failure) => self.fail(&run, attempt, failure).await,
        };
        ended.unwrap_or_else(|error| self.refused(&run, &error))
    }

    /// The number of the attempt that begins; none when there were enough.
    async fn start(&self, run: &Run) -> Result<Option<u32>, CommandError> {
        let attempts_max = self.settings.retries_max.saturating_add(1);
        let command = Command::StartProcessing(StartProcessing { attempts_max });
        let accepted = self.send(run.wish(&command, "start")).await?;
        Ok(accepted.events.iter().find_map(attempt_begun))
    }

    /// Makes the variants and stores them; `None` when the lease was lost meanwhile.
    async fn make(&self, run: &Run, lease: &Lease) -> Result<Option<Made>, Failure> {
        let original = BlobKey::Original { task_id: run.task_id };
        let bytes = self.blobs.get(&original).await.map_err(|error| not_stored(&error))?;
        // The original is durable before its task is submitted. If it is not there, the store has lost it or is not the
        // right one: a fault of ours that a person may repair, so it is tried again like every other one.
        let bytes = bytes.ok_or_else(|| {
            Failure::new(Code::Storage, "the original is not where it was stored")
        })?;
        let rendered = self.renderer.render(bytes).await?;
        let until = self.clock.now().plus_seconds(self.settings.lease_s);
        if matches!(self.queue.extend(lease, until).await, Ok(false)) {
            return Ok(None);
        }
        let stored = rendered.into_iter().map(|variant| self.store(run.task_id, variant));
        let variants = try_join_all(stored).await?;
        fail_point!("image-after-write");
        Ok(Some(Made { variants, same_as: None }))
    }

    async fn store(&self, task_id: Uuid, variant: picture::Variant) -> Result<Variant, Failure> {
        let picture::Variant { name, width, height, bytes, sha256 } = variant;
        let stored =
            Variant { name: name.to_string(), width, height, bytes: bytes.len() as u64, sha256 };
        let name = VariantName::new(&name).expect("presets have names of variants");
        let key = BlobKey::Variant { task_id, name };
        self.blobs.put(&key, Bytes::from(bytes)).await.map_err(|error| not_stored(&error))?;
        fail_point!("image-mid-write");
        Ok(stored)
    }

    async fn complete(
        &self,
        run: &Run,
        attempt: u32,
        made: Made,
        sha256: Option<&str>,
    ) -> Result<End, CommandError> {
        let Made { variants, same_as } = made.clone();
        let command = Command::Complete(Complete { attempt, variants, same_as });
        self.send(run.wish(&command, "complete")).await?;
        self.note(run.task_id, sha256, &made).await;
        Ok(End::Done)
    }

    async fn fail(&self, run: &Run, attempt: u32, failure: Failure) -> Result<End, CommandError> {
        let retry_at = self.retry_at(run.task_id, attempt, &failure);
        warn!(task = %run.task_id, attempt, "attempt {attempt} at image {}: {failure}", run.task_id);
        let Failure { code, detail } = failure;
        let code = code.as_str().to_owned();
        let command = Command::FailAttempt(FailAttempt { attempt, code, detail, retry_at });
        self.send(run.wish(&command, "fail")).await?;
        self.give_up_claims(run.task_id).await;
        Ok(retry_at.map_or(End::Never, End::Again))
    }

    fn retry_at(&self, task_id: Uuid, attempt: u32, failure: &Failure) -> Option<Timestamp> {
        let again = !failure.is_permanent() && attempt <= self.settings.retries_max;
        let (_, seed) = task_id.as_u64_pair();
        let delay_s = self.settings.retry.delay_s(attempt, seed);
        again.then(|| self.clock.now().plus_seconds(delay_s))
    }

    /// Sends a command until it was decided, for as long as the lease is held.
    async fn send(&self, command: CommandEnvelope) -> Result<Accepted, CommandError> {
        send_until_decided(&*self.bus, command).await
    }

    /// What a command that was decided against means for the job.
    fn refused(&self, run: &Run, error: &CommandError) -> End {
        let task_id = run.task_id;
        match error {
            CommandError::Rejected(Rejection::NotNow { code: "attempt_superseded", .. }) => {
                End::Lost
            }
            // Finished in another way, such as by being cancelled.
            CommandError::Rejected(rejection) => {
                info!(task = %task_id, "image {task_id} needs no more work: {rejection}");
                End::Done
            }
            other => {
                error!(task = %task_id, "image {task_id} cannot be worked on: {other}");
                End::Again(self.clock.now().plus_seconds(UNDECIDABLE_DELAY_S))
            }
        }
    }
}

fn attempt_begun(event: &NewEvent) -> Option<u32> {
    match decode::<Image>(&event.event_type, event.schema_version, &event.data) {
        Ok(ImageEvent::ProcessingStarted { attempt }) => Some(attempt),
        _ => None,
    }
}

fn not_stored(error: &PortError) -> Failure {
    warn!("{}", error.chain());
    Failure::new(Code::Storage, error.to_string())
}
