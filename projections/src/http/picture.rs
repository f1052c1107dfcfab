//! The bytes of pictures: variants to be shown, originals to be kept.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_RANGE, RANGE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri, response};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::image::State as TaskState;
use domain::picture::{Format, Presets, sniff};
use ports::blobs::{BlobKey, VariantName};
use ports::problem::Problem;
use ports::stream::{GlobalPosition, StreamName};
use tracing::error;
use uuid::Uuid;

use super::Context;
use super::answer::POSITION;
use super::conditional::is_known;
use super::negotiation::{takes_webp, twin};
use super::params::{Params, id};
use super::problem::Failure;
use super::range::{Part, part};
use crate::images::{ImageDocument, Images};
use crate::kind::collection;

const ORIGINAL: &str = "original";
/// A variant never changes: another picture is another task.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What was uploaded may hold anything; it must not run, load or be framed.
const CAGE: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// A file that there should be: the task says so.
struct Wanted {
    key: BlobKey,
    sha256: String,
    /// Of a variant: its own, which need not be the one that was asked for.
    name: Option<String>,
    /// Who says what it knows may get another file.
    varies: bool,
}

pub(super) async fn file(
    State(shared): State<Context>,
    Path((key, name)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let params = Params::of(&uri, &[])?;
    let id = id(&key)?;
    let min_position = params.min_position()?;
    let (task, position) = task(&shared, id, min_position).await?;
    let wanted = wanted(&task, &name, &shared.queries.presets, takes_webp(&headers))?;
    let tag = format!("\"{}\"", wanted.sha256);
    let start = success(&tag, position);
    let start = if wanted.varies { start.header(VARY, "accept") } else { start };
    if is_known(&headers, &tag) {
        return Ok(finish(start.status(StatusCode::NOT_MODIFIED), Bytes::new()));
    }
    let Some(bytes) = shared.queries.blobs.get(&wanted.key).await? else {
        error!(task = %id, "the bytes of {name} of image task {id} are missing");
        let detail = "the task tells of this file, but its bytes are missing";
        return Err(Problem::new(500, "bytes_missing", "The file is missing", detail).into());
    };
    let start = described(start, &wanted, &bytes);
    Ok(partial(start, bytes, &headers, &tag))
}

async fn task(
    shared: &Context,
    id: Uuid,
    min_position: Option<GlobalPosition>,
) -> Result<(ImageDocument, GlobalPosition), Failure> {
    let read_side = &shared.queries.read_side;
    let view = read_side.at(collection::<Images>(0), min_position).await?;
    let stream = StreamName::new("image", id);
    let found = read_side.document(&view, &stream, &id.to_string(), min_position).await?;
    let body = found.and_then(|document| document.body);
    let body = body.ok_or_else(|| Failure::not_found(format!("there is no image task {id}")))?;
    let outdated =
        |_| Problem::unavailable("the task was stored in another form; it is being rebuilt");
    Ok((serde_json::from_value(body).map_err(outdated)?, view.position))
}

/// Tells apart what never was, what is still to come, and what will never be.
fn wanted(
    task: &ImageDocument,
    name: &str,
    presets: &Presets,
    takes_webp: bool,
) -> Result<Wanted, Failure> {
    let task_id = task.task_id;
    let is_known = name == ORIGINAL
        || presets.named(name).is_some()
        || task.variants.iter().any(|link| link.variant.name == name);
    if task.state == TaskState::Expired && is_known {
        let detail = "the image task was kept for long enough, and its pictures were deleted";
        return Err(Problem::new(410, "expired", "It is kept no longer", detail).into());
    }
    if name == ORIGINAL {
        let sha256 = task.submission.sha256.clone();
        let key = BlobKey::Original { task_id };
        return Ok(Wanted { key, sha256, name: None, varies: false });
    }
    let made = task.variants.iter().find(|link| link.variant.name == name);
    let twin = made.and_then(|link| twin(&task.variants, &link.variant));
    let chosen = twin.filter(|_| takes_webp).or(made).map(|link| &link.variant);
    if let Some((variant, name)) = chosen.and_then(|it| Some((it, VariantName::new(&it.name)?))) {
        return Ok(Wanted {
            key: BlobKey::Variant { task_id, name },
            sha256: variant.sha256.clone(),
            name: Some(variant.name.clone()),
            varies: twin.is_some(),
        });
    }
    let unknown = Problem::not_found(format!("image task {task_id} has no file {name:?}"));
    if presets.named(name).is_none() {
        return Err(unknown.into());
    }
    Err(Failure(match task.state {
        TaskState::Submitted | TaskState::Processing => {
            Problem::new(409, "not_yet", "Not yet", "the picture is still being made")
                .retry_after(1)
        }
        TaskState::Failed => {
            let code = task.failure.as_ref().map_or("unknown", |failure| failure.code.as_str());
            Problem::new(409, "failed", "It could not be made", format!("the task failed: {code}"))
        }
        TaskState::Cancelled => {
            Problem::new(410, "cancelled", "It was cancelled", "the picture was never made")
        }
        TaskState::Completed | TaskState::Expired | TaskState::Nothing => unknown,
    }))
}

/// What every answer with or about the bytes says.
fn success(tag: &str, position: GlobalPosition) -> response::Builder {
    Response::builder()
        .header(ETAG, tag)
        .header(CACHE_CONTROL, FOREVER)
        .header(ACCEPT_RANGES, "bytes")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(CONTENT_SECURITY_POLICY, CAGE)
        .header(POSITION, position.0)
}

fn described(start: response::Builder, wanted: &Wanted, bytes: &Bytes) -> response::Builder {
    let format = sniff(bytes).ok();
    let media_type = format.map_or("application/octet-stream", Format::media_type);
    let disposition = if let Some(name) = &wanted.name {
        format!("inline; filename=\"{name}\"")
    } else {
        let extension = format.map_or("bin", Format::extension);
        format!("attachment; filename=\"{ORIGINAL}.{extension}\"")
    };
    start.header(CONTENT_TYPE, media_type).header(CONTENT_DISPOSITION, disposition)
}

fn partial(start: response::Builder, bytes: Bytes, headers: &HeaderMap, tag: &str) -> Response {
    let length = bytes.len();
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    // A part of a file that has changed meanwhile would not fit to what the client has.
    let is_same = headers.get(IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
    match part(asked.filter(|_| is_same), length) {
        Part::Whole => finish(start, bytes),
        Part::Bytes(range) => {
            let shown = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            let start = start.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, shown);
            finish(start, bytes.slice(range))
        }
        Part::Outside => {
            let detail = format!("the file has {length} bytes");
            let problem = Problem::new(416, "outside", "The range is outside the file", detail);
            let mut response = Failure(problem).into_response();
            let total = format!("bytes */{length}");
            let total = total.parse().expect("numbers and signs");
            response.headers_mut().insert(CONTENT_RANGE, total);
            response
        }
    }
}

fn finish(start: response::Builder, bytes: Bytes) -> Response {
    start.body(Body::from(bytes)).unwrap_or_else(|error| {
        // A hash or a name that is no header value can only come from a foreign writer.
        error!("a picture could not be sent: {error}");
        Failure(Problem::new(500, "corrupt_history", "The history cannot be read", ""))
            .into_response()
    })
}
