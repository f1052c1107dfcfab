//! Backups: a folder each, with all that cannot be made again, and a list of it with hashes.
//!
//! ```text
//! {to}/atalaya-20260131T120000Z/manifest.json        what there is, and up to which position
//! {to}/atalaya-20260131T120000Z/store/…              the log and the readings
//! {to}/atalaya-20260131T120000Z/pictures/…           as they lie in the folders of pictures
//! ```
//!
//! Read models, caches and topics are left out: they are built again from the log. A backup appears under its name
//! whole and durable, or not at all.

mod embedded;
mod files;
mod keeping;
mod manifest;
mod pictures;
#[cfg(feature = "production")]
mod production;
mod restoring;
mod told;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::stream::GlobalPosition;

use crate::adapters::SystemClock;
use crate::config::{Config, Profile};
use manifest::Manifest;

#[cfg(feature = "production")]
pub(crate) use production::last_of_database;
pub use restoring::{check, restore};
pub use told::{LastBackup, last_of_folder};

const STORE: &str = "store";
const PICTURES: &str = "pictures";

/// What the store's part of a backup holds, and how many pictures of it could not be found any more.
struct Kept {
    position: GlobalPosition,
    pictures_missing: u64,
}

/// Makes a backup below `to`, and removes all but the newest `keep`. Tells what was done. Servers may go on meanwhile.
///
/// # Errors
/// Something cannot be read or written. There is no new backup then, and the old ones stay.
pub async fn back_up(config: &Config, to: &Path, keep: Option<usize>) -> anyhow::Result<String> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    let made_at = SystemClock.now();
    let name = keeping::name_at(made_at);
    let unfinished = to.join(format!("{}{name}", keeping::UNFINISHED));
    fs::create_dir(&unfinished).with_context(|| format!("making {}", unfinished.display()))?;
    let finished = match fill(config, &unfinished, made_at).await {
        Ok(manifest) => finish(&unfinished, &to.join(&name)).map(|()| manifest),
        Err(error) => Err(error),
    };
    let manifest = match finished {
        Ok(manifest) => manifest,
        Err(error) => {
            // What cannot be removed here is removed with the next backup.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    told::tell(config, &manifest).await?;
    let removed = keeping::keep_newest(to, keep)?;
    Ok(format!("{}: {}, {removed} older removed\n", to.join(name).display(), manifest.summary()))
}

async fn fill(config: &Config, folder: &Path, made_at: Timestamp) -> anyhow::Result<Manifest> {
    let store = folder.join(STORE);
    fs::create_dir(&store)?;
    let pictures = pictures::folders(&folder.join(PICTURES))?;
    let kept = match &config.profile {
        Profile::Embedded => embedded::copy(config, &store, &pictures).await?,
        #[cfg(feature = "production")]
        Profile::Production(services) => {
            production::copy(config, services, &store, &pictures).await?
        }
        #[cfg(not(feature = "production"))]
        Profile::Production(_) => bail!("this build has no production profile"),
    };
    let manifest = Manifest {
        format: manifest::FORMAT,
        profile: config.profile.name().to_owned(),
        app_version: config.app_version.clone(),
        made_at,
        position: kept.position.0,
        pictures_missing: kept.pictures_missing,
        files: files::listed(folder)?,
    };
    manifest.write(folder)?;
    Ok(manifest)
}

/// Durable first, then visible.
fn finish(unfinished: &Path, finished: &Path) -> anyhow::Result<()> {
    files::sync_below(unfinished)?;
    if finished.exists() {
        bail!("{} is there already", finished.display());
    }
    fs::rename(unfinished, finished)?;
    files::sync_folder(finished.parent().unwrap_or(finished))
}

/// Where a file of the list lies; nothing that would lie elsewhere.
fn place(folder: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !path.split('/').all(is_plain) {
        bail!("the list names {path:?}, which is no file of a backup");
    }
    Ok(folder.join(path))
}
