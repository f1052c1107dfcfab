//! A small client of the public HTTP API. Like every client that cares, it asks again until it has an answer.

use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use crate::config::Secret;

/// While the server does not answer.
const RETRY_INTERVAL_MS: u64 = 1_000;

/// Samples of one measuring point, in m/s².
pub(crate) struct Block {
    pub(crate) sensor: &'static str,
    pub(crate) axis: &'static str,
    pub(crate) sample_rate_hz: f64,
    pub(crate) started_at: Timestamp,
    pub(crate) speed_rpm: f64,
    pub(crate) samples: Vec<f32>,
}

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

    /// Puts a motor under watch. From an earlier time it may be there already.
    pub(crate) async fn register(&self, motor: &Value) {
        let request = || self.http.post(self.url("/v1/motors")).json(motor);
        self.send(request, &[StatusCode::CONFLICT]).await;
    }

    /// Sends samples of a motor.
    pub(crate) async fn send_block(&self, motor_id: Uuid, block: &Block) {
        let query = [
            ("sensor", block.sensor.to_owned()),
            ("axis", block.axis.to_owned()),
            ("unit", "m/s2".to_owned()),
            ("sample_rate_hz", block.sample_rate_hz.to_string()),
            ("started_at", block.started_at.to_string()),
            ("speed_rpm", block.speed_rpm.to_string()),
        ];
        let bytes: Bytes = block.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let request = || {
            self.http
                .post(self.url(&format!("/v1/motors/{motor_id}/vibration")))
                .query(&query)
                .header("content-type", "application/octet-stream")
                .body(bytes.clone())
        };
        // Somebody may have decommissioned it in the meantime: that is theirs to do.
        self.send(request, &[StatusCode::CONFLICT]).await;
    }

    /// Sends a picture of a motor.
    pub(crate) async fn send_picture(&self, motor_id: Uuid, bytes: Bytes) {
        let request = || {
            self.http
                .post(self.url("/v1/images"))
                .query(&[("motor_id", motor_id.to_string())])
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
            warn!("the request failed, trying again: {error:#}");
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
