//! The admin routes, as the API describes them.

use serde_json::{Value, json};

/// Paths of an `OpenAPI` 3.1 document.
pub fn openapi() -> Value {
    let path = |name: &str, what: &str, schema: Value| json!([{ "name": name, "in": "path", "required": true, "description": what, "schema": schema }]);
    let projection = path("name", "The projection: `motors`", json!({ "type": "string" }));
    let letter = path("id", "From the list", json!({ "type": "integer", "minimum": 1 }));
    let force = json!([{
        "name": "force", "in": "query", "description": "Swap even when the documents differ",
        "schema": { "type": "boolean", "default": false },
    }]);
    let task = path("task_id", "The image task", json!({ "type": "string", "format": "uuid" }));
    let after = json!([{
        "name": "after", "in": "query", "description": "Only letters with a higher id",
        "schema": { "type": "integer", "minimum": 0, "default": 0 },
    }]);
    json!({ "paths": {
        "/livez": { "get": operation("Whether the process lives", &json!([]), "200", "It does") },
        "/readyz": { "get": operation("Whether the process is ready", &json!([]), "200", "It is") },
        "/metrics": { "get": operation("Metrics for Prometheus", &json!([]), "200", "Text format 0.0.4") },
        "/v1/admin/projections": {
            "get": operation("Where the projections are", &json!([]), "200", "A row per generation"),
        },
        "/v1/admin/projections/{name}/rebuild": {
            "parameters": projection,
            "post": operation("Build it anew beside the live one", &force, "202", "It has begun"),
        },
        "/v1/admin/projections/{name}/rollback": {
            "parameters": projection,
            "post": operation("Show the generation of before", &json!([]), "202", "Readers see it"),
        },
        "/v1/admin/queue": {
            "get": operation("How the queue of pictures stands", &json!([]), "200", "Counts by state, the oldest, the pause"),
        },
        "/v1/admin/queue/pause": {
            "post": operation("Begin no more pictures", &json!([]), "200", "What is in hand is finished; it lasts beyond restarts"),
        },
        "/v1/admin/queue/resume": {
            "post": operation("Go on with pictures", &json!([]), "200", "They are worked on"),
        },
        "/v1/admin/queue/{task_id}": {
            "parameters": task,
            "get": operation("The attempts at one picture", &json!([]), "200", "Who began when, and how it ended"),
        },
        "/v1/admin/queue/{task_id}/retry": {
            "parameters": task,
            "post": operation("Try a failed picture anew", &json!([]), "200", "It waits for its turn"),
        },
        "/v1/admin/queue/{task_id}/discard": {
            "parameters": task,
            "post": operation("Cancel it, or delete what is finished", &json!([]), "200", "It is given up"),
        },
        "/v1/admin/dead-letters": {
            "get": operation("What could not be handled", &after, "200", "A page of letters"),
        },
        "/v1/admin/dead-letters/{id}": {
            "parameters": letter,
            "get": operation("One dead letter", &json!([]), "200", "The letter with its event"),
        },
        "/v1/admin/dead-letters/{id}/replay": {
            "parameters": letter,
            "post": operation("Act on its sequence again", &json!([]), "202", "It is asked for"),
        },
        "/v1/admin/dead-letters/{id}/discard": {
            "parameters": letter,
            "post": operation("Give it up for good", &json!([]), "200", "It is gone"),
        },
    } })
}

fn operation(summary: &str, parameters: &Value, status: &str, answer: &str) -> Value {
    json!({
        "tags": ["operation"],
        "summary": summary,
        "parameters": parameters,
        "responses": {
            status: { "description": answer },
            "default": {
                "description": "What went wrong",
                "content": {
                    "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
                },
            },
        },
    })
}
