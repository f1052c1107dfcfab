//! The routes of the read side as `OpenAPI` 3.1, made from the same tables and types that serve them.

use domain::vibration::Axis;
use ports::problem::{CONTENT_TYPE, Problem};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::cloud_event::CloudEvent;
use crate::fleet_numbers::FleetNumbers;
use crate::http::{
    EVENTS_MAX, EventPage, FEATURE_CHARACTERS_MAX, LIMIT_MAX, MotorDiagnosis, SpectrumLines, Trend,
};
use crate::kind::ProjectionKind;
use crate::projection::Resource;

/// `paths` and `components.schemas` of every route, to be merged with those of the write side.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let at =
        |settings: &mut SchemaSettings| settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.with(at).into_generator();
    generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for kind in crate::all() {
        if let Some(resource) = kind.resource() {
            let schema = kind.schema(&mut generator);
            paths.insert(
                resource.list.to_owned(),
                json!({ "get": list(&*kind, resource, &schema) }),
            );
            paths.insert(resource.item.to_owned(), json!({ "get": item(resource, &schema) }));
        }
    }
    for route in routes(&mut generator) {
        paths.insert(route.path.to_owned(), json!({ "get": route.operation }));
    }
    let schemas = generator.take_definitions(true);
    json!({ "openapi": "3.1.0", "paths": paths, "components": { "schemas": schemas } })
}

struct Route {
    path: &'static str,
    operation: Value,
}

