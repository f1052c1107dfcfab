//! What a backup says of itself.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::files;

pub(super) const FILE: &str = "manifest.json";
/// Of the list and of the layout around it; a backup of a later one is not read.
pub(super) const FORMAT: u32 = 1;
/// A list of some ten million pictures.
const MANIFEST_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// All of a backup, with hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Of this list.
    pub(super) format: u32,
    /// `embedded` or `production`.
    pub(super) profile: String,
    /// Of the program that made it.
    pub(super) app_version: String,
    /// When it was begun.
    pub(super) made_at: Timestamp,
    /// Every event up to here is in it.
    pub(super) position: u64,
    /// Pictures that the log names and that were deleted meanwhile, or long ago.
    pub(super) pictures_missing: u64,
    /// All but this list.
    pub(super) files: Vec<Listed>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Below the backup's folder, with `/` between.
    pub(super) path: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Of its bytes, in hex.
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        fs::write(folder.join(FILE), text).context("writing the list of the backup")
    }

    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(FILE);
        let is_one = || format!("{} is no backup", folder.display());
        if fs::metadata(&file).with_context(is_one)?.len() > MANIFEST_BYTES_MAX {
            bail!("{} is too large", file.display());
        }
        let text = fs::read(&file).with_context(is_one)?;
        let manifest: Self = serde_json::from_slice(&text).with_context(is_one)?;
        if manifest.format != FORMAT {
            bail!("{} has the format {}, not {FORMAT}", folder.display(), manifest.format);
        }
        Ok(manifest)
    }

    /// Compares every file with its hash. Names all that are not as they were.
    pub(super) fn check(&self, folder: &Path) -> anyhow::Result<()> {
        let found = files::listed(folder)?;
        let differs = |listed: &&Listed| !found.contains(listed);
        let faults: Vec<_> = if found == self.files {
            Vec::new()
        } else {
            self.files.iter().filter(differs).map(|listed| listed.path.as_str()).collect()
        };
        if !faults.is_empty() {
            bail!("missing or damaged in {}: {}", folder.display(), faults.join(", "));
        }
        Ok(())
    }

    pub(super) fn summary(&self) -> String {
        let bytes: u64 = self.files.iter().map(|file| file.bytes).sum();
        let Self { position, files, pictures_missing, .. } = self;
        let (count, mib) = (files.len(), bytes as f64 / 1024.0 / 1024.0);
        format!(
            "everything up to position {position}, {count} files, {mib:.1} MiB, \
             {pictures_missing} pictures no longer there"
        )
    }
}
