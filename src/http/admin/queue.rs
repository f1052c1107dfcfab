//! How the queue of pictures stands; pause, resume, the attempts of one task, retry, discard.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use commands::http::{Actor, Refused};
use domain::image::{Command, Image, ImageEvent};
use domain::rejection::Rejection;
use ports::PortError;
use ports::clock::Clock;
use ports::command_bus::{CommandBus, CommandEnvelope, CommandError};
use ports::event::RecordedEvent;
use ports::event_store::EventStore;
use ports::problem::Problem;
use ports::stream::{StreamName, StreamVersion};
use ports::work_queue::WorkQueue;
use projections::live::{ReadError, ReadSide};
use serde_json::{Value, json};
use tracing::{error, info};
use uuid::Uuid;

use super::super::observe::tell;

/// So many events of one task are looked at; no task has as many.
const EVENTS_MAX: usize = 1_000;

/// What the routes need.
pub struct QueueDesk {
    /// The queue.
    pub queue: Arc<dyn WorkQueue>,
    /// The histories of tasks.
    pub streams: Arc<dyn EventStore>,
    /// The tasks by state.
    pub read_side: ReadSide,
    /// Takes what is asked of a task.
    pub bus: Arc<dyn CommandBus>,
    /// For the moments.
    pub clock: Arc<dyn Clock>,
}

type Desk = State<Arc<QueueDesk>>;
type Who = Option<Extension<Actor>>;

pub(super) async fn show(State(desk): Desk) -> Response {
    let now = desk.clock.now();
    let overview = match desk.queue.overview(now).await {
        Ok(overview) => overview,
        Err(error) => return unavailable(&error),
    };
    let tasks = match projections::count_by_state(&desk.read_side).await {
        Ok(tasks) => tasks,
        Err(ReadError::Unavailable(error)) => return unavailable(&error),
        Err(error) => return tell(&Problem::unavailable(error.to_string()).retry_after(1)),
    };
    let since = overview.waiting_since;
    Json(json!({
        "paused": overview.paused_at.is_some(),
        "paused_at": overview.paused_at,
        "waiting": overview.waiting,
        "delayed": overview.delayed,
        "leased": overview.leased,
        "oldest_waiting_since": since,
        "oldest_waiting_s": since.map(|since| now.seconds_since(since).max(0.0)),
        "tasks": tasks,
    }))
    .into_response()
}

pub(super) async fn pause(State(desk): Desk, who: Who) -> Response {
    info!(actor = name(&who), "the queue of pictures is paused");
    switched(&desk, desk.queue.pause(desk.clock.now()).await).await
}

pub(super) async fn resume(State(desk): Desk, who: Who) -> Response {
    info!(actor = name(&who), "the queue of pictures is resumed");
    switched(&desk, desk.queue.resume().await).await
}

async fn switched(desk: &QueueDesk, done: Result<(), PortError>) -> Response {
    let overview = match done {
        Ok(()) => desk.queue.overview(desk.clock.now()).await,
        Err(error) => Err(error),
    };
    match overview {
        Ok(overview) => {
            let paused_at = overview.paused_at;
            Json(json!({ "paused": paused_at.is_some(), "paused_at": paused_at })).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

pub(super) async fn task(State(desk): Desk, Path(id): Path<String>) -> Response {
    let Ok(task_id) = Uuid::try_parse(&id) else { return unknown(&id) };
    let stream = StreamName::new("image", task_id);
    match desk.streams.read_stream(&stream, StreamVersion(0), EVENTS_MAX).await {
        Ok(events) if events.is_empty() => unknown(&id),
        Ok(events) => {
            Json(json!({ "task_id": task_id, "attempts": attempts(&events) })).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// Who began when, and how it ended. Attempts count from 1 again after a retry.
fn attempts(events: &[RecordedEvent]) -> Vec<Value> {
    let mut attempts: Vec<Value> = Vec::new();
    for event in events {
        let end = match event.decode::<Image>() {
            Ok(ImageEvent::ProcessingStarted { attempt }) => {
                let (worker, at) = (&event.metadata.actor, event.recorded_at);
                attempts.push(json!({ "attempt": attempt, "worker": worker, "started_at": at }));
                continue;
            }
            Ok(ImageEvent::AttemptFailed { code, detail, retry_at, .. }) => {
                json!({ "outcome": "failed", "code": code, "detail": detail, "retry_at": retry_at })
            }
            Ok(ImageEvent::Completed {}) => json!({ "outcome": "completed" }),
            Ok(ImageEvent::Cancelled {}) => json!({ "outcome": "cancelled" }),
            _ => continue,
        };
        // A task that was cancelled before its turn has no attempt.
        if let (Some(last), Value::Object(end)) = (attempts.last_mut(), end)
            && last.get("ended_at").is_none()
        {
            last["ended_at"] = json!(event.recorded_at);
            end.into_iter().for_each(|(name, value)| last[name] = value);
        }
    }
    attempts
}

pub(super) async fn retry(State(desk): Desk, Path(id): Path<String>, who: Who) -> Response {
    let Ok(task_id) = Uuid::try_parse(&id) else { return unknown(&id) };
    ask(&desk, task_id, &Command::Retry {}, &who).await.unwrap_or_else(refused)
}

/// What is not finished is cancelled; what is finished goes with its pictures.
pub(super) async fn discard(State(desk): Desk, Path(id): Path<String>, who: Who) -> Response {
    let Ok(task_id) = Uuid::try_parse(&id) else { return unknown(&id) };
    let answer = match ask(&desk, task_id, &Command::Cancel {}, &who).await {
        Err(CommandError::Rejected(Rejection::NotNow { code: "finished", .. })) => {
            ask(&desk, task_id, &Command::Expire {}, &who).await
        }
        other => other,
    };
    answer.unwrap_or_else(refused)
}

async fn ask(
    desk: &QueueDesk,
    task_id: Uuid,
    command: &Command,
    who: &Who,
) -> Result<Response, CommandError> {
    let mut envelope = CommandEnvelope::new::<Image>(task_id, command);
    envelope.metadata.actor = Some(name(who).to_owned());
    let accepted = desk.bus.send(envelope).await?;
    let (version, position) = (accepted.version, accepted.position);
    let answer = json!({ "task_id": task_id, "version": version, "position": position });
    Ok((StatusCode::OK, Json(answer)).into_response())
}

fn name(who: &Who) -> &str {
    who.as_ref().map_or("anonymous", |Extension(Actor(name))| name)
}

fn refused(error: CommandError) -> Response {
    Refused::from(error).into_response()
}

fn unknown(id: &str) -> Response {
    tell(&Problem::not_found(format!("there is no image task {id}")))
}

fn unavailable(error: &PortError) -> Response {
    error!(reason = error.chain(), "looking after the queue failed");
    tell(&Problem::unavailable(error.to_string()))
}
