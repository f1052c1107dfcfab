//! A backup, put back where there is nothing.

use std::path::Path;

use anyhow::{anyhow, bail};
use futures::{StreamExt, TryStreamExt, stream};
use ports::PortError;
use ports::blobs::Blobs;

use super::manifest::Manifest;
use super::{PICTURES, STORE, embedded, pictures, place};
use crate::config::{Config, Profile};

const COPIES_AT_ONCE: usize = 8;

/// Compares the backup in `from` with its list; tells what is in it.
///
/// # Errors
/// It is no backup, or a file is missing or damaged.
pub fn check(from: &Path) -> anyhow::Result<String> {
    let manifest = Manifest::read(from)?;
    manifest.check(from)?;
    Ok(format!("{} is whole: {}\n", from.display(), manifest.summary()))
}

/// Puts the backup in `from` where `config` says, when it is whole and there is nothing yet. Tells what was done.
///
/// # Errors
/// The backup is not whole or of the other profile, there is something already, or something cannot be written. It
/// may be tried again.
pub async fn restore(config: &Config, from: &Path) -> anyhow::Result<String> {
    let manifest = Manifest::read(from)?;
    if manifest.profile != config.profile.name() {
        let (theirs, ours) = (&manifest.profile, config.profile.name());
        bail!("the backup is of the profile {theirs}, and this is {ours}");
    }
    manifest.check(from)?;
    let store = from.join(STORE);
    match &config.profile {
        Profile::Embedded => {
            embedded::refuse_used(config)?;
            put_pictures(&manifest, from, &embedded::pictures_of(config)?).await?;
            embedded::put_back(config, &store)?;
        }
        #[cfg(feature = "production")]
        Profile::Production(services) => {
            let target = super::production::pictures_of(config, services)?;
            put_pictures(&manifest, from, &*target).await?;
            super::production::put_back(services, &store).await?;
        }
        #[cfg(not(feature = "production"))]
        Profile::Production(_) => bail!("this build has no production profile"),
    }
    Ok(format!("restored from {}: {}\n", from.display(), manifest.summary()))
}

async fn put_pictures(manifest: &Manifest, from: &Path, to: &dyn Blobs) -> anyhow::Result<()> {
    let source = pictures::folders(&from.join(PICTURES))?;
    let prefix = format!("{PICTURES}/");
    let paths = manifest.files.iter().filter_map(|file| file.path.strip_prefix(&prefix));
    let key = |path: &str| {
        place(from, path)?;
        pictures::key_at(path).ok_or_else(|| anyhow!("{path} is no picture"))
    };
    let keys = paths.map(key).collect::<anyhow::Result<Vec<_>>>()?;
    let copies = stream::iter(keys.iter().map(|key| pictures::copy_one(key, &source, to)));
    let copied: Result<Vec<bool>, PortError> =
        copies.buffer_unordered(COPIES_AT_ONCE).try_collect().await;
    copied.map(drop).map_err(|error| anyhow!(error.chain()))
}
