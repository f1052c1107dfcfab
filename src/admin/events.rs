//! `atalaya events tail`: the log as it grows.

use anyhow::Context;
use futures::StreamExt;
use reqwest::Method;

use super::api::Api;
use super::print;
use crate::cli::{Events, Server};

/// The longest line of the stream: an event with the largest data that can be recorded fits well.
const LINE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Does what was asked for, until interrupted.
///
/// # Errors
/// The server does not answer, or goes away.
pub async fn events(server: &Server, command: Events) -> anyhow::Result<()> {
    let Events::Tail { after, category } = command;
    let api = Api::of(server);
    let after = match after {
        Some(after) => after,
        None => head(&api).await?,
    };
    let category = category.map_or_else(String::new, |category| format!("&category={category}"));
    let path = format!("/v1/events?after={after}{category}");
    let answer = api.request(Method::GET, &path, &[("accept", "text/event-stream")]).await?;
    let mut pieces = answer.bytes_stream();
    let mut waiting = Vec::new();
    while let Some(piece) = pieces.next().await {
        waiting.extend_from_slice(&piece.context("following the log")?);
        anyhow::ensure!(waiting.len() <= LINE_BYTES_MAX, "a line of the stream is too long");
        while let Some(end) = waiting.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if let Some(event) = line.strip_prefix(b"data:") {
                print(String::from_utf8_lossy(event).trim_start());
            }
        }
    }
    anyhow::bail!("the server has ended the stream")
}

/// Where the log ends at this moment.
async fn head(api: &Api) -> anyhow::Result<u64> {
    let metrics = api.text("/metrics").await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("atalaya_log_position "));
    let position: f64 = line.unwrap_or("0").trim().parse().context("reading where the log ends")?;
    Ok(position as u64)
}
