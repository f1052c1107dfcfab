//! How things stand, for the metrics alone: nothing here is a reason not to be ready.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use infra_telemetry::{DiskRoom, Metrics, QueueState};
use ports::clock::Clock;
use ports::work_queue::WorkQueue;
use projections::live::ReadSide;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::debug;

use super::Probe;

/// Less than a probe may take: a store that is slow is not told of, and this process stays ready.
const TELL_MS_MAX: u64 = 800;

/// What is found out in time. What is not is not told any more, and whoever needs it says that it is away.
async fn in_time<T, E: Display>(
    what: &str,
    asked: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match timeout(Duration::from_millis(TELL_MS_MAX), asked).await {
        Ok(Ok(found)) => return Some(found),
        Ok(Err(error)) => debug!(what, %error, "it cannot be told of"),
        Err(_) => debug!(what, "it cannot be told of in time"),
    }
    None
}

/// The queue of pictures, which is the same for all who work on it.
pub struct QueueProbe {
    queue: Arc<dyn WorkQueue>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl QueueProbe {
    /// Tells the metrics of `queue`.
    pub fn over(queue: Arc<dyn WorkQueue>, clock: Arc<dyn Clock>, metrics: &Arc<Metrics>) -> Self {
        Self { queue, clock, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for QueueProbe {
    fn name(&self) -> &str {
        "queue of pictures"
    }

    async fn check(&self) -> Result<(), String> {
        let now = self.clock.now();
        let Some(overview) = in_time(self.name(), self.queue.overview(now)).await else {
            return Ok(());
        };
        let waited_s = overview.waiting_since.map_or(0.0, |since| now.seconds_since(since));
        self.metrics.queue(QueueState {
            waiting: overview.waiting,
            delayed: overview.delayed,
            leased: overview.leased,
            oldest_waiting_s: waited_s.max(0.0),
            paused: overview.paused_at.is_some(),
        });
        Ok(())
    }
}

/// The fleet in numbers.
pub struct FleetProbe {
    read_side: ReadSide,
    metrics: Arc<Metrics>,
}

impl FleetProbe {
    /// Tells the metrics of the motors that `read_side` knows.
    pub fn over(read_side: ReadSide, metrics: &Arc<Metrics>) -> Self {
        Self { read_side, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for FleetProbe {
    fn name(&self) -> &str {
        "fleet"
    }

    async fn check(&self) -> Result<(), String> {
        let counted = projections::count_fleet(&self.read_side, None);
        let Some((numbers, _)) = in_time(self.name(), counted).await else { return Ok(()) };
        let zones = &numbers.zones;
        for (zone, motors) in [
            ("A", zones.a),
            ("B", zones.b),
            ("C", zones.c),
            ("D", zones.d),
            ("not_assessable", zones.not_assessable),
            ("unknown", zones.unknown),
        ] {
            self.metrics.motors(zone, motors);
        }
        self.metrics.motor_alarms("alarm", numbers.alarms.alarm);
        self.metrics.motor_alarms("trip", numbers.alarms.trip);
        self.metrics.sensors_lost(numbers.sensors_lost);
        Ok(())
    }
}

/// The disks on which this process keeps something.
pub struct DiskProbe {
    folders: Vec<(&'static str, PathBuf)>,
    metrics: Arc<Metrics>,
}

impl DiskProbe {
    /// Tells the metrics of the room in `folders`, by what is kept in them.
    pub fn of(folders: Vec<(&'static str, PathBuf)>, metrics: &Arc<Metrics>) -> Self {
        Self { folders, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for DiskProbe {
    fn name(&self) -> &str {
        "disks"
    }

    async fn check(&self) -> Result<(), String> {
        for (kept, folder) in self.folders.clone() {
            // A share on the network may keep whoever asks waiting.
            let looked_at = async {
                spawn_blocking(move || infra_storage::room(&folder))
                    .await
                    .map_err(std::io::Error::from)?
            };
            if let Some(infra_storage::Room { free_bytes, size_bytes }) =
                in_time(kept, looked_at).await
            {
                self.metrics.disk(kept, DiskRoom { free_bytes, size_bytes });
            }
        }
        Ok(())
    }
}
