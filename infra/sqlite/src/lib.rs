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
//! `synchronous=FULL` for what is not kept elsewhere), and a few connections that read.
//!
//! Kill points, for tests that stop the process (with the feature `failpoints`): `log-mid-batch` after each
//! write within a transaction, `log-before-commit`, and `log-after-commit` before the answers; the same with
//! `documents-` and `samples-`.

mod database;
mod documents;
mod error;
mod folder;
mod kill_points;
mod log;
mod numbers;
mod readers;
mod retention;
mod samples;
mod settings;
mod snapshot;
mod writer;

pub use documents::SqliteDocuments;
pub use error::OpenError;
pub use folder::DataFolder;
pub use log::SqliteLog;
pub use samples::SqliteSamples;
pub use settings::Settings;
pub use snapshot::{SnapshotError, snapshot};
pub use writer::WriteCounts;

use std::sync::Arc;

use ports::PortError;
use ports::clock::Clock;

/// All stores of one data folder.
pub struct SqliteStores {
    /// The event log and what moves with it.
    pub log: Arc<SqliteLog>,
    /// The read models.
    pub documents: Arc<SqliteDocuments>,
    /// The samples, and what the processor made of them.
    pub samples: Arc<SqliteSamples>,
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
        let documents = Arc::new(SqliteDocuments::open(&folder, settings)?);
        let samples = Arc::new(SqliteSamples::open(&folder, Arc::clone(clock), settings)?);
        folder
            .sync()
            .map_err(|source| OpenError::Folder { folder: folder.path().to_owned(), source })?;
        Ok(Self { log, documents, samples, folder })
    }

    /// The folder, which is locked as long as the stores are open.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Lets go of everything that is older, or more, than the settings allow.
    ///
    /// # Errors
    /// A store does not answer. What was removed before stays removed.
    pub async fn purge(&self) -> Result<Purged, PortError> {
        Ok(Purged {
            commands: self.log.purge_commands().await?,
            samples: self.samples.purge_samples().await?,
            readings: self.samples.purge_readings().await?,
        })
    }

    /// Finishes the writes that wait, takes no more, and closes the files.
    pub async fn close(self) {
        self.log.close().await;
        self.documents.close().await;
        self.samples.close().await;
    }
}

/// How much a purge removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Remembered commands.
    pub commands: u64,
    /// Samples.
    pub samples: u64,
    /// Readings, with their spectra.
    pub readings: u64,
}
