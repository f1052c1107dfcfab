//! The admin routes, as the API describes them.

use ports::problem::CONTENT_TYPE;
use serde_json::{Value, json};

/// Paths of an `OpenAPI` 3.1 document.
pub fn openapi() -> Value {
    let path = |name: &str, what: &str, schema: Value| json!([{ "name": name, "in": "path", "required": true, "description": what, "schema": schema }]);
    let none = json!([]);
    let projection = path("name", "The projection: `motors`", json!({ "type": "string" }));
    let letter = path("id", "From the list", json!({ "type": "integer", "minimum": 1 }));
    let force = json!([{
        "name": "force", "in": "query", "description": "Swap even when the documents differ",
        "schema": { "type": "boolean", "default": false },
    }]);
    let task = path("task_id", "The image task", json!({ "type": "string", "format": "uuid" }));
    let after = json!([{
        "name": "after", "in": "query", "description": "Only letters with a higher id",
        "schema": { "type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0 },
    }]);
    json!({ "paths": {
        "/livez": { "get": plain(operation("Whether the process lives", &none, "200", "It does")) },
        "/readyz": { "get": ready() },
        "/metrics": { "get": plain(operation("Metrics for Prometheus", &none, "200", "Text format 0.0.4")) },
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

/// Answers with text.
fn plain(mut operation: Value) -> Value {
    operation["responses"]["200"]["content"] = text();
    operation
}

fn text() -> Value {
    json!({ "text/plain": { "schema": { "type": "string" } } })
}

/// Tells in a word, or per check.
fn ready() -> Value {
    let verbose = json!([{
        "name": "verbose", "in": "query", "description": "Tell which check fails, and why",
        "schema": { "type": "string" },
    }]);
    let mut operation = operation("Whether the process is ready", &verbose, "200", "It is");
    let mut content = text();
    content["application/json"] = json!({ "schema": {
        "type": "object",
        "required": ["ready", "checks"],
        "properties": {
            "ready": { "type": "boolean" },
            "checks": { "type": "array", "items": {
                "type": "object",
                "required": ["name", "ready"],
                "properties": {
                    "name": { "type": "string" },
                    "ready": { "type": "boolean" },
                    "reason": { "type": "string" },
                },
            } },
        },
    } });
    operation["responses"]["503"] = json!({ "description": "It is not", "content": content });
    operation["responses"]["200"]["content"] = content;
    operation
}

fn operation(summary: &str, parameters: &Value, status: &str, answer: &str) -> Value {
    let content = json!({ CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let refused = |description: &str| json!({ "description": description, "content": content });
    json!({
        "tags": ["operation"],
        "summary": summary,
        "parameters": parameters,
        "responses": {
            status: { "description": answer, "content": { "application/json": {} } },
            "400": refused("A parameter cannot be accepted"),
            "401": refused("The API key is missing or wrong"),
            "403": refused("The key has another role"),
            "404": refused("There is nothing of this name"),
            "409": refused("Not possible in the present state"),
            "429": refused("The quota is used up; try again after Retry-After"),
            "500": refused("Something is wrong with us"),
            "503": refused("Not available at the moment; try again after Retry-After"),
        },
    })
}
