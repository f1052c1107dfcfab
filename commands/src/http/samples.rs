//! Takes vibration samples in, as JSON or as plain numbers.

mod binary;
mod json;

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::invalid::FieldError;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};
use fail::fail_point;
use ports::command_bus::CommandError;
use ports::problem::Problem;
use ports::samples::Sample;
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::command::{id_in_path, is_json, media_type};
use super::problem::{Refused, internal, overloaded, unsupported_media_type};
use super::query::Parameters;
use super::{Api, Params, body, motor};

pub(super) const PATH: &str = "/v1/motors/{id}/vibration";

/// How many bytes a block may have, in either form. The most samples that a block may have, a million, are
/// 4 000 000 bytes as plain numbers and fit; as JSON they do not, and are sent as several blocks.
pub const BLOCK_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many blocks are taken in at a time: each is held in memory as a whole.
pub const BLOCKS_IN_FLIGHT_MAX: usize = 64;
/// How long a block may wait for its turn.
const TURN_SECONDS_MAX: u64 = 10;

/// What was sent, in either form, before it is known to be one thing or the other.
struct Received {
    sensor: String,
    axis: Axis,
    unit: Unit,
    sample_rate_hz: Option<f64>,
    started_at: Timestamp,
    speed_rpm: Option<f64>,
    statistic: Option<Statistic>,
    values: Values,
}

/// Samples, and the first of them with all its digits: it may be a measurement.
#[derive(Debug, Default, PartialEq)]
struct Values {
    samples: Vec<f32>,
    first: Option<f64>,
}

pub(super) async fn take_in(
    State(api): State<Api>,
    params: Params,
    request: Request,
) -> Result<Response, Refused> {
    let motor_id = id_in_path(&params)?;
    let turn = timeout(Duration::from_secs(TURN_SECONDS_MAX), api.blocks.acquire()).await;
    let _turn = turn.map_err(|_| overloaded("too many blocks are being taken in"))?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, BLOCK_BODY_BYTES_MAX).await?;
    fail_point!("command-accepted");
    motor::require_in_service(&api.commands, motor_id).await.map_err(not_in_service)?;
    let now = api.commands.clock().now();
    let read = move || read(&parts, &bytes)?.into_sample(now);
    let (sample, samples) = spawn_blocking(read).await.map_err(|_| internal())??;
    // A block that comes twice is put down twice; whoever reads it knows it by its start.
    api.samples.publish(motor_id, &sample).await?;
    let answer = json!({ "accepted": true, "samples": samples });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

fn not_in_service(error: CommandError) -> Refused {
    match error {
        CommandError::Rejected(Rejection::Unknown) => {
            Problem::not_found("there is no motor under this id").into()
        }
        other => other.into(),
    }
}

fn read(parts: &Parts, bytes: &Bytes) -> Result<Received, Refused> {
    if is_json(&parts.headers) {
        // The query describes plain numbers; JSON describes itself, and nothing is read over.
        Parameters::of(&parts.uri)?.finish()?;
        return json::read(bytes).map_err(Refused::from);
    }
    if media_type(&parts.headers).as_deref() == Some("application/octet-stream") {
        return binary::read(&parts.uri, bytes);
    }
    let detail = "send samples as application/json or application/octet-stream";
    Err(unsupported_media_type(detail).into())
}

impl Received {
    /// A block, or a measurement where a statistic is named; and how many samples it was.
    fn into_sample(self, now: Timestamp) -> Result<(Sample, usize), Refused> {
        let count = self.values.samples.len();
        let Self { sensor, axis, unit, started_at, speed_rpm, .. } = self;
        let sample = match self.statistic {
            Some(statistic) => {
                let first = self.values.first.filter(|_| count == 1);
                let value = first.ok_or_else(|| {
                    fault("/samples", "must be exactly one value where a statistic is named")
                })?;
                let measurement =
                    Measurement { sensor, axis, unit, started_at, speed_rpm, statistic, value };
                measurement.validate(now)?;
                Sample::Measurement(measurement)
            }
            None => {
                let sample_rate_hz =
                    self.sample_rate_hz.ok_or_else(|| fault("/sample_rate_hz", "is missing"))?;
                let samples = self.values.samples;
                let block = SampleBlock {
                    sensor,
                    axis,
                    unit,
                    sample_rate_hz,
                    started_at,
                    speed_rpm,
                    samples,
                };
                block.validate(now)?;
                Sample::Block(block)
            }
        };
        Ok((sample, count))
    }
}

fn fault(pointer: &str, detail: &str) -> Vec<FieldError> {
    vec![FieldError::at(pointer, detail)]
}