fn routes(generator: &mut SchemaGenerator) -> Vec<Route> {
    let history = page_of(&generator.subschema_for::<CloudEvent>());
    let fleet = json_body(&schema::<FleetNumbers>(generator));
    let trend = json_body(&schema::<Trend>(generator));
    let spectrum = json_body(&schema::<SpectrumLines>(generator));
    let diagnosis = json_body(&schema::<MotorDiagnosis>(generator));
    let mut events = json_body(&schema::<EventPage>(generator));
    events["text/event-stream"] = json!({ "schema": { "type": "string" } });
    let stream = json!({ "text/event-stream": { "schema": { "type": "string" } } });
    let svg = json!({ "image/svg+xml": { "schema": { "type": "string" } } });
    let file = json!({ "image/*": { "schema": { "type": "string", "format": "binary" } } });
    let axis = schema::<Axis>(generator).to_value();
    let of_series = || {
        vec![text("sensor", "Only this sensor"), parameter("axis", "Only this axis", axis.clone())]
    };
    let time = || json!({ "type": "string", "format": "date-time" });
    let times = || {
        vec![
            parameter("feature", "Which feature; velocity_rms_mm_s when absent", feature()),
            parameter("from", "At or after this time", time()),
            parameter("to", "Before this time", time()),
        ]
    };
    let from_to = || {
        vec![
            parameter("from", "At or after this time", time()),
            parameter("to", "Before this time", time()),
        ]
    };
    let pixels = || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    let looks = || {
        vec![
            parameter(
                "theme",
                "On which ground; light when absent",
                json!({ "enum": ["light", "dark"] }),
            ),
            parameter("width", "In pixels; 960 when absent", pixels()),
            parameter("height", "In pixels; 360 when absent", pixels()),
        ]
    };
    let paging = || vec![cursor(), limit(LIMIT_MAX)];
    let feed = vec![
        parameter("after", "Only events after this position", position()),
        limit(1_000),
        text("category", "Only events of this category: motor, image or notification"),
        text("type", "Only events of this type: atalaya.motor.registered"),
    ];
    let route = |path, summary, parameters: Vec<Vec<Value>>, content| Route {
        path,
        operation: operation(path, summary, parameters.concat(), content),
    };
    vec![
        route("/v1/fleet", "The motors in service, counted", vec![], fleet),
        route("/v1/events", "The log: a page of it, or live", vec![feed], events),
        route(
            "/v1/motors/{id}/history",
            "The events of one motor",
            vec![paging()],
            history.clone(),
        ),
        route("/v1/images/{id}/history", "The events of one image task", vec![paging()], history),
        route(
            "/v1/motors/{id}/trend",
            "One feature over time",
            vec![times(), of_series(), vec![limit(10_000)]],
            trend,
        ),
        route(
            "/v1/motors/{id}/trend.svg",
            "One feature over time, as a plot",
            vec![times(), of_series(), looks()],
            svg.clone(),
        ),
        route(
            "/v1/motors/{id}/diagnosis",
            "What is wrong, with the lines that speak for it",
            vec![],
            diagnosis,
        ),
        route(
            "/v1/motors/{id}/envelope",
            "The newest spectrum of the squared envelope",
            vec![of_series()],
            spectrum.clone(),
        ),
        route(
            "/v1/motors/{id}/envelope.svg",
            "The newest spectrum of the squared envelope, as a plot with the lines of bearing faults",
            vec![of_series(), looks()],
            svg.clone(),
        ),
        route("/v1/motors/{id}/spectrum", "The newest spectrum", vec![of_series()], spectrum),
        route(
            "/v1/motors/{id}/spectrum.svg",
            "The newest spectrum, as a plot",
            vec![of_series(), looks()],
            svg.clone(),
        ),
        route(
            "/v1/motors/{id}/waterfall.svg",
            "Spectra over time, one behind the other, as a plot",
            vec![from_to(), of_series(), looks()],
            svg.clone(),
        ),
        route(
            "/v1/motors/{id}/waveform.svg",
            "The newest window of samples over time, as a plot",
            vec![of_series(), looks()],
            svg,
        ),
        route("/v1/images/{id}/events", "What happens to an image task, live", vec![], stream),
        route(
            "/v1/images/{id}/{file}",
            "A picture: original, or a preset such as 1024x1024.jpg and 800x800.jpg",
            vec![],
            file,
        ),
    ]
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn list(kind: &dyn ProjectionKind, resource: Resource, schema: &Schema) -> Value {
    let filters = resource.filters.iter().map(|filter| {
        let default = filter.default.map(|default| format!("; {default} when absent, any: all"));
        let unset = filter.unset.map(|unset| format!("; {unset}: not set"));
        let extra = format!("{}{}", default.unwrap_or_default(), unset.unwrap_or_default());
        text(filter.field, &format!("Only {} with this {}{extra}", kind.name(), filter.field))
    });
    let parameters = filters.chain([cursor(), limit(LIMIT_MAX)]).collect();
    operation(resource.list, resource.summary, parameters, page_of(schema))
}

fn item(resource: Resource, schema: &Schema) -> Value {
    let summary = format!("One {}, now or as it was", resource.noun);
    let version = json!({ "type": "integer", "minimum": 1, "maximum": EVENTS_MAX });
    let time = json!({ "type": "string", "format": "date-time" });
    let moment = vec![
        parameter(
            "at_version",
            "As it was after this version; without what only readings tell",
            version,
        ),
        parameter("at_time", "As it was at this time; not together with at_version", time),
    ];
    operation(resource.item, &summary, moment, json_body(schema))
}

fn operation(path: &str, summary: &str, parameters: Vec<Value>, content: Value) -> Value {
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(in_path_as);
    let about =
        "Answer from a state that includes everything up to this position, or 503 after a while";
    let min_position = parameter("min_position", about, position());
    let parameters: Vec<Value> = in_path.chain(parameters).chain([min_position]).collect();
    let position = json!({
        "description": "The answer includes everything up to this position",
        "schema": { "type": "integer" },
    });
    let problem = json!({ CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let refused = |description: &str| json!({ "description": description, "content": problem });
    json!({
        "operationId": operation_id(path),
        "summary": summary,
        "tags": [path.split('/').nth(2).unwrap_or_default()],
        "parameters": parameters,
        "responses": {
            "200": {
                "description": summary,
                "headers": { "Atalaya-Position": position },
                "content": content,
            },
            "304": { "description": "What If-None-Match names is still the newest" },
            "400": refused("A parameter cannot be accepted; `errors` says which and why"),
            "401": refused("The API key is missing or wrong"),
            "403": refused("The key has another role"),
            "404": refused("There is nothing under this id"),
            "429": refused("The quota is used up; try again after Retry-After"),
            "500": refused("Something is wrong with us"),
            "503": refused("Not available, or not yet at min_position; try again after Retry-After"),
        },
    })
}

fn in_path_as(name: &str) -> Value {
    let (description, schema, example) = match name {
        "file" => (
            "`original`, or the name of a variant",
            json!({ "type": "string" }),
            json!("1024x1024.jpg"),
        ),
        _ => (
            "Of the motor, or of the image task",
            json!({ "type": "string", "format": "uuid" }),
            json!("018f3c5e-0000-7000-8000-000000000000"),
        ),
    };
    json!({
        "name": name, "in": "path", "required": true,
        "description": description, "schema": schema, "example": example,
    })
}

/// `get_motor_trend_svg` for `/v1/motors/{id}/trend.svg`, `list_motors` for `/v1/motors`.
fn operation_id(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let of = |names: &[&str]| names.join("_").replace('.', "_");
    match parts.as_slice() {
        [one @ ("fleet" | "events")] => format!("get_{one}"),
        [many] => format!("list_{many}"),
        [many, "{id}", "{file}"] => format!("get_{}_file", many.trim_end_matches('s')),
        [many, "{id}", rest @ ..] => {
            let one = [&[many.trim_end_matches('s')], rest].concat();
            format!("get_{}", of(&one))
        }
        other => format!("get_{}", of(other)),
    }
}

fn json_body(schema: &Schema) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn page_of(schema: &Schema) -> Value {
    let next = "The cursor of the next page; absent on the last one";
    let page = json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": schema },
            "next": { "type": "string", "description": next },
        },
    });
    json!({ "application/json": { "schema": page } })
}

fn cursor() -> Value {
    text("cursor", "The `next` of the page before")
}

fn limit(max: usize) -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": max });
    parameter("limit", &format!("How many, at most {max}"), schema)
}

fn position() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX, "examples": [1] })
}

fn feature() -> Value {
    json!({
        "type": "string", "pattern": "^[a-z0-9_]*$", "maxLength": FEATURE_CHARACTERS_MAX,
        "examples": ["velocity_rms_mm_s"],
    })
}

fn text(name: &str, description: &str) -> Value {
    parameter(name, description, json!({ "type": "string" }))
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
                own.into_iter().chain(fields.values().flat_map(references)).collect()
            }
            Value::Array(items) => items.iter().flat_map(references).collect(),
            _ => vec![],
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let api = openapi();
        let references = references(&api);
        assert!(references.len() > 10);
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(api.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_motor_is_described_with_what_is_filled_in_when_asked_for() {
        let api = openapi();
        let motor = &api["components"]["schemas"]["Motor"]["properties"];
        for field in ["name", "zone", "velocity_rms_mm_s", "last_measured_at", "sensors", "version"]
        {
            assert!(motor.get(field).is_some(), "{field} in {motor}");
        }
    }
}
