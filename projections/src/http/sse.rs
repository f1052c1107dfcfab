//! Server-sent events: a bounded number of live streams, each of which ends when the process drains.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::warn;

use super::Context;
use super::problem::Failure;
use crate::cloud_event::CloudEvent;

/// How many live streams one process serves.
pub const CONNECTIONS_MAX: usize = 1_000;
/// Proxies cut what is silent for half a minute or more.
const PING_SECONDS: u64 = 15;
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// One event, under the id from which a client resumes.
pub(super) struct Frame {
    id: u64,
    data: String,
}

impl Frame {
    pub(super) fn of(id: u64, event: &RecordedEvent) -> Self {
        let data = serde_json::to_string(&CloudEvent::from(event)).expect("events are plain data");
        // Foreign writers may have stored their JSON in lines; between its parts a space is as good.
        Self { id, data: data.replace(['\r', '\n'], " ") }
    }
}

/// Where frames come from.
pub(super) trait Tail: Send + 'static {
    /// Waits for the next frames; `None`: there will be no more.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<Frame>>, PortError>> + Send;
}

struct Live<T> {
    tail: T,
    frames: VecDeque<Frame>,
    drain: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

/// Sends what `tail` gives for as long as the client stays. A slow client slows nobody but itself: nothing is read
/// ahead of it.
pub(super) fn live(shared: &Context, tail: impl Tail) -> Result<Response, Failure> {
    let busy = |_| {
        let detail = format!("{CONNECTIONS_MAX} live streams are open already");
        Problem::new(503, "too_many_streams", "Too many live streams", detail).retry_after(5)
    };
    let _permit = Arc::clone(&shared.live_streams).try_acquire_owned().map_err(busy)?;
    let drain = shared.queries.drain.clone();
    let live = Live { tail, frames: VecDeque::new(), drain, _permit };
    let events = stream::unfold(live, async |mut live| {
        let frame = live.frame().await?;
        let event = Event::default().id(frame.id.to_string()).data(frame.data);
        Some((Ok::<_, Infallible>(event), live))
    });
    let ping = KeepAlive::new().interval(Duration::from_secs(PING_SECONDS)).text("ping");
    Ok(([(UNBUFFERED, "no")], Sse::new(events).keep_alive(ping)).into_response())
}

impl<T: Tail> Live<T> {
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let more = tokio::select! {
                biased;
                _ = self.drain.wait_for(|is_draining| *is_draining) => return None,
                more = self.tail.next() => more,
            };
            match more {
                Ok(frames) => self.frames.extend(frames?),
                Err(error) => {
                    warn!("a live stream ends, its client will resume it: {}", error.chain());
                    return None;
                }
            }
        }
    }
}

/// From where a client resumes.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.trim().parse().ok()
}
