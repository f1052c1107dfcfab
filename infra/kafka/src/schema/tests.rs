//! Each construct on its own: what it becomes, and that data comes back as it was.

use ports::event_shape::EventShape;
use serde_json::{Value, json};

use super::*;

fn shape(json_schema: Value) -> EventShape {
    let (category, event_type) = ("motor".to_owned(), "zone_changed".to_owned());
    EventShape { category, event_type, schema_version: 1, json_schema }
}

/// An event with one property, which is always there.
fn with_field(kind: &Value) -> EventShape {
    let properties = json!({ "field": kind });
    let forever = json!({ "type": "array", "items": { "$ref": "#/$defs/Forever" } });
    shape(
        json!({ "type": "object", "properties": properties, "required": ["field"], "$defs": { "Forever": forever } }),
    )
}

fn with_optional(kind: &Value) -> EventShape {
    shape(json!({ "type": "object", "properties": { "field": kind } }))
}

fn field_of(shape: &EventShape) -> Value {
    avro_schema(shape).unwrap()["fields"][0].clone()
}

fn codec(shape: &EventShape) -> Codec {
    Codec::parse(&avro_schema(shape).unwrap().to_string()).unwrap()
}

fn through(codec: &Codec, data: &Value) -> Result<Value, Unfit> {
    let raw = RawValue::from_string(data.to_string()).unwrap();
    let mut bytes = Vec::new();
    codec.encode(&raw, &mut bytes)?;
    let back = codec.decode(&bytes).expect("what was encoded can be decoded");
    Ok(serde_json::from_str(back.get()).unwrap())
}

fn assert_comes_back(shape: &EventShape, data: &Value) {
    assert_eq!(through(&codec(shape), data).as_ref(), Ok(data));
}

fn assert_refused(shape: &EventShape, data: &Value) {
    let refused = through(&codec(shape), data);
    assert!(refused.is_err(), "{data} came back as {refused:?}");
}

#[test]
fn an_event_is_a_record_named_after_it() {
    let avro = avro_schema(&shape(json!({ "type": "object", "description": "It is." }))).unwrap();
    assert_eq!(
        avro,
        json!({ "type": "record", "name": "atalaya.motor.v1.ZoneChanged", "fields": [], "doc": "It is." })
    );
}

#[test]
fn numbers_are_whole_or_not() {
    let long = with_field(
        &json!({ "type": "integer", "format": "uint32", "minimum": 0, "multipleOf": 1 }),
    );
    assert_eq!(field_of(&long)["type"], "long");
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        assert_comes_back(&long, &json!({ "field": number }));
    }
    for other in [json!(1.5), json!(1.0), json!(u64::MAX), json!("1"), json!(null)] {
        assert_refused(&long, &json!({ "field": other }));
    }
    let double = with_field(&json!({ "type": "number", "format": "double" }));
    assert_eq!(field_of(&double)["type"], "double");
    for number in [0.1, -0.0, f64::MAX, f64::MIN_POSITIVE, 90.0] {
        assert_comes_back(&double, &json!({ "field": number }));
    }
    assert_eq!(through(&codec(&double), &json!({ "field": 90 })), Ok(json!({ "field": 90.0 })));
    assert_refused(&double, &json!({ "field": (1_u64 << 53) + 1 }));
}

#[test]
fn a_uuid_and_a_time_come_back_in_the_form_in_which_they_were() {
    let uuid = with_field(&json!({ "type": "string", "format": "uuid" }));
    assert_eq!(field_of(&uuid)["type"], json!({ "type": "string", "logicalType": "uuid" }));
    assert_comes_back(&uuid, &json!({ "field": "018f3c5e-0000-7000-8000-00000000000a" }));
    assert_refused(&uuid, &json!({ "field": "018F3C5E-0000-7000-8000-00000000000A" }));
    let time = with_field(&json!({ "type": "string", "format": "date-time" }));
    assert_eq!(
        field_of(&time)["type"],
        json!({ "type": "long", "logicalType": "timestamp-micros" })
    );
    assert_comes_back(&time, &json!({ "field": "1969-12-31T23:59:59.999999Z" }));
    assert_refused(&time, &json!({ "field": "2026-01-01T00:00:00Z" }));
}

#[test]
fn what_is_null_and_what_is_left_out_stay_apart() {
    let nullable = json!({ "type": ["string", "null"] });
    let written = with_field(&nullable);
    assert_eq!(field_of(&written)["type"], json!(["null", "string"]));
    assert_eq!(field_of(&written)["default"], Value::Null);
    assert_comes_back(&written, &json!({ "field": null }));
    assert_comes_back(&written, &json!({ "field": "Hall 2" }));
    assert_refused(&written, &json!({}));
    let omitted = with_optional(&nullable);
    assert_eq!(field_of(&omitted)[OMITTED], true);
    assert_comes_back(&omitted, &json!({}));
    assert_refused(&omitted, &json!({ "field": null }));
    let optional_number = with_optional(&json!({ "type": "integer" }));
    assert_eq!(field_of(&optional_number)["type"], json!(["null", "long"]));
    assert_comes_back(&optional_number, &json!({ "field": 0 }));
}

#[test]
fn lists_and_maps_hold_what_their_schema_says() {
    let list = with_optional(&json!({ "type": "array", "items": { "type": "number" } }));
    assert_eq!(field_of(&list)["default"], json!([]));
    assert_comes_back(&list, &json!({ "field": [1.5, 2.5] }));
    assert_comes_back(&list, &json!({}));
    assert_refused(&list, &json!({ "field": [] }));
    let map =
        with_field(&json!({ "type": "object", "additionalProperties": { "type": "boolean" } }));
    assert_eq!(field_of(&map)["type"], json!({ "type": "map", "values": "boolean" }));
    assert_comes_back(&map, &json!({ "field": { "a.b": true, "": false } }));
    assert_comes_back(&map, &json!({ "field": {} }));
}

