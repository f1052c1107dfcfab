//! What the admin routes answer, as schemas.

use serde_json::{Value, json};

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn maybe(mut schema: Value) -> Value {
    let kind = schema["type"].take();
    schema["type"] = json!([kind, "null"]);
    schema
}

/// All properties but those named are always there.
fn object(properties: Value, optional: &[&str]) -> Value {
    let names = properties.as_object().into_iter().flat_map(|all| all.keys());
    let required: Vec<_> = names.filter(|name| !optional.contains(&name.as_str())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

pub(super) fn projections() -> Value {
    let phases = json!(["begins", "folding", "comparing", "catching_up", "done", "failed"]);
    let rebuild = object(
        json!({
            "generation": maybe(count()),
            "phase": { "enum": phases },
            "position": count(),
            "head": count(),
            "events_parked": count(),
            "outcome": { "type": "string", "description": "How it ended; absent while it is under way" },
        }),
        &["outcome"],
    );
    let states = json!(["live", "previous", "rebuilding", "held", "retrying", "stopped"]);
    let row = object(
        json!({
            "name": { "type": "string", "examples": ["motors"] },
            "generation": count(),
            "position": count(),
            "lag_events": count(),
            "lag_seconds": { "type": "number", "minimum": 0 },
            "state": { "enum": states },
            "reason": { "type": "string" },
            "last_rebuild": rebuild,
        }),
        &["reason", "last_rebuild"],
    );
    json!({ "type": "array", "items": row })
}

pub(super) fn generation() -> Value {
    object(json!({ "generation": count() }), &[])
}

pub(super) fn queue() -> Value {
    object(
        json!({
            "paused": { "type": "boolean" },
            "paused_at": maybe(time()),
            "waiting": count(),
            "delayed": count(),
            "leased": count(),
            "oldest_waiting_since": maybe(time()),
            "oldest_waiting_s": maybe(json!({ "type": "number", "minimum": 0 })),
            "tasks": {
                "type": "object", "additionalProperties": count(),
                "examples": [{ "completed": 12, "failed": 1 }],
            },
        }),
        &[],
    )
}

pub(super) fn pause() -> Value {
    object(json!({ "paused": { "type": "boolean" }, "paused_at": maybe(time()) }), &[])
}

pub(super) fn attempts() -> Value {
    let attempt = object(
        json!({
            "attempt": count(),
            "worker": maybe(json!({ "type": "string" })),
            "started_at": time(),
            "ended_at": time(),
            "outcome": { "enum": ["completed", "failed", "cancelled"] },
            "code": { "type": "string", "examples": ["corrupt"] },
            "detail": { "type": "string" },
            "retry_at": maybe(time()),
        }),
        &["ended_at", "outcome", "code", "detail", "retry_at"],
    );
    object(
        json!({
            "task_id": { "type": "string", "format": "uuid" },
            "attempts": { "type": "array", "items": attempt },
        }),
        &[],
    )
}

pub(super) fn accepted() -> Value {
    let id = json!({ "type": "string", "format": "uuid" });
    object(json!({ "task_id": id, "version": count(), "position": count() }), &[])
}

pub(super) fn letter() -> Value {
    object(
        json!({
            "id": count(),
            "subscription": { "type": "string", "examples": ["motors.1"] },
            "event_id": { "type": "string" },
            "event_type": { "type": "string", "examples": ["alarm_raised"] },
            "category": { "type": "string", "examples": ["motor"] },
            "subject": { "type": "string", "format": "uuid" },
            "version": count(),
            "position": count(),
            "attempts": count(),
            "reason": { "type": "string" },
            "parked_at": time(),
            "replay_requested": { "type": "boolean" },
            "data": { "type": "object" },
        }),
        &[],
    )
}

pub(super) fn letters() -> Value {
    let items = json!({ "type": "array", "items": letter() });
    object(json!({ "items": items, "next": maybe(count()) }), &[])
}

/// `{"discarded": true}`
pub(super) fn done(word: &str) -> Value {
    object(json!({ word: { "const": true } }), &[])
}
