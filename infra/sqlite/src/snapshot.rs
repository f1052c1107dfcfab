//! Copies what cannot be made again, while another process may be writing.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::log::FILE_NAME as LOG;
use crate::samples::FILE_NAME as SAMPLES;

/// How long a page of the source may be locked by another process.
const BUSY_TIMEOUT_MS: u32 = 30_000;
/// All of them: between steps, a writer would make the copy begin anew.
const ALL_PAGES: i32 = -1;

/// The samples are copied before the log. What the processor has made of samples and not yet said to the log is said
/// again after a restore; the other way round, it would never be said.
const FILES: [&str; 2] = [SAMPLES, LOG];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is nothing of ours.
    #[error("there is no {} to copy", .0.display())]
    Missing(PathBuf),
    /// `SQLite` cannot read the source or write the copy.
    #[error("copying {} failed", .file.display())]
    Failed {
        /// Of the source.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Somebody held the source for too long.
    #[error("{} is locked", .0.display())]
    Locked(PathBuf),
    /// The copy is damaged, and so is the source.
    #[error("{} is damaged: {report}", .file.display())]
    Damaged {
        /// Of the copy.
        file: PathBuf,
        /// What `SQLite` says.
        report: String,
    },
    /// The copy cannot be made durable.
    #[error("{} cannot be made durable", .file.display())]
    Undurable {
        /// Of the copy.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Copies the log and the samples of the data folder `from` into the folder `to`, each as of one moment, and checks
/// the copies. The read models are left out: they are built again from the log.
///
/// # Errors
/// A file is missing, cannot be copied, or is damaged.
pub fn snapshot(from: &Path, to: &Path) -> Result<(), SnapshotError> {
    FILES.iter().try_for_each(|name| copy(&from.join(name), &to.join(name)))
}

fn copy(from: &Path, to: &Path) -> Result<(), SnapshotError> {
    if !from.is_file() {
        return Err(SnapshotError::Missing(from.to_owned()));
    }
    let failed = |source| SnapshotError::Failed { file: from.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(failed)?;
    source.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS).map_err(failed)?;
    let mut target = Connection::open(to).map_err(failed)?;
    match Backup::new(&source, &mut target).and_then(|backup| backup.step(ALL_PAGES)) {
        Ok(StepResult::Done) => {}
        Ok(_) => return Err(SnapshotError::Locked(from.to_owned())),
        Err(error) => return Err(failed(error)),
    }
    let report = "PRAGMA integrity_check(1)";
    let report: String = target.query_row(report, [], |row| row.get(0)).map_err(failed)?;
    if report != "ok" {
        return Err(SnapshotError::Damaged { file: to.to_owned(), report });
    }
    target.close().map_err(|(_, error)| failed(error))?;
    let durable = File::open(to).and_then(|file| file.sync_all());
    durable.map_err(|source| SnapshotError::Undurable { file: to.to_owned(), source })
}
