//! The history of one motor, oldest first.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::CACHE_CONTROL;
use ports::read_models::Filter;
use ports::stream::StreamName;
use serde_json::Value;

use super::Context;
use super::answer::{Answer, REVALIDATE};
use super::params::{Params, id};
use super::problem::Failure;
use super::resource::{listed, page};
use crate::kind::collection;
use crate::motor_history::{MOTOR_FIELD, MotorHistory};

pub(super) async fn history(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &["cursor", "limit"])?;
    let id = id(&key)?;
    let min_position = params.min_position()?;
    let read_side = &shared.queries.read_side;
    let view = read_side.at(collection::<MotorHistory>(0), min_position).await?;
    if let Some(asked) = min_position {
        read_side.require_unparked(&view, &StreamName::new("motor", id), asked).await?;
    }
    let of_motor = Filter { field: MOTOR_FIELD, equals: Value::from(id.to_string()) };
    let (events, next) = page(&shared, &view, vec![of_motor], None, &params).await?;
    if events.is_empty() && params.text("cursor").is_none() {
        return Err(Failure::not_found(format!("there is no motor {id}")));
    }
    let answer = listed(events, next.as_ref(), &uri).at(view.position);
    Ok(answer.with(CACHE_CONTROL, REVALIDATE))
}
