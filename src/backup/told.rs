//! When the last backup was made, for those who watch.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use domain::time::Timestamp;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::manifest::Manifest;
use crate::config::{Config, Profile};

/// Beside the databases of the embedded profile.
const FILE: &str = "last-backup";

/// Tells when the last backup was made, if there is one.
pub type LastBackup = Arc<dyn Fn() -> BoxFuture<'static, Option<Timestamp>> + Send + Sync>;

/// Leaves word for the servers, whose metrics tell of it.
pub(super) async fn tell(config: &Config, manifest: &Manifest) -> anyhow::Result<()> {
    match &config.profile {
        Profile::Embedded => {
            let (file, unfinished) = (config.data_dir.join(FILE), config.data_dir.join(".backup"));
            fs::write(&unfinished, manifest.made_at.to_string())
                .and_then(|()| fs::rename(&unfinished, &file))
                .with_context(|| format!("writing {}", file.display()))
        }
        #[cfg(feature = "production")]
        Profile::Production(services) => super::production::tell(config, services, manifest).await,
        #[cfg(not(feature = "production"))]
        Profile::Production(_) => Ok(()),
    }
}

/// Of the embedded profile, whose folder this is.
pub fn last_of_folder(data_dir: &Path) -> LastBackup {
    let file: PathBuf = data_dir.join(FILE);
    Arc::new(move || {
        let file = file.clone();
        async move { tokio::fs::read_to_string(file).await.ok()?.trim().parse().ok() }.boxed()
    })
}
