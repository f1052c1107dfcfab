//! A small client of the public HTTP API. Like every client that cares, it asks again until it has an answer.

use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use tokio::time::sleep;
use tracing::warn;

use super::fleet::Member;
use super::signal::{BLOCK_SAMPLES, Block, SAMPLE_RATE_HZ};
use crate::config::Secret;

/// While the server does not answer.
const RETRY_INTERVAL_MS: u64 = 1_000;

/// Talks to one server.
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: String,
    api_key: Option<Secret>,
}

impl Client {
    /// A client of the server at `base_url`, such as `http://127.0.0.1:3000`.
    pub(crate) fn new(base_url: String, api_key: Option<Secret>) -> Self {
        Self { http: reqwest::Client::new(), base_url, api_key }
    }

    pub(super) async fn register(&self, member: &Member) {
        let body = json!({
            "motor_id": member.id(),
            "name": member.name,
            "location": member.location,
            "rated_power_kw": member.rated_power_kw,
            "rated_speed_rpm": member.rated_speed_rpm,
            "support": if member.flexible { "flexible" } else { "rigid" },
            "bearings": [{ "position": "DE", "designation": "6205" }],
        });
        let request = || self.http.post(self.url("/v1/motors")).json(&body);
        // From an earlier start of the demo it is there already.
        self.send(request, &[StatusCode::CONFLICT]).await;
    }

    pub(super) async fn send_block(&self, member: &Member, block: &Block) {
        let length = SignedDuration::from_secs_f64(BLOCK_SAMPLES as f64 / SAMPLE_RATE_HZ);
        let started_at = Timestamp::now() - length;
        let query = [
            ("sensor", block.sensor.to_owned()),
            ("axis", block.axis.to_owned()),
            ("unit", "m/s2".to_owned()),
            ("sample_rate_hz", SAMPLE_RATE_HZ.to_string()),
            ("started_at", started_at.to_string()),
            ("speed_rpm", member.rated_speed_rpm.to_string()),
        ];
        let bytes: Bytes = block.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let request = || {
            self.http
                .post(self.url(&format!("/v1/motors/{}/vibration", member.id())))
                .query(&query)
                .header("content-type", "application/octet-stream")
                .body(bytes.clone())
        };
        // Somebody may have decommissioned it in the meantime: that is theirs to do.
        self.send(request, &[StatusCode::CONFLICT]).await;
    }

    pub(super) async fn send_picture(&self, member: &Member, bytes: Bytes) {
        let request = || {
            self.http
                .post(self.url("/v1/images"))
                .query(&[("motor_id", member.id().to_string())])
                .header("content-type", "image/jpeg")
                .body(bytes.clone())
        };
        self.send(request, &[]).await;
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    async fn send(&self, request: impl Fn() -> RequestBuilder, also_fine: &[StatusCode]) {
        while let Err(error) = self.try_to_send(request(), also_fine).await {
            warn!("the demo's request failed, trying again: {error:#}");
            sleep(Duration::from_millis(RETRY_INTERVAL_MS)).await;
        }
    }

    async fn try_to_send(
        &self,
        request: RequestBuilder,
        also_fine: &[StatusCode],
    ) -> anyhow::Result<()> {
        let request = match &self.api_key {
            Some(key) => request.header("x-api-key", key.reveal()),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() || also_fine.contains(&status) {
            return Ok(());
        }
        bail!("{status}: {}", answer.text().await.unwrap_or_default());
    }
}
