//! Takes pictures in: the bytes are kept first, then the task that is to be done with them is recorded.

pub(super) mod batch;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use domain::image::{self, Image, Submission};
use domain::invalid::FieldError;
use domain::picture::{Code, Failure, inspect};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use fail::fail_point;
use ports::blobs::BlobKey;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::problem::Problem;
use sha2::{Digest, Sha256};
use tokio::sync::SemaphorePermit;
use tokio::task::{spawn, spawn_blocking};
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use super::body::{self, beneath, bounded};
use super::callback;
use super::caller::Caller;
use super::command::media_type;
use super::fingerprint::hex;
use super::problem::{Refused, internal, overloaded};
use super::query::Parameters;
use super::{Api, answer, motor};

pub(super) const PATH: &str = "/v1/images";
const ROUTE: &str = "POST /v1/images";
/// The field of a form that holds the picture.
const FORM_FIELD: &str = "image";
/// The query parameter, or the field of a form, that says who is to be told.
const CALLBACK: &str = "callback_url";
/// What a form may have around its picture.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// After how many seconds it is worth asking what became of a picture.
const RETRY_AFTER_SECONDS: u64 = 1;

/// How many pictures are taken in at a time: each is held in memory as a whole.
pub const UPLOADS_IN_FLIGHT_MAX: usize = 16;
/// How long an upload may wait for its turn.
const TURN_SECONDS_MAX: u64 = 10;

/// How far ahead a start may be put off.
const DEFERRED_DAYS_MAX: f64 = 366.0;

/// What the query says of a picture.
struct Wish {
    motor_id: Option<Uuid>,
    priority: i32,
    not_before: Option<Timestamp>,
    callback_url: Option<String>,
}

/// What came in: a picture, and what a form may say beside it.
struct Taken {
    bytes: Bytes,
    callback_url: Option<String>,
}

pub(super) async fn submit(State(api): State<Api>, request: Request) -> Result<Response, Refused> {
    let _turn = turn(&api).await?;
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts)?;
    let Taken { bytes, callback_url } = read(&api, &parts, body).await?;
    fail_point!("command-accepted");
    let wish = wish(&api, &parts, callback_url)?;
    let submission = describe(&api, &wish, bytes.clone()).await?;
    require_motor(&api, wish.motor_id).await?;
    let callback_url = wish.callback_url;
    let envelope = envelope(&api, &caller, ROUTE, submission, callback_url.as_deref())?;
    // Finished even if the sender goes away: bytes without a task would be kept for ever.
    let work = spawn(take_on(api.clone(), envelope, bytes, callback_url));
    let accepted = work.await.map_err(|_| internal())??;
    let state = ("state", "submitted".into());
    let response = answer::accepted(StatusCode::ACCEPTED, &accepted, "task_id", [state]);
    let mut response = answer::located(response, PATH, &accepted);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    Ok(response)
}

async fn turn(api: &Api) -> Result<SemaphorePermit<'_>, Refused> {
    let turn = timeout(Duration::from_secs(TURN_SECONDS_MAX), api.uploads.acquire()).await;
    let turn = turn.map_err(|_| overloaded("too many pictures are being taken in"))?;
    Ok(turn.expect("the semaphore is never closed"))
}

async fn read(api: &Api, parts: &Parts, body: Body) -> Result<Taken, Refused> {
    let bytes_max = usize::try_from(api.pictures.body_bytes_max).unwrap_or(usize::MAX);
    if media_type(&parts.headers).as_deref() == Some("multipart/form-data") {
        read_form(parts, body, bytes_max).await
    } else {
        let bytes = body::read(&parts.headers, body, bytes_max).await?;
        Ok(Taken { bytes, callback_url: None })
    }
}

/// The fields of a form. Their bytes are counted as they come in.
async fn read_form(parts: &Parts, body: Body, bytes_max: usize) -> Result<Taken, Refused> {
    let body = Body::from_stream(bounded(body, bytes_max.saturating_add(FORM_BYTES_MAX)));
    let request = Request::from_parts(parts.clone(), body);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| Problem::malformed(error.body_text()))?;
    let mut picture = Vec::new();
    let mut found = false;
    let mut callback_url = None;
    while let Some(mut field) = form.next_field().await.map_err(|error| broken_form(&error))? {
        let name = field.name().unwrap_or_default();
        if name == CALLBACK && callback_url.is_none() {
            callback_url = Some(field.text().await.map_err(|error| broken_form(&error))?);
            continue;
        }
        if name != FORM_FIELD || found {
            let detail =
                format!("the form must have one field, {FORM_FIELD}, and may have one, {CALLBACK}");
            return Err(vec![FieldError::at(format!("/{FORM_FIELD}"), detail)].into());
        }
        found = true;
        while let Some(chunk) = field.chunk().await.map_err(|error| broken_form(&error))? {
            picture.extend_from_slice(&chunk);
        }
    }
    if !found {
        let detail = format!("is missing: the picture belongs into the field {FORM_FIELD}");
        return Err(vec![FieldError::at(format!("/{FORM_FIELD}"), detail)].into());
    }
    Ok(Taken { bytes: picture.into(), callback_url })
}

fn broken_form(error: &axum::extract::multipart::MultipartError) -> Problem {
    match beneath(error) {
        Some(cause) => cause.into(),
        None => Problem::malformed(error.body_text()),
    }
}

