//! The write side over HTTP: the commands of every aggregate, pictures, and vibration samples.

mod answer;
mod body;
mod callback;
mod caller;
mod command;
mod fields;
mod fingerprint;
mod motor;
pub(crate) mod openapi;
mod problem;
mod query;
mod samples;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, RawPathParams, Request, State};
use axum::routing::{MethodFilter, on, post};
use domain::aggregate::Method;
use domain::picture;
use ports::blobs::Blobs;
use ports::callbacks::Callbacks;
use ports::samples::Samples;
use tokio::sync::Semaphore;

use crate::registry::Commands;

pub use caller::Actor;
pub use command::COMMAND_BODY_BYTES_MAX;
pub use problem::Refused;
pub use samples::{BLOCK_BODY_BYTES_MAX, BLOCKS_IN_FLIGHT_MAX};
pub use upload::UPLOADS_IN_FLIGHT_MAX;

/// What the routes need.
#[derive(Clone)]
struct Api {
    commands: Arc<Commands>,
    blobs: Arc<dyn Blobs>,
    callbacks: Option<Arc<dyn Callbacks>>,
    samples: Arc<dyn Samples>,
    pictures: Arc<picture::Limits>,
    uploads: Arc<Semaphore>,
    blocks: Arc<Semaphore>,
}

/// The routes of the write side: one per row in the aggregates' tables, and those for bytes.
///
/// Without `callbacks` nobody can ask to be told how a picture ended.
///
/// It has no fallback, so that it can be merged with other routers. Who asks is told by an [`Actor`] among the
/// request's extensions, put there by whoever checks API keys.
pub fn router(
    commands: Arc<Commands>,
    blobs: Arc<dyn Blobs>,
    callbacks: Option<Arc<dyn Callbacks>>,
    samples: Arc<dyn Samples>,
    pictures: picture::Limits,
) -> Router {
    let routes = commands.routes().to_vec();
    let api = Api {
        commands,
        blobs,
        callbacks,
        samples,
        pictures: Arc::new(pictures),
        uploads: Arc::new(Semaphore::new(UPLOADS_IN_FLIGHT_MAX)),
        blocks: Arc::new(Semaphore::new(BLOCKS_IN_FLIGHT_MAX)),
    };
    let special = Router::new()
        .route(upload::PATH, post(upload::submit))
        .route(upload::batch::PATH, post(upload::batch::submit))
        .route(samples::PATH, post(samples::take_in));
    routes
        .into_iter()
        .fold(special, |router, route| {
            let offer = Arc::new(command::Offer::of(route));
            let handle = |State(api): State<Api>, params: Params, request: Request| async move {
                command::handle(&api, &offer, &params, request).await
            };
            router.route(route.endpoint.path, on(filter(route.endpoint.method), handle))
        })
        // Every body is bounded by `body::bounded`, which also says so in our own words.
        .layer(DefaultBodyLimit::disable())
        .with_state(api)
}

type Params = Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>;

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Post => MethodFilter::POST,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}
