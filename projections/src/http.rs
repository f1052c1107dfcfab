//! The read side over HTTP: documents, plots, pictures, the live log, and the dashboard's files.

mod analysis;
mod answer;
mod conditional;
mod cursor;
mod diagnosis;
mod envelope;
mod events;
mod fleet;
mod history;
mod line_plots;
mod negotiation;
mod params;
mod past;
mod picture;
mod plots;
mod problem;
mod range;
mod readings;
mod resource;
mod sse;
mod task_events;
mod ui;
mod vibration;

use std::path::PathBuf;
use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use domain::picture::Presets;
use ports::blobs::Blobs;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::readings::Readings;
use tokio::sync::{Semaphore, watch};

use crate::live::ReadSide;

pub(crate) use diagnosis::MotorDiagnosis;
pub(crate) use events::EventPage;
pub(crate) use past::EVENTS_MAX;
pub(crate) use resource::LIMIT_MAX;
pub use sse::CONNECTIONS_MAX;
pub(crate) use vibration::{FEATURE_CHARACTERS_MAX, SpectrumLines, Trend};

/// What the answers are made of.
pub struct Queries {
    pub read_side: ReadSide,
    pub log: Arc<dyn EventLog>,
    pub streams: Arc<dyn EventStore>,
    pub readings: Arc<dyn Readings>,
    pub blobs: Arc<dyn Blobs>,
    /// What is made of every picture.
    pub presets: Presets,
    /// Turns true when the process stops: live streams end then, and their readers come back to another one.
    pub drain: watch::Receiver<bool>,
    /// Serves the dashboard from there instead of from the binary.
    pub ui_dir: Option<PathBuf>,
}

struct Shared {
    queries: Queries,
    live_streams: Arc<Semaphore>,
    completed: readings::Completed,
}

type Context = Arc<Shared>;

/// Every route of the read side.
pub fn router(queries: Queries) -> Router {
    let live_streams = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut router = Router::new()
        .route("/", get(ui::index))
        .route("/ui", get(ui::index))
        .route("/ui/", get(ui::index))
        .route("/ui/{*path}", get(ui::file))
        .route("/v1/fleet", get(fleet::fleet))
        .route("/v1/events", get(events::events))
        .route("/v1/motors/{id}/history", get(history::history))
        .route("/v1/images/{id}/history", get(history::of_image))
        .route("/v1/motors/{id}/trend", get(vibration::trend))
        .route("/v1/motors/{id}/trend.svg", get(plots::trend))
        .route("/v1/motors/{id}/diagnosis", get(diagnosis::diagnosis))
        .route("/v1/motors/{id}/envelope", get(envelope::envelope))
        .route("/v1/motors/{id}/envelope.svg", get(line_plots::envelope))
        .route("/v1/motors/{id}/spectrum", get(vibration::spectrum))
        .route("/v1/motors/{id}/spectrum.svg", get(line_plots::spectrum))
        .route("/v1/motors/{id}/waterfall.svg", get(line_plots::waterfall))
        .route("/v1/motors/{id}/waveform.svg", get(line_plots::waveform))
        .route("/v1/images/{id}/events", get(task_events::events))
        .route("/v1/images/{id}/{file}", get(picture::file));
    for kind in crate::all() {
        router = resource::routes(router, &kind);
    }
    router.layer(middleware::from_fn(conditional::unless_known)).with_state(Arc::new(Shared {
        queries,
        live_streams,
        completed: readings::Completed::default(),
    }))
}
