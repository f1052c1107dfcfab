//! Settings → ports: the only place that chooses a technology.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use domain::time::Timestamp;
use infra_sqlite::{DataFolder, SqliteStores};
use infra_storage::DirectoryBlobs;
use ports::blobs::Blobs;
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::read_models::ReadModels;
use ports::readings::Readings;
use ports::samples::{SampleSource, Samples};
use ports::subscription::{LogSubscriptions, Subscriptions};
use ports::work_queue::WorkQueue;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::config::Config;

/// A world for the roles: one adapter per port.
#[derive(Clone)]
pub struct Adapters {
    /// Appends, and reads streams.
    pub store: Arc<dyn EventStore>,
    /// The log by position.
    pub log: Arc<dyn EventLog>,
    /// The log as handlers follow it.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// How far handlers have come whose effects live elsewhere.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// What could not be handled.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Documents.
    pub read_models: Arc<dyn ReadModels>,
    /// Pictures.
    pub blobs: Arc<dyn Blobs>,
    /// Samples on their way in.
    pub samples: Arc<dyn Samples>,
    /// Samples on their way to the processor.
    pub sample_source: Arc<dyn SampleSource>,
    /// What the processor made of them.
    pub readings: Arc<dyn Readings>,
    /// Pictures to be worked on.
    pub work_queue: Arc<dyn WorkQueue>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
}

/// The stores of the embedded profile; they are closed last.
pub struct Embedded {
    stores: SqliteStores,
}

/// From one look for what has grown too old to the next one.
const HOUSEKEEPING_INTERVAL_S: u64 = 3_600;

impl Embedded {
    /// Lets go of what has grown too old, now and then, for ever.
    pub async fn keep_house(&self) {
        let mut interval = tokio::time::interval(Duration::from_secs(HOUSEKEEPING_INTERVAL_S));
        loop {
            interval.tick().await;
            match self.stores.purge().await {
                Ok(purged) => debug!(?purged, "let go of what had grown too old"),
                Err(error) => warn!(reason = error.chain(), "housekeeping failed"),
            }
        }
    }

    /// Finishes what is being written, and lets go of the data folder.
    pub async fn close(self) {
        self.stores.close().await;
    }
}

/// The embedded profile: one folder, one process.
///
/// # Errors
/// The folder is in use by another process, cannot be written, or holds what this release cannot read.
pub async fn embedded(config: &Config) -> anyhow::Result<(Adapters, Embedded)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let folder = DataFolder::open(&config.data_dir)?;
    let stores = SqliteStores::open(folder, &clock, &infra_sqlite::Settings::default())?;
    let blobs = DirectoryBlobs::open(&config.storage_input_path, &config.storage_output_path)
        .context("opening the folders of pictures")?;
    // Whatever a crash cut off belongs to nobody: the folder is this process's alone.
    blobs.sweep(0).context("sweeping the folders of pictures")?;
    stores.log.free_leases().await.map_err(|error| anyhow!(error.chain()))?;
    let log: Arc<dyn EventLog> = stores.log.clone();
    let adapters = Adapters {
        store: stores.log.clone(),
        subscriptions: Arc::new(LogSubscriptions::over(Arc::clone(&log))),
        log,
        checkpoints: stores.log.clone(),
        dead_letters: stores.log.clone(),
        read_models: stores.documents.clone(),
        blobs: Arc::new(blobs),
        samples: stores.samples.clone(),
        sample_source: stores.samples.clone(),
        readings: stores.samples.clone(),
        work_queue: stores.log.clone(),
        clock,
    };
    Ok((adapters, Embedded { stores }))
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
