//! The folder that holds the database files, for one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::OpenError;

const LOCK_FILE: &str = "atalaya.lock";
const PID_BYTES_MAX: u64 = 20;

/// A data folder, locked for this process until it is dropped.
///
/// `SQLite` alone would let a second process in, and two writers would then hand out the same work twice.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder unless it is there, and locks it.
    ///
    /// # Errors
    /// The folder cannot be made or written, or another process holds it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let unusable = |source| OpenError::Folder { folder: path.clone(), source };
        make(&path).map_err(unusable)?;
        let mut lock = open_lock(&path).map_err(unusable)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(OpenError::InUse { holder: holder(&mut lock), folder: path });
            }
            Err(error) => return Err(unusable(error.into())),
        }
        sign(&mut lock).map_err(unusable)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes new files in the folder as durable as what is in them.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// A new folder is durable when the one above it is.
fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    File::open(path.canonicalize()?.parent().unwrap_or(path))?.sync_all()
}

fn open_lock(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).open(folder.join(LOCK_FILE))
}

/// The process id is for people who look for the holder; the lock itself lives in the kernel.
fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.write_all(std::process::id().to_string().as_bytes())
}

fn holder(lock: &mut File) -> String {
    let mut pid = String::new();
    match lock.take(PID_BYTES_MAX).read_to_string(&mut pid) {
        Ok(_) if pid.parse::<u32>().is_ok() => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_at_a_time() {
        let scratch = tempfile::tempdir().unwrap();
        let first = DataFolder::open(scratch.path()).unwrap();
        let refusal = DataFolder::open(scratch.path()).unwrap_err().to_string();
        assert!(refusal.contains(&scratch.path().display().to_string()), "{refusal}");
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        DataFolder::open(scratch.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("taken");
        fs::write(&file, "a file where the folder should be").unwrap();
        let refusal = DataFolder::open(&file).unwrap_err();
        assert!(matches!(refusal, OpenError::Folder { .. }));
        assert!(refusal.to_string().contains("taken"), "{refusal}");
    }
}
