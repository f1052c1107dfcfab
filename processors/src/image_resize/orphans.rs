//! Deletes originals that no task tells of.
//!
//! An original is stored before its task is submitted. Whoever dies in between leaves it behind, and nothing would ever
//! ask for it.

use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use ports::PortError;
use ports::blobs::{BlobKey, Blobs};
use ports::clock::Clock;
use ports::event_store::EventStore;
use ports::stream::{StreamName, StreamVersion};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

use crate::Dependencies;

/// From one look to the next one.
const INTERVAL_S: u64 = 3_600;
/// No submission takes so long: what has no task by then never will.
const AGE_S_MIN: f64 = 86_400.0;
const PAGE_ORIGINALS_MAX: usize = 1_000;

/// Looks at every original once in its life.
#[derive(Clone)]
pub struct OrphanSweeper {
    blobs: Arc<dyn Blobs>,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    age_s_min: f64,
}

impl OrphanSweeper {
    /// Over the blobs and the streams of `dependencies`.
    pub fn new(dependencies: &Dependencies) -> Self {
        let Dependencies { blobs, store, clock, .. } = dependencies.clone();
        Self { blobs, store, clock, age_s_min: AGE_S_MIN }
    }

    /// Looks now and then, until `drain` turns true.
    pub async fn run(self, mut drain: watch::Receiver<bool>) {
        let interval = Duration::from_secs(INTERVAL_S);
        // Ids sort by their time, so that what was looked at need not be again, but for once after a start.
        let mut after = None;
        loop {
            tokio::select! {
                // An error means that whoever could drain is gone, which is the same.
                _ = drain.wait_for(|draining| *draining) => return,
                swept = self.sweep(&mut after) => {
                    if let Err(error) = swept {
                        warn!("deleting originals without a task: {}", error.chain());
                    }
                }
            }
            if timeout(interval, drain.wait_for(|draining| *draining)).await.is_ok() {
                return;
            }
        }
    }

    /// Goes on `after` the last original that is settled, up to those that are too young.
    async fn sweep(&self, after: &mut Option<Uuid>) -> Result<(), PortError> {
        let old = self.clock.now().plus_seconds(-self.age_s_min);
        loop {
            let page = self.blobs.originals(*after, PAGE_ORIGINALS_MAX).await?;
            if page.is_empty() {
                return Ok(());
            }
            for task_id in page {
                // An id that tells no time is not one of ours.
                if submitted_at(task_id).is_some_and(|at| at > old) {
                    return Ok(());
                }
                self.settle(task_id).await?;
                *after = Some(task_id);
            }
        }
    }

    async fn settle(&self, task_id: Uuid) -> Result<(), PortError> {
        let stream = StreamName::new("image", task_id);
        let history = self.store.read_stream(&stream, StreamVersion(0), 1).await?;
        if history.is_empty() && submitted_at(task_id).is_some() {
            self.blobs.delete(&BlobKey::Original { task_id }).await?;
            info!(task = %task_id, "deleted the original of image {task_id}, which was never submitted");
        }
        Ok(())
    }
}

/// When the id was made.
fn submitted_at(task_id: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = task_id.get_timestamp()?.to_unix();
    let micros = i128::from(seconds) * 1_000_000 + i128::from(nanoseconds / 1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}
