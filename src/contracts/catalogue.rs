//! The events as a page for people, made from their types.

use std::fmt::Write;

use ports::event_shape::EventShape;
use serde_json::Value;

const INTRODUCTION: &str = "# Events\n\n\
    Every kind of event that Atalaya records, made from the types in `domain`. A recorded event is never changed and \
    never deleted; a field may be added that old events do not have, and whatever else changes has a new version \
    ([how](howto/change-an-event.md)). `GET /v1/events` gives them as CloudEvents, `/asyncapi.json` describes them as \
    they come by Kafka, and `infra/kafka/schemas` has them in Avro.\n\n\
    `cargo test --test contracts` says when this page is not up to date; `UPDATE_CONTRACTS=1` before it writes it.\n";

/// The page, in Markdown.
pub fn event_catalogue() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut category = String::new();
    for shape in commands::catalog() {
        if shape.category != category {
            category.clone_from(&shape.category);
            page.push_str(&format!("\n## {category}\n\nTopic `{category}.events.v1`.\n"));
        }
        page.push_str(&section(&shape));
    }
    page
}

fn section(shape: &EventShape) -> String {
    let EventShape { category, event_type, schema_version, json_schema } = shape;
    let about = json_schema["description"].as_str().unwrap_or_default();
    let mut text = format!(
        "\n### atalaya.{category}.{event_type}\n\n{}\n\nVersion {schema_version}.\n",
        one_line(about)
    );
    let shown = resolved(json_schema, json_schema);
    let fields = shown["properties"].as_object().filter(|fields| !fields.is_empty());
    let Some(fields) = fields else {
        text.push_str("It has no fields.\n");
        return text;
    };
    let required = shown["required"].as_array().cloned().unwrap_or_default();
    text.push_str("\n| field | type | |\n| --- | --- | --- |\n");
    for (name, schema) in fields {
        let optional = if required.iter().any(|one| one == name) { "" } else { ", may be absent" };
        let about = one_line(schema["description"].as_str().unwrap_or_default());
        let kind = kind(schema, json_schema);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind}{optional} | {about} |");
    }
    text
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &root["$defs"][name])
}

/// A schema in a few words.
fn kind(schema: &Value, root: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        return values(&root["$defs"][name]).unwrap_or_else(|| name.to_owned());
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let kinds: Vec<_> = choices.iter().map(|one| kind(one, root)).collect();
            return kinds.join(" or ");
        }
    }
    if let Some(values) = values(schema) {
        return values;
    }
    let format =
        schema["format"].as_str().map_or_else(String::new, |format| format!(" ({format})"));
    match &schema["type"] {
        Value::String(name) if name == "array" => {
            format!("list of {}", kind(&schema["items"], root))
        }
        Value::String(name) => format!("{name}{format}"),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            format!("{}{format}", names.join(" or "))
        }
        _ => schema["const"].as_str().map_or_else(|| "any".to_owned(), |one| format!("`{one}`")),
    }
}

/// The values of an enumeration.
fn values(schema: &Value) -> Option<String> {
    let quoted = |value: &Value| value.as_str().map(|value| format!("`{value}`"));
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter_map(quoted).collect::<Vec<_>>().join(", "));
    }
    let choices = schema["oneOf"].as_array()?;
    let values: Option<Vec<_>> = choices.iter().map(|choice| quoted(&choice["const"])).collect();
    values.map(|values| values.join(", "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
