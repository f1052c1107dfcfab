//! Deletes originals that no task tells of.
//!
//! An original is stored before its task is submitted. Whoever dies in between leaves it behind, and nothing would ever
//! ask for it.

use std::sync::Arc;

use domain::time::Timestamp;
use ports::PortError;
use ports::blobs::{BlobKey, Blobs};
use ports::clock::Clock;
use ports::event_store::EventStore;
use ports::stream::{StreamName, StreamVersion};
use tokio::sync::watch;
use tracing::info;
use uuid::Uuid;

use super::rounds::{self, Rounds};
use crate::Dependencies;

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
    /// Ids sort by their time, so that what was looked at need not be again, but for once after a start.
    settled: Option<Uuid>,
}

impl OrphanSweeper {
    /// Over the blobs and the streams of `dependencies`.
    pub fn new(dependencies: &Dependencies) -> Self {
        let Dependencies { blobs, store, clock, .. } = dependencies.clone();
        Self { blobs, store, clock, age_s_min: AGE_S_MIN, settled: None }
    }

    /// Looks now and then, until `drain` turns true.
    pub async fn run(self, drain: watch::Receiver<bool>) {
        rounds::go(self, drain).await;
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

impl Rounds for OrphanSweeper {
    const INTERVAL_S: u64 = 3_600;
    const WHAT: &'static str = "deleting originals without a task";

    /// Goes on after the last original that is settled, up to those that are too young.
    async fn round(&mut self) -> Result<(), PortError> {
        let old = self.clock.now().plus_seconds(-self.age_s_min);
        loop {
            let page = self.blobs.originals(self.settled, PAGE_ORIGINALS_MAX).await?;
            if page.is_empty() {
                return Ok(());
            }
            for task_id in page {
                // An id that tells no time is not one of ours.
                if submitted_at(task_id).is_some_and(|at| at > old) {
                    return Ok(());
                }
                self.settle(task_id).await?;
                self.settled = Some(task_id);
            }
        }
    }
}

/// When the id was made.
fn submitted_at(task_id: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = task_id.get_timestamp()?.to_unix();
    let micros = i128::from(seconds) * 1_000_000 + i128::from(nanoseconds / 1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}
