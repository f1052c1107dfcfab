//! One HTTP server: the routes of the roles, and what lies around all of them.

pub mod admin;
mod auth;
mod docs;
mod headers;
mod health;
mod observe;
mod origins;
mod peer;
mod probes;
mod quota;
mod standing;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use infra_telemetry::Metrics;

use crate::config::{ApiKeys, Origins};
use health::Health;

pub use docs::openapi;
pub use health::Probe;
pub use probes::{
    BackupProbe, DroppedProbe, DutyProbe, HandlerProbe, LogProbe, ProjectionProbe, RelayProbe,
    ToldProbe,
};
pub use quota::Rationing;
pub use standing::{DiskProbe, FleetProbe, QueueProbe};

/// What lies around the routes.
pub struct Surroundings {
    /// One of them is asked for on everything but health, docs and the dashboard's files.
    pub api_keys: ApiKeys,
    /// Sees to it that nobody asks more often than was agreed.
    pub rationing: Rationing,
    /// Whose pages may ask from a browser.
    pub origins: Origins,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// What has to be well for this process to be ready.
    pub probes: Vec<Arc<dyn Probe>>,
}

/// `routes` with health, metrics, docs, authentication, quota and observation around them.
pub fn service(routes: Router, surroundings: Surroundings) -> Router {
    let Surroundings { api_keys, rationing, origins, metrics, probes } = surroundings;
    let health = Health { metrics: Arc::clone(&metrics), probes };
    let proxies = Arc::new(rationing.settings.proxies.clone());
    let guarded = routes
        .merge(docs::routes())
        .merge(health::routes(health))
        .fallback(observe::nothing_here)
        .method_not_allowed_fallback(observe::not_this_way)
        .layer(from_fn(observe::explain))
        .layer(from_fn(observe::bound))
        .layer(from_fn(auth::permit))
        .layer(from_fn_with_state(Arc::new(rationing), quota::ration))
        .layer(from_fn_with_state(Arc::new(api_keys), auth::recognise));
    // Whoever asks whether they may ask has no key yet; and a refusal has to be readable.
    origins::allow(guarded, &origins)
        .layer(from_fn_with_state(metrics, observe::measure))
        .layer(from_fn_with_state(proxies, headers::harden))
}
