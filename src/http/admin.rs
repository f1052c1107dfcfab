//! What an operator asks over HTTP: projections and dead letters.

mod dead_letters;
mod description;
mod projections;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use ports::dead_letter::DeadLetters;

use crate::projection_host::ProjectionHost;

pub use description::openapi;

/// The projections of this process.
pub fn projection_routes(host: Arc<ProjectionHost>) -> Router {
    Router::new()
        .route("/v1/admin/projections", get(projections::list))
        .route("/v1/admin/projections/{name}/rebuild", post(projections::rebuild))
        .route("/v1/admin/projections/{name}/rollback", post(projections::roll_back))
        .with_state(host)
}

/// What no handler could act on.
pub fn dead_letter_routes(letters: Arc<dyn DeadLetters>) -> Router {
    Router::new()
        .route("/v1/admin/dead-letters", get(dead_letters::list))
        .route("/v1/admin/dead-letters/{id}", get(dead_letters::show))
        .route("/v1/admin/dead-letters/{id}/replay", post(dead_letters::replay))
        .route("/v1/admin/dead-letters/{id}/discard", post(dead_letters::discard))
        .with_state(letters)
}
