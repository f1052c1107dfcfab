//! Removes what was left behind.

use std::fs::{self, DirEntry};
use std::io;
use std::ops::Add;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use crate::folder::UNFINISHED;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files whose writing was cut off.
    pub files: u64,
    /// Folders with nothing in them.
    pub folders: u64,
}

impl Add for Swept {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { files: self.files + other.files, folders: self.folders + other.folders }
    }
}

pub(crate) fn sweep(tree: &Path, age_s_min: u64) -> io::Result<Swept> {
    let age_min = Duration::from_secs(age_s_min);
    let mut swept = Swept::default();
    for entry in fs::read_dir(tree)? {
        let folder = entry?;
        if is_task_folder(&folder)? {
            swept = swept + sweep_folder(&folder, age_min)?;
        }
    }
    Ok(swept)
}

/// Only folders that are named for a task are ours; a link to a folder is no folder here.
fn is_task_folder(entry: &DirEntry) -> io::Result<bool> {
    let named = entry.file_name().to_str().is_some_and(|name| Uuid::try_parse(name).is_ok());
    Ok(named && entry.file_type()?.is_dir())
}

fn sweep_folder(folder: &DirEntry, age_min: Duration) -> io::Result<Swept> {
    let mut swept = Swept::default();
    let old = is_old(folder, age_min);
    for entry in fs::read_dir(folder.path())? {
        let file = entry?;
        let unfinished = file.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED));
        if unfinished && is_old(&file, age_min) {
            fs::remove_file(file.path())?;
            swept.files += 1;
        }
    }
    // Fails unless the folder is empty, which is what decides.
    if old && fs::remove_dir(folder.path()).is_ok() {
        swept.folders += 1;
    }
    Ok(swept)
}

/// A clock that was set back makes things look young, and leaves them for the next sweep.
fn is_old(entry: &DirEntry, age_min: Duration) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age_min.is_zero() || age.is_some_and(|age| age >= age_min)
}
