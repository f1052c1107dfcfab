//! The ports of one machine over `SQLite`: the log, the documents, the samples and readings.
//!
//! ```text
//! folder/atalaya.lock    held by one process at a time
//! folder/log.db          events, commands, checkpoints, dead letters, jobs: the truth
//! folder/documents.db    read models: may be deleted, and is then built again from the log
//! folder/samples.db      samples as they came in, readings, and the processor's state beside them
//! ```
//!
//! Each file has one writing thread, which puts all writes that wait into one transaction (WAL,
//! `synchronous=FULL`), and a few connections that read.
//!
//! Kill points, for tests that stop the process (with the feature `fail/failpoints`): `log-mid-batch` after each
//! write within a transaction, `log-before-commit`, and `log-after-commit` before the answers; the same with
//! `documents-` and `samples-`.

mod database;
mod error;
mod folder;
mod kill_points;
mod log;
mod numbers;
mod readers;
mod retention;
mod settings;
mod writer;

pub use error::OpenError;
pub use folder::DataFolder;
pub use log::SqliteLog;
pub use settings::Settings;
pub use writer::WriteCounts;

use std::sync::Arc;

use ports::clock::Clock;

/// All stores of one data folder.
pub struct SqliteStores {
    /// The event log and what moves with it.
    pub log: Arc<SqliteLog>,
    folder: Arc<DataFolder>,
}

impl SqliteStores {
    /// Opens the files in `folder`, makes those that are missing, and brings all to the newest schema.
    ///
    /// # Errors
    /// A file is not ours, is newer than this release, or `SQLite` cannot open it.
    pub fn open(
        folder: DataFolder,
        clock: &Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let folder = Arc::new(folder);
        let log = Arc::new(SqliteLog::open(&folder, Arc::clone(clock), settings)?);
        folder
            .sync()
            .map_err(|source| OpenError::Folder { folder: folder.path().to_owned(), source })?;
        Ok(Self { log, folder })
    }

    /// The folder, which is locked as long as the stores are open.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Finishes the writes that wait, takes no more, and closes the files.
    pub async fn close(self) {
        self.log.close().await;
    }
}
