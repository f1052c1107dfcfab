//! The history of one motor or image task, oldest first.

use axum::extract::{Path, State};
use axum::http::Uri;
use ports::read_models::{Cursor, Filter};
use ports::stream::{StreamName, StreamVersion};
use serde_json::{Value, json};

use super::Context;
use super::answer::Answer;
use super::cursor;
use super::params::{Params, id, refused_one};
use super::problem::Failure;
use super::resource::{LIMIT_DEFAULT, LIMIT_MAX, listed, page};
use crate::cloud_event::CloudEvent;
use crate::images::Images;
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
    Ok(listed(events, next.as_ref(), &uri).at(view.position))
}

/// Tasks are short, so theirs is read from the stream itself.
pub(super) async fn of_image(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &["cursor", "limit"])?;
    let id = id(&key)?;
    let view = shared.queries.read_side.at(collection::<Images>(0), params.min_position()?).await?;
    let limit = params.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    let foreign = || refused_one("cursor", "is not one that this list gave");
    let cursor = params.text("cursor").map(|text| {
        let version = cursor::read(text).and_then(|cursor| cursor.value.as_u64());
        version.ok_or_else(foreign)
    });
    let after = StreamVersion(cursor.transpose()?.unwrap_or_default());
    let stream = StreamName::new("image", id);
    let mut events = shared.queries.streams.read_stream(&stream, after, limit + 1).await?;
    if events.is_empty() && after.0 == 0 {
        return Err(Failure::not_found(format!("there is no image task {id}")));
    }
    let has_more = events.len() > limit;
    events.truncate(limit);
    let last = events.last().filter(|_| has_more);
    let next = last.map(|event| Cursor { value: json!(event.version.0), key: id.to_string() });
    let items = events.iter().map(|event| json!(CloudEvent::from(event))).collect();
    Ok(listed(items, next.as_ref(), &uri).at(view.position))
}
