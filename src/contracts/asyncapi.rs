//! The topics as `AsyncAPI` 3.0 describes them.

use std::collections::BTreeSet;

use ports::event_shape::EventShape;
use serde_json::{Map, Value, json};

const JSON_SCHEMA: &str = "application/schema+json;version=draft-07";
const DEAD_LETTERS_SUFFIX: &str = ".dlt";
const SAMPLES_TOPIC: &str = "vibration-topic";
const SAMPLE_CATEGORY: &str = "vibration";
const DEFINITIONS: &str = "#/$defs/";
const COMPONENTS: &str = "#/components/schemas/";

/// Every topic, every message on it, and who sends it.
pub fn asyncapi() -> Value {
    let shapes = commands::catalog();
    let categories: BTreeSet<&str> = shapes.iter().map(|shape| shape.category.as_str()).collect();
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for category in categories {
        let address = format!("{category}.events.v1");
        let names = shapes.iter().filter(|shape| shape.category == category).map(message_name);
        let names: Vec<String> = names.collect();
        add(&mut channels, &mut operations, &EventTopic { category, address, names });
    }
    channels.insert("samples".to_owned(), samples_channel());
    channels.insert("samples_dead_letters".to_owned(), samples_dead_letters());
    operations.insert(
        "take_in_samples".to_owned(),
        operation("receive", "samples", "Vibration from devices, as an alternative to HTTP"),
    );
    let parked = "Samples that nothing could be made of";
    operations.insert("park_samples".to_owned(), operation("send", "samples_dead_letters", parked));
    let mut messages: Map<_, _> =
        shapes.iter().map(|shape| (message_name(shape), message(shape))).collect();
    messages.insert("vibration.sample".to_owned(), sample());
    messages.insert("vibration.refused".to_owned(), refused_sample());
    let schemas: Map<_, _> =
        shapes.iter().flat_map(definitions).chain(sample_definitions()).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Atalaya",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The log of events as Kafka spreads it, and vibration as it comes in. With INSTALLATION \
                set, the names of topics begin with it. Values are Avro in Confluent's wire format; the payloads \
                here are the same data as JSON Schema, and as `/v1/events` gives it.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/avro",
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": schemas,
            "messages": messages,
            "messageTraits": { "event": event_trait() },
        },
    })
}

struct EventTopic<'a> {
    category: &'a str,
    address: String,
    names: Vec<String>,
}

fn add(
    channels: &mut Map<String, Value>,
    operations: &mut Map<String, Value>,
    topic: &EventTopic<'_>,
) {
    let EventTopic { category, address, names } = topic;
    let (events, letters) = (format!("{category}_events"), format!("{category}_dead_letters"));
    let keyed =
        "in the order of the log within a key, each once; the key is the id of what it happened to";
    let about = format!("What happened to each {category}, {keyed}.");
    channels.insert(events.clone(), channel(address, &about, names));
    let about = format!(
        "Copies of events of a {category} that a handler could not act on, with the reason."
    );
    let parked = format!("{address}{DEAD_LETTERS_SUFFIX}");
    channels.insert(letters.clone(), channel(&parked, &about, names));
    let publish = operation("send", &events, "Each event, soon after it was recorded");
    operations.insert(format!("publish_{events}"), publish);
    let park = operation("send", &letters, "An event after its last attempt");
    operations.insert(format!("park_{events}"), park);
}

fn channel(address: &str, description: &str, messages: &[String]) -> Value {
    let refer =
        |name: &String| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }));
    let messages: Map<String, Value> = messages.iter().map(refer).collect();
    json!({
        "address": address,
        "description": description,
        "messages": messages,
        "bindings": { "kafka": { "topic": address, "bindingVersion": "0.5.0" } },
    })
}

fn operation(action: &str, channel: &str, summary: &str) -> Value {
    json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "summary": summary,
    })
}

/// `motor.registered`
fn message_name(shape: &EventShape) -> String {
    format!("{}.{}", shape.category, shape.event_type)
}

fn message(shape: &EventShape) -> Value {
    let name = message_name(shape);
    let description = shape.json_schema.get("description").cloned().unwrap_or_default();
    json!({
        "name": format!("atalaya.{name}"),
        "title": name,
        "summary": description,
        "traits": [{ "$ref": "#/components/messageTraits/event" }],
        "payload": { "schemaFormat": JSON_SCHEMA, "schema": within_document(&shape.json_schema, &shape.category) },
        "x-schema-version": shape.schema_version,
    })
}

/// The schemas that those of a category's events refer to, under names of their own.
fn definitions(shape: &EventShape) -> impl Iterator<Item = (String, Value)> {
    let found = shape.json_schema["$defs"].as_object().into_iter().flatten();
    found.map(|(name, schema)| {
        (format!("{}.{name}", shape.category), within_document(schema, &shape.category))
    })
}

/// The same schema with what it refers to among the components of the document.
fn within_document(schema: &Value, category: &str) -> Value {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "$defs")
            .map(|(name, value)| (name.clone(), within_document(value, category)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| within_document(item, category)).collect(),
        Value::String(text) => {
            let at_home = [DEFINITIONS, COMPONENTS];
            let name = at_home.iter().find_map(|home| text.strip_prefix(home));
            name.map_or_else(|| text.clone(), |name| format!("{COMPONENTS}{category}.{name}"))
                .into()
        }
        other => other.clone(),
    }
}

