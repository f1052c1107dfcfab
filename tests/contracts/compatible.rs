//! What would break those who rely on an older contract. New routes, fields, parameters and events break nobody.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Deeper than any schema of ours; schemas may refer to themselves.
const DEPTH_MAX: usize = 12;

/// What a client of `old` could not do any more with `new`.
pub(crate) fn openapi_breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut breaks = Vec::new();
    for (path, item) in object(&old["paths"]) {
        for (method, operation) in object(item) {
            if !operation.is_object() {
                continue;
            }
            let name = format!("{method} {path}");
            match new["paths"].get(path).and_then(|item| item.get(method)) {
                None => breaks.push(format!("{name} is gone")),
                Some(found) => {
                    let both = Both { old, new };
                    both.parameters(&name, operation, found, &mut breaks);
                    both.body(&name, operation, found, &mut breaks);
                    both.answers(&name, operation, found, &mut breaks);
                }
            }
        }
    }
    breaks
}

/// What a reader of the topics of `old` could not do any more with `new`.
pub(crate) fn asyncapi_breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut breaks = Vec::new();
    for (name, channel) in object(&old["channels"]) {
        if new["channels"][name]["address"] != channel["address"] {
            breaks.push(format!("the topic {name} is gone or moved"));
        }
    }
    for (name, message) in object(&old["components"]["messages"]) {
        let Some(found) = new["components"]["messages"].get(name) else {
            breaks.push(format!("the message {name} is gone"));
            continue;
        };
        let (before, after) = (&message["payload"]["schema"], &found["payload"]["schema"]);
        Both { old, new }.readable(name, before, after, 0, &mut breaks);
    }
    breaks
}

/// Two documents, in which references are looked up.
struct Both<'a> {
    old: &'a Value,
    new: &'a Value,
}

impl Both<'_> {
    fn parameters(&self, name: &str, old: &Value, new: &Value, breaks: &mut Vec<String>) {
        let key = |parameter: &Value| (parameter["in"].clone(), parameter["name"].clone());
        let before: Vec<_> = array(&old["parameters"]).iter().map(key).collect();
        let after: Vec<_> = array(&new["parameters"]).iter().map(key).collect();
        let gone = before.iter().filter(|known| !after.contains(known));
        breaks.extend(gone.map(|(_, known)| format!("{name}: the parameter {known} is gone")));
        for parameter in array(&new["parameters"]).iter().filter(|one| one["required"] == true) {
            let was_needed = |one: &&Value| key(one) == key(parameter) && one["required"] == true;
            if !array(&old["parameters"]).iter().any(|one| was_needed(&one)) {
                breaks.push(format!("{name}: the parameter {} is needed now", parameter["name"]));
            }
        }
    }

    fn body(&self, name: &str, old: &Value, new: &Value, breaks: &mut Vec<String>) {
        for (kind, content) in object(&old["requestBody"]["content"]) {
            let Some(found) = new["requestBody"]["content"].get(kind) else {
                breaks.push(format!("{name}: takes no {kind} any more"));
                continue;
            };
            let name = format!("{name} body");
            self.writable(&name, &content["schema"], &found["schema"], 0, breaks);
        }
    }

    fn answers(&self, name: &str, old: &Value, new: &Value, breaks: &mut Vec<String>) {
        let is_success = |status: &str| status.starts_with('2');
        for (status, answer) in object(&old["responses"]).filter(|(status, _)| is_success(status)) {
            for (kind, content) in object(&answer["content"]) {
                let found = &new["responses"][status]["content"][kind];
                if found.is_null() {
                    breaks.push(format!("{name}: no {status} {kind} any more"));
                    continue;
                }
                let name = format!("{name} {status}");
                self.readable(&name, &content["schema"], &found["schema"], 0, breaks);
            }
        }
    }

    /// What is sent to a reader: every field that was there still is, and is always there if it always was.
    fn readable(
        &self,
        name: &str,
        old: &Value,
        new: &Value,
        depth: usize,
        breaks: &mut Vec<String>,
    ) {
        let (old, new) = (resolved(old, self.old), resolved(new, self.new));
        if depth > DEPTH_MAX {
            return;
        }
        for (field, schema) in object(&old["properties"]) {
            match new["properties"].get(field) {
                None => breaks.push(format!("{name}: the field {field} is gone")),
                Some(found) => {
                    self.readable(&format!("{name}.{field}"), schema, found, depth + 1, breaks);
                }
            }
        }
        let left = names(&new["required"]);
        let lost = names(&old["required"]).into_iter().filter(|field| !left.contains(field));
        breaks.extend(lost.map(|field| format!("{name}: the field {field} may be absent now")));
        let before = kinds(old);
        let more =
            kinds(new).into_iter().filter(|kind| !before.is_empty() && !before.contains(kind));
        breaks.extend(more.map(|kind| format!("{name}: may be of the type {kind} now")));
        if old["items"].is_object() {
            self.readable(&format!("{name}[]"), &old["items"], &new["items"], depth + 1, breaks);
        }
    }

    /// What a writer sends: every field that was taken still is, and no other one is needed.
    fn writable(
        &self,
        name: &str,
        old: &Value,
        new: &Value,
        depth: usize,
        breaks: &mut Vec<String>,
    ) {
        if depth > DEPTH_MAX {
            return;
        }
        let (old, new) = (&flat(old, self.old), &flat(new, self.new));
        for (field, schema) in object(&old["properties"]) {
            match new["properties"].get(field) {
                None => breaks.push(format!("{name}: takes no field {field} any more")),
                Some(found) => {
                    self.writable(&format!("{name}.{field}"), schema, found, depth + 1, breaks);
                }
            }
        }
        let before = names(&old["required"]);
        let more = names(&new["required"]).into_iter().filter(|field| !before.contains(field));
        breaks.extend(more.map(|field| format!("{name}: the field {field} is needed now")));
        let allowed = |schema: &Value| array(&schema["enum"]).to_vec();
        let fewer = allowed(old)
            .into_iter()
            .filter(|value| !allowed(new).is_empty() && !allowed(new).contains(value));
        breaks.extend(fewer.map(|value| format!("{name}: does not take {value} any more")));
        if old["items"].is_object() {
            self.writable(&format!("{name}[]"), &old["items"], &new["items"], depth + 1, breaks);
        }
    }
}

/// A schema with what the parts of its `allOf` ask for: both ways of writing it ask for the same.
fn flat(schema: &Value, document: &Value) -> Value {
    let mut whole = resolved(schema, document).clone();
    for part in array(&whole["allOf"]).to_vec() {
        let part = flat(&part, document);
        for (name, field) in object(&part["properties"]) {
            whole["properties"][name] = field.clone();
        }
        let required = [array(&whole["required"]), array(&part["required"])].concat();
        whole["required"] = required.into();
    }
    whole
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
    reference.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn names(value: &Value) -> BTreeSet<&str> {
    array(value).iter().filter_map(Value::as_str).collect()
}

/// The JSON types that a schema allows; none where it does not say.
fn kinds(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(kind) => [kind.as_str()].into(),
        several => names(several),
    }
}
