//! The API's description, and a page to try it out.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use utoipa_swagger_ui::Config;

use super::{admin, auth};
use crate::contracts::asyncapi;

const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Swagger UI styles what it makes, and shows pictures that it carries in its styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

static OPENAPI: LazyLock<String> = LazyLock::new(|| openapi().to_string());
static ASYNCAPI: LazyLock<String> = LazyLock::new(|| asyncapi().to_string());
static SWAGGER: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

pub(super) fn routes() -> Router {
    Router::new()
        .route(
            "/openapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], OPENAPI.as_str())),
        )
        .route(
            "/asyncapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], ASYNCAPI.as_str())),
        )
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(async || page("")))
        .route("/docs/{*file}", get(async |Path(file): Path<String>| page(&file)))
}

/// A file of Swagger UI, which a library carries.
fn page(file: &str) -> Response {
    let file = if file.is_empty() { "index.html" } else { file };
    match utoipa_swagger_ui::serve(file, Arc::clone(&SWAGGER)) {
        Ok(Some(file)) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
            ];
            (headers, file.bytes.into_owned()).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "serving the API's description failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The description of every route, put together from what the two sides and the admin routes say of themselves.
pub fn openapi() -> Value {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Atalaya",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Watches electric motors and keeps pictures of them.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "tags": [
            { "name": "motor", "description": "Commands to motors, and what their sensors measured" },
            { "name": "image", "description": "Pictures on their way in" },
            { "name": "notification", "description": "Who is told how pictures ended" },
            { "name": "motors", "description": "The motors, how they run, and what happened to them" },
            { "name": "images", "description": "The image tasks and what was made of them" },
            { "name": "notifications", "description": "Every message to those who asked" },
            { "name": "fleet", "description": "The fleet in numbers" },
            { "name": "events", "description": "The log, paged or live" },
            { "name": "operation", "description": "Health, and what operators look at and change" },
        ],
        "servers": [{ "url": "/" }],
        "paths": {},
        "components": {
            "securitySchemes": { "api_key": {
                "type": "apiKey", "in": "header", "name": "X-API-Key",
                "description": "Needed where the server has keys; each operation names the least role",
            } },
        },
    });
    for part in [commands::openapi(), projections::openapi(), admin::openapi()] {
        merge(&mut document, part);
    }
    tell_roles(&mut document);
    document
}

/// Says of every operation which role its caller needs, as the gate sees it, and gives it a name if it has none.
fn tell_roles(document: &mut Value) {
    let Value::Object(paths) = &mut document["paths"] else { return };
    for (path, item) in paths {
        let Value::Object(item) = item else { continue };
        for (method, operation) in item {
            // What stands beside the operations, such as parameters, is no method in capitals.
            let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else { continue };
            if METHODS.contains(&method) {
                if operation["operationId"].is_null() {
                    operation["operationId"] = operation_id(&method, path).into();
                }
                operation["security"] = match auth::needed(&method, path) {
                    None => json!([]),
                    Some(access) => json!([{ "api_key": [access.name()] }]),
                };
            }
        }
    }
}

/// `post_dead_letters_by_id_replay`
fn operation_id(method: &Method, path: &str) -> String {
    let path = path.strip_prefix("/v1/admin").unwrap_or(path);
    let words = path.split('/').filter(|part| !part.is_empty()).map(|part| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.replace(['-', '.'], "_"), |name| format!("by_{name}"))
    });
    let words: Vec<_> = words.collect();
    format!("{}_{}", method.as_str().to_ascii_lowercase(), words.join("_"))
}

/// Adds what `part` has and `whole` has not, object by object; what both have stays as it is.
fn merge(whole: &mut Value, part: Value) {
    let (Value::Object(whole), Value::Object(part)) = (whole, part) else { return };
    for (name, value) in part {
        merge(whole.entry(name).or_insert_with(|| like(&value)), value);
    }
}

fn like(value: &Value) -> Value {
    if value.is_object() { Value::Object(Map::new()) } else { value.clone() }
}
