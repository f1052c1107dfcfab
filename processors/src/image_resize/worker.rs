//! Keeps a number of slots busy with jobs, until it is told to drain.

use std::sync::Arc;
use std::time::Duration;

use ports::PortError;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::ImageSettings;
use super::bench::Bench;
use super::renderer::Renderer;
use crate::Dependencies;

/// The longest time without a look at the queue: another process may have put something in unnoticed.
const IDLE_S_MAX: f64 = 5.0;
/// The shortest one, so that a job that is just about to be available is not asked for in a circle.
const IDLE_S_MIN: f64 = 0.01;
/// After the queue did not answer.
const FAULT_PAUSE_S: f64 = 1.0;
/// How long giving jobs back may take, once the grace period is over.
const GIVE_BACK_S_MAX: f64 = 5.0;

/// Works on jobs, so many at a time.
#[derive(Clone)]
pub struct Worker {
    bench: Arc<Bench>,
}

impl Worker {
    /// A worker on the queue of `dependencies`.
    pub fn new(dependencies: &Dependencies, settings: ImageSettings) -> Self {
        let renderer = Renderer::new(&settings);
        Self::with(dependencies, renderer, settings)
    }

    pub(super) fn with(
        dependencies: &Dependencies,
        renderer: Renderer,
        settings: ImageSettings,
    ) -> Self {
        let Dependencies { bus, queue, renditions, blobs, clock, .. } = dependencies.clone();
        Self { bench: Arc::new(Bench { bus, queue, renditions, blobs, clock, renderer, settings }) }
    }

    /// Works until `drain` turns true; then finishes what is in hand, and gives back what takes too long.
    pub async fn run(self, mut drain: watch::Receiver<bool>) {
        self.bench.renderer.prepare();
        let (stop, _) = watch::channel(false);
        let mut slots = JoinSet::new();
        self.keep_busy(&mut slots, &stop, &mut drain).await;
        self.finish(slots, &stop).await;
    }

    async fn keep_busy(
        &self,
        slots: &mut JoinSet<()>,
        stop: &watch::Sender<bool>,
        drain: &mut watch::Receiver<bool>,
    ) {
        loop {
            // Before the look, so that nothing that is put in after it goes unnoticed.
            let arrival = self.bench.queue.wait_for_job();
            let pause_s = self.fill(slots, stop).await.unwrap_or_else(|error| {
                warn!("{}", error.chain());
                FAULT_PAUSE_S
            });
            let free = slots.len() < self.bench.settings.concurrency;
            let pause = Duration::from_secs_f64(pause_s);
            let next = async {
                let arrived = timeout(pause, arrival).await;
                if matches!(arrived, Ok(Err(_))) {
                    sleep(pause).await;
                }
            };
            tokio::select! {
                // Only here, so that no job is received and then left lying. An error means that whoever could drain
                // is gone, which is the same.
                _ = drain.wait_for(|draining| *draining) => return,
                Some(ended) = slots.join_next() => report(ended),
                () = next, if free => {}
            }
        }
    }

    /// Gives jobs to the free slots. Returns after how many seconds it is worth looking again, if a slot is still free.
    async fn fill(
        &self,
        slots: &mut JoinSet<()>,
        stop: &watch::Sender<bool>,
    ) -> Result<f64, PortError> {
        let Bench { queue, clock, settings, .. } = &*self.bench;
        let free = settings.concurrency.saturating_sub(slots.len());
        if free == 0 {
            return Ok(IDLE_S_MAX);
        }
        let now = clock.now();
        let leases = queue.receive(free, now, now.plus_seconds(settings.lease_s)).await?;
        for lease in leases {
            let bench = Arc::clone(&self.bench);
            let mut stopped = stop.subscribe();
            slots.spawn(async move {
                let stopped = async move {
                    let _ = stopped.wait_for(|stopped| *stopped).await;
                };
                bench.work(&lease, stopped).await;
            });
        }
        let next = queue.next_available_at().await?;
        let pause_s = next.map_or(IDLE_S_MAX, |at| at.seconds_since(now));
        Ok(pause_s.clamp(IDLE_S_MIN, IDLE_S_MAX))
    }

    async fn finish(&self, mut slots: JoinSet<()>, stop: &watch::Sender<bool>) {
        let grace = Duration::from_secs_f64(self.bench.settings.grace_s);
        if timeout(grace, all_ended(&mut slots)).await.is_ok() {
            return;
        }
        info!("giving {} pictures back that take too long", slots.len());
        stop.send_replace(true);
        let give_back = Duration::from_secs_f64(GIVE_BACK_S_MAX);
        if timeout(give_back, all_ended(&mut slots)).await.is_err() {
            warn!("{} pictures could not be given back; their leases run out", slots.len());
        }
    }
}

async fn all_ended(slots: &mut JoinSet<()>) {
    while let Some(ended) = slots.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!("a slot broke, and its job will be received again: {error}");
    }
}
