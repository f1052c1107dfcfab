//! `atalaya reprocess`: asks for it, and shows how far it is.

use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use super::api::Api;
use super::print;
use crate::cli::Server;

const PATH: &str = "/v1/admin/reprocessings";
const POLL_MS: u64 = 100;

/// Judges a motor's samples of a time once more, and returns when the verdicts are recorded.
///
/// # Errors
/// The server does not answer, there is no such motor, or nothing is kept of that time.
pub async fn reprocess(
    server: &Server,
    motor: Uuid,
    from: Timestamp,
    to: Option<Timestamp>,
) -> anyhow::Result<()> {
    let api = Api::of(server);
    let until = to.map_or_else(String::new, |to| format!("&to={to}"));
    let path = format!("{PATH}?motor_id={motor}&from={from}{until}");
    let asked: Value = api.request(Method::POST, &path, &[]).await?.json().await?;
    let run = asked["run"].as_str().context("the server names no run")?.to_owned();
    let style = ProgressStyle::with_template("{spinner} {msg}").context("drawing progress")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    loop {
        let told = api.get(&format!("{PATH}/{run}")).await?;
        let number = |name: &str| told[name].as_u64().unwrap_or(0);
        let (judged, verdicts) = (number("judged"), number("verdicts"));
        bar.set_message(format!("{judged} samples judged, {verdicts} verdicts"));
        match told["phase"].as_str() {
            Some("done") => {
                bar.finish_and_clear();
                print(&format!("{:#}\n", told["account"]));
                return Ok(());
            }
            Some("failed") => {
                bar.abandon();
                bail!("{}", told["reason"].as_str().unwrap_or("the run failed"));
            }
            _ => sleep(Duration::from_millis(POLL_MS)).await,
        }
    }
}
