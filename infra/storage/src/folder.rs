//! A task's folder, held open: whatever happens to its path meanwhile, names are looked up in this one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use uuid::Uuid;

use crate::BLOB_BYTES_MAX;

/// What the name of an unfinished file begins with.
pub(crate) const UNFINISHED: &str = ".tmp-";

/// How often a folder is made again that a sweep took away before anything was in it.
const MAKE_ATTEMPTS_MAX: u32 = 3;

const FOLDER_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

pub(crate) struct Folder {
    tree: OwnedFd,
    folder: OwnedFd,
}

impl Folder {
    /// The folder of that name in `tree`, which must be there.
    pub(crate) fn open(tree: &Path, name: &str) -> io::Result<Self> {
        let tree = open_tree(tree)?;
        let folder = open_folder(&tree, name)?;
        Ok(Self { tree, folder })
    }

    /// The same; it is made when it is not there, and durable with the first file that is put into it.
    pub(crate) fn make(tree: &Path, name: &str) -> io::Result<Self> {
        let tree = open_tree(tree)?;
        let mut attempts = 1;
        loop {
            match mkdirat(&tree, name, Mode::from_raw_mode(FOLDER_MODE)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            match open_folder(&tree, name) {
                Err(Errno::NOENT) if attempts < MAKE_ATTEMPTS_MAX => attempts += 1,
                opened => return Ok(Self { folder: opened?, tree }),
            }
        }
    }

    /// Stores a file durably. A reader sees the old one, or all of the new one.
    pub(crate) fn put(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = format!("{UNFINISHED}{}", Uuid::now_v7().simple());
        let stored = self.write(&unfinished, bytes).and_then(|()| {
            fail::fail_point!("blob-before-rename");
            Ok(renameat(&self.folder, &unfinished, &self.folder, file)?)
        });
        if let Err(error) = stored {
            // What is left behind here is swept away later.
            let _ = unlinkat(&self.folder, &unfinished, AtFlags::empty());
            return Err(error);
        }
        fail::fail_point!("blob-after-rename");
        self.sync()?;
        // Also for a folder that was there: who made it may not have come this far yet. Last, when the file system has most
        // likely written it along with the rest.
        Ok(rustix::fs::fsync(&self.tree)?)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file =
            File::from(openat(&self.folder, name, flags, Mode::from_raw_mode(FILE_MODE))?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    pub(crate) fn get(&self, file: &str) -> io::Result<Bytes> {
        // Without NONBLOCK, opening a pipe would wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.folder, file, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if metadata.len() > BLOB_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    pub(crate) fn delete(&self, file: &str) -> io::Result<()> {
        unlinkat(&self.folder, file, AtFlags::empty())?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.folder)?)
    }
}

/// The tree itself is the operator's choice, and may be a link.
fn open_tree(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn open_folder(tree: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(tree, name, flags, Mode::empty())
}
