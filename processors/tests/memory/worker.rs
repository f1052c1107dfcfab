//! The worker as it runs in the product, over memory, with a write side that agrees to everything.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::aggregate::encode;
use domain::image::{Command, ImageEvent};
use ports::blobs::{BlobKey, Blobs};
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryLog, MemoryReadings,
    MemoryRenditions, MemorySamples, MemoryWorkQueue,
};
use ports::stream::{GlobalPosition, StreamVersion};
use ports::work_queue::{Job, WorkQueue};
use processors::Dependencies;
use processors::image_resize::{ImageSettings, Worker};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use uuid::Uuid;

/// A machine that is busy with other tests is no reason to give a picture up.
const PATIENCE_S: f64 = 900.0;

/// Tells of each task whether it was completed.
struct Agreeing {
    ended: mpsc::UnboundedSender<Result<(), String>>,
}

#[async_trait]
impl CommandBus for Agreeing {
    async fn send(&self, asked: CommandEnvelope) -> Result<Accepted, CommandError> {
        let command: Command =
            serde_json::from_value(asked.command).expect("the worker sends commands of images");
        let events = match command {
            Command::StartProcessing(_) => {
                vec![encode(&ImageEvent::ProcessingStarted { attempt: 1 })]
            }
            Command::FailAttempt(failed) => {
                let _ = self.ended.send(Err(failed.detail));
                Vec::new()
            }
            _ => {
                let _ = self.ended.send(Ok(()));
                Vec::new()
            }
        };
        let (version, position) = (StreamVersion(1), GlobalPosition(1));
        Ok(Accepted { stream: asked.stream, version, position, events, repeated: false })
    }
}

/// Has a worker with its default settings make the variants of all `pictures` at once, and counts those that it completed.
pub(crate) fn work_on(pictures: &[Bytes]) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("there are threads").block_on(work(pictures))
}

async fn work(pictures: &[Bytes]) -> usize {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let (queue, blobs) = (Arc::new(MemoryWorkQueue::default()), Arc::new(MemoryBlobs::default()));
    for (number, picture) in (1..).zip(pictures) {
        let task_id = Uuid::from_u128(number);
        let original = BlobKey::Original { task_id };
        blobs.put(&original, picture.clone()).await.expect("memory takes all");
        let job = Job { id: task_id, priority: 0, payload: String::new() };
        queue.put(job, clock.now()).await.expect("memory takes all");
    }
    let log = Arc::new(MemoryLog::new(clock.clone()));
    let dependencies = Dependencies {
        bus: Arc::new(Agreeing { ended }),
        store: log.clone(),
        log,
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        blobs,
        queue,
        renditions: Arc::new(MemoryRenditions::default()),
        samples: Arc::new(MemorySamples::new(clock.clone())),
        readings: Arc::new(MemoryReadings::default()),
        callbacks: Arc::new(MemoryCallbacks::default()),
        clock,
    };
    let settings = ImageSettings {
        render_s_max: PATIENCE_S,
        lease_s: PATIENCE_S,
        retries_max: 0,
        ..ImageSettings::default()
    };
    let (drain, draining) = watch::channel(false);
    let worker = tokio::spawn(Worker::new(&dependencies, settings).run(draining));
    let mut completed = 0;
    for _ in pictures {
        let end = timeout(Duration::from_secs_f64(PATIENCE_S), ends.recv()).await;
        let end = end.expect("the worker does not hang").expect("the worker runs");
        end.expect("great pictures are pictures like others");
        completed += 1;
    }
    drain.send_replace(true);
    worker.await.expect("the worker does not break");
    completed
}
