//! What happens to one image task, live until it is over.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::stream::{StreamName, StreamVersion};
use tokio::time::sleep;

use super::Context;
use super::params::{Params, id};
use super::problem::Failure;
use super::sse::{Frame, Tail, last_event_id, live};

const FRAMES_MAX: usize = 100;
/// The log moves for other tasks too. The longer one stream finds nothing of its own, the less often it looks; it never
/// waits before the first look, since most often that is for its own event.
const LOOK_PAUSE_MS_MIN: u64 = 2;
const LOOK_PAUSE_MS_MAX: u64 = 100;
/// After these nothing is made of a task any more: at most it expires, which nobody waits for.
const LAST: [&str; 3] = ["completed", "cancelled", "expired"];

/// The id of an event is its version; a client that comes back after the last one is told not to come again (204).
pub(super) async fn events(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    Params::of(&uri, &[])?;
    let stream = StreamName::new("image", id(&key)?);
    let known = last_event_id(&headers).unwrap_or_default();
    let streams = &shared.queries.streams;
    // The event that the client has seen last tells whether there can be another one.
    let from = StreamVersion(known.saturating_sub(1));
    let first = streams.read_stream(&stream, from, 1).await?;
    match first.first() {
        None if known == 0 => {
            Err(Failure::not_found(format!("there is no image task {}", stream.id)))
        }
        Some(event) if event.version.0 == known && is_last(event) => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => {
            let (streams, log) = (Arc::clone(streams), Arc::clone(&shared.queries.log));
            let after = StreamVersion(known);
            live(&shared, TaskTail { streams, log, stream, after, is_over: false, pause_ms: 0 })
        }
    }
}

fn is_last(event: &RecordedEvent) -> bool {
    LAST.contains(&event.event_type.as_str())
}

struct TaskTail {
    streams: Arc<dyn EventStore>,
    log: Arc<dyn EventLog>,
    stream: StreamName,
    after: StreamVersion,
    is_over: bool,
    pause_ms: u64,
}

impl Tail for TaskTail {
    async fn next(&mut self) -> Result<Option<Vec<Frame>>, PortError> {
        while !self.is_over {
            // Asked before the stream is read: what comes in between wakes this again.
            let head = self.log.head().await?;
            let events = self.streams.read_stream(&self.stream, self.after, FRAMES_MAX).await?;
            if let Some(last) = events.last() {
                (self.after, self.is_over) = (last.version, is_last(last));
                self.pause_ms = 0;
                let frames = events.iter().map(|event| Frame::of(event.version.0, event));
                return Ok(Some(frames.collect()));
            }
            if self.pause_ms > 0 {
                sleep(Duration::from_millis(self.pause_ms)).await;
            }
            self.pause_ms = (self.pause_ms * 2).clamp(LOOK_PAUSE_MS_MIN, LOOK_PAUSE_MS_MAX);
            self.log.wait_beyond(head).await?;
        }
        Ok(None)
    }
}
