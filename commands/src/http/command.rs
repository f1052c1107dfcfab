//! Any command of any aggregate, by the tables of its endpoints.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use domain::aggregate::Method;
use domain::invalid::FieldError;
use fail::fail_point;
use ports::command_bus::{CommandBus, CommandEnvelope};
use ports::problem::Problem;
use ports::stream::StreamName;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::caller::Caller;
use super::fields::Fields;
use super::problem::{Refused, unsupported_media_type};
use super::{Api, Params, answer, body};
use crate::reading::member;
use crate::registry::Route;

/// How many bytes the body of a command may have.
pub const COMMAND_BODY_BYTES_MAX: usize = 64 * 1024;

/// A command as HTTP offers it, with what is derived from its schema.
pub(super) struct Offer {
    route: Route,
    fields: Fields,
    /// `POST /v1/motors`: the scope of idempotency keys.
    name: String,
}

impl Offer {
    pub(super) fn of(route: Route) -> Self {
        let fields = Fields::of(&route.endpoint);
        let name = format!("{} {}", method_name(route.endpoint.method), route.endpoint.path);
        Self { route, fields, name }
    }

    fn creates(&self) -> bool {
        creates(&self.route)
    }
}

/// Without an id in its path a command makes the aggregate that it is for.
pub(super) fn creates(route: &Route) -> bool {
    !route.endpoint.path.contains("{id}")
}

pub(super) const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

pub(super) async fn handle(
    api: &Api,
    offer: &Offer,
    params: &Params,
    request: Request,
) -> Result<Response, Refused> {
    let Route { category, id_field, endpoint } = offer.route;
    let path_id = if offer.creates() { None } else { Some(id_in_path(params)?) };
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts)?;
    let bytes = body::read(&parts.headers, body, COMMAND_BODY_BYTES_MAX).await?;
    fail_point!("command-accepted");
    let mut content = object(&parts.headers, &bytes, endpoint.body.is_some())?;
    let asked = [path_id.map(|id| id.to_string()).unwrap_or_default(), compact(&content)];
    let body_id = take_id(&mut content, id_field, path_id)?;
    content.values_mut().for_each(whole);
    offer.fields.check(&content)?;
    let id = path_id.or(body_id).unwrap_or_else(|| api.commands.clock().new_id());
    let expected =
        if offer.creates() { caller.expected_before_creation()? } else { caller.expected() };
    let envelope = CommandEnvelope {
        stream: StreamName::new(category, id),
        command: Map::from_iter([(endpoint.command.to_owned(), content.into())]).into(),
        expected,
        key: caller.command_key(&offer.name, &[&asked[0], &asked[1]]),
        metadata: caller.metadata,
    };
    let accepted = api.commands.send(envelope).await?;
    if offer.creates() {
        let response = answer::accepted(StatusCode::CREATED, &accepted, id_field, []);
        Ok(answer::located(response, endpoint.path, &accepted))
    } else {
        Ok(answer::accepted(StatusCode::OK, &accepted, id_field, []))
    }
}

/// The id in the path. Whatever is none leads nowhere, and never into a path of ours.
pub(super) fn id_in_path(params: &Params) -> Result<Uuid, Problem> {
    let text = params
        .as_ref()
        .ok()
        .and_then(|params| params.iter().find_map(|(name, value)| (name == "id").then_some(value)));
    text.and_then(hyphenated)
        .ok_or_else(|| Problem::not_found("there is nothing here: the path holds no id"))
}

/// Ids have one written form only: that with hyphens.
pub(super) fn hyphenated(text: &str) -> Option<Uuid> {
    const HYPHENATED_CHARACTERS: usize = 36;
    Uuid::try_parse(text).ok().filter(|_| text.len() == HYPHENATED_CHARACTERS)
}

/// To JSON 4.0 and 4 are one number, and JSON Schema calls both an integer.
fn whole(value: &mut Value) {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().filter(|float| float.fract() == 0.0);
            if let Some(float) = float.filter(|float| float.abs() <= EXACT_MAX) {
                *value = Value::from(float as i64);
            }
        }
        _ => {}
    }
}

/// The same text for the same content, in whatever order and with whatever space it came.
fn compact(content: &Map<String, Value>) -> String {
    serde_json::to_string(content).expect("JSON can be written as it was read")
}

fn object(
    headers: &HeaderMap,
    bytes: &Bytes,
    has_content: bool,
) -> Result<Map<String, Value>, Problem> {
    if bytes.is_empty() && !has_content {
        return Ok(Map::new());
    }
    if !is_json(headers) {
        return Err(unsupported_media_type("send the body as application/json"));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::malformed("the body must be a JSON object")),
        Err(error) => Err(Problem::malformed(format!("the body is not JSON: {error}"))),
    }
}

/// `application/json`, or another type that is written in JSON such as `application/merge-patch+json`.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media_type| {
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    })
}

/// The media type of the body, in lower case and without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// Takes the id out of the body, where a client may bring its own. Beside an id in the path it must be the same.
fn take_id(
    content: &mut Map<String, Value>,
    id_field: &str,
    path_id: Option<Uuid>,
) -> Result<Option<Uuid>, Vec<FieldError>> {
    let Some(value) = content.remove(id_field) else { return Ok(None) };
    let fault = |detail| Err(vec![FieldError::at(member("", id_field), detail)]);
    match (value.as_str().and_then(hyphenated), path_id) {
        (None, _) => fault("must be a UUID such as 018f3c5e-0000-7000-8000-000000000000"),
        (Some(id), Some(path_id)) if id != path_id => fault("must be the id of the path"),
        (id, _) => Ok(id),
    }
}
