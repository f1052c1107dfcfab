//! One HTTP server: the routes of the roles, and what lies around all of them.

pub mod admin;
mod auth;
mod docs;
mod health;
mod observe;
mod probes;
mod standing;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use infra_telemetry::Metrics;

use crate::config::Secret;
use health::Health;

pub use docs::openapi;
pub use health::Probe;
pub use probes::{
    DroppedProbe, DutyProbe, HandlerProbe, LogProbe, ProjectionProbe, RelayProbe, ToldProbe,
};
pub use standing::{DiskProbe, FleetProbe, QueueProbe};

/// What lies around the routes.
pub struct Surroundings {
    /// Asked for on everything but health, docs and the dashboard's files.
    pub api_key: Option<Secret>,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// What has to be well for this process to be ready.
    pub probes: Vec<Arc<dyn Probe>>,
}

/// `routes` with health, metrics, docs, authentication and observation around them.
pub fn service(routes: Router, surroundings: Surroundings) -> Router {
    let Surroundings { api_key, metrics, probes } = surroundings;
    let health = Health { metrics: Arc::clone(&metrics), probes };
    routes
        .merge(docs::routes())
        .merge(health::routes(health))
        .fallback(observe::nothing_here)
        .method_not_allowed_fallback(observe::not_this_way)
        .layer(from_fn_with_state(Arc::new(api_key), auth::require_key))
        .layer(from_fn_with_state(metrics, observe::measure))
        .layer(from_fn(observe::harden))
}
