//! The admin routes, as the API describes them.

mod answers;

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
    let run = path("run", "As it was answered", json!({ "type": "string", "format": "uuid" }));
    let moment = |name: &str, what: &str, required: bool| json!({ "name": name, "in": "query", "required": required, "description": what, "schema": { "type": "string", "format": "date-time" } });
    let which = json!([
        { "name": "motor_id", "in": "query", "required": true, "description": "Of which motor", "schema": { "type": "string", "format": "uuid" } },
        moment("from", "Samples that ended after it", true),
        moment("to", "Samples that began before it; without it, until now", false),
    ]);
    let after = json!([{
        "name": "after", "in": "query", "description": "Only letters with a higher id",
        "schema": { "type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0 },
    }]);
    json!({ "paths": {
        "/livez": { "get": plain(operation("Whether the process lives", &none, "200", "It does")) },
        "/readyz": { "get": ready() },
        "/metrics": { "get": plain(operation("Metrics for Prometheus", &none, "200", "Text format 0.0.4")) },
        "/v1/admin/projections": {
            "get": with(operation("Where the projections are", &json!([]), "200", "A row per generation"), answers::projections()),
        },
        "/v1/admin/projections/{name}/rebuild": {
            "parameters": projection,
            "post": with(operation("Build it anew beside the live one", &force, "202", "It has begun"), answers::generation()),
        },
        "/v1/admin/projections/{name}/rollback": {
            "parameters": projection,
            "post": with(operation("Show the generation of before", &json!([]), "202", "Readers see it"), answers::generation()),
        },
        "/v1/admin/queue": {
            "get": with(operation("How the queue of pictures stands", &json!([]), "200", "Counts by state, the oldest, the pause"), answers::queue()),
        },
        "/v1/admin/queue/pause": {
            "post": with(operation("Begin no more pictures", &json!([]), "200", "What is in hand is finished; it lasts beyond restarts"), answers::pause()),
        },
        "/v1/admin/queue/resume": {
            "post": with(operation("Go on with pictures", &json!([]), "200", "They are worked on"), answers::pause()),
        },
        "/v1/admin/queue/{task_id}": {
            "parameters": task,
            "get": with(operation("The attempts at one picture", &json!([]), "200", "Who began when, and how it ended"), answers::attempts()),
        },
        "/v1/admin/queue/{task_id}/retry": {
            "parameters": task,
            "post": with(operation("Try a failed picture anew", &json!([]), "200", "It waits for its turn"), answers::accepted()),
        },
        "/v1/admin/queue/{task_id}/discard": {
            "parameters": task,
            "post": with(operation("Cancel it, or delete what is finished", &json!([]), "200", "It is given up"), answers::accepted()),
        },
        "/v1/admin/reprocessings": {
            "get": operation("Samples that were judged once more", &json!([]), "200", "The runs that are remembered"),
            "post": operation("Judge samples of before once more", &which, "202", "It waits for its turn"),
        },
        "/v1/admin/reprocessings/{run}": {
            "parameters": run,
            "get": operation("How far a run is", &json!([]), "200", "Its phase, and the account of it"),
        },
        "/v1/admin/dead-letters": {
            "get": with(operation("What could not be handled", &after, "200", "A page of letters"), answers::letters()),
        },
        "/v1/admin/dead-letters/{id}": {
            "parameters": letter,
            "get": with(operation("One dead letter", &json!([]), "200", "The letter with its event"), answers::letter()),
        },
        "/v1/admin/dead-letters/{id}/replay": {
            "parameters": letter,
            "post": with(operation("Act on its sequence again", &json!([]), "202", "It is asked for"), answers::done("replay_requested")),
        },
        "/v1/admin/dead-letters/{id}/discard": {
            "parameters": letter,
            "post": with(operation("Give it up for good", &json!([]), "200", "It is gone"), answers::done("discarded")),
        },
    } })
}

/// What a success says.
fn with(mut operation: Value, schema: Value) -> Value {
    let Value::Object(responses) = &mut operation["responses"] else { return operation };
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        response["content"] = json!({ "application/json": { "schema": &schema } });
    }
    operation
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
