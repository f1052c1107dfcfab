//! `atalaya rebuild`: asks for it, and shows how far it is.

use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::time::sleep;

use super::api::Api;
use super::print;
use crate::cli::Server;

const PATH: &str = "/v1/admin/projections";
const POLL_MS: u64 = 100;

/// Rebuilds `projection`, or rolls the last rebuild back, and returns when that is done.
///
/// # Errors
/// The server does not answer, there is no such projection, or the rebuild has failed.
pub async fn rebuild(
    server: &Server,
    projection: &str,
    force: bool,
    rollback: bool,
) -> anyhow::Result<()> {
    let api = Api::of(server);
    if rollback {
        api.post(&format!("{PATH}/{projection}/rollback")).await?;
        print("readers see the documents of before\n");
        return Ok(());
    }
    api.post(&format!("{PATH}/{projection}/rebuild?force={force}")).await?;
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template(
            "{msg:<10} [{wide_bar}] {pos}/{len} events, {per_sec}, {eta} left",
        )
        .context("drawing a progress bar")?
        .progress_chars("=> "),
    );
    loop {
        let rebuild = last_rebuild(&api, projection).await?;
        bar.set_length(rebuild["head"].as_u64().unwrap_or(0));
        bar.set_position(rebuild["position"].as_u64().unwrap_or(0));
        let phase = rebuild["phase"].as_str().unwrap_or("begins").to_owned();
        bar.set_message(phase.clone());
        match phase.as_str() {
            "done" => {
                bar.finish();
                print(&format!("{}\n", rebuild["outcome"].as_str().unwrap_or("done")));
                return Ok(());
            }
            "failed" => {
                bar.abandon();
                bail!("{}", rebuild["outcome"].as_str().unwrap_or("the rebuild failed"));
            }
            _ => sleep(Duration::from_millis(POLL_MS)).await,
        }
    }
}

async fn last_rebuild(api: &Api, projection: &str) -> anyhow::Result<Value> {
    let all = api.get(PATH).await?;
    let found = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == projection && row["last_rebuild"].is_object());
    found.map(|row| row["last_rebuild"].clone()).context("the server knows of no such rebuild")
}
