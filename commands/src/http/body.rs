//! Reads request bodies: bounded in bytes and in time.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use ports::problem::Problem;
use tokio::time::{Instant, timeout, timeout_at};

use super::problem::too_large;

/// How long a sender may be silent.
const SILENCE_SECONDS_MAX: u64 = 30;
/// How long a whole body may take.
const BODY_SECONDS_MAX: u64 = 300;
/// How much of a body that is too large is still read, and thrown away: many a client reads no answer before it has
/// sent everything.
const DRAINED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long that may take.
const DRAINED_SECONDS_MAX: u64 = 5;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body has more than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body ended before its end")]
    Broken,
}

impl From<&BodyError> for Problem {
    fn from(error: &BodyError) -> Self {
        match error {
            BodyError::TooLarge { bytes_max } => too_large(*bytes_max),
            BodyError::TooSlow => {
                Self::new(408, "too_slow", "The body did not arrive in time", error.to_string())
            }
            BodyError::Broken => Self::malformed(error.to_string()),
        }
    }
}

/// The whole body.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let announced = content_length(headers);
    let announced_bytes = announced.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    // Who waits for a word before sending has sent nothing yet that would have to be read.
    if announced_bytes > bytes_max && headers.contains_key(header::EXPECT) {
        return Err(too_large(bytes_max));
    }
    let mut whole = Vec::with_capacity(announced_bytes.min(bytes_max));
    let mut chunks = std::pin::pin!(bounded(body, bytes_max));
    while let Some(chunk) = chunks.try_next().await.map_err(|error| Problem::from(&error))? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body as it comes in, with an error in the place where it breaks a bound.
pub(super) fn bounded(
    body: Body,
    bytes_max: usize,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    let deadline = Instant::now() + Duration::from_secs(BODY_SECONDS_MAX);
    let start = Some((body.into_data_stream(), 0_usize));
    stream::try_unfold(start, move |state| async move {
        let Some((mut data, bytes_before)) = state else { return Ok(None) };
        let Some(chunk) = next(&mut data, deadline).await? else { return Ok(None) };
        let bytes = bytes_before.saturating_add(chunk.len());
        if bytes > bytes_max {
            drain(&mut data).await;
            return Err(BodyError::TooLarge { bytes_max });
        }
        Ok(Some((chunk, Some((data, bytes)))))
    })
}

async fn next(data: &mut BodyDataStream, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    let silence = Instant::now() + Duration::from_secs(SILENCE_SECONDS_MAX);
    let chunk = timeout_at(silence.min(deadline), data.next()).await;
    chunk.map_err(|_| BodyError::TooSlow)?.transpose().map_err(|_| BodyError::Broken)
}

async fn drain(data: &mut BodyDataStream) {
    let rest = async {
        let mut drained_bytes = 0_usize;
        while let Some(Ok(chunk)) = data.next().await {
            drained_bytes = drained_bytes.saturating_add(chunk.len());
            if drained_bytes > DRAINED_BYTES_MAX {
                break;
            }
        }
    };
    // That it takes too long is no other end than that it is too much.
    let _ = timeout(Duration::from_secs(DRAINED_SECONDS_MAX), rest).await;
}

/// The [`BodyError`] beneath an error of whoever read from [`bounded`].
pub(super) fn beneath<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a BodyError> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}
