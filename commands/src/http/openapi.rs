//! The write side as `OpenAPI` 3.1 describes it: paths and components, to be merged with those of the read side.

mod special;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use ports::problem::{CONTENT_TYPE, Problem};
use ports::stream::{GlobalPosition, StreamVersion};

use super::command::{creates, method_name};
use crate::registry::Route;

/// What is said of one status.
type Status = (&'static str, &'static str);

const ERRORS: [Status; 13] = [
    ("400", "The request cannot be read"),
    ("401", "The API key is missing or wrong"),
    ("403", "The key has another role"),
    ("404", "There is nothing under this id"),
    ("408", "The body did not arrive in time"),
    ("409", "Not possible in the present state, or being handled at this moment"),
    ("412", "The aggregate is not at the version of If-Match"),
    ("413", "The body is too large"),
    ("415", "The media type is not supported"),
    ("422", "The input cannot be accepted; `errors` says where and why"),
    ("429", "The quota is used up; try again after Retry-After"),
    ("500", "Something is wrong with us"),
    ("503", "Not available at the moment; try again after Retry-After"),
];

pub(crate) fn describe(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in routes {
        let operation = operation(route, &mut generator);
        insert(&mut paths, route.endpoint.path, method_name(route.endpoint.method), operation);
    }
    insert(&mut paths, super::upload::PATH, "POST", special::upload(&mut generator));
    insert(&mut paths, super::upload::batch::PATH, "POST", special::batch(&mut generator));
    insert(&mut paths, super::samples::PATH, "POST", special::vibration(&mut generator));
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "api_key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    })
}

fn insert(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method.to_ascii_lowercase()] = operation;
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let Route { category, id_field, endpoint } = *route;
    let mut parameters = headers(generator);
    if !creates(route) {
        parameters.push(id(generator));
    }
    let mut operation = json!({
        "operationId": format!("{}_{category}", endpoint.command),
        "summary": endpoint.summary,
        "tags": [category],
        "parameters": parameters,
        "responses": responses(answer(id_field, creates(route), generator)),
    });
    if let Some(body) = endpoint.body {
        let content = body(generator).to_value();
        let schema = if creates(route) { with_id(&content, id_field, generator) } else { content };
        let content = json!({ "application/json": { "schema": schema } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

/// Who creates may bring an id of its own. Whatever else is in the body is refused, though a stored event may hold more.
fn with_id(content: &Value, id_field: &str, generator: &mut SchemaGenerator) -> Value {
    let mut id = schema::<Uuid>(generator);
    id["description"] = "Made by the server when absent".into();
    let name = content["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let named = name.and_then(|name| generator.definitions().get(name));
    let mut body = named.unwrap_or(content).clone();
    body["properties"][id_field] = id;
    body["additionalProperties"] = false.into();
    body
}

fn headers(generator: &mut SchemaGenerator) -> Vec<Value> {
    let text = schema::<String>(generator);
    let key = json!({
        "type": "string", "minLength": 1, "maxLength": 255,
        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~:/=-]+$", "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    });
    let version = json!({ "anyOf": [
        { "type": "string", "pattern": r#"^"[0-9]{1,19}"$"#, "examples": ["\"3\""] },
        { "const": "*" },
    ] });
    let header = |name: &str, description: &str, schema: &Value| json!({ "name": name, "in": "header", "description": description, "schema": schema });
    vec![
        header(
            "Idempotency-Key",
            "Makes repeating the request harmless: it gets the first answer",
            &key,
        ),
        header(
            "If-Match",
            "The version that the aggregate must have, as its ETag: \"3\"; or *",
            &version,
        ),
        header(
            "X-Correlation-Id",
            "Goes with the events; one of more than 128 characters is not taken over",
            &text,
        ),
    ]
}

fn id(generator: &mut SchemaGenerator) -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "schema": schema::<Uuid>(generator),
        "description": "Of the motor, or of the image task",
        "example": "018f3c5e-0000-7000-8000-000000000000",
    })
}

/// The answer to an accepted command.
fn answer(id_field: &str, created: bool, generator: &mut SchemaGenerator) -> (String, Value) {
    let mut response = json!({
        "description": "Accepted and recorded",
        "headers": { "ETag": header_of("The aggregate's version in quotes", generator) },
        "content": { "application/json": { "schema": accepted(id_field, generator) } },
    });
    if created {
        response["headers"]["Location"] = header_of("The address of what was created", generator);
        response["links"] = links(id_field, &MOTOR_LINKS);
    }
    (if created { "201" } else { "200" }.to_owned(), response)
}

/// What may be asked next of what was made, by the ids of operations.
const MOTOR_LINKS: [&str; 3] = ["get_motor", "revise_motor", "take_in_vibration"];
const IMAGE_LINKS: [&str; 4] = ["get_image", "get_image_history", "cancel_image", "retry_image"];

fn links(id_field: &str, operations: &[&str]) -> Value {
    let parameters = json!({ "id": format!("$response.body#/{id_field}") });
    let link = |operation: &&str| {
        let link = json!({ "operationId": operation, "parameters": parameters });
        ((*operation).to_owned(), link)
    };
    operations.iter().map(link).collect::<Map<_, _>>().into()
}

fn header_of(description: &str, generator: &mut SchemaGenerator) -> Value {
    json!({ "description": description, "schema": schema::<String>(generator) })
}

fn accepted(id_field: &str, generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": [id_field, "version", "position"],
        "properties": {
            id_field: schema::<Uuid>(generator),
            "version": schema::<StreamVersion>(generator),
            "position": schema::<GlobalPosition>(generator),
        },
    })
}

/// The one good answer, and every other one as a problem.
fn responses((status, good): (String, Value)) -> Value {
    let problem = json!({ CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let errors = ERRORS.iter().map(|&(status, description)| {
        let mut response = json!({ "description": description, "content": problem });
        if ["429", "503"].contains(&status) {
            let seconds = json!({ "type": "integer", "description": "Seconds" });
            response["headers"] = json!({ "Retry-After": { "schema": seconds } });
        }
        (status.to_owned(), response)
    });
    errors.chain([(status, good)]).collect::<Map<_, _>>().into()
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}
