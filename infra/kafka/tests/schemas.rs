//! The schemas that are committed: they are those of the present types, and every version can read every other.
//!
//! `UPDATE_SCHEMAS=1` writes the file of a new event or a new version. It never changes what an existing one says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use infra_kafka::schema::{Codec, EventSchema, EventSchemas};
use ports::event_shape::EventShape;
use serde_json::Value;
use serde_json::value::RawValue;

const MOTOR_EVENTS: &str = include_str!("../../../domain/tests/snapshots/wire_form__motor.snap");
const IMAGE_EVENTS: &str = include_str!("../../../domain/tests/snapshots/wire_form__image.snap");
const NOTIFICATION_EVENTS: &str =
    include_str!("../../../domain/tests/snapshots/wire_form__notification.snap");

fn generated() -> Vec<EventSchema> {
    let shapes = commands::catalog();
    let made =
        shapes.iter().map(|shape| EventSchema::generate(shape).expect("Avro knows all of it"));
    made.collect()
}

fn file(schema: &EventSchema) -> PathBuf {
    let name = format!("{}.v{}.avsc", schema.event_type, schema.schema_version);
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(&schema.category).join(name)
}

/// What a schema says, without what it tells people.
fn shape_of(text: &str) -> Value {
    let mut avro = serde_json::from_str(text).expect("a schema is JSON");
    strip_docs(&mut avro);
    avro
}

fn strip_docs(avro: &mut Value) {
    match avro {
        Value::Object(object) => {
            object.remove("doc");
            object.values_mut().for_each(strip_docs);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_docs),
        _ => {}
    }
}

fn update(schema: &EventSchema, committed: Option<&str>) {
    if let Some(committed) = committed {
        assert_eq!(
            shape_of(committed),
            shape_of(&schema.text),
            "{} {} has changed: it needs a new schema version",
            schema.category,
            schema.event_type
        );
    }
    let path = file(schema);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder can be made");
    fs::write(path, &schema.text).expect("the file can be written");
}

#[test]
fn the_committed_schemas_are_those_of_the_present_types() {
    for schema in generated() {
        let committed = fs::read_to_string(file(&schema)).ok();
        if env::var_os("UPDATE_SCHEMAS").is_some() {
            update(&schema, committed.as_deref());
        } else {
            let committed = committed.unwrap_or_else(|| panic!("{:?} is missing", file(&schema)));
            assert_eq!(committed, schema.text, "{:?} is not what is written", file(&schema));
        }
    }
}

#[test]
fn every_version_of_an_event_can_read_every_other() {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for schema in EventSchema::history().expect("the files are schemas") {
        versions.entry(schema.record_name()).or_default().push(schema);
    }
    for schemas in versions.values() {
        for (i, one) in schemas.iter().enumerate() {
            for other in &schemas[i + 1..] {
                assert_compatible(one, other);
            }
        }
    }
}

fn assert_compatible(one: &EventSchema, other: &EventSchema) {
    let found = SchemaCompatibility::mutual_read(one.codec.schema(), other.codec.schema());
    let (name, versions) = (one.record_name(), (one.schema_version, other.schema_version));
    assert_eq!(found, Ok(Compatibility::Full), "{name}, versions {versions:?}");
}

#[test]
fn a_change_that_a_reader_could_not_follow_would_be_seen() {
    let registered = generated().remove(0);
    let mut avro: Value = serde_json::from_str(&registered.text).expect("a schema is JSON");
    let optional =
        serde_json::json!({ "name": "colour", "type": ["null", "string"], "default": null });
    let required = serde_json::json!({ "name": "colour", "type": "string" });
    for (field, may) in [(optional, true), (required, false)] {
        let mut changed = avro.clone();
        changed["fields"].as_array_mut().expect("a record has fields").push(field);
        let changed = Schema::parse(&changed).expect("it is a schema");
        let found = SchemaCompatibility::mutual_read(registered.codec.schema(), &changed);
        assert_eq!(found == Ok(Compatibility::Full), may, "{found:?}");
    }
    avro["fields"]
        .as_array_mut()
        .expect("a record has fields")
        .retain(|field| field["name"] != "name");
    let narrowed = Schema::parse(&avro).expect("it is a schema");
    assert!(SchemaCompatibility::mutual_read(registered.codec.schema(), &narrowed).is_err());
}

#[test]
fn every_event_comes_back_as_it_was_stored() {
    let shapes = commands::catalog();
    let schemas = EventSchemas::new(&shapes).expect("Avro knows all of it");
    let newest = |category: &str, kind: &str| {
        let is_it = |shape: &&EventShape| shape.category == category && shape.event_type == kind;
        shapes.iter().find(is_it).expect("every event has a shape").schema_version
    };
    let mut seen = 0;
    for (category, snapshot) in
        [("motor", MOTOR_EVENTS), ("image", IMAGE_EVENTS), ("notification", NOTIFICATION_EVENTS)]
    {
        let events = snapshot.splitn(3, "---\n").last().expect("a snapshot has a head");
        for event in serde_json::from_str::<Vec<Value>>(events).expect("events are JSON") {
            let kind = event["type"].as_str().expect("events have types");
            let schema = schemas
                .find(category, kind, newest(category, kind))
                .expect("every event has a schema");
            assert_comes_back(&schema.codec, &event["data"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 34);
}

fn assert_comes_back(codec: &Codec, data: &Value) {
    let mut bytes = Vec::new();
    let raw = RawValue::from_string(data.to_string()).expect("data is JSON");
    codec.encode(&raw, &mut bytes).expect("data fits its schema");
    let back = codec.decode(&bytes).expect("what was encoded can be decoded");
    assert_eq!(serde_json::from_str::<Value>(back.get()).expect("data is JSON"), *data);
}