#[test]
fn an_enum_has_room_for_words_of_later_releases() {
    let words = json!({ "oneOf": [{ "const": "rigid", "type": "string" }, { "enum": ["flexible"], "type": "string" }] });
    let choice = with_field(&words);
    let kind = &field_of(&choice)["type"];
    assert_eq!(kind["symbols"], json!(["rigid", "flexible", "unrecognised"]));
    assert_eq!(kind["default"], "unrecognised");
    assert_comes_back(&choice, &json!({ "field": "flexible" }));
    assert_refused(&choice, &json!({ "field": "floating" }));
    let maybe = with_field(&json!({ "enum": ["a", null] }));
    assert_eq!(field_of(&maybe)["type"][0], "null");
    assert_comes_back(&maybe, &json!({ "field": null }));
}

#[test]
fn a_type_that_occurs_again_is_defined_once_and_may_hold_itself() {
    let tree = shape(json!({
        "type": "object",
        "properties": { "left": { "$ref": "#/$defs/Tree" }, "right": { "$ref": "#/$defs/Tree" } },
        "required": ["left", "right"],
        "$defs": { "Tree": { "type": "object", "properties": {
            "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } },
            "leaf": { "type": "string" } }, "required": ["leaf", "children"] } }
    }));
    let leaf = json!({ "leaf": "a", "children": [] });
    assert_comes_back(
        &tree,
        &json!({ "left": leaf, "right": { "leaf": "b", "children": [leaf] } }),
    );
}

#[test]
fn unions_are_told_apart_however_they_are_tagged() {
    let external = json!({ "oneOf": [
        { "const": "off", "type": "string" },
        { "type": "object", "properties": { "on": { "type": "integer" } }, "required": ["on"], "additionalProperties": false },
    ] });
    let internal = json!({ "oneOf": [
        { "type": "object", "properties": { "kind": { "const": "circle", "type": "string" }, "radius_mm": { "type": "number" } },
          "required": ["kind", "radius_mm"] },
        { "type": "object", "properties": { "kind": { "const": "square", "type": "string" }, "radius_mm": { "type": "number" } },
          "required": ["kind", "radius_mm"] },
    ] });
    let untagged =
        json!({ "anyOf": [{ "type": "number" }, { "type": "string" }, { "type": "null" }] });
    for (union, values) in [
        (external, vec![json!("off"), json!({ "on": 3 })]),
        (
            internal,
            vec![
                json!({ "kind": "circle", "radius_mm": 1.5 }),
                json!({ "kind": "square", "radius_mm": 1.5 }),
            ],
        ),
        (untagged, vec![json!(1.5), json!("one"), json!(null)]),
    ] {
        let shape = with_field(&union);
        for value in values {
            assert_comes_back(&shape, &json!({ "field": value }));
        }
        assert_refused(&shape, &json!({ "field": { "kind": "oval" } }));
    }
}

#[test]
fn what_nobody_thought_of_is_an_error_and_no_string() {
    for unknown in [
        json!(true),
        json!({}),
        json!({ "type": "string", "format": "ipv4" }),
        json!({ "type": "object", "additionalProperties": true }),
        json!({ "type": "object", "properties": { "a": { "type": "null" } }, "additionalProperties": { "type": "string" } }),
        json!({ "type": "array", "prefixItems": [{ "type": "string" }] }),
        json!({ "type": ["string", "integer"] }),
        json!({ "allOf": [{ "type": "string" }] }),
        json!({ "const": 3 }),
        json!({ "enum": ["hyphen-ated"] }),
        json!({ "$ref": "#/$defs/Nowhere" }),
        json!({ "$ref": "#/$defs/Forever" }),
    ] {
        let made = avro_schema(&with_field(&unknown));
        assert!(made.is_err(), "{unknown} became {made:?}");
    }
    assert!(avro_schema(&shape(json!({ "type": "string" }))).is_err());
}

#[test]
fn an_error_says_where() {
    let error = avro_schema(&with_field(&json!({ "type": "array", "items": {} }))).unwrap_err();
    assert!(error.to_string().starts_with("motor.zone_changed.field.[]: "), "{error}");
    let unfit = through(
        &codec(&with_field(&json!({ "type": "array", "items": { "type": "string" } }))),
        &json!({ "field": ["a", 1] }),
    );
    assert_eq!(
        unfit.unwrap_err().to_string(),
        "the data does not fit its schema: expected a text at `/field/1`"
    );
}

#[test]
fn a_field_that_the_schema_does_not_know_is_refused_and_not_lost() {
    let known = with_field(&json!({ "type": "string" }));
    let unfit = through(&codec(&known), &json!({ "field": "a", "worker": "w7" })).unwrap_err();
    assert!(unfit.to_string().ends_with("at `/worker`"), "{unfit}");
}

#[test]
fn bytes_of_another_schema_are_not_taken_for_this_one() {
    let text = codec(&with_field(&json!({ "type": "string" })));
    assert!(matches!(text.decode(&[2]), Err(Undecodable::CutOff)));
    assert!(matches!(text.decode(&[1]), Err(Undecodable::NoValue(_))));
    assert!(matches!(text.decode(&[2, b'a', 0]), Err(Undecodable::TrailingBytes(1))));
}
