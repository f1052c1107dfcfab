//! Files below a folder: listed with their hashes, and made durable.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::manifest::{self, Listed};

const CHUNK_BYTES: usize = 1024 * 1024;

/// Every file below `folder` but the list itself, by path.
pub(super) fn listed(folder: &Path) -> anyhow::Result<Vec<Listed>> {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<Listed>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{path}/"), files)?;
        } else if path != manifest::FILE {
            let (bytes, sha256) = hash(&entry.path())?;
            files.push(Listed { path, bytes, sha256 });
        }
    }
    Ok(())
}

/// The size of a file, and the hash of its bytes in hex.
pub(super) fn hash(file: &Path) -> anyhow::Result<(u64, String)> {
    let failed = || format!("reading {}", file.display());
    let mut source = File::open(file).with_context(failed)?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = source.read(&mut chunk).with_context(failed)?;
        if read == 0 {
            break;
        }
        digest.update(&chunk[..read]);
        bytes += read as u64;
    }
    let digits = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, digits))
}

/// Makes all files and folders below `folder` durable, and it too.
pub(super) fn sync_below(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_below(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    sync_folder(folder)
}

pub(super) fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    Ok(File::open(folder)?.sync_all()?)
}