/// `CloudEvents` in binary mode, and what an event of the log has beyond it.
fn event_trait() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "contentType": "application/avro",
        "headers": {
            "type": "object",
            "required": [
                "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_sequence",
                "ce_dataschema", "atalaya_position", "atalaya_stream", "atalaya_version", "atalaya_event_type",
                "atalaya_schema_version", "atalaya_recorded_at",
            ],
            "properties": {
                "content-type": text("application/avro; absent where the data stays in the log"),
                "traceparent": text("W3C trace context"),
                "ce_specversion": text("1.0"),
                "ce_id": text("Stable and unique: motor-018f…/3"),
                "ce_source": text("urn:atalaya"),
                "ce_type": text("atalaya.motor.registered"),
                "ce_subject": text("The id of what it happened to; also the record's key"),
                "ce_time": text("When it was recorded"),
                "ce_sequence": text("Its position in the log"),
                "ce_dataschema": text("Names the shape of the data and its version"),
                "ce_dataref": text("Where the data is, when it is too large for the topic or has no Avro form"),
                "ce_correlationid": text("The conversation that it belongs to"),
                "ce_causationid": text("What led to the command"),
                "atalaya_position": text("As ce_sequence"),
                "atalaya_stream": text("motor-018f…"),
                "atalaya_version": text("Its place in that stream, from 1"),
                "atalaya_event_type": text("registered"),
                "atalaya_schema_version": text("Counts from 1"),
                "atalaya_recorded_at": text("As ce_time"),
                "atalaya_command_id": text("The command that led to it"),
                "atalaya_actor": text("Who asked for it: the name of an API key, or of a processor"),
                "atalaya_oversize": text("The data has so many bytes and stays in the log"),
                "atalaya_unencodable": text("Why the data has no Avro form; it stays in the log"),
            },
        },
    })
}

fn samples_channel() -> Value {
    let about =
        "Vibration as devices send it. The name is that of KAFKA_TOPIC; the key is the motor's id.";
    channel(SAMPLES_TOPIC, about, &["vibration.sample".to_owned()])
}

fn samples_dead_letters() -> Value {
    let about = "Records of the topic of samples as they came in, with the reason in headers.";
    let address = format!("{SAMPLES_TOPIC}{DEAD_LETTERS_SUFFIX}");
    channel(&address, about, &["vibration.refused".to_owned()])
}

/// The block as HTTP takes it, with the motor's id; on the topic usually Avro.
fn sample() -> Value {
    let document = commands::openapi();
    let content = document.pointer(SAMPLE_BODY).cloned().unwrap_or_default();
    let mut schema = within_document(&content, SAMPLE_CATEGORY);
    schema["properties"]["motor_id"] = json!({ "type": "string", "format": "uuid" });
    json!({
        "name": "atalaya.vibration.sample",
        "title": "vibration.sample",
        "summary": "A block of samples, or one value that the sensor computed",
        "description": "As Avro (subject <topic>-value), or as JSON with this payload. {MotorId, Value, Axis, \
            Medicion} of older devices is understood too.",
        "payload": { "schemaFormat": JSON_SCHEMA, "schema": schema },
    })
}

const SAMPLE_BODY: &str =
    "/paths/~1v1~1motors~1{id}~1vibration/post/requestBody/content/application~1json/schema";
/// Whose schemas the sample refers to.
const SAMPLE_SCHEMAS: [&str; 4] = ["Axis", "Unit", "Timestamp", "Statistic"];

fn sample_definitions() -> impl Iterator<Item = (String, Value)> {
    let document = commands::openapi();
    SAMPLE_SCHEMAS.into_iter().filter_map(move |name| {
        let schema = document["components"]["schemas"].get(name)?;
        Some((format!("{SAMPLE_CATEGORY}.{name}"), within_document(schema, SAMPLE_CATEGORY)))
    })
}

fn refused_sample() -> Value {
    json!({
        "name": "atalaya.vibration.refused",
        "title": "vibration.refused",
        "summary": "The record as it was, with headers that say where it was and why it was refused",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "required": ["__connect.errors.topic", "__connect.errors.exception.message"],
            "properties": {
                "__connect.errors.topic": { "type": "string" },
                "__connect.errors.partition": { "type": "string" },
                "__connect.errors.offset": { "type": "string" },
                "__connect.errors.exception.class.name": { "type": "string" },
                "__connect.errors.exception.message": { "type": "string" },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value) -> Vec<&str> {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str);
                own.into_iter().chain(fields.values().flat_map(references)).collect()
            }
            Value::Array(items) => items.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_event_has_a_message() {
        let document = asyncapi();
        let references = references(&document);
        assert!(references.len() > 50, "{references:?}");
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for shape in commands::catalog() {
            let message = &document["components"]["messages"][message_name(&shape)];
            assert!(message["payload"]["schema"].is_object(), "{shape:?}");
        }
    }
}
