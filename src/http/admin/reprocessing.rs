//! Judge samples of before once more, and see how far that is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::problem::Problem;
use processors::vibration::reprocess::ReprocessRequest;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::super::observe::tell;
use super::asked::Asked;
use crate::reprocessing::Reprocessings;

/// When a run that is refused may be asked for again.
const RETRY_AFTER_S: u64 = 10;

/// What the routes need.
pub struct ReprocessingDesk {
    /// The runs.
    pub runs: Arc<Reprocessings>,
    /// For those who do not say until when.
    pub clock: Arc<dyn Clock>,
}

type Desk = State<Arc<ReprocessingDesk>>;

/// Which samples.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    motor_id: Uuid,
    from: Timestamp,
    to: Option<Timestamp>,
}

pub(super) async fn ask(State(desk): Desk, Asked(which): Asked<Which>) -> Response {
    let Which { motor_id, from, to } = which;
    let to = to.unwrap_or_else(|| desk.clock.now());
    if from >= to {
        let title = "A query parameter cannot be accepted";
        return tell(&Problem::new(400, "bad_parameter", title, "from must be before to"));
    }
    match desk.runs.ask(ReprocessRequest { motor_id, from, to }) {
        Ok(run) => (StatusCode::ACCEPTED, Json(json!({ "run": run }))).into_response(),
        Err(error) => tell(&Problem::unavailable(error.to_string()).retry_after(RETRY_AFTER_S)),
    }
}

pub(super) async fn list(State(desk): Desk) -> Response {
    Json(json!({ "items": desk.runs.list() })).into_response()
}

pub(super) async fn show(State(desk): Desk, Path(id): Path<String>) -> Response {
    let found = Uuid::try_parse(&id).ok().and_then(|id| desk.runs.show(id));
    match found {
        Some(run) => Json(run).into_response(),
        None => tell(&Problem::not_found(format!("no run {id} is remembered here"))),
    }
}
