//! Turns the events of image tasks into jobs.

use std::sync::Arc;

use async_trait::async_trait;
use domain::image::{Image, ImageEvent, Submission};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::event::RecordedEvent;
use ports::handler::HandleError;
use ports::work_queue::{Job, WorkQueue};

use super::errand::Errand;
use crate::one_by_one::Acts;
use crate::wish::Cause;

/// A person asked for a retry and waits for it, whatever the priority of the task was once.
const RETRY_PRIORITY: i32 = 0;

/// Puts a job into the queue for each picture that is to be worked on, and takes out what is not.
///
/// The job has the id of the task, so that an event that is seen again puts nothing in twice. An old `submitted` that
/// is seen after the end does no harm: the worker's start is rejected, and the job acknowledged.
pub struct Dispatcher {
    queue: Arc<dyn WorkQueue>,
    clock: Arc<dyn Clock>,
}

/// What an event means for the queue.
enum Step {
    Put { errand: Errand, priority: i32, not_before: Option<Timestamp> },
    Withdraw,
    Nothing,
}

impl Dispatcher {
    /// Puts jobs into `queue`.
    pub fn new(queue: Arc<dyn WorkQueue>, clock: Arc<dyn Clock>) -> Self {
        Self { queue, clock }
    }
}

fn step(event: &RecordedEvent) -> Result<Step, HandleError> {
    let event_known = event.decode::<Image>().map_err(|error| HandleError::Poison {
        position: event.position,
        reason: error.to_string(),
    })?;
    Ok(match event_known {
        ImageEvent::Submitted(Submission { priority, not_before, sha256, .. }) => {
            let errand = Errand { cause: Cause::from(event), sha256: Some(sha256) };
            Step::Put { errand, priority, not_before }
        }
        ImageEvent::RetryRequested {} => {
            let errand = Errand { cause: Cause::from(event), sha256: None };
            Step::Put { errand, priority: RETRY_PRIORITY, not_before: None }
        }
        // The worker takes the job of a dead letter out by itself, but perhaps only after a retry was requested, which
        // would find the old job still there, change nothing, and be lost with it.
        ImageEvent::DeadLettered { .. } => Step::Withdraw,
        // A cancelled job that is under way loses its lease by this, which stops it.
        ImageEvent::Completed {} | ImageEvent::Cancelled {} => Step::Withdraw,
        ImageEvent::ProcessingStarted { .. }
        | ImageEvent::Reused { .. }
        | ImageEvent::VariantProduced(_)
        | ImageEvent::AttemptFailed { .. }
        | ImageEvent::Expired { .. } => Step::Nothing,
    })
}

#[async_trait]
impl Acts for Dispatcher {
    const NAME: &'static str = "image-dispatch";
    const CATEGORIES: &'static [&'static str] = &["image"];

    async fn act_on(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let task_id = event.stream.id;
        match step(event)? {
            Step::Put { errand, priority, not_before } => {
                // Since then it waits; but a clock that runs ahead elsewhere must not hold it back here.
                let since = event.recorded_at.min(self.clock.now());
                let available_at = not_before.map_or(since, |at| at.max(since));
                let job = Job { id: task_id, priority, payload: errand.written() };
                self.queue.put(job, available_at).await?;
            }
            Step::Withdraw => self.queue.withdraw(task_id).await?,
            Step::Nothing => {}
        }
        Ok(())
    }
}
