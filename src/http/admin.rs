//! What an operator asks over HTTP: projections, dead letters, reprocessing, and the queue of pictures.

mod asked;
mod dead_letters;
mod description;
mod projections;
mod queue;
mod reprocessing;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use ports::dead_letter::DeadLetters;

use crate::projection_host::ProjectionHost;

pub use description::openapi;
pub use queue::QueueDesk;
pub use reprocessing::ReprocessingDesk;

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

/// The pictures that wait, and what became of them.
pub fn queue_routes(desk: QueueDesk) -> Router {
    Router::new()
        .route("/v1/admin/queue", get(queue::show))
        .route("/v1/admin/queue/pause", post(queue::pause))
        .route("/v1/admin/queue/resume", post(queue::resume))
        .route("/v1/admin/queue/{task_id}", get(queue::task))
        .route("/v1/admin/queue/{task_id}/retry", post(queue::retry))
        .route("/v1/admin/queue/{task_id}/discard", post(queue::discard))
        .with_state(Arc::new(desk))
}

/// Samples that are judged once more.
pub fn reprocessing_routes(desk: ReprocessingDesk) -> Router {
    Router::new()
        .route("/v1/admin/reprocessings", get(reprocessing::list).post(reprocessing::ask))
        .route("/v1/admin/reprocessings/{run}", get(reprocessing::show))
        .with_state(Arc::new(desk))
}
