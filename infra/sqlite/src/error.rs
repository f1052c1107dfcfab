//! What can go wrong with a database file.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why the stores cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error("the data folder {} cannot be used", .folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process works on the folder.
    #[error("the data folder {} is in use by {holder}", .folder.display())]
    InUse {
        /// Which folder.
        folder: PathBuf,
        /// Who has it.
        holder: String,
    },
    /// The file is a database of another program.
    #[error("{} was not made by Atalaya", .file.display())]
    Foreign {
        /// Which file.
        file: PathBuf,
    },
    /// The file was written by a later release.
    #[error("{} has schema version {found}, this release knows versions up to {known}", .file.display())]
    TooNew {
        /// Which file.
        file: PathBuf,
        /// The version in the file.
        found: usize,
        /// The newest version known here.
        known: usize,
    },
    /// `SQLite` cannot open the file.
    #[error("{} cannot be opened", .file.display())]
    Database {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The thread that writes cannot be started.
    #[error("the writer of {} cannot be started", .file.display())]
    Thread {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Any cause, on its way into a `PortError`.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// The store was closed before the call could be made or answered.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

/// What was given cannot be stored.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unstorable(pub(crate) String);

/// What is stored cannot be read. It is never skipped.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be read")]
pub(crate) struct Corrupt {
    /// Which row: `the event at position 17`.
    pub(crate) what: String,
    /// What is wrong with it.
    #[source]
    pub(crate) reason: Fault,
}
