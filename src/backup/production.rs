//! The production profile: PostgreSQL as `pg_dump` writes it, and the pictures that its log names.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use domain::time::Timestamp;
use futures::FutureExt;
use infra_storage::DirectoryBlobs;
use ports::blobs::Blobs;
use ports::checkpoint::{Checkpoint, Checkpoints, Progress};
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use tokio::process::Command;
use url::Url;

use super::manifest::Manifest;
use super::{Kept, LastBackup, pictures};
use crate::adapters::{connect, pictures as pictures_in};
use crate::config::{Config, Services};

const DUMP: &str = "atalaya.dump";
/// Under which name the time of the last backup is kept in the database itself.
const CHECKPOINT: &str = "backup";
const COMPLAINT_CHARACTERS_MAX: usize = 2_000;

pub(super) async fn copy(
    config: &Config,
    services: &Services,
    store: &Path,
    to: &DirectoryBlobs,
) -> anyhow::Result<Kept> {
    let stores = connect(config, services).await?;
    let told = |error: ports::PortError| anyhow!(error.chain());
    let position = stores.log.head().await.map_err(told)?;
    let file = store.join(DUMP);
    let mut dump = postgres_tool("pg_dump", services)?;
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(&file);
    run("pg_dump", dump).await?;
    let mut list = Command::new("pg_restore");
    list.arg("--list").arg(&file).stdout(Stdio::null());
    run("pg_restore --list", list).await?;
    // The dump may hold more than what was there before it; a picture too many does no harm.
    let through = stores.log.head().await.map_err(told)?;
    let from = pictures_in(config, services)?;
    let pictures_missing = pictures::copy(&*stores.log, through, &*from, to).await?;
    stores.close().await;
    Ok(Kept { position, pictures_missing })
}

/// Fills the database, which must be there and empty: else nothing of it is changed.
pub(super) async fn put_back(services: &Services, store: &Path) -> anyhow::Result<()> {
    let mut restore = postgres_tool("pg_restore", services)?;
    restore.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]);
    restore.arg(store.join(DUMP));
    run("pg_restore", restore).await
}

pub(super) fn pictures_of(config: &Config, services: &Services) -> anyhow::Result<Arc<dyn Blobs>> {
    pictures_in(config, services)
}

pub(super) async fn tell(
    config: &Config,
    services: &Services,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let stores = connect(config, services).await?;
    let progress = Progress {
        position: GlobalPosition(manifest.position),
        checkpoint: Checkpoint(manifest.made_at.to_string()),
    };
    let saved = stores.checkpoints.save(CHECKPOINT, &progress).await;
    stores.close().await;
    saved.map_err(|error| anyhow!(error.chain()))
}

/// Of the database whose checkpoints these are.
pub(crate) fn last_of_database(checkpoints: Arc<dyn Checkpoints>) -> LastBackup {
    Arc::new(move || {
        let checkpoints = Arc::clone(&checkpoints);
        async move {
            let told = checkpoints.load(CHECKPOINT).await.ok()??;
            told.checkpoint.0.parse::<Timestamp>().ok()
        }
        .boxed()
    })
}

/// One of PostgreSQL's own programs. The password goes by the environment: arguments are seen by everybody.
fn postgres_tool(program: &str, services: &Services) -> anyhow::Result<Command> {
    let mut url =
        Url::parse(services.postgres_url.reveal()).context("the address of PostgreSQL")?;
    let password = url.password().map(percent_decoded);
    if url.set_password(None).is_err() {
        bail!("the address of PostgreSQL has no host");
    }
    let mut command = Command::new(program);
    command.arg("--dbname").arg(url.as_str());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn percent_decoded(text: &str) -> String {
    let whole = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decoded = url::form_urlencoded::parse(whole.as_bytes()).next();
    decoded.map_or_else(String::new, |(name, _)| name.into_owned())
}

async fn run(what: &str, mut command: Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("{what} cannot be started; is it installed?"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().chars().take(COMPLAINT_CHARACTERS_MAX).collect();
        bail!("{what} ended with {}: {said}", output.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_decoded_whatever_is_in_it() {
        for (encoded, password) in [("p%40ss%3Aword%2F", "p@ss:word/"), ("a+b%26c=&d", "a+b&c=&d")]
        {
            assert_eq!(percent_decoded(encoded), password);
        }
    }
}
