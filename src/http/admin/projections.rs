//! Where the projections are; rebuild, roll back.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ports::problem::Problem;
use serde::Deserialize;
use serde_json::json;
use tracing::error;

use super::super::observe::tell;
use super::asked::Asked;
use crate::projection_host::{HostError, ProjectionHost};

type Host = State<Arc<ProjectionHost>>;

pub(super) async fn list(State(host): Host) -> Response {
    match host.overview().await {
        Ok(rows) => Json(rows).into_response(),
        Err(error) => refuse(&error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    force: bool,
}

pub(super) async fn rebuild(
    State(host): Host,
    Path(name): Path<String>,
    Asked(how): Asked<How>,
) -> Response {
    match host.rebuild(&name, how.force).await {
        Ok(generation) => {
            (StatusCode::ACCEPTED, Json(json!({ "generation": generation }))).into_response()
        }
        Err(error) => refuse(&error),
    }
}

pub(super) async fn roll_back(State(host): Host, Path(name): Path<String>) -> Response {
    match host.roll_back(&name).await {
        Ok(generation) => {
            (StatusCode::ACCEPTED, Json(json!({ "generation": generation }))).into_response()
        }
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &HostError) -> Response {
    let detail = error.to_string();
    tell(&match error {
        HostError::Unknown(_) => Problem::not_found(detail),
        HostError::Busy(_) => {
            Problem::new(409, "rebuild_under_way", "A rebuild is under way", detail)
        }
        HostError::NothingBefore(_) => {
            Problem::new(409, "nothing_to_roll_back_to", "Nothing to roll back to", detail)
        }
        HostError::Behind(_) => {
            Problem::new(503, "behind", "Not caught up yet", detail).retry_after(1)
        }
        HostError::StandingBy => {
            Problem::new(503, "standing_by", "Another process keeps the projections", detail)
        }
        HostError::Unavailable(error) => {
            error!(reason = error.chain(), "looking after the projections failed");
            Problem::unavailable(detail)
        }
    })
}
