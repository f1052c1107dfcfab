//! List, show, replay, discard.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ports::PortError;
use ports::dead_letter::{DeadLetter, DeadLetters};
use ports::problem::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{error, info};

use super::super::observe::tell;
use super::asked::Asked;

const PAGE_LETTERS_MAX: usize = 100;

type Letters = State<Arc<dyn DeadLetters>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    after: u64,
}

pub(super) async fn list(State(letters): Letters, Asked(page): Asked<Page>) -> Response {
    match letters.list(page.after, PAGE_LETTERS_MAX).await {
        Ok(found) => {
            let full = found.len() == PAGE_LETTERS_MAX;
            let next = found.last().filter(|_| full).map(|letter| letter.id);
            let items: Vec<_> = found.iter().map(describe).collect();
            Json(json!({ "items": items, "next": next })).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

pub(super) async fn show(State(letters): Letters, Path(id): Path<String>) -> Response {
    match find(&letters, &id).await {
        Ok(letter) => Json(describe(&letter)).into_response(),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn replay(State(letters): Letters, Path(id): Path<String>) -> Response {
    let letter = match find(&letters, &id).await {
        Ok(letter) => letter,
        Err(refusal) => return *refusal,
    };
    match letters.request_replay(letter.id).await {
        Ok(true) => {
            (StatusCode::ACCEPTED, Json(json!({ "replay_requested": true }))).into_response()
        }
        Ok(false) => unknown(&id),
        Err(error) => unavailable(&error),
    }
}

pub(super) async fn discard(State(letters): Letters, Path(id): Path<String>) -> Response {
    let letter = match find(&letters, &id).await {
        Ok(letter) => letter,
        Err(refusal) => return *refusal,
    };
    match letters.remove(letter.id).await {
        Ok(true) => {
            let (handler, event) = (&letter.handler, letter.event.id());
            info!(
                id = letter.id,
                handler,
                event,
                reason = letter.reason,
                "discarded a dead letter"
            );
            Json(json!({ "discarded": true })).into_response()
        }
        Ok(false) => unknown(&id),
        Err(error) => unavailable(&error),
    }
}

async fn find(letters: &Arc<dyn DeadLetters>, id: &str) -> Result<DeadLetter, Box<Response>> {
    let Ok(number) = id.parse() else { return Err(Box::new(unknown(id))) };
    match letters.get(number).await {
        Ok(Some(letter)) => Ok(letter),
        Ok(None) => Err(Box::new(unknown(id))),
        Err(error) => Err(Box::new(unavailable(&error))),
    }
}

fn describe(letter: &DeadLetter) -> Value {
    let event = &letter.event;
    json!({
        "id": letter.id,
        "subscription": letter.handler,
        "event_id": event.id(),
        "event_type": event.event_type,
        "category": event.stream.category,
        "subject": event.stream.id,
        "version": event.version,
        "position": event.position,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "parked_at": letter.parked_at,
        "replay_requested": letter.replay_requested,
        "data": event.data,
    })
}

fn unknown(id: &str) -> Response {
    tell(&Problem::not_found(format!("there is no dead letter {id}")))
}

fn unavailable(error: &PortError) -> Response {
    error!(reason = error.chain(), "looking after the dead letters failed");
    tell(&Problem::unavailable(error.to_string()))
}
