//! The embedded profile: one folder, one process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use infra_sqlite::{DataFolder, SqliteStores};
use infra_storage::DirectoryBlobs;
use ports::clock::Clock;
use ports::event_log::EventLog;
use ports::readings::Readings;
use ports::subscription::LogSubscriptions;
use tracing::{debug, warn};

use super::quotas::LocalQuotas;
use super::{Adapters, Foundation, SystemClock};
use crate::backup::last_of_folder;
use crate::config::Config;
use crate::leading::Alone;

/// From one look for what has grown too old to the next one.
const HOUSEKEEPING_INTERVAL_S: u64 = 3_600;

/// # Errors
/// The folder is in use by another process, cannot be written, or holds what this release cannot read.
pub(super) async fn open(config: &Config) -> anyhow::Result<(Adapters, Box<dyn Foundation>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let folder = DataFolder::open(&config.data_dir)?;
    let settings = infra_sqlite::Settings {
        samples_hours_max: config.samples_retention_hours,
        sample_bytes_max: u64::from(config.samples_retention_gib_max) << 30,
        ..infra_sqlite::Settings::default()
    };
    let stores = SqliteStores::open(folder, &clock, &settings)?;
    let blobs = DirectoryBlobs::open(&config.storage_input_path, &config.storage_output_path)
        .context("opening the folders of pictures")?;
    // Whatever a crash cut off belongs to nobody: the folder is this process's alone.
    blobs.sweep(0).context("sweeping the folders of pictures")?;
    stores.log.free_leases().await.map_err(|error| anyhow!(error.chain()))?;
    let log: Arc<dyn EventLog> = stores.log.clone();
    let readings: Arc<dyn Readings> = stores.samples.clone();
    let under_any_term = Arc::clone(&readings);
    let adapters = Adapters {
        store: stores.log.clone(),
        subscriptions: Arc::new(LogSubscriptions::over(Arc::clone(&log))),
        log,
        checkpoints: stores.log.clone(),
        dead_letters: stores.log.clone(),
        read_models: stores.documents.clone(),
        query_models: stores.documents.clone(),
        blobs: Arc::new(blobs),
        callbacks: super::callbacks(config)?,
        samples: stores.samples.clone(),
        sample_source: stores.samples.clone(),
        readings,
        // The folder's lock sees to it that there is one process: its first term is its last.
        readings_under: Arc::new(move |_| Arc::clone(&under_any_term)),
        work_queue: stores.log.clone(),
        renditions: stores.log.clone(),
        leadership: Arc::new(Alone),
        relay: None,
        topic_audit: None,
        probes: Vec::new(),
        tellers: Vec::new(),
        last_backup: last_of_folder(&config.data_dir),
        quotas: Arc::new(LocalQuotas::default()),
        clock,
    };
    Ok((adapters, Box::new(Folder { stores })))
}

/// The files under all of it.
struct Folder {
    stores: SqliteStores,
}

#[async_trait]
impl Foundation for Folder {
    async fn keep_house(&self) {
        let mut interval = tokio::time::interval(Duration::from_secs(HOUSEKEEPING_INTERVAL_S));
        loop {
            interval.tick().await;
            match self.stores.purge().await {
                Ok(purged) => debug!(?purged, "let go of what had grown too old"),
                Err(error) => warn!(reason = error.chain(), "housekeeping failed"),
            }
        }
    }

    async fn close(self: Box<Self>) {
        self.stores.close().await;
    }
}
