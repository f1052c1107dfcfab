//! Whether the process lives, whether it is ready, and its metrics.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use infra_telemetry::Metrics;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::observe::tell;
use ports::problem::Problem;

/// How long one probe may take before it counts as failed.
const PROBE_MS_MAX: u64 = 1_000;

/// Something that has to be well.
#[async_trait]
pub trait Probe: Send + Sync {
    /// What it looks at: `log`.
    fn name(&self) -> &str;

    /// Looks at it, and refreshes the metrics that belong to it. The error says what is wrong.
    async fn check(&self) -> Result<(), String>;
}

#[derive(Clone)]
pub(super) struct Health {
    pub(super) metrics: Arc<Metrics>,
    pub(super) probes: Vec<Arc<dyn Probe>>,
}

pub(super) fn routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

#[derive(Deserialize)]
struct Wanted {
    verbose: Option<String>,
}

async fn ready(State(health): State<Health>, Query(wanted): Query<Wanted>) -> Response {
    let checks = health.check_all().await;
    let well = checks.iter().all(|(_, result)| result.is_ok());
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if wanted.verbose.is_none() {
        return (status, if well { "ok\n" } else { "not ready\n" }).into_response();
    }
    let checks: Vec<_> = checks
        .iter()
        .map(|(name, result)| match result {
            Ok(()) => json!({ "name": name, "ready": true }),
            Err(reason) => json!({ "name": name, "ready": false, "reason": reason }),
        })
        .collect();
    (status, Json(json!({ "ready": well, "checks": checks }))).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    // Gauges are measured when they are asked for: a number that nobody refreshes would look healthy for ever.
    health.check_all().await;
    match health.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
            .into_response(),
        Err(error) => tell(&Problem::new(500, "metrics", "No metrics", error.to_string())),
    }
}

impl Health {
    async fn check_all(&self) -> Vec<(&str, Result<(), String>)> {
        let bound = Duration::from_millis(PROBE_MS_MAX);
        let checks = self.probes.iter().map(async |probe| {
            let late = || Err(format!("no answer within {PROBE_MS_MAX} ms"));
            (probe.name(), timeout(bound, probe.check()).await.unwrap_or_else(|_| late()))
        });
        futures::future::join_all(checks).await
    }
}