fn wish(api: &Api, parts: &Parts, in_form: Option<String>) -> Result<Wish, Refused> {
    let mut query = Parameters::of(&parts.uri)?;
    let motor_id = query.optional("motor_id");
    let priority = query.optional("priority").unwrap_or_default();
    let not_before: Option<Timestamp> = query.optional("not_before");
    let ahead_s = not_before.map_or(0.0, |at| at.seconds_since(api.commands.clock().now()));
    if ahead_s > DEFERRED_DAYS_MAX * 86_400.0 {
        query.fault("not_before", format!("must be at most {DEFERRED_DAYS_MAX} days ahead"));
    }
    let in_query: Option<String> = query.optional(CALLBACK);
    if in_query.is_some() && in_form.is_some() {
        query.fault(CALLBACK, "comes more than once");
    }
    let callback_url = in_query.or(in_form);
    if let Err(detail) = callback::check(api, callback_url.as_deref()) {
        query.fault(CALLBACK, detail);
    }
    query.finish()?;
    Ok(Wish { motor_id, priority, not_before, callback_url })
}

/// What the header tells; a file that is no picture of ours ends here.
async fn describe(api: &Api, wish: &Wish, bytes: Bytes) -> Result<Submission, Refused> {
    let limits = api.pictures.clone();
    let look = move || {
        let header = inspect(&bytes, &limits)?;
        Ok((header, bytes.len(), hex(&Sha256::digest(&bytes))))
    };
    let (header, bytes, sha256) =
        spawn_blocking(look).await.map_err(|_| internal())?.map_err(|failure| refusal(&failure))?;
    Ok(Submission {
        motor_id: wish.motor_id,
        priority: wish.priority,
        not_before: wish.not_before,
        format: header.format.name().to_ascii_lowercase(),
        width: header.width,
        height: header.height,
        bytes: bytes as u64,
        sha256,
    })
}

fn refusal(failure: &Failure) -> Problem {
    let (status, title) = match failure.code {
        Code::TooLarge => (413, "The picture is too large"),
        Code::UnsupportedFormat => (415, "The format is not supported"),
        Code::TooManyPixels => (422, "The picture has too many pixels"),
        _ => (422, "The picture is damaged"),
    };
    Problem::new(status, failure.code.as_str(), title, failure.detail.clone())
}

/// A picture of a motor that is no longer in service is welcome; one of a motor that never was is a mistake.
async fn require_motor(api: &Api, motor_id: Option<Uuid>) -> Result<(), Refused> {
    let Some(motor_id) = motor_id else { return Ok(()) };
    match motor::require_in_service(&api.commands, motor_id).await {
        Ok(()) | Err(CommandError::Rejected(Rejection::NotNow { .. })) => Ok(()),
        Err(CommandError::Rejected(Rejection::Unknown)) => {
            Err(vec![FieldError::at("/motor_id", "there is no motor under this id")].into())
        }
        Err(other) => Err(other.into()),
    }
}

fn envelope(
    api: &Api,
    caller: &Caller,
    route: &str,
    submission: Submission,
    callback_url: Option<&str>,
) -> Result<CommandEnvelope, Problem> {
    let motor_id = submission.motor_id.map(|id| id.to_string()).unwrap_or_default();
    let mut asked = vec![submission.sha256.clone(), motor_id, submission.priority.to_string()];
    // Only what is there: what was asked before there was such a wish is still the same.
    asked.extend(submission.not_before.map(|at| at.to_string()));
    asked.extend(callback_url.map(str::to_owned));
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let key = caller.command_key(route, &asked);
    let expected = caller.expected_before_creation()?;
    let task_id = api.commands.clock().new_id();
    let command = image::Command::Submit(submission);
    let envelope = CommandEnvelope::new::<Image>(task_id, &command);
    Ok(CommandEnvelope { expected, key, metadata: caller.metadata.clone(), ..envelope })
}

/// The subscription comes last, and before the answer: it needs the id of the task, which is the first one's when the
/// command is repeated. An end that is quicker is told all the same.
async fn take_on(
    api: Api,
    mut envelope: CommandEnvelope,
    bytes: Bytes,
    callback_url: Option<String>,
) -> Result<Accepted, Refused> {
    // Both commands belong to one conversation.
    let conversation = || api.commands.clock().new_id().to_string();
    envelope.metadata.correlation_id.get_or_insert_with(conversation);
    let metadata = envelope.metadata.clone();
    let accepted = keep_and_send(&api, envelope, bytes).await?;
    if let Some(url) = callback_url {
        callback::subscribe(&api, accepted.stream.id, url, metadata).await?;
    }
    Ok(accepted)
}

async fn keep_and_send(
    api: &Api,
    envelope: CommandEnvelope,
    bytes: Bytes,
) -> Result<Accepted, Refused> {
    let task_id = envelope.stream.id;
    let original = BlobKey::Original { task_id };
    api.blobs.put(&original, bytes).await?;
    fail_point!("upload-after-blob");
    let outcome = api.commands.send(envelope).await;
    let is_needed = match &outcome {
        Ok(accepted) => accepted.stream.id == task_id,
        // Nobody knows whether the task was recorded. Bytes too many are a lesser evil than bytes too few.
        Err(CommandError::Unavailable(_)) => true,
        Err(_) => false,
    };
    if !is_needed && let Err(failure) = api.blobs.delete(&original).await {
        warn!(%task_id, cause = failure.chain(), "an original without a task is left behind");
    }
    Ok(outcome?)
}
