//! The routes for bytes, which no table describes.

use domain::notification::URL_CHARACTERS_MAX;
use domain::time::Timestamp;
use domain::vibration::block::{SAMPLES_MAX, SPEED_RPM_MAX};
use domain::vibration::{Axis, Statistic, Unit};
use ports::problem::Problem;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{IMAGE_LINKS, accepted, header_of, headers, id, links, responses, schema};

/// What is said of pictures beside their bytes.
fn picture_parameters(generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = headers(generator);
    let uuid = schema::<Uuid>(generator);
    parameters.push(json!({ "name": "motor_id", "in": "query", "schema": uuid }));
    let priority = json!({ "type": "integer", "minimum": -100, "maximum": 100, "default": 0 });
    parameters.push(json!({ "name": "priority", "in": "query", "schema": priority }));
    parameters.push(json!({
        "name": "not_before",
        "in": "query",
        "description": "Not to be worked on earlier; at most 366 days ahead",
        "schema": schema::<Timestamp>(generator),
    }));
    parameters.push(json!({
        "name": "callback_url",
        "in": "query",
        "description": "Where to post a signed message when the task has ended",
        "schema": callback_url(),
    }));
    parameters
}

fn callback_url() -> Value {
    json!({ "type": "string", "format": "uri", "maxLength": URL_CHARACTERS_MAX })
}

pub(super) fn batch(generator: &mut SchemaGenerator) -> Value {
    let mut taken = accepted("task_id", generator);
    taken["properties"]["state"] = json!({ "const": "submitted" });
    taken["properties"]["href"] = json!({ "type": "string" });
    let refused = json!({
        "type": "object",
        "required": ["problem"],
        "properties": { "problem": schema::<Problem>(generator) },
    });
    let items = json!({ "type": "array", "items": { "anyOf": [taken, refused] } });
    let answer = json!({
        "type": "object", "required": ["items"], "properties": { "items": items },
    });
    let response = json!({
        "description": "What became of each picture, in their order; at least one was kept",
        "content": { "application/json": { "schema": answer } },
    });
    let image = json!({
        "type": "array",
        "maxItems": super::super::upload::batch::PICTURES_MAX,
        "items": { "type": "string", "format": "binary" },
    });
    let form = json!({
        "type": "object", "required": ["image"], "properties": { "image": image },
        "additionalProperties": false,
    });
    json!({
        "operationId": "submit_images",
        "summary": "Submit several pictures, each as a task of its own",
        "tags": ["image"],
        "parameters": picture_parameters(generator),
        "requestBody": {
            "required": true,
            "content": { "multipart/form-data": { "schema": form } },
        },
        "responses": responses(("202".to_owned(), response)),
    })
}

pub(super) fn upload(generator: &mut SchemaGenerator) -> Value {
    let parameters = picture_parameters(generator);
    let mut schema = accepted("task_id", generator);
    schema["properties"]["state"] = json!({ "const": "submitted" });
    let response = json!({
        "description": "Kept; its variants are being made",
        "headers": {
            "ETag": header_of("The version of the image task in quotes", generator),
            "Location": header_of("The address of the image task", generator),
            "Retry-After": header_of("After how many seconds to ask for it", generator),
        },
        "content": { "application/json": { "schema": schema } },
        "links": links("task_id", &IMAGE_LINKS),
    });
    let form = json!({
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": { "type": "string", "format": "binary" },
            "callback_url": callback_url(),
        },
        "additionalProperties": false,
    });
    json!({
        "operationId": "submit_image",
        "summary": "Submit a picture: JPEG, PNG, WebP, GIF, BMP or TIFF",
        "tags": ["image"],
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": { "*/*": {}, "multipart/form-data": { "schema": form } },
        },
        "responses": responses(("202".to_owned(), response)),
    })
}

pub(super) fn vibration(generator: &mut SchemaGenerator) -> Value {
    let described = description(generator);
    let in_query = described.iter().map(|(name, schema)| {
        json!({
            "name": name,
            "in": "query",
            "description": "For application/octet-stream, where it stands for the field of JSON",
            "schema": schema,
        })
    });
    let parameters: Vec<Value> = [id(generator)].into_iter().chain(in_query).collect();
    let mut properties = described.clone();
    properties.insert("samples".to_owned(), samples());
    properties.insert("samples_base64".to_owned(), packed_samples());
    let body = json!({
        "type": "object",
        "required": ["sensor", "axis", "unit", "started_at"],
        "oneOf": forms(),
        "properties": properties,
        "additionalProperties": false,
    });
    let taken = json!({
        "type": "object",
        "required": ["accepted", "samples"],
        "properties": { "accepted": { "const": true }, "samples": { "type": "integer" } },
    });
    let response = json!({
        "description": "Taken in",
        "content": { "application/json": { "schema": taken } },
    });
    json!({
        "operationId": "take_in_vibration",
        "summary": "Take in a block of vibration samples, or one value that the sensor computed",
        "tags": ["motor"],
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": {
                "application/json": { "schema": body },
                "application/octet-stream": { "schema": {
                    "description": "f32 little-endian: four bytes a sample, described by the query",
                } },
            },
        },
        "responses": responses(("202".to_owned(), response)),
    })
}

/// Samples or one value that the sensor computed, as numbers or packed.
fn forms() -> Value {
    let block = |field: &str| {
        json!({
            "title": format!("Samples in {field}"),
            "required": [field, "sample_rate_hz"],
            "not": { "required": ["statistic"] },
        })
    };
    let one = json!({ "maxItems": 1, "items": { "minimum": 0 } });
    let value = |field: &str, one: Value| {
        json!({
            "title": format!("One value in {field}"),
            "required": [field, "statistic"],
            "properties": { field: one },
        })
    };
    json!([
        block("samples"),
        block("samples_base64"),
        value("samples", one),
        value("samples_base64", json!({ "maxLength": 8 })),
    ])
}

fn samples() -> Value {
    json!({
        "type": "array", "minItems": 1, "maxItems": SAMPLES_MAX, "examples": [[0.12, -0.4, 0.31]],
        "items": { "type": "number", "minimum": f32::MIN, "maximum": f32::MAX },
    })
}

fn packed_samples() -> Value {
    json!({
        "type": "string", "contentEncoding": "base64", "minLength": 8,
        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "description": "f32 little-endian: four bytes a sample", "examples": ["AAAAAAAAgD8="],
    })
}

/// What is said of samples beside themselves.
fn description(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let fields = [
        (
            "sensor",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "examples": ["DE"] }),
        ),
        ("axis", schema::<Axis>(generator)),
        ("unit", schema::<Unit>(generator)),
        (
            "sample_rate_hz",
            json!({
                "type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000, "examples": [12_800],
                "description": "Needed without statistic",
            }),
        ),
        ("started_at", schema::<Timestamp>(generator)),
        (
            "speed_rpm",
            json!({ "type": "number", "minimum": 0, "maximum": SPEED_RPM_MAX, "examples": [1_480] }),
        ),
        ("statistic", schema::<Statistic>(generator)),
    ];
    fields.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}
