//! JSON schema → Avro schema.
//!
//! Knows what serde and schemars make of records, enums, options, lists, maps and tagged unions. Whatever else it
//! meets is an error: nothing becomes a string because nobody thought of it.

mod union;

use std::collections::BTreeSet;

use ports::event_shape::EventShape;
use serde_json::{Map, Value, json};

use super::OMITTED;
use super::names::{namespace, pascal_case, record_name};

/// What a reader sees in place of a word that its own schema does not know yet.
const UNRECOGNISED: &str = "unrecognised";
/// Keywords that say what a value is.
const STRUCTURE: [&str; 10] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "oneOf",
    "properties",
    "required",
    "type",
];
/// Keywords that only narrow or describe it.
const ORNAMENT: [&str; 18] = [
    "$defs",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "title",
];

/// No Avro schema can be made.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Something that this generator does not know.
    #[error("{at}: {what} has no counterpart in Avro here")]
    Unsupported {
        /// Where: `motor.registered.support`.
        at: String,
        /// What it is.
        what: String,
    },
    /// Avro itself does not accept it.
    #[error("no valid Avro schema")]
    Invalid(#[from] apache_avro::Error),
}

/// The Avro schema of an event's data, as JSON.
///
/// # Errors
/// See [`SchemaError`].
pub fn avro_schema(shape: &EventShape) -> Result<Value, SchemaError> {
    let definitions = shape.json_schema.get("$defs").and_then(Value::as_object);
    let mut generator = Generator {
        definitions: definitions.cloned().unwrap_or_default(),
        namespace: format!("{}.{}", namespace(&shape.category), shape.event_type),
        defined: BTreeSet::new(),
        open: Vec::new(),
        at: vec![shape.category.clone(), shape.event_type.clone()],
    };
    let root = generator.resolve(&shape.json_schema)?;
    let fields = generator.fields(&root)?;
    let name = record_name(&shape.category, &shape.event_type);
    let mut avro = json!({ "type": "record", "name": name, "fields": fields });
    describe(&mut avro, &shape.json_schema);
    apache_avro::Schema::parse(&avro)?;
    Ok(avro)
}

struct Generator {
    definitions: Map<String, Value>,
    /// Of the types within the event: each event has its own, so that they can change apart.
    namespace: String,
    /// Full names that were defined already; later they are only mentioned.
    defined: BTreeSet<String>,
    /// The references that it is following.
    open: Vec<String>,
    /// The way to the place at which it works.
    at: Vec<String>,
}

type Made = Result<Value, SchemaError>;

