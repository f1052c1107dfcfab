//! Takes several pictures in with one form, one after the other: each becomes a task of its own, or is refused alone.

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::invalid::FieldError;
use ports::command_bus::Accepted;
use ports::problem::Problem;
use serde_json::{Value, json};
use tokio::task::spawn;

use super::{
    FORM_BYTES_MAX, FORM_FIELD, Wish, broken_form, describe, envelope, require_motor, take_on,
    turn, wish,
};
use crate::http::Api;
use crate::http::body::bounded;
use crate::http::caller::Caller;
use crate::http::command::media_type;
use crate::http::problem::{Refused, internal, too_large, unsupported_media_type};

pub(in crate::http) const PATH: &str = "/v1/images:batch";
const ROUTE: &str = "POST /v1/images:batch";
/// How many pictures one form may have. They are held in memory one at a time.
pub(in crate::http) const PICTURES_MAX: usize = 20;

/// What became of the pictures, in their order.
type Items = Vec<Result<Accepted, Problem>>;

/// Those before a picture that breaks the form are taken: under the same idempotency key they are not taken again.
pub(in crate::http) async fn submit(
    State(api): State<Api>,
    request: Request,
) -> Result<Response, Refused> {
    let _turn = turn(&api).await?;
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts)?;
    let wish = wish(&api, &parts, None)?;
    require_motor(&api, wish.motor_id).await?;
    let mut form = open(&api, &parts, body).await?;
    let mut items = Items::new();
    loop {
        let picture = match form.next_field().await {
            Ok(None) => break,
            Ok(Some(_)) if items.len() == PICTURES_MAX => {
                items.push(Err(too_many()));
                break;
            }
            Ok(Some(field)) => read(field, bytes_max(&api)).await,
            Err(error) => Err((broken_form(&error), true)),
        };
        match picture {
            Ok(bytes) => {
                let route = format!("{ROUTE} {}", items.len());
                let taken = take_in(&api, &caller, &route, &wish, bytes).await;
                items.push(taken.map_err(|Refused(problem)| problem));
            }
            Err((problem, is_the_end)) => {
                items.push(Err(problem));
                if is_the_end {
                    break;
                }
            }
        }
    }
    answer(&items)
}

async fn open(api: &Api, parts: &Parts, body: Body) -> Result<Multipart, Refused> {
    if media_type(&parts.headers).as_deref() != Some("multipart/form-data") {
        return Err(unsupported_media_type("send the pictures as multipart/form-data").into());
    }
    let form_bytes_max = bytes_max(api).saturating_add(FORM_BYTES_MAX).saturating_mul(PICTURES_MAX);
    let body = Body::from_stream(bounded(body, form_bytes_max));
    let request = Request::from_parts(parts.clone(), body);
    let form = Multipart::from_request(request, &()).await;
    Ok(form.map_err(|error| Problem::malformed(error.body_text()))?)
}

fn bytes_max(api: &Api) -> usize {
    usize::try_from(api.pictures.body_bytes_max).unwrap_or(usize::MAX)
}

/// One picture; or why it is none, and whether nothing can be read after it.
async fn read(mut field: Field<'_>, bytes_max: usize) -> Result<Bytes, (Problem, bool)> {
    if field.name() != Some(FORM_FIELD) {
        let detail = format!("the fields of the form must be called {FORM_FIELD}");
        return Err((Problem::malformed(detail), false));
    }
    let mut picture = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| (broken_form(&error), true))? {
        if picture.len() + chunk.len() > bytes_max {
            return Err((too_large(bytes_max), false));
        }
        picture.extend_from_slice(&chunk);
    }
    Ok(picture.into())
}

async fn take_in(
    api: &Api,
    caller: &Caller,
    route: &str,
    wish: &Wish,
    bytes: Bytes,
) -> Result<Accepted, Refused> {
    let submission = describe(api, wish, bytes.clone()).await?;
    let callback_url = wish.callback_url.clone();
    let envelope = envelope(api, caller, route, submission, callback_url.as_deref())?;
    spawn(take_on(api.clone(), envelope, bytes, callback_url)).await.map_err(|_| internal())?
}

fn too_many() -> Problem {
    let detail = format!("at most {PICTURES_MAX} pictures are taken at a time; the rest was not");
    Problem::new(413, "too_many_pictures", "Too many pictures", detail)
}

/// When not one picture was taken, the whole is refused.
fn answer(items: &Items) -> Result<Response, Refused> {
    if items.iter().any(Result::is_ok) {
        let items: Vec<Value> = items.iter().map(described).collect();
        return Ok((StatusCode::ACCEPTED, Json(json!({ "items": items }))).into_response());
    }
    let refused = items.iter().enumerate().filter_map(|(n, item)| {
        let problem = item.as_ref().err()?;
        Some(FieldError::at(format!("/{n}"), format!("{}: {}", problem.title, problem.detail)))
    });
    let mut faults: Vec<FieldError> = refused.collect();
    if faults.is_empty() {
        faults
            .push(FieldError::at(format!("/{FORM_FIELD}"), "is missing: send one picture or more"));
    }
    Err(faults.into())
}

fn described(item: &Result<Accepted, Problem>) -> Value {
    match item {
        Ok(accepted) => json!({
            "task_id": accepted.stream.id,
            "state": "submitted",
            "version": accepted.version,
            "position": accepted.position,
            "href": format!("{}/{}", super::PATH, accepted.stream.id),
        }),
        Err(problem) => json!({ "problem": problem }),
    }
}
