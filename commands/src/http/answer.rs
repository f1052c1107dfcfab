//! The answer to an accepted command.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ports::command_bus::Accepted;
use serde_json::{Map, Value};

/// `{"motor_id": …, "version": …, "position": …}` and what else there is to say, under the aggregate's `ETag`.
pub(super) fn accepted(
    status: StatusCode,
    accepted: &Accepted,
    id_field: &str,
    more: impl IntoIterator<Item = (&'static str, Value)>,
) -> Response {
    let Accepted { stream, version, position, .. } = accepted;
    let mut body: Map<String, Value> =
        more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    body.insert(id_field.to_owned(), stream.id.to_string().into());
    body.insert("version".to_owned(), version.0.into());
    body.insert("position".to_owned(), position.0.into());
    let etag = format!("\"{version}\"");
    let headers = HeaderMap::from_iter([(header::ETAG, value(&etag))]);
    (status, headers, Json(body)).into_response()
}

/// The same, with the address of what was created: `parent/{id}`.
pub(super) fn located(mut response: Response, parent: &str, accepted: &Accepted) -> Response {
    let location = format!("{parent}/{}", accepted.stream.id);
    response.headers_mut().insert(header::LOCATION, value(&location));
    response
}

fn value(text: &str) -> HeaderValue {
    text.parse().expect("digits, ids and paths of ours are printable")
}