impl Generator {
    /// The type of `schema`; a type that needs a name and has none of its own is called `name`.
    fn type_of(&mut self, schema: &Value, name: &str) -> Made {
        self.require_known_keywords(schema)?;
        if let Some(reference) = schema.get("$ref") {
            return self.referred(reference);
        }
        if let Some(branches) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
            return self.union(branches, schema, name);
        }
        if let Some(words) = schema.get("enum") {
            return self.words(words, schema, name);
        }
        if let Some(word) = schema.get("const") {
            return self.tag(word, name);
        }
        match &schema["type"] {
            Value::String(kind) => self.simple(kind, schema, name),
            Value::Array(kinds) => self.nullable(kinds, schema, name),
            _ => self.unsupported("a schema without a type"),
        }
    }

    fn simple(&mut self, kind: &str, schema: &Value, name: &str) -> Made {
        match (kind, schema.get("format").and_then(Value::as_str)) {
            ("null", None) => Ok(json!("null")),
            ("boolean", None) => Ok(json!("boolean")),
            ("integer", _) => Ok(json!("long")),
            ("number", _) => Ok(json!("double")),
            ("string", None) => Ok(json!("string")),
            ("string", Some("uuid")) => Ok(json!({ "type": "string", "logicalType": "uuid" })),
            ("string", Some("date-time")) => {
                Ok(json!({ "type": "long", "logicalType": "timestamp-micros" }))
            }
            ("array", None) => {
                let items = self.at("[]", |this| this.type_of(&schema["items"], name))?;
                Ok(json!({ "type": "array", "items": items }))
            }
            ("object", None) => self.object(schema, name),
            (kind, format) => self.unsupported(&format!("{kind} of format {format:?}")),
        }
    }

    /// `["string", "null"]`
    fn nullable(&mut self, kinds: &[Value], schema: &Value, name: &str) -> Made {
        let [Value::String(kind)] =
            &kinds.iter().filter(|kind| *kind != "null").collect::<Vec<_>>()[..]
        else {
            return self.unsupported("a choice of types");
        };
        Ok(json!(["null", self.simple(kind, schema, name)?]))
    }

    fn object(&mut self, schema: &Value, name: &str) -> Made {
        match (schema.get("properties"), schema.get("additionalProperties")) {
            (_, None | Some(Value::Bool(false))) => self.record(schema, name),
            (None, Some(values @ Value::Object(_))) => {
                let values = self.at("{}", |this| this.type_of(values, name))?;
                Ok(json!({ "type": "map", "values": values }))
            }
            _ => self.unsupported("an object of anything"),
        }
    }

    fn record(&mut self, schema: &Value, name: &str) -> Made {
        let Some(full_name) = self.define(name) else { return Ok(json!(self.full_name(name))) };
        let fields = self.fields(schema)?;
        let mut record = json!({ "type": "record", "name": full_name, "fields": fields });
        describe(&mut record, schema);
        Ok(record)
    }

    fn fields(&mut self, schema: &Value) -> Result<Vec<Value>, SchemaError> {
        self.require_known_keywords(schema)?;
        let more = schema.get("additionalProperties").is_some_and(|more| *more != false);
        if schema["type"] != "object" || more {
            return self.unsupported("something else than a record");
        }
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_required = |name: &String| required.iter().any(|each| each == name);
        let fields = properties.iter().map(|(name, property)| {
            self.at(name, |this| this.field(name, property, is_required(name)))
        });
        fields.collect()
    }

    fn field(&mut self, name: &str, property: &Value, required: bool) -> Made {
        let mut kind = self.type_of(property, &pascal_case(name))?;
        let default = match kind["type"].as_str() {
            Some("array") => Some(json!([])),
            Some("map") => Some(json!({})),
            _ => None,
        };
        let mut field = json!({ "name": name });
        if is_nullable(&kind) || (!required && default.is_none()) {
            if !is_nullable(&kind) {
                kind = union::with_null(kind);
            }
            field["default"] = Value::Null;
        } else if !required {
            field["default"] = default.unwrap_or_default();
        }
        field["type"] = kind;
        if !required {
            field[OMITTED] = json!(true);
        }
        describe(&mut field, property);
        Ok(field)
    }

    fn referred(&mut self, reference: &Value) -> Made {
        let definition = self.resolve(&json!({ "$ref": reference }))?;
        let name = reference
            .as_str()
            .and_then(|path| path.rsplit('/').next())
            .unwrap_or_default()
            .to_owned();
        if self.defined.contains(&self.full_name(&name)) {
            return Ok(json!(self.full_name(&name)));
        }
        if self.open.contains(&name) {
            return self.unsupported("a union within itself");
        }
        self.open.push(name.clone());
        let kind = self.at(&name, |this| this.type_of(&definition, &name));
        self.open.pop();
        kind
    }

    /// Follows references until there is something else.
    fn resolve(&self, schema: &Value) -> Made {
        let mut schema = schema.clone();
        let mut steps = 0;
        while let Some(reference) = schema.get("$ref") {
            let name = reference.as_str().and_then(|path| path.strip_prefix("#/$defs/"));
            match name.and_then(|name| self.definitions.get(name)) {
                Some(definition) if steps <= self.definitions.len() => schema = definition.clone(),
                _ => return self.unsupported(&format!("the reference {reference}")),
            }
            steps += 1;
        }
        Ok(schema)
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}.{name}", self.namespace)
    }

    /// `None` when it was defined before.
    fn define(&mut self, name: &str) -> Option<String> {
        let full_name = self.full_name(name);
        self.defined.insert(full_name.clone()).then_some(full_name)
    }

    fn require_known_keywords(&self, schema: &Value) -> Result<(), SchemaError> {
        let Some(keywords) = schema.as_object() else {
            return self.unsupported("a schema that is no object");
        };
        let known = |word: &str| STRUCTURE.contains(&word) || ORNAMENT.contains(&word);
        match keywords.keys().find(|word| !known(word)) {
            Some(unknown) => self.unsupported(&format!("the keyword `{unknown}`")),
            None => Ok(()),
        }
    }

    fn at<T>(&mut self, place: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(place.to_owned());
        let made = work(self);
        self.at.pop();
        made
    }

    fn unsupported<T>(&self, what: &str) -> Result<T, SchemaError> {
        Err(SchemaError::Unsupported { at: self.at.join("."), what: what.to_owned() })
    }
}

fn is_nullable(kind: &Value) -> bool {
    kind.as_array().is_some_and(|branches| branches.iter().any(|branch| branch == "null"))
}

fn describe(avro: &mut Value, schema: &Value) {
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        avro["doc"] = json!(text.replace('\n', " "));
    }
}
