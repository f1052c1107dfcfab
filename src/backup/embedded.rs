//! The embedded profile: the databases as of a moment, opened once to see that they are whole.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use infra_sqlite::{DataFolder, SqliteStores};
use infra_storage::DirectoryBlobs;
use ports::clock::Clock;
use ports::event_log::EventLog;

use super::{Kept, pictures};
use crate::adapters::SystemClock;
use crate::config::Config;

/// What the names of those files begin with that opening the copies makes beside them.
const LEFTOVERS: [&str; 2] = ["documents.db", "atalaya.lock"];
/// The truth is put in its place last: without it, a restore that was cut off begins anew.
const TRUTH: &str = "log.db";

pub(super) async fn copy(
    config: &Config,
    store: &Path,
    to: &DirectoryBlobs,
) -> anyhow::Result<Kept> {
    infra_sqlite::snapshot(&config.data_dir, store)?;
    let from = DirectoryBlobs::open(&config.storage_input_path, &config.storage_output_path)
        .context("opening the folders of pictures")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let folder = DataFolder::open(store)?;
    let stores = SqliteStores::open(folder, &clock, &infra_sqlite::Settings::default())?;
    let position = stores.log.head().await.map_err(|error| anyhow!(error.chain()))?;
    let missing = pictures::copy(&*stores.log, position, &from, to).await;
    stores.close().await;
    tidy_up(store)?;
    Ok(Kept { position, pictures_missing: missing? })
}

fn tidy_up(store: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFTOVERS.iter().any(|leftover| name.starts_with(leftover)) {
            fs::remove_file(entry.path()).with_context(|| format!("removing {name}"))?;
        }
    }
    Ok(())
}

/// Puts the databases into the data folder, which must have none.
pub(super) fn put_back(config: &Config, store: &Path) -> anyhow::Result<()> {
    let folder = DataFolder::open(&config.data_dir)?;
    refuse_used(config)?;
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        if entry.file_name() != TRUTH {
            fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
        }
    }
    let unfinished = folder.path().join(".restoring");
    fs::copy(store.join(TRUTH), &unfinished).context("restoring the log")?;
    super::files::sync_below(folder.path())?;
    fs::rename(unfinished, folder.path().join(TRUTH))?;
    super::files::sync_folder(folder.path())
}

/// Nothing that is in use is ever written over.
pub(super) fn refuse_used(config: &Config) -> anyhow::Result<()> {
    if config.data_dir.join(TRUTH).exists() {
        bail!("{} holds a log already; name a new folder", config.data_dir.display());
    }
    Ok(())
}

pub(super) fn pictures_of(config: &Config) -> anyhow::Result<DirectoryBlobs> {
    DirectoryBlobs::open(&config.storage_input_path, &config.storage_output_path)
        .context("opening the folders of pictures")
}
