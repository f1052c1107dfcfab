//! The description of the routes.

use std::fmt::Write as _;

use serde_json::Value;

/// Method, path, parameters, media types of the body, statuses; what the types are is said where they are defined.
#[test]
fn every_route_is_described() {
    let description = commands::openapi();
    let mut lines = String::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            writeln!(lines, "{method} {path} ({id})").unwrap();
            let parameters = operation["parameters"].as_array().unwrap().iter();
            let parameters: Vec<_> = parameters.filter_map(|one| one["name"].as_str()).collect();
            writeln!(lines, "  takes {}", parameters.join(", ")).unwrap();
            writeln!(lines, "  body {}", keys(&operation["requestBody"]["content"])).unwrap();
            writeln!(lines, "  gives {}", keys(&operation["responses"])).unwrap();
        }
    }
    insta::assert_snapshot!(lines);
}

fn keys(object: &Value) -> String {
    let keys = object.as_object().into_iter().flat_map(serde_json::Map::keys);
    keys.map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[test]
fn errors_are_problems() {
    let description = commands::openapi();
    let conflict = &description["paths"]["/v1/motors"]["post"]["responses"]["409"];
    let schema = &conflict["content"]["application/problem+json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/Problem");
    let scheme = &description["components"]["securitySchemes"]["api_key"];
    assert_eq!((&scheme["in"], &scheme["name"]), (&"header".into(), &"X-API-Key".into()));
}

#[test]
fn every_reference_leads_somewhere() {
    let description = commands::openapi();
    let mut references = Vec::new();
    collect(&description, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
